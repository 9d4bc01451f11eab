/** A sender and a receiver with a wire between them on which a test can lay its hands. No I/O, no clock: time is a number. */
import type { CcpRouteControlRequest, CcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { CcpReceiver } from '../../../src/routing/ccp/ccp-receiver.js'
import type { ReceiverEvent } from '../../../src/routing/ccp/ccp-receiver.js'
import { CcpSender } from '../../../src/routing/ccp/ccp-sender.js'
import type { SenderEvent } from '../../../src/routing/ccp/ccp-sender.js'
import { ForwardingTable } from '../../../src/routing/table/forwarding-table.js'
import type { Route } from '../../../src/routing/table/route.js'

export const INTERVAL_MS = 30_000
export const EXPIRY_MS = 45_000
const TICK_MS = 1000

const route = (...path: string[]): Route => ({ nextHop: 'elsewhere', path, auth: Buffer.alloc(32) })

export class CcpPair {
  nowMs = 1_000_000
  readonly table = new ForwardingTable('11111111-1111-1111-1111-111111111111')
  readonly sender: CcpSender
  receiver = new CcpReceiver(() => EXPIRY_MS)
  /** What the receiving side has: path by prefix. */
  readonly routes = new Map<string, string>()
  /** Messages and answers under way. Calling one delivers it. */
  wire: Array<() => void> = []
  readonly updates: Array<{ atMs: number, update: CcpRouteUpdateRequest }> = []
  readonly controls: Array<{ atMs: number, control: CcpRouteControlRequest }> = []
  #wakeAtMs = Infinity
  #nextTickMs = this.nowMs + TICK_MS
  #tables = 1

  constructor (mayExport: (prefix: string, route: Route) => boolean = () => true) {
    this.sender = new CcpSender({
      table: this.table,
      newTableId: () => `${++this.#tables}2222222-2222-2222-2222-222222222222`,
      ownAddress: () => 'test.speaker',
      mayExport,
      timing: () => ({ broadcastIntervalMs: INTERVAL_MS, expiryMs: EXPIRY_MS })
    })
  }

  announce (prefix: string, ...path: string[]): void {
    if (this.table.set(prefix, path.length === 0 ? undefined : route(...path)) !== undefined) this.toSender({ type: 'changed' })
    this.#forget()
  }

  toSender (event: SenderEvent): void {
    const { send, wakeAtMs } = this.sender.handle(event, this.nowMs)
    this.#wakeAtMs = wakeAtMs ?? Infinity
    if (send === undefined) return
    this.updates.push({ atMs: this.nowMs, update: send })
    this.wire.push(() => {
      const outcome = this.toReceiver({ type: 'update', request: send })
      const isConfirmed = outcome === 'applied' || outcome === 'stale'
      this.wire.push(() => {
        this.toSender({ type: isConfirmed ? 'fulfilled' : 'failed', update: send })
        this.#forget()
      })
    })
  }

  toReceiver (event: ReceiverEvent): string | undefined {
    const { send, flush = false, withdrawn = [], announced = [], outcome } = this.receiver.handle(event, this.nowMs)
    if (flush) this.routes.clear()
    for (const prefix of withdrawn) this.routes.delete(prefix)
    for (const { prefix, path } of announced) this.routes.set(prefix, path.join(' '))
    if (send !== undefined) {
      this.controls.push({ atMs: this.nowMs, control: send })
      this.wire.push(() => {
        this.toSender({ type: 'control', request: send })
        this.wire.push(() => this.toReceiver({ type: 'fulfilled', control: send }))
      })
    }
    return outcome
  }

  /** The receiving side forgets everything, unnoticed by the other. */
  restartReceiver (): void {
    this.receiver = new CcpReceiver(() => EXPIRY_MS)
    this.routes.clear()
    this.toReceiver({ type: 'ask' })
  }

  /** Delivers all there is, and what that leads to, at this moment. */
  deliverAll (): void {
    for (let deliver = this.wire.shift(); deliver !== undefined; deliver = this.wire.shift()) deliver()
  }

  /** Lets time pass, stopping at every timer. */
  advance (durationMs: number, each: () => void = () => {}): void {
    const endMs = this.nowMs + durationMs
    for (;;) {
      const nextMs = Math.min(this.#wakeAtMs, this.#nextTickMs)
      if (nextMs > endMs) break
      this.nowMs = Math.max(this.nowMs, nextMs)
      if (nextMs === this.#wakeAtMs) {
        this.#wakeAtMs = Infinity
        this.toSender({ type: 'timer' })
      } else {
        this.#nextTickMs += TICK_MS
        this.toReceiver({ type: 'tick' })
      }
      each()
    }
    this.nowMs = endMs
  }

  /** The same with a perfect wire. */
  advanceAndDeliver (durationMs: number): void {
    this.deliverAll()
    this.advance(durationMs, () => this.deliverAll())
  }

  /** What the receiving side should have. */
  expected (): Map<string, string> {
    return new Map(this.table.entries().flatMap(({ prefix, route }) => route === undefined ? [] : [[prefix, route.path.join(' ')]]))
  }

  #forget (): void {
    const { told, confirmed } = this.sender.progress()
    this.table.forget(told === 0 ? Infinity : confirmed)
  }
}
