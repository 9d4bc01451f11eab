/**
 * Counters and gauges per account. Middlewares feed them on the packet path, so feeding is two or three Map look-ups and an addition;
 * label objects are built once per series, and prom-client sees the values only when someone scrapes.
 *
 * A reject's `code` is chosen by somebody else, so malformed codes, and codes beyond a limit, are counted under `other`.
 * The limits apply per account, so that no account can use up another's series.
 */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { AccountCounter, AccountGauge, AccountRef } from '../contracts/stats.js'
import { described, type CounterMetric, type GaugeMetric } from './names.js'

/** Accounts measured at the same time. Those beyond it are not measured. */
export const MAX_ACCOUNTS = 65_536
/** Removed accounts that are remembered: the latest. Their last answers come within a packet's lifetime. */
const MAX_GONE = 1024
/** Values of the label `result` per metric and account, `other` not counted. */
export const MAX_RESULTS = 8
/** Values of the label `code` per metric, account and result, `other` not counted. RFC 0027 knows about 25. */
export const MAX_CODES = 64

const OTHER = 'other'
/** An ILP error code: a letter and two digits (RFC 0027). */
const CODE = /^[A-Z][0-9]{2}$/

type Labels = Record<string, string | number>

/** One metric as GET /stats shows it. Metric values are numbers: above 2^53 the nearest one to the exact sum. */
export interface MetricStatus {
  help: string
  name: string
  type: 'counter' | 'gauge'
  values: Array<{ value: number, labels: Labels, timestamp: undefined }>
  aggregator: 'sum'
}

/** Numbers and bigints are summed apart: a bigint sum is exact, a number sum is cheap, and few series see both. */
class Series {
  units = 0
  money = 0n

  constructor (readonly labels: Labels) {}

  value (): number {
    return this.money === 0n ? this.units : this.units + Number(this.money)
  }
}

/** All series of one account with one `result` (or with none). */
class ResultSeries {
  readonly uncoded: Series
  /** Made with the first: most series have none. */
  private codes: Map<string, Series> | undefined
  /** A series shows up once it was fed: one that only ever had codes is not shown without. */
  uncodedFed = false

  constructor (readonly result: string | undefined, private readonly account: Labels) {
    this.uncoded = new Series(this.labelsWith(undefined))
  }

  get (code: string | undefined): Series {
    if (code === undefined) {
      this.uncodedFed = true
      return this.uncoded
    }
    return this.codes?.get(code) ?? this.add(code)
  }

  all (): Series[] {
    const coded = this.codes?.values() ?? []
    return this.uncodedFed ? [this.uncoded, ...coded] : [...coded]
  }

  private add (code: string): Series {
    const codes = this.codes ??= new Map<string, Series>()
    const label = CODE.test(code) && codes.size < MAX_CODES ? code : OTHER
    const series = codes.get(label) ?? new Series(this.labelsWith(label))
    codes.set(label, series)
    return series
  }

  private labelsWith (code: string | undefined): Labels {
    return {
      ...(this.result === undefined ? {} : { result: this.result }),
      ...(code === undefined ? {} : { code }),
      ...this.account
    }
  }
}

/** All series of one account. */
class AccountSeries {
  /** Few, and of most accounts one: a list takes a tenth of the memory of a map. */
  results: readonly ResultSeries[] = []

  constructor (private readonly labels: { account: string, asset: string, scale: number }) {}

  get (result: string | undefined): ResultSeries {
    return this.find(result) ?? this.add(result)
  }

  /** Whether these series were counted in the account's asset: false after an account came back with another one. */
  isFor ({ accountInfo }: AccountRef): boolean {
    return this.labels.asset === accountInfo.assetCode && this.labels.scale === accountInfo.assetScale
  }

  private add (result: string | undefined): ResultSeries {
    const label = this.results.length < MAX_RESULTS ? result : OTHER
    const known = this.find(label)
    if (known !== undefined) return known
    const series = new ResultSeries(label, this.labels)
    this.results = [...this.results, series]
    return series
  }

  private find (result: string | undefined): ResultSeries | undefined {
    for (const series of this.results) if (series.result === result) return series
    return undefined
  }
}

/** What counters and gauges share: finding a series, forgetting an account, and showing the values. */
abstract class AccountMetric {
  abstract readonly type: 'counter' | 'gauge'
  private readonly accounts = new Map<string, AccountSeries>()
  private readonly gone = new Set<string>()
  private readonly hasResult: boolean
  private readonly hasCode: boolean

  /** Labels that a caller passes and the metric does not have are dropped. */
  constructor (readonly description: CounterMetric | GaugeMetric) {
    this.hasResult = description.labels.includes('result')
    this.hasCode = description.labels.includes('code')
  }

  /** Drops all series of the account. What its last answers feed after that is not shown. */
  removeAccount (accountId: string): void {
    this.accounts.delete(accountId)
    this.gone.add(accountId)
    for (const oldest of this.gone) {
      if (this.gone.size <= MAX_GONE) break
      this.gone.delete(oldest)
    }
  }

  /** The account is there, perhaps again. */
  admitAccount (accountId: string): void {
    this.gone.delete(accountId)
  }

  /** What the series of an account come to that have such a result: exactly, but for fractions. */
  sumOf (accountId: string, isWanted: (result: string | undefined) => boolean): bigint {
    let sum = 0n
    for (const series of this.accounts.get(accountId)?.results ?? []) {
      if (isWanted(series.result)) for (const { units, money } of series.all()) sum += BigInt(Math.trunc(units)) + money
    }
    return sum
  }

  getStatus (): MetricStatus {
    const { name, help } = this.description
    // prom-client 11, which this shape comes from, gave each value an undefined timestamp; deep comparisons see it.
    const values = this.all().map(series => ({ value: series.value(), labels: { ...series.labels }, timestamp: undefined }))
    return { help, name, type: this.type, values, aggregator: 'sum' }
  }

  protected seriesOf (account: AccountRef, labels: Readonly<Record<string, string>>): Series {
    const known = this.accounts.get(account.accountId)
    const series = known?.isFor(account) === true ? known : this.addAccount(account)
    return series.get(this.hasResult ? labels.result : undefined).get(this.hasCode ? labels.code : undefined)
  }

  protected all (): Series[] {
    return [...this.accounts.values()].flatMap(account => account.results.flatMap(result => result.all()))
  }

  protected badValue ({ accountId }: AccountRef, value: number | bigint, expected: string): RangeError {
    return new RangeError(`bad value for a metric. metric=${this.description.name} account=${accountId} value=${value} expected=${expected}`)
  }

  private addAccount ({ accountId, accountInfo }: AccountRef): AccountSeries {
    const series = new AccountSeries({ account: accountId, asset: accountInfo.assetCode, scale: accountInfo.assetScale })
    const hasRoom = this.accounts.has(accountId) || this.accounts.size < MAX_ACCOUNTS
    if (hasRoom && !this.gone.has(accountId)) this.accounts.set(accountId, series)
    return series
  }
}

/** Middlewares in JavaScript may pass anything. A string that got in would break every later scrape. */
function isFinite (value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isFinite(value)
}

/** Sums what it is given: exactly where that is bigint. */
export class SeriesCounter extends AccountMetric implements AccountCounter {
  readonly type = 'counter'

  constructor (description: CounterMetric, registry: Registry) {
    super(description)
    const publish = (counter: Counter): void => {
      counter.reset()
      for (const series of this.all()) counter.inc(series.labels, series.value())
    }
    new Counter({
      ...described(description),
      registers: [registry],
      collect () { publish(this) }
    })
  }

  /** Throws RangeError for a value that is negative or no finite number: a counter only goes up. */
  increment (account: AccountRef, labels: Readonly<Record<string, string>>, value: number | bigint = 1): void {
    if (!isFinite(value) || value < 0) throw this.badValue(account, value, 'a finite number or bigint of at least 0')
    const series = this.seriesOf(account, labels)
    if (typeof value === 'bigint') series.money += value
    else series.units += value
  }
}

/** Remembers what it was given last. */
export class SeriesGauge extends AccountMetric implements AccountGauge {
  readonly type = 'gauge'

  constructor (description: GaugeMetric, registry: Registry) {
    super(description)
    const publish = (gauge: Gauge): void => {
      gauge.reset()
      for (const series of this.all()) gauge.set(series.labels, series.value())
    }
    new Gauge({
      ...described(description),
      registers: [registry],
      collect () { publish(this) }
    })
  }

  /** Throws RangeError for a value that is not a finite number. */
  setValue (account: AccountRef, labels: Readonly<Record<string, string>>, value: number | bigint): void {
    if (!isFinite(value)) throw this.badValue(account, value, 'a finite number or bigint')
    const series = this.seriesOf(account, labels)
    series.units = typeof value === 'bigint' ? 0 : value
    series.money = typeof value === 'bigint' ? value : 0n
  }
}
