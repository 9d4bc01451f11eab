/**
 * What the admin API answers, without HTTP: each method returns the JSON value of one route (undefined: nothing to say, 204) or throws.
 * Paths and shapes are those of ilp-connector. New are the fields after `maximum` in GET /balance, `ledger` in GET /status, /routes,
 * /settlements and /journal.
 *
 * Input that ilp-connector answered with 500, or took, is refused: 400 for what is malformed, 404 for an account, balance, admin info or
 * route that does not exist, 409 for what the present state forbids (a limit, a taken id, no balances kept).
 */
import { z } from 'zod'
import { ACCOUNT_ID } from '../../contracts/account.js'
import { ADDRESS_LENGTH_MAX, PREFIX } from '../../packet/address.js'
import type { AccountBalance, Day, Movement, MovementKind, Settlement } from '../../contracts/ledger.js'
import type { PluginInstance } from '../../contracts/plugin.js'
import { SluiceError } from '../../contracts/errors.js'
import type { AdminAccount, AdminHost, ConfiguredRoute } from './host.js'

/** Digits of a 256-bit number: far beyond ILP's 64 bits, and cheap to parse. */
const MAX_AMOUNT_LENGTH = 78

const balanceUpdate = z.strictObject({
  accountId: z.string(),
  amountDiff: z.string().max(MAX_AMOUNT_LENGTH).regex(/^(0|-?[1-9][0-9]*)$/, 'should be a decimal integer in a string')
})
const newAccount = z.strictObject({
  id: z.string().regex(ACCOUNT_ID, 'should consist of the characters A-Z a-z 0-9 _ - ~ .'),
  options: z.record(z.string(), z.unknown())
})
const payment = z.strictObject({
  accountId: z.string(),
  amount: z.string().max(MAX_AMOUNT_LENGTH).regex(/^[1-9][0-9]*$/, 'should be a decimal integer above 0 in a string').optional()
})
const verdict = z.strictObject({ outcome: z.enum(['paid', 'unpaid']) })
const routeKey = { targetPrefix: z.string().max(ADDRESS_LENGTH_MAX).regex(PREFIX, 'should be an ILP address prefix'), peerId: z.string() }
const newRoute = z.strictObject({ ...routeKey, priority: z.int().optional() })
const oldRoute = z.strictObject(routeKey)

export interface BalanceStatus {
  balance: string
  minimum: string
  maximum: string
  incomingHolds: string
  outgoingHolds: string
  settling: string
  /** Paid to the peer ahead of packets, with claims, and not used by a fulfilled one yet. No part of the balance. */
  prepaid: string
  /** Fulfills of the peer that came too late, and fulfilled packets whose answer could not be sent to it. */
  lateFulfills: MovementStatus
  reversals: MovementStatus
  /** The account was removed, its money is still here. */
  removed: boolean
}

interface MovementStatus {
  count: number
  amount: string
}

interface DayStatus {
  date: string
  opening: string
  movements: Record<MovementKind, MovementStatus>
}

interface SettlementStatus {
  id: string
  accountId: string
  amount: string
  createdAt: Date
  state: Settlement['state']
}

export class AdminApi {
  constructor (private readonly host: AdminHost) {}

  getStatus (): object {
    return {
      balances: mapValues(this.host.balances() ?? [], ({ balance }) => balance.toString()),
      connected: mapValues(this.accounts(), ({ plugin }) => plugin.isConnected()),
      localRoutingTable: this.host.localRoutes(),
      ledger: this.host.ledgerStatus()
    }
  }

  getRoutingStatus (): object {
    return this.host.routingStatus()
  }

  getAccountStatus (): object {
    return {
      address: this.host.address(),
      accounts: mapValues(this.accounts(), ({ info, plugin }) => ({
        // The options are the plugin's, and hold its secrets.
        info: { ...info, plugin: pluginName(info.plugin), options: undefined },
        connected: plugin.isConnected(),
        adminInfo: plugin.getAdminInfo !== undefined
      }))
    }
  }

  async getAccountAdminInfo (accountId: string): Promise<object> {
    const { info, plugin } = this.account(accountId)
    if (plugin.getAdminInfo === undefined) throw new SluiceError('SLUICE_ADMIN_INFO_UNSUPPORTED', `plugin has no admin info. account=${accountId}`)
    return { account: accountId, plugin: pluginName(info.plugin), info: await plugin.getAdminInfo() }
  }

  async sendAccountAdminInfo (accountId: string, body: unknown): Promise<object> {
    if (typeof body !== 'object' || body === null) throw new SluiceError('SLUICE_BODY_MISSING', 'no json body provided to set admin info.')
    const { info, plugin } = this.account(accountId)
    if (plugin.sendAdminInfo === undefined) throw new SluiceError('SLUICE_ADMIN_INFO_UNSUPPORTED', `plugin does not support sending admin info. account=${accountId}`)
    return { account: accountId, plugin: pluginName(info.plugin), result: await plugin.sendAdminInfo(body) }
  }

  /** Waits until the account is connected, or the host gives up waiting. */
  async addAccount (body: unknown): Promise<object> {
    if (typeof body !== 'object' || body === null) throw new SluiceError('SLUICE_BODY_MISSING', 'no json body provided to make plugin.')
    const { id, options } = parse(newAccount, body, 'invalid account')
    if (this.host.account(id) !== undefined) throw new SluiceError('SLUICE_ACCOUNT_ID_TAKEN', `account id is taken. accountId=${id}`)
    const { connected } = await this.host.addAccount(id, options)
    return { plugin: id, connected }
  }

  getBalanceStatus (): { accounts?: Record<string, BalanceStatus> } {
    const balances = this.host.balances()
    return balances === undefined ? {} : { accounts: mapValues(balances, balanceStatus) }
  }

  async postBalance (body: unknown): Promise<void> {
    const { accountId, amountDiff } = parse(balanceUpdate, body, 'invalid balance update')
    if (this.host.account(accountId) === undefined) throw unknownAccount(accountId)
    const balances = this.host.balances()
    if (balances === undefined) throw new SluiceError('SLUICE_BALANCES_OFF', 'no balances are kept, the balance middleware is disabled.')
    if (!balances.has(accountId)) throw new SluiceError('SLUICE_BALANCE_UNKNOWN', `account not found. accountId=${accountId} (it has no balance)`)
    await this.host.adjustBalance(accountId, BigInt(amountDiff))
  }

  /** Per day what packets, settlements, payments received and corrections came to. */
  getJournal (accountId: string): { account: string, days: DayStatus[] } {
    this.account(accountId)
    return { account: accountId, days: this.host.journal(accountId).map(dayStatus) }
  }

  getSettlements (): { settlements: SettlementStatus[] } {
    return { settlements: this.host.settlements().map(settlementStatus) }
  }

  /** Resolves when the plugin has paid. */
  async postSettlement (body: unknown): Promise<void> {
    const { accountId, amount } = parse(payment, body, 'invalid settlement')
    if (this.host.account(accountId) === undefined) throw unknownAccount(accountId)
    await this.host.settle(accountId, amount === undefined ? undefined : BigInt(amount))
  }

  async resolveSettlement (id: string, body: unknown): Promise<void> {
    const { outcome } = parse(verdict, body, 'invalid outcome')
    await this.host.resolveSettlement(id, outcome)
  }

  /** Exact rates become the nearest numbers, which is what clients of ilp-connector expect. */
  async getBackendStatus (): Promise<object> {
    const rates = Object.entries(await this.host.rates())
    return mapValues(rates, targets => mapValues(Object.entries(targets), rate => Number(rate)))
  }

  getStats (): object {
    return this.host.stats.getStatus()
  }

  /** Prometheus text. */
  getMetrics (): Promise<string> {
    return this.host.stats.scrape()
  }

  getAlerts (): object {
    const alerts = this.host.alerts()
    return alerts === undefined ? {} : { alerts }
  }

  /** `{}` while alerts are disabled, as in ilp-connector; otherwise nothing, also for an id that does not exist. */
  deleteAlert (id: string): object | undefined {
    if (this.host.alerts() === undefined) return {}
    if (!/^\d+$/.test(id)) throw new SluiceError('SLUICE_ALERT_ID_INVALID', 'invalid alert id')
    this.host.dismissAlert(Number(id))
    return undefined
  }

  getRoutes (): { routes: readonly ConfiguredRoute[] } {
    return { routes: this.host.configuredRoutes() }
  }

  async postRoute (body: unknown): Promise<void> {
    const route = parse(newRoute, body, 'invalid route')
    if (this.host.account(route.peerId) === undefined) throw unknownAccount(route.peerId)
    await this.host.addRoute(route)
  }

  async deleteRoute (body: unknown): Promise<void> {
    const { targetPrefix, peerId } = parse(oldRoute, body, 'invalid route')
    if (await this.host.removeRoute(targetPrefix, peerId)) return
    throw new SluiceError('SLUICE_ROUTE_UNKNOWN', `route not found. targetPrefix=${targetPrefix} peerId=${peerId}`)
  }

  private account (accountId: string): AdminAccount {
    if (!ACCOUNT_ID.test(accountId)) throw new SluiceError('SLUICE_ACCOUNT_ID_INVALID', 'invalid account.')
    const account = this.host.account(accountId)
    if (account === undefined) throw unknownAccount(accountId)
    return account
  }

  private * accounts (): Generator<[string, AdminAccount]> {
    for (const id of this.host.accountIds()) {
      const account = this.host.account(id)
      if (account !== undefined) yield [id, account]
    }
  }
}

function balanceStatus (book: AccountBalance): BalanceStatus {
  const { balance, limits, incomingHolds, outgoingHolds, settling, prepaid, lateFulfills, reversals, removed } = book
  return {
    balance: balance.toString(),
    minimum: limits.minimum?.toString() ?? '-Infinity',
    maximum: limits.maximum?.toString() ?? 'Infinity',
    incomingHolds: incomingHolds.toString(),
    outgoingHolds: outgoingHolds.toString(),
    settling: settling.toString(),
    prepaid: prepaid.toString(),
    lateFulfills: movementStatus(lateFulfills),
    reversals: movementStatus(reversals),
    removed
  }
}

function movementStatus ({ count, amount }: Movement): MovementStatus {
  return { count, amount: amount.toString() }
}

function dayStatus ({ date, opening, movements: { incoming, outgoing, settled, received, adjusted, reversed } }: Day): DayStatus {
  return {
    date,
    opening: opening.toString(),
    movements: {
      incoming: movementStatus(incoming),
      outgoing: movementStatus(outgoing),
      settled: movementStatus(settled),
      received: movementStatus(received),
      adjusted: movementStatus(adjusted),
      reversed: movementStatus(reversed)
    }
  }
}

function settlementStatus ({ id, accountId, amount, createdAt, state }: Settlement): SettlementStatus {
  return { id, accountId, amount: amount.toString(), createdAt: new Date(createdAt), state }
}

function unknownAccount (accountId: string): SluiceError {
  return new SluiceError('SLUICE_ACCOUNT_UNKNOWN', `unknown account id. accountId=${accountId}`)
}

/** A plugin given as an instance is named after its class: its fields may hold secrets. */
function pluginName (plugin: string | PluginInstance): string {
  return typeof plugin === 'string' ? plugin : plugin.constructor.name
}

/** Throws 400 naming the first fault and where it is. Values found are not repeated, they may be secret. */
function parse<T> (schema: z.ZodType<T>, body: unknown, what: string): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const dataPath = (issue?.path ?? []).map(key => `.${String(key)}`).join('')
  throw new SluiceError('SLUICE_BODY_INVALID', `${what}: error=${issue?.message ?? 'unknown validation error'} dataPath=${dataPath}`)
}

/** Any key becomes an own property, `__proto__` too. */
function mapValues<In, Out> (entries: Iterable<readonly [string, In]>, map: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Array.from(entries, ([key, value]) => [key, map(value)]))
}
