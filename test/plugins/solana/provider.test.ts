/**
 * Solana's part with nodes that one meets: of another cluster, behind, dropping transactions, telling of deposits that nobody else sees;
 * and with crashes at every write. Whatever happens, nothing is done twice, and nothing counts that is not so.
 */
import { expect } from 'chai'
import { SolanaClaims } from '../../../plugins/solana/claims.js'
import { rawKey } from '../../../plugins/solana/ed25519.js'
import { bytesOf } from '../../../plugins/solana/formats.js'
import { programOf } from '../../../plugins/solana/program/binary.js'
import type { SolanaProvider } from '../../../plugins/solana/provider.js'
import { ChainError, type ChannelState } from '../../../plugins/lib/channels/types.js'
import { startSolanaChain, type SolanaChain, type Wallet } from '../../../examples/solana-chain.js'
import { memoryStore } from '../../support/evm/life.js'
import { RpcProxy, type RpcAnswer } from '../../support/evm/rpc-proxy.js'
import { INSTALL_TIMEOUT_MS } from '../../support/solana/tools.js'
import { TestSocksProxy } from '../../support/socks-proxy.js'
import { solanaLives } from '../../support/solana/life.js'
import { eventually } from '../../support/waiting.js'

const HOUR = 3600
const FUNDS = 1_000_000n

describe('the provider of Solana', function () {
  this.timeout(120_000)
  let chain: SolanaChain
  let mint: string
  let alice: Wallet
  let bob: Wallet
  let proxy: RpcProxy
  before(async function () {
    this.timeout(INSTALL_TIMEOUT_MS)
    chain = await startSolanaChain()
  })
  after(() => { chain.stop() })
  beforeEach(async () => {
    mint = await chain.createToken()
    alice = await chain.createWallet(mint, FUNDS)
    bob = await chain.createWallet(mint, FUNDS)
    proxy = await new RpcProxy(chain.rpcUrl).start()
  })
  afterEach(() => proxy.stop())
  const provide = solanaLives(() => chain)

  const codecOf = ({ signer }: Wallet): SolanaClaims => new SolanaClaims({ genesis: chain.genesis, programId: chain.programId, cluster: 'localnet' }, signer)
  const spent = async ({ address }: Wallet): Promise<bigint> => FUNDS - await chain.tokensOf(address, mint)

  async function connected (wallet: Wallet, more: Partial<Parameters<typeof provide>[1]> = {}): Promise<SolanaProvider> {
    const provider = provide(wallet, { mint, ...more })
    await provider.connect()
    return provider
  }

  async function opened (provider: SolanaProvider, deposit = 1000n): Promise<string> {
    const { channelId } = await provider.openChannel(bob.address, HOUR, 'open')
    await provider.deposit(channelId, deposit, 'deposit')
    return channelId
  }

  async function stateOf (provider: SolanaProvider, channelId: string): Promise<ChannelState> {
    const state = await provider.getChannelState(channelId)
    if (state === undefined) throw new Error('the chain does not have the channel')
    return state
  }

  async function refusal (work: Promise<unknown>): Promise<ChainError> {
    const error = await work.then(() => undefined, (reason: unknown) => reason)
    if (!(error instanceof ChainError)) throw new Error('expected a ChainError', { cause: error })
    return error
  }

  it('believes no node of another cluster, whenever it comes', async () => {
    const provider = await connected(alice, { rpcUrl: proxy.url })
    const channelId = await opened(provider)
    proxy.cut()
    await refusal(provider.getChannelState(channelId))
    proxy.mend()
    proxy.behaviour = (request, ask) => request.method === 'getGenesisHash' ? { result: bob.address } : ask(request)
    const error = await refusal(provider.getChannelState(channelId))
    expect(error.isFinal).to.equal(true)
    expect(error.message).to.contain('belongs to another cluster than solana:localnet')
    expect(error.message).to.not.contain('secret-access-key')
  })

  it('uses no program that is not the one of this package, or that somebody can replace', async () => {
    const none = await refusal(provide(alice, { mint, programId: bob.address }).connect())
    expect([none.isFinal, none.message.includes('there is no program at this address')]).to.deep.equal([true, true])
    const ours = await programOf(bytesOf(chain.genesis))
    for (const [words, programId] of [
      ['somebody can replace the program on the chain', await chain.deploy(ours, false)],
      ['the program on the chain is not the one of this package', await chain.deploy(await programOf(Buffer.alloc(32, 1)))]
    ] as const) {
      const error = await refusal(provide(alice, { mint, programId }).connect())
      expect([error.isFinal, error.message.includes(words)], error.message).to.deep.equal([true, true])
    }
    await provide(alice, { mint, programId: await chain.deploy(ours, false), allowUnverifiedProgram: true }).connect()
  })

  it('takes a node that is behind for one that cannot be asked, and never for a chain without the channel', async () => {
    const provider = await connected(alice, { rpcUrl: proxy.url })
    let old: RpcAnswer | undefined
    proxy.behaviour = async (request, ask) => {
      const answer = await ask(request)
      if (request.method === 'getMultipleAccounts' && (request.params[0] as string[]).length > 10) old ??= answer
      return answer
    }
    await provider.findChannels(bob.address)
    const channelId = await opened(provider)
    await stateOf(provider, channelId)
    proxy.behaviour = (request, ask) => {
      if (request.method !== 'getMultipleAccounts' || old === undefined || !('result' in old)) return ask(request)
      const { context, value } = old.result as { context: unknown, value: unknown[] }
      const count = (request.params[0] as string[]).length
      return { result: { context, value: [...value.slice(0, count - 1), value.at(-1)] } }
    }
    const error = await refusal(provider.getChannelState(channelId))
    expect([error.isFinal, /is behind\. slot=\d+ expected=\d+/.test(error.message)]).to.deep.equal([false, true])
    proxy.behaviour = (request, ask) => ask(request)
    expect((await stateOf(provider, channelId)).ours.deposit).to.equal(1000n)
  })

  it('sends what a node has dropped again once it has expired, and nothing is paid twice', async () => {
    const provider = await connected(alice, { rpcUrl: proxy.url })
    const channelId = await opened(provider)
    const dropped = new Set<unknown>()
    proxy.behaviour = (request, ask) => {
      if (request.method !== 'sendTransaction' || (dropped.size > 0 && !dropped.has(request.params[0]))) return ask(request)
      dropped.add(request.params[0])
      return { result: 'taken, and forgotten' }
    }
    await provider.deposit(channelId, 1500n, 'more')
    expect([dropped.size, (await stateOf(provider, channelId)).ours.deposit, await spent(alice)]).to.deep.equal([1, 1500n, 1500n])
  })

  it('does not spend its SOL on a node that calls every transaction failed, and goes on at another one', async () => {
    const provider = await connected(alice, { rpcUrl: proxy.url, stuckMs: 400 })
    const channelId = await opened(provider)
    const sent = new Set<unknown>()
    let asked = 0
    proxy.behaviour = (request, ask) => {
      if (request.method === 'sendTransaction') {
        sent.add(request.params[0])
        return { result: 'taken' }
      }
      if (request.method !== 'getSignatureStatuses') return ask(request)
      asked++
      const failed = { slot: 1, err: { InstructionError: [0, { Custom: 5 }] }, confirmationStatus: 'finalized' }
      return { result: { context: { slot: 1 }, value: (request.params[0] as unknown[]).map(() => failed) } }
    }
    const deposit = provider.deposit(channelId, 1500n, 'more')
    await eventually('it has asked again and again', () => asked >= 40)
    expect(sent.size).to.be.within(2, 5)
    proxy.behaviour = (request, ask) => ask(request)
    await deposit
    expect([(await stateOf(provider, channelId)).ours.deposit, await spent(alice)]).to.deep.equal([1500n, 1500n])
  })

  it('does each operation once, wherever it crashes', async () => {
    for (let crash = 1; crash <= 6; crash++) {
      const wallet = await chain.createWallet(mint, FUNDS)
      const disk = new Map<string, string>()
      let writes = 0
      const dying = await connected(wallet, {
        store: memoryStore(disk, () => { if (++writes >= crash) throw new Error('the disk is gone') })
      }).catch(() => undefined)
      const working = dying === undefined ? undefined : opened(dying).catch(() => undefined)
      await eventually('it crashes', () => writes >= crash)
      await dying?.disconnect()
      await working
      const again = await connected(wallet, { store: memoryStore(disk) })
      const channelId = await opened(again)
      const found = await again.findChannels(bob.address)
      const deposits = found.map(({ ours }) => ours.deposit).reduce((a, b) => a + b)
      const { ours } = await stateOf(again, channelId)
      expect([deposits, await spent(wallet), ours.deposit], `crash at write ${crash}`).to.deep.equal([1000n, 1000n, 1000n])
      await again.disconnect()
    }
  })

  it('knows what a channel has paid that ended while it was away: together', async () => {
    const store = memoryStore()
    const [ours, theirs] = [await connected(alice, { store }), await connected(bob)]
    const channelId = await opened(ours)
    const state = await stateOf(ours, channelId)
    const consent = { channelId, least: 0n, pays: 450n, validUntil: Math.floor(state.readAtMs / 1000) + 600 }
    const signature = await codecOf(alice).signConsent(consent, state)
    await ours.disconnect()
    const claim = await codecOf(alice).make({ channelId, nonce: 1n, total: 460n, senderId: 'alice' })
    expect((await refusal(theirs.closeTogether(consent, signature, claim, 'too little'))).message).to.contain('agrees to pay less than its claim says')
    await theirs.closeTogether(consent, signature, undefined, 'end')
    const again = await connected(alice, { store })
    const over = await stateOf(again, channelId)
    expect([over.status, over.ours.redeemed, over.theirs.redeemed, await spent(alice)]).to.deep.equal(['settled', 450n, 0n, 450n])
    expect(await again.findChannels(bob.address)).to.deep.equal([])
  })

  it('knows what a channel has paid that ended while it was away: by challenge, and was opened again', async () => {
    const store = memoryStore()
    const [ours, theirs] = [await connected(alice, { store }), await connected(bob)]
    const channelId = await opened(ours)
    await ours.disconnect()
    await theirs.redeem(await codecOf(alice).make({ channelId, nonce: 9n, total: 300n, senderId: 'alice' }), 'redeem')
    await theirs.close(channelId, 'close')
    await chain.pass(HOUR + 1)
    await theirs.settle(channelId, 'settle')
    const again = await connected(alice, { store })
    const { channelId: next } = await again.openChannel(bob.address, HOUR, 'open again')
    expect([next.split(':')[0], next === channelId]).to.deep.equal([channelId.split(':')[0], false])
    const [over, open] = [await stateOf(again, channelId), await stateOf(again, next)]
    expect([over.status, over.ours.redeemed, open.status, open.ours.redeemed]).to.deep.equal(['settled', 300n, 'open', 0n])
  })

  it('counts a large deposit of the peer when a second node shows it, too, which is behind the same SOCKS proxy', async () => {
    const socks = await TestSocksProxy.start({ 'second.example': Number(new URL(proxy.url).port) })
    const theirs = await connected(bob)
    const ours = await connected(alice, { verifyRpcUrl: 'http://second.example/', socksProxy: socks.url, verifyAbove: 500n })
    const { channelId } = await theirs.openChannel(alice.address, HOUR, 'open')
    await theirs.deposit(channelId, 400n, 'small')
    expect((await stateOf(ours, channelId)).theirs.deposit).to.equal(400n)
    proxy.behaviour = () => ({ error: { code: -32000, message: 'I do not know' } })
    await theirs.deposit(channelId, 900n, 'large')
    expect((await stateOf(ours, channelId)).theirs.deposit).to.equal(500n)
    proxy.behaviour = (request, ask) => ask(request)
    expect((await stateOf(ours, channelId)).theirs.deposit).to.equal(900n)
    await socks.stop()
  })

  it('asks as little for many idle peers as for one', async () => {
    const lookMs = 500
    const looksInAMinute = 4
    const peers = Array.from({ length: 30 }, (_, i) => rawKey(Buffer.alloc(32, i + 1)).address)
    const providers = peers.map(peer => provide(alice, { mint, rpcUrl: proxy.url, peer, lookMs }))
    await Promise.all(providers.map(provider => provider.connect()))
    const look = (): Promise<unknown> => Promise.all(providers.map(async (provider, i) => {
      for (const { channelId } of await provider.findChannels(peers[i] ?? '', 'watched')) await provider.getChannelState(channelId, 'latest', 'watched')
    }))
    await Promise.all(providers.slice(0, 5).map((provider, i) => provider.openChannel(peers[i] ?? '', HOUR, 'open')))
    for (let i = 0; i < 2 * looksInAMinute; i++) {
      await look()
      await new Promise(resolve => { setTimeout(resolve, lookMs) })
    }
    const before = proxy.methods.length
    for (let i = 0; i < looksInAMinute; i++) {
      await look()
      await new Promise(resolve => { setTimeout(resolve, lookMs) })
    }
    expect(proxy.methods.length - before, proxy.methods.slice(before).join()).to.be.at.most(120)
  })
})
