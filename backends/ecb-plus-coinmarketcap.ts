/** Fiat currencies at the ECB's reference rates, and cryptocurrencies at CoinMarketCap's prices. */
import type { BackendApi } from '../src/contracts/backend.js'
import { parseCoinMarketCap } from './lib/crypto-rates.js'
import { CurrencyBackend } from './lib/currency-backend.js'
import { ecbSource } from './lib/ecb.js'
import { periodOptions, proxyOption, refuse, urlOption } from './lib/options.js'
import type { Options } from './lib/options.js'
import { RateFeed } from './lib/rate-feed.js'
import type { RateSource } from './lib/rate-source.js'

/** The 100 coins with the largest market. */
const COINMARKETCAP_URL = 'https://pro-api.coinmarketcap.com/v1/cryptocurrency/listings/latest?convert=EUR'
const MINUTE_MS = 60_000

/**
 * Options: those of `ecb` (periods of the prices: 5 minutes and 1 hour unless given), `apiKey` for CoinMarketCap (secret), and
 * `coinMarketCapApiUrl` for another listing in its format. With `mockData`, which then needs the coins too, nothing is loaded.
 */
export default class EcbPlusCoinMarketCapBackend extends CurrencyBackend {
  constructor (options: Options, api: BackendApi) {
    const ecb = ecbSource(options, api)
    super(options, api, options.mockData !== undefined ? [ecb] : [ecb, coinSource(options, api)])
  }
}

function coinSource (options: Options, api: BackendApi): RateSource {
  const apiKey = apiKeyOf(options)
  return new RateFeed({
    url: urlOption(options, 'coinMarketCapApiUrl', COINMARKETCAP_URL),
    base: 'EUR',
    ...(apiKey === undefined ? {} : { headers: { 'X-CMC_PRO_API_KEY': apiKey } }),
    ...periodOptions(options, { refreshIntervalMs: 5 * MINUTE_MS, maxRateAgeMs: 60 * MINUTE_MS }),
    parse: parseCoinMarketCap,
    remedy: 'check apiKey and coinMarketCapApiUrl in the backend configuration',
    socksProxy: proxyOption(options, api),
    log: api.log
  })
}

/** Only CoinMarketCap itself needs a key. The value appears in no message, not even when it is wrong. */
function apiKeyOf ({ apiKey, coinMarketCapApiUrl }: Options): string | undefined {
  if (apiKey === undefined && coinMarketCapApiUrl !== undefined) return undefined
  if (apiKey === undefined) refuse('apiKey', undefined, 'a CoinMarketCap API key (https://coinmarketcap.com/api)')
  if (typeof apiKey !== 'string' || !/^[\x21-\x7e]+$/.test(apiKey)) refuse('apiKey', '(not shown)', 'a key of printable ASCII characters')
  return apiKey
}
