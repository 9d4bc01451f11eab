/**
 * Tells others of each packet that comes in: when it has come, how it was answered, and, of some, each step between. Nobody pays for it
 * where there are no observers: no trace is made then.
 */
import type { PacketTrace } from '../contracts/packet-trace.js'
import { viewJustRead, type PrepareView } from '../packet/prepare.js'
import type { PacketStep } from '../contracts/explorer-events.js'

/** Called on the packet path, so it must be quick, and it must not throw. */
export interface PacketObserver {
  arrived? (packet: Trace): void
  /** `reply` is undefined where there is no answer at all. */
  answered (packet: Trace, reply: Buffer | undefined): void
  /** A packet of the account was refused before any work was spent on it. */
  refusedEarly? (accountId: string, code: string): void
}

export class PacketObservers {
  #observers: readonly PacketObserver[] = []

  add (observer: PacketObserver): void {
    this.#observers = [...this.#observers, observer]
  }

  delete (observer: PacketObserver): void {
    this.#observers = this.#observers.filter(other => other !== observer)
  }

  /** What is to go with a packet. Undefined: nobody wants to know. */
  arrived (accountId: string, data: Buffer): Trace | undefined {
    if (this.#observers.length === 0) return undefined
    const trace = new Trace(accountId, data)
    for (const observer of this.#observers) observer.arrived?.(trace)
    return trace
  }

  answered (trace: Trace, reply: Buffer | undefined): void {
    for (const observer of this.#observers) observer.answered(trace, reply)
  }

  refusedEarly (accountId: string, code: string): void {
    for (const observer of this.#observers) observer.refusedEarly?.(accountId, code)
  }
}

/** Of one packet. What is known of every packet costs next to nothing; only one that is followed has its steps written down. */
export class Trace implements PacketTrace {
  /** By the monotonic clock, in ms. */
  readonly startedAt = performance.now()
  nextHop: string | undefined
  /** What it left with, in base units of the next hop. */
  outgoing = 0n
  isPaid = false
  /** Undefined if no step has read the packet at once. */
  view: PrepareView | undefined
  /** In order; undefined unless the packet is followed. */
  steps: PacketStep[] | undefined
  private isGone = false
  private step = ''
  private stepAccountId = ''
  private refusal: Refusal | undefined
  private onForward: ((packet: Trace) => void) | undefined

  constructor (readonly accountId: string, readonly data: Buffer) {}

  get isDetailed (): boolean {
    return this.steps !== undefined
  }

  /** From now on each step is written down, and `onForward` is called when the packet leaves for its next hop. */
  follow (onForward: (packet: Trace) => void): void {
    this.steps = []
    this.onForward = onForward
  }

  /** Keeps the view on the packet, if a step has just read it. */
  noteView (): void {
    this.view = viewJustRead(this.data)
  }

  reached (step: string, accountId: string): void {
    this.step = step
    this.stepAccountId = accountId
    this.steps?.push({ step, accountId, at: this.age() })
  }

  note (text: string): void {
    const step = this.steps?.at(-1)
    if (step !== undefined) step.note = text
  }

  refused (step: string | undefined, accountId: string): void {
    this.refusal ??= { by: step === undefined ? { step: this.step, accountId: this.stepAccountId } : { step, accountId } }
  }

  refusedElsewhere (): void {
    this.refusal ??= {}
  }

  /** Of a packet that was rejected. Of one that was not followed it is not always known. */
  get refusedBy (): Refusal['by'] {
    if (this.refusal !== undefined || this.step === '') return this.refusal?.by
    return this.isGone ? undefined : { step: this.step, accountId: this.stepAccountId }
  }

  routed (nextHop: string): void {
    this.nextHop = nextHop
  }

  forwarded (amount: bigint): void {
    this.outgoing = amount
    this.isGone = true
    this.onForward?.(this)
  }

  returned (isFulfilled: boolean): void {
    this.isPaid = isFulfilled
    if (this.isGone && this.nextHop !== undefined) this.steps?.push({ step: 'answer', accountId: this.nextHop, at: this.age() })
  }

  /** ms since it has come, to the microsecond. */
  age (): number {
    return Math.round((performance.now() - this.startedAt) * 1000) / 1000
  }
}

/** The last step: what is rejected there, another node may have rejected. */
export const SEND = 'send'

interface Refusal {
  by?: { step: string, accountId: string }
}
