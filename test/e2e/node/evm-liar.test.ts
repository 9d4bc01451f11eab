/**
 * A peer that lies to a whole node in each way it can, over a real BTP socket and with a key of its own: nothing it says counts but claims
 * that the chain would pay out, and those are on disk before their packets go on.
 */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Signature } from 'ethers'
import { accounts, startChain, type Chain, type Deployed } from '../../../examples/evm-chain.js'
import type { ConnectorConfig, ConnectorNode } from '../../../src/index.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { closeAll } from '../../support/btp.js'
import { proofOf, signProof } from '../../support/evm/signatures.js'
import { askNode, CHAIN, claimText, HOUR, Mallory, peerOf, settlingConfig, TOKENS } from '../../support/node/evm.js'
import { owed, World } from '../../support/node.js'
import { until } from '../../support/waiting.js'

const [owner, malloryKey, bobKey, stranger] = [accounts[0]!, accounts[1]!, accounts[2]!, accounts[3]!]
const DEPOSIT = 1000
/** The chain's clock is behind, and its time passes when the test says so. */
const BEHIND_SECS = 3 * HOUR
const ORDER = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')

type More = Record<string, unknown>

describe('a node whose peer lies about payment channels', function () {
  this.timeout(120_000)
  noRejectionLeft()
  const world = new World()
  let chain: Chain
  let token: Deployed
  let network: Deployed
  let config: Partial<ConnectorConfig>
  let bob: ConnectorNode
  let mallory: Mallory
  let channelId: string
  let delivered = 0

  before(async () => {
    chain = await startChain('--timestamp', String(Math.floor(Date.now() / 1000) - BEHIND_SECS));
    ({ token, network } = await chain.createNetwork(6))
    for (const { address } of [malloryKey, bobKey]) await token.send(owner.address, 'mint', address, TOKENS)
    await token.send(malloryKey.address, 'approve', network.address, TOKENS)
  })
  after(() => chain.stop())

  beforeEach(async () => {
    config = await settlingConfig(world, { chain, token, account: bobKey, options: { requireClaims: true } }, {
      peers: [peerOf('mallory', malloryKey, 9)] // where nobody answers: she dials
    })
    channelId = await open(malloryKey.address, bobKey.address)
    bob = await start()
  })
  afterEach(async () => {
    await closeAll()
    await world.end()
  })

  async function start (more: Partial<ConnectorConfig> = {}): Promise<ConnectorNode> {
    const node = await world.make('bob', { ...config, ...more })
    delivered = 0
    node.setPacketHandler(() => {
      delivered++
      return { accept: true }
    })
    const listening = (): number => world.log.lines.filter(({ message }) => message === 'btp_server_started').length
    const before = listening()
    const starting = node.start() // waits a while for its peers
    await until(() => listening() > before)
    mallory = await Mallory.dial(node)
    await starting
    return node
  }

  /** As mallory does by hand. */
  async function open (from: string, to: string, deposit = DEPOSIT): Promise<string> {
    const opened = await network.send(from, 'openChannel', to, HOUR)
    if (opened.error !== undefined) throw new Error(opened.error)
    const id = String(opened.events[0]!.args[0])
    if (deposit > 0) await network.send(from, 'setTotalDeposit', id, from, deposit)
    return id
  }

  const claim = (nonce: number, amount: number | bigint, more: More = {}): Promise<string> =>
    claimText(malloryKey, network.address, { channelId, nonce, amount }, more)

  /** Undefined while there is none, whether the node has seen the channel yet or not. */
  const best = async (): Promise<unknown> => {
    const { status, body } = await askNode(bob, 'GET', `/channels/${channelId}/claims`)
    return status === 404 ? undefined : body
  }

  /** What must not change: the books, the best claim, what was delivered, what the chain has. */
  async function standing (): Promise<unknown[]> {
    return [await owed(bob, 'mallory'), await owed(bob, 'local'), await best(), delivered, await token.read('balanceOf', bobKey.address)]
  }

  const signed = async (nonce: number, amount: number, change: (signature: Signature) => string): Promise<string> => {
    const signature = await signProof(malloryKey.privateKey, network.address, proofOf(channelId, nonce, amount))
    return claim(nonce, amount, { signature: change(Signature.from(signature)) })
  }

  const STRUCTURE = /Invalid claim structure/
  const UNKNOWN = /Unknown channel/
  const SIGNATURE = /Signature verification failed/
  /** Each instead of a good claim with nonce 6 for 110, after one with nonce 5 for 100, with a packet of 10. */
  const LIES: Record<string, [make: () => Promise<string> | string, refusal: RegExp]> = {
    'is replayed': [() => claim(5, 100), /Nonce not monotonically/],
    'has a lower nonce': [() => claim(4, 200), /Nonce not monotonically/],
    'pays too little for the packet': [() => claim(6, 109), /does not cover/],
    'takes back what was paid': [() => claim(6, 90), /does not cover/],
    'is above the deposit': [() => claim(6, DEPOSIT + 1), /exceeds channel deposit/],
    'is of a channel that does not exist': [() =>
      claimText(malloryKey, network.address, { channelId: `0x${'7'.repeat(64)}`, nonce: 6, amount: 110 }), UNKNOWN],
    'is of a channel between others': [async () => {
      const others = await open(malloryKey.address, stranger.address)
      return await claimText(malloryKey, network.address, { channelId: others, nonce: 6, amount: 110 })
    }, UNKNOWN],
    'is signed by a stranger': [() => claimText(stranger, network.address, { channelId, nonce: 6, amount: 110 }), SIGNATURE],
    'is signed by a stranger in her name': [() =>
      claimText(stranger, network.address, { channelId, nonce: 6, amount: 110 }, { signerAddress: malloryKey.address }), SIGNATURE],
    'is signed by the node itself': [() => claimText(bobKey, network.address, { channelId, nonce: 6, amount: 110 }), SIGNATURE],
    'says more than is signed': [async () => (await claim(6, 110)).replace('"transferredAmount":"110"', '"transferredAmount":"900"'), SIGNATURE],
    'says another nonce than is signed': [async () => (await claim(6, 110)).replace('"nonce":6', '"nonce":7'), SIGNATURE],
    'is signed for another chain': [async () =>
      claim(6, 110, { signature: await signProof(malloryKey.privateKey, network.address, proofOf(channelId, 6, 110), 8453) }), SIGNATURE],
    'is signed for another contract': [async () =>
      claim(6, 110, { signature: await signProof(malloryKey.privateKey, token.address, proofOf(channelId, 6, 110)) }), SIGNATURE],
    'has a signature that the contract refuses: s too high': [() =>
      signed(6, 110, ({ r, s, v }) => `${r}${(ORDER - BigInt(s)).toString(16).padStart(64, '0')}${v === 27 ? '1c' : '1b'}`), SIGNATURE],
    'has a signature that the contract refuses: v from zero': [() => signed(6, 110, ({ r, s, yParity }) => `${r}${s.slice(2)}0${yParity}`), SIGNATURE],
    'names another chain': [() => claim(6, 110, { chainId: 8453 }), /another chain/],
    'names another contract': [() => claim(6, 110, { tokenNetworkAddress: token.address }), /another contract/],
    'names another token': [() => claim(6, 110, { tokenAddress: network.address }), /another token/],
    'names a chain and no contract': [() => claim(6, 110, { tokenNetworkAddress: undefined }), UNKNOWN],
    'is for another kind of chain': [() => claim(6, 110, { blockchain: 'solana' }), /another chain/],
    'locks a part': [() => claim(6, 110, { lockedAmount: '1' }), STRUCTURE],
    'is no JSON': [() => '{"version":', STRUCTURE],
    'is empty': [() => '', STRUCTURE],
    'is null': [() => 'null', STRUCTURE],
    'is a list': [async () => `[${await claim(6, 110)}]`, STRUCTURE],
    'is nested without end': [() => '['.repeat(8000), STRUCTURE],
    'is far longer than any': [async () => claim(6, 110, { senderId: 'x'.repeat(30_000) }), STRUCTURE],
    'has a number of a thousand digits': [() => claim(6, 110, { transferredAmount: '9'.repeat(1000) }), STRUCTURE],
    'has a number above 256 bits': [() => claim(6, 110, { transferredAmount: '9'.repeat(78) }), STRUCTURE],
    'has a negative amount': [() => claim(6, 110, { transferredAmount: '-110' }), STRUCTURE],
    'has an amount in hex': [() => claim(6, 110, { transferredAmount: '0x6e' }), STRUCTURE],
    'has a nonce above what is exact': [() => claim(6, 110, { nonce: 2 ** 60 }), STRUCTURE],
    'has a fraction of a nonce': [() => claim(6, 110, { nonce: 6.5 }), STRUCTURE],
    'has no signature': [() => claim(6, 110, { signature: undefined }), STRUCTURE],
    'has an object where text is expected': [() => claim(6, 110, { channelId: { toString: 'x' } }), STRUCTURE]
  }

  it(`takes none of ${Object.keys(LIES).length + 1} lies, with a packet or by themselves, and goes on with what is true`, async () => {
    expect(await mallory.pay('g.bob', 100n, await claim(5, 100))).to.equal('fulfill')
    const before = await standing()
    expect(await mallory.pay('g.bob', 10n), 'without a claim').to.match(/^F06 No payment channel claim attached to packet by g\.bob$/)
    for (const [lie, [make, refusal]] of Object.entries(LIES)) {
      expect(await mallory.pay('g.bob', 10n, await make()), `a claim that ${lie}`).to.match(refusal).and.match(/^F06 .* by g\.bob$/)
      if (!/cover/.test(refusal.source)) expect(await mallory.tell(await make()), `${lie}, by itself`).to.match(refusal)
    }
    expect(await standing()).to.deep.equal(before)
    expect(await mallory.pay('g.bob', 10n, await claim(6, 110)), 'on the same socket').to.equal('fulfill')
    expect([delivered, await owed(bob, 'mallory')]).to.deep.equal([2, 0n])
    expect((await askNode(bob, 'POST', `/channels/${channelId}/redeem`)).status).to.equal(200)
    expect(world.log.lines.filter(({ level }) => level === 'error')).to.deep.equal([])
  })

  it('ends the socket of a peer that sends a megabyte, and nothing else', async () => {
    const before = await standing()
    const huge = await claim(6, 110, { senderId: 'x'.repeat(1_000_000) })
    expect(await mallory.pay('g.bob', 10n, huge).catch(String)).to.include('the socket was closed')
    mallory = await Mallory.dial(bob)
    expect(await standing()).to.deep.equal(before)
    expect(await mallory.pay('g.bob', 10n, await claim(6, 110))).to.equal('fulfill')
  })

  it('takes each of many lies among good claims at the same time for what it is', async () => {
    const lies = await Promise.all(Object.values(LIES).map(async ([make]) => await make()))
    const good = await Promise.all(lies.map(async (_, i) => await claim(i + 5, 10 * (i + 1))))
    const answers = await Promise.all(good.flatMap((text, i) => [text, lies[i]!]).map(text => mallory.pay('g.bob', 10n, text)))
    const fulfilled = answers.filter(answer => answer === 'fulfill').length
    expect(fulfilled).to.equal(delivered)
    for (const answer of answers.filter(text => text !== 'fulfill')) expect(answer).to.match(/^F06/)
    expect(await owed(bob, 'mallory') <= 0n, 'all that was delivered was paid').to.equal(true)
    expect(fulfilled).to.be.at.least(good.length)
  })

  it('has the best claim on disk before the packet goes on that it pays for', async () => {
    const PACKETS = 5
    const copies: string[] = []
    bob.setPacketHandler(async () => {
      const copy = await world.directory()
      copies.push(copy)
      await cp(join(config.dataPath!, 'bob'), join(copy, 'bob'), { recursive: true }) // as a process that is killed leaves it
      return { accept: true }
    })
    for (let i = 1; i <= PACKETS; i++) expect(await mallory.pay('g.bob', 10n, await claim(i, 10 * i))).to.equal('fulfill')
    await bob.stop()
    for (const [i, dataPath] of copies.entries()) {
      bob = await start({ dataPath })
      while ((await askNode(bob, 'GET', `/channels/${channelId}`)).status !== 200) await new Promise(resolve => { setTimeout(resolve, 20) })
      expect(await best()).to.include({ nonce: i + 1, transferredAmount: String(10 * (i + 1)) })
      expect(await owed(bob, 'mallory'), 'paid, and not delivered for sure').to.equal(-10n)
      await bob.stop()
    }
  })

  /** Mallory has paid 300, and closes as if it were nothing. */
  async function closeOnTheChain (): Promise<void> {
    expect((await network.send(malloryKey.address, 'closeChannel', channelId)).error).to.equal(undefined)
  }

  async function gets (amount: bigint, before: bigint): Promise<void> {
    while (await token.read('balanceOf', bobKey.address) - before !== amount) await new Promise(resolve => { setTimeout(resolve, 20) })
  }

  for (const isDown of [false, true]) {
    it(`gets what its best claim says when the peer closes ${isDown ? 'while it is down' : 'behind its back'}`, async () => {
      const before = await token.read('balanceOf', bobKey.address)
      for (const [nonce, amount] of [[1, 100], [2, 300]] as const) {
        expect(await mallory.pay('g.bob', BigInt(amount) / BigInt(nonce), await claim(nonce, amount))).to.equal('fulfill')
      }
      if (isDown) await bob.stop()
      await closeOnTheChain()
      if (isDown) {
        await chain.pass(HOUR / 2)
        bob = await start()
      }
      await gets(300n, before)
      expect(await mallory.pay('g.bob', 10n, await claim(3, 310))).to.match(/^F06 Payment channel is not open/)
      await chain.pass(HOUR + 1)
      const over = async (): Promise<boolean> => Number((await network.readAll('channels', channelId))[1]) === 3
      while (!await over()) await new Promise(resolve => { setTimeout(resolve, 20) })
      expect(await token.read('balanceOf', bobKey.address) - before, 'its deposit of nothing, and no more').to.equal(300n)
    })
  }

  it('says which chain and token it settles with her in', async () => {
    const [state] = (await askNode(bob, 'GET', '/settlement/states')).body as object[]
    expect(state).to.include({ peerId: 'mallory', chain: CHAIN, tokenId: 'TEST', reachable: true })
    const { balances } = await bob.getBalance('mallory')
    expect([balances, (await bob.getBalance('mallory', 'USD')).balances.length]).to.deep.equal([
      [{ tokenId: 'TEST', debitBalance: '0', creditBalance: '0', netBalance: '0' }], 0
    ])
  })
})
