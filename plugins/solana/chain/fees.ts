/** What transactions cost: blockhashes and the prices that others pay, asked for once for all peers. */
import { ChainError } from '../../lib/channels/types.js'
import { recordOf, type JsonRpc } from '../../lib/rpc/json-rpc.js'
import { isAddress } from '../formats.js'

/** For each signature, also those that the precompile checks. */
export const SIGNATURE_FEE = 5000n
const MICRO = 1_000_000n
const KEPT_MS = 10_000
/** Millionths of a lamport for each unit. */
const LEAST_PRICE = 1000n
/** Of what others paid lately, this part is below our offer. */
const PERCENTILE = 0.75
/** Questions about different accounts whose answers are kept. */
const MAX_KEPT = 200

export interface Blockhash {
  blockhash: string
  lastValidBlockHeight: number
}

export class Fees {
  #blockhash: { atMs: number, asked: Promise<Blockhash> } | undefined
  readonly #prices = new Map<string, { atMs: number, asked: Promise<bigint> }>()

  constructor (private readonly rpc: JsonRpc) {}

  /** Of the last seconds. @param isFresh asked for now */
  blockhash (isFresh = false): Promise<Blockhash> {
    const now = Date.now()
    if (isFresh || this.#blockhash === undefined || Math.abs(now - this.#blockhash.atMs) > KEPT_MS) {
      const asked = this.#askBlockhash()
      this.#blockhash = { atMs: now, asked }
      asked.catch(() => { if (this.#blockhash?.asked === asked) this.#blockhash = undefined })
    }
    return this.#blockhash.asked
  }

  /** What to offer for a unit to write to these accounts, in millionths of a lamport: as most others did lately. */
  price (written: readonly string[]): Promise<bigint> {
    const key = [...written].sort().join()
    const now = Date.now()
    const kept = this.#prices.get(key)
    if (kept !== undefined && Math.abs(now - kept.atMs) <= KEPT_MS) return kept.asked
    if (this.#prices.size >= MAX_KEPT) this.#prices.clear()
    const asked = this.#askPrice(written)
    this.#prices.set(key, { atMs: now, asked })
    asked.catch(() => { this.#prices.delete(key) })
    return asked
  }

  async #askBlockhash (): Promise<Blockhash> {
    const { blockhash, lastValidBlockHeight } = recordOf(recordOf(await this.rpc.call('getLatestBlockhash', { commitment: 'confirmed' })).value)
    if (typeof blockhash !== 'string' || !isAddress(blockhash) || typeof lastValidBlockHeight !== 'number' || !Number.isSafeInteger(lastValidBlockHeight)) {
      throw new ChainError(`the node at ${this.rpc.host} answers getLatestBlockhash with something else`, false)
    }
    return { blockhash, lastValidBlockHeight }
  }

  async #askPrice (written: readonly string[]): Promise<bigint> {
    const answer = await this.rpc.call('getRecentPrioritizationFees', written)
    const paid = (Array.isArray(answer) ? answer : []).map(slot => Number(recordOf(slot).prioritizationFee))
      .filter(Number.isSafeInteger).sort((a, b) => a - b)
    const price = BigInt(paid[Math.floor(paid.length * PERCENTILE)] ?? 0)
    return price > LEAST_PRICE ? price : LEAST_PRICE
  }
}

/** What the attempt offers for a unit: twice as much as the one before, and never more than `most` lamports in all. */
export function offerFor (price: bigint, attempt: number, units: number, most: bigint): bigint {
  const offer = price << BigInt(Math.min(attempt, 20))
  const limit = most * MICRO / BigInt(units)
  return offer < limit ? offer : limit
}

/** Lamports, rounded up as the chain does. */
export function priorityFee (price: bigint, units: number): bigint {
  return (price * BigInt(units) + MICRO - 1n) / MICRO
}
