/**
 * Operations through a node that fails in every way it can, while blocks are taken back and the process is restarted: each is done once.
 * EVM_RUNS raises the number of stories.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { noRejectionLeft } from '../../support/unhandled.js'
import { EvmProvider } from '../../../plugins/evm/provider.js'
import { ChainError } from '../../../plugins/lib/channels/types.js'
import { memoryStore, providerOptions } from '../../support/evm/life.js'
import { alice, bob, DAY, Parties } from '../../support/evm/parties.js'
import { RpcProxy, type Behaviour } from '../../support/evm/rpc-proxy.js'

const RUNS = Number(process.env.EVM_RUNS ?? 8)
const RUN_MS = 60_000
const BLOCK_MS = 20
const CUT_MS = 20
const FIRST = 100n
const SECOND = 30n
const them = bob.address.toLowerCase()

const fault = fc.oneof(
  { weight: 6, arbitrary: fc.constant('none' as const) },
  { weight: 1, arbitrary: fc.constantFrom('silent', 'lost answer', 'error', 'cut', 'stale', 'blind', 'restart', 'reorg' as const) }
)
type Fault = typeof fault extends fc.Arbitrary<infer T> ? T : never

describe('operations on an EVM chain', () => {
  noRejectionLeft()
  const parties = new Parties()
  let proxy: RpcProxy
  let life: EvmProvider
  let entries: Map<string, string>

  before(async function () {
    this.timeout(2 * RUN_MS)
    await parties.start()
    proxy = await new RpcProxy(parties.chain.url).start()
  })
  after(async () => {
    await proxy.stop()
    await parties.chain.stop()
  })

  function start (): EvmProvider {
    return new EvmProvider(providerOptions(parties, alice, {
      rpcUrl: proxy.url, store: memoryStore(entries), confirmations: 2, timeoutMs: 100, stuckMs: 300
    }))
  }

  function misbehaving (faults: Fault[]): Behaviour {
    const ahead = [...faults]
    return async (request, ask) => {
      const next = ahead.shift()
      switch (next) {
      case 'silent': return undefined
      case 'lost answer':
        await ask(request)
        return undefined
      case 'error': return { error: { code: -32000, message: 'internal error' } }
      case 'stale': return request.method === 'eth_getTransactionCount' ? { result: '0x0' } : ask(request)
      case 'blind': return request.method === 'eth_getTransactionReceipt' ? { result: null } : ask(request)
      case 'cut':
        proxy.cut()
        setTimeout(() => { proxy.isCut = false }, CUT_MS)
        return undefined
      case 'restart':
        void life.disconnect()
        return undefined
      case 'reorg':
        await parties.chain.rpc('anvil_reorg', 1, [])
        return ask(request)
      case 'none':
      case undefined: return ask(request)
      }
    }
  }

  /** As whoever settles does: what has not failed for good is tried again, by another life of the process. */
  async function insist<T> (work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        await life.connect()
        return await work()
      } catch (error) {
        if (!(error instanceof ChainError) || error.isFinal) throw error
        await life.disconnect()
        life = start()
      }
    }
  }

  it('are done once, whatever the node does', async function () {
    this.timeout(RUNS * RUN_MS)
    await fc.assert(fc.asyncProperty(fc.array(fault, { minLength: 10, maxLength: 60, size: 'max' }), async faults => {
      entries = new Map()
      life = start()
      const opened = await parties.network.read('channelCounter')
      const [gained] = await parties.gains()
      proxy.behaviour = misbehaving(faults)
      let mined: Promise<unknown> = Promise.resolve()
      const mining = setInterval(() => { mined = parties.chain.mine() }, BLOCK_MS)
      const { channelId } = await insist(() => life.openChannel(them, DAY, 'open'))
      await insist(() => life.deposit(channelId, FIRST, 'deposit-1'))
      await insist(() => life.deposit(channelId, FIRST + SECOND, 'deposit-2'))
      clearInterval(mining)
      await mined
      await life.disconnect()
      expect(await parties.network.read('channelCounter')).to.equal(opened + 1n)
      expect((await parties.network.readAll('participants', channelId, alice.address)).deposit).to.equal(FIRST + SECOND)
      expect((await parties.gains())[0]).to.equal(gained - FIRST - SECOND)
    }), { numRuns: RUNS })
  })
})
