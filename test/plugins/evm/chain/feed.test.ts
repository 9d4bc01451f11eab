/**
 * What all accounts of a process learn of a chain together, through nodes that lie and fail. A state that was read before is told only
 * while the chain still has it; nobody is told of channels of others; and the trouble of the node is everybody's.
 */
import { expect } from 'chai'
import { accounts, startChain } from '../../../../examples/evm-chain.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import type { EvmProvider } from '../../../../plugins/evm/provider.js'
import { recordOf } from '../../../../plugins/evm/chain/rpc.js'
import { ChainError, type ChannelEvent, type ChannelState } from '../../../../plugins/lib/channels/types.js'
import { lives } from '../../../support/evm/life.js'
import { alice, bob, DAY, owner, setUp, stranger } from '../../../support/evm/parties.js'
import { RpcProxy, type Behaviour, type RpcRequest } from '../../../support/evm/rpc-proxy.js'
import { until } from '../../../support/waiting.js'

const them = bob.address.toLowerCase()
/** A peer that is nobody. */
const peerAt = (index: number): string => `0x${(0xabc0000 + index).toString(16).padStart(40, '0')}`

/** Asks for all channels at once. */
function isProbe ({ method, params }: RpcRequest): boolean {
  return method === 'eth_call' && recordOf(params[0]).to === undefined
}

/** Asks for the state of one channel. */
function isRead ({ method, params }: RpcRequest): boolean {
  return method === 'eth_call' && recordOf(params[0]).to !== undefined
}

describe('a chain that many accounts look at', () => {
  noRejectionLeft()
  const parties = setUp()
  const provide = lives(parties)
  let proxy: RpcProxy
  /** What came to the node. */
  let requests: RpcRequest[]
  let behaviour: Behaviour

  beforeEach(async () => {
    proxy = await new RpcProxy(parties.chain.url).start()
    requests = []
    fine()
    proxy.behaviour = (request, ask) => {
      requests.push(request)
      return behaviour(request, ask)
    }
  })
  afterEach(() => proxy.stop())

  function fine (): void {
    behaviour = (request, ask) => ask(request)
  }

  async function connected (options: Parameters<typeof provide>[1] = {}, account = alice): Promise<EvmProvider> {
    const provider = provide(account, { rpcUrl: proxy.url, timeoutMs: 300, confirmations: 3, ...options })
    await provider.connect()
    return provider
  }

  const watched = (provider: EvmProvider, channelId: string): Promise<ChannelState | undefined> =>
    provider.getChannelState(channelId, 'confirmed', 'watched')

  /** As a watcher does that looks at a channel in which nothing happens. */
  async function look (provider: EvmProvider, channelId: string, peer = them): Promise<ChannelState | undefined> {
    await provider.findChannels(peer, 'watched')
    await provider.getChannelState(channelId, 'latest', 'watched')
    return await watched(provider, channelId)
  }

  /** Resolves when looks at the channel ask nothing any more. */
  async function quiet (provider: EvmProvider, channelId: string, peer = them): Promise<void> {
    await until(async () => {
      const before = requests.filter(isRead).length
      await look(provider, channelId, peer)
      return requests.filter(isRead).length === before
    })
  }

  /** So many looks of the feed go on. */
  async function looks (count: number): Promise<void> {
    const heads = (): number => proxy.methods.filter(method => method === 'eth_getBlockByNumber').length
    const before = heads()
    await until(async () => {
      await parties.chain.mine()
      return heads() - before >= 2 * count
    })
  }

  it('says of a channel in which nothing happens what it read before, and asks nothing', async () => {
    const ours = await connected()
    const channelId = await parties.openWith(70, 0)
    await parties.chain.mine(3)
    await quiet(ours, channelId)
    const before = requests.filter(isRead).length
    for (let i = 0; i < 50; i++) expect((await look(ours, channelId))?.ours.deposit).to.equal(70n)
    expect(requests.filter(isRead).length).to.equal(before)
    await looks(10)
    expect(requests.filter(isRead).length, 'also when blocks come').to.equal(before)
    const { readAtMs = 0 } = await look(ours, channelId) ?? {}
    await parties.chain.pass(1000)
    await looks(10)
    expect((await look(ours, channelId))?.readAtMs).to.be.above(readAtMs)
  })

  it('asks the chain itself where money is decided about', async () => {
    const ours = await connected()
    const channelId = await parties.openWith(70, 0)
    await parties.chain.mine(3)
    await quiet(ours, channelId)
    const before = requests.filter(isRead).length
    await ours.getChannelState(channelId)
    expect(requests.filter(isRead).length).to.be.above(before)
  })

  for (const [what, happens] of [
    ['a deposit', id => parties.network.send(bob.address, 'setTotalDeposit', id, bob.address, 5)],
    ['a claim that is redeemed', id => parties.claim(bob, alice, id, 1, 10)],
    ['a close', id => parties.network.send(bob.address, 'closeChannel', id)]
  ] as ReadonlyArray<[string, (channelId: string) => Promise<unknown>]>) {
    for (const [how, behave] of [
      ['', undefined],
      [', also where the node shows no event', (request, ask) => request.method === 'eth_getLogs' ? { result: [] } : ask(request)],
      [', also where the node tells of one channel at a time', (request, ask) =>
        isProbe(request) ? { error: { code: -32602, message: 'to is required' } } : ask(request)],
      [', also where the node answers questions about all channels with nonsense', (request, ask) =>
        isProbe(request) ? { result: `0x${'17'.repeat(32)}` } : ask(request)]
    ] as ReadonlyArray<[string, Behaviour | undefined]>) {
      it(`shows ${what} on a channel that was quiet${how}`, async () => {
        const ours = await connected()
        const channelId = await parties.openWith(70, 0)
        await parties.chain.mine(3)
        await quiet(ours, channelId)
        behaviour = behave ?? behaviour
        await looks(5)
        const before = await look(ours, channelId)
        await happens(channelId)
        await parties.chain.mine(3)
        const direct = textOf(await ours.getChannelState(channelId))
        expect(direct).to.not.equal(textOf(before))
        await until(async () => {
          await parties.chain.mine()
          return textOf(await look(ours, channelId)) === direct
        })
      })
    }
  }

  describe('when blocks are replaced that counted as final', () => {
    it('has no channel any more that it had in them', async () => {
      const ours = await connected()
      await parties.chain.mine(5)
      const snapshot = await parties.chain.rpc('evm_snapshot')
      const channelId = await parties.openWith(70, 0)
      await parties.chain.mine(3)
      await quiet(ours, channelId)
      await parties.chain.rpc('evm_revert', snapshot)
      await parties.chain.mine(10)
      await until(async () => await watched(ours, channelId).then(state => state === undefined, () => false)) // it may seem to be behind
      expect(await watched(ours, channelId), 'and it stays so').to.equal(undefined)
    })

    it('has no deposit any more that it had in them, also where the node shows no events', async () => {
      behaviour = (request, ask) => request.method === 'eth_getLogs' ? { result: [] } : ask(request)
      const ours = await connected()
      const channelId = await parties.open()
      await parties.chain.mine(5)
      const snapshot = await parties.chain.rpc('evm_snapshot')
      await parties.network.send(bob.address, 'setTotalDeposit', channelId, bob.address, 5)
      await parties.chain.mine(3)
      await ours.getChannelState(channelId)
      ours.subscribe(them, () => undefined)
      await until(async () => {
        await ours.getChannelState(channelId)
        return (await watched(ours, channelId))?.theirs.deposit === 5n
      })
      await parties.chain.rpc('evm_revert', snapshot)
      await parties.chain.mine(10)
      await until(async () => await watched(ours, channelId).then(state => state?.theirs.deposit === 0n, () => false))
    })

    it('notices that at the next look, and not only when it looks at all states again', async () => {
      const ours = await connected({ pollMs: 200 })
      await parties.chain.mine(5)
      const snapshot = await parties.chain.rpc('evm_snapshot')
      const channelId = await parties.openWith(70, 0)
      await parties.chain.mine(3)
      await quiet(ours, channelId)
      const probes = (): number => requests.filter(isProbe).length
      const before = probes()
      await until(() => probes() > before) // now it would not look at the states again for some looks
      const heads = (): number => requests.filter(({ method, params }) => method === 'eth_getBlockByNumber' && params[0] === 'latest').length
      await parties.chain.rpc('evm_revert', snapshot)
      await parties.chain.mine(10)
      const [looked, probed] = [heads(), probes()]
      await until(() => probes() > probed)
      expect(heads() - looked, 'looks until then').to.be.at.most(3)
    })
  })

  it('is not what a node says that is behind the others', async () => {
    const ours = await connected()
    const channelId = await parties.openWith(70, 0)
    await parties.chain.mine(6)
    await quiet(ours, channelId)
    let turn = 0
    behaviour = async (request, ask) => {
      if (++turn % 2 === 0) return await ask(request)
      const behind = `0x${Math.max(0, await parties.chain.provider.getBlockNumber() - 4).toString(16)}`
      return await ask({ ...request, params: request.params.map(param => param === 'latest' ? behind : param) })
    }
    await looks(10)
    const events: ChannelEvent[] = []
    ours.subscribe(them, event => events.push(event))
    await parties.network.send(bob.address, 'setTotalDeposit', channelId, bob.address, 5)
    await parties.chain.mine(4)
    await until(async () => (await look(ours, channelId))?.theirs.deposit === 5n)
    for (let i = 0; i < 20; i++) {
      expect((await watched(ours, channelId))?.theirs.deposit, 'what was confirmed once stays so').to.equal(5n)
      await parties.chain.mine()
    }
    await parties.network.send(bob.address, 'closeChannel', channelId)
    await until(async () => {
      await parties.chain.mine()
      return (await look(ours, channelId))?.status === 'closing'
    })
    const closings = events.filter(({ type }) => type === 'closing').map(({ txId }) => txId)
    expect(closings.length, 'once by its event, and perhaps by a state').to.be.within(1, 2)
    expect(new Set(closings).size, 'in each way once').to.equal(closings.length)
  })

  it('shows events late where the node has them late, and each once', async () => {
    const ours = await connected()
    const events: string[] = []
    ours.subscribe(them, ({ type }) => events.push(type))
    await looks(3)
    behaviour = (request, ask) => request.method === 'eth_getLogs' ? { result: [] } : ask(request)
    const channelId = await parties.openWith(70, 0)
    const asked = (): number => requests.filter(({ method }) => method === 'eth_getLogs').length
    for (let block = 0; block < 3; block++) {
      const before = asked()
      await parties.chain.mine()
      await until(() => asked() > before)
    }
    expect(events).to.deep.equal([])
    fine()
    await parties.chain.mine()
    await until(() => events.length === 2)
    expect(events).to.deep.equal(['opened', 'deposited'])
    expect((await ours.findChannels(them, 'watched')).map(state => state.channelId)).to.deep.equal([channelId])
  })

  for (const isSameId of [false, true]) {
    it(`is not another one that answers under the same URL${isSameId ? ' with the same id' : ''}`, async () => {
      const another = await startChain('--chain-id', isSameId ? '31337' : '8453')
      try {
        const ours = await connected()
        const channelId = await parties.openWith(70, 0)
        await parties.chain.mine(6)
        await quiet(ours, channelId)
        await another.mine(await parties.chain.provider.getBlockNumber() + 5)
        await another.rpc('anvil_setCode', parties.network.address, '0x')
        behaviour = async ({ method, params }) => await another.rpc(method, ...params).then(result => ({ result }), (error: unknown) =>
          ({ error: { code: -32000, message: String(error) } }))
        const refusal = isSameId ? /there is no such contract/ : /belongs to another chain/
        await until(async () => await watched(ours, channelId).then(() => false, (reason: unknown) => refusal.test(String(reason))))
        const answer = await watched(ours, channelId).then(state => state ?? 'no such channel', () => 'cannot say')
        expect(answer, 'it never says that the channel is not there').to.equal('cannot say')
        fine()
        await until(async () => {
          await parties.chain.mine()
          return await watched(ours, channelId).then(state => state?.ours.deposit === 70n, () => false)
        })
      } finally {
        await another.stop()
      }
    })
  }

  it('is asked about two contracts separately, and nothing of one is told of the other', async () => {
    const { token, network } = await parties.chain.createNetwork(6)
    const [one, other] = [await connected(), await connected({ tokenAddress: token.address.toLowerCase() })]
    const events: string[] = []
    one.subscribe(them, ({ type, channelId }) => events.push(`one ${type} ${channelId}`))
    other.subscribe(them, ({ type, channelId }) => events.push(`other ${type} ${channelId}`))
    const first = await parties.open()
    const second = await parties.open(alice.address, bob.address, network)
    await parties.chain.mine(3)
    await until(() => events.length === 2)
    expect(events.sort()).to.deep.equal([`one opened ${first}`, `other opened ${second}`])
    expect(first, 'even where their channels have the same ids').to.equal(second)
    await quiet(one, first)
    await quiet(other, second)
    await network.send(bob.address, 'closeChannel', second)
    await parties.chain.mine(3)
    await until(async () => (await look(other, second))?.status === 'closing')
    expect((await look(one, first))?.status).to.equal('open')
  })

  it('shows a close to the account that it concerns, among 60 in which nothing happens', async () => {
    const members = await Promise.all(Array.from({ length: 20 }, () => connected({ timeoutMs: 10_000 }))) // they ask much at once
    const ids: string[] = []
    for (let i = 0; i < 60; i++) ids.push(await parties.open(alice.address, i === 41 ? bob.address : peerAt(i)))
    await parties.chain.mine(3)
    const told: string[] = []
    ids.forEach((_, i) => members[i % 20]!.subscribe(i === 41 ? them : peerAt(i), ({ type, channelId, txId }) =>
      told.push(`${i} ${type} ${channelId} by ${txId === undefined ? 'its state' : 'the event'}`)))
    for (const [i, channelId] of ids.entries()) await quiet(members[i % 20]!, channelId, i === 41 ? them : peerAt(i))
    told.length = 0
    const before = requests.filter(isRead).length
    await parties.network.send(bob.address, 'closeChannel', ids[41])
    await parties.chain.mine(3)
    await until(() => told.length > 0)
    for (const [i, channelId] of ids.entries()) expect((await watched(members[i % 20]!, channelId))?.status).to.equal(i === 41 ? 'closing' : 'open')
    // A block that came between the two looks at logs and at states is told of in both ways.
    expect(told.length).to.equal(new Set(told).size)
    for (const line of told) expect(line).to.be.oneOf([`41 closing ${ids[41]} by its state`, `41 closing ${ids[41]} by the event`])
    expect(requests.filter(isRead).length - before, 'questions about one channel').to.be.at.most(24)
  })

  it('that cannot be reached is the trouble of all, and is asked by nobody but the feed', async () => {
    const members = await Promise.all(Array.from({ length: 10 }, () => connected()))
    const channelId = await parties.openWith(70, 0)
    await parties.chain.mine(3)
    for (const member of members) await quiet(member, channelId)
    let asked = 0
    behaviour = () => {
      asked++
      return { error: { code: -32005, message: 'limit exceeded' } }
    }
    await until(async () => await watched(members[0]!, channelId).then(() => false, () => true))
    const before = asked
    for (const member of members) {
      for (const asking of [watched(member, channelId), member.findChannels(them, 'watched'), member.findChannels(peerAt(1), 'watched')]) {
        const error = await asking.then(() => undefined, (reason: unknown) => reason)
        expect(error).to.be.an.instanceOf(ChainError)
      }
    }
    expect(asked - before, 'for 30 questions of 10 accounts').to.be.at.most(20)
    fine()
    for (const member of members) await until(async () => await watched(member, channelId).then(state => state?.status === 'open', () => false))
  })

  it('is looked at as long as one account is there, and for no channel of one that is gone', async () => {
    const [one, other] = [await connected(), await connected()]
    const [first, second] = [await parties.openWith(70, 0), await parties.open(alice.address, stranger.address)]
    await parties.chain.mine(3)
    await quiet(one, first)
    await quiet(other, second, stranger.address.toLowerCase())
    const lastProbe = (): string => String(recordOf(requests.filter(isProbe).at(-1)?.params[0]).data)
    await until(() => lastProbe().includes(first.slice(2)) && lastProbe().includes(second.slice(2)))
    await one.disconnect()
    await until(() => !lastProbe().includes(first.slice(2)) && lastProbe().includes(second.slice(2)))
    expect((await watched(other, second))?.status).to.equal('open')
    await other.disconnect()
    await new Promise(resolve => { setTimeout(resolve, 100) }) // what was on its way arrives
    const before = requests.length
    await parties.chain.mine()
    await new Promise(resolve => { setTimeout(resolve, 100) })
    expect(requests.length).to.equal(before)
    await one.connect()
    await parties.network.send(bob.address, 'closeChannel', first)
    await parties.chain.mine(3)
    await until(async () => (await look(one, first))?.status === 'closing')
  })

  it('is seen through two accounts with other settings by feeds of their own', async () => {
    const channelId = await parties.openWith(70, 0)
    const [deep, shallow] = [await connected({ confirmations: 10 }), await connected({ confirmations: 1 })]
    await quiet(shallow, channelId)
    expect((await watched(shallow, channelId))?.status).to.equal('open')
    expect((await deep.getChannelState(channelId))?.status).to.equal('opening')
    expect((await watched(deep, channelId))?.status).to.equal('opening')
    await parties.chain.mine(10)
    await until(async () => (await watched(deep, channelId))?.status === 'open')
  })

  it('opens channels for one account while others look', async () => {
    const members = await Promise.all([alice, bob, stranger].map(account => connected({ confirmations: 1 }, account)))
    const opened = await Promise.all(members.map(async (member, i) =>
      await member.openChannel([them, stranger.address.toLowerCase(), alice.address.toLowerCase()][i] ?? '', DAY, 'open')))
    expect(new Set(opened.map(({ channelId }) => channelId)).size).to.equal(3)
    expect(accounts[0]!.address).to.equal(owner.address)
  })
})

/** What a state is, whenever it was read, and without who closed the channel, which only events say. */
function textOf (state: ChannelState | undefined): string {
  return JSON.stringify({ ...state, readAtMs: 0, closedByThem: 0 }, (_, value: unknown) => typeof value === 'bigint' ? String(value) : value)
}
