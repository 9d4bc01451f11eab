/**
 * Brings the transactions of one account into the chain, one nonce at a time. What an operation is for shows in the confirmed state of a
 * channel (its goal), and not in an answer: then it does not matter who has sent what, which of several offers was taken, or what was
 * forgotten in a crash. An operation is written down before its transaction is sent. The same nonce is signed again for more, until one of
 * these transactions has used it up; only then may another nonce be used for the same goal.
 */
import { describeError } from '../../../src/lib/describe-error.js'
import { pause } from '../../../src/lib/timers.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { seatOf } from '../../lib/channels/seat.js'
import type { Place, Seat, Sitter, Urgency } from '../../lib/channels/seat.js'
import { ChainError } from '../../lib/channels/types.js'
import type { MinaSigner } from '../crypto/mina-signer.js'
import type { MinaKey } from '../keys.js'
import { offer, offersOf, outbidding, raised, refusePoor } from './fees.js'
import type { FeePolicy } from './fees.js'
import { GraphqlError } from './node.js'
import type { Nodes } from './nodes.js'
import { unsignedOf } from './operations.js'
import type { Attempt, Operation, Outcome, Unsigned } from './operations.js'

/** What is to be done, by the state of the chain as it was looked at last. */
export interface Plan {
  readonly urgency: Urgency
  /** What is lost if it comes too late, nanomina; undefined: nothing. */
  readonly stake?: bigint | undefined
  readonly fees: FeePolicy
  readonly isUrgent: boolean
  /** Of the time in which it has to be done, where it has one: 0 to 4, and more when it is over. */
  readonly quartersOver: number
  /** Whether the confirmed chain shows that it is done. @throws ChainError, final, when it shows that it never will be */
  isMet (): boolean
  /** Whether the confirmed chain shows the channel as it is, or shows that there is none. */
  isKnown (): boolean
  /** May make a proof first. Rejects with a final ChainError when the chain would refuse it. */
  prepare (): Promise<Unsigned>
  /** Of the accounts that sign it besides ours. */
  keys (): readonly string[]
}

export interface Job extends Sitter {
  operation: Operation
  readonly plan: Plan
  put: (operation: Operation) => Promise<void>
  signal: AbortSignal
}

export interface SenderDeps {
  chainId: string
  nodes: Nodes
  key: MinaKey
  signer: () => Promise<MinaSigner>
  log: Logger
}

interface Course {
  isSeated: boolean
  wasSent: boolean
  unsigned?: Unsigned | undefined
  trouble?: string
  /** The block height when it was sent last. */
  sentHeight?: number
  /** Since when the account has been before its nonce, or past it. */
  earlyHeight?: number | undefined
  usedHeight?: number | undefined
  /** Of its time that is over, how many quarters were said. */
  quartersSaid?: number
}

/** After so many blocks without it, more is offered. */
const BLOCKS_TO_WAIT = 2
/** A pool forgets after two hours; a node that was started again, at once. */
const BLOCKS_TO_SEND_AGAIN = 4
/** What has an earlier nonce has come by then, or there is none. */
const BLOCKS_TO_COME = 8
const TRIES = 3
const MEMO = 'sluice'
const NO_END = '4294967295'
const LEFT = 'the account was disconnected while a transaction was under way: the next start goes on with it'

/** What was signed for a nonce of the account with the seat, and is not looked after any more. */
const lefts = new WeakMap<Seat, Place>()

export class Sender {
  readonly #deps: SenderDeps
  readonly #seat: Seat
  readonly #ticks = new Set<() => void>()

  constructor (deps: SenderDeps) {
    this.#deps = deps
    this.#seat = seatOf(deps.chainId, deps.key.address)
  }

  /** There is a new block. */
  ticked (): void {
    for (const wake of this.#ticks) wake()
  }

  /**
   * Resolves when nothing more can become of the operation. Rejects with what prevents its first transaction, and with a ChainError that is
   * not final when the signal aborts.
   */
  async bring (job: Job): Promise<Outcome> {
    const course: Course = { isSeated: false, wasSent: false }
    try {
      for (;;) {
        if (job.signal.aborted) throw new ChainError(LEFT, false)
        const ticked = this.#tick(job.signal)
        const outcome = await this.#step(job, course).catch((error: unknown) => {
          this.#deps.nodes.doubt()
          if (job.operation.attempts.length === 0 || job.signal.aborted) throw error
          return this.#trouble(job, course, error)
        })
        if (outcome !== undefined) {
          await job.put({ ...job.operation, attempts: [], outcome })
          this.#deps.log.info('a transaction is final. operation=%s transaction=%s error=%s', job.operation.id, outcome.txId, outcome.error ?? 'none')
          return outcome
        }
        await ticked
      }
    } finally {
      this.#leave(job)
    }
  }

  async #step (job: Job, course: Course): Promise<Outcome | undefined> {
    const { nodes: { leader: feed }, key: { address } } = this.#deps
    const { plan, operation: { attempts } } = job
    const txId = attempts.at(-1)?.hash ?? ''
    if (plan.isMet()) return { txId }
    if (plan.quartersOver > (course.quartersSaid ?? 0)) {
      course.quartersSaid = plan.quartersOver
      this.#deps.log.error('a close is not answered yet. operation=%s quartersOver=%d attempts=%d', job.operation.id, plan.quartersOver, attempts.length)
    }
    const last = attempts.at(-1)
    if (last === undefined) {
      await this.#begin(job, course)
      return undefined
    }
    const { latest, confirmed } = feed.sight(address)
    const nonce = latest?.nonce ?? 0
    if (nonce !== last.nonce) {
      // A block has it, so what follows need not wait. Or blocks are gone, and what had an earlier nonce comes first.
      this.#giveUpSeat(job, course)
      const isUsedUp = (confirmed?.nonce ?? 0) > last.nonce && plan.isKnown()
      if (isUsedUp) return this.#isAgreed(job, course, last) ? await this.#judge(job, course, last) : undefined
      course.earlyHeight = nonce < last.nonce ? course.earlyHeight ?? feed.tip.height : undefined
      const isLate = feed.tip.height - (course.earlyHeight ?? feed.tip.height) >= BLOCKS_TO_COME && job.operation.call.kind !== 'deposit'
      return isLate ? await this.#again(job, course, 'the account does not come to its nonce, which a node has shown wrongly') : undefined
    }
    course.earlyHeight = course.usedHeight = undefined
    const isExpired = last.until !== undefined && feed.tip.slot > last.until
    course.isSeated ||= this.#seat.tryTake(job)
    if (!course.isSeated) {
      // The pool may have lost it together with its block.
      const isDue = feed.tip.height - (course.sentHeight ?? last.height) >= BLOCKS_TO_SEND_AGAIN
      if (isDue && !isExpired) await this.#send(job, course, last)
    } else if (isExpired) await this.#prepareAnew(job, course, last)
    else if (!course.wasSent) await this.#sendUnlessWanted(job, course, last)
    else if (feed.tip.height - last.height >= BLOCKS_TO_WAIT) await this.#push(job, course, last)
    return undefined
  }

  /** Nodes do not show it at one time. One that never does keeps nothing but money from going in twice. */
  #isAgreed ({ operation: { call } }: Job, course: Course, { nonce }: Attempt): boolean {
    const { nodes: { leader, well }, key: { address } } = this.#deps
    course.usedHeight ??= leader.tip.height
    const isLate = call.kind !== 'deposit' && leader.tip.height - course.usedHeight >= BLOCKS_TO_SEND_AGAIN
    return isLate || well.every(feed => (feed.sight(address).confirmed?.nonce ?? 0) > nonce)
  }

  /** The nonce is used up for good, and the goal is not met. Where a channel is over, no goal shows a deposit: there the block does. */
  async #judge (job: Job, course: Course, { nonce }: Attempt): Promise<Outcome | undefined> {
    const { nodes: { leader: feed }, key: { address } } = this.#deps
    const { attempts, call } = job.operation
    const command = feed.find(each => each.feePayer === address && each.nonce === nonce)?.command
    if (command === undefined) return await this.#again(job, course, 'its nonce is used up, by what is not known any more')
    const isOurs = attempts.some(({ hash, fee }) =>
      hash === undefined || hash === '' ? BigInt(fee) === command.fee && command.touches.includes(call.channelId) : hash === command.hash)
    if (!isOurs) return await this.#again(job, course, 'another transaction of our account took its place')
    if (command.isFailed) return await this.#again(job, course, 'it failed in a block')
    if (call.kind === 'deposit') return { txId: command.hash }
    return await this.#again(job, course, 'it did a part of it')
  }

  async #begin (job: Job, course: Course): Promise<void> {
    const { nodes, key: { address } } = this.#deps
    course.unsigned ??= await this.#prepared(job)
    const granted = await this.#seat.take(job, job.signal).catch(() => { throw new ChainError(LEFT, false) })
    course.isSeated = true
    let place = granted
    try {
      await nodes.look()
      const { leader: feed } = nodes
      if (!course.unsigned.isFresh()) {
        course.unsigned = undefined
        this.#giveUpSeat(job, course, place)
        return
      }
      const account = feed.sight(address).latest
      if (account === undefined) throw new ChainError(`our account does not exist on the chain yet: send it some MINA. address=${address}`, false)
      const isInPool = account.inferredNonce > account.nonce
      const left = lefts.get(this.#seat)
      place ??= isInPool && left?.sequence === account.nonce ? left : undefined
      if (place === undefined && isInPool) {
        throw new ChainError('the pool has a transaction of our account that we have not sent, or not any more: another program uses its key, or it is one of an earlier run. ' +
          `address=${address} nonce=${account.nonce} inferred=${account.inferredNonce}`, false)
      }
      await this.#sign(job, course, { nonce: place?.sequence ?? account.nonce, instead: place?.fee })
    } catch (error) {
      if (job.operation.attempts.length === 0) this.#giveUpSeat(job, course, place)
      throw error
    }
  }

  #giveUpSeat (job: Job, course: Course, place?: Place): void {
    if (!course.isSeated) return
    course.isSeated = false
    this.#pass(job, place)
  }

  /** Nothing more is done for it now. What a node may still have of it can be replaced; what has run out of time no node has any more. */
  #leave (job: Job): void {
    const { nodes: { leader: feed }, key: { address } } = this.#deps
    const last = job.operation.attempts.at(-1)
    const isOpen = last !== undefined && feed.isLooked && (feed.sight(address).latest?.nonce ?? 0) === last.nonce
    this.#pass(job, isOpen ? { sequence: last.nonce, fee: (last.until ?? Infinity) < feed.tip.slot ? 0n : BigInt(last.fee) } : undefined)
  }

  #pass (job: Job, place: Place | undefined): void {
    if (place !== undefined) lefts.set(this.#seat, place)
    this.#seat.leave(job, place)
  }

  /** Signs, keeps and sends it. @param offering `instead`: what has to be outbid */
  async #sign (job: Job, course: Course, offering: { nonce: number, instead?: bigint | undefined }): Promise<void> {
    const { nodes: { leader: feed }, key: { address } } = this.#deps
    const { plan, operation } = job
    const { nonce, instead } = offering
    const usual = offer(await offersOf(feed), plan.fees, plan.isUrgent)
    const fee = instead === undefined ? usual : outbidding(instead, usual, plan.fees) ?? plan.fees.most // nodes may have forgotten that one
    refusePoor(feed.sight(address).latest?.balance ?? 0n, fee, address)
    const unsigned = course.unsigned ?? unsignedOf(operation, plan.keys())
    const until = unsigned.kind === 'zkapp' ? unsigned.until : undefined
    const signed = await this.#signed(unsigned, nonce, fee, until)
    const attempt: Attempt = { nonce, fee: String(fee), signed, height: feed.tip.height, until }
    await this.#keep(job, { ...operation, attempts: [...operation.attempts, attempt].slice(-KEPT) })
    this.#deps.log.info('sending a transaction. operation=%s nonce=%d fee=%s', operation.id, nonce, attempt.fee)
    await this.#send(job, course, attempt)
  }

  /** @param until what the pool goes by: it looks at no conditions in the transaction, which would fail in a block and cost its fee */
  async #signed (unsigned: Unsigned, nonce: number, fee: bigint, until: number | undefined): Promise<string> {
    const { key: { address, text }, signer } = this.#deps
    const client = await signer()
    if (unsigned.kind === 'payment') {
      const payment = {
        from: address,
        to: unsigned.to,
        amount: String(unsigned.amount),
        fee: String(fee),
        nonce: String(nonce),
        memo: MEMO,
        validUntil: NO_END
      }
      return JSON.stringify({ payment, signature: client.signPayment(payment, text).signature })
    }
    const validUntil = until === undefined ? null : String(until)
    const feePayer = { feePayer: address, fee: String(fee), nonce: String(nonce), memo: MEMO, validUntil }
    let zkappCommand: unknown = JSON.parse(unsigned.json)
    for (const one of [...unsigned.keys, text]) zkappCommand = client.signZkappCommand({ zkappCommand, feePayer }, one).data.zkappCommand
    return JSON.stringify({ zkappCommand })
  }

  async #keep (job: Job, operation: Operation): Promise<void> {
    await job.put(operation).catch((error: unknown) => {
      throw new ChainError(`a transaction cannot be kept, and is not sent: ${describeError(error)}`, false, { cause: error })
    })
    job.operation = operation
  }

  async #send (job: Job, course: Course, attempt: Attempt): Promise<void> {
    const { nodes, log } = this.#deps
    course.wasSent = true
    course.sentHeight = nodes.leader.tip.height
    try {
      const { payment, signature, zkappCommand } = JSON.parse(attempt.signed) as {
        payment: Record<string, string>, signature: { field: string, scalar: string }, zkappCommand?: unknown
      }
      const isZkapp = zkappCommand !== undefined
      const hash = await nodes.send(node => isZkapp ? node.sendZkapp(zkappCommand) : node.sendPayment(payment, signature))
      const attempts = job.operation.attempts.map(each => each.signed === attempt.signed ? { ...each, hash } : each)
      await this.#keep(job, { ...job.operation, attempts })
    } catch (error) {
      if (!(error instanceof GraphqlError)) {
        course.wasSent = false // sent again at the next look, which does no harm: it has its nonce
        throw error
      }
      log.warn('no node takes a transaction. operation=%s error=%s', job.operation.id, error.message)
    }
  }

  /** A node that takes nothing of this one may take what is more urgent. It may have arrived all the same, and is outbid. */
  async #sendUnlessWanted (job: Job, course: Course, last: Attempt): Promise<void> {
    if (this.#seat.isWantedBefore(job)) this.#giveUpSeat(job, course, { sequence: last.nonce, fee: BigInt(last.fee) })
    else await this.#send(job, course, last)
  }

  /**
   * What it stands for has run out of time: no block takes it any more, and another takes its nonce, of this operation or of one that is
   * more urgent.
   */
  async #prepareAnew (job: Job, course: Course, last: Attempt): Promise<void> {
    if (this.#seat.isWantedBefore(job)) {
      this.#giveUpSeat(job, course, { sequence: last.nonce, fee: 0n })
      return
    }
    course.unsigned = await this.#prepared(job)
    if (!course.unsigned.isFresh()) return
    await this.#sign(job, course, { nonce: last.nonce, instead: BigInt(last.fee) })
  }

  /** A proof takes long: a stop does not wait for it. */
  #prepared ({ plan, signal }: Job): Promise<Unsigned> {
    return new Promise((resolve, reject) => {
      const leave = (): void => { reject(new ChainError(LEFT, false)) }
      signal.addEventListener('abort', leave, { once: true })
      plan.prepare().then(resolve, reject).finally(() => { signal.removeEventListener('abort', leave) })
    })
  }

  /** More for the same nonce; where no more is worth it, the same again. Makes room for what is more urgent. */
  async #push (job: Job, course: Course, last: Attempt): Promise<void> {
    const fee = BigInt(last.fee)
    const { leader: { tip: { height } } } = this.#deps.nodes
    this.#deps.nodes.doubt()
    if (this.#seat.isWantedBefore(job)) {
      this.#deps.log.warn('a transaction is stuck, and a more urgent one takes its nonce. operation=%s nonce=%d', job.operation.id, last.nonce)
      this.#giveUpSeat(job, course, { sequence: last.nonce, fee })
      return
    }
    if (raised(fee, job.plan.fees) !== undefined) await this.#sign(job, course, { nonce: last.nonce, instead: fee })
    else if ((height - last.height) % BLOCKS_TO_SEND_AGAIN === 0) await this.#send(job, course, last)
  }

  /** What puts money in is not begun again by itself. */
  async #again (job: Job, course: Course, why: string): Promise<Outcome | undefined> {
    const { operation } = job
    const failures = operation.failures + 1
    const isTriedAgain = operation.call.kind !== 'deposit' && failures < TRIES
    this.#deps.log.warn('a transaction did not do what it was sent for. operation=%s reason=%s isTriedAgain=%s', operation.id, why, isTriedAgain)
    if (!isTriedAgain) return { txId: operation.attempts.at(-1)?.hash ?? '', error: why }
    course.unsigned = undefined
    course.wasSent = false
    await this.#keep(job, { ...operation, attempts: [], failures })
    return undefined
  }

  /**
   * What will never be done is over, once nothing of it can get into a block and do it after all. Everything else is tried again.
   * @returns the outcome where it is over
   */
  #trouble ({ operation }: Job, course: Course, error: unknown): Outcome | undefined {
    const { nodes: { leader: feed }, log } = this.#deps
    const trouble = describeError(error)
    const last = operation.attempts.at(-1)
    if (error instanceof ChainError && error.isFinal && (last?.until === undefined || feed.isPast(last.until))) return { txId: last?.hash ?? '', error: error.message }
    if (trouble !== course.trouble) log.warn('cannot look after a transaction now, trying again. operation=%s error=%s', operation.id, trouble)
    course.trouble = trouble
    return undefined
  }

  /** Resolves at the next new block, or after a while. */
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

/** Where no new block comes for so long, it is looked all the same. */
const LOOK_MS = 30_000
/** Of the offers for one nonce. Each has 40 kB of proof. */
const KEPT = 8
