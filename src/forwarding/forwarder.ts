/** Forwards a Prepare: next hop, amount at the exchange rate, and an expiry that leaves time for the answer. RFC 0027. */
import type { Injector } from 'reduct'
import type { Fraction } from '../lib/fraction.js'
import { Accounts } from '../accounts/accounts.js'
import { Config } from '../config/connector/config.js'
import {
  AmountTooLargeError, InsufficientSourceAmountError, InsufficientTimeoutError, PeerUnreachableError, UnreachableError, rejectReasonOf,
  withDetails
} from '../packet/errors.js'
import { MAX_UINT64, fieldsOf, prepareOf, type PrepareView } from '../packet/prepare.js'
import { codeOf, isFulfill, isReject } from '../packet/reply.js'
import { RoutingService } from '../routing/service.js'
import type { PaymentReport } from '../contracts/backend.js'
import type { Logger } from '../contracts/logger.js'
import type { Context } from '../contracts/middleware.js'
import type { PacketTrace } from '../contracts/packet-trace.js'
import { LoopDetector, isEndedBy } from './loop-detector.js'
import { RateBackend, noRate, report } from './rate-backend.js'
import { applyRate, fractionOf, largestAmountFor } from './rate.js'

/** Carries a packet into the outgoing pipeline of an account, with the account that it came from. */
export type SendData = (packet: Buffer, accountId: string, context: Context) => Promise<Buffer>

/** Lets an application that builds on the connector see each packet before it is forwarded. */
export class ForwardObserver {
  /** Throws the ILP error that the sender is to get, if the packet may not go there. `bytes`: its size. */
  onForward: ((sourceAccount: string, nextHop: string, bytes: number) => void) | undefined
  /**
   * A packet with this next hop was answered, by whomever: it may never have got there. `amount` is what it came with, and `outgoing` what
   * it left with, in base units of the two accounts.
   */
  onAnswer: ((nextHop: string, isFulfilled: boolean, sourceAccount: string, amount: bigint, outgoing: bigint) => void) | undefined
}

export class Forwarder {
  private readonly config: Config
  private readonly log: Logger
  private readonly accounts: Accounts
  private readonly routes: RoutingService
  private readonly backend: RateBackend
  private readonly wantsReports: boolean
  private readonly observer: ForwardObserver
  private readonly loops = new LoopDetector()

  constructor (deps: Injector, private readonly send: SendData) {
    this.config = deps(Config)
    this.log = this.config.createLogger('rate-backend')
    this.accounts = deps(Accounts)
    this.routes = deps(RoutingService)
    this.backend = deps(RateBackend)
    this.observer = deps(ForwardObserver)
    this.wantsReports = this.backend.submitPacket !== undefined || this.backend.submitPayment !== undefined
  }

  /** Resolves to the next hop's answer, byte for byte. Throws or rejects with the ILP error that the sender is to get. */
  async forward (packet: Buffer, sourceAccount: string, trace?: PacketTrace): Promise<Buffer> {
    const prepare = prepareOf(packet)
    const nextHop = this.nextHopFor(prepare.destination, sourceAccount, trace)
    let isFulfilled = false
    let outgoing = 0n
    try {
      let rate: Fraction
      trace?.reached('rate', nextHop)
      try {
        rate = fractionOf(await this.backend.getRate(sourceAccount, nextHop))
      } catch (error) {
        throw noRate(error, sourceAccount, nextHop, this.log)
      }
      if (trace?.isDetailed === true) trace.note(`${prepare.amount} x ${rate.numerator}/${rate.denominator}`)
      const { amount, expiresAt } = this.termsFor(prepare, rate, sourceAccount, nextHop, trace)
      outgoing = amount
      const serial = this.loops.sent(prepare, sourceAccount, expiresAt)
      let reply: Buffer
      try {
        this.observer.onForward?.(sourceAccount, nextHop, packet.length)
        trace?.forwarded(amount)
        const context = trace === undefined ? { origin: sourceAccount } : { origin: sourceAccount, trace }
        reply = await this.send(prepare.forwarded({ amount, expiresAt }), nextHop, context)
      } catch (error) {
        if (isEndedBy(rejectReasonOf(error).code)) this.loops.ended(serial)
        throw error
      }
      if (!isReject(reply) || isEndedBy(codeOf(reply))) this.loops.ended(serial)
      if (this.wantsReports) this.report(prepare, sourceAccount, nextHop, amount, reply)
      isFulfilled = isFulfill(reply)
      return reply
    } finally {
      trace?.returned(isFulfilled)
      this.observer.onAnswer?.(nextHop, isFulfilled, sourceAccount, prepare.amount, outgoing)
    }
  }

  /** What the next hop gets, and until when. Throws the ILP error that the sender is to get, where nothing can be sent. */
  private termsFor (
    prepare: PrepareView, rate: Fraction, sourceAccount: string, nextHop: string, trace: PacketTrace | undefined
  ): { amount: bigint, expiresAt: number } {
    trace?.reached('connection', nextHop)
    if (!this.accounts.isConnected(nextHop)) {
      throw withDetails(message => new PeerUnreachableError(message), 'no connection to account.', `account=${nextHop}`)
    }
    trace?.reached('amount', nextHop)
    const amount = amountAt(rate, prepare.amount)
    trace?.reached('expiry', nextHop)
    const expiresAt = this.expiryFor(prepare)
    if (amount === 0n && prepare.amount > 0n) {
      trace?.reached('amount', nextHop)
      throw new InsufficientSourceAmountError(`the exchange rate leaves nothing of the amount. amount=${prepare.amount}`)
    }
    trace?.reached('loop', nextHop)
    if (this.loops.comesRound(prepare, sourceAccount)) {
      throw withDetails(message => new PeerUnreachableError(message), 'packet is in a routing loop, try again when the routes have settled.',
        `source=${sourceAccount} destination=${prepare.destination}`)
    }
    return { amount, expiresAt }
  }

  private report (prepare: PrepareView, sourceAccount: string, nextHop: string, amount: bigint, reply: Buffer): void {
    const payment = (): PaymentReport => ({
      sourceAccount, sourceAmount: String(prepare.amount), destinationAccount: nextHop, destinationAmount: String(amount)
    })
    report(this.backend, () => ({ ...payment(), parsedPacket: describePrepare(prepare), result: reply }),
      Buffer.isBuffer(reply) && isFulfill(reply) ? payment : undefined, this.log)
  }

  private nextHopFor (destination: string, sourceAccount: string, trace: PacketTrace | undefined): string {
    const route = this.routes.resolve(destination, sourceAccount)
    const nextHop = route?.nextHop
    if (nextHop === undefined || nextHop === '') { // '' is the connector itself, which has nobody behind it at that address
      throw withDetails(message => new UnreachableError(message), 'no route found.', `source=${sourceAccount} destination=${destination}`)
    }
    if (nextHop === sourceAccount && !this.config.reflectPayments) {
      throw withDetails(message => new UnreachableError(message), 'refusing to route payments back to sender.',
        `sourceAccount=${sourceAccount} destinationAccount=${destination}`)
    }
    trace?.routed(nextHop)
    if (trace?.isDetailed === true) trace.note(`${route?.prefix === '' ? 'default route' : route?.prefix} via ${nextHop}`)
    return nextHop
  }

  /** The next hop gets `minMessageWindow` less than we have, and never holds our money for longer than `maxHoldTime`. ms. */
  private expiryFor ({ expiresAt }: PrepareView): number {
    const { minMessageWindow, maxHoldTime } = this.config
    const now = Date.now()
    if (expiresAt < now) {
      throw new InsufficientTimeoutError('source transfer has already expired. ' +
        `sourceExpiry=${iso(expiresAt)} currentTime=${iso(now)}`)
    }
    const nextExpiresAt = Math.min(expiresAt - minMessageWindow, now + maxHoldTime)
    if (nextExpiresAt - now < minMessageWindow) {
      throw new InsufficientTimeoutError('source transfer expires too soon to complete payment. ' +
        `actualSourceExpiry=${iso(expiresAt)} requiredSourceExpiry=${iso(now + 2 * minMessageWindow)} currentTime=${iso(now)}`)
    }
    return nextExpiresAt
  }
}

/** Throws F08 where the result does not fit into a packet. */
function amountAt (rate: Fraction, amount: bigint): bigint {
  const result = applyRate(amount, rate)
  if (result <= MAX_UINT64) return result
  const maximum = largestAmountFor(MAX_UINT64, rate)
  throw new AmountTooLargeError(`packet size too large. maxAmount=${maximum} actualAmount=${amount}`, {
    receivedAmount: String(amount),
    maximumAmount: String(maximum)
  })
}

/** A packet as backends know it from ilp-packet. */
function describePrepare (prepare: PrepareView): object {
  return { ...fieldsOf(prepare), amount: String(prepare.amount), expiresAt: new Date(prepare.expiresAt) }
}

function iso (time: number): string {
  return new Date(time).toISOString()
}
