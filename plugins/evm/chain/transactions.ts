/**
 * Carries out an operation on the chain once, whatever crashes: its transaction is signed, stored, and only then sent. From then on it is
 * sent again until it is final, with a higher fee if it is stuck, and even after a restart. Another transaction is signed for the
 * operation only if the first can never be mined, because its nonce was used for something else.
 */
import { Transaction, getBytes, hexlify } from 'ethers'
import { pause } from '../../../src/lib/timers.js'
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { OperationStore } from '../../lib/channels/operation-store.js'
import { ChainError } from '../../lib/channels/types.js'
import { capIn, currentFees, gasFor, limited, nextOffer, priceOf, raised, type Fees } from './fees.js'
import type { Heads } from './heads.js'
import { isRevert, reasonOf, type Call } from './network.js'
import { Operation, type Attempt, type Outcome } from './operations.js'
import { quantity, recordOf, RpcError, type Rpc } from './rpc.js'
import type { EvmKey } from './signer.js'
import { acquireWallet, releaseWallet, type Wallet } from './wallet.js'

export interface TransactionsOptions {
  rpc: Rpc
  heads: Heads
  chainId: bigint
  signer: EvmKey
  store: PluginStore
  log: Logger
  /** How often a transaction under way is looked at, ms. */
  pollMs: number
  /** After so long a transaction offers more; after so long without a trace of it, its nonce is believed to be lost. In ms. */
  stuckMs: number
}

/** Hashes that are kept of one operation. Each offer is a quarter above the one before: nobody can pay for so many. */
const MAX_ATTEMPTS = 256
const LEFT = 'disconnected while a transaction is under way: it goes on at the next connect'
const NO_CAP = 2n ** 256n
/** What nodes answer that have a transaction already. */
const HAS_IT = /already known|already imported|known transaction|nonce too low/i

/** What is remembered of an operation between two looks. */
interface Looks {
  /** Since when no trace is found of a transaction whose nonce is used; ms since the epoch. */
  lostSinceMs?: number | undefined
  /** Whether it was said that no more can be offered for it. */
  isShort?: boolean | undefined
}

export class Transactions {
  readonly #options: TransactionsOptions
  readonly #operations: OperationStore<Operation>
  readonly #running = new Map<string, Promise<Outcome>>()
  #stop: AbortController | undefined
  #wallet: Wallet | undefined
  /** What the node lets a transaction cost, in wei, once it has said so. */
  #feeCap: bigint | undefined

  constructor (options: TransactionsOptions) {
    const { store, chainId, signer } = options
    this.#options = options
    this.#operations = new OperationStore(store, `evm:transactions:${chainId}:${signer.address}`, Operation)
  }

  /** Goes on with what was under way. Rejects when what was kept cannot be read. */
  async start (): Promise<void> {
    await this.#operations.load()
    if (this.#stop !== undefined || this.#options.rpc.isClosed) return
    this.#stop = new AbortController()
    this.#wallet = acquireWallet(this.#options.chainId, this.#options.signer.address)
    for (const operation of this.#operations.unfinished()) {
      const last = operation.attempts.at(-1)
      if (last !== undefined) this.#wallet.take(last.nonce, last.raw)
      this.#run(operation.id, () => this.#follow(operation)).catch(() => undefined) // a caller that asks for it again gets the error
    }
  }

  /** Leaves what is under way to the next start. Resolves when nothing is done any more. */
  async stop (): Promise<void> {
    if (this.#stop === undefined) return
    this.#stop.abort()
    await Promise.allSettled(this.#running.values())
    releaseWallet(this.#options.chainId, this.#options.signer.address)
    this.#stop = this.#wallet = undefined
  }

  /** Whether an operation with such a beginning of its id is under way. */
  isBusyWith (prefix: string): boolean {
    return [...this.#running.keys()].some(id => id.startsWith(prefix))
  }

  /** Whether an operation is under way or done. */
  async knows (id: string): Promise<boolean> {
    await this.#operations.load()
    return this.#running.has(id) || this.#operations.get(id) !== undefined
  }

  /**
   * Resolves when the transaction of the operation is final. `makeCall` is asked once for an id.
   * Rejects with a final ChainError when the chain refuses it, with another one when it could not be begun or was left to a later start.
   */
  async do (id: string, makeCall: () => Promise<Call>): Promise<{ txId: string }> {
    await this.#operations.load()
    const known = this.#operations.get(id)
    const { txId, error } = known?.outcome ?? await (this.#running.get(id) ?? this.#run(id, async () => {
      const operation = known ?? await this.#begin(id, makeCall)
      return await this.#follow(operation)
    }))
    if (error !== undefined) throw new ChainError(`the transaction failed: ${error}. transaction=${txId}`, true)
    return { txId }
  }

  #run (id: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const result = this.#checked(work).finally(() => { this.#running.delete(id) })
    this.#running.set(id, result)
    return result
  }

  async #checked (work: () => Promise<Outcome>): Promise<Outcome> {
    if (this.#isStopped()) throw new ChainError('the account is disconnected', false)
    return await work()
  }

  async #begin (id: string, makeCall: () => Promise<Call>): Promise<Operation> {
    const call = await makeCall()
    const gas = await this.#estimate(call)
    await this.#checkFunds(gas)
    const operation: Operation = { id, call, gas: String(gas), attempts: [] }
    await this.#sign(operation)
    return operation
  }

  async #estimate (call: Call): Promise<bigint> {
    const { rpc, signer } = this.#options
    try {
      return await gasFor(rpc, signer.address, call)
    } catch (error) {
      if (isRevert(error)) throw new ChainError(`the contract refuses it: ${reasonOf(error)}`, true)
      throw error
    }
  }

  /** Before anything is signed: a transaction that cannot be paid for would hold up all that come after it. */
  async #checkFunds (gas: bigint): Promise<void> {
    const { rpc, heads, signer } = this.#options
    const fees = await currentFees(rpc, await heads.latest())
    const needed = gas * priceOf(limited(fees, this.#capFor(gas)))
    const has = await rpc.quantity('eth_getBalance', signer.address, 'latest')
    if (has >= needed) return
    throw new ChainError(`our address has too little of the chain's own coin for the fee: send it some. address=${signer.address} has=${has} needed=${needed}`, false)
  }

  /** Signs, keeps and sends it: with a nonce of its own, or in place of others with theirs and for other fees. */
  async #sign (operation: Operation, replacing?: { nonce: number, fees: Fees }): Promise<void> {
    const { log } = this.#options
    await this.#walletNow().exclusively(async () => {
      const nonce = replacing?.nonce ?? await this.#freeNonce()
      const attempt = await this.#signed(nonce, { ...operation.call, gas: BigInt(operation.gas) }, replacing?.fees)
      const replaced = operation.attempts.filter(other => other.nonce === nonce && other.hash !== attempt.hash)
      const attempts = [...replaced.map(other => ({ ...other, raw: '' })), attempt]
      await this.#operations.put({ ...operation, attempts }).catch((error: unknown) => {
        throw new ChainError(`a transaction cannot be kept, and is not sent: ${describeError(error)}`, false, { cause: error })
      })
      operation.attempts = attempts
      this.#walletNow().take(nonce, attempt.raw)
      log.info('sending a transaction. operation=%s transaction=%s nonce=%d', operation.id, attempt.hash, nonce)
      await this.#send(attempt.raw)
    })
  }

  async #freeNonce (): Promise<number> {
    const next = await this.#count('pending')
    return this.#walletNow().free(next)
  }

  /** @param offer what is asked by default */
  async #signed (nonce: number, { to, data, gas }: Call & { gas: bigint }, offer?: Fees): Promise<Attempt> {
    const { rpc, heads, chainId, signer } = this.#options
    const fees = offer ?? limited(await currentFees(rpc, await heads.latest()), this.#capFor(gas))
    const type = 'gasPrice' in fees ? 0 : 2
    const transaction = Transaction.from({ type, chainId, nonce, to, data, gasLimit: gas, value: 0n, ...fees })
    transaction.signature = hexlify(await signer.sign(getBytes(transaction.unsignedHash)))
    if (transaction.hash === null || transaction.from?.toLowerCase() !== signer.address) {
      throw new ChainError(`the key signs for another address than it is said to. address=${signer.address}`, true)
    }
    return { nonce, hash: transaction.hash, raw: transaction.serialized, signedMs: Date.now() }
  }

  /**
   * Whether the node accepts it shows later; it does not matter if the node knows it already. Limits that the node names are remembered.
   */
  async #send (raw: string): Promise<void> {
    const { rpc, log } = this.#options
    await rpc.call('eth_sendRawTransaction', raw).catch((error: unknown) => {
      const message = describeError(error)
      this.#feeCap = capIn(message, costOf(raw)) ?? this.#feeCap
      if (!HAS_IT.test(message)) log.warn('a transaction is not taken now. error=%s', message)
    })
  }

  /** The most for a unit of gas that the node takes. */
  #capFor (gas: bigint): bigint {
    return this.#feeCap === undefined ? NO_CAP : this.#feeCap / gas
  }

  async #follow (operation: Operation): Promise<Outcome> {
    const { log, pollMs } = this.#options
    const looks: Looks = {}
    const stop = this.#stop?.signal ?? AbortSignal.abort()
    for (;;) {
      try {
        const outcome = await this.#look(operation, looks)
        if (outcome !== undefined) {
          await this.#operations.put({ ...operation, attempts: [], outcome })
          log.info('a transaction is final. operation=%s transaction=%s error=%s', operation.id, outcome.txId, outcome.error ?? 'none')
          return outcome
        }
      } catch (error) {
        if (!this.#isStopped()) log.warn('cannot look after a transaction now, trying again. operation=%s error=%s', operation.id, describeError(error))
      }
      await pause(pollMs, stop)
      if (this.#isStopped()) throw new ChainError(LEFT, false)
    }
  }

  /** What became of it; undefined while that is open. Does what brings it on. */
  async #look (operation: Operation, looks: Looks): Promise<Outcome | undefined> {
    const { heads } = this.#options
    const last = operation.attempts.at(-1)
    if (last === undefined) return await this.#sign(operation).then(() => undefined)
    const head = await heads.latest()
    for (const attempt of operation.attempts) {
      const mined = await this.#mined(attempt)
      if (mined === undefined) continue
      return mined.blockNumber <= heads.confirmedAt(head) ? await this.#final(operation, attempt, mined) : undefined
    }
    const count = await this.#count('latest')
    if (count <= last.nonce) {
      looks.lostSinceMs = undefined
      await this.#push(operation, last, count, looks)
    } else if (await this.#isLost(operation, last, quantity(heads.confirmedAt(head)), looks)) {
      this.#options.log.warn('the nonce of a transaction is taken, another one used it. operation=%s nonce=%d', operation.id, last.nonce)
      looks.lostSinceMs = undefined
      this.#walletNow().finalBelow(last.nonce + 1)
      await this.#sign(operation)
    }
    return undefined
  }

  /** Whether its nonce is used for good and no trace of it is to be found, for so long that it is not just slow to show. */
  async #isLost (operation: Operation, { nonce }: Attempt, confirmed: string, looks: Looks): Promise<boolean> {
    if (await this.#count(confirmed) <= nonce) return false
    looks.lostSinceMs ??= Date.now()
    if (Date.now() - looks.lostSinceMs < this.#options.stuckMs) return false
    for (const { hash } of operation.attempts) {
      const { blockNumber } = recordOf(await this.#options.rpc.call('eth_getTransactionByHash', hash))
      if (typeof blockNumber === 'string') return false
    }
    return true
  }

  /** The receipt, if the chain has the block that it names. */
  async #mined ({ hash }: Attempt): Promise<{ blockNumber: number, isGood: boolean } | undefined> {
    const { rpc } = this.#options
    const receipt = await rpc.call('eth_getTransactionReceipt', hash)
    if (receipt === null) return undefined
    const { blockNumber, blockHash, status } = recordOf(receipt)
    const block = await rpc.block(Number(blockNumber))
    return block?.hash === blockHash ? { blockNumber: Number(blockNumber), isGood: status === '0x1' } : undefined
  }

  async #final (operation: Operation, { hash, nonce }: Attempt, mined: { blockNumber: number, isGood: boolean }): Promise<Outcome> {
    this.#walletNow().finalBelow(nonce + 1)
    return mined.isGood ? { txId: hash } : { txId: hash, error: await this.#whyFailed(operation.call, mined.blockNumber) }
  }

  async #whyFailed (call: Call, blockNumber: number): Promise<string> {
    const { rpc, signer } = this.#options
    try {
      await rpc.call('eth_call', { from: signer.address, ...call }, quantity(blockNumber))
      return 'it was reverted'
    } catch (error) {
      return error instanceof RpcError ? reasonOf(error) : 'it was reverted'
    }
  }

  /** Sees to it that it is in the pool, and is the next. */
  async #push (operation: Operation, last: Attempt, count: number, looks: Looks): Promise<void> {
    const isStuck = Math.abs(Date.now() - last.signedMs) >= this.#options.stuckMs // also when the clock was set back
    if (count < last.nonce) {
      const before = this.#walletNow().rawAt(count)
      if (isStuck && (before === undefined || this.#isFiller(before))) await this.#fillGap(count)
      else if (before !== undefined) await this.#send(before)
    }
    const isRefused = priceOf(feesOf(last.raw)) > this.#capFor(BigInt(operation.gas))
    const isNext = count === last.nonce && operation.attempts.length < MAX_ATTEMPTS
    const fees = isNext && (isStuck || isRefused) ? await this.#nextOffer(operation, last, looks) : undefined
    if (fees === undefined) await this.#send(last.raw)
    else await this.#sign(operation, { nonce: last.nonce, fees })
  }

  /** Undefined: what was offered last stands. */
  async #nextOffer (operation: Operation, last: Attempt, looks: Looks): Promise<Fees | undefined> {
    const { rpc, heads, signer, log } = this.#options
    const { id } = operation
    const gas = BigInt(operation.gas = String(await this.#gasNow(operation)))
    const now = await currentFees(rpc, await heads.latest())
    const funds = await rpc.quantity('eth_getBalance', signer.address, 'latest') / gas
    const [old, cap] = [feesOf(last.raw), this.#capFor(gas)]
    const fees = nextOffer(old, now, cap, funds)
    const isShort = fees === undefined && priceOf(old) < priceOf(now)
    if (isShort && looks.isShort !== true) {
      log.warn('no more can be offered, and a transaction waits: send our address some of the chain\'s own coin, or let the node take ' +
        'higher fees. operation=%s address=%s offer=%s asked=%s funds=%s cap=%s', id, signer.address, String(priceOf(old)), String(priceOf(now)),
      String(funds), cap === NO_CAP ? 'none' : String(cap))
    }
    looks.isShort = isShort
    return fees
  }

  /** On some chains a transaction needs more gas when their own chain has become dearer. */
  async #gasNow ({ call, gas }: Operation): Promise<bigint> {
    const { rpc, signer } = this.#options
    const needed = await gasFor(rpc, signer.address, call).catch((error: unknown) => {
      if (error instanceof RpcError) return 0n // it would fail now, or the node cannot tell: what it needed before stands
      throw error
    })
    return needed > BigInt(gas) ? needed : BigInt(gas)
  }

  /** A nonce whose taker is gone holds up all later ones: a transaction that does nothing uses it. */
  async #fillGap (nonce: number): Promise<void> {
    const { rpc, heads, signer, log } = this.#options
    await this.#walletNow().exclusively(async () => {
      const before = this.#walletNow().rawAt(nonce)
      if (before === undefined ? await this.#count('pending') !== nonce : !this.#isFiller(before)) return
      const call = { to: signer.address, data: '0x' }
      const gas = await gasFor(rpc, signer.address, call)
      const now = limited(await currentFees(rpc, await heads.latest()), this.#capFor(gas))
      if (before !== undefined && priceOf(feesOf(before)) >= priceOf(now)) { await this.#send(before); return }
      const { raw, hash } = await this.#signed(nonce, { ...call, gas }, before === undefined ? now : raised(feesOf(before), now))
      log.warn('a nonce was lost, using it for nothing. nonce=%d transaction=%s', nonce, hash)
      this.#walletNow().take(nonce, raw)
      await this.#send(raw)
    })
  }

  /** Whether a transaction does nothing but use its nonce. */
  #isFiller (raw: string): boolean {
    const { to, data } = Transaction.from(raw)
    return data === '0x' && to?.toLowerCase() === this.#options.signer.address
  }

  async #count (block: string): Promise<number> {
    const { rpc, signer } = this.#options
    return Number(await rpc.quantity('eth_getTransactionCount', signer.address, block))
  }

  #isStopped (): boolean {
    return this.#stop?.signal.aborted ?? true
  }

  #walletNow (): Wallet {
    if (this.#wallet === undefined) throw new ChainError('the account is disconnected', false)
    return this.#wallet
  }
}

function costOf (raw: string): bigint {
  return Transaction.from(raw).gasLimit * priceOf(feesOf(raw))
}

function feesOf (raw: string): Fees {
  const { maxFeePerGas, maxPriorityFeePerGas, gasPrice } = Transaction.from(raw)
  if (maxFeePerGas !== null && maxPriorityFeePerGas !== null) return { maxFeePerGas, maxPriorityFeePerGas }
  return { gasPrice: gasPrice ?? 0n }
}
