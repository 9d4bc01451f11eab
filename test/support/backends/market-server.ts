/** The price services that the backend `market` asks, on 127.0.0.1, in their real formats. A test sets what each says, and how it fails. */
import type { RequestListener } from 'node:http'
import { ecbDocument, respond, startRateServer, type RateServer } from '../backends.js'

export type Service = 'coingecko' | 'kraken' | 'coinbase' | 'ecb'

/** CoinGecko's ids and Kraken's names of what the tests trade. */
const COINGECKO: Record<string, string> = { BTC: 'bitcoin', XRP: 'ripple', USDC: 'usd-coin' }
const KRAKEN: Record<string, string> = { BTC: 'XXBTZUSD', XRP: 'XXRPZUSD', USDC: 'USDCUSD', EUR: 'ZEURZUSD', JPY: 'ZUSDZJPY' }

/** As text, because that is what the services send. */
export type Said = Record<string, string>

export class MarketServer {
  /** Dollars per unit, or instead an answer as a whole. Coinbase and Kraken's JPY are units per dollar; the ECB's are units per euro. */
  says: Record<Service, Said | RequestListener> = {
    coingecko: { BTC: '50000', XRP: '0.5' },
    kraken: { BTC: '50000', XRP: '0.5', EUR: '1.25', JPY: '125' },
    coinbase: { BTC: '0.00002', XRP: '2', EUR: '0.8', JPY: '125' },
    ecb: { USD: '1.25', JPY: '156.25' }
  }

  /** When CoinGecko's prices were made, in seconds. */
  updatedAt = (): number => Math.floor(Date.now() / 1000)
  /** The day of the ECB's document. */
  ecbDate = '2024-01-01'
  private constructor (readonly server: RateServer) {}

  static async start (): Promise<MarketServer> {
    const server = await startRateServer(respond(''))
    const market = new MarketServer(server)
    server.answer = (request, response) => {
      const service = new URL(request.url ?? '', server.url).pathname.slice(1) as Service
      const said = market.says[service]
      const answer = typeof said === 'function' ? said : respond(market.document(service, said))
      answer(request, response)
    }
    return market
  }

  /** The backend's options to find the services here. */
  get options (): Record<string, unknown> {
    const url = (service: Service): string => new URL(`/${service}`, this.server.url).href
    return { coingeckoUrl: url('coingecko'), krakenUrl: url('kraken'), coinbaseUrl: url('coinbase'), ecbUrl: url('ecb') }
  }

  /** What was asked, since the start. */
  asked (service: Service): URL[] {
    return this.server.requests.map(({ url }) => new URL(url ?? '', this.server.url)).filter(({ pathname }) => pathname === `/${service}`)
  }

  /** All that trade an asset say one price, in dollars. */
  price (asset: string, dollars: string, perDollar: string): void {
    for (const [service, price] of [['coingecko', dollars], ['kraken', dollars], ['coinbase', perDollar]] as const) {
      const said = this.says[service]
      if (typeof said === 'object') said[asset] = price
    }
  }

  close (): Promise<void> {
    return this.server.close()
  }

  private document (service: Service, said: Said): string {
    switch (service) {
    case 'coingecko': return object(Object.entries(said).map(([asset, price]) =>
      [COINGECKO[asset] ?? asset, `{"usd":${price},"last_updated_at":${this.updatedAt()}}`]))
    case 'kraken': return `{"error":[],"result":${object(Object.entries(said).map(([asset, price]) =>
      [KRAKEN[asset] ?? asset, `{"a":["${price}","1","1.000"],"b":["${price}","18","18.000"],"c":["${price}","0.2"],"t":[3061,6716],"o":"1"}`]))}}`
    case 'coinbase': return `{"data":{"currency":"USD","rates":${object(Object.entries(said).map(([asset, rate]) => [asset, `"${rate}"`]))}}}`
    case 'ecb': return ecbDocument(said).replace('2015-03-18', this.ecbDate)
    }
  }
}

function object (entries: ReadonlyArray<readonly [key: string, json: string]>): string {
  return `{${entries.map(([key, json]) => `"${key}":${json}`).join(',')}}`
}
