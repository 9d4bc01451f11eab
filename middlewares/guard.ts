/**
 * Watches what peers do, and refuses packets of those that are paused, by a rule or by an operator. It stands before everything that costs
 * more than a counter. A paused peer can still pay what it owes, and is paid what it is owed: only packets are refused.
 *
 * Each rule counts what the peer itself does, so that nobody gets another one paused. A peer that forwards packets of others answers for
 * them here as it does with its money.
 */
import { z } from 'zod'
import { type Guard, type GuardAction, type PausedPeer } from '../src/contracts/guard.js'
import type { Entry, Middleware, MiddlewareApi, Pipeline, Pipelines } from '../src/contracts/middleware.js'
import { describeError } from '../src/lib/describe-error.js'
import { firstFault } from '../src/lib/first-fault.js'
import { amountInWords } from '../src/lib/amounts.js'
import { decidedRules, guardRules, type DecidedRules, type RuleName } from '../src/lib/guard-rules.js'
import { isPrepare, prepareOf } from '../src/packet/prepare.js'
import { isFulfill } from '../src/packet/reply.js'
import { PausedPeers } from './lib/guard/paused-peers.js'
import { WatchedPeer } from './lib/guard/watched-peer.js'

const LOOK_INTERVAL_MS = 10_000
const LOOKS_PER_MINUTE = 6
/** Accounts whose channels and books are looked at in one round; the others have their turn in the next. */
const LOOKED_AT_MAX = 100
const PEER_BUSY = 'T02'

const optionsSchema = z.strictObject({
  rules: guardRules.optional(),
  /** Where paused peers are kept. Absent: a restart resumes them. */
  file: z.string().min(1).meta({ expected: 'the path of a file' }).optional(),
  /** Accounts that are never watched. */
  exempt: z.array(z.string()).meta({ expected: 'a list of account ids' }).optional(),
  /** Called when a rule has paused a peer. */
  onRule: z.custom<(paused: PausedPeer) => void>(value => typeof value === 'function').meta({ expected: 'a function' }).optional(),
  /** Whether anybody may come under the account's name: its pause ends with its connection. */
  isStranger: z.custom<(accountId: string) => boolean>(value => typeof value === 'function').meta({ expected: 'a function' }).optional()
})

export default class GuardMiddleware implements Middleware, Guard {
  readonly #rules: DecidedRules
  readonly #exempt: readonly string[]
  readonly #isStranger: (accountId: string) => boolean
  readonly #onRule: (paused: PausedPeer) => void
  readonly #paused: PausedPeers
  readonly #watched = new Map<string, WatchedPeer>()
  readonly #findings: Partial<Record<RuleName, number>> = {}
  #ticks: NodeJS.Timeout | undefined
  #tick = 0
  #turn: string[] = []

  /** Throws for options that are not right. */
  constructor (options: Record<string, unknown>, private readonly api: MiddlewareApi) {
    const { data, error } = optionsSchema.safeParse(options)
    if (error !== undefined) throw new TypeError(`the middleware guard cannot be used with its options: ${firstFault(error, optionsSchema)}`)
    this.#rules = decidedRules(data.rules)
    this.#exempt = data.exempt ?? []
    this.#isStranger = data.isStranger ?? (() => false)
    this.#onRule = data.onRule ?? (() => undefined)
    this.#paused = new PausedPeers(data.file, api.log)
  }

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    if (this.#exempt.includes(accountId)) return Promise.resolve()
    const peer = new WatchedPeer()
    peer.isPaused = this.#paused.get(accountId) !== undefined
    this.#watched.set(accountId, peer)
    this.#ticks ??= setInterval(() => { this.#look() }, LOOK_INTERVAL_MS).unref()
    this.#guardPackets(pipelines, peer)
    const { settlementAmount, velocity } = this.#rules
    if (settlementAmount.action !== 'off') this.#judgeMoney(pipelines, accountId, peer)
    if (velocity.action !== 'off') this.#judgeVelocity(pipelines, accountId, peer)
    pipelines.startup.insertLast({
      name: 'guard',
      method: (nothing, next) => {
        if (this.#paused.get(accountId)?.isDisconnected === true) this.#disconnect(accountId)
        return next(nothing)
      }
    })
    pipelines.teardown.insertLast({ name: 'guard', method: (nothing, next) => {
      this.#forget(accountId, peer)
      return next(nothing)
    } })
    return Promise.resolve()
  }

  pause (peerId: string, by: string, reason: string): void {
    this.#pause({ peerId, by, reason, since: Date.now(), isDisconnected: false })
  }

  resume (peerId: string, by: string): boolean {
    const paused = this.#paused.get(peerId)
    if (paused === undefined) return false
    this.#paused.delete(peerId)
    const peer = this.#watched.get(peerId)
    if (peer !== undefined) {
      peer.isPaused = false
      peer.forgive()
      if (paused.isDisconnected) this.#connect(peerId)
    }
    this.api.log.info('peer resumed. accountId=%s by=%s', peerId, by)
    this.api.tell?.({ type: 'PEER_RESUMED', peerId, by })
    return true
  }

  isPaused (peerId: string): boolean {
    return this.#paused.get(peerId) !== undefined
  }

  paused (): PausedPeer[] {
    return this.#paused.all()
  }

  findings (): Readonly<Record<string, number>> {
    return { ...this.#findings }
  }

  #guardPackets ({ incomingData, outgoingData }: Pipelines, peer: WatchedPeer): void {
    insertEarly(incomingData, {
      name: 'guard',
      method: (data, next) => {
        peer.packets++
        return peer.isPaused ? Promise.reject(FROM_PAUSED) : next(data)
      }
    })
    outgoingData.insertFirst({ name: 'guard', method: (data, next) => peer.isPaused ? Promise.reject(TO_PAUSED) : next(data) })
  }

  /** Payments that come with the packets that they pay for are a part of the traffic. */
  #judgeMoney ({ incomingMoney }: Pipelines, accountId: string, peer: WatchedPeer): void {
    const { settlementAmount: { above } } = this.#rules
    incomingMoney.insertLast({
      name: 'guard',
      method: (amount, next, { withPackets = false } = {}) => {
        if (!withPackets && BigInt(amount) > above) {
          this.#found(accountId, peer, 'settlementAmount', `it paid ${this.#words(accountId, BigInt(amount))} at once, more than ${this.#words(accountId, above)}`)
        }
        return next(amount)
      }
    })
  }

  #judgeVelocity ({ incomingData }: Pipelines, accountId: string, peer: WatchedPeer): void {
    const { velocity } = this.#rules
    incomingData.insertLast({
      name: 'guard',
      method: (data, next) => next(data).then(reply => {
        if (isFulfill(reply) && isPrepare(data)) {
          const sum = peer.tooMuch('velocity', velocity, prepareOf(data).amount)
          if (sum !== undefined) {
            const text = `its packets were worth ${this.#words(accountId, sum)} in ${velocity.windowMs / 1000} s, more than ${this.#words(accountId, velocity.amount)}`
            this.#found(accountId, peer, 'velocity', text)
          }
        }
        return reply
      })
    })
  }

  #look (): void {
    this.#tick++
    if (this.#tick % LOOKS_PER_MINUTE === 0) this.#judgeTraffic()
    if (this.#turn.length === 0) this.#turn = [...this.#watched.keys()]
    for (const accountId of this.#turn.splice(0, LOOKED_AT_MAX)) {
      const peer = this.#watched.get(accountId)
      if (peer === undefined) continue
      this.#judgeBooks(accountId, peer)
      this.#judgeClaims(accountId, peer).catch(() => undefined) // the chain cannot be asked now: the next look may see more
    }
  }

  #judgeTraffic (): void {
    for (const [accountId, peer] of this.#watched) {
      const spike = peer.endMinute(this.#rules.trafficSpike)
      if (spike === undefined) continue
      const text = `it sent ${spike.count} packets in a minute, and ${spike.average.toFixed(1)} on average before`
      this.#found(accountId, peer, 'trafficSpike', text)
    }
  }

  async #judgeClaims (accountId: string, peer: WatchedPeer): Promise<void> {
    const { rejectedClaims, lowerClaims, channelClosures } = this.#rules
    const channels = this.api.getPlugin?.(accountId).channels?.()
    if (channels?.claimCounts === undefined) return
    const { failed, lower } = peer.newClaims(channels.claimCounts)
    const judge = (rule: 'rejectedClaims' | 'lowerClaims' | 'channelClosures', more: number, what: string): void => {
      const found = peer.tooMany(rule, this.#rules[rule], more)
      if (found !== undefined) this.#found(accountId, peer, rule, `${found} ${what} in ${this.#rules[rule].windowMs / 1000} s`)
    }
    if (rejectedClaims.action !== 'off') judge('rejectedClaims', failed, 'of its claims were refused')
    if (lowerClaims.action !== 'off') judge('lowerClaims', lower, 'of its claims were lower than what it had paid before')
    if (channelClosures.action !== 'off') judge('channelClosures', peer.newClosures(await channels.list()), 'channels were closed by it')
  }

  /** Books that do not add up were changed by anything other than payments. */
  #judgeBooks (accountId: string, peer: WatchedPeer): void {
    if (this.#rules.balanceInconsistency.action === 'off') return
    const { ledger } = this.api
    const balance = ledger.balanceOf(accountId)?.balance
    const today = ledger.journalOf(accountId).at(-1)
    if (balance === undefined || today === undefined) return
    const computed = Object.values(today.movements).reduce((sum, { amount }) => sum + amount, today.opening)
    if (computed === balance) return
    this.#found(accountId, peer, 'balanceInconsistency', `its movements come to ${computed}, and its balance is ${balance}: see connector ledger audit`)
  }

  #found (accountId: string, peer: WatchedPeer, rule: RuleName, text: string): void {
    const { action } = this.#rules[rule]
    this.#findings[rule] = (this.#findings[rule] ?? 0) + 1
    if (action === 'off' || peer.isPaused) return
    if (peer.isDue(rule)) {
      this.api.log.warn('a peer behaves suspiciously. accountId=%s rule=%s found=%s action=%s', accountId, rule, text, action)
      this.api.tell?.({ type: 'SUSPICIOUS_ACTIVITY_DETECTED', peerId: accountId, rule, text, action })
    }
    if (action !== 'warn') this.#pauseByRule(accountId, rule, text, action)
  }

  #pauseByRule (peerId: string, rule: RuleName, reason: string, action: GuardAction): void {
    try {
      const isDisconnected = action === 'disconnect' && !this.#hasChannels(peerId)
      const paused = { peerId, by: `rule ${rule}`, reason, since: Date.now(), isDisconnected }
      this.#pause(paused)
      this.#onRule(paused)
    } catch (error) {
      this.api.log.error('cannot pause a peer. accountId=%s error=%s', peerId, describeError(error))
    }
  }

  #pause (paused: PausedPeer): void {
    const { peerId, by, reason, isDisconnected } = paused
    this.#paused.add(paused, !this.#isStranger(peerId))
    const peer = this.#watched.get(peerId)
    if (peer !== undefined) peer.isPaused = true
    this.api.log.warn('peer paused: its packets are refused until it is resumed. accountId=%s by=%s reason=%s', peerId, by, reason)
    this.api.tell?.({ type: 'PEER_PAUSED', peerId, by, reason })
    if (isDisconnected) this.#disconnect(peerId)
  }

  /** A plugin that is disconnected does not watch its channels any more: the peer could close one with an old claim. */
  #hasChannels (accountId: string): boolean {
    return this.#watched.has(accountId) && this.api.getPlugin?.(accountId).channels?.() !== undefined
  }

  #disconnect (accountId: string): void {
    Promise.resolve(this.api.getPlugin?.(accountId).disconnect()).catch((error: unknown) => {
      this.api.log.warn('cannot disconnect a paused peer. accountId=%s error=%s', accountId, describeError(error))
    })
  }

  /** What is not connected in time goes on trying. */
  #connect (accountId: string): void {
    Promise.resolve(this.api.getPlugin?.(accountId).connect({})).catch((error: unknown) => {
      this.api.log.debug('a resumed peer is not connected yet. accountId=%s error=%s', accountId, describeError(error))
    })
  }

  #forget (accountId: string, peer: WatchedPeer): void {
    if (this.#watched.get(accountId) !== peer) return
    this.#watched.delete(accountId)
    if (this.#isStranger(accountId)) this.#paused.delete(accountId)
    if (this.#watched.size > 0) return
    clearInterval(this.#ticks)
    this.#ticks = undefined
  }

  #words (accountId: string, amount: bigint): string {
    const { assetCode, assetScale } = this.api.getInfo(accountId)
    return amountInWords(amount, assetScale, assetCode)
  }
}

/** One for each direction, for all packets: with its stack, an error costs more than everything else that is done with a refused packet. */
const FROM_PAUSED = pausedError('packets of this account are paused by the operator of this connector: ask them to resume it. Payments are still accepted.')
const TO_PAUSED = pausedError('the next hop is paused by the operator of this connector.')

function pausedError (message: string): Error {
  return Object.assign(new Error(message), { ilpErrorCode: PEER_BUSY })
}

/** Right below what turns errors into rejects. */
function insertEarly (pipeline: Pipeline<Buffer, Buffer>, entry: Entry<Buffer, Buffer>): void {
  if (pipeline.getEntries().some(({ name }) => name === 'errorHandler')) pipeline.insertAfter('errorHandler', entry)
  else pipeline.insertFirst(entry)
}
