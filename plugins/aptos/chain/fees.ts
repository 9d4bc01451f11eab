/** What transactions cost: the prices of gas that nodes estimate, asked for once for all peers. */
import { z } from 'zod'
import { ChainError } from '../../lib/channels/types.js'
import type { Rest } from './rest.js'

const KEPT_MS = 10_000
/** What a simulation says is what was used; the same a moment later may use somewhat more. */
const GAS_ROOM = 3n
const GAS_ROOM_PART = 2n
/** In units of gas. */
const LEAST_GAS = 100n

const Price = z.int().min(1).transform(BigInt)
const Estimate = z.object({ gas_estimate: Price, prioritized_gas_estimate: Price.optional(), deprioritized_gas_estimate: Price.optional() })

/** For one unit of gas, octas. */
export interface Prices {
  low: bigint
  usual: bigint
  high: bigint
}

/** What a transaction offers. */
export interface Offer {
  /** Octas for one unit of gas. */
  price: bigint
  /** In units of gas. */
  maxGas: bigint
}

export class Fees {
  #kept: { atMs: number, asked: Promise<Prices> } | undefined

  constructor (private readonly rest: Rest) {}

  /** Of the last seconds. */
  prices (): Promise<Prices> {
    const now = performance.now()
    if (this.#kept === undefined || now - this.#kept.atMs > KEPT_MS) {
      const asked = this.#ask()
      this.#kept = { atMs: now, asked }
      asked.catch(() => { if (this.#kept?.asked === asked) this.#kept = undefined })
    }
    return this.#kept.asked
  }

  async #ask (): Promise<Prices> {
    const { data } = Estimate.safeParse((await this.rest.get('/estimate_gas_price')).body)
    if (data === undefined) throw new ChainError(`the node at ${this.rest.host} answers estimate_gas_price with something else`, false)
    const usual = data.gas_estimate
    return { usual, high: data.prioritized_gas_estimate ?? usual, low: data.deprioritized_gas_estimate ?? usual }
  }
}

/**
 * What to offer for a transaction that has used so much gas in a simulation: never more than `cap` octas in all, whatever the node says.
 * Undefined: for that much no node would take it.
 */
export function offerFor (
  { low, usual, high }: Prices, { gas, cap, isUrgent }: { gas: bigint, cap: bigint, isUrgent: boolean }
): Offer | undefined {
  const wanted = gas * GAS_ROOM / GAS_ROOM_PART
  const maxGas = wanted > LEAST_GAS ? wanted : LEAST_GAS
  const affordable = cap / maxGas
  const asked = isUrgent ? high : usual
  const price = asked < affordable ? asked : affordable
  return price < 1n || price < low ? undefined : { price, maxGas }
}
