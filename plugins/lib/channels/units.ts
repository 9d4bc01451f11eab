/** Between the account's base units (its assetScale) and the token's units (its decimals): exact, and what does not fit is never lost. */
export class Units {
  /** Token units in one base unit, or 1. */
  private readonly multiply: bigint
  /** The smallest amount of base units that can be paid: base units in one token unit, or 1. */
  readonly smallest: bigint
  /** What records of base units are records of. */
  readonly name: string

  constructor (assetScale: number, decimals: number) {
    this.multiply = 10n ** BigInt(Math.max(decimals - assetScale, 0))
    this.smallest = 10n ** BigInt(Math.max(assetScale - decimals, 0))
    this.name = `${assetScale}/${decimals}`
  }

  /** The units that a record names. @throws Error when it names none */
  static named (name: string): Units {
    const [assetScale, decimals] = name.split('/').map(Number)
    if (!Number.isInteger(assetScale) || !Number.isInteger(decimals)) throw new Error(`the record of payment channels names no units. found=${name}`)
    return new Units(assetScale ?? 0, decimals ?? 0)
  }

  /** Token units that are worth at least `amount` base units; exactly that for multiples of `smallest`. */
  toToken (amount: bigint): bigint {
    const tokens = amount * this.multiply
    return tokens > 0n ? (tokens + this.smallest - 1n) / this.smallest : -(-tokens / this.smallest)
  }

  /** Whether `amount` base units are worth a token unit or more: what is less is not carried anywhere. */
  makeToken (amount: bigint): boolean {
    return this.toToken(-amount) < 0n
  }

  /** Base units that `tokens` are worth; a part of one is left for later. */
  toAccount (tokens: bigint): bigint {
    return tokens * this.smallest / this.multiply
  }
}

export function max (a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
