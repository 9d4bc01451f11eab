/** Nodes that serve the event log in few blocks at a time, only sometimes, or not at all: a close is still seen, in time. */
import { expect } from 'chai'
import { noRejectionLeft } from '../../../support/unhandled.js'
import type { EvmProvider } from '../../../../plugins/evm/provider.js'
import { LogReader } from '../../../../plugins/evm/chain/log-reader.js'
import { recordOf } from '../../../../plugins/evm/chain/rpc.js'
import type { ChannelEvent } from '../../../../plugins/lib/channels/types.js'
import { lives, memoryLog, memoryStore } from '../../../support/evm/life.js'
import { alice, bob, DAY, setUp, stranger } from '../../../support/evm/parties.js'
import { RpcProxy, type Behaviour, type RpcRequest } from '../../../support/evm/rpc-proxy.js'
import { until } from '../../../support/waiting.js'

const them = bob.address.toLowerCase()
const REFUSED = { error: { code: -32602, message: 'block range is too wide' } }

function isLogs ({ method }: RpcRequest): boolean {
  return method === 'eth_getLogs'
}

function blocksIn ({ params: [filter] }: RpcRequest): number {
  const { fromBlock, toBlock } = recordOf(filter)
  return Number(toBlock) - Number(fromBlock) + 1
}

function atMost (blocks: number): Behaviour {
  return (request, ask) => isLogs(request) && blocksIn(request) > blocks ? REFUSED : ask(request)
}

/** Of every seven questions for logs one is answered. */
function sometimes (): Behaviour {
  let asked = 0
  return (request, ask) => isLogs(request) && ++asked % 7 !== 0 ? { error: { code: -32000, message: 'internal error' } } : ask(request)
}

const BLIND: ReadonlyArray<[string, () => Behaviour]> = [
  ['serves 10 blocks at a time', () => atMost(10)],
  ['serves one block at a time', () => atMost(1)],
  ['serves logs only sometimes', sometimes],
  ['serves no logs', () => (request, ask) => isLogs(request) ? { error: { code: -32601, message: 'the method eth_getLogs does not exist' } } : ask(request)],
  ['never answers about logs', () => (request, ask) => isLogs(request) ? undefined : ask(request)],
  ['says that there are no logs', () => (request, ask) => isLogs(request) ? { result: [] } : ask(request)],
  ['serves logs of late only', () => (request, ask) =>
    isLogs(request) && Number(recordOf(request.params[0]).fromBlock) < 100 ? { error: { code: -32000, message: 'history is pruned' } } : ask(request)]
]

describe('a node of an EVM chain', () => {
  noRejectionLeft()
  const parties = setUp()
  const provide = lives(parties)
  let proxy: RpcProxy

  beforeEach(async () => { proxy = await new RpcProxy(parties.chain.url).start() })
  afterEach(() => proxy.stop())

  async function connected (options: Parameters<typeof provide>[1] = {}): Promise<EvmProvider> {
    const provider = provide(alice, { rpcUrl: proxy.url, timeoutMs: 200, ...options })
    await provider.connect()
    return provider
  }

  for (const [how, behaviour] of BLIND) {
    it(`that ${how} shows that the peer closes a channel of ours, and what else is known of it`, async () => {
      await parties.chain.mine(300)
      proxy.behaviour = behaviour()
      const ours = await connected()
      const { channelId } = await ours.openChannel(them, DAY, 'open')
      await ours.deposit(channelId, 1000n, 'deposit')
      const events: ChannelEvent[] = []
      ours.subscribe(them, event => events.push(event))
      expect((await ours.getChannelState(channelId))?.status).to.equal('open')
      await until(async () => (await ours.findChannels(them)).some(state => state.channelId === channelId && state.ours.deposit === 1000n))
      await parties.network.send(bob.address, 'closeChannel', channelId)
      await until(async () => {
        await parties.chain.mine() // as chains do
        return events.some(({ type }) => type === 'closing')
      })
      expect((await ours.findChannels(them)).map(({ status }) => status)).to.deep.equal(['closing'])
    })
  }

  it('that serves logs late tells of a close when the state shows it, and once more, with the transaction, when its event comes', async () => {
    const ours = await connected()
    const channelId = await parties.openWith(70, 0)
    await until(async () => (await ours.findChannels(them)).length === 1)
    const told: Array<[string, string | undefined]> = []
    ours.subscribe(them, ({ type, txId }) => told.push([type, txId]))
    proxy.behaviour = (request, ask) => isLogs(request) ? { result: [] } : ask(request)
    const closed = await parties.network.send(bob.address, 'closeChannel', channelId)
    await until(() => told.some(([type]) => type === 'closing'))
    expect(told.at(-1)).to.deep.equal(['closing', undefined])
    told.length = 0
    proxy.mend()
    const closing = ['closing', 'receipt' in closed ? closed.receipt.hash : '']
    for (let block = 0; block < 10; block++) {
      const before = proxy.methods.filter(method => method === 'eth_getLogs').length
      await parties.chain.mine()
      await until(() => proxy.methods.filter(method => method === 'eth_getLogs').length > before)
    }
    expect(told.filter(([type]) => type === 'closing')).to.deep.equal([closing])
  })

  it('that serves few blocks at a time shows old channels after a while, also over restarts, and the watch goes on', async () => {
    const old = await parties.openWith(5, 0)
    await parties.open(alice.address, stranger.address)
    await parties.chain.mine(2000)
    const entries = new Map<string, string>()
    proxy.behaviour = atMost(10)
    let ours = await connected({ store: memoryStore(entries) })
    const late = await parties.open()
    const events: string[] = []
    ours.subscribe(them, ({ type, channelId }) => events.push(`${type} ${channelId}`))
    await until(() => events.includes(`opened ${late}`))
    expect(events, 'what is new comes first').to.not.include(`opened ${old}`)
    const asked = (): number => proxy.methods.filter(method => method === 'eth_getLogs').length
    const before = asked()
    await ours.findChannels(them)
    expect(asked() - before, 'work in one look').to.be.lessThan(60)
    await ours.disconnect()
    ours = await connected({ store: memoryStore(entries) })
    await until(async () => (await ours.findChannels(them)).length === 2)
    expect((await ours.findChannels(them)).map(state => state.channelId)).to.deep.equal([old, late])
    expect(asked(), 'no block is read again and again').to.be.lessThan(1500)
  })

  it('that serves no logs is told of once, and when it serves them again', async () => {
    const log = memoryLog()
    proxy.behaviour = BLIND[3]![1]()
    const ours = await connected({ log })
    const told = (part: string): number => log.lines.filter(line => line.includes(part)).length
    for (let block = 0; block < 5; block++) {
      await parties.chain.mine()
      expect(await ours.findChannels(them)).to.deep.equal([])
    }
    expect(told('does not serve the event log')).to.equal(1)
    const channelId = await parties.open()
    proxy.mend()
    await until(async () => (await ours.findChannels(them)).some(state => state.channelId === channelId))
    expect(told('can be read again')).to.equal(1)
  })

  it('that denies the network at a block after one where it was seen is not believed', async () => {
    const ours = await connected({ confirmations: 2 })
    const channelId = await parties.open()
    await parties.chain.mine(2)
    expect((await ours.getChannelState(channelId))?.status).to.equal('open')
    proxy.behaviour = (request, ask) => request.method === 'eth_call' && request.params[1] !== 'latest' ? { result: '0x' } : ask(request)
    const error = await ours.getChannelState(channelId).then(() => undefined, (reason: unknown) => reason)
    expect(String(error)).to.contain('there is no such contract')
  })

  it('that is a few blocks behind another does not make a confirmed channel one that is just announced', async () => {
    const ours = await connected({ confirmations: 2 })
    await parties.chain.mine(5)
    const channelId = await parties.open()
    await parties.chain.mine()
    expect((await ours.getChannelState(channelId))?.status).to.equal('open')
    const behind = await parties.chain.provider.getBlockNumber() - 3
    proxy.behaviour = (request, ask) =>
      ask(request.method === 'eth_getBlockByNumber' && request.params[0] === 'latest' ? { ...request, params: [`0x${behind.toString(16)}`, false] } : request)
    expect((await ours.getChannelState(channelId))?.status).to.equal('open')
  })

  it('that has made blocks up hides no channel that was opened meanwhile, also once the chain has passed these', async () => {
    const ours = await connected({ confirmations: 3 })
    const finds = async (channelId: string): Promise<boolean> => {
      await parties.chain.mine()
      return (await ours.findChannels(them, 'watched').catch(() => [])).some(found => found.channelId === channelId)
    }
    const first = await parties.openWith(70, 0)
    await until(() => finds(first))
    let lies = 0
    proxy.behaviour = async (request, ask) => {
      if (isLogs(request)) return { result: [] }
      const answer = await ask(request)
      if (request.method !== 'eth_getBlockByNumber' || request.params[0] !== 'latest' || !('result' in answer)) return answer
      lies++
      const block = recordOf(answer.result)
      return { result: { ...block, number: `0x${(Number(block.number) + 40).toString(16)}`, hash: `0x${'ab'.repeat(32)}` } }
    }
    await until(() => lies >= 3)
    proxy.behaviour = () => undefined
    const channelId = await parties.openWith(30, 0)
    await parties.chain.mine(33)
    proxy.mend()
    await until(() => finds(channelId))
  })
})

describe('the reading of logs', () => {
  const AGAIN = 16
  const DEPTH = 4
  /** What the present node shows: the newest block, and whether it answers that there are no logs, whatever there is. */
  let node: { head: number, isLiar: boolean }
  let seen: Set<number>
  let reader: LogReader

  beforeEach(() => {
    node = { head: 100, isLiar: false }
    seen = new Set()
    reader = readerFrom(90)
  })

  function readerFrom (block: number): LogReader {
    return new LogReader(block, ({ from, to }) => {
      for (let at = from; at <= to && !node.isLiar && at <= node.head; at++) seen.add(at)
      return Promise.resolve()
    })
  }

  async function look (head: number, isLiar = false, again = AGAIN): Promise<void> {
    node = { head, isLiar }
    await reader.look(head, head - DEPTH + 1, again)
  }

  const missing = (to: number): number[] => Array.from({ length: to - 90 + 1 }, (_, i) => 90 + i).filter(block => !seen.has(block))

  for (const again of [AGAIN, 0]) {
    it(`goes back to where a node began that was far ahead of the chain, and showed nothing: ${again} blocks are read again anyway`, async () => {
      await look(100, false, again)
      for (const lie of [150, 151, 160]) await look(lie, true, again)
      await look(140, false, again)
      expect(missing(140)).to.deep.equal([])
      expect(reader.next).to.equal(140 - DEPTH + 2)
    })
  }

  it('goes back when a block that was the newest turns out to be another one, though the chain has come further since', async () => {
    await look(100)
    await look(160, true)
    await look(190)
    expect(missing(190)).not.to.deep.equal([])
    reader.unread(160)
    await look(191)
    expect(missing(191)).to.deep.equal([])
  })

  it('goes back over all looks of a node that lies for hours', async () => {
    await look(100)
    for (let lie = 0; lie < 1000; lie++) await look(100_000 + lie, true)
    await look(150)
    expect(missing(150)).to.deep.equal([])
  })

  it('begins anew where what was kept of it is far ahead of the chain', async () => {
    reader.next = 100_000
    await look(150)
    expect(missing(150)).to.deep.equal([])
  })

  it('reads no more again for nodes that are a few blocks behind than it would anyway', async () => {
    let read = 0
    reader = new LogReader(90, ({ from, to }) => { read += to - from + 1; return Promise.resolve() })
    for (let head = 100; head < 400; head++) await reader.look(head - head % 3, head - 8, AGAIN)
    expect(read < 300 * (AGAIN + 12), `${read} blocks`).to.equal(true)
  })
})
