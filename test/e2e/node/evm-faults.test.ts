/**
 * Whole nodes whose RPC nodes fail in every way, on a chain that takes blocks back: packets go on, money counts when it is final, nothing
 * is paid twice, operators read what is wrong, and in the end books and chain agree. EVM_NODE_RUNS raises the number of stories.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { accounts, startChain, type Chain, type Deployed } from '../../../examples/evm-chain.js'
import type { ConnectorNode } from '../../../src/index.js'
import { withoutLog } from '../../support/log.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { RpcProxy, type Behaviour } from '../../support/evm/rpc-proxy.js'
import { askNode, HOUR, peerOf, settlingConfig, TOKENS } from '../../support/node/evm.js'
import { outcome, owed, packet, World } from '../../support/node.js'
import { eventually } from '../../support/waiting.js'

const RUNS = Number(process.env.EVM_NODE_RUNS ?? 1)
const RUN_MS = 180_000
const [owner, alice, bob] = [accounts[0]!, accounts[1]!, accounts[2]!]
const CONFIRMATIONS = 3
const BLOCK_MS = 50
const SLOW_MS = 1500
/** More than nodes behind one address may differ by. */
const STALE_BLOCKS = 40
/** The chain's clock is behind: each story lets a challenge pass there, and nodes settle when it is over by their own. */
const BEHIND_SECS = (RUNS + 10) * 2 * HOUR
const RPC_PASSWORD = 'rpc-password'

describe('nodes that settle through RPC nodes that fail', function () {
  this.timeout(RUN_MS)
  noRejectionLeft()
  const lines = withoutLog()
  const world = new World()
  const answers: string[] = []
  let chain: Chain
  let token: Deployed
  let network: Deployed
  let proxies: [RpcProxy, RpcProxy]
  let nodes: [alice: ConnectorNode, bob: ConnectorNode]
  let had: [bigint, bigint]
  const ended = new Set<string>()

  before(async () => { chain = await startChain('--timestamp', String(Math.floor(Date.now() / 1000) - BEHIND_SECS)) })
  after(() => chain.stop())
  beforeEach(async () => {
    answers.length = 0;
    ({ token, network } = await chain.createNetwork(6))
    for (const { address } of [alice, bob]) await token.send(owner.address, 'mint', address, TOKENS)
    await chain.mine(2 * CONFIRMATIONS) // no reorg takes this back
    proxies = [await new RpcProxy(chain.url).start(), await new RpcProxy(chain.url).start()]
  })
  afterEach(async () => {
    for (const proxy of proxies) proxy.mend()
    await world.end()
    await Promise.all(proxies.map(proxy => proxy.stop()))
  })

  async function start (options: Record<string, unknown>, confirmations = [1, 1]): Promise<void> {
    const [a, b] = await Promise.all([alice, bob].map((account, i) => settlingConfig(world, {
      chain,
      token,
      account,
      rpcUrl: proxies[i]!.url.replace('//', `//user:${RPC_PASSWORD}@`),
      options: { ...options, confirmations: confirmations[i]! }
    })))
    const first = await world.make('alice', { ...a, peers: [peerOf('bob', bob, b!.btpServerPort!)], routes: [{ prefix: 'g.bob', nextHop: 'bob' }] })
    const second = await world.make('bob', {
      ...b, peers: [peerOf('alice', alice, a!.btpServerPort!)], routes: [{ prefix: 'g.alice', nextHop: 'alice' }]
    })
    nodes = [first, second]
    had = [await has(alice), await has(bob)]
    await Promise.all(nodes.map(node => node.start()))
  }

  /** Asks the admin API and keeps what it says. */
  async function say (node: ConnectorNode, method: string, path: string, body?: object): Promise<Awaited<ReturnType<typeof askNode>>> {
    const answer = await askNode(node, method, path, body)
    answers.push(answer.text)
    return answer
  }

  const pay = async (from: ConnectorNode, to: string, amount: bigint): Promise<string> =>
    outcome(await from.sendPacket(packet(to, { amount })))
  const has = ({ address }: typeof alice): Promise<bigint> => token.read('balanceOf', address)
  const channelsOf = async (node: ConnectorNode): Promise<Array<{ channelId: string, status: string, deposit: string }>> =>
    (await say(node, 'GET', '/channels')).body as Array<{ channelId: string, status: string, deposit: string }>

  /** Nothing that is secret is in a log line, or in what the API said. */
  function expectNoSecret (): void {
    const said = [...lines, ...answers, ...world.log.lines.map(line => JSON.stringify(line))].join('\n')
    for (const secret of ['secret-access-key', RPC_PASSWORD, alice.privateKey.slice(2), bob.privateKey.slice(2)]) {
      expect(said.includes(secret), secret).to.equal(false)
    }
  }

  /** While it goes on, the chain makes a block every now and then. */
  async function withBlocks (action: () => Promise<void>): Promise<void> {
    let mined: Promise<unknown> = Promise.resolve()
    const mining = setInterval(() => { mined = mined.then(() => chain.mine()) }, BLOCK_MS)
    try {
      await action()
    } finally {
      clearInterval(mining)
      await mined
    }
  }

  /** Lets the challenges pass of channels that are closed. */
  async function endChallenges (): Promise<void> {
    const begun = (await channelsOf(nodes[0])).filter(({ channelId, status }) => status === 'closed' && !ended.has(channelId))
    if (begun.length > 0) await chain.pass(HOUR + 1)
    for (const { channelId } of begun) ended.add(channelId)
  }

  /** All debts are paid, all channels end, and what the chain paid out is what the books say. */
  async function finish (paid: bigint): Promise<void> {
    for (const proxy of proxies) proxy.mend()
    const debts = async (): Promise<bigint[]> => [-await owed(nodes[0], 'bob'), -await owed(nodes[1], 'alice')]
    await eventually('the books of both are even', async () => {
      await endChallenges() // a claim that did not arrive before its channel closed is made anew when that is over
      const [ofAlice, ofBob] = await debts() as [bigint, bigint]
      if (ofAlice > 0n) await nodes[0].settle('bob', ofAlice).catch(() => undefined)
      if (ofBob > 0n) await nodes[1].settle('alice', ofBob).catch(() => undefined)
      return (await debts()).every(debt => debt === 0n)
    })
    await eventually('channels end', async () => {
      const open = (await channelsOf(nodes[0])).filter(({ status }) => status === 'open')
      for (const { channelId } of open) await say(nodes[0], 'POST', `/channels/${channelId}/close`, {})
      return open.length === 0
    })
    await eventually('all is paid out', async () => {
      await endChallenges()
      return await token.read('balanceOf', network.address) === 0n
    })
    expect([await has(alice) - had[0], await has(bob) - had[1]], 'what the chain has paid out').to.deep.equal([-paid, paid])
    expectNoSecret()
  }

  /** What each fault makes of a request. */
  const FAULTS: Record<string, (proxy: RpcProxy) => Promise<Behaviour>> = {
    'is slow': () => Promise.resolve(async (request, askNode) => {
      await new Promise(resolve => { setTimeout(resolve, SLOW_MS) })
      return askNode(request)
    }),
    'answers with errors': () => Promise.resolve(() => ({ error: { code: -32000, message: 'internal error' } })),
    'answers of an old block': async ({ methods }) => {
      await chain.mine(STALE_BLOCKS)
      const heads = (): number => methods.filter(method => method === 'eth_getBlockByNumber').length
      const seen = heads()
      await eventually('a newer block was seen through this RPC node', () => heads() > seen + 1)
      const old = `0x${(await chain.provider.getBlockNumber() - STALE_BLOCKS).toString(16)}`
      return (request, askNode) => {
        const params = request.params.map(param => param === 'latest' || param === 'pending' ? old : param)
        return request.method === 'eth_getTransactionReceipt' ? { result: null } : askNode({ ...request, params })
      }
    },
    'contradicts itself': () => {
      let turn = 0
      return Promise.resolve((request, askNode) => [
        () => askNode(request), () => ({ result: '0x' }), () => ({ result: null }), () => ({ error: { code: -32000, message: 'header not found' } })
      ][turn++ % 4]!())
    }
  }
  /** Of which an operator reads that the chain cannot be relied on, and why. */
  const WORDS: Record<string, RegExp> = {
    'is cut off': /^no answer of the node at 127\.0\.0\.1:\d+ to eth_\w+: /,
    'answers with errors': /^the node at 127\.0\.0\.1:\d+ refuses eth_\w+: internal error$/,
    'answers of an old block': /^the node at 127\.0\.0\.1:\d+ is \d+ blocks behind what was seen before$/
  }

  for (const fault of ['is cut off', ...Object.keys(FAULTS)]) {
    it(`carry and pay for packets while the RPC node ${fault}, and do the rest when it is well`, async () => {
      await start({ claims: 'packet', requireClaims: true, topUpBelow: '0' })
      await eventually('there is a channel', async () => await pay(nodes[0], 'g.bob', 1n) === 'fulfill')
      for (const proxy of proxies) {
        if (fault === 'is cut off') proxy.cut()
        else proxy.behaviour = await FAULTS[fault]!(proxy)
      }
      for (let i = 0; i < 30; i++) expect(await pay(nodes[0], 'g.bob', 10n), `packet ${i}`).to.equal('fulfill')
      expect(await owed(nodes[1], 'alice'), 'paid with claims').to.equal(0n)
      const words = WORDS[fault]
      if (words !== undefined) {
        const state = async (): Promise<{ reachable: boolean, error?: string }> =>
          ((await say(nodes[0], 'GET', '/settlement/states')).body as Array<{ reachable: boolean, error?: string }>)[0]!
        await eventually('it says what is wrong', async () => words.test((await state()).error ?? ''))
        const { channelId } = (await channelsOf(nodes[0]))[0]!
        const refused = await say(nodes[0], 'POST', `/channels/${channelId}/deposit`, { amount: '1' })
        expect([refused.status, words.test((refused.body as { message: string }).message)], refused.text).to.deep.equal([503, true])
        for (const proxy of proxies) proxy.mend()
        await eventually('it says that nothing is wrong', async () => (await state()).error === undefined)
      }
      for (const proxy of proxies) proxy.mend()
      const { channelId } = (await channelsOf(nodes[0]))[0]!
      await eventually('it is filled up', async () => (await say(nodes[0], 'POST', `/channels/${channelId}/deposit`, { amount: '500' })).status === 200)
      expect(await pay(nodes[0], 'g.bob', 99n)).to.equal('fulfill')
      await finish(400n)
    })
  }

  it('count a deposit when it is as deep as each wants', async () => {
    await start({ claims: 'settlement' }, [1, CONFIRMATIONS])
    const credit = async (): Promise<bigint> => await owed(nodes[1], 'alice')
    for (let i = 0; i < 3; i++) expect(await pay(nodes[0], 'g.bob', 100n)).to.equal('fulfill')
    await eventually('alice has the channel and wants to pay', async () => (await channelsOf(nodes[0])).some(({ deposit }) => deposit === '2000'))
    await eventually('bob looks', async () => (await channelsOf(nodes[1])).length === 1)
    await new Promise(resolve => { setTimeout(resolve, 500) }) // a few looks of his
    expect(await credit(), 'nothing counts yet').to.equal(300n)
    await chain.mine(CONFIRMATIONS)
    await eventually('bob has the money', async () => await credit() === 0n)
    await withBlocks(() => finish(300n))
  })

  const fault = fc.constantFrom('is cut off', ...Object.keys(FAULTS), 'reorg', 'reorg', 'well', 'well')
  const step = fc.record({
    fault, whose: fc.constantFrom(0 as const, 1 as const),
    does: fc.constantFrom('pay' as const, 'pay' as const, 'pay back' as const, 'deposit' as const, 'redeem' as const, 'close' as const)
  })

  it('end with books and a chain that agree, whatever happened to both', async function () {
    this.timeout(RUNS * RUN_MS)
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 16, size: 'max' }), async steps => {
      await start({ claims: 'settlement', redeemThreshold: '400' }, [CONFIRMATIONS, CONFIRMATIONS])
      await withBlocks(async () => {
        let paid = 0n
        const doings: Array<Promise<unknown>> = []
        for (const { fault: what, whose, does } of steps) {
          const proxy = proxies[whose]
          proxy.mend()
          if (what === 'is cut off') proxy.cut()
          else if (what === 'reorg') await chain.rpc('anvil_reorg', CONFIRMATIONS - 1, [])
          else if (what !== 'well') proxy.behaviour = await FAULTS[what]!(proxy)
          const [channel] = await channelsOf(nodes[0])
          if (does === 'pay' && await pay(nodes[0], 'g.bob', 150n) === 'fulfill') paid += 150n
          else if (does === 'pay back' && await pay(nodes[1], 'g.alice', 70n) === 'fulfill') paid -= 70n
          else if (channel !== undefined && does === 'deposit') doings.push(say(nodes[0], 'POST', `/channels/${channel.channelId}/deposit`, { amount: '100' }))
          else if (channel !== undefined && does === 'redeem') doings.push(say(nodes[1], 'POST', `/channels/${channel.channelId}/redeem`))
          else if (channel !== undefined && does === 'close') doings.push(say(nodes[0], 'POST', `/channels/${channel.channelId}/close`, {}))
          await new Promise(resolve => { setTimeout(resolve, 4 * BLOCK_MS) })
        }
        for (const proxy of proxies) proxy.mend()
        await Promise.all(doings)
        await finish(paid)
      }).finally(() => Promise.all(nodes.map(node => node.stop())))
    }), { numRuns: RUNS, endOnFailure: true })
  })
})
