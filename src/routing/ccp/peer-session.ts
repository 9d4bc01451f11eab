/**
 * One account that exchanges routes with us, from when it connects until it disconnects: carries out what the state machines of the sender
 * and the receiver ask for, and reports the results to them. All I/O and timers of CCP are here.
 */
import type { CcpRouteControlRequest, CcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { describeError } from '../../lib/describe-error.js'
import { isFulfill, isReject } from '../../packet/reply.js'
import type { Logger } from '../../contracts/logger.js'
import { writeControl, writeUpdate } from './ccp-messages.js'
import type { CcpReceiver, ReceiverEffects, ReceiverEvent, UpdateOutcome } from './ccp-receiver.js'
import type { CcpSender, SenderEvent } from './ccp-sender.js'

/** What a session needs from outside. */
export interface SessionHost {
  isConnected (accountId: string): boolean
  /** Sends a raw packet straight to the account's plugin. */
  sendData (accountId: string, packet: Buffer): Promise<Buffer>
  now (): number
  /** Returns what cancels the timer. */
  setTimer (callback: () => void, delayMs: number): () => void
  log: Logger
  /** The peer told us something that changes routes. */
  learn (session: PeerSession, effects: ReceiverEffects): void
  /** The peer confirmed an update. */
  confirmed (): void
}

/** What came of a message. failed: nobody knows whether the peer processed it. */
type Result = 'fulfilled' | 'rejected' | 'failed'

/** Plain counts since the session's account was first seen. */
export interface SessionCounters {
  updatesSent: number
  updatesFailed: number
  updatesReceived: number
  /** Updates that were answered with an error. */
  updatesRefused: number
  /** Routes in accepted updates that the policy did not take. */
  routesRefused: number
}

export const newCounters = (): SessionCounters =>
  ({ updatesSent: 0, updatesFailed: 0, updatesReceived: 0, updatesRefused: 0, routesRefused: 0 })

export class PeerSession {
  #isOpen = true
  #cancelTimer: (() => void) | undefined
  /** Whether it was logged that this peer announces more prefixes than it may. */
  isOverLimit = false

  constructor (
    readonly accountId: string,
    readonly sender: CcpSender | undefined,
    readonly receiver: CcpReceiver | undefined,
    readonly counters: SessionCounters,
    /** The settings that it was opened with; when they change it has to be opened anew. */
    readonly settings: string,
    private readonly host: SessionHost
  ) {}

  close (): void {
    this.#isOpen = false
    this.#cancelTimer?.()
  }

  /** Asks the peer for its routes, from where we are or all of them. */
  ask (what: 'ask' | 'askAll' = 'ask'): void {
    this.#receive({ type: what })
  }

  tick (): void {
    this.#receive({ type: 'tick' })
  }

  /** There is news to tell. */
  tableChanged (): void {
    this.#send({ type: 'changed' })
  }

  /** The peer asks for our routes. A peer that has lost its state has lost what it told us, too. */
  control (request: CcpRouteControlRequest): void {
    if (this.sender?.isForgottenBy(request) === true) this.ask()
    this.#send({ type: 'control', request })
  }

  /** The peer tells us its routes. Only 'applied' and 'stale' may be confirmed. */
  update (request: CcpRouteUpdateRequest): UpdateOutcome | undefined {
    return this.#receive({ type: 'update', request })
  }

  #send (event: SenderEvent): void {
    if (this.sender === undefined || !this.#isOpen) return
    const now = this.host.now()
    const { send, wakeAtMs } = this.sender.handle(event, now)
    this.#cancelTimer?.()
    this.#cancelTimer = wakeAtMs === undefined
      ? undefined
      : this.host.setTimer(() => this.#send({ type: 'timer' }), Math.max(0, wakeAtMs - now))
    if (send === undefined) return
    this.counters.updatesSent++
    this.#exchange('route update', writeUpdate(send, now), type => {
      if (type !== 'fulfilled') this.counters.updatesFailed++
      this.#send({ type, update: send })
      if (type === 'fulfilled') this.host.confirmed()
    })
  }

  #receive (event: ReceiverEvent): UpdateOutcome | undefined {
    if (this.receiver === undefined || !this.#isOpen) return undefined
    const now = this.host.now()
    const effects = this.receiver.handle(event, now)
    const { send, flush = false, withdrawn = [], announced = [], outcome } = effects
    if (flush || withdrawn.length > 0 || announced.length > 0) this.host.learn(this, effects)
    if (send !== undefined) {
      this.#exchange('route control message', writeControl(send, now),
        type => this.#receive({ type: type === 'fulfilled' ? 'fulfilled' : 'failed', control: send }))
    }
    return outcome
  }

  /** Sends at once, so that a peer is asked in the moment it connects; `done` is called later, unless the session was closed. */
  #exchange (name: string, packet: Buffer, done: (result: Result) => void): void {
    this.#transmit(name, packet)
      .then(result => {
        if (this.#isOpen) done(result)
      })
      .catch((error: unknown) => this.host.log.error('error in routing. peer=%s error=%s', this.accountId, describeError(error)))
  }

  async #transmit (name: string, packet: Buffer): Promise<Result> {
    const { accountId, host } = this
    try {
      if (!host.isConnected(accountId)) throw new Error('plugin is not connected.')
      const answer = await host.sendData(accountId, packet)
      if (isFulfill(answer)) return 'fulfilled'
      host.log.debug('%s was not accepted. peer=%s answerType=%s', name, accountId, answer[0])
      return isReject(answer) ? 'rejected' : 'failed'
    } catch (error) {
      host.log.debug('failed to send %s. peer=%s error=%s', name, accountId, describeError(error))
      return 'failed'
    }
  }
}
