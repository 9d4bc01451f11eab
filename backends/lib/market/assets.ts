/**
 * Under which names the price sources know an asset. Only assets that are listed here, or in the configuration, get a price: a source may
 * sell a stranger's coin under the code that an operator gave to a token of their own.
 */
import { z } from 'zod'
import { nearest } from '../../../src/lib/nearest.js'
import { refuse } from '../options.js'
import type { Options } from '../options.js'

export interface AssetNames {
  /** The coin's id, such as `ripple`. */
  coingecko?: string | undefined
  /** The pair against the dollar, such as `XRPUSD`; `USDJPY` is one whose price is in yen. */
  kraken?: string | undefined
  /** The currency's code, such as `XRP`. */
  coinbase?: string | undefined
  /** The currency's code in the ECB's list. */
  ecb?: string | undefined
}

/** By asset code. */
export type Assets = ReadonlyMap<string, AssetNames>

/** What all prices are in. */
export const QUOTE = 'USD'
/** More than any connector trades in. */
const ASSETS_MAX = 200

const SOURCE_NAMES = ['coingecko', 'kraken', 'coinbase', 'ecb'] as const
export type SourceName = typeof SOURCE_NAMES[number]

/** Code, CoinGecko's id, and what Kraken calls it. */
const COINS: ReadonlyArray<readonly [code: string, coingecko: string, kraken?: string]> = [
  ['BTC', 'bitcoin', 'XBT'], ['ETH', 'ethereum'], ['XRP', 'ripple'], ['LTC', 'litecoin'], ['BCH', 'bitcoin-cash'], ['SOL', 'solana'],
  ['XLM', 'stellar'], ['DOGE', 'dogecoin', 'XDG'], ['ADA', 'cardano'], ['DOT', 'polkadot'], ['AVAX', 'avalanche-2'], ['LINK', 'chainlink'],
  ['ATOM', 'cosmos'], ['ALGO', 'algorand'], ['APT', 'aptos'], ['MINA', 'mina-protocol'], ['USDC', 'usd-coin'], ['USDT', 'tether'], ['DAI', 'dai']
]
/** Of the currencies that the ECB publishes: those that Kraken trades, by its pair. */
const KRAKEN_FIAT: Readonly<Record<string, string>> = {
  EUR: 'EURUSD', GBP: 'GBPUSD', AUD: 'AUDUSD', JPY: 'USDJPY', CAD: 'USDCAD', CHF: 'USDCHF'
}
const FIAT = [
  'EUR', 'AUD', 'BRL', 'CAD', 'CHF', 'CNY', 'CZK', 'DKK', 'GBP', 'HKD', 'HUF', 'IDR', 'ILS', 'INR', 'ISK', 'JPY', 'KRW', 'MXN', 'MYR', 'NOK', 'NZD',
  'PHP', 'PLN', 'RON', 'SEK', 'SGD', 'THB', 'TRY', 'ZAR'
]

const KNOWN: Assets = new Map<string, AssetNames>([
  ...COINS.map(([code, coingecko, kraken = code]) => [code, { coingecko, kraken: `${kraken}${QUOTE}`, coinbase: code }] as const),
  ...FIAT.map(code => [code, { kraken: KRAKEN_FIAT[code], coinbase: code, ecb: code }] as const)
])

const Names = z.strictObject({
  coingecko: z.string().regex(/^[a-z0-9_.-]{1,100}$/).nullish(),
  kraken: z.string().regex(/^([A-Z0-9.]{2,20}USD|USD[A-Z0-9.]{2,20})$/).nullish(),
  coinbase: z.string().regex(/^[A-Za-z0-9.]{1,20}$/).nullish(),
  ecb: z.string().regex(/^[A-Z]{3}$/).nullish()
})
const EXPECTED = 'an object by asset code, such as { "WETH": { "coingecko": "weth", "coinbase": "ETH" } }, with null for a source that is not to be asked'

/** The built-in names, with those of the option `assets` over them. */
export function assetsOption ({ assets = {} }: Options): Assets {
  if (typeof assets !== 'object' || assets === null || Array.isArray(assets)) return refuse('assets', assets, EXPECTED)
  const named = new Map(KNOWN)
  const entries = Object.entries(assets)
  if (entries.length > ASSETS_MAX) refuse('assets', `${entries.length} assets`, `at most ${ASSETS_MAX}`)
  for (const [code, given] of entries) {
    const { success, data } = Names.safeParse(given)
    if (!success || code === '' || code === QUOTE) return refuse(`assets.${code}`, given, code === QUOTE ? 'another asset: prices are in USD' : EXPECTED)
    const names: AssetNames = { ...KNOWN.get(code) }
    for (const source of SOURCE_NAMES) if (data[source] !== undefined) names[source] = data[source] ?? undefined
    named.set(code, names)
  }
  return named
}

/** Which sources are asked: all of them, unless the option `sources` names some. */
export function sourcesOption ({ sources = SOURCE_NAMES }: Options): SourceName[] {
  if (!Array.isArray(sources) || sources.length === 0) return refuse('sources', sources, `a list of ${SOURCE_NAMES.join(', ')}`)
  return [...new Set(sources.map((name: unknown) => SOURCE_NAMES.find(known => known === name) ?? refuse('sources', name, expectedSource(name))))]
}

function expectedSource (name: unknown): string {
  const near = typeof name === 'string' ? nearest(name, SOURCE_NAMES) : undefined
  return `one of ${SOURCE_NAMES.join(', ')}${near === undefined ? '' : ` (did you mean ${near}?)`}`
}
