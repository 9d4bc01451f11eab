/**
 * Exchange rates that somebody has written down: `EUR/USD` with `1.08` says what one EUR is worth in USD. A table has one price for each
 * pair: the other direction, and what follows over several steps, are exact, and a rate that contradicts the others is refused. So nobody
 * gains by changing money to and fro, or in a circle.
 */
import { divide, multiply, ONE, positiveRate, reduced, type Fraction } from './fraction.js'

/** Decimal digits of a price that follows over many steps. */
const DIGITS_MAX = 200
/** A JavaScript number says this many digits exactly. */
const NUMBER_DIGITS = 15
const PAIR = /^([^/]+)\/([^/]+)$/

/** `price`: units of `code` that one unit of the asset is worth. */
export interface Anchor {
  code: string
  price: Fraction
}

export interface RateFault {
  pair: string
  message: string
}

export class RateTable {
  /** What each asset is worth, in one asset of all those that are joined with it. */
  readonly #anchors = new Map<string, Anchor>()

  /** Reads pairs with their rates, as strings or as short numbers. Rates that are not right are left out, and named in `faults`. */
  static read (given: Readonly<Record<string, unknown>>): { table: RateTable, faults: RateFault[] } {
    const table = new RateTable()
    const faults: RateFault[] = []
    const sold = new Set<string>()
    for (const [pair, rate] of Object.entries(given)) {
      const message = table.#add(pair, rate)
      if (message === undefined) sold.add(pair.slice(0, pair.indexOf('/')))
      else faults.push({ pair, message })
    }
    table.#anchorOnTheRight(sold)
    return { table, faults }
  }

  /** What one unit of an asset is worth in another; undefined where no rates lead from one to the other. */
  between (from: string, to: string): Fraction | undefined {
    if (from === to) return ONE
    const source = this.anchorOf(from)
    const destination = this.anchorOf(to)
    return source.code === destination.code ? divide(source.price, destination.price) : undefined
  }

  /** The asset that the price of this one is fixed to, and on no left side if there is such: itself where it is fixed to none. */
  anchorOf (code: string): Anchor {
    return this.#anchors.get(code) ?? { code, price: ONE }
  }

  /** Returns what is wrong with it, with nothing changed. */
  #add (pair: string, rate: unknown): string | undefined {
    const [, from, to] = PAIR.exec(pair) ?? []
    if (from === undefined || to === undefined) return 'expected two asset codes with / between them, such as EUR/USD.'
    if (from === to) return `is a rate from ${from} to itself, which is always 1. Remove it.`
    const price = readRate(rate)
    if (price === undefined) {
      return `expected what one ${from} is worth in ${to}: a decimal number above 0 in quotes, such as "1.08", of up to 40 digits on each side of the point.`
    }
    const known = this.between(from, to)
    if (known !== undefined) {
      return isSame(known, price)
        ? undefined
        : `contradicts the rates before it, from which another price of ${from} in ${to} follows. Keep one of them: the other direction, ` +
          'and rates over several steps, follow from it exactly.'
    }
    const source = this.anchorOf(from)
    const destination = this.anchorOf(to)
    // One `source.code` is worth so many of `destination.code`.
    const factor = divide(multiply(price, destination.price), source.price)
    const moved = this.#joinedWith(source.code).map(([code, anchor]) =>
      [code, { code: destination.code, price: reduced(multiply(anchor.price, factor)) }] as const)
    if (moved.some(([, anchor]) => isTooLong(anchor.price))) {
      return `leads to a price of more than ${DIGITS_MAX} digits together with the rates before it. Write rates with fewer digits.`
    }
    for (const [code, anchor] of moved) this.#anchors.set(code, anchor)
    this.#anchors.set(destination.code, { code: destination.code, price: ONE })
    return undefined
  }

  #joinedWith (anchor: string): Array<[string, Anchor]> {
    const members = [...this.#anchors].filter(([, { code }]) => code === anchor)
    return members.length === 0 ? [[anchor, { code: anchor, price: ONE }]] : members
  }

  /** An asset that is worth something in others is priced by them. */
  #anchorOnTheRight (sold: ReadonlySet<string>): void {
    for (const former of new Set([...this.#anchors.values()].map(({ code }) => code))) {
      const members = this.#joinedWith(former)
      const [code, { price }] = members.find(([member]) => !sold.has(member)) ?? [former, { price: ONE }]
      for (const [member, anchor] of members) this.#anchors.set(member, { code, price: reduced(divide(anchor.price, price)) })
    }
  }
}

function readRate (rate: unknown): Fraction | undefined {
  if (typeof rate === 'string') return positiveRate(rate)
  const isExact = typeof rate === 'number' && String(rate).replace(/\D/g, '').replace(/^0+/, '').length <= NUMBER_DIGITS
  return isExact ? positiveRate(rate) : undefined
}

function isSame (a: Fraction, b: Fraction): boolean {
  return a.numerator * b.denominator === b.numerator * a.denominator
}

function isTooLong ({ numerator, denominator }: Fraction): boolean {
  return numerator.toString().length > DIGITS_MAX || denominator.toString().length > DIGITS_MAX
}
