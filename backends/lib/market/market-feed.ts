/**
 * Prices of assets in dollars from several public services, asked in rounds. A price is believed if enough sources agree on it and it does
 * not jump. Where that is not so, there is no price: packets that need it are refused, and nobody trades at a wrong one.
 */
import type { Logger } from '../../../src/contracts/logger.js'
import { divide, ONE } from '../../../src/lib/fraction.js'
import type { Fraction } from '../../../src/lib/fraction.js'
import type { AssetReport, SourceReport } from '../../../src/contracts/prices.js'
import { RateUnavailableError } from '../rate-source.js'
import type { RateSource } from '../rate-source.js'
import { agree } from './agreement.js'
import type { Terms, Verdict, Vote } from './agreement.js'
import { QUOTE } from './assets.js'
import type { AssetNames, Assets } from './assets.js'
import { JumpGuard } from './jump-guard.js'
import type { JumpTerms } from './jump-guard.js'
import { Moment } from './moment.js'
import { shownPrice } from '../shown-price.js'
import { SourceState } from './source-state.js'
import type { PriceSource } from './sources.js'

/** Four holidays in a row, as at Easter, and what it takes to publish on the next day. */
const DAILY_AGE_MAX_MS = 6 * 24 * 3_600_000

interface MarketTerms extends Terms, JumpTerms {
  refreshIntervalMs: number
  maxRateAgeMs: number
}

export interface MarketSettings {
  sources: readonly PriceSource[]
  terms: MarketTerms
  /** All assets that could be asked for. */
  known: Assets
  /** Those of the accounts. Called in each round: accounts come and go. */
  codes: () => Iterable<string>
  /** `socks5h://...`. Undefined: services are asked directly. */
  socksProxy: string | undefined
  log: Logger
}

/** What is known of one asset. */
interface Asset {
  guard: JumpGuard
  /** Units of the asset per dollar, as a RateSource gives them; and how old that is. */
  believed?: { price: Fraction, rate: Fraction, ageMs: number, at: Moment } | undefined
  /** Why there is no price, although there may be one that was believed before. */
  trouble?: string | undefined
  /** Sources that disagree with the others. */
  outliers: ReadonlySet<string>
}

export class MarketFeed implements RateSource {
  readonly base = QUOTE
  private readonly states: readonly SourceState[]
  private readonly assets = new Map<string, Asset>()
  /** Assets that somebody needed before an account had them: at most all that are known. */
  private readonly needed = new Set<string>()
  private timer: NodeJS.Timeout | undefined
  private session: AbortController | undefined
  private connecting: Promise<void> | undefined

  constructor (private readonly settings: MarketSettings) {
    const { maxRateAgeMs } = settings.terms
    this.states = settings.sources.map(source =>
      new SourceState(source, source.isDaily ? Math.max(DAILY_AGE_MAX_MS, maxRateAgeMs) : maxRateAgeMs, settings))
  }

  /** Rejects if no source answers. If only some do, or none has a price for some asset, it starts, and says so. */
  connect (): Promise<void> {
    this.connecting ??= this.start()
    return this.connecting
  }

  find (currency: string): Fraction | undefined {
    if (currency === QUOTE) return ONE
    const asset = this.assets.get(currency)
    if (asset === undefined) return undefined
    const { believed, trouble } = asset
    if (trouble !== undefined || believed === undefined) {
      throw new RateUnavailableError(`no rate available. currency=${currency} reason=${trouble ?? 'no price yet'}`)
    }
    const ageMs = believed.ageMs + believed.at.ageMs()
    const { maxRateAgeMs } = this.settings.terms
    if (ageMs > maxRateAgeMs) {
      throw new RateUnavailableError(`exchange rate is too old. currency=${currency} ageMs=${ageMs} maxRateAgeMs=${maxRateAgeMs}`)
    }
    return believed.rate
  }

  /** Asks for an asset in a round of its own, once, if there was no round with it yet. Never rejects. */
  need (currency: string): Promise<void> | undefined {
    if (currency === QUOTE || this.assets.has(currency) || this.needed.has(currency)) return undefined
    const { signal } = this.session ?? {}
    if (signal === undefined || signal.aborted || !this.settings.known.has(currency)) return undefined
    this.needed.add(currency)
    return this.round(signal, [currency]).then(() => undefined)
  }

  /** See RateSource.describe. */
  describe (currency: string): AssetReport | undefined {
    if (currency === QUOTE) return { price: '1', from: 'quote' }
    const names = this.wanted().get(currency)
    if (names === undefined) return undefined
    const { believed, trouble }: Partial<Asset> = this.assets.get(currency) ?? { trouble: 'no price yet' }
    return {
      from: 'market',
      ...(believed !== undefined && { price: shownPrice(believed.price), ageMs: believed.ageMs + believed.at.ageMs() }),
      ...(trouble !== undefined && { trouble }),
      sources: Object.fromEntries(this.states.filter(({ source }) => names[source.name] !== undefined).map(state => {
        const { price, ageMs, trouble } = state.describe(currency)
        const shown = { ...(price && { price: shownPrice(price) }), ...(ageMs !== undefined && { ageMs }) }
        return [state.name, { ...shown, ...(trouble !== undefined && { trouble }) }]
      }))
    }
  }

  describeSources (): Record<string, SourceReport> {
    return Object.fromEntries(this.states.map(({ name, failures, trouble }) =>
      [name, { failures, ...(trouble !== undefined && { trouble }) }]))
  }

  disconnect (): void {
    this.connecting = undefined
    clearTimeout(this.timer)
    this.session?.abort(new Error('the backend was disconnected'))
  }

  private async start (): Promise<void> {
    const { log, terms } = this.settings
    const { signal } = this.session = new AbortController()
    const loaded = await this.round(signal)
    signal.throwIfAborted()
    if (loaded.includes('failed') && !loaded.includes('answered')) {
      const reasons = this.states.map(({ source, trouble }) => `${source.title}: ${trouble ?? 'not asked'}`).join('; ')
      throw new Error(`could not load prices from any source. reason=${reasons} remedy=check the network, or set other sources, ` +
        'or coingeckoUrl, krakenUrl, coinbaseUrl or ecbUrl, in the backend configuration')
    }
    log.info('prices loaded. sources=%s assets=%s refreshIntervalMs=%s', this.states.map(({ name }) => name).join(','),
      [...this.assets.keys()].join(','), terms.refreshIntervalMs)
    this.schedule(signal)
  }

  private schedule (signal: AbortSignal): void {
    if (signal.aborted) return
    this.timer = setTimeout(() => {
      void this.round(signal).then(() => { this.schedule(signal) })
    }, this.settings.terms.refreshIntervalMs)
    this.timer.unref()
  }

  /** Asks all sources for all assets, and judges what they say of `codes`; of all, if left out. Never rejects. */
  private async round (signal: AbortSignal, codes?: readonly string[]): Promise<unknown[]> {
    const assets = this.wanted()
    const loaded = await Promise.all(this.states.map(state => state.load(assets, signal)))
    if (signal.aborted) return loaded
    for (const code of this.assets.keys()) if (!assets.has(code)) this.assets.delete(code)
    for (const code of codes ?? assets.keys()) this.judge(code)
    const count = (outcome: string): number => loaded.filter(each => each === outcome).length
    this.settings.log.debug('price sources were asked. answered=%s failed=%s assets=%s', count('answered'), count('failed'), assets.size)
    return loaded
  }

  private wanted (): Assets {
    const wanted = new Map<string, AssetNames>()
    for (const code of [...this.settings.codes(), ...this.needed]) {
      const names = this.settings.known.get(code)
      if (names !== undefined) wanted.set(code, names)
    }
    return wanted
  }

  private judge (code: string): void {
    const asset = this.assets.get(code) ?? { guard: new JumpGuard(this.settings.terms), outliers: new Set() }
    this.assets.set(code, asset)
    const quotes = this.states.flatMap(state => {
      const quote = state.fresh(code)
      return quote === undefined ? [] : [{ ...quote, source: state.name, isDaily: state.source.isDaily }]
    })
    const verdict = agree(quotes, this.settings.terms)
    this.settle(code, asset, this.troubleIn(verdict, asset, quotes, code))
    if (verdict.kind !== 'agreed' || asset.trouble !== undefined) return
    // As old as the youngest sources that are enough to agree.
    const live = quotes.filter(({ source, isDaily }) => !isDaily && verdict.votes.some(vote => vote.source === source))
    const ages = live.map(({ ageMs }) => ageMs).sort((a, b) => a - b)
    const ageMs = ages[Math.min(ages.length, this.settings.terms.minSources) - 1] ?? 0
    asset.believed = { price: verdict.price, rate: divide(ONE, verdict.price), ageMs, at: new Moment() }
    const outliersBefore = asset.outliers
    asset.outliers = new Set(verdict.outliers.map(({ source }) => source))
    for (const { source, price } of verdict.outliers) {
      if (outliersBefore.has(source)) continue
      this.settings.log.warn('price source disagrees with the others, and is left out. asset=%s source=%s price=%s others=%s', code, source,
        shownPrice(price), shownPrice(verdict.price))
    }
  }

  /** Undefined if the verdict is a price to trade at, or if there is too little to say anything new. */
  private troubleIn (verdict: Verdict, asset: Asset, quotes: ReadonlyArray<Vote & { isNew: boolean }>, code: string): string | undefined {
    const { minSources } = this.settings.terms
    if (verdict.kind === 'disagreed') return 'the sources disagree'
    if (verdict.kind === 'too few') {
      if (asset.believed === undefined) return `fewer than ${minSources} sources have a price`
      return asset.trouble // a jump that is not confirmed stays one
    }
    const renewed = verdict.votes.filter(({ source }) => quotes.some(quote => quote.source === source && quote.isNew))
    const before = asset.guard.last
    const rounds = asset.guard.judge(verdict.price, renewed.length >= minSources)
    if (rounds === 'believed') return undefined
    this.settings.log.warn('price jumped, not trading at it until it is confirmed. asset=%s from=%s to=%s rounds=%s',
      code, before && shownPrice(before), shownPrice(verdict.price), rounds)
    return 'the price jumped, and is not confirmed yet'
  }

  /** Says what changed. */
  private settle (code: string, asset: Asset, trouble: string | undefined): void {
    const { log } = this.settings
    if (trouble !== undefined && trouble !== asset.trouble) {
      const said = this.states.map(state => [state.name, state.describe(code)] as const)
        .map(([name, { price, trouble }]) => `${name}:${trouble ?? (price && shownPrice(price))}`).join(' ')
      log.warn('no price for an asset, packets that need it are refused. asset=%s reason=%s sources=%s', code, trouble, said)
    }
    if (trouble === undefined && asset.trouble !== undefined) log.info('there is a price for the asset again. asset=%s', code)
    asset.trouble = trouble
  }
}
