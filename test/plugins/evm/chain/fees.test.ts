/** What is offered for transactions: as much as the market asks, for as long as it takes, and no more than nodes and wallet allow. */
import { expect } from 'chai'
import { Transaction } from 'ethers'
import { noRejectionLeft } from '../../../support/unhandled.js'
import type { EvmProvider } from '../../../../plugins/evm/provider.js'
import { recordOf } from '../../../../plugins/evm/chain/rpc.js'
import { lives, memoryLog, memoryStore } from '../../../support/evm/life.js'
import { alice, bob, DAY, setUp } from '../../../support/evm/parties.js'
import { RpcProxy, type Behaviour } from '../../../support/evm/rpc-proxy.js'
import { until } from '../../../support/waiting.js'

const them = bob.address.toLowerCase()
const GWEI = 10n ** 9n
const ETHER = 10n ** 18n
const NEVER_MS = 3_600_000

describe('fees on an EVM chain', () => {
  noRejectionLeft()
  const parties = setUp()
  const provide = lives(parties)
  let proxy: RpcProxy
  /** What the node was sent, without repetitions. */
  let sent: Map<string, Transaction>

  beforeEach(async () => {
    proxy = await new RpcProxy(parties.chain.url).start()
    sent = new Map()
    pool()
    await parties.chain.rpc('evm_setAutomine', false)
  })
  afterEach(async () => {
    await parties.chain.rpc('evm_setAutomine', true)
    await parties.chain.rpc('anvil_dropAllTransactions')
    await baseFee(GWEI)
    await proxy.stop()
  })

  /** The node refuses what `refusal` gives a reason for, and does what `others` say to other questions. */
  function pool (refusal: (transaction: Transaction) => string | undefined = () => undefined, others?: Behaviour): void {
    proxy.behaviour = (request, ask) => {
      if (request.method !== 'eth_sendRawTransaction') return (others ?? ask)(request, ask)
      const transaction = Transaction.from(String(request.params[0]))
      sent.set(transaction.hash!, transaction)
      const reason = refusal(transaction)
      return reason === undefined ? ask(request) : { error: { code: -32000, message: reason } }
    }
  }

  async function connected (options: Parameters<typeof provide>[1] = {}): Promise<EvmProvider> {
    const provider = provide(alice, { rpcUrl: proxy.url, stuckMs: 0, ...options })
    await provider.connect()
    return provider
  }

  function offers (): bigint[] {
    return [...sent.values()].map(({ maxFeePerGas }) => maxFeePerGas!)
  }

  function highest (): bigint {
    return offers().reduce((most, offer) => offer > most ? offer : most, 0n)
  }

  async function baseFee (wei: bigint): Promise<void> {
    await parties.chain.rpc('anvil_setNextBlockBaseFeePerGas', `0x${wei.toString(16)}`)
    await parties.chain.mine()
  }

  /** A block of which the base fee is more than has been offered. Offers rise while it is asked for. */
  async function outbid (): Promise<bigint> {
    for (;;) {
      const fee = highest() + 1n
      await parties.chain.rpc('anvil_setNextBlockBaseFeePerGas', `0x${fee.toString(16)}`)
      if (highest() >= fee) continue
      await parties.chain.mine()
      return fee
    }
  }

  async function mineUntil (work: Promise<unknown>): Promise<void> {
    const isDone = work.then(() => true)
    await until(async () => {
      await parties.chain.mine()
      return Promise.race([isDone, new Promise<false>(resolve => { setTimeout(resolve, 20, false) })])
    })
  }

  async function isOpen (): Promise<boolean> {
    return await parties.network.read('channelCounter') === 1n
  }

  it('follow a market that rises for longer than anybody counts, also over restarts, and pay once', async () => {
    const entries = new Map<string, string>()
    let ours = await connected({ store: memoryStore(entries), stuckMs: 100 })
    let opening = ours.openChannel(them, DAY, 'open')
    await until(() => sent.size > 0)
    for (let block = 0; block < 18; block++) {
      const fee = await outbid()
      expect(await isOpen()).to.equal(false)
      if (block % 6 === 5) {
        await ours.disconnect()
        await opening.catch(() => undefined)
        ours = await connected({ store: memoryStore(entries), stuckMs: 100 })
        opening = ours.openChannel(them, DAY, 'open')
        opening.catch(() => undefined)
      }
      await until(() => highest() > fee)
    }
    await baseFee(GWEI)
    await opening
    expect(await isOpen()).to.equal(true)
    expect(new Set([...sent.values()].map(({ nonce }) => nonce)).size).to.equal(1)
  })

  it('keep every hash that may still be mined, and the bytes of the last only', async () => {
    const entries = new Map<string, string>()
    const ours = await connected({ store: memoryStore(entries) })
    const opening = ours.openChannel(them, DAY, 'open')
    await until(() => sent.size >= 6)
    const [first] = sent.values()
    await ours.disconnect()
    await opening.catch(() => undefined)
    const kept = JSON.stringify([...entries.values()])
    for (const hash of sent.keys()) expect(kept).to.contain(hash)
    expect(kept.split(alice.address.slice(2).toLowerCase()).length).to.be.lessThan(4)
    await parties.chain.rpc('anvil_dropAllTransactions')
    await parties.chain.rpc('eth_sendRawTransaction', first!.serialized)
    await parties.chain.mine()
    const { txId } = await (await connected({ store: memoryStore(entries) })).openChannel(them, DAY, 'open')
    expect(txId).to.equal(first!.hash)
    expect(await isOpen()).to.equal(true)
  })

  it('do not rise without end for a transaction that is not mined, nor when the market falls', async () => {
    const ours = await connected()
    const opening = ours.openChannel(them, DAY, 'open')
    await until(() => sent.size >= 2)
    const looked = proxy.methods.length
    await until(() => proxy.methods.length > looked + 1000)
    expect(sent.size).to.be.lessThan(16)
    await baseFee(1n)
    await opening
  })

  it('reach what a node wants for a replacement', async () => {
    let pooled = 0n
    pool(({ maxFeePerGas }) => {
      if (pooled > 0n && maxFeePerGas! !== pooled && maxFeePerGas! < 2n * pooled) return 'replacement transaction underpriced'
      pooled = maxFeePerGas!
      return undefined
    })
    const ours = await connected()
    const opening = ours.openChannel(them, DAY, 'open')
    await until(() => sent.size > 0)
    const first = pooled
    await until(() => pooled >= 4n * first)
    await parties.chain.mine()
    await opening
  })

  it('name a tip where the node names only a gas price, or neither', async () => {
    for (const [knows, isTip] of [
      [{ eth_gasPrice: true }, (tip: bigint) => tip === 3n * GWEI], [{}, (tip: bigint) => tip > 0n && tip < GWEI]
    ] as const) {
      sent.clear()
      const base = (await parties.chain.provider.getBlock('latest'))!.baseFeePerGas!
      pool(undefined, (request, ask) => {
        if (request.method === 'eth_gasPrice' && 'eth_gasPrice' in knows) return { result: `0x${(base + 3n * GWEI).toString(16)}` }
        if (/^eth_(maxPriorityFeePerGas|gasPrice)$/.test(request.method)) return { error: { code: -32601, message: 'the method does not exist' } }
        return ask(request)
      })
      const ours = await connected({ stuckMs: NEVER_MS })
      const opening = ours.openChannel(them, DAY, 'open')
      await until(() => sent.size > 0)
      expect([...sent.values()].every(({ maxPriorityFeePerGas }) => isTip(maxPriorityFeePerGas!))).to.equal(true)
      await parties.chain.mine()
      await opening
    }
  })

  for (const [how, says] of [
    ['and says which', (cost: string, cap: string) => `tx fee (${cost} ether) exceeds the configured cap (${cap} ether)`],
    ['without a number', () => 'transaction fee exceeds the configured cap']
  ] as const) {
    it(`stay within what a node takes, ${how}`, async () => {
      const cap = ETHER / 100n
      pool(({ gasLimit, maxFeePerGas }) => {
        const cost = gasLimit * maxFeePerGas!
        return cost <= cap ? undefined : says((Number(cost) / 1e18).toFixed(2), (Number(cap) / 1e18).toFixed(2))
      })
      await baseFee(200n * GWEI)
      const ours = await connected({ stuckMs: NEVER_MS })
      const opening = ours.openChannel(them, DAY, 'open')
      await until(() => [...sent.values()].some(({ gasLimit, maxFeePerGas }) => gasLimit * maxFeePerGas! <= cap))
      const before = sent.size
      expect(before).to.be.lessThan(8)
      const looked = proxy.methods.length
      await until(() => proxy.methods.length > looked + 100)
      expect(sent.size).to.equal(before)
      await baseFee(GWEI)
      await mineUntil(opening)
      expect(await isOpen()).to.equal(true)
    })
  }

  it('stay within what our address has, which is said once, and rise when it has more', async () => {
    const log = memoryLog()
    const ours = await connected({ log })
    const balance = `0x${(await parties.chain.provider.getBalance(alice.address)).toString(16)}`
    const opening = ours.openChannel(them, DAY, 'open')
    await until(() => sent.size > 0)
    const { gasLimit } = [...sent.values()][0]!
    await parties.chain.rpc('anvil_setBalance', alice.address, `0x${(gasLimit * highest()).toString(16)}`)
    const fee = highest() * 20n
    await baseFee(fee)
    await until(() => log.lines.some(line => line.startsWith('no more can be offered')))
    const looked = proxy.methods.length
    await until(() => proxy.methods.length > looked + 100)
    expect(log.lines.filter(line => line.startsWith('no more can be offered'))).to.have.length(1)
    expect(highest() < fee).to.equal(true)
    await parties.chain.rpc('anvil_setBalance', alice.address, balance)
    await until(() => highest() > fee)
    await parties.chain.mine()
    await opening
  })

  it('cover the gas of a lost nonce where a transfer needs more than elsewhere, and follow the market there', async () => {
    const GAS = 200_000n
    let isHeld = true
    pool(({ gasLimit, data }) => data === '0x' && gasLimit < GAS ? 'intrinsic gas too low' : isHeld && data === '0x' ? 'not now' : undefined, (request, ask) => {
      const isTransfer = request.method === 'eth_estimateGas' && recordOf(request.params[0]).data === '0x'
      return isTransfer ? { result: `0x${GAS.toString(16)}` } : ask(request)
    })
    const entries = new Map<string, string>()
    const gone = await connected({ stuckMs: NEVER_MS })
    const lost = gone.openChannel(them, DAY, 'open').catch(() => 'left')
    await until(() => sent.size === 1)
    const ours = await connected({ store: memoryStore(entries), stuckMs: NEVER_MS })
    const left = ours.openChannel(them, DAY, 'open').catch(() => 'left')
    await until(() => sent.size === 2)
    await gone.disconnect()
    await ours.disconnect()
    expect([await lost, await left]).to.deep.equal(['left', 'left'])
    await parties.chain.rpc('anvil_dropAllTransactions')
    const again = (await connected({ store: memoryStore(entries) })).openChannel(them, DAY, 'open')
    await until(() => [...sent.values()].some(({ data }) => data === '0x'))
    const fee = highest() * 2n
    await baseFee(fee)
    await until(() => [...sent.values()].some(({ data, maxFeePerGas }) => data === '0x' && maxFeePerGas! > fee))
    isHeld = false
    await mineUntil(again)
    expect(await isOpen()).to.equal(true)
  })
})
