/**
 * Carries out an operation on the chain once, whatever crashes: what it is, and its transaction, are stored before that is sent, and the
 * same bytes are sent again until a block has them or none can have them any more. What is still to be done then is planned anew by what
 * the chain says. Of one account, one transaction is in flight at a time.
 */
import { z } from 'zod'
import { pause } from '../../../src/lib/timers.js'
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { OperationStore } from '../../lib/channels/operation-store.js'
import { seatOf, URGENCY, type Seat, type Sitter, type Urgency } from '../../lib/channels/seat.js'
import { ChainError } from '../../lib/channels/types.js'
import { chainIdOf } from '../formats.js'
import type { AptosKey } from '../keys.js'
import type { Connection } from './connection.js'
import { fateOf, type Committed } from './fate.js'
import { offerFor, type Offer } from './fees.js'
import { Operation, type Attempt, type Call, type Outcome } from './operations.js'
import type { Plan } from './plans.js'
import { RestError } from './rest.js'
import { signed, unsigned, type Envelope } from './wire.js'

export interface TransactionsOptions {
  /** @throws ChainError while the account is disconnected */
  chain: () => Connection
  network: number
  signer: AptosKey
  store: PluginStore
  storeKey: string
  log: Logger
  /** How often a transaction under way is looked at, ms. */
  pollMs: number
  /** What is to be done about the operation, by what the chain says. `isBegun`: something of it was sent. */
  plan: (call: Call, isBegun: boolean) => Promise<Plan>
  /** The address of the channel that a transaction of ours has opened. */
  openedIn: (committed: Committed) => string | undefined
  /** What we own of the coin that fees are paid in, octas. */
  coins: () => Promise<bigint>
}

type Sending = Extract<Plan, { step: 'send' }>
type Done = Operation & { outcome: Outcome }

/** So long after the newest block a transaction is good. */
const EXPIRATION_SECS = 60
/** So long after that it is over by our clock, too, whatever the nodes say. */
const OVER_SECS = 60
const SEND_AGAIN_MS = 2000
/** After so many transactions that have failed for good, the next one waits, twice as long each time, so many times. */
const FREE_FAILURES = 2
const FAILED_WAIT_MS = 30_000
const MAX_DOUBLINGS = 7
/** What a simulation may use. */
const SIMULATED_GAS = 200_000n
const LEFT = 'disconnected while a transaction is under way: it goes on at the next connect'

const Simulated = z.tuple([z.object({ success: z.boolean(), vm_status: z.string(), gas_used: z.string().regex(/^\d{1,20}$/).transform(BigInt) })])

/** What only this run of the process knows of an operation. */
interface Course extends Sitter {
  urgency: Urgency
  operation: Operation
  isSeated: boolean
  sentMs: number
  failures: number
  failedMs: number
  trouble?: string
}

export class Transactions {
  readonly #options: TransactionsOptions
  readonly #operations: OperationStore<Operation>
  readonly #running = new Map<string, Promise<Done>>()
  readonly #seat: Seat
  #stop: AbortController | undefined

  constructor (options: TransactionsOptions) {
    this.#options = options
    this.#seat = seatOf(chainIdOf(options.network), options.signer.address)
    this.#operations = new OperationStore(options.store, options.storeKey, Operation)
  }

  /** Goes on with what was under way. Rejects when what was kept cannot be read. */
  async start (): Promise<void> {
    await this.#operations.load()
    if (this.#stop !== undefined) return
    this.#stop = new AbortController()
    for (const operation of this.#operations.unfinished()) {
      this.#run(operation.id, () => this.#follow(operation)).catch(() => undefined) // a caller that asks for it again gets the error
    }
  }

  /** Leaves what is under way to the next start. Resolves when nothing is done any more. */
  async stop (): Promise<void> {
    this.#stop?.abort()
    await Promise.allSettled(this.#running.values())
    this.#stop = undefined
  }

  /**
   * Resolves when the operation is final. `makeCall` is asked once for an id. Rejects with a final ChainError when the chain refuses it,
   * with another one when it could not be begun or was left to a later start.
   */
  async do (id: string, makeCall: () => Promise<Call>): Promise<{ txId: string, channelId?: string | undefined }> {
    await this.#operations.load()
    const known = this.#operations.get(id)
    const { outcome } = doneIn(known) ?? await (this.#running.get(id) ?? this.#run(id, async () =>
      await this.#follow(known ?? await this.#begin(id, await makeCall()))))
    if (outcome.error !== undefined) {
      throw new ChainError(`the transaction failed: ${outcome.error}${outcome.txId === '' ? '' : `. transaction=${outcome.txId}`}`, true)
    }
    return outcome
  }

  #run (id: string, work: () => Promise<Done>): Promise<Done> {
    const result = this.#checked(work).finally(() => { this.#running.delete(id) })
    this.#running.set(id, result)
    return result
  }

  async #checked (work: () => Promise<Done>): Promise<Done> {
    if (this.#isStopped()) throw new ChainError('the account is disconnected', false)
    return await work()
  }

  /** What cannot be done, or cannot be paid for, is refused before anything is kept. */
  async #begin (id: string, call: Call): Promise<Operation> {
    const operation: Operation = { id, call }
    const plan = await this.#options.plan(call, false)
    if (plan.step === 'refused') throw new ChainError(plan.why, true)
    if (plan.step === 'send') {
      const tried = await this.#try(plan)
      if ('failed' in tried) throw new ChainError(`the module refuses it: ${tried.failed}`, true)
    }
    await this.#put(operation)
    return operation
  }

  async #follow (operation: Operation): Promise<Done> {
    const { log, pollMs } = this.#options
    const stop = this.#stop?.signal ?? AbortSignal.abort()
    const course: Course = { operation, urgency: URGENCY.create, isSeated: false, sentMs: -Infinity, failures: 0, failedMs: 0 }
    try {
      for (;;) {
        const outcome = await this.#step(course, stop).catch((error: unknown) => { this.#hear(course, error) })
        if (outcome !== undefined) {
          const done = { ...course.operation, attempt: undefined, outcome }
          await this.#put(done)
          log.info('a transaction is final. operation=%s transaction=%s error=%s', operation.id, outcome.txId, outcome.error ?? 'none')
          return done
        }
        await pause(pollMs, stop)
        if (this.#isStopped()) throw new ChainError(LEFT, false)
      }
    } finally {
      this.#seat.leave(course)
    }
  }

  /** Does what brings it on. Resolves to what became of it; undefined while that is open. */
  async #step (course: Course, stop: AbortSignal): Promise<Outcome | undefined> {
    await this.#options.chain().check()
    const { attempt } = course.operation
    if (attempt !== undefined) {
      course.isSeated ||= this.#seat.tryTake(course)
      const outcome = await this.#look(course, attempt)
      if (outcome !== undefined || course.operation.attempt !== undefined) return outcome
    }
    return await this.#next(course, stop)
  }

  /** What became of the transaction. Resolves to what became of the operation, if that is known by it. */
  async #look (course: Course, attempt: Attempt): Promise<Outcome | undefined> {
    const { chain, signer: { address }, log, openedIn } = this.#options
    const { operation } = course
    if (course.sentMs === -Infinity) await this.#send(course, attempt) // it may have been written down and not sent
    const fate = await fateOf(chain(), address, attempt)
    switch (fate.is) {
    case 'open':
      if (performance.now() - course.sentMs >= SEND_AGAIN_MS && !fate.isPending) await this.#send(course, attempt)
      return undefined
    case 'gone':
      log.warn('a transaction did not get into a block. operation=%s transaction=%s reason=%s', operation.id, attempt.hash, fate.why)
      await this.#over(course, undefined)
      return undefined
    case 'forgotten':
      await this.#over(course, attempt.hash)
      return operation.call.kind === 'open' ? { txId: attempt.hash, error: 'the node does not remember what became of it' } : undefined
    case 'committed':
      chain().reached(fate.at)
      if (!fate.success) {
        log.warn('a transaction has failed. operation=%s transaction=%s reason=%s', operation.id, attempt.hash, fate.status)
        course.failures++
        course.failedMs = performance.now()
        await this.#over(course, undefined)
        return undefined
      }
      if (operation.call.kind === 'open') {
        const channelId = openedIn(fate)
        return channelId === undefined ? { txId: attempt.hash, error: 'the transaction shows no channel' } : { txId: attempt.hash, channelId }
      }
      await this.#over(course, attempt.hash)
      return undefined
    }
  }

  /** Nothing more can become of its transaction: others may have the seat. */
  async #over (course: Course, txId: string | undefined): Promise<void> {
    const next = { ...course.operation, attempt: undefined, txId: txId ?? course.operation.txId }
    await this.#put(next)
    course.operation = next
    course.sentMs = -Infinity
    this.#leave(course)
  }

  /** Looks whether it is done by now, and makes the next transaction if it is not. */
  async #next (course: Course, stop: AbortSignal): Promise<Outcome | undefined> {
    const isBegun = course.operation.txId !== undefined || course.failures > 0
    const first = await this.#options.plan(course.operation.call, isBegun)
    if (first.step !== 'send') return outcomeOf(first, course)
    if (this.#isTooSoon(course)) return undefined
    course.urgency = first.urgency
    if (!course.isSeated) await this.#seat.take(course, stop).catch(() => { throw new ChainError(LEFT, false) })
    course.isSeated = true
    try {
      const plan = await this.#options.plan(course.operation.call, isBegun) // it may have waited for long
      if (plan.step !== 'send') return outcomeOf(plan, course)
      const tried = await this.#try(plan)
      if ('failed' in tried) return { txId: course.operation.txId ?? '', error: tried.failed }
      await this.#sign(course, plan, tried)
      return undefined
    } finally {
      if (course.operation.attempt === undefined) this.#leave(course) // what has signed nothing keeps nobody waiting
    }
  }

  /** Each transaction costs its fee, also one that fails. */
  #isTooSoon ({ failures, failedMs }: Course): boolean {
    if (failures < FREE_FAILURES) return false
    return performance.now() - failedMs < FAILED_WAIT_MS * 2 ** Math.min(failures - FREE_FAILURES, MAX_DOUBLINGS)
  }

  /** What it would do now, and what to offer for it. Rejects when it cannot be paid for, or the node cannot say. */
  async #try (plan: Sending): Promise<Offer | { failed: string }> {
    const { chain, signer, coins } = this.#options
    const [prices, has] = await Promise.all([chain().fees.prices(), coins()])
    const affordable = has / prices.usual
    const maxGas = affordable < SIMULATED_GAS ? affordable : SIMULATED_GAS
    const envelope = { ...await this.#envelope(), price: prices.usual, maxGas }
    if (maxGas === 0n) throw new ChainError(`our address has no APT for the fee: send it some. address=${signer.address}`, false)
    const bytes = unsigned(plan.payload, envelope, signer.publicKey)
    const { body } = await chain().newest(() => chain().rest.post('/transactions/simulate', bytes))
    const { data } = Simulated.safeParse(body)
    if (data === undefined) throw new ChainError(`the node at ${chain().rest.host} answers a simulation with something else`, false)
    const [{ success, vm_status: status, gas_used: gas }] = data
    const offer = offerFor(prices, { gas, cap: plan.cap, isUrgent: plan.urgency === URGENCY.redeemBeforeEnd })
    if (offer === undefined) throw new ChainError(`the fee would be above what is worth paying. gas=${gas} price=${prices.usual} cap=${plan.cap} (octas)`, false)
    const needed = offer.maxGas * offer.price
    if (has < needed) throw new ChainError(`our address has too little APT for the fee: send it some. address=${signer.address} octas=${has} needed=${needed}`, false)
    return success ? offer : { failed: status }
  }

  async #envelope (): Promise<Omit<Envelope, 'price' | 'maxGas'>> {
    const { chain, signer: { address }, network } = this.#options
    const { sequence, timeMs } = await chain().account(address)
    return { sender: address, network, sequence, expiration: Math.floor(timeMs / 1000) + EXPIRATION_SECS }
  }

  /** Signs, keeps and sends it. */
  async #sign (course: Course, { payload }: Sending, offer: Offer): Promise<void> {
    const { signer, log } = this.#options
    const envelope = { ...await this.#envelope(), ...offer }
    const { bytes, hash } = await signed(payload, envelope, signer.publicKey, message => signer.sign(message))
    const attempt: Attempt = { hash, bytes: bytes.toString('base64'), sequence: String(envelope.sequence), expiration: envelope.expiration }
    const next = { ...course.operation, attempt }
    await this.#put(next)
    course.operation = next
    log.info('sending a transaction. operation=%s transaction=%s sequence=%s fee=%s', next.id, hash, attempt.sequence, String(offer.price * offer.maxGas))
    await this.#send(course, attempt)
  }

  /** Whether it is taken shows later. */
  async #send (course: Course, { bytes, hash }: Attempt): Promise<void> {
    const { chain, log } = this.#options
    course.sentMs = performance.now()
    await chain().rest.post('/transactions', Buffer.from(bytes, 'base64')).catch((error: unknown) => {
      const isKnown = error instanceof RestError && error.code === 'sequence_number_too_old' // a block has it, or another in its place
      if (!isKnown) log.warn('a transaction is not taken now. transaction=%s error=%s', hash, describeError(error))
    })
  }

  async #put (operation: Operation): Promise<void> {
    await this.#operations.put(operation).catch((error: unknown) => {
      throw new ChainError(`a transaction cannot be kept, and is not sent: ${describeError(error)}`, false, { cause: error })
    })
  }

  #leave (course: Course): void {
    this.#seat.leave(course)
    course.isSeated = false
  }

  /** One whose node is away does not keep others waiting whose node is not, once no block can have its transaction any more. */
  #hear (course: Course, error: unknown): void {
    const { expiration = Infinity } = course.operation.attempt ?? {}
    if (Date.now() / 1000 > expiration + OVER_SECS) this.#leave(course)
    const trouble = describeError(error)
    if (trouble !== course.trouble && !this.#isStopped()) {
      this.#options.log.warn('cannot look after a transaction now, trying again. operation=%s error=%s', course.operation.id, trouble)
    }
    course.trouble = trouble
  }

  #isStopped (): boolean {
    return this.#stop === undefined || this.#stop.signal.aborted
  }
}

function outcomeOf (plan: Exclude<Plan, Sending>, { operation: { txId = '' } }: Course): Outcome {
  return plan.step === 'done' ? { txId } : { txId, error: plan.why }
}

function doneIn (operation: Operation | undefined): Done | undefined {
  return operation?.outcome === undefined ? undefined : { ...operation, outcome: operation.outcome }
}
