/** Hooks for tests of the backend `market`: the services, a clock that stands still, a log, and what a test asks of a backend. */
import { expect } from 'chai'
import sinon from 'sinon'
import MarketBackend from '../../../backends/market.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { apiFor, storeOfBackend, RecordingLog, type Assets } from '../backends.js'
import { rejectionError } from '../failures.js'
import { freezeTime } from './feed-fixture.js'
import { turnsUntil } from '../waiting.js'
import { MarketServer, type Said, type Service } from './market-server.js'

export const MINUTE_MS = 60_000
export const LIVE = ['coingecko', 'kraken', 'coinbase'] as const

/** One for each test, with accounts in dollars (`usd`), XRP (`xrp`) and bitcoin (`btc`). */
export class MarketContext {
  readonly log = new RecordingLog()
  readonly clock = freezeTime()
  assets: Assets = {
    usd: { assetCode: 'USD', assetScale: 2 }, xrp: { assetCode: 'XRP', assetScale: 6 }, btc: { assetCode: 'BTC', assetScale: 8 }
  }

  private readonly started: MarketBackend[] = []

  constructor (readonly market: MarketServer) {}

  make (options: Record<string, unknown> = {}, store: PluginStore = storeOfBackend()): MarketBackend {
    const backend = new MarketBackend({ spread: 0, ...this.market.options, ...options }, { ...apiFor(this.assets, this.log), store })
    this.started.push(backend)
    return backend
  }

  async start (options: Record<string, unknown> = {}): Promise<MarketBackend> {
    const backend = this.make(options)
    await backend.connect()
    return backend
  }

  /** What a service says, where it says prices. */
  said (service: Service): Said {
    const said = this.market.says[service]
    if (typeof said === 'function') throw new Error(`${service} says no prices`)
    return said
  }

  /** Lets the next round of requests pass, until its answers were judged. */
  async round (): Promise<void> {
    const rounds = (): number => this.log.lines.filter(({ text }) => text.startsWith('price sources were asked')).length
    const before = rounds()
    this.clock.tick(MINUTE_MS)
    await turnsUntil(() => rounds() > before)
  }

  async dollars (backend: MarketBackend): Promise<string> {
    return backend.getRate('xrp', 'usd')
  }

  /** What a sender of XRP is told. */
  async refusal (backend: MarketBackend): Promise<string> {
    const error = await rejectionError(backend.getRate('xrp', 'usd'))
    expect(error).to.have.property('ilpErrorCode', 'T00')
    return error.message
  }

  async end (): Promise<void> {
    sinon.restore()
    for (const backend of this.started) await backend.disconnect()
    await this.market.close()
  }
}

/** Call inside a describe; the context is there in each test. */
export function useMarket (): () => MarketContext {
  let context: MarketContext
  beforeEach(async () => { context = new MarketContext(await MarketServer.start()) })
  afterEach(() => context.end())
  return () => context
}
