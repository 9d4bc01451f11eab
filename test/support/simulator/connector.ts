/**
 * A connector in the simulator: the product's Router and its memory of arrivals, over links instead of plugins. It can crash and come
 * back without memory.
 */
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import { LoopDetector } from '../../../src/forwarding/loop-detector.js'
import { prepareOf } from '../../../src/packet/prepare.js'
import { Router } from '../../../src/routing/router.js'
import type { RouteOptions } from '../../../src/routing/table/policy.js'
import type { Relation } from '../../../src/contracts/account.js'
import type { Link } from './link.js'
import type { Timeline } from './timeline.js'

export const BROADCAST_INTERVAL_MS = 30_000
const ROUTE_EXPIRY_MS = 45_000

interface Account {
  relation: Relation
  options: RouteOptions
  link?: Link
}

/** A child account with nobody behind it that speaks CCP: where packets for the connector's customers leave the network. */
export const CUSTOMERS = 'customers'

export class SimulatedConnector {
  readonly accounts = new Map<string, Account>([[CUSTOMERS, { relation: 'child', options: { sendRoutes: false, receiveRoutes: false } }]])
  /** Prefixes of customers, which may move from one connector to another. */
  readonly customers = new Set<string>()
  isUp = true
  router: Router
  /** A new one for each life. */
  arrivals = new LoopDetector()
  /** Raised by whatever may have changed the connector's mind. */
  touched = 0

  constructor (readonly address: string, private readonly timeline: Timeline) {
    this.router = this.#newRouter()
  }

  /** All its connections have to be cut before. */
  crash (): void {
    this.isUp = false
    this.router.stop()
  }

  restart (): void {
    this.isUp = true
    this.router = this.#newRouter()
    this.arrivals = new LoopDetector()
    this.start()
  }

  start (): void {
    for (const prefix of this.customers) this.router.addRoute({ targetPrefix: prefix, peerId: CUSTOMERS })
    this.router.start()
  }

  receive (accountId: string, packet: Buffer): Buffer {
    this.touched++
    return this.router.handle(accountId, prepareOf(packet))
  }

  /** Something happened to the connector from outside. */
  notice (happening: (router: Router) => void): void {
    this.touched++
    if (this.isUp) happening(this.router)
  }

  gain (prefix: string): void {
    this.customers.add(prefix)
    this.notice(router => router.addRoute({ targetPrefix: prefix, peerId: CUSTOMERS }))
  }

  lose (prefix: string): void {
    this.customers.delete(prefix)
    this.notice(router => router.removeRoute({ targetPrefix: prefix }))
  }

  #newRouter (): Router {
    this.touched++
    return new Router({
      ownAddress: () => this.address,
      accountIds: () => this.accounts.keys(),
      relation: accountId => this.#account(accountId).relation,
      isConnected: accountId => accountId === CUSTOMERS || this.#account(accountId).link?.endAt(this).isConnected === true,
      childAddress: accountId => `${this.address}.${accountId}`,
      routeOptions: accountId => this.#account(accountId).options,
      sendData: async (accountId, packet) => {
        const { link } = this.#account(accountId)
        if (link === undefined) throw new Error('nobody there')
        const answer = await link.sendData(this, packet)
        this.touched++
        return answer
      },
      log: SILENT_LOG,
      clock: {
        now: () => this.timeline.now(),
        setTimer: (callback, delayMs) => this.timeline.setTimer(() => {
          this.touched++
          callback()
        }, delayMs)
      }
    }, () => ({
      globalPrefix: 'test',
      routingSecret: Buffer.from(this.address),
      defaultRoute: '',
      routes: [],
      routeBroadcastEnabled: true,
      routeBroadcastInterval: BROADCAST_INTERVAL_MS,
      routeExpiry: ROUTE_EXPIRY_MS,
      routeCleanupInterval: 3000
    }))
  }

  #account (accountId: string): Account {
    const account = this.accounts.get(accountId)
    if (account === undefined) throw new Error(`unknown account. accountId=${accountId}`)
    return account
  }
}
