/** Between the account's base units (its assetScale) and the token's units (its decimals): exact, and what does not fit is never lost. */
export class Units {
  /** Token units in one base unit, or 1. */
  private readonly multiply: bigint
  /** The smallest amount of base units that can be paid: base units in one token unit, or 1. */
  readonly smallest: bigint

  constructor (assetScale: number, decimals: number) {
    this.multiply = 10n ** BigInt(Math.max(decimals - assetScale, 0))
    this.smallest = 10n ** BigInt(Math.max(assetScale - decimals, 0))
  }

  /** Token units that are worth at least `amount` base units; exactly that for multiples of `smallest`. */
  toToken (amount: bigint): bigint {
    return (amount * this.multiply + this.smallest - 1n) / this.smallest
  }

  /** Base units that `tokens` are worth; a part of one is left for later. */
  toAccount (tokens: bigint): bigint {
    return tokens * this.smallest / this.multiply
  }
}
