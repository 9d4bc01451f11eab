/** Reads the answers of the two cryptocurrency services as units per euro, to be used together with the ECB's rates. */
import { z } from 'zod'
import { divide, ONE, positiveRate } from '../../src/lib/fraction.js'
import type { Fraction } from '../../src/lib/fraction.js'
import type { Rates } from './rate-source.js'

const NumberOrText = z.union([z.number(), z.string()])

/** The Ripple Data API's exchange rate: `{ "rate": "<XRP per EUR>" }`. */
const XrpRate = z.object({ rate: NumberOrText })

/** CoinMarketCap's listing (v1 of its pro API) and its former public ticker. Sorted by market capitalization. */
const Listing = z.object({
  data: z.array(z.object({ symbol: z.string(), quote: z.object({ EUR: z.object({ price: NumberOrText.nullable() }) }) }))
})
const Ticker = z.array(z.object({ symbol: z.string(), price_eur: NumberOrText.nullable() }))

export function parseXrpRate (answer: string): Rates {
  const { success, data } = XrpRate.safeParse(parseJson(answer))
  const rate = success ? positiveRate(data.rate) : undefined
  if (rate === undefined) throw new Error('the answer is not of the form {"rate": "<XRP per EUR>"} with a decimal above 0')
  return new Map([['XRP', rate]])
}

/**
 * Several coins may share a symbol: the first one, with the largest market, keeps it. A coin without a price is left out; a price that
 * is not a decimal above 0 makes the whole answer unusable.
 */
export function parseCoinMarketCap (answer: string): Rates {
  const rates = new Map<string, Fraction>()
  for (const { symbol, price } of coinsOf(parseJson(answer))) {
    if (price === null || rates.has(symbol)) continue
    const euros = positiveRate(price)
    if (euros === undefined) throw new Error(`unusable price in the CoinMarketCap answer. symbol=${symbol} price=${price}`)
    rates.set(symbol, divide(ONE, euros))
  }
  if (rates.size === 0) throw new Error('no prices in the CoinMarketCap answer')
  return rates
}

function coinsOf (answer: unknown): Array<{ symbol: string, price: number | string | null }> {
  const ticker = Ticker.safeParse(answer)
  if (ticker.success) return ticker.data.map(coin => ({ symbol: coin.symbol, price: coin.price_eur }))
  const listing = Listing.safeParse(answer)
  if (listing.success) return listing.data.data.map(coin => ({ symbol: coin.symbol, price: coin.quote.EUR.price }))
  throw new Error('the answer is not a CoinMarketCap listing with prices in EUR (is convert=EUR in the URL?)')
}

function parseJson (answer: string): unknown {
  try {
    return JSON.parse(answer)
  } catch {
    throw new Error('the answer is not JSON')
  }
}
