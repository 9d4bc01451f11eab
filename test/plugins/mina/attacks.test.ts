/**
 * What a hostile peer, a stranger, a node that lies, or a bad moment can do to channels of Mina, and what becomes of it: nothing is
 * credited that the chain would not pay, and what it would pay is taken in time. Numbers are the rows of the table of attacks, and which
 * row is tested where:
 *
 *   1 to 3             contract/channel.test.ts, claims.test.ts (1, 2), here (3)
 *   4, 5, 7, 8, 14     contract/channel.test.ts; 16, 17, 18 and 28, too. 16b prover/proofs.test.ts
 *   9, 11              channel-account.test.ts; 9 contract/channel.test.ts; 11 here
 *   10                 claims.test.ts, here with 25
 *   15                 contract/channel.test.ts, here
 *   21, 30             options.test.ts; 30 test/e2e/money/another-scale.test.ts
 *   22                 claims.test.ts
 *   23                 here, views.test.ts
 *   29                 here, test/e2e/settlement/mina.test.ts
 *   all others         here
 */
import { expect } from 'chai'
import sinon from 'sinon'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import type { ChannelState, Receipt } from '../../../plugins/lib/channels/types.js'
import type { MinaKey } from '../../../plugins/mina/keys.js'
import type { MinaProvider } from '../../../plugins/mina/provider.js'
import { memoryLog, memoryStore } from '../../support/evm/life.js'
import { SLOTS_TO_LIVE } from '../../../plugins/mina/plans.js'
import { CHALLENGE_SECS, MINA, MinaParties, SLOT_SECS } from '../../support/mina/settling.js'
import { startMinaVictim, type MinaVictim } from '../../support/mina/victim.js'

const DEPOSIT = 100n * MINA

describe('attacks over channels of Mina', function () {
  this.timeout(120_000) // on a busy machine
  const parties = new MinaParties()
  let payer: MinaKey
  let us: MinaKey
  let hostile: MinaProvider
  let victim: MinaVictim | undefined
  before(() => parties.start())
  after(() => parties.stop())
  beforeEach(async () => {
    ;[payer, us] = [await parties.account(), await parties.account()]
    hostile = await parties.connected(payer)
  })
  afterEach(async () => {
    sinon.restore()
    await victim?.stop()
    victim = undefined
    await parties.end()
    await parties.chain.faults({})
    await parties.chain.conditions({ crowded: false, slotTxEnd: null })
  })

  const open = async (id = 'open', challengeSecs = CHALLENGE_SECS, from = hostile): Promise<string> =>
    (await from.openChannel(us.address, challengeSecs, id, DEPOSIT)).channelId
  const start = async (options?: object, life?: Parameters<typeof startMinaVictim>[3]): Promise<MinaVictim> =>
    victim = await startMinaVictim(parties, us, payer, life, options)
  const message = async (channelId: string, total: bigint, nonce = total / MINA): Promise<string> =>
    (await parties.codec(payer, us).make({ channelId, nonce, total, senderId: 'payer' })).text
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    while (!await isSo()) await new Promise(resolve => { setTimeout(resolve, 20) })
  }
  const reason = async (work: Promise<unknown>): Promise<string> => await work.then(() => 'done', (error: unknown) => String(error))
  const redeemed = async (channelId: string): Promise<bigint | undefined> => (await hostile.getChannelState(channelId))?.ours.redeemed

  it('an honest channel counts, so that others are refused for what they are', async () => {
    const channelId = await open()
    const victim = await start()
    expect(await victim.refusalOf(await message(channelId, 5n * MINA))).to.equal(undefined)
    expect(victim.credited).to.equal(5n * MINA)
  })

  it('3: a claim above what is confirmed pays nothing, also while more is on its way', async () => {
    const channelId = await open()
    const victim = await start()
    await parties.chain.conditions({ crowded: true })
    const more = hostile.deposit(channelId, 2n * DEPOSIT, 'more')
    expect(await victim.refusalOf(await message(channelId, DEPOSIT + MINA))).to.match(/exceeds/)
    await parties.chain.conditions({ crowded: false })
    await more
    expect(await victim.refusalOf(await message(channelId, DEPOSIT + MINA))).to.equal(undefined)
    expect(victim.credited).to.equal(DEPOSIT + MINA)
  })

  it('6: no claim is taken once the payee has begun to end the channel, and what counts is what the chain paid', async () => {
    const channelId = await open()
    const victim = await start()
    await victim.refusalOf(await message(channelId, 30n * MINA))
    const ending = victim.parts.closing.answer({ channelId, claim: await message(channelId, 35n * MINA) })
    await until(() => victim.parts.channels.get(channelId)?.ending !== undefined)
    expect(await victim.refusalOf(await message(channelId, 40n * MINA))).to.match(/being closed|not open/)
    await ending
    await until(async () => (await hostile.getChannelState(channelId))?.status === 'settled')
    expect([await redeemed(channelId), victim.credited]).to.deep.equal([35n * MINA, 35n * MINA])
    expect(await reason(hostile.deposit(channelId, 2n * DEPOSIT, 'late')), 'nothing is put in any more').to.match(/no such channel|being closed|over/)
  })

  it('11: a challenge that is shorter than ours, or four times as long and more, is refused', async () => {
    const long = await open('long', CHALLENGE_SECS * 4 + SLOT_SECS)
    const short = await open('short', CHALLENGE_SECS - SLOT_SECS)
    const victim = await start()
    for (const channelId of [long, short]) expect(await victim.refusalOf(await message(channelId, MINA))).to.match(/challenge period/)
  })

  it('12: a close while all blocks are full is answered with more and more, until one has room', async () => {
    const channelId = await open()
    const victim = await start()
    await victim.refusalOf(await message(channelId, 60n * MINA))
    await hostile.close(channelId, 'close')
    await parties.chain.conditions({ crowded: true })
    const offers = (): bigint[] => victim.log.lines.filter(line => line.startsWith('sending a transaction'))
      .map(line => BigInt(line.split(' ').at(-1) ?? '0'))
    await until(() => offers().length >= 3)
    await parties.chain.slot((await parties.chain.block()).slot + 60) // past half of the challenge, which began when the close did
    await until(() => victim.log.lines.some(line => /^a close is not answered yet.* [1-4] \d+$/.test(line)))
    await parties.chain.conditions({ crowded: false })
    await until(async () => await redeemed(channelId) === 60n * MINA)
    const rising = offers()
    expect(rising, 'each more than the one before').to.deep.equal([...rising].sort((a, b) => a < b ? -1 : 1))
    expect(new Set(rising.slice(0, 3)).size).to.equal(3)
  })

  it('13: a close while we are down is answered first thing when we are back', async () => {
    const channelId = await open()
    const store = memoryStore()
    const before = await start({}, { store })
    await before.refusalOf(await message(channelId, 60n * MINA))
    await before.stop()
    await hostile.close(channelId, 'close')
    victim = await startMinaVictim(parties, us, payer, { store })
    await until(async () => await redeemed(channelId) === 60n * MINA)
  })

  it('19: however often a peer asks for ends, and nothing comes of them, ten are begun in a day', async () => {
    const channelId = await open()
    const { node, url } = await parties.chain.anotherNode()
    const { parts: { closing } } = await start({}, { urls: [url] })
    await parties.chain.faults({ accounts: { [payer.address]: null } }, node)
    const answers: string[] = []
    for (let times = 0; times < 11; times++) answers.push(await reason(closing.answer({ channelId })))
    expect(answers.filter(answer => answer.includes('payer cannot be paid'))).to.have.lengthOf(10)
    expect(answers.at(-1)).to.match(/too many channels were ended together today/)
  })

  it('20: of many channels of a peer, four are looked at', async () => {
    for (let i = 0; i < 6; i++) await open(`open-${i}`)
    const victim = await start()
    await until(() => victim.parts.channels.all().length === 4)
    await victim.parts.watcher.look()
    expect(victim.parts.channels.all()).to.have.lengthOf(4)
    expect(victim.log.lines.filter(line => line.includes('has 4 channels to us already'))).to.not.have.lengthOf(0)
  })

  for (const [what, faults, expected] of [
    ['is not in step', { syncStatus: 'CATCHUP' }, /not in step/],
    ['is of the main network', { networkId: 'mina:mainnet' }, /another network/],
    ['answers in HTML', { requests: [{ does: 'status' }] }, /no answer of the node/],
    ['answers with nonsense', { requests: [{ does: 'garbage' }] }, /no answer of the node/]
  ] as const) {
    it(`23: a node that ${what} is not used`, async () => {
      const { node, url } = await parties.chain.anotherNode()
      await parties.chain.faults({ ...faults, requests: 'requests' in faults ? [...faults.requests] : [] }, node)
      expect(await reason(parties.provider(us, { urls: [url] }).connect())).to.match(expected)
    })
  }

  it('23: a node that begins to be of another chain is not believed', async () => {
    const channelId = await open()
    const { node, url } = await parties.chain.anotherNode()
    const provider = await parties.connected(us, { urls: [url] })
    await parties.chain.faults({ chainId: 'another' }, node)
    expect(await reason(provider.getChannelState(channelId))).to.match(/on another chain than before/)
  })

  it('23: of two nodes, the one that shows less is believed about money, and the one that shows a close about that', async () => {
    const channelId = await open()
    const liar = await parties.chain.anotherNode()
    const provider = await parties.connected(us, { urls: [parties.chain.url, liar.url] })
    expect((await provider.getChannelState(channelId))?.theirs.deposit).to.equal(DEPOSIT)
    await parties.chain.faults({ accounts: { [channelId]: { balance: { total: String(1000n * MINA) } } } }, liar.node)
    await provider.getChannelState(channelId)
    await parties.chain.block(4) // the lie is as old as anything that counts
    const fooled = await parties.connected(us, { urls: [liar.url] })
    expect((await fooled.getChannelState(channelId))?.theirs.deposit, 'of the liar alone').to.equal(1000n * MINA)
    expect((await provider.getChannelState(channelId))?.theirs.deposit, 'more at one').to.equal(DEPOSIT)
    await parties.chain.faults({ accounts: { [channelId]: null } }, liar.node)
    await until(async () => (await reason(provider.getChannelState(channelId))).includes('do not agree'))
    await parties.chain.faults({ behind: 6 }, liar.node)
    await hostile.close(channelId, 'close')
    expect((await provider.getChannelState(channelId, 'latest'))?.status).to.equal('closing')
  })

  it('23: a node that stands still shows no closes, so no claims are taken', async () => {
    const channelId = await open()
    const victim = await start()
    await victim.refusalOf(await message(channelId, MINA))
    sinon.useFakeTimers({ now: Date.now() + CHALLENGE_SECS * 1000 / 4 + 1000, toFake: ['Date'] })
    expect(() => { victim.provider.checkFresh(channelId) }).to.throw('a close may have been missed')
  })

  it('23: a node that is hours behind is not believed, although it says that it is in step', async () => {
    const channelId = await open()
    const { node, url } = await parties.chain.anotherNode()
    const victim = await start({}, { urls: [url] })
    expect(await victim.refusalOf(await message(channelId, MINA))).to.equal(undefined)
    await parties.chain.faults({ lateMs: 2 * 60 * 60_000 }, node)
    expect(await reason(victim.provider.getChannelState(channelId))).to.match(/shows the chain as it was 120 minutes ago/)
    expect(await victim.refusalOf(await message(channelId, 2n * MINA))).to.match(/cannot be checked now/)
    expect(await reason(parties.connected(payer, { urls: [url] }))).to.match(/shows the chain as it was 120 minutes ago/)
    await until(() => victim.log.lines.some(line => line.includes('cannot look after all payment channels now') && line.includes('120 minutes ago')))
    await parties.chain.faults({ lateMs: -2 * 60 * 60_000 }, node)
    expect(await reason(victim.provider.getChannelState(channelId)), 'or our clock is wrong').to.match(/minutes ahead of our clock/)
    await parties.chain.faults({}, node)
    await until(async () => await victim.refusalOf(await message(channelId, 3n * MINA)) === undefined)
  })

  it('24: a deposit that a reorganisation takes back was no money', async () => {
    const channelId = await open()
    const provider = await parties.connected(us)
    await provider.getChannelState(channelId)
    const { txId } = await hostile.deposit(channelId, 2n * DEPOSIT, 'more')
    expect(txId).to.have.length.above(10)
    await until(async () => (await provider.getChannelState(channelId))?.theirs.deposit === 2n * DEPOSIT)
    await parties.chain.reorg(8, { loses: true })
    const isLess = (state: ChannelState | undefined): boolean => (state?.theirs.deposit ?? 0n) < 2n * DEPOSIT
    await until(async () => await provider.getChannelState(channelId).then(isLess, () => true))
  })

  it('24: a redemption that a reorganisation takes back is sent again, and pays once', async () => {
    const channelId = await open()
    const provider = await parties.connected(us)
    const before = await parties.wallet(us)
    const claim = parties.codec(us, payer).parse(Buffer.from(await message(channelId, 60n * MINA)))
    const redeeming = provider.redeem(claim, 'redeem')
    await until(async () => (await provider.getChannelState(channelId, 'latest'))?.theirs.redeemed === 60n * MINA)
    await parties.chain.reorg(1, { loses: true })
    await redeeming
    expect([await redeemed(channelId), await parties.wallet(us) - before]).to.deep.equal([60n * MINA, 60n * MINA])
  })

  /** A store that stops at a write, as a power cut does. */
  const dying = (entries: Map<string, string>, writes: number): PluginStore => {
    let left = writes
    return memoryStore(entries, key => {
      if (key.includes(':operations:') && left-- <= 0) throw new Error('power cut')
    })
  }

  for (const [what, operation, expected, isTheirs = false] of [
    ['an opening', provider => provider.openChannel(us.address, CHALLENGE_SECS, 'once', DEPOSIT), -DEPOSIT],
    ['a redemption', async (provider, channelId) => {
      const codec = parties.codec(payer, us)
      return await provider.redeem(await codec.make({ channelId, nonce: 1n, total: 30n * MINA, senderId: 'payer' }), 'once')
    }, 30n * MINA, true],
    ['a deposit', (provider, channelId) => provider.deposit(channelId, DEPOSIT + 50n * MINA, 'once'), -50n * MINA],
    ['an end by challenge', (provider, channelId) => provider.close(channelId, 'once'), 0n]
  ] as ReadonlyArray<[string, (provider: MinaProvider, channelId: string) => Promise<Receipt>, bigint, boolean?]>) {
    it(`26: ${what} is done once, at whichever of its writes the process dies`, async () => {
      for (let writes = 0; writes < 4; writes++) {
        const [own, other] = [await parties.account(), us]
        const opener = await parties.connected(isTheirs ? payer : own)
        const { channelId } = await opener.openChannel(isTheirs ? own.address : other.address, CHALLENGE_SECS, `open ${writes}`, DEPOSIT)
        await opener.disconnect()
        const before = await parties.wallet(own)
        const entries = new Map<string, string>()
        const first = await parties.connected(own, { store: dying(entries, writes) })
        const outcome = reason(operation(first, channelId))
        await Promise.race([outcome, until(async () => await reason(first.balances()) !== 'done' || writes > 0 ? new Promise(done => setTimeout(done, 300, true)) : false)])
        await first.disconnect()
        const second = await parties.connected(own, { store: memoryStore(entries) })
        await operation(second, channelId)
        expect(await parties.wallet(own) - before, `${writes} writes`).to.equal(expected)
        if (what === 'an opening') expect(await second.findChannels(other.address)).to.have.lengthOf(2)
      }
    })
  }

  it('27: a proof that was made in advance answers a close while the prover is broken', async () => {
    const channelId = await open()
    let isBroken = false
    const prove: typeof parties.prover.prove = (job, priority) => isBroken ? Promise.reject(new Error('broken')) : parties.prover.prove(job, priority)
    const store = memoryStore()
    const victim = await start({}, { store, more: { prover: { prove }, standbyStep: 10n * MINA } })
    await victim.refusalOf(await message(channelId, 60n * MINA))
    await until(async () => (await store.get(`mina:proofs:mina:devnet:${parties.codeHash}:${us.address}`)) !== undefined)
    isBroken = true
    await victim.refusalOf(await message(channelId, 65n * MINA))
    await hostile.close(channelId, 'close')
    await until(async () => await redeemed(channelId) === 60n * MINA)
    isBroken = false
    await until(async () => await redeemed(channelId) === 65n * MINA)
  })

  it('27: a close is answered with all that the best claim grants, although a proof of less is at hand', async () => {
    const channelId = await open()
    const store = memoryStore()
    const victim = await start({}, { store, more: { standbyStep: 10n * MINA } })
    await victim.refusalOf(await message(channelId, 60n * MINA))
    await until(async () => (await store.get(`mina:proofs:mina:devnet:${parties.codeHash}:${us.address}`)) !== undefined)
    await victim.refusalOf(await message(channelId, 65n * MINA))
    await hostile.close(channelId, 'close')
    await until(async () => await redeemed(channelId) !== 0n)
    expect(await redeemed(channelId)).to.equal(65n * MINA)
  })

  it('15: a close is answered while an end that the payer asked for takes its time', async () => {
    const channelId = await open()
    const prove: typeof parties.prover.prove = (job, priority) => job.kind === 'finish' ? new Promise(() => undefined) : parties.prover.prove(job, priority)
    const victim = await start({}, { more: { prover: { prove } } })
    await victim.refusalOf(await message(channelId, 30n * MINA))
    victim.parts.closing.answer({ channelId, claim: await message(channelId, 35n * MINA) }).catch(() => undefined)
    await until(() => victim.parts.channels.get(channelId)?.ending !== undefined)
    await victim.parts.watcher.look()
    await hostile.close(channelId, 'close')
    await until(async () => await redeemed(channelId) === 35n * MINA)
  })

  const OPEN_TO_ALL = Object.fromEntries(['editState', 'send', 'access', 'setDelegate', 'setPermissions', 'setZkappUri', 'editActionState', 'setTokenSymbol',
    'incrementNonce', 'setVotingFor', 'setTiming', 'receive'].map(name => [name, 'None']))
  for (const [what, account] of [
    ['takes no payments', { permissions: { ...OPEN_TO_ALL, receive: 'Impossible', setVerificationKey: { auth: 'Signature', txnVersion: '3' } } }],
    ['is used by its key alone', { permissions: { ...OPEN_TO_ALL, access: 'Signature', setVerificationKey: { auth: 'Signature', txnVersion: '3' } } }],
    ['does not exist', null]
  ] as const) {
    it(`15: a channel whose payer's account ${what} is not ended for it, and pays us`, async () => {
      const channelId = await open()
      const { node, url } = await parties.chain.anotherNode()
      const victim = await start({}, { urls: [url] })
      await victim.refusalOf(await message(channelId, 30n * MINA))
      await parties.chain.faults({ accounts: { [payer.address]: account } }, node)
      expect(await reason(victim.parts.closing.answer({ channelId }))).to.match(/payer cannot be paid/)
      expect(victim.log.lines.filter(line => line.startsWith('sending a transaction'))).to.deep.equal([])
      const channel = victim.parts.channels.get(channelId)
      if (channel !== undefined) await victim.parts.watcher.redeem(channel)
      expect(await redeemed(channelId)).to.equal(30n * MINA)
    })
  }

  it('an end is not sent when its time has run out while it was proven', async () => {
    const log = memoryLog()
    let late = 0
    const prove: typeof parties.prover.prove = async (job, priority) => {
      const json = await parties.prover.prove(job, priority)
      if (job.kind !== 'startClose' || late++ > 0) return json
      const { slot } = await parties.chain.block()
      await parties.chain.slot(slot + SLOTS_TO_LIVE)
      return json
    }
    const provider = await parties.connected(payer, { log, more: { prover: { prove } } })
    const channelId = await open('open', CHALLENGE_SECS, provider)
    await provider.close(channelId, 'close')
    expect(late).to.equal(2)
    expect(log.lines.filter(line => line.includes('did not do what it was sent for'))).to.deep.equal([])
  })

  it('29: a channel is known by what the chain says of it, also to a node that has lost its store', async () => {
    const channelId = await open()
    await hostile.disconnect()
    const again = await parties.connected(payer)
    expect((await again.findChannels(us.address)).map(state => state.channelId)).to.deep.equal([channelId])
    const { channelId: other } = await again.openChannel(us.address, CHALLENGE_SECS, 'open', DEPOSIT)
    expect(other, 'an address is never used twice').to.not.equal(channelId)
  })

  it('29: however many channels a lost store knew, all are found again', async () => {
    const channels: string[] = []
    for (let i = 0; i < 4; i++) channels.push(await open(`open-${i}`))
    await hostile.disconnect()
    const again = await parties.connected(payer)
    expect((await again.findChannels(us.address)).map(state => state.channelId)).to.have.members(channels)
  })

  it('nothing more is put in in the week before the network stops', async () => {
    const { slot } = await parties.chain.block()
    await parties.chain.conditions({ slotTxEnd: slot + 3000 })
    const provider = await parties.connected(await parties.account())
    expect(await reason(provider.openChannel(us.address, CHALLENGE_SECS, 'open', DEPOSIT))).to.match(/hard fork: nothing more is put into channels/)
  })

  it('25: in the three days before the network stops no claim is taken, and all that was taken is redeemed', async () => {
    const channelId = await open()
    const victim = await start()
    expect(await victim.refusalOf(await message(channelId, 5n * MINA))).to.equal(undefined)
    const { slot } = await parties.chain.block()
    await parties.chain.conditions({ slotTxEnd: slot + 1300 }) // it was not announced yet when we connected
    await until(async () => await redeemed(channelId) === 5n * MINA)
    expect(await victim.refusalOf(await message(channelId, 6n * MINA))).to.match(/hard fork: claims are not taken any more/)
    expect(victim.credited).to.equal(5n * MINA)
    expect(victim.log.lines.filter(line => line.startsWith('the network stops before a hard fork: no claims'))).to.have.lengthOf(1)
  })

  it('10, 25: after a hard fork nothing of before is used', async () => {
    const channelId = await open()
    const store = memoryStore()
    const provider = await parties.connected(us, { store })
    expect(await provider.getChannelState(channelId)).to.not.equal(undefined)
    await parties.chain.fork('after the fork')
    expect(await reason(provider.getChannelState(channelId))).to.match(/on another chain than before/)
    expect(await reason(parties.connected(us, { store }))).to.match(/on another chain than before/)
  })
})
