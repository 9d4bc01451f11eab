/**
 * Where the explorer's events come from. Every connector has a feed, and as long as nobody starts it, it costs nothing: it takes no
 * packets, keeps nothing, and what it is told is lost.
 */
import type { Injector } from 'reduct'
import { Accounts } from '../accounts/accounts.js'
import { Notices } from '../accounts/notices.js'
import { Config } from '../config/connector/config.js'
import type { Audience, EventFeed, EventType, ExplorerEvent, InAsset, Notice, Traffic } from '../contracts/explorer-events.js'
import type { Logger } from '../contracts/logger.js'
import { describeError } from '../lib/describe-error.js'
import { LogThrottle } from '../lib/log-throttle.js'
import { LedgerService } from '../ledger/service.js'
import { RoutingService } from '../routing/service.js'
import { PacketObservers } from '../pipeline/packet-observers.js'
import { BalanceNotices } from './balances.js'
import { ChannelNotices } from './channel-notices.js'
import { Counts } from './counts.js'
import { PacketEvents } from './packets.js'

const SECOND_MS = 1000
const LOG_INTERVAL_MS = 60_000
/** Of each type, in a second. What is more is counted. */
export const NOTICES_PER_SECOND = 100
/** Of an account that has gone before its last packets were answered. */
const NO_ASSET: InAsset = { assetCode: '', assetScale: 0 }

type Listener = (event: ExplorerEvent) => void

/** Of accounts, settlements, channels and claims: their `timestamp` is an ISO string. */
type MoneyEventType = Extract<ExplorerEvent, { timestamp: string }>['type']

export const MONEY_EVENTS: Readonly<Record<MoneyEventType, true>> = {
  ACCOUNT_BALANCE: true,
  SETTLEMENT_TRIGGERED: true,
  SETTLEMENT_COMPLETED: true,
  PAYMENT_CHANNEL_OPENED: true,
  PAYMENT_CHANNEL_BALANCE_UPDATE: true,
  PAYMENT_CHANNEL_SETTLED: true,
  CLAIM_SENT: true,
  CLAIM_RECEIVED: true,
  CLAIM_REDEEMED: true
}

export class Feed implements EventFeed {
  readonly #accounts: Accounts
  readonly #log: Logger
  readonly #complaints = new LogThrottle(LOG_INTERVAL_MS)
  readonly #listeners = new Map<Listener, Audience>()
  readonly #counts: Counts
  readonly #observers: PacketObservers
  readonly #routes: RoutingService
  readonly #heard: Notices
  readonly #balances: BalanceNotices
  readonly #channels: ChannelNotices
  #packets: PacketEvents | undefined
  /** How many notices of each type there were in this second. */
  readonly #notices = new Map<EventType, number>()
  #audience: Audience | undefined
  #nodeId = ''
  #ticks: NodeJS.Timeout | undefined

  constructor (deps: Injector) {
    this.#accounts = deps(Accounts)
    this.#observers = deps(PacketObservers)
    this.#routes = deps(RoutingService)
    this.#heard = deps(Notices)
    const ledger = deps(LedgerService)
    this.#balances = new BalanceNotices(this.#accounts, () => ledger.ledger)
    this.#channels = new ChannelNotices(this.#accounts, notice => { this.emit(notice) })
    this.#log = deps(Config).createLogger('explorer')
    this.#counts = new Counts(accountId => this.#assetOf(accountId))
  }

  /**
   * From now on things are told of.
   * @param nodeId names this node in all events
   * @param payloads whether the data of packets goes into events
   */
  start ({ nodeId, payloads = false }: { nodeId: string, payloads?: boolean }): void {
    if (this.isOn) return
    this.#nodeId = nodeId
    this.#packets = new PacketEvents({
      counts: this.#counts,
      nodeId,
      payloads,
      assetOf: accountId => this.#assetOf(accountId),
      audience: () => this.#audience,
      tell: event => { this.#tell(event) },
      failed: error => { this.#complain('packet', error) }
    })
    this.#observers.add(this.#packets)
    this.#heard.tell = notice => { this.#hear(notice) }
    this.#routes.onRouteChange = (prefix, nextHop) => { this.#routeChanged(prefix, nextHop) }
    this.#accounts.on('add', this.#accountAdded).on('remove', this.#accountRemoved)
    this.#ticks = setInterval(() => { this.#endSecond() }, SECOND_MS).unref()
  }

  /** Tells what is left to tell. From then on the feed is as it was before its start. */
  stop (): void {
    if (!this.isOn) return
    this.#endSecond()
    const minute = this.#counts.endMinute(this.#nodeId, Date.now())
    if (minute !== undefined) this.#tell(minute, 'history')
    if (this.#packets !== undefined) this.#observers.delete(this.#packets)
    this.#heard.tell = undefined
    this.#routes.onRouteChange = undefined
    this.#accounts.off('add', this.#accountAdded).off('remove', this.#accountRemoved)
    clearInterval(this.#ticks)
    this.#ticks = undefined
  }

  get isOn (): boolean {
    return this.#ticks !== undefined
  }

  /** See EventFeed. */
  subscribe (listener: Listener, audience: Audience): () => void {
    this.#listeners.set(listener, audience)
    this.#judgeAudience()
    return () => {
      this.#listeners.delete(listener)
      this.#judgeAudience()
    }
  }

  #judgeAudience (): void {
    const audiences = new Set(this.#listeners.values())
    this.#audience = audiences.has('live') ? 'live' : audiences.has('history') ? 'history' : undefined
  }

  /** See EventFeed. */
  recent (): Traffic[] {
    return this.#counts.recent(Date.now())
  }

  /** See EventFeed. */
  earned (): Traffic['earned'] {
    return this.#counts.earned()
  }

  /** Tells of something that has happened just now. Never throws. Of one type, only NOTICES_PER_SECOND are told, and the rest counted. */
  emit (notice: Notice): void {
    if (this.isOn && this.#hasRoomFor(notice.type)) this.#tell(this.#eventOf(notice))
  }

  #hasRoomFor (type: EventType): boolean {
    const count = (this.#notices.get(type) ?? 0) + 1
    this.#notices.set(type, count)
    return count <= NOTICES_PER_SECOND
  }

  /** Money has moved outside ILP. */
  #hear (notice: Notice): void {
    if ('peerId' in notice) this.#balances.touch(notice.peerId)
    this.emit(notice)
  }

  /** Why is found out only for those that are told of: there may be a flood of them. */
  #routeChanged (prefix: string, nextHop: string | undefined): void {
    const type = nextHop === undefined ? 'ROUTE_REMOVED' : 'ROUTE_ADDED'
    if (!this.#hasRoomFor(type)) return
    this.#tell(this.#eventOf(nextHop === undefined
      ? { type: 'ROUTE_REMOVED', prefix }
      : { type: 'ROUTE_ADDED', prefix, nextHop, reason: this.#routes.reasonFor(prefix) }))
  }

  readonly #accountAdded = (accountId: string): void => {
    this.emit({ type: 'PEER_ADDED', peerId: accountId })
  }

  readonly #accountRemoved = (accountId: string): void => {
    this.#balances.forget(accountId)
    this.#channels.forget(accountId)
    this.emit({ type: 'PEER_REMOVED', peerId: accountId })
  }

  #eventOf (notice: Notice): ExplorerEvent {
    const now = Date.now()
    return { ...notice, nodeId: this.#nodeId, timestamp: notice.type in MONEY_EVENTS ? new Date(now).toISOString() : now } as ExplorerEvent
  }

  #endSecond (): void {
    const { second, minute } = this.#counts.endSecond(this.#nodeId, Date.now())
    if (second !== undefined) this.#tell(second, 'live')
    if (minute !== undefined) this.#tell(minute, 'history')
    this.#packets?.endSecond()
    for (const { peerId } of second?.accounts ?? []) this.#balances.touch(peerId)
    if (this.#listeners.size > 0) this.#look()
    for (const [type, count] of this.#notices) {
      if (count > NOTICES_PER_SECOND) this.#tell(this.#eventOf({ type: 'NOTICES_LEFT_OUT', of: type, count: count - NOTICES_PER_SECOND }))
    }
    this.#notices.clear()
  }

  #look (): void {
    try {
      for (const notice of this.#balances.take()) this.emit(notice)
      void this.#channels.look()
    } catch (error) {
      this.#complain('balances', error)
    }
  }

  /** A listener that throws is nobody else's trouble. */
  #tell (event: ExplorerEvent, to?: Audience): void {
    for (const [listener, audience] of this.#listeners) {
      if (to !== undefined && to !== audience) continue
      try {
        listener(event)
      } catch (error) {
        this.#complain(event.type, error)
      }
    }
  }

  #complain (about: string, error: unknown): void {
    const count = this.#complaints.due()
    if (count !== undefined) this.#log.error('the explorer, or a listener of it, has failed. about=%s count=%s error=%s', about, count, describeError(error))
  }

  #assetOf (accountId: string): InAsset {
    if (!this.#accounts.exists(accountId)) return NO_ASSET
    const { assetCode, assetScale } = this.#accounts.getInfo(accountId)
    return { assetCode, assetScale }
  }
}
