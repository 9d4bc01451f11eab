/**
 * Fiat currencies at the European Central Bank's reference rates. For development and experiments only: real money trades at real prices.
 */
import type { BackendApi } from '../src/contracts/backend.js'
import { CurrencyBackend } from './lib/currency-backend.js'
import { ecbSource } from './lib/ecb.js'
import type { Options } from './lib/options.js'

/** Options: `spread`, `ratesApiUrl`, `refreshInterval` (ms, default 1 hour), `maxRateAge` (ms, default 4 days), `mockData`. */
export default class EcbBackend extends CurrencyBackend {
  constructor (options: Options, api: BackendApi) {
    super(options, api, [ecbSource(options, api)])
  }
}
