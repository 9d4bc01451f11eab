/**
 * What a hostile peer, or a node that lags or lies, can try with channels of Solana against a node that settles there. Judged by what it
 * has won, in tokens and in SOL: nothing. On a real RPC node with the program deployed. Rows are those of the design's attack table.
 */
import { expect } from 'chai'
import sinon from 'sinon'
import type { SolanaProvider } from '../../../plugins/solana/provider.js'
import { LANES, laneOf, tokenAccountOf, TOKEN_PROGRAMS } from '../../../plugins/solana/chain/addresses.js'
import { channelWith, settle, type Instruction } from '../../../plugins/solana/chain/instructions.js'
import { channelIdOf, encodeBase58, readChannelId } from '../../../plugins/solana/formats.js'
import { createApp } from '../../../src/connector/connector.js'
import type { AccountInfo } from '../../../src/contracts/account.js'
import { startSolanaChain, type SolanaChain, type Wallet } from '../../../examples/solana-chain.js'
import { memoryLog, memoryStore } from '../../support/evm/life.js'
import { settlingNode } from '../../support/evm/connectors.js'
import { withoutLog } from '../../support/log.js'
import { passForBoth } from '../../support/our-clock.js'
import { RpcProxy } from '../../support/evm/rpc-proxy.js'
import { solanaLives } from '../../support/solana/life.js'
import { INSTALL_TIMEOUT_MS } from '../../support/solana/tools.js'
import { codecOn, HOUR, startSolanaVictim, type SolanaVictim } from '../../support/solana/victim.js'
import { eventually, pause } from '../../support/waiting.js'

const FUNDS = 1_000_000n
const DEPOSIT = 5000n
const TOKEN_PROGRAM = TOKEN_PROGRAMS[0]
const WRITE = 1
const SIGN = 2
/** Rents and fees of a channel that is opened and closed come to less; the rent of an account for tokens is more. */
const FEES = 1_000_000n

describe('attacks over channels of Solana', function () {
  this.timeout(120_000)
  withoutLog()
  let chain: SolanaChain
  let mint: string
  let us: Wallet
  let peer: Wallet
  let hostile: SolanaProvider
  let victim: SolanaVictim | undefined
  before(async function () {
    this.timeout(INSTALL_TIMEOUT_MS)
    chain = await startSolanaChain()
  })
  after(() => { chain.stop() })
  beforeEach(async () => {
    mint = await chain.createToken()
    us = await chain.createWallet(mint, FUNDS)
    peer = await chain.createWallet(mint, FUNDS)
    hostile = provide(peer, { mint })
    await hostile.connect()
  })
  afterEach(async () => {
    sinon.restore()
    await victim?.stop()
    victim = undefined
  })
  const provide = solanaLives(() => chain)

  async function begin (more: Partial<Parameters<typeof startSolanaVictim>[1]> = {}): Promise<SolanaVictim> {
    victim = await startSolanaVictim(us, { chain, mint, peer, provide, ...more })
    return victim
  }
  const won = async (wallet: Wallet): Promise<bigint> => await chain.tokensOf(wallet.address, mint) - FUNDS
  const nonces = { next: 1n }
  const claim = async (channelId: string, total: bigint): Promise<string> =>
    (await codecOn(chain, peer).make({ channelId, nonce: nonces.next++, total, senderId: 'hostile' })).text
  const take = async (channelId: string, total: bigint): Promise<string | undefined> =>
    await victim!.refusalOf(await claim(channelId, total))

  /** The peer opens a channel with us, and puts something in. */
  async function opened (deposit = DEPOSIT, challengeSecs = HOUR, name = 'open'): Promise<string> {
    const { channelId } = await hostile.openChannel(us.address, challengeSecs, name)
    if (deposit > 0n) await hostile.deposit(channelId, deposit, `${name} deposit`)
    return channelId
  }
  const statusOf = async (channelId: string): Promise<string | undefined> => (await hostile.getChannelState(channelId))?.status
  const lamportsOf = async (address: string): Promise<bigint> => {
    const { value } = await chain.rpc.call('getBalance', address) as { value: number }
    return BigInt(value)
  }

  it('terms that we have signed pay no less than we took, and nothing is taken while they are out (12)', async () => {
    let terms: Record<string, unknown> = {}
    const { parts } = await begin({
      asked: message => {
        if (message.step === 'end') terms = message
        return Promise.resolve({ agreed: true })
      }
    })
    const channelId = await opened()
    expect(await take(channelId, 300n)).to.equal(undefined)
    const known = parts.channels.get(channelId)!
    const ending = parts.closing.request(known).then(() => 'over', String)
    await eventually('we have signed terms', () => terms.consent !== undefined)
    expect(await take(channelId, 400n)).to.match(/being closed/)
    const [least, pays] = [BigInt(String(terms.least)), BigInt(String(terms.pays))]
    const consent = { channelId, least, pays, validUntil: Number(terms.validUntil) }
    expect([least, pays]).to.deep.equal([300n, 0n])
    await hostile.closeTogether(consent, String(terms.consent), undefined, 'end')
    expect(await ending).to.equal('over')
    expect([await won(us), victim!.credited]).to.deep.equal([300n, 300n])
  })

  it('a challenge of the peer\'s liking, shorter or much longer than ours, gets no claim taken and no deposit of ours (20)', async () => {
    const { parts } = await begin({ options: { settlementTimeoutSecs: 2 * HOUR, initialDeposit: '1000' } })
    for (const [each, challengeSecs] of [HOUR, 9 * HOUR].entries()) {
      const channelId = await opened(DEPOSIT, challengeSecs, `open ${each}`)
      expect(await take(channelId, 5n)).to.match(/challenge period are refused here.*expected=7200 to 28800/)
    }
    const ours = await parts.funding.ensure(100n)
    expect([ours.state.challengeSecs, ours.state.ours.deposit]).to.deep.equal([2 * HOUR, 1000n])
    expect([await won(us), victim!.credited]).to.deep.equal([-1000n, 0n])
  })

  it('a peer finds no ninth lane: its channels cost one question, a claim on one more costs none, and ours is opened all the same (21)', async () => {
    const proxy = await new RpcProxy(chain.rpcUrl).start()
    await begin({ more: { rpcUrl: proxy.url, wsUrl: chain.wsUrl, lookMs: 60_000 }, options: { initialDeposit: '1000', pollingIntervalMs: 60_000 } })
    const quick = provide(peer, { mint, isConfirmedFinal: true })
    await quick.connect()
    const open = (lane: number): Promise<unknown> => quick.openChannel(us.address, HOUR, `open ${lane}`)
    for (let lane = 0; lane < LANES; lane++) await open(lane)
    expect(String(await open(LANES).catch((error: unknown) => error))).to.contain('there are 8 open channels to this peer already')
    await eventually('we see all of them', async () => (await victim!.provider.findChannels(peer.address)).length === LANES)
    await pause(300) // until all that the socket tells of was looked at
    proxy.methods.length = 0
    expect((await victim!.provider.findChannels(peer.address)).length).to.equal(LANES)
    expect(proxy.methods).to.deep.equal(['getMultipleAccounts'])
    const ninth = await laneOf({ programId: chain.programId, mint }, peer.address, us.address, LANES)
    expect(await take(channelIdOf({ account: ninth, instance: 1n }), 5n)).to.match(/Unknown channel/)
    expect(proxy.methods).to.deep.equal(['getMultipleAccounts'])
    const ours = await victim!.parts.funding.ensure(100n)
    expect([ours.state.ours.deposit, victim!.credited, await won(us)]).to.deep.equal([1000n, 0n, -1000n])
    await proxy.stop()
  })

  it('needs at once open one channel, with one deposit (22)', async () => {
    const { parts } = await begin({ options: { initialDeposit: '1000' } })
    const all = await Promise.all([100n, 200n, 100n].map(room => parts.funding.ensure(room)))
    expect(new Set(all.map(({ state }) => state.channelId)).size).to.equal(1)
    expect([(await victim!.provider.findChannels(peer.address)).length, await won(us)]).to.deep.equal([1, -1000n])
  })

  for (const isAway of [false, true]) {
    it(`a payer that closes ${isAway ? 'while we are away' : 'before we look'} has our best claim brought in time (24)`, async () => {
      const store = memoryStore()
      await begin({ more: { store } })
      const channelId = await opened()
      for (const total of [100n, 300n, 200n]) await take(channelId, total)
      if (isAway) await victim!.stop()
      await hostile.close(channelId, 'close')
      if (isAway) {
        await chain.pass(HOUR / 2)
        await begin({ more: { store } })
      }
      await eventually('we have redeemed', async () => await won(us) === 300n)
      await chain.pass(HOUR + 1)
      await hostile.settle(channelId, 'settle').catch(() => undefined) // we may have been quicker
      await eventually('the channel is over', async () => await statusOf(channelId) === 'settled')
      expect([await won(us), await won(peer)]).to.deep.equal([300n, -300n])
    })
  }

  it('a deposit that is confirmed and not finalized, as in a fork that goes away, is no money (35)', async () => {
    const proxy = await new RpcProxy(chain.rpcUrl).start()
    await begin({ more: { rpcUrl: proxy.url, wsUrl: chain.wsUrl } })
    const channelId = await opened(1000n)
    expect(await take(channelId, 1000n)).to.equal(undefined)
    const { account = '' } = readChannelId(channelId) ?? {}
    let old: unknown
    proxy.behaviour = async (request, ask) => {
      const answer = await ask(request)
      const [addresses, options] = request.params as [string[], { commitment?: string } | undefined]
      if (request.method !== 'getMultipleAccounts' || options?.commitment !== 'finalized' || !('result' in answer)) return answer
      const { context, value } = answer.result as { context: unknown, value: unknown[] }
      const at = addresses.indexOf(account)
      if (at === -1) return answer
      old ??= value[at]
      return { result: { context, value: value.map((each, i) => i === at ? old : each) } }
    }
    await victim!.provider.getChannelState(channelId)
    await hostile.deposit(channelId, DEPOSIT, 'more')
    expect(await take(channelId, 1500n)).to.match(/exceeds channel deposit/)
    expect(victim!.credited).to.equal(1000n)
    await proxy.stop()
  })

  it('what was counted in one token is not counted in another, with the same records and keys (36)', async () => {
    const entries = new Map<string, string>()
    const store = memoryStore(entries)
    await begin({ more: { store } })
    const channelId = await opened()
    expect(await take(channelId, 300n)).to.equal(undefined)
    await victim!.stop()
    const other = await chain.createToken()
    // The provider's own records are the same. Those of the settlement are kept by the token, too, as for all chains.
    const same = memoryStore(new Map([...entries].filter(([key]) => !key.startsWith('parts '))))
    const changed = await startSolanaVictim(us, { chain, mint: other, peer, provide, more: { store: same } })
    expect(await changed.refusalOf(await claim(channelId, 400n))).to.match(/Unknown channel/)
    expect([await changed.provider.findChannels(peer.address), changed.credited]).to.deep.equal([[], 0n])
    await changed.stop()
    await begin({ more: { store } })
    expect(victim!.parts.incoming.best(channelId)?.total).to.equal(300n)
  })

  it('a second account with the same cluster, program, token and party is refused before anything starts (37)', () => {
    const [programId, tokenMint] = [chain.programId, mint]
    const account = (port: number): AccountInfo => ({
      relation: 'peer', plugin: 'solana', assetCode: 'TOK', assetScale: 6, balance: { maximum: '1000' },
      options: {
        chain: { chainId: 'solana:localnet', rpcUrl: chain.rpcUrl, programId, tokenMint, keyId: us.key }, peerAddress: peer.address,
        listener: { port, host: '127.0.0.1', secret: 'x' }
      }
    })
    expect(() => createApp({ ...settlingNode(0, new Map()), accounts: { one: account(1), two: account(2) } })).to.throw(/credited twice/)
  })

  it('a peer that agrees to each end, and brings none, holds our deposit no longer than the challenge (38)', async () => {
    await begin({ options: { initialDeposit: String(DEPOSIT) }, asked: () => Promise.resolve({ agreed: true }) })
    const { parts } = victim!
    const channel = await parts.funding.ensure(100n)
    const { channelId } = channel.state
    void parts.closing.request(channel).catch(() => undefined)
    await eventually('we have asked for the end', () => channel.ending !== undefined)
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await parts.funding.ensure(9000n).then(() => 'another', String)).to.match(/no other one is funded/)
    }
    await passForBoth(chain, HOUR / 2)
    await eventually('we close it by challenge', async () => await statusOf(channelId) !== 'open')
    await chain.pass(HOUR + 1)
    await eventually('the deposit is back', async () => await won(us) === 0n)
  })

  it('a peer that closes each new channel at once locks two deposits, and all come back (39)', async () => {
    await begin({ options: { initialDeposit: '1000' } })
    const { parts } = victim!
    const before = await lamportsOf(us.address)
    for (let life = 0; life < 2; life++) {
      const { state: { channelId } } = await parts.funding.ensure(100n)
      await hostile.deposit(channelId, 1n, `deposit ${life}`) // or it could be settled at once
      await hostile.close(channelId, `close ${life}`)
      await eventually('we have seen it', () => parts.channels.get(channelId)?.state.status === 'closing')
    }
    expect(await parts.funding.ensure(100n).then(() => 'a third', String)).to.match(/are not over yet, and no other one is funded/)
    expect(await won(us)).to.equal(-2000n)
    await chain.pass(HOUR + 1)
    await eventually('the deposits are back', async () => await won(us) === 0n)
    expect(before - await lamportsOf(us.address)).to.satisfy((cost: bigint) => cost < FEES)
  })

  it('a redeem that is crowded out offers more with each attempt, up to what is allowed (40)', async () => {
    const most = 20_000n
    const proxy = await new RpcProxy(chain.rpcUrl).start()
    const log = memoryLog()
    await begin({ more: { rpcUrl: proxy.url, wsUrl: chain.wsUrl, stuckMs: 30, maxPriorityFee: most, log } })
    const channelId = await opened()
    expect(await take(channelId, 300n)).to.equal(undefined)
    proxy.behaviour = (request, ask) => request.method === 'sendTransaction' ? { result: 'taken, and crowded out' }
      : request.method === 'getRecentPrioritizationFees' ? { result: [{ slot: 1, prioritizationFee: 20_000 }] } : ask(request)
    const offers = (): bigint[] => log.lines.flatMap(line => /^sending a transaction.* redeem \S+ (\d+)$/.exec(line)?.[1] ?? []).map(BigInt)
    const [best] = victim!.parts.incoming.all()
    const redeeming = victim!.provider.redeem(best!, 'redeem')
    await eventually('it has offered all that it may', () => offers().length >= 8)
    const made = offers()
    expect(made.toSorted((a, b) => Number(a - b)), 'never less than before').to.deep.equal(made)
    expect([made[0]! < made.at(-1)!, made.every(offer => offer <= most)]).to.deep.equal([true, true])
    proxy.mend()
    await redeeming
    expect(await won(us)).to.equal(300n)
    await proxy.stop()
  })

  it('claims that name made-up channels ask the node nothing (43)', async () => {
    const proxy = await new RpcProxy(chain.rpcUrl).start()
    await begin({ more: { rpcUrl: proxy.url, wsUrl: chain.wsUrl, lookMs: 60_000 }, options: { pollingIntervalMs: 60_000 } })
    await opened()
    const accounts = Array.from({ length: 100 }, (_, each) => encodeBase58(Buffer.alloc(32, each + 1)))
    const madeUp = accounts.map(account => channelIdOf({ account, instance: 1n }))
    const claims = await Promise.all(madeUp.map(channelId => claim(channelId, 5n)))
    await pause(200)
    const before = proxy.methods.length
    for (const text of claims) expect(await victim!.refusalOf(text)).to.match(/Unknown channel|asked about too many/)
    expect(proxy.methods.slice(before).filter(method => method === 'getMultipleAccounts')).to.deep.equal([])
    await proxy.stop()
  })

  it('a transaction may use what trying it has shown, also for a key whose account is long to find (44)', async () => {
    const proxy = await new RpcProxy(chain.rpcUrl).start()
    await begin({ more: { rpcUrl: proxy.url, wsUrl: chain.wsUrl } })
    const channelId = await opened()
    const sent: string[] = []
    proxy.behaviour = async (request, ask) => {
      if (request.method === 'sendTransaction') sent.push(String(request.params[0]))
      const answer = await ask(request)
      if (request.method !== 'simulateTransaction' || !('result' in answer)) return answer
      const { value, ...rest } = answer.result as { value: object }
      return { result: { ...rest, value: { ...value, unitsConsumed: 300_000 } } }
    }
    await victim!.provider.redeem(await codecOn(chain, peer).make({ channelId, nonce: 1n, total: 300n, senderId: 'x' }), 'redeem')
    const limit = Buffer.alloc(5)
    limit.writeUInt8(2)
    limit.writeUInt32LE(361_000, 1)
    expect(Buffer.from(sent[0] ?? '', 'base64').includes(limit)).to.equal(true)
    await proxy.stop()
  })

  it('anybody can settle a channel whose opener has lost its key, and pays the old key\'s account with it (45)', async () => {
    const channelId = await opened()
    await hostile.close(channelId, 'close')
    await chain.pass(HOUR + 200)
    await hostile.disconnect() // its key is gone
    const id = readChannelId(channelId)!
    const contract = { programId: chain.programId, mint, tokenProgram: TOKEN_PROGRAM, genesis: chain.genesis }
    const instruction = settle(await channelWith(contract, id, peer.address, us.address))
    await eventually('it is old enough', () => chain.send([instruction]).then(() => true, () => false))
    expect([await won(peer), await won(us)]).to.deep.equal([0n, 0n])
  })

  it('a peer that closes its account for tokens before each end gets no rent for another one from us', async () => {
    const poor = await withoutTokenAccount()
    await begin()
    const before = await lamportsOf(us.address)
    const channelId = await opened()
    expect(await take(channelId, 300n)).to.equal(undefined)
    await poor()
    await hostile.close(channelId, 'close')
    await eventually('we have redeemed', async () => await won(us) === 300n)
    await chain.pass(HOUR + 1)
    await eventually('the channel is settled', async () => await statusOf(channelId) === 'settled')
    await pause(300)
    expect(before - await lamportsOf(us.address)).to.satisfy((cost: bigint) => cost < FEES)
    expect(await won(us)).to.equal(300n)
  })

  /** The peer sends all tokens that it has left to somebody else, and closes the account, whose rent it gets. */
  async function withoutTokenAccount (): Promise<() => Promise<void>> {
    const friend = await chain.createWallet(mint, 1n)
    return async () => {
      const contract = { mint, tokenProgram: TOKEN_PROGRAM }
      const [own, other] = await Promise.all([peer, friend].map(({ address }) => tokenAccountOf(address, contract)))
      const left = Buffer.alloc(8)
      left.writeBigUInt64LE(await chain.tokensOf(peer.address, mint))
      const call = (data: Buffer, target: string): Instruction => ({
        programAddress: TOKEN_PROGRAM,
        accounts: [{ address: own!, role: WRITE }, { address: target, role: WRITE }, { address: peer.address, role: SIGN }],
        data
      })
      const [transfer, close] = [Buffer.concat([Buffer.from([3]), left]), Buffer.from([9])]
      await chain.send([call(transfer, other!), call(close, peer.address)], peer.signer)
    }
  }
})
