/**
 * Rates from a web service, kept fresh. A failed refresh keeps the last good rates, and rates that are too old are refused: a connector
 * that trades at last week's price gives money away.
 */
import type { Logger } from '../../src/contracts/logger.js'
import { fetchText } from './fetch-text.js'
import type { Fraction } from '../../src/lib/fraction.js'
import type { Periods } from './options.js'
import { RateUnavailableError } from './rate-source.js'
import type { Rates, RateSource } from './rate-source.js'

export interface RateFeedSettings extends Periods {
  url: URL
  base: string
  headers?: Record<string, string>
  /** Turns an answer into rates; throws when it is anything but a well-formed one. */
  parse: (answer: string) => Rates
  /** Added to the error when the first load fails. */
  remedy: string
  /** `socks5h://...`. Undefined: the service is asked directly. */
  socksProxy: string | undefined
  log: Logger
}

export class RateFeed implements RateSource {
  private rates: Rates = new Map()
  private loadedAt = 0
  private timer: NodeJS.Timeout | undefined
  private session: AbortController | undefined
  private connecting: Promise<void> | undefined

  constructor (private readonly settings: RateFeedSettings) {}

  get base (): string {
    return this.settings.base
  }

  /** Asks once, however often it is called before `disconnect`. */
  connect (): Promise<void> {
    this.connecting ??= this.start()
    return this.connecting
  }

  find (currency: string): Fraction | undefined {
    const rate = this.rates.get(currency)
    const ageMs = Date.now() - this.loadedAt
    if (rate !== undefined && ageMs > this.settings.maxRateAgeMs) {
      throw new RateUnavailableError(
        `exchange rate is too old. currency=${currency} ageMs=${ageMs} maxRateAgeMs=${this.settings.maxRateAgeMs}`)
    }
    return rate
  }

  disconnect (): void {
    this.connecting = undefined
    clearTimeout(this.timer)
    this.session?.abort(new Error('the backend was disconnected'))
  }

  private async start (): Promise<void> {
    const session = this.session = new AbortController()
    try {
      await this.load(session.signal)
    } catch (error) {
      throw new Error(`could not load exchange rates. url=${this.label} reason=${reasonOf(error)} remedy=${this.settings.remedy}`,
        { cause: error })
    }
    if (this.settings.refreshIntervalMs === 0) {
      this.settings.log.warn('exchange rates will not be refreshed. url=%s maxRateAgeMs=%s', this.label, this.settings.maxRateAgeMs)
    }
    this.schedule(session.signal)
  }

  private schedule (signal: AbortSignal): void {
    if (signal.aborted || this.settings.refreshIntervalMs === 0) return
    this.timer = setTimeout(() => { void this.refresh(signal) }, this.settings.refreshIntervalMs)
    this.timer.unref()
  }

  private async refresh (signal: AbortSignal): Promise<void> {
    try {
      await this.load(signal)
    } catch (error) {
      if (signal.aborted) return
      this.settings.log.warn('could not refresh exchange rates, keeping the last ones. url=%s ageMs=%s maxRateAgeMs=%s reason=%s',
        this.label, Date.now() - this.loadedAt, this.settings.maxRateAgeMs, reasonOf(error))
    }
    this.schedule(signal)
  }

  private async load (signal: AbortSignal): Promise<void> {
    const { url, headers, socksProxy, parse, log } = this.settings
    const answer = await fetchText(url, { signal, socksProxy, ...(headers === undefined ? {} : { headers }) })
    signal.throwIfAborted()
    this.rates = parse(answer)
    this.loadedAt = Date.now()
    log.info('exchange rates loaded. url=%s currencies=%s', this.label, this.rates.size)
  }

  /** The URL without its query, which may hold a key. */
  private get label (): string {
    return this.settings.url.origin + this.settings.url.pathname
  }
}

/** fetch says only "fetch failed"; why it failed stands in the cause. */
export function reasonOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause
  if (!(cause instanceof Error)) return error.message
  return cause.message !== '' ? cause.message : 'code' in cause ? String(cause.code) : error.message
}
