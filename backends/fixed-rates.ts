/**
 * Rates that the operator writes down, and one fee on everything that leaves for another party.
 * Accounts in one asset need no rate, whatever their scales;
 * two assets without a rate between them are not exchanged. Nodes use it.
 */
import type { Backend, BackendApi, PacketReport, PaymentReport } from '../src/contracts/backend.js'
import type { Prices } from '../src/contracts/prices.js'
import { divide, multiply, ONE, rateOf, shiftDecimal, toDecimalString, type Fraction } from '../src/lib/fraction.js'
import { isObject } from '../src/lib/is-object.js'
import { RateTable } from '../src/lib/rate-table.js'
import { keptAfterSpread, refuse, type Options } from './lib/options.js'
import { RateUnavailableError } from './lib/rate-source.js'

/** More pairs of assets and scales than a connector trades between; at the bound the cache starts afresh. */
const CACHED_RATES_MAX = 10_000

type Otherwise = (api: BackendApi) => Backend

/**
 * Options: `spread`, the fee as a fraction (amounts are rounded down, so the fee is rounded up); `rates`, such as `{ 'XRP/USD': '0.52' }`;
 * `free`, ids of accounts that get all. From code also `otherwise`, which makes the backend that is asked where `rates` do not lead from
 * one asset to the other. It sees accounts in the asset that `rates` price theirs in.
 */
export default class FixedRatesBackend implements Backend {
  readonly submitPacket?: (packet: PacketReport) => Promise<void>
  readonly submitPayment?: (payment: PaymentReport) => Promise<void>
  private readonly kept: Fraction
  private readonly free: ReadonlySet<unknown>
  private readonly table: RateTable
  private readonly otherwise: Backend | undefined
  private readonly cache = new Map<string, string>()

  constructor (options: Options, private readonly api: BackendApi) {
    this.kept = keptAfterSpread(options)
    const { free = [] } = options
    if (!Array.isArray(free)) refuse('free', free, 'an array of account ids')
    this.free = new Set<unknown>(free)
    this.table = tableOf(options)
    const { otherwise } = options
    const inner = this.otherwise = isFactory(otherwise) ? otherwise({ ...api, getInfo: id => this.anchored(id) }) : undefined
    if (typeof inner?.submitPacket === 'function') this.submitPacket = packet => inner.submitPacket?.(packet) ?? Promise.resolve()
    if (typeof inner?.submitPayment === 'function') this.submitPayment = payment => inner.submitPayment?.(payment) ?? Promise.resolve()
  }

  get prices (): Prices | undefined {
    return this.otherwise?.prices
  }

  async connect (): Promise<void> {
    await this.otherwise?.connect()
  }

  async disconnect (): Promise<void> {
    await this.otherwise?.disconnect?.()
  }

  /** `kept * rate * 10^(destinationScale - sourceScale)`, exactly; all is kept for a free destination. Rejects with T00 without a rate. */
  async getRate (sourceAccount: string, destinationAccount: string): Promise<string> {
    const source = this.api.getInfo(sourceAccount)
    const destination = this.api.getInfo(destinationAccount)
    const isFree = this.free.has(destinationAccount)
    const shift = destination.assetScale - source.assetScale
    if (source.assetCode === destination.assetCode) return this.remembered(`${isFree} ${shift}`, isFree, () => shiftDecimal(ONE, shift))
    const [from, to] = [source.assetCode, destination.assetCode]
    const pair = `${isFree} ${shift} ${from}\n${to}`
    const rate = this.table.between(from, to)
    if (rate !== undefined) return this.remembered(pair, isFree, () => shiftDecimal(rate, shift))
    if (this.otherwise === undefined) {
      throw new RateUnavailableError(`no exchange rate available. from=${from} to=${to}`)
    }
    const between = String(await this.otherwise.getRate(sourceAccount, destinationAccount))
    return this.remembered(`${pair}\n${between}`, isFree, () =>
      multiply(divide(this.table.anchorOf(from).price, this.table.anchorOf(to).price), rateOf(between)))
  }

  private remembered (key: string, isFree: boolean, rate: () => Fraction): string {
    const known = this.cache.get(key)
    if (known !== undefined) return known
    const found = toDecimalString(multiply(rate(), isFree ? ONE : this.kept))
    if (this.cache.size >= CACHED_RATES_MAX) this.cache.clear()
    this.cache.set(key, found)
    return found
  }

  /** The account as though it were in the asset that its own is priced in. */
  private anchored (accountId: string): ReturnType<BackendApi['getInfo']> {
    const info = this.api.getInfo(accountId)
    const { code } = this.table.anchorOf(info.assetCode)
    return code === info.assetCode ? info : { ...info, assetCode: code }
  }
}

function tableOf ({ rates = {} }: Options): RateTable {
  const expected = "an object of rates between assets, such as { 'XRP/USD': '0.52' }"
  const { table, faults: [fault] } = RateTable.read(isObject(rates) ? rates : refuse('rates', rates, expected))
  if (fault === undefined) return table
  throw new Error(`invalid backend option. option=rates[${fault.pair}] ${fault.message}`)
}

function isFactory (value: unknown): value is Otherwise {
  return typeof value === 'function'
}
