/** Every built-in backend keeps the published promises. */
import EcbBackend from '../../backends/ecb.js'
import EcbPlusCoinMarketCapBackend from '../../backends/ecb-plus-coinmarketcap.js'
import EcbPlusXrpBackend from '../../backends/ecb-plus-xrp.js'
import FixedRatesBackend from '../../backends/fixed-rates.js'
import MarketBackend from '../../backends/market.js'
import OneToOneBackend from '../../backends/one-to-one.js'
import RandomizerBackend from '../../backends/randomizer.js'
import { backendConformance } from '../conformance/backend.js'
import { RATES_2015 } from '../support/backends.js'
import { MarketServer } from '../support/backends/market-server.js'

const fiat = {
  cents: { assetCode: 'EUR', assetScale: 2 },
  dollars: { assetCode: 'USD', assetScale: 9 },
  yen: { assetCode: 'JPY', assetScale: 0 },
  wei: { assetCode: 'EUR', assetScale: 18 }
}
const mixed = { ...fiat, drops: { assetCode: 'XRP', assetScale: 6 } }
const mockData = { base: 'EUR', rates: { ...RATES_2015.rates, XRP: '104.60251' } }
const FIXED = { 'EUR/USD': '1.0592', 'EUR/JPY': '130.553', 'XRP/USD': '0.0101', 'SOL/CHF': '140' }
const unknownAsset = { assetCode: 'XYZ', assetScale: 2 }

backendConformance('one-to-one', (options, api) => new OneToOneBackend(options, api), mixed)
backendConformance('fixed-rates', (options, api) => new FixedRatesBackend({ ...options, rates: FIXED }, api), mixed, { unknownAsset })
backendConformance('randomizer', (options, api) => new RandomizerBackend(options, api), mixed, { steady: false })
backendConformance('ecb', (options, api) => new EcbBackend({ ...options, mockData: RATES_2015 }, api), fiat, { unknownAsset })
backendConformance('ecb-plus-xrp', (options, api) => new EcbPlusXrpBackend({ ...options, mockData }, api), mixed, { unknownAsset })
backendConformance('ecb-plus-coinmarketcap', (options, api) => new EcbPlusCoinMarketCapBackend({ ...options, mockData }, api), mixed,
  { unknownAsset })

describe('with price services on this machine', () => {
  let services: MarketServer
  before(async () => { services = await MarketServer.start() })
  after(() => services.close())

  backendConformance('market', (options, api) => new MarketBackend({ ...options, ...services.options, minSources: 1 }, api), mixed, { unknownAsset })
})
