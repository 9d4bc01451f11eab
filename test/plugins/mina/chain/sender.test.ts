/**
 * What the nonces of an account are used for when something goes wrong: time runs out, a node takes nothing, another program uses the key,
 * a channel ends before a transaction in it was included, blocks go. Nothing is taken for done that the chain has not done, and nothing
 * keeps the account from sending.
 */
import { expect } from 'chai'
import { openSigner } from '../../../../plugins/mina/crypto/mina-signer.js'
import type { MinaKey } from '../../../../plugins/mina/keys.js'
import { SLOTS_TO_LIVE } from '../../../../plugins/mina/plans.js'
import type { MinaProvider } from '../../../../plugins/mina/provider.js'
import { memoryLog, memoryStore } from '../../../support/evm/life.js'
import { askMina, FEE } from '../../../support/mina/parties.js'
import { CHALLENGE_SECS, MINA, MinaParties } from '../../../support/mina/settling.js'

const DEPOSIT = 100n * MINA
const UNTIL = '4294967295'

describe('what an account of Mina sends', function () {
  this.timeout(120_000) // on a busy machine
  const parties = new MinaParties()
  let us: MinaKey
  let peer: MinaKey
  before(() => parties.start())
  after(() => parties.stop())
  beforeEach(async () => { [us, peer] = [await parties.account(), await parties.account()] })
  afterEach(async () => {
    await parties.end()
    await parties.chain.conditions({ crowded: false })
    await parties.chain.faults({})
  })

  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    while (!await isSo()) await new Promise(resolve => { setTimeout(resolve, 20) })
  }
  const reason = async (work: Promise<unknown>): Promise<string> => await work.then(() => 'done', (error: unknown) => String(error))
  const open = async (provider: MinaProvider, to = peer): Promise<string> =>
    (await provider.openChannel(to.address, CHALLENGE_SECS, `open ${to.address}`, DEPOSIT)).channelId
  const claimOn = async (channelId: string, total: bigint) =>
    await parties.codec(peer, us).make({ channelId, nonce: total / MINA, total, senderId: 'peer' })
  /** Sends of an operation so far. */
  const sends = (log: ReturnType<typeof memoryLog>, id: string): number =>
    log.lines.filter(line => line.startsWith('sending a transaction') && line.includes(` ${id} `)).length
  const late = async (): Promise<void> => {
    const { slot } = await parties.chain.block()
    await parties.chain.slot(slot + SLOTS_TO_LIVE + 1)
  }
  /** Another node of the same chain, which takes no zkApp transactions. */
  const refusingNode = async (): Promise<{ url: string, node: number, takes: (isTaking: boolean) => Promise<void> }> => {
    const { node, url } = await parties.chain.anotherNode()
    const takes = (isTaking: boolean): Promise<void> =>
      parties.chain.faults({ requests: isTaking ? [] : [{ contains: 'sendZkapp', does: 'error' }, { contains: 'sendPayment', does: 'error' }] }, node)
    await takes(false)
    return { node, url, takes }
  }
  /** What another program with our key sends. */
  const payBesides = async (key: MinaKey, nonce: number, fee = FEE): Promise<void> => {
    const payment = { from: key.address, to: peer.address, amount: '1', fee: String(fee), nonce: String(nonce), memo: '', validUntil: UNTIL }
    const { signature } = (await openSigner('devnet')).signPayment(payment, key.text)
    await askMina(parties.chain.url, `mutation ($input: SendPaymentInput!, $signature: SignatureInput) {
      sendPayment(input: $input, signature: $signature) { payment { hash } } }`, { input: payment, signature })
  }
  const nonceOf = async ({ address }: MinaKey): Promise<number> => {
    const { account } = await askMina<{ account: { nonce: string } }>(parties.chain.url, `query { account(publicKey: "${address}") { nonce } }`)
    return Number(account.nonce)
  }

  /** What is sent to a node that refuses it, while another program uses its nonce. */
  const unacknowledged = async (id: string, send: (provider: MinaProvider, channelId: string) => Promise<unknown>) => {
    const [log, { url, takes }] = [memoryLog(), await refusingNode()]
    await takes(true)
    const provider = await parties.connected(us, { log, urls: [url] })
    const channelId = await open(provider)
    await takes(false)
    const outcome = reason(send(provider, channelId))
    await until(() => sends(log, id) > 0)
    await payBesides(us, await nonceOf(us))
    return { provider, channelId, outcome, takes }
  }

  for (const isRestarted of [false, true]) {
    it(`an end that ran out of time at the highest fee is made anew${isRestarted ? ', also after a restart' : ''}`, async () => {
      const [log, store] = [memoryLog(), memoryStore()]
      const life = { log, store, more: { fees: { least: FEE, most: FEE } } }
      const provider = await parties.connected(us, life)
      const channelId = await open(provider)
      await parties.chain.conditions({ crowded: true })
      let closing = reason(provider.close(channelId, 'close'))
      await until(() => sends(log, 'close') > 0)
      if (isRestarted) await provider.disconnect()
      await late()
      const now = isRestarted ? await parties.connected(us, life) : provider
      if (isRestarted) closing = reason(now.close(channelId, 'close'))
      await until(() => sends(log, 'close') > 1)
      await parties.chain.conditions({ crowded: false })
      expect(await closing).to.equal('done')
      expect((await now.getChannelState(channelId))?.status).to.equal('closing')
      expect(log.lines.filter(line => line.includes('did not do what it was sent for')), 'and the old one costs nothing').to.deep.equal([])
    })
  }

  it('an end that ran out of time leaves its place to what is more urgent', async () => {
    const log = memoryLog()
    let isBroken = false
    const prove: typeof parties.prover.prove = (job, priority) =>
      isBroken && job.kind === 'startClose' ? Promise.reject(new Error('broken')) : parties.prover.prove(job, priority)
    const provider = await parties.connected(us, { log, more: { fees: { least: FEE, most: FEE }, prover: { prove } } })
    const ours = await open(provider)
    const theirs = await open(await parties.connected(peer), us)
    await provider.getChannelState(theirs)
    await parties.chain.conditions({ crowded: true })
    const closing = reason(provider.close(ours, 'close'))
    await until(() => sends(log, 'close') > 0)
    isBroken = true
    const redeeming = reason(provider.redeem(await claimOn(theirs, 60n * MINA), 'redeem'))
    await late()
    await until(() => sends(log, 'redeem') > 0)
    await parties.chain.conditions({ crowded: false })
    expect(await redeeming).to.equal('done')
    isBroken = false
    expect(await closing).to.equal('done')
  })

  it('a close that no node has acknowledged is not taken for done when another program uses its nonce', async () => {
    const { provider, channelId, outcome, takes } = await unacknowledged('close', (provider, channelId) => provider.close(channelId, 'close'))
    await takes(true)
    expect(await outcome).to.equal('done')
    expect((await provider.getChannelState(channelId))?.status).to.equal('closing')
  })

  it('a deposit that no node has acknowledged is not taken for done when another program uses its nonce', async () => {
    const { provider, channelId, outcome } = await unacknowledged('more', (provider, channelId) => provider.deposit(channelId, 2n * DEPOSIT, 'more'))
    expect(await outcome).to.match(/another transaction of our account took its place/)
    expect((await provider.getChannelState(channelId))?.ours.deposit).to.equal(DEPOSIT)
  })

  it('a deposit whose answer was lost is done once', async () => {
    const { url, node } = await parties.chain.anotherNode()
    const provider = await parties.connected(us, { urls: [url] })
    const channelId = await open(provider)
    await parties.chain.faults({ requests: [{ contains: 'sendPayment', does: 'loseAnswer' }] }, node)
    const before = await parties.wallet(us)
    expect(await reason(provider.deposit(channelId, 2n * DEPOSIT, 'more'))).to.equal('done')
    expect(await parties.wallet(us) - before).to.equal(-DEPOSIT)
  })

  it('a redemption in a channel that is over keeps nothing else from being sent', async () => {
    const [log, { url, takes }] = [memoryLog(), await refusingNode()]
    const [stranger, hostile] = [await parties.account(), await parties.connected(peer)]
    const channelId = await open(hostile, us)
    const provider = await parties.connected(us, { log, urls: [url] })
    await provider.getChannelState(channelId)
    const redeeming = reason(provider.redeem(await claimOn(channelId, 60n * MINA), 'redeem'))
    await until(() => sends(log, 'redeem') > 0)
    await hostile.close(channelId, 'close')
    await parties.pass(CHALLENGE_SECS)
    await hostile.settle(channelId, 'settle')
    await until(async () => (await provider.getChannelState(channelId))?.status === 'settled')
    await takes(true)
    expect(await redeeming).to.match(/ended with less than the claim/)
    expect(await reason(open(provider, stranger))).to.equal('done')
  })

  it('after a reorganisation, two transactions do not wait for each other', async () => {
    const log = memoryLog()
    const provider = await parties.connected(us, { log, more: { confirmations: 20 } })
    const [first, second] = [open(provider), open(provider, await parties.account())]
    const channels = [await first, await second] as const
    const before = await parties.wallet(us)
    const one = reason(provider.deposit(channels[0], 2n * DEPOSIT, 'one'))
    await until(async () => (await provider.getChannelState(channels[0], 'latest'))?.ours.deposit === 2n * DEPOSIT)
    await parties.chain.conditions({ crowded: true })
    const two = reason(provider.deposit(channels[1], 2n * DEPOSIT, 'two'))
    await until(() => sends(log, 'two') > 0)
    await parties.chain.reorg(12, { loses: true })
    await parties.chain.conditions({ crowded: false })
    expect([await one, await two]).to.deep.equal(['done', 'done'])
    expect(await parties.wallet(us) - before).to.equal(-2n * DEPOSIT)
  })

  const OPEN_TO_ALL = Object.fromEntries(['editState', 'send', 'access', 'setDelegate', 'setPermissions', 'setZkappUri', 'editActionState', 'setTokenSymbol',
    'incrementNonce', 'setVotingFor', 'setTiming', 'receive'].map(name => [name, 'None']))

  it('an end that ran out of time at the highest fee, and is refused then, keeps nothing else from being sent', async () => {
    const log = memoryLog()
    const provider = await parties.connected(us, { log, more: { fees: { least: FEE, most: FEE } } })
    const theirs = await open(await parties.connected(peer), us)
    await provider.getChannelState(theirs)
    await parties.chain.conditions({ crowded: true })
    const ending = reason(provider.closeAsPayee(theirs, await claimOn(theirs, 10n * MINA), 'end'))
    await until(() => sends(log, 'end') > 0)
    const permissions = { ...OPEN_TO_ALL, receive: 'Impossible', setVerificationKey: { auth: 'Signature', txnVersion: '3' } }
    await parties.chain.faults({ accounts: { [peer.address]: { permissions } } })
    await late()
    expect(await ending).to.match(/payer cannot be paid/)
    await parties.chain.conditions({ crowded: false })
    expect(await reason(provider.redeem(await claimOn(theirs, 20n * MINA), 'redeem'))).to.equal('done')
    expect(await reason(open(provider, await parties.account()))).to.equal('done')
  })

  it('a deposit that no node can be given leaves its place to the answer to a close', async () => {
    const [log, other] = [memoryLog(), await parties.chain.anotherNode()]
    const provider = await parties.connected(us, { log, urls: [other.url] })
    const hostile = await parties.connected(peer)
    const theirs = await open(hostile, us)
    const ours = await open(provider)
    await provider.getChannelState(theirs)
    await parties.chain.faults({ requests: [{ contains: 'sendPayment', does: 'status' }] }, other.node)
    const filling = reason(provider.deposit(ours, 2n * DEPOSIT, 'more'))
    await until(() => sends(log, 'more') > 0)
    await hostile.close(theirs, 'close')
    expect(await reason(provider.redeem(await claimOn(theirs, 20n * MINA), 'answer'))).to.equal('done')
    await parties.chain.faults({}, other.node)
    expect(await filling).to.match(/another transaction of our account took its place/)
  })

  it('two accounts with one key that ask other nodes do not stand in each other\'s way', async () => {
    const [log, other] = [memoryLog(), await parties.chain.anotherNode()]
    const [one, two] = [await parties.connected(us, { log }), await parties.connected(us, { urls: [other.url], log })]
    const theirs = await open(await parties.connected(peer), us)
    const ours = await open(one, await parties.account())
    await two.getChannelState(theirs)
    await parties.chain.conditions({ crowded: true })
    const closing = reason(one.close(ours, 'close'))
    await until(() => sends(log, 'close') > 0)
    const redeeming = reason(two.redeem(await claimOn(theirs, 20n * MINA), 'redeem'))
    await until(() => sends(log, 'redeem') > 0)
    await parties.chain.conditions({ crowded: false })
    expect([await redeeming, await closing]).to.deep.equal(['done', 'done'])
  })

  it('what was left in the pool by an account that was disconnected is outbid by another account of the key', async () => {
    const log = memoryLog()
    const [one, two] = [await parties.connected(us, { log }), await parties.connected(us, { log })]
    const theirs = await open(await parties.connected(peer), us)
    const ours = await open(one, await parties.account())
    await two.getChannelState(theirs)
    await parties.chain.conditions({ crowded: true })
    const closing = reason(one.close(ours, 'close'))
    await until(() => sends(log, 'close') > 0)
    await one.disconnect()
    expect(await closing).to.match(/was disconnected/)
    const redeeming = reason(two.redeem(await claimOn(theirs, 20n * MINA), 'redeem'))
    await until(() => sends(log, 'redeem') > 0)
    await parties.chain.conditions({ crowded: false })
    expect(await redeeming).to.equal('done')
  })

  it('of two answers to a close, the one that is about more goes first', async () => {
    const [log, rich] = [memoryLog(), await parties.account()]
    const provider = await parties.connected(us, { log, more: { fees: { least: FEE, most: FEE } } })
    const [small, big] = [await parties.connected(peer), await parties.connected(rich)]
    const [dust, much] = [await open(small, us), await open(big, us)]
    for (const id of [dust, much]) await provider.getChannelState(id)
    await Promise.all([small.close(dust, 'close'), big.close(much, 'close')])
    await parties.chain.conditions({ crowded: true })
    const first = reason(provider.redeem(await claimOn(dust, MINA), 'dust'))
    await until(() => sends(log, 'dust') > 0)
    const claim = await parties.codec(rich, us).make({ channelId: much, nonce: 90n, total: 90n * MINA, senderId: 'peer' })
    const second = reason(provider.redeem(claim, 'much'))
    await until(() => sends(log, 'much') > 0)
    await parties.chain.conditions({ crowded: false })
    expect([await second, await first]).to.deep.equal(['done', 'done'])
  })
})
