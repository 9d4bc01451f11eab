/** One transaction for an operation, whatever crashes, is lost, taken back or used up, on a real EVM node. */
import { expect } from 'chai'
import { HDNodeWallet, Wallet } from 'ethers'
import { noRejectionLeft } from '../../../support/unhandled.js'
import type { EvmProvider } from '../../../../plugins/evm/provider.js'
import { ChainError } from '../../../../plugins/lib/channels/types.js'
import { lives, memoryStore } from '../../../support/evm/life.js'
import { alice, bob, DAY, setUp } from '../../../support/evm/parties.js'
import { RpcProxy } from '../../../support/evm/rpc-proxy.js'
import { proofOf, signProof } from '../../../support/evm/signatures.js'
import { until } from '../../../support/waiting.js'

const them = bob.address.toLowerCase()
/** Long enough that nothing is replaced by chance. */
const NEVER_MS = 3_600_000

describe('transactions on an EVM chain', () => {
  noRejectionLeft()
  const parties = setUp()
  const provide = lives(parties)
  let proxy: RpcProxy

  beforeEach(async () => { proxy = await new RpcProxy(parties.chain.url).start() })
  afterEach(async () => {
    await parties.chain.rpc('evm_setAutomine', true)
    await parties.chain.rpc('anvil_dropAllTransactions')
    await proxy.stop()
  })

  async function connected (...args: Parameters<typeof provide>): Promise<EvmProvider> {
    const provider = provide(...args)
    await provider.connect()
    return provider
  }

  async function nonce (block: 'latest' | 'pending' = 'latest'): Promise<number> {
    return parties.chain.provider.getTransactionCount(alice.address, block)
  }

  async function channelsOpened (): Promise<number> {
    return Number(await parties.network.read('channelCounter'))
  }

  async function errorOf (promise: Promise<unknown>): Promise<ChainError> {
    const error = await promise.then(() => undefined, (error: unknown) => error)
    if (!(error instanceof ChainError)) throw new Error('expected a ChainError', { cause: error })
    return error
  }

  function manualMining (): Promise<unknown> {
    return parties.chain.rpc('evm_setAutomine', false)
  }

  it('are one for an id, however often it is asked for, also after a restart', async () => {
    const entries = new Map<string, string>()
    const ours = await connected(alice, { store: memoryStore(entries) })
    const [first, second] = await Promise.all([ours.openChannel(them, DAY, 'open'), ours.openChannel(them, DAY, 'open')])
    const third = await ours.openChannel(them, DAY, 'open')
    await ours.disconnect()
    const again = await (await connected(alice, { store: memoryStore(entries) })).openChannel(them, DAY, 'open')
    for (const other of [second, third, again]) expect(other).to.deep.equal(first)
    expect(await channelsOpened()).to.equal(1)
  })

  it('of several accounts with one key get a nonce each', async () => {
    const lives = await Promise.all([1, 2, 3].map(() => connected(alice)))
    const before = await nonce()
    const opened = await Promise.all(lives.flatMap((life, i) => [0, 1, 2, 3].map(n => life.openChannel(them, DAY, `open-${i}-${n}`))))
    expect(new Set(opened.map(({ channelId }) => channelId)).size).to.equal(12)
    expect(await nonce()).to.equal(before + 12)
    expect(await channelsOpened()).to.equal(12)
  })

  it('offer more when they are stuck, and one of them is mined', async () => {
    await manualMining()
    const ours = await connected(alice, { stuckMs: 0 })
    const before = await nonce()
    const opening = ours.openChannel(them, DAY, 'open')
    const fees = new Set<bigint>()
    await until(async () => {
      const { pending } = await parties.chain.rpc('txpool_content') as { pending: Record<string, Record<string, { maxFeePerGas: string }>> }
      for (const { maxFeePerGas } of Object.values(pending).flatMap(byNonce => Object.values(byNonce))) fees.add(BigInt(maxFeePerGas))
      return fees.size >= 3
    })
    await parties.chain.mine()
    await opening
    expect(await channelsOpened()).to.equal(1)
    expect(await nonce()).to.equal(before + 1)
    const [first, second] = [...fees]
    expect(second! * 100n >= first! * 110n).to.equal(true)
  })

  it('are sent again when the pool forgets them', async () => {
    await manualMining()
    const ours = await connected(alice, { stuckMs: NEVER_MS })
    const opening = ours.openChannel(them, DAY, 'open')
    await until(async () => await nonce('pending') > await nonce())
    await parties.chain.rpc('anvil_dropAllTransactions')
    await until(async () => await nonce('pending') > await nonce())
    await parties.chain.mine()
    await opening
    expect(await channelsOpened()).to.equal(1)
  })

  it('are sent again when a reorg takes them back before they are final', async () => {
    const ours = await connected(alice, { confirmations: 4, stuckMs: NEVER_MS })
    await parties.chain.mine(5)
    const opening = ours.openChannel(them, DAY, 'open')
    await until(async () => await channelsOpened() === 1)
    await parties.chain.mine()
    await manualMining()
    await parties.chain.rpc('anvil_reorg', 3, [])
    await parties.chain.rpc('anvil_dropAllTransactions')
    expect(await channelsOpened()).to.equal(0)
    await until(async () => await nonce('pending') > await nonce())
    await parties.chain.mine(4)
    const { channelId } = await opening
    expect(await channelsOpened()).to.equal(1)
    expect((await ours.getChannelState(channelId))?.status).to.equal('open')
  })

  it('are signed anew when their nonce was used for something else, and only when that is final', async () => {
    await manualMining()
    const ours = await connected(alice, { rpcUrl: proxy.url, confirmations: 3, stuckMs: 100 })
    const before = await nonce()
    const opening = ours.openChannel(them, DAY, 'open')
    await until(async () => await nonce('pending') > before)
    const raw = await new Wallet(alice.privateKey).signTransaction({
      chainId: 31337, nonce: before, to: them, gasLimit: 21_000, maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 12n, type: 2
    })
    await parties.chain.rpc('anvil_dropAllTransactions')
    await parties.chain.rpc('eth_sendRawTransaction', raw)
    await parties.chain.mine(2)
    const looked = proxy.methods.length
    await until(() => proxy.methods.length > looked + 200) // for longer than stuckMs
    expect(await nonce('pending')).to.equal(before + 1)
    await parties.chain.mine()
    await until(async () => await nonce('pending') === before + 2)
    await parties.chain.mine(3)
    await opening
    expect(await channelsOpened()).to.equal(1)
  })

  it('are not held up by a nonce that somebody took and never used', async () => {
    await manualMining()
    const entries = new Map<string, string>()
    const ours = await connected(alice, { store: memoryStore(entries), stuckMs: NEVER_MS })
    const gone = await connected(alice, { stuckMs: NEVER_MS })
    const before = await nonce()
    const lost = errorOf(gone.openChannel(them, DAY, 'open'))
    await until(async () => await nonce('pending') === before + 1)
    const opening = errorOf(ours.openChannel(them, DAY, 'open'))
    await until(async () => await nonce('pending') === before + 2)
    await gone.disconnect()
    await ours.disconnect()
    expect([(await lost).isFinal, (await opening).isFinal]).to.deep.equal([false, false])
    await parties.chain.rpc('anvil_dropAllTransactions')
    const later = await connected(alice, { store: memoryStore(entries), stuckMs: 0 })
    const again = later.openChannel(them, DAY, 'open')
    const isDone = again.then(() => true)
    await until(async () => {
      await parties.chain.mine()
      return Promise.race([isDone, new Promise<false>(resolve => { setTimeout(resolve, 20, false) })])
    })
    expect(await channelsOpened()).to.equal(1)
    expect(await nonce()).to.equal(before + 2)
  })

  describe('that the chain refuses', () => {
    it('are not sent when that is seen before', async () => {
      const ours = await connected(alice)
      const { channelId } = await ours.openChannel(them, DAY, 'open')
      const before = await nonce()
      const error = await errorOf(ours.settle(channelId, 'settle'))
      expect(error.message).to.contain('InvalidChannelState')
      expect(error.isFinal).to.equal(true)
      expect(await nonce()).to.equal(before)
    })

    it('fail for good, with the reason, and the same for whoever asks again', async () => {
      const entries = new Map<string, string>()
      const ours = await connected(alice, { store: memoryStore(entries), rpcUrl: proxy.url, stuckMs: NEVER_MS })
      const { channelId } = await ours.openChannel(them, DAY, 'open')
      let held = 0
      proxy.behaviour = (request, ask) => {
        if (request.method !== 'eth_sendRawTransaction') return ask(request)
        held++
        return { error: { code: -32000, message: 'not now' } }
      }
      const closing = errorOf(ours.close(channelId, 'close'))
      await until(() => held > 0)
      await parties.network.send(bob.address, 'closeChannel', channelId) // comes first
      proxy.mend()
      const { message, isFinal } = await closing
      expect(message).to.contain('InvalidChannelState')
      expect(isFinal).to.equal(true)
      expect((await errorOf(ours.close(channelId, 'close'))).message).to.equal(message)
      await ours.disconnect()
      expect((await errorOf((await connected(alice, { store: memoryStore(entries) })).close(channelId, 'close'))).message).to.equal(message)
    })

    it('for want of coins for the fee wait for another try', async () => {
      const poor = HDNodeWallet.createRandom()
      const ours = await connected({ address: poor.address, privateKey: poor.privateKey })
      const error = await errorOf(ours.openChannel(them, DAY, 'open'))
      expect(error.isFinal).to.equal(false)
      expect(error.message).to.contain(poor.address.toLowerCase())
      await parties.chain.rpc('anvil_setBalance', poor.address, '0xde0b6b3a7640000')
      await ours.openChannel(them, DAY, 'open')
      expect(await channelsOpened()).to.equal(1)
    })
  })

  describe('survive', () => {
    it('a node that is cut off at any moment, without another payment', async () => {
      for (let cutAfter = 1; cutAfter <= 16; cutAfter++) {
        const before = await channelsOpened()
        const ours = await connected(alice, { rpcUrl: proxy.url, timeoutMs: 100 })
        let requests = 0
        proxy.behaviour = (request, ask) => {
          if (++requests === cutAfter) proxy.cut()
          return ask(request)
        }
        const opening = ours.openChannel(them, DAY, `open-${cutAfter}`)
        const failed = await Promise.race([opening.then(() => false, () => true), until(() => proxy.isCut).then(() => false)])
        proxy.mend()
        if (failed || await opening.then(() => false, () => true)) await ours.openChannel(them, DAY, `open-${cutAfter}`)
        expect(await channelsOpened(), `cut after ${cutAfter} requests`).to.equal(before + 1)
        await ours.disconnect()
      }
    })

    it('a crash at any write, without another payment', async () => {
      const WRITES = 4 // where the network is, that the token pays in full, the transaction, that it is final
      for (const [crashAt, isWritten] of Array.from({ length: WRITES }, (_, i) => [[i + 1, false], [i + 1, true]] as const).flat()) {
        const before = await channelsOpened()
        const entries = new Map<string, string>()
        let writes = 0
        const store = memoryStore(entries, (key, value) => {
          if (++writes < crashAt) return
          if (isWritten) entries.set(key, value)
          proxy.cut() // a process that is gone sends nothing either
          throw new Error('crashed')
        })
        const life = provide(alice, { rpcUrl: proxy.url, store, timeoutMs: 100 })
        const ended = life.connect().then(() => life.openChannel(them, DAY, 'open')).then(() => 'through', () => 'failed')
        await until(() => proxy.isCut)
        await life.disconnect()
        expect(await ended).to.equal('failed')
        proxy.mend()
        const later = await connected(alice, { store: memoryStore(entries) })
        await later.openChannel(them, DAY, 'open')
        expect(await channelsOpened(), `crashed at write ${crashAt}`).to.equal(before + 1)
        await later.disconnect()
      }
    })

    it('a node that does not show what it has mined', async () => {
      const ours = await connected(alice, { rpcUrl: proxy.url })
      let isBlind = true
      let looks = 0
      proxy.behaviour = (request, ask) => {
        if (!isBlind || !/^eth_getTransaction(Receipt|ByHash)$/.test(request.method)) return ask(request)
        looks++
        return { result: null }
      }
      const opening = ours.openChannel(them, DAY, 'open')
      await until(() => looks > 4)
      isBlind = false
      await opening
      expect(await channelsOpened()).to.equal(1)
    })

    it('a receipt of a block that is not in the chain', async () => {
      const ours = await connected(alice, { rpcUrl: proxy.url })
      await manualMining()
      let isLying = true
      let looks = 0
      proxy.behaviour = async (request, ask) => {
        if (!isLying || request.method !== 'eth_getTransactionReceipt') return ask(request)
        looks++
        return { result: { status: '0x1', blockNumber: '0x1', blockHash: `0x${'ab'.repeat(32)}` } }
      }
      const opening = ours.openChannel(them, DAY, 'open')
      await until(() => looks > 2)
      expect(await channelsOpened()).to.equal(0)
      isLying = false
      await parties.chain.mine()
      await opening
    })
  })

  it('are kept before they are sent', async () => {
    const entries = new Map<string, string>()
    let write = (): void => { throw new Error('not reached') }
    let isKeeping = false
    const store = memoryStore(entries)
    const ours = await connected(alice, {
      rpcUrl: proxy.url,
      store: {
        ...store,
        put: (key, value) => {
          if (!key.startsWith('evm:transactions') || isKeeping) return store.put(key, value)
          isKeeping = true
          return new Promise(resolve => { write = () => { resolve(store.put(key, value)) } })
        }
      }
    })
    const opening = ours.openChannel(them, DAY, 'open')
    await until(() => isKeeping)
    await ours.balances() // whatever was sent at the same time has arrived then
    expect(proxy.methods).to.not.include('eth_sendRawTransaction')
    write()
    await opening
    expect(proxy.methods).to.include('eth_sendRawTransaction')
  })

  it('that redeem pay the best claim, once', async () => {
    const channelId = await parties.openWith(1000, 0)
    const theirs = await connected(bob)
    const claim = async (n: number, amount: number): Promise<Parameters<EvmProvider['redeem']>[0]> => ({
      channelId,
      nonce: BigInt(n),
      total: BigInt(amount),
      signer: alice.address.toLowerCase(),
      signature: await signProof(alice.privateKey, parties.network.address, proofOf(channelId, n, amount)),
      text: ''
    })
    await Promise.all([1, 1, 1].map(async n => theirs.redeem(await claim(n, 100), `redeem-${n}`)))
    await theirs.redeem(await claim(2, 250), 'redeem-2')
    expect((await errorOf(theirs.redeem(await claim(2, 250), 'redeem-3'))).message).to.contain('InvalidNonce')
    expect(await parties.gains()).to.deep.equal([-1000n, 250n, 750n])
  })
})
