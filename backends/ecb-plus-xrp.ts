/** Fiat currencies at the ECB's reference rates, and XRP from a web service of the operator's choice. */
import type { BackendApi } from '../src/contracts/backend.js'
import { parseXrpRate } from './lib/crypto-rates.js'
import { CurrencyBackend } from './lib/currency-backend.js'
import { ecbSource } from './lib/ecb.js'
import { periodOptions, proxyOption, urlOption } from './lib/options.js'
import type { Options } from './lib/options.js'
import { RateFeed } from './lib/rate-feed.js'
import type { RateSource } from './lib/rate-source.js'

/** Shut down, and kept as the default because existing configurations mean it: the error at start says what to do. */
const RIPPLE_DATA_URL = 'https://data.ripple.com/v2/exchange_rates/EUR+rhub8VRN55s94qWKDv6jmDy1pUykJzF3wq/XRP'
const MINUTE_MS = 60_000

/**
 * Options: those of `ecb` (periods of the XRP rate: 5 minutes and 1 hour unless given), and `xrpRatesApiUrl`, which answers
 * `{"rate": "<XRP per EUR>"}`. No XRP rate is loaded when `mockData` has one.
 */
export default class EcbPlusXrpBackend extends CurrencyBackend {
  constructor (options: Options, api: BackendApi) {
    const ecb = ecbSource(options, api)
    const mocked = options.mockData !== undefined && ecb.find('XRP') !== undefined
    super(options, api, mocked ? [ecb] : [ecb, xrpSource(options, api)])
  }
}

function xrpSource (options: Options, api: BackendApi): RateSource {
  return new RateFeed({
    url: urlOption(options, 'xrpRatesApiUrl', RIPPLE_DATA_URL),
    base: 'EUR',
    ...periodOptions(options, { refreshIntervalMs: 5 * MINUTE_MS, maxRateAgeMs: 60 * MINUTE_MS }),
    parse: parseXrpRate,
    remedy: 'the Ripple Data API was shut down: set xrpRatesApiUrl in the backend configuration to a service that answers ' +
      '{"rate": "<XRP per EUR>"}, or give mockData with a rate for XRP',
    socksProxy: proxyOption(options, api),
    log: api.log
  })
}
