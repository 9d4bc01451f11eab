/** What a place in the open ledger costs (rippled TxQ.cpp; xrpl.org, "transaction cost"). Levels are 256ths of the base fee. */

export const BASE_LEVEL = 256n
const MINIMUM_MULTIPLIER = 500n * BASE_LEVEL
const MINIMUM_EXPECTED = 32
const TARGET = 256
const RECENT_LEDGERS = 20

export class FeeMetrics {
  /** Transactions that fit into the open ledger before it costs more. */
  expected: number
  /** The median level of the last ledger, but at least 500 times the base. */
  multiplier = MINIMUM_MULTIPLIER
  /** The level of the open ledger, whatever stands in it: for storms that a test decides on. */
  storm: bigint | undefined
  private recent: number[] = []

  constructor (private readonly minimum = MINIMUM_EXPECTED) {
    this.expected = minimum
  }

  /** The level that a transaction needs to get into the open ledger. @param inLedger how many stand in it */
  levelFor (inLedger: number): bigint {
    if (this.storm !== undefined) return this.storm
    if (inLedger <= this.expected) return BASE_LEVEL
    return this.multiplier * BigInt(inLedger) ** 2n / BigInt(this.expected) ** 2n
  }

  /** Learns from a closed ledger. @param levels what its transactions have paid */
  learn (levels: readonly bigint[]): void {
    const sorted = [...levels].sort((a, b) => a < b ? -1 : 1)
    const size = sorted.length
    if (size > this.expected || size > Math.max(TARGET, this.minimum)) {
      this.recent = [...this.recent, Math.floor(size * 1.2)].slice(-RECENT_LEDGERS)
      const most = Math.max(...this.recent)
      this.expected = most >= this.expected ? most : Math.floor((this.expected * 9 + most) / 10)
    }
    const median = ((sorted[Math.floor(size / 2)] ?? 0n) + (sorted[Math.floor((size - 1) / 2)] ?? 0n) + 1n) / 2n
    this.multiplier = median > MINIMUM_MULTIPLIER ? median : MINIMUM_MULTIPLIER
  }
}

/** @param fee,base drops */
export function levelOf (fee: bigint, base: bigint): bigint {
  return fee * BASE_LEVEL / base
}

/** The least fee of a level, in drops. */
export function dropsFor (level: bigint, base: bigint): bigint {
  return (level * base + BASE_LEVEL - 1n) / BASE_LEVEL
}
