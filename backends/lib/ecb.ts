/** The European Central Bank's euro foreign exchange reference rates: units of each currency per euro, published each working day. */
import type { BackendApi } from '../../src/contracts/backend.js'
import { ONE, parseDecimal } from '../../src/lib/fraction.js'
import type { Fraction } from '../../src/lib/fraction.js'
import { fixedRates } from './mock-data.js'
import { periodOptions, proxyOption, urlOption } from './options.js'
import type { Options } from './options.js'
import { RateFeed } from './rate-feed.js'
import type { Rates, RateSource } from './rate-source.js'
import { tagsOf } from './xml-tags.js'

const ECB_URL = 'https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml'
const HOUR_MS = 3_600_000

/** Options: `ratesApiUrl`, `refreshInterval` and `maxRateAge` (ms), or `mockData` instead of all of them. */
export function ecbSource (options: Options, api: BackendApi): RateSource {
  if (options.mockData !== undefined) return fixedRates(options.mockData)
  return new RateFeed({
    url: urlOption(options, 'ratesApiUrl', ECB_URL),
    base: 'EUR',
    ...periodOptions(options, { refreshIntervalMs: HOUR_MS, maxRateAgeMs: 4 * 24 * HOUR_MS }),
    parse: xml => readEcbDocument(xml).rates,
    remedy: 'check the network, or set ratesApiUrl in the backend configuration to a copy of the ECB\'s daily rates',
    socksProxy: proxyOption(options, api),
    log: api.log
  })
}

/**
 * Reads `eurofxref-daily.xml`. Refuses everything that is not a complete XML document with at least one rate, each given once as
 * `<Cube currency='USD' rate='1.0592'/>` with a plain decimal above 0. `date` is the day of the rates, such as
 * `2015-03-18`, if it is there.
 */
export function readEcbDocument (xml: string): { rates: Rates, date: string | undefined } {
  const rates = new Map<string, Fraction>([['EUR', ONE]])
  let date: string | undefined
  for (const { name, attributes } of tagsOf(xml)) {
    const time = attributes.get('time')
    if (name === 'Cube' && time !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(time) && !Number.isNaN(Date.parse(time))) date ??= time
    const currency = attributes.get('currency')
    const rate = attributes.get('rate')
    if (name !== 'Cube' || (currency === undefined && rate === undefined)) continue
    const value = rateOf(rate)
    if (currency === undefined || !/^[A-Z]{3}$/.test(currency) || value === undefined || rates.has(currency)) {
      throw new Error(`unusable rate in the ECB document. currency=${currency ?? '(none)'} rate=${rate ?? '(none)'}`)
    }
    rates.set(currency, value)
  }
  if (rates.size === 1) throw new Error('no rates in the document; it is not the ECB\'s daily rates')
  return { rates, date }
}

function rateOf (text: string | undefined): Fraction | undefined {
  const value = parseDecimal(text ?? '')
  return value !== undefined && value.numerator > 0n ? value : undefined
}
