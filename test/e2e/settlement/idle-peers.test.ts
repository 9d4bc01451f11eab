/**
 * What a node asks of a real chain while nobody pays: at most 120 calls a minute, however many peers it settles with. RPC nodes are paid by
 * the call. `CHAIN_PEERS` says how many peers; `CHAIN_PEERS=1000` is the long form. Time is scaled: as many looks at the chain as a minute
 * has take a second or two.
 */
import { expect } from 'chai'
import { accounts, startChain, type Chain, type Deployed } from '../../../examples/evm-chain.js'
import type { ConnectorNode } from '../../../src/index.js'
import { idlePeers, openWith } from '../../support/evm/idle-peers.js'
import { RpcProxy, type Behaviour } from '../../support/evm/rpc-proxy.js'
import { settlingConfig, TOKENS } from '../../support/node/evm.js'
import { World } from '../../support/node.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually, pause } from '../../support/waiting.js'

const MOST_PER_MINUTE = 120
const MINUTES = 3
/** With the usual settings a node looks every four seconds. */
const LOOKS_PER_MINUTE = 15
const owner = accounts[1]!
const IS_LONG = process.env.CHAIN_PEERS !== undefined
const MANY = Number(process.env.CHAIN_PEERS ?? 60)

describe('a node whose peers are idle', function () {
  this.timeout(600_000)
  noRejectionLeft()
  const world = new World()
  let chain: Chain
  let contracts: { token: Deployed, network: Deployed }
  let proxy: RpcProxy
  before(async () => { chain = await startChain() })
  after(() => chain.stop())
  beforeEach(async () => {
    contracts = await chain.createNetwork(6)
    await contracts.token.send(accounts[0]!.address, 'mint', owner.address, TOKENS)
    proxy = await new RpcProxy(chain.url).start()
  })
  afterEach(async () => {
    await world.end()
    await proxy.stop()
  })

  /** With a channel with each. More peers keep the machine busier: then everything takes longer. */
  async function start (count: number): Promise<{ node: ConnectorNode, pollMs: number }> {
    const pollMs = Math.max(100, 3 * count)
    await openWith(chain, contracts, owner.address, count)
    const node = await world.start('hub', await settlingConfig(world,
      { chain, token: contracts.token, account: owner, rpcUrl: proxy.url, options: { pollingIntervalMs: pollMs, confirmations: 5 } },
      { peers: idlePeers(count) }))
    await chain.mine(10)
    await eventually('all channels are known', async () => {
      const channels = await node.channelManager.list()
      return channels.length === count && channels.every(({ status }) => status === 'open')
    }, 300_000)
    return { node, pollMs }
  }

  /** Calls in each of a few minutes in which the chain makes blocks all the time, after half a minute in which each peer was looked at. */
  async function callsPerMinute (pollMs: number): Promise<number[]> {
    const goOn = async (looks: number): Promise<void> => {
      for (let look = 0; look < 2 * looks; look++) {
        await chain.mine()
        await pause(pollMs / 2)
      }
    }
    await goOn(2 * LOOKS_PER_MINUTE)
    const calls: number[] = []
    for (let minute = 0; minute < MINUTES; minute++) {
      const before = proxy.methods.length
      await goOn(LOOKS_PER_MINUTE)
      calls.push(proxy.methods.length - before)
    }
    return calls
  }

  for (const count of IS_LONG ? [30, MANY] : [MANY]) {
    it(`asks the chain at most ${MOST_PER_MINUTE} times a minute for ${count} peers`, async () => {
      const { pollMs } = await start(count)
      const calls = await callsPerMinute(pollMs)
      expect(Math.max(...calls), `calls in each minute: ${calls.join(', ')}`).to.be.at.most(MOST_PER_MINUTE).and.above(LOOKS_PER_MINUTE)
    })
  }

  it('asks as little of an RPC node that does not tell of many channels at once', async () => {
    const refusing: Behaviour = ({ method, params }, ask) =>
      method === 'eth_call' && (params[0] as { to?: string }).to === undefined ? { error: { code: -32602, message: 'to is required' } } : ask({ id: 1, method, params })
    proxy.behaviour = refusing
    const { pollMs } = await start(30)
    const calls = await callsPerMinute(pollMs)
    expect(Math.max(...calls), `calls in each minute: ${calls.join(', ')}`).to.be.at.most(MOST_PER_MINUTE)
  })

  it('asks nothing of the chain any more when all peers are gone', async () => {
    const { node, pollMs } = await start(3)
    await node.stop()
    const before = proxy.methods.length
    await chain.mine()
    await pause(3 * pollMs)
    expect(proxy.methods.slice(before)).to.deep.equal([])
  })
})
