/** Channels from opening to payout as the plugin sees them, on a real EVM node, and on nodes that fail it. */
import { expect } from 'chai'
import { id, zeroPadValue } from 'ethers'
import { noRejectionLeft } from '../../support/unhandled.js'
import type { EvmProvider } from '../../../plugins/evm/provider.js'
import { recordOf } from '../../../plugins/evm/chain/rpc.js'
import { ChainError, type ChannelEvent, type Claim } from '../../../plugins/lib/channels/types.js'
import { stoppedClock } from '../../support/clock.js'
import { lives, memoryLog, memoryStore } from '../../support/evm/life.js'
import { alice, bob, DAY, FUNDS, setUp, stranger } from '../../support/evm/parties.js'
import { RpcProxy } from '../../support/evm/rpc-proxy.js'
import { proofOf, signProof } from '../../support/evm/signatures.js'
import { until } from '../../support/waiting.js'

const us = alice.address.toLowerCase()
const them = bob.address.toLowerCase()

async function errorOf (promise: Promise<unknown>): Promise<ChainError> {
  const error = await promise.then(() => undefined, (error: unknown) => error)
  if (!(error instanceof ChainError)) throw new Error('expected a ChainError', { cause: error })
  return error
}

describe('EvmProvider', () => {
  noRejectionLeft()
  const parties = setUp()
  const provide = lives(parties)

  const proxies: RpcProxy[] = []
  afterEach(async () => { await Promise.all(proxies.splice(0).map(proxy => proxy.stop())) })

  async function throughProxy (): Promise<RpcProxy> {
    const proxy = await new RpcProxy(parties.chain.url).start()
    proxies.push(proxy)
    return proxy
  }

  async function connected (...args: Parameters<typeof provide>): Promise<EvmProvider> {
    const provider = provide(...args)
    await provider.connect()
    return provider
  }

  async function claimOf (payer: typeof alice, channelId: string, nonce: number, amount: number): Promise<Claim> {
    const signature = await signProof(payer.privateKey, parties.network.address, proofOf(channelId, nonce, amount))
    return { channelId, nonce: BigInt(nonce), total: BigInt(amount), signer: payer.address.toLowerCase(), signature, text: '' }
  }

  /** Opens a channel of ours with 1000 in it. */
  async function openBy (provider: EvmProvider): Promise<string> {
    const { channelId } = await provider.openChannel(them, DAY, 'open')
    await provider.deposit(channelId, 1000n, 'deposit')
    return channelId
  }

  it('connects anew after a time that hung, and that time does no harm when it goes on', async () => {
    const entries = new Map<string, string>()
    let goOn: (text: undefined) => void = () => undefined
    let gets = 0
    const first = new Promise<undefined>(resolve => { goOn = resolve })
    const store = { ...memoryStore(entries), get: (key: string) => gets++ === 0 ? first : Promise.resolve(entries.get(key)) }
    const provider = provide(alice, { store })
    const clock = stoppedClock()
    const hung = errorOf(provider.connect())
    await clock.tickAsync(300_000).finally(() => { clock.restore() })
    expect((await hung).message).to.contain('has not answered')
    await provider.connect()
    goOn(undefined)
    const channelId = await openBy(provider)
    expect((await provider.getChannelState(channelId))?.ours.deposit).to.equal(1000n)
  })

  it('opens, fills, redeems, closes and settles, and both parties see the same from their ends', async () => {
    const [ours, theirs] = [await connected(alice), await connected(bob)]
    const channelId = await openBy(ours)
    const empty = { redeemed: 0n, nonce: 0n }
    expect(await ours.getChannelState(channelId)).to.deep.equal({
      channelId, readAtMs: await parties.chain.now() * 1000, status: 'open', challengeSecs: DAY, ours: { address: us, deposit: 1000n, ...empty }, theirs: { address: them, deposit: 0n, ...empty }
    })
    await theirs.redeem(await claimOf(alice, channelId, 3, 400), 'redeem')
    expect((await theirs.getChannelState(channelId))?.theirs).to.deep.equal({ address: us, deposit: 1000n, redeemed: 400n, nonce: 3n })

    await ours.close(channelId, 'close')
    const closing = await ours.getChannelState(channelId)
    expect(closing?.status).to.equal('closing')
    expect(closing?.settleableAt).to.equal((await parties.chain.now() + DAY) * 1000)
    expect((await errorOf(ours.settle(channelId, 'too early'))).message).to.contain('SettlementTimeoutNotExpired')
    await parties.chain.pass(DAY)
    await ours.settle(channelId, 'settle')
    expect((await ours.getChannelState(channelId))?.status).to.equal('settled')
    expect(await parties.gains()).to.deep.equal([-400n, 400n, 0n])
  })

  it('raises a deposit to a total, and has approved once for all', async () => {
    const approvals = async (): Promise<number> => (await parties.chain.provider.getLogs({
      address: parties.token.address, fromBlock: 0, topics: [id('Approval(address,address,uint256)'), zeroPadValue(us, 32)]
    })).length
    await parties.token.send(alice.address, 'approve', parties.network.address, 0)
    const before = await approvals()
    const ours = await connected(alice)
    const { channelId } = await ours.openChannel(them, DAY, 'open')
    await ours.deposit(channelId, 100n, 'first')
    await ours.deposit(channelId, 150n, 'second')
    expect((await ours.getChannelState(channelId))?.ours.deposit).to.equal(150n)
    expect(await approvals() - before).to.equal(1)
  })

  it('puts in only what is missing when a stranger has put something in for us, and nothing when it was all', async () => {
    const ours = await connected(alice)
    const { channelId } = await ours.openChannel(them, DAY, 'open')
    await parties.network.send(stranger.address, 'setTotalDeposit', channelId, alice.address, 30)
    await ours.deposit(channelId, 100n, 'first')
    expect((await parties.gains()).slice(0, 1)).to.deep.equal([-70n])
    await parties.network.send(stranger.address, 'setTotalDeposit', channelId, alice.address, 500)
    await ours.deposit(channelId, 400n, 'second')
    expect((await ours.getChannelState(channelId))?.ours.deposit).to.equal(500n)
    expect((await parties.gains()).slice(0, 1)).to.deep.equal([-70n])
  })

  it('tells how much can be put into a channel', async () => {
    expect(await provide(alice).depositLimit()).to.equal(1_000_000n * 10n ** 18n)
  })

  it('puts no more in than there is, and says that nothing of it was begun', async () => {
    const ours = await connected(alice)
    const { channelId } = await ours.openChannel(them, DAY, 'open')
    const error = await errorOf(ours.deposit(channelId, FUNDS + 1n, 'deposit'))
    expect(error.message).to.contain(`address=${us}`).and.to.contain(`has=${FUNDS} needed=${FUNDS + 1n}`)
    expect(error.isFinal).to.equal(true)
    await ours.deposit(channelId, FUNDS, 'another')
    expect((await ours.getChannelState(channelId))?.ours.deposit).to.equal(FUNDS)
  })

  it('tells decimals, balances and what redeeming costs', async () => {
    const ours = await connected(alice)
    expect(await ours.tokenDecimals()).to.equal(18)
    const { token, native } = await ours.balances()
    expect(token).to.equal(FUNDS)
    expect(native).to.equal(await parties.chain.provider.getBalance(alice.address))
    expect(await ours.redeemCost() > 0n).to.equal(true)
    expect([ours.chainType, ours.chainId, ours.address]).to.deep.equal(['evm', 'evm:31337', us])
    expect(await ours.tokenNetwork()).to.equal(parties.network.address.toLowerCase())
  })

  describe('counts as confirmed', () => {
    it('only what is as deep as configured', async () => {
      const ours = await connected(alice, { confirmations: 3 })
      const opening = ours.openChannel(them, DAY, 'open')
      const [log] = await until(async () => {
        const logs = await parties.chain.provider.getLogs({ address: parties.network.address, fromBlock: 0 })
        return logs.length > 0 ? logs : undefined
      })
      const channelId = log!.topics[1]!
      expect((await ours.getChannelState(channelId))?.status).to.equal('opening')
      expect((await ours.getChannelState(channelId, 'latest'))?.status).to.equal('open')
      await parties.chain.mine(2)
      expect((await opening).channelId).to.equal(channelId)
      expect((await ours.getChannelState(channelId))?.status).to.equal('open')

      const at = async (block: number): Promise<number> => (await parties.chain.provider.getBlock(block))!.timestamp * 1000
      const head = await parties.chain.provider.getBlockNumber()
      expect((await ours.getChannelState(channelId))?.readAtMs).to.equal(await at(head - 2))
      expect((await ours.getChannelState(channelId, 'latest'))?.readAtMs).to.equal(await at(head))

      await parties.network.send(bob.address, 'setTotalDeposit', channelId, bob.address, 70)
      expect((await ours.getChannelState(channelId))?.theirs.deposit).to.equal(0n)
      expect((await ours.getChannelState(channelId, 'latest'))?.theirs.deposit).to.equal(70n)
      await parties.chain.mine(2)
      expect((await ours.getChannelState(channelId))?.theirs.deposit).to.equal(70n)
    })
  })

  describe('tells of events', () => {
    it('of channels with that peer, as they happen, once', async () => {
      const ours = await connected(alice, { confirmations: 50 })
      const events: ChannelEvent[] = []
      const unsubscribe = ours.subscribe(them, event => events.push(event))
      const channelId = await parties.openWith(100, 0)
      await parties.open(alice.address, stranger.address)
      await parties.claim(bob, alice, channelId, 1, 10)
      await parties.network.send(bob.address, 'closeChannel', channelId)
      await until(() => events.some(({ type }) => type === 'closing'))
      expect((await ours.getChannelState(channelId, 'latest'))?.closedByThem).to.equal(true)
      await parties.closeTogether(channelId, 10, 0)
      await until(() => events.some(({ type }) => type === 'settled'))
      expect(events.map(({ type }) => type)).to.deep.equal(['opened', 'deposited', 'redeemed', 'closing', 'settled'])
      expect(new Set(events.map(event => event.channelId))).to.deep.equal(new Set([channelId]))
      unsubscribe()
      await parties.open()
      await ours.findChannels(them)
      expect(events).to.have.length(5)
    })

    it('that came while it was down', async () => {
      const entries = new Map<string, string>()
      const before = await connected(alice, { store: memoryStore(entries) })
      const channelId = await openBy(before)
      await before.findChannels(them)
      await before.disconnect()
      await parties.network.send(bob.address, 'closeChannel', channelId)
      await parties.chain.mine(1000)
      const ours = await connected(alice, { store: memoryStore(entries) })
      const types: string[] = []
      ours.subscribe(them, ({ type }) => types.push(type))
      await until(() => types.includes('closing'))
      expect((await ours.getChannelState(channelId))?.closedByThem).to.equal(true)
    })

    it('again, of blocks that took the place of others', async () => {
      const ours = await connected(alice, { confirmations: 4 })
      const events: ChannelEvent[] = []
      ours.subscribe(them, event => events.push(event))
      await parties.chain.mine(5)
      const channelId = await parties.open()
      await until(() => events.length === 1)
      await parties.chain.rpc('anvil_reorg', 2, [])
      expect(await ours.getChannelState(channelId, 'latest')).to.equal(undefined)
      const other = await parties.open(bob.address, alice.address)
      await until(() => events.length === 2)
      expect(events[1]).to.deep.include({ type: 'opened', channelId: other })
    })

    it('through a node that gives few blocks at a time', async () => {
      const proxy = await throughProxy()
      proxy.behaviour = (request, ask) => {
        const { fromBlock, toBlock } = recordOf(request.params[0])
        const isTooMuch = request.method === 'eth_getLogs' && Number(toBlock) - Number(fromBlock) >= 600
        return isTooMuch ? { error: { code: -32602, message: 'block range is too wide' } } : ask(request)
      }
      const channelId = await parties.open()
      await parties.chain.mine(1300)
      const later = await parties.open()
      const ours = await connected(alice, { rpcUrl: proxy.url })
      expect((await ours.findChannels(them)).map(state => state.channelId)).to.deep.equal([channelId, later])
    })
  })

  describe('connects', () => {
    it('to no node of another chain', async () => {
      const error = await errorOf(provide(alice, { chainId: 8453n }).connect())
      expect(error.message).to.contain('expected=8453 found=31337')
      expect(error.isFinal).to.equal(true)
    })

    it('to no token without a network', async () => {
      const { address } = await parties.chain.deploy('TestToken', 18)
      expect((await errorOf(provide(alice, { tokenAddress: address.toLowerCase() }).connect())).message).to.contain('createTokenNetwork')
    })

    it('not to what is no registry', async () => {
      expect((await errorOf(provide(alice, { registryAddress: them }).connect())).message).to.contain('no such contract')
    })

    for (const [what, spoil] of [
      ['is cut off', (proxy: RpcProxy) => { proxy.cut() }],
      ['never answers', (proxy: RpcProxy) => { proxy.behaviour = () => undefined }],
      ['is overloaded', (proxy: RpcProxy) => { proxy.behaviour = () => ({ error: { code: -32005, message: 'limit exceeded' } }) }]
    ] as const) {
      it(`to a node that ${what} once it works, and ends the wait until then`, async () => {
        const proxy = await throughProxy()
        const ours = provide(alice, { rpcUrl: proxy.url, timeoutMs: 50 })
        spoil(proxy)
        expect((await errorOf(ours.connect())).isFinal).to.equal(false)
        proxy.mend()
        await ours.connect()
        expect(await ours.findChannels(them)).to.deep.equal([])
      })
    }
  })

  describe('believes no state', () => {
    it('of a node that fell behind', async () => {
      const proxy = await throughProxy()
      const ours = await connected(alice, { rpcUrl: proxy.url })
      const channelId = await parties.open()
      const then = await parties.chain.provider.getBlockNumber()
      await parties.chain.mine(100)
      expect((await ours.getChannelState(channelId))?.status).to.equal('open')
      proxy.behaviour = (request, ask) => ask(request.method === 'eth_getBlockByNumber' ? { ...request, params: [`0x${then.toString(16)}`, false] } : request)
      expect((await errorOf(ours.getChannelState(channelId))).message).to.contain('100 blocks behind')
      proxy.mend()
      expect((await ours.getChannelState(channelId))?.status).to.equal('open')
    })

    it('of a node that is stuck, on a chain that makes blocks all the time', async () => {
      const proxy = await throughProxy()
      proxy.behaviour = (request, ask) => request.method === 'eth_chainId' ? { result: '0x2105' } : ask(request)
      await parties.chain.rpc('evm_setNextBlockTimestamp', Math.floor(Date.now() / 1000) + 10)
      const channelId = await parties.open()
      const ours = await connected(alice, { rpcUrl: proxy.url, chainId: 8453n })
      expect((await ours.getChannelState(channelId))?.status).to.equal('open')
      proxy.behaviour = async (request, ask) => {
        const answer = await ask(request)
        if (request.method !== 'eth_getBlockByNumber' || !('result' in answer)) return answer
        return { result: { ...answer.result as object, timestamp: '0x5f5e100' } }
      }
      expect((await errorOf(ours.getChannelState(channelId))).message).to.match(/newest block .* is \d+ s old/)
    })
  })

  it('writes neither keys nor the path of the URL into logs and errors', async () => {
    const proxy = await throughProxy()
    const log = memoryLog()
    const ours = await connected(alice, { rpcUrl: proxy.url.replace('http://', 'http://user:password@'), log, timeoutMs: 50 })
    const channelId = await openBy(ours)
    const texts = [String(await errorOf(ours.settle(channelId, 'early')))]
    const broken = (): { error: { code: number, message: string } } => ({ error: { code: -1, message: 'down' } })
    for (const behaviour of [() => undefined, broken]) {
      proxy.behaviour = behaviour
      texts.push(String(await errorOf(ours.close(channelId, 'close'))), String(await errorOf(ours.balances())))
    }
    proxy.cut()
    texts.push(String(await errorOf(ours.getChannelState(channelId))))
    for (const secret of [alice.privateKey.slice(2), 'secret-access-key', 'password']) {
      expect([...texts, ...log.lines].join('\n')).to.not.contain(secret)
    }
  })
})
