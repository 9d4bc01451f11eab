/**
 * Brings transactions of one address into the ledger, one at a time. Each is written down before it is sent, with the last ledger that may
 * have it; whatever the server says of it then is provisional. It is over when a validated ledger has it, or when none can have it any
 * more. Where it is not included, the same sequence is signed again for a higher fee: of all that share a sequence, one counts at most.
 */
import { describeError } from '../../../src/lib/describe-error.js'
import { pause } from '../../../src/lib/timers.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../../lib/channels/types.js'
import { channelIdOf } from '../channel-keys.js'
import { chainIdOf } from '../formats.js'
import { ServerError, troubleOf } from './connection.js'
import type { Json } from './connection.js'
import { dropsIn, numberIn, objectIn } from './entries.js'
import type { Ledger } from './ledger.js'
import type { Attempt, Operation, Outcome } from './operations.js'
import { outcomeOf } from './outcomes.js'
import { seatOf } from '../../lib/channels/seat.js'
import type { Place, Seat, Sitter, Urgency } from '../../lib/channels/seat.js'
import { transactionOf } from './signer.js'
import type { XrpKey } from './signer.js'

/** So many ledgers may have a transaction after the one in which it was signed. */
const LEDGERS_TO_LIVE = 12
/** After so many without it, more is offered. */
const LEDGERS_TO_WAIT = 3
/** A server searches no more than a thousand at once. */
const SEARCHED_LEDGERS = 900
/** Where no ledger is validated for so long, it is looked all the same. */
const LOOK_MS = 4000
/** All XRP there is, drops. */
const ANY_FEE = 10n ** 17n
/** One whose server is away for so long does not keep others waiting, whose server is not. */
const AWAY_MS = 2 * 60_000
const LEFT = 'the account was disconnected while a transaction was under way: the next start goes on with it'
/** Nothing will become of the transaction, however often it is sent. */
const HOPELESS = /^(tem|tefBAD_AUTH|tefMASTER_DISABLED|invalidTransaction)/

export interface SenderDeps {
  ledger: Ledger
  signer: XrpKey
  network: number
  log: Logger
}

/** An operation on its way. */
export interface Job extends Sitter {
  operation: Operation
  readonly urgency: Urgency
  /** The highest fee that it is worth now, drops. */
  readonly cap: bigint
  /** The public key of the channel that we open to the peer in the transaction of this sequence. */
  readonly claimKey: (peer: string, sequence: number) => string
  /** Keeps it as it is now. */
  put: (operation: Operation) => Promise<void>
  signal: AbortSignal
}

/** What only this run of the process knows of a job. */
interface Course {
  isSeated: boolean
  wasSent: boolean
  /** What the server said of it last. */
  said: string
  trouble?: string
  /** Since when its server cannot say what became of it, ms since the process began. */
  awayMs?: number | undefined
}

export class Sender {
  readonly #deps: SenderDeps
  readonly #seat: Seat
  readonly #ticks = new Set<() => void>()

  constructor (deps: SenderDeps) {
    this.#deps = deps
    this.#seat = seatOf(chainIdOf(deps.network), deps.signer.address)
  }

  /** A ledger was validated. */
  ticked (): void {
    for (const wake of this.#ticks) wake()
  }

  /** What a transaction would cost now, drops. */
  async cost (): Promise<bigint> {
    return await this.#offer(ANY_FEE) ?? 0n
  }

  /** Resolves when nothing more can become of the operation. Rejects with a ChainError that is not final when the signal aborts. */
  async bring (job: Job): Promise<Outcome> {
    const course: Course = { isSeated: false, wasSent: false, said: 'nothing' }
    try {
      for (;;) {
        const outcome = await this.#step(job, course).catch((error: unknown) => {
          this.#hear(job, course, error)
          return undefined
        })
        if (outcome !== undefined) {
          await job.put({ ...job.operation, attempts: [], outcome })
          this.#deps.log.info('a transaction is final. operation=%s transaction=%s error=%s', job.operation.id, outcome.txId, outcome.error ?? 'none')
          return outcome
        }
        await this.#tick(job.signal)
        if (job.signal.aborted) throw new ChainError(LEFT, false)
      }
    } finally {
      this.#seat.leave(job)
    }
  }

  /** Does what brings it on. Resolves to what became of it, or undefined while that is open. */
  async #step (job: Job, course: Course): Promise<Outcome | undefined> {
    const { ledger } = this.#deps
    const { operation } = job
    const last = operation.attempts.at(-1)
    if (last === undefined) {
      await this.#begin(job, course)
      return undefined
    }
    course.isSeated ||= this.#seat.tryTake(job)
    if (!course.wasSent) await this.#send(last, course) // it may have been written down and not sent
    const account = await ledger.account(this.#deps.signer.address) // before the search, which has to cover the ledger that this is of
    const now = ledger.indexOf(account)
    course.awayMs = undefined
    const { found, isAll } = await this.#find(operation.attempts, now)
    if (found !== undefined) {
      ledger.mustHave(numberIn(found.ledger_index) ?? 0)
      return outcomeOf(operation.call, String(found.hash), found)
    }
    const isUsed = (numberIn(account?.Sequence) ?? 0) > last.sequence
    const open = operation.attempts.filter(attempt => attempt.last >= now)
    if (isUsed ? isAll : open.length === 0) {
      return await this.#failed(job, course, isUsed ? 'another transaction took its place' : 'no ledger has taken it')
    }
    // Signed when a server had named a ledger that there was not, it could stay open for years, with nothing to come before it.
    const isMadeUp = ({ first }: Attempt): boolean => first > ledger.validated.index
    if (isUsed) return open.every(isMadeUp) ? await this.#guess(operation) : undefined
    if (course.isSeated && (isMadeUp(last) || now - last.first >= LEDGERS_TO_WAIT)) await this.#push(job, course, open)
    return undefined
  }

  async #begin (job: Job, course: Course): Promise<void> {
    const place = await this.#seat.take(job, job.signal).catch(() => { throw new ChainError(LEFT, false) })
    course.isSeated = true
    try {
      const next = await this.#nextSequence()
      await this.#sign(job, course, place?.sequence ?? next, place)
    } catch (error) {
      this.#makeWay(job, course, place)
      throw error
    }
  }

  async #nextSequence (): Promise<number> {
    const { ledger, signer: { address } } = this.#deps
    const account = await ledger.account(address)
    const sequence = numberIn(account?.Sequence)
    ledger.indexOf(account) // what was pushed says until when the transaction is good: an answer has to bear it out
    if (sequence === undefined) throw new ChainError(`our account does not exist on the ledger yet: send it some XRP. address=${address}`, false)
    return sequence
  }

  /** What has signed nothing keeps nobody waiting. */
  #makeWay (job: Job, course: Course, place: Place | undefined): void {
    if (job.operation.attempts.length > 0) return
    course.isSeated = false
    this.#seat.leave(job, place)
  }

  /** Signs, keeps and sends it. @param instead what has to be outbid */
  async #sign (job: Job, course: Course, sequence: number, instead?: Place): Promise<void> {
    const { ledger, signer, network, log } = this.#deps
    const { operation } = job
    const fee = await this.#offer(job.cap, instead?.fee)
    if (fee === undefined) throw new ChainError(`the fee would be above what is worth paying. operation=${operation.id} cap=${job.cap}`, false)
    const first = ledger.validated.index
    const last = first + LEDGERS_TO_LIVE
    const envelope = { address: signer.address, network, sequence, fee, last }
    const { blob, hash } = await signer.sign(transactionOf(operation.call, envelope, job.claimKey))
    const attempt: Attempt = { sequence, hash, blob, fee: String(fee), first, last }
    const next = { ...operation, attempts: [...operation.attempts, attempt] }
    await job.put(next).catch((error: unknown) => {
      throw new ChainError(`a transaction cannot be kept, and is not sent: ${describeError(error)}`, false, { cause: error })
    })
    job.operation = next
    log.info('sending a transaction. operation=%s transaction=%s sequence=%d fee=%s', operation.id, hash, sequence, attempt.fee)
    await this.#send(attempt, course)
  }

  async #send ({ blob }: Attempt, course: Course): Promise<void> {
    try {
      const { engine_result: result } = await this.#deps.ledger.ask({ command: 'submit', tx_blob: blob })
      course.said = String(result)
      course.wasSent = true
    } catch (error) {
      if (!(error instanceof ServerError)) throw error
      course.said = error.code
      course.wasSent = true
    }
  }

  /**
   * More for the same sequence; where no more is worth it, the same again. Makes room for what is more urgent.
   * @param open those that a ledger may still have: the sequence is not used, so the others count no longer, and are not kept
   */
  async #push (job: Job, course: Course, open: Attempt[]): Promise<void> {
    const best = open.reduce((most, attempt) => BigInt(attempt.fee) > BigInt(most.fee) ? attempt : most)
    const place = { sequence: best.sequence, fee: BigInt(best.fee) }
    if (this.#seat.isWantedBefore(job)) {
      this.#deps.log.warn('a transaction is stuck, and a more urgent one takes its place. operation=%s sequence=%d', job.operation.id, best.sequence)
      course.isSeated = false
      this.#seat.leave(job, place)
      return
    }
    const fee = await this.#offer(job.cap, place.fee)
    if (fee === undefined) {
      await this.#send(best, course)
      return
    }
    job.operation = { ...job.operation, attempts: open }
    await this.#sign(job, course, best.sequence, place)
  }

  /** Undefined: that much is not worth it. Drops. @param outbid an earlier offer for the same sequence */
  async #offer (cap: bigint, outbid?: bigint): Promise<bigint | undefined> {
    const drops = objectIn(await this.#deps.ledger.ask({ command: 'fee' }).catch((error: unknown) => { throw troubleOf(error) }), 'drops')
    const base = dropsIn(drops.base_fee) ?? 10n
    const asked = ((dropsIn(drops.open_ledger_fee) ?? base) * 12n + 9n) / 10n
    const least = outbid === undefined ? base : (outbid * 13n + 9n) / 10n
    if (least > cap) return undefined // whatever the server says that it costs
    const offer = asked < cap ? asked : cap
    return offer > least ? offer : least
  }

  /** Whether a validated ledger has one of them; and if not, whether all ledgers were looked at that could. */
  async #find (attempts: readonly Attempt[], now: number): Promise<{ found?: Json, isAll: boolean }> {
    let isAll = true
    for (const { hash, first, last } of attempts) {
      // Of one that was signed after a made-up ledger nobody knows when that was.
      const from = first > now ? Math.max(1, now - SEARCHED_LEDGERS) : first
      const range = { min_ledger: from, max_ledger: Math.max(from, Math.min(last, now)) }
      try {
        const answer = await this.#deps.ledger.ask({ command: 'tx', transaction: hash, ...range })
        const isShown = typeof objectIn(answer, 'meta').TransactionResult === 'string' // an answer that does not say what it did says nothing
        if (answer.validated === true && isShown) return { found: { hash, ...answer }, isAll }
        isAll = false
      } catch (error) {
        if (!(error instanceof ServerError) || error.code !== 'txnNotFound') throw troubleOf(error)
        isAll &&= error.answer.searched_all === true
      }
    }
    return { isAll }
  }

  /** No ledger has it, and none can have it any more. What is due all the same is begun anew. */
  async #failed (job: Job, course: Course, why: string): Promise<Outcome | undefined> {
    const { operation } = job
    const last = operation.attempts.at(-1)
    const isDue = !['create', 'fund'].includes(operation.call.type) && !HOPELESS.test(course.said)
    if (!isDue) return { txId: last?.hash ?? '', error: `${why}. result=${course.said}` }
    this.#deps.log.warn('a transaction did not get into the ledger, trying again. operation=%s reason=%s result=%s', operation.id, why, course.said)
    this.#seat.leave(job)
    course.isSeated = course.wasSent = false
    const next = { ...operation, attempts: [] }
    await job.put(next)
    job.operation = next
    return undefined
  }

  /**
   * The server has forgotten the ledgers that could have it. What it was sent for shows in the channel: the caller looks there before it
   * does anything again.
   */
  async #guess ({ call, attempts }: Operation): Promise<Outcome> {
    const { ledger, signer } = this.#deps
    const [{ hash, sequence }] = attempts.slice(-1) as [Attempt]
    if (call.type === 'create') {
      const channelId = channelIdOf(signer.address, call.peer, sequence)
      if ((await ledger.read(channelId, 'validated')).channel !== undefined) return { txId: hash, channelId }
    }
    return { txId: hash, error: 'the server does not remember what became of it. Look at the channel' }
  }

  #hear (job: Job, course: Course, error: unknown): void {
    const { operation, signal } = job
    course.awayMs ??= performance.now()
    if (performance.now() - course.awayMs > AWAY_MS) {
      this.#seat.leave(job)
      course.isSeated = false
    }
    const trouble = describeError(error)
    if (trouble !== course.trouble && !signal.aborted) {
      this.#deps.log.warn('cannot look after a transaction now, trying again. operation=%s error=%s', operation.id, trouble)
    }
    course.trouble = trouble
  }

  /** Resolves when a ledger is validated, or after a while. */
  async #tick (signal: AbortSignal): Promise<void> {
    const wait = new AbortController()
    const wake = (): void => { wait.abort() }
    this.#ticks.add(wake)
    signal.addEventListener('abort', wake, { once: true })
    await pause(signal.aborted ? 0 : LOOK_MS, wait.signal)
    signal.removeEventListener('abort', wake)
    this.#ticks.delete(wake)
  }
}
