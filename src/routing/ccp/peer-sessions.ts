/**
 * The accounts that exchange routes with us (CCP): opens and closes their sessions, accepts what they announce, and announces changes to
 * all of them.
 */
import { randomUUID } from 'node:crypto'
import type { CcpRouteControlRequest } from 'ilp-protocol-ccp'
import { BadRequestError } from '../../packet/errors.js'
import { readMessage, writeResponse } from './ccp-messages.js'
import type { CcpMessage, CcpPrepare } from './ccp-messages.js'
import { CcpReceiver } from './ccp-receiver.js'
import type { ReceiverEffects } from './ccp-receiver.js'
import { CcpSender } from './ccp-sender.js'
import type { Progress } from '../table/loop-guard.js'
import { newCounters, PeerSession } from './peer-session.js'
import type { SessionCounters, SessionHost } from './peer-session.js'
import { mayExport, receivesRoutesFrom, refusalOf, sendsRoutesTo } from '../table/policy.js'
import type { Network } from '../table/policy.js'
import { sameRoute } from '../table/route.js'
import type { Candidate } from '../table/route.js'
import type { RoutingTables } from '../table/tables.js'

export type PeerSessionsHost = Omit<SessionHost, 'learn' | 'confirmed'>

export interface PeerSessionsOptions {
  /** All ms, read when needed. */
  routeBroadcastInterval: number
  routeExpiry: number
}

export class PeerSessions {
  readonly #sessions = new Map<string, PeerSession>()
  /** Of accounts that have had a session; kept over reconnects, dropped with the account. */
  readonly #counters = new Map<string, SessionCounters>()
  /**
   * What accounts asked before our own plugin said that they are connected: the first message on a new connection can be faster than
   * that, and a reference connector whose request is refused does not repeat it for 30 s. One per account.
   */
  readonly #early = new Map<string, CcpRouteControlRequest>()
  readonly #sessionHost: SessionHost
  /** When the first change happened that some peer has not confirmed. */
  #unconfirmedSinceMs: number | undefined
  /** What cancels the look at what all peers have confirmed, while one is due. */
  #cancelLook: (() => void) | undefined
  #convergenceMs: number | undefined

  constructor (
    private readonly tables: RoutingTables,
    private readonly network: Network,
    private readonly host: PeerSessionsHost,
    private readonly options: () => PeerSessionsOptions
  ) {
    this.#sessionHost = {
      isConnected: accountId => host.isConnected(accountId),
      sendData: (accountId, packet) => host.sendData(accountId, packet),
      now: () => host.now(),
      setTimer: (callback, delayMs) => host.setTimer(callback, delayMs),
      log: host.log,
      learn: (session, effects) => this.#learn(session, effects),
      confirmed: () => this.#lookSoon()
    }
  }

  sessions (): Iterable<PeerSession> {
    return this.#sessions.values()
  }

  counters (): ReadonlyMap<string, SessionCounters> {
    return this.#counters
  }

  /** ms from the last change until every peer had confirmed it. */
  get convergenceMs (): number | undefined {
    return this.#convergenceMs
  }

  /** How far the account has followed us; undefined where it is told nothing. */
  progressOf (accountId: string): Progress | undefined {
    return this.#sessions.get(accountId)?.sender?.progress()
  }

  /** The account has connected, perhaps again: asks it for its routes at once. */
  connected (accountId: string): void {
    const existing = this.#sessions.get(accountId)
    if (existing !== undefined) existing.ask()
    else if (this.host.isConnected(accountId)) this.#open(accountId)
  }

  /** The account has disconnected: what it told us is forgotten, and the others are told so. */
  disconnected (accountId: string): void {
    this.#early.delete(accountId)
    const session = this.#sessions.get(accountId)
    if (session === undefined) return
    session.close()
    this.#sessions.delete(accountId)
    this.update(this.tables.candidates.unlearnAll(accountId))
    this.#lookSoon()
  }

  /** The account does not exist any more. */
  removed (accountId: string): void {
    this.disconnected(accountId)
    this.#counters.delete(accountId)
  }

  closeAll (): void {
    for (const session of this.#sessions.values()) session.close()
    this.#sessions.clear()
    this.#cancelLook?.()
    this.#cancelLook = undefined
  }

  /** Relations or filters may have changed: whom that concerns starts over, without having to ask for our routes again. */
  reconfigure (): void {
    for (const session of [...this.#sessions.values()]) {
      if (session.settings === this.#settingsOf(session.accountId)) continue
      this.disconnected(session.accountId)
      this.#open(session.accountId, session.sender)
    }
  }

  /** Our address has changed: what may be learnt depends on it, and every path that we announce starts with it. */
  readdress (): void {
    for (const { accountId } of this.#sessions.values()) {
      const learnt = [...this.tables.candidates.learntFrom(accountId).values()]
      const refused = learnt.filter(route => refusalOf(route, accountId, 0, this.network) !== undefined)
      for (const { prefix } of refused) this.tables.candidates.unlearn(accountId, prefix)
      this.update(refused.map(({ prefix }) => prefix))
    }
    if (this.tables.readvertiseAll() > 0) this.#tableChanged()
    for (const session of this.#sessions.values()) session.ask('askAll')
  }

  /** Chooses routes anew for these prefixes and tells everybody what that changes. */
  update (prefixes: Iterable<string>): void {
    if (this.tables.update(prefixes) > 0) this.#tableChanged()
  }

  /** To be called every second or so: notices silent peers. */
  tick (): void {
    for (const session of [...this.#sessions.values()]) session.tick()
  }

  /** See Router.handle. `isExpected`: whether the account exchanges routes with us as soon as it is connected. */
  handle (accountId: string, prepare: CcpPrepare, isExpected: boolean): Buffer {
    const message = this.#readMessage(accountId, prepare)
    const session = this.#sessions.get(accountId)
    if (session === undefined) {
      if (!isExpected || message.type !== 'control' || !sendsRoutesTo(accountId, this.network)) {
        throw new BadRequestError(`cannot process route ${message.type} messages from non-peers.`)
      }
      this.#early.set(accountId, message.request)
      return writeResponse()
    }
    if (message.type === 'control') {
      if (session.sender === undefined) throw new BadRequestError('rejecting route control message, we are configured not to send routes to you.')
      session.control(message.request)
      return writeResponse()
    }
    if (session.receiver === undefined) throw new BadRequestError('rejecting route update, we are configured not to receive routes from you.')
    session.counters.updatesReceived++
    const outcome = session.update(message.request)
    if (outcome === 'applied' || outcome === 'stale') return writeResponse()
    session.counters.updatesRefused++
    const { fromEpochIndex, toEpochIndex } = message.request
    throw new BadRequestError(`route update is out of sequence. reason=${outcome ?? 'closed'} fromEpoch=${fromEpochIndex} toEpoch=${toEpochIndex}`)
  }

  #readMessage (accountId: string, prepare: CcpPrepare): CcpMessage {
    try {
      return readMessage(prepare, this.host.now())
    } catch (error) {
      const counters = this.#counters.get(accountId)
      if (counters !== undefined) counters.updatesRefused++
      throw error
    }
  }

  #open (accountId: string, previous?: CcpSender): void {
    const { network, tables, options, host } = this
    const sends = sendsRoutesTo(accountId, network)
    const receives = receivesRoutesFrom(accountId, network)
    if (!sends && !receives) {
      host.log.debug('not sending/receiving routes for peer, set sendRoutes/receiveRoutes to override. accountId=%s', accountId)
      return
    }
    const sender = !sends ? undefined : new CcpSender({
      table: tables.forwarding,
      newTableId: randomUUID,
      ownAddress: () => network.ownAddress(),
      mayExport: (prefix, route) => mayExport(prefix, route, accountId, network),
      timing: () => ({ broadcastIntervalMs: options().routeBroadcastInterval, expiryMs: options().routeExpiry })
    })
    const receiver = !receives ? undefined : new CcpReceiver(() => options().routeExpiry)
    const counters = this.#counters.get(accountId) ?? newCounters()
    this.#counters.set(accountId, counters)
    const session = new PeerSession(accountId, sender, receiver, counters, this.#settingsOf(accountId), this.#sessionHost)
    this.#sessions.set(accountId, session)
    if (sender !== undefined && previous !== undefined) {
      sender.succeed(previous)
      session.tableChanged()
    }
    session.ask()
    const early = this.#early.get(accountId)
    this.#early.delete(accountId)
    if (early !== undefined && sender !== undefined) session.control(early)
  }

  /** Everything about an account that a session is built on, as one comparable text. */
  #settingsOf (accountId: string): string {
    const { importPrefixes, exportPrefixes, maximumPrefixes, maximumPathLength, transit } = this.network.routeOptions(accountId)
    return JSON.stringify([
      this.network.relation(accountId), sendsRoutesTo(accountId, this.network), receivesRoutesFrom(accountId, this.network),
      importPrefixes, exportPrefixes, maximumPrefixes, maximumPathLength, transit
    ])
  }

  #learn (session: PeerSession, { flush = false, withdrawn = [], announced = [] }: ReceiverEffects): void {
    const { candidates } = this.tables
    const { accountId } = session
    const concerned = new Set(flush ? candidates.unlearnAll(accountId) : [])
    for (const prefix of withdrawn) if (candidates.unlearn(accountId, prefix)) concerned.add(prefix)
    for (const { prefix, path, auth } of announced) {
      const known = candidates.learntFrom(accountId)
      const current = known.get(prefix)
      const refusal = refusalOf({ prefix, path }, accountId, known.size - (current === undefined ? 0 : 1), this.network)
      if (refusal !== undefined) {
        // What the peer announced before is not so any more.
        if (candidates.unlearn(accountId, prefix)) concerned.add(prefix)
        this.#refuse(session, prefix, refusal)
        continue
      }
      const route: Candidate = { prefix, nextHop: accountId, path, auth: Buffer.from(auth), source: 'learnt', priority: 0, order: 0 }
      if (sameRoute(current, route)) continue
      candidates.learn(accountId, route)
      concerned.add(prefix)
    }
    this.update(concerned)
  }

  #refuse (session: PeerSession, prefix: string, refusal: string): void {
    session.counters.routesRefused++
    if (refusal === 'too many prefixes' && !session.isOverLimit) {
      session.isOverLimit = true
      this.host.log.warn('peer announces more prefixes than it may, ignoring the rest. peer=%s prefix=%s', session.accountId, prefix)
    } else if (this.host.log.debugEnabled) {
      this.host.log.debug('route refused. peer=%s prefix=%s reason=%s', session.accountId, prefix, refusal)
    }
  }

  #tableChanged (): void {
    for (const session of this.#sessions.values()) session.tableChanged()
    this.#unconfirmedSinceMs ??= this.host.now()
    this.#lookSoon()
  }

  /** Once for all that happens at a time: thousands of peers may confirm the same news, or lose their connections together. */
  #lookSoon (): void {
    this.#cancelLook ??= this.host.setTimer(() => {
      this.#cancelLook = undefined
      this.#forgetConfirmed()
    }, 0)
  }

  /** Forgets what all peers have confirmed. A peer that was told nothing has nothing to confirm. */
  #forgetConfirmed (): void {
    const senders = [...this.#sessions.values()].flatMap(({ sender }) => sender ?? [])
    const confirmed = Math.min(...senders.map(sender => sender.progress()).filter(({ told }) => told > 0).map(({ confirmed }) => confirmed))
    this.tables.forwarding.forget(confirmed)
    this.tables.guard.forget(confirmed)
    if (this.#unconfirmedSinceMs === undefined || !senders.every(sender => sender.isUpToDate)) return
    this.#convergenceMs = this.host.now() - this.#unconfirmedSinceMs
    this.#unconfirmedSinceMs = undefined
  }
}
