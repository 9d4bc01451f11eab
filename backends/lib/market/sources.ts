/**
 * The public price services: what each is asked, and how its answer reads. All prices are in dollars. An answer of another shape makes the
 * source fail; one price that cannot be used only leaves its asset out.
 *
 * CoinGecko: https://docs.coingecko.com/v3.0.1/reference/simple-price
 * Kraken: https://docs.kraken.com/api-reference/market-data/get-ticker-information
 * Coinbase: https://docs.cdp.coinbase.com/coinbase-app/track-apis/exchange-rates
 * ECB: https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates
 */
import { z } from 'zod'
import { divide, fromNumber, ONE } from '../../../src/lib/fraction.js'
import type { Fraction } from '../../../src/lib/fraction.js'
import { readEcbDocument } from '../ecb.js'
import { urlOption } from '../options.js'
import type { Options } from '../options.js'
import { halfWay, isWithin } from './agreement.js'
import { QUOTE } from './assets.js'
import type { Assets, SourceName } from './assets.js'
import { decimalOf, parseExactJson } from './exact-json.js'

export interface Quote {
  /** Dollars per unit of the asset. */
  price: Fraction
  /** How old the price was when the answer came. */
  ageMs: number
}

export interface PriceSource {
  readonly name: SourceName
  /** As it stands in an error of the start, which shows no word that is an option's value. */
  readonly title: string
  readonly isDaily: boolean
  readonly headers: Record<string, string>
  /** Where to ask for these assets; undefined if the source has none of them. */
  urlFor (assets: Assets): URL | undefined
  /** By asset code. Throws for an answer that cannot be read. */
  parse (answer: string, assets: Assets): Map<string, Quote>
}

const HOUR_MS = 3_600_000
/** The ECB publishes at about 16:00 in Frankfurt. */
const ECB_PUBLISHED_AT_MS = 15 * HOUR_MS
/** A book in which sellers ask for so much more than buyers offer says nothing about the price. */
const BOOK_WIDTH_MAX = fromNumber(0.1)
const JSON_HEADERS = { accept: 'application/json' }

const SOURCES: Record<SourceName, (options: Options) => PriceSource> = { coingecko, kraken, coinbase, ecb }

/** Reads the options `coingeckoUrl`, `coingeckoApiKey`, `krakenUrl`, `coinbaseUrl` and `ecbUrl`. */
export function priceSource (name: SourceName, options: Options): PriceSource {
  return SOURCES[name](options)
}

const CoinGecko = z.record(z.string(), z.looseObject({ usd: z.unknown(), last_updated_at: z.unknown() }))

function coingecko (options: Options): PriceSource {
  const base = urlOption(options, 'coingeckoUrl', 'https://api.coingecko.com/api/v3/simple/price')
  const key = keyOption(options)
  const keyHeader = base.hostname.startsWith('pro-api.') ? 'x-cg-pro-api-key' : 'x-cg-demo-api-key'
  return {
    name: 'coingecko',
    title: 'CoinGecko',
    isDaily: false,
    headers: { ...JSON_HEADERS, ...(key !== undefined && { [keyHeader]: key }) },
    urlFor: assets => {
      const ids = namesOf(assets, 'coingecko')
      return ids.length === 0 ? undefined
        : withQuery(base, { ids: ids.join(','), vs_currencies: 'usd', include_last_updated_at: 'true', precision: 'full' })
    },
    parse: (answer, assets) => {
      const { success, data } = CoinGecko.safeParse(parseExactJson(answer))
      if (!success) throw new Error('the answer is not of the form {"ripple":{"usd":0.52,"last_updated_at":1711356300}}')
      return quotesOf(assets, 'coingecko', id => {
        const price = decimalOf(data[id]?.usd)
        const seconds = data[id]?.last_updated_at
        if (price === undefined || typeof seconds !== 'string' || !/^\d{1,12}$/.test(seconds)) return undefined
        return { price, ageMs: Date.now() - Number(seconds) * 1000 }
      })
    }
  }
}

const Side = z.array(z.unknown()).min(1)
const Kraken = z.looseObject({ error: z.array(z.string()), result: z.record(z.string(), z.looseObject({ a: Side, b: Side })).optional() })

function kraken (options: Options): PriceSource {
  const base = urlOption(options, 'krakenUrl', 'https://api.kraken.com/0/public/Ticker')
  return {
    name: 'kraken',
    title: 'Kraken',
    isDaily: false,
    headers: JSON_HEADERS,
    urlFor: assets => {
      const pairs = namesOf(assets, 'kraken')
      return pairs.length === 0 ? undefined : withQuery(base, { pair: pairs.join(',') })
    },
    parse: (answer, assets) => {
      const { success, data } = Kraken.safeParse(parseExactJson(answer))
      if (!success) throw new Error('the answer is not of the form {"error":[],"result":{"XXRPZUSD":{"a":["0.52"],"b":["0.51"]}}}')
      if (data.error.length > 0 || data.result === undefined) throw new Error(`Kraken says ${data.error.join(', ').slice(0, 200) || 'nothing'}`)
      const { result } = data
      return quotesOf(assets, 'kraken', pair => {
        const name = krakenNames(pair).find(name => Object.hasOwn(result, name)) ?? ''
        const ask = decimalOf(result[name]?.a[0])
        const bid = decimalOf(result[name]?.b[0])
        if (ask === undefined || bid === undefined || !isWithin(ask, bid, BOOK_WIDTH_MAX)) return undefined
        const middle = halfWay(ask, bid)
        return { price: isInverse(pair) ? divide(ONE, middle) : middle, ageMs: 0 }
      })
    }
  }
}

/** The price of a pair such as `USDJPY` is in yen. */
function isInverse (pair: string): boolean {
  return !pair.endsWith(QUOTE)
}

/** Kraken answers under its own names: older currencies have an X or a Z in front, so that XRPUSD is XXRPZUSD. */
function krakenNames (pair: string): string[] {
  const other = isInverse(pair) ? pair.slice(QUOTE.length) : pair.slice(0, -QUOTE.length)
  const others = [other, `X${other}`, `Z${other}`]
  const dollars = [QUOTE, `Z${QUOTE}`]
  return others.flatMap(other => dollars.map(dollar => isInverse(pair) ? dollar + other : other + dollar))
}

const Coinbase = z.looseObject({ data: z.looseObject({ currency: z.literal(QUOTE), rates: z.record(z.string(), z.unknown()) }) })

function coinbase (options: Options): PriceSource {
  const base = urlOption(options, 'coinbaseUrl', 'https://api.coinbase.com/v2/exchange-rates')
  return {
    name: 'coinbase',
    title: 'Coinbase',
    isDaily: false,
    headers: JSON_HEADERS,
    urlFor: assets => namesOf(assets, 'coinbase').length === 0 ? undefined : withQuery(base, { currency: QUOTE }),
    parse: (answer, assets) => {
      const { success, data } = Coinbase.safeParse(parseExactJson(answer))
      if (!success) throw new Error('the answer is not of the form {"data":{"currency":"USD","rates":{"XRP":"1.92"}}}')
      return quotesOf(assets, 'coinbase', code => {
        const perDollar = decimalOf(data.data.rates[code])
        return perDollar && { price: divide(ONE, perDollar), ageMs: 0 }
      })
    }
  }
}

function ecb (options: Options): PriceSource {
  const base = urlOption(options, 'ecbUrl', 'https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml')
  return {
    name: 'ecb',
    title: 'the ECB',
    isDaily: true,
    headers: { accept: 'application/xml, text/xml' },
    urlFor: assets => namesOf(assets, 'ecb').length === 0 ? undefined : base,
    parse: (answer, assets) => {
      const { rates, date } = readEcbDocument(answer)
      const dollars = rates.get(QUOTE)
      if (dollars === undefined || date === undefined) throw new Error(`the ECB's document has no ${dollars === undefined ? 'rate of USD' : 'date'}`)
      const ageMs = Math.max(0, Date.now() - (Date.parse(date) + ECB_PUBLISHED_AT_MS))
      return quotesOf(assets, 'ecb', code => {
        const perEuro = rates.get(code)
        return perEuro && { price: divide(dollars, perEuro), ageMs }
      })
    }
  }
}

/** Only CoinGecko has keys. The value appears in no message, not even when it is wrong. */
function keyOption ({ coingeckoApiKey: key }: Options): string | undefined {
  if (key === undefined || (typeof key === 'string' && /^[\x21-\x7e]+$/.test(key))) return key
  throw new Error('invalid backend option. option=coingeckoApiKey found=(not shown) expected=a key of printable ASCII characters')
}

function namesOf (assets: Assets, source: SourceName): string[] {
  const names = Array.from(assets.values(), names => names[source])
  return [...new Set(names.filter(name => name !== undefined))].sort()
}

function quotesOf (assets: Assets, source: SourceName, read: (name: string) => Quote | undefined): Map<string, Quote> {
  const quotes = new Map<string, Quote>()
  for (const [code, { [source]: name }] of assets) {
    const quote = name === undefined ? undefined : read(name)
    if (quote !== undefined) quotes.set(code, quote)
  }
  return quotes
}

function withQuery (base: URL, query: Record<string, string>): URL {
  const url = new URL(base)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url
}
