/**
 * Carries out an operation on the chain once, whatever crashes: what it is, and each transaction of it, is stored before that is sent. Then
 * it is sent again and again until it is final. All operations of the program are idempotent, so a second transaction, for more or because
 * the first has expired, can cost a fee and never money.
 */
import { pause } from '../../../src/lib/timers.js'
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { OperationStore } from '../../lib/channels/operation-store.js'
import { ChainError } from '../../lib/channels/types.js'
import { recordOf } from '../../lib/rpc/json-rpc.js'
import type { SolanaKey } from '../ed25519.js'
import { encodeBase58 } from '../formats.js'
import type { Connection } from './connection.js'
import { offerFor, priorityFee, SIGNATURE_FEE } from './fees.js'
import { computeBudget, PROGRAM_ERRORS, writtenBy, type Instruction, type ProgramError } from './instructions.js'
import { failedIn } from './logs.js'
import { Operation, type Attempt, type Call, type Outcome } from './operations.js'
import type { Commitment } from './reader.js'
import { messageOf, wireOf } from './wire.js'

/** What an operation comes to on the chain as it is now. */
export type Plan =
  /** This is to be sent, by this call. */
  | { step: 'send', call: Call, instructions: Instruction[], most: bigint }
  /** It is so already. */
  | { step: 'done' }
  /** It cannot be done yet. */
  | { step: 'wait', why: string }
  /** It can never be done. */
  | { step: 'refused', why: string }

export interface TransactionsOptions {
  /** @throws ChainError while the account is disconnected */
  chain: () => Connection
  programId: string
  signer: SolanaKey
  store: PluginStore
  storeKey: string
  log: Logger
  /** What counts as final. */
  commitment: Commitment
  /** How often a transaction under way is looked at, ms. */
  pollMs: number
  /** After so long a transaction offers more, ms. */
  stuckMs: number
  /** What is to be done about the operation, by what the chain says for good. `isBegun`: something of it was sent. */
  plan: (call: Call, isBegun: boolean) => Promise<Plan>
  /** The account of the channel that the operation is about. */
  accountOf: (call: Call) => Promise<string>
}

/** Transactions that are kept of one operation. */
const MAX_ATTEMPTS = 20
const SEND_AGAIN_MS = 2000
/** After two transactions that have failed for good, the next one waits as long as a stuck one; then twice as long, so many times. */
const MAX_DOUBLINGS = 7
const LEFT = 'disconnected while a transaction is under way: it goes on at the next connect'
/** The most that a transaction can use. */
const MAX_UNITS = 1_400_000
const SIGNATURE_BYTES = 64

/** What passes by itself. */
const PASSING: ReadonlySet<string> = new Set<ProgramError>(['TooYoung', 'InstanceNotRecent', 'ChannelAlreadyExists'])

type Done = Operation & { outcome: Outcome }

interface Status {
  slot: number
  isFinal: boolean
  error: unknown
}

/** What a transaction would do now. */
type Simulated = { units: number } | { failed: string, isPassing: boolean }

export class Transactions {
  readonly #options: TransactionsOptions
  readonly #operations: OperationStore<Operation>
  readonly #running = new Map<string, Promise<Done>>()
  readonly #sentMs = new Map<string, number>()
  #stop: AbortController | undefined

  constructor (options: TransactionsOptions) {
    this.#options = options
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

  /** Calls of what is under way. */
  unfinished (): Call[] {
    return this.#operations.unfinished().map(({ call }) => call)
  }

  /**
   * Resolves when the operation is final. `makeCall` is asked once for an id. Rejects with a final ChainError when the chain refuses it,
   * with another one when it could not be begun or was left to a later start.
   */
  async do (id: string, makeCall: () => Promise<Call>): Promise<{ txId: string, call: Call }> {
    await this.#operations.load()
    const known = this.#operations.get(id)
    const { outcome, call } = doneIn(known) ?? await (this.#running.get(id) ?? this.#run(id, async () =>
      await this.#follow(known ?? await this.#begin(id, await makeCall()))))
    if (outcome.error !== undefined) {
      throw new ChainError(`the transaction failed: ${outcome.error}${outcome.txId === '' ? '' : `. transaction=${outcome.txId}`}`, true)
    }
    return { txId: outcome.txId, call }
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
    const operation: Operation = { id, call, attempts: [] }
    const plan = await this.#options.plan(call, false)
    if (plan.step === 'refused') throw new ChainError(plan.why, true)
    if (plan.step !== 'send') {
      await this.#put(operation)
      return operation
    }
    const simulated = await this.#simulate(plan.instructions)
    if ('failed' in simulated) {
      if (!simulated.isPassing) throw new ChainError(`the program refuses it: ${simulated.failed}`, true)
      await this.#put(operation)
    } else await this.#send(operation, plan, simulated.units)
    return operation
  }

  async #follow (operation: Operation): Promise<Done> {
    const { log, pollMs } = this.#options
    const stop = this.#stop?.signal ?? AbortSignal.abort()
    for (;;) {
      try {
        const outcome = await this.#look(operation)
        if (outcome !== undefined) {
          const done = { ...operation, attempts: [], outcome }
          await this.#put(done)
          log.info('a transaction is final. operation=%s transaction=%s error=%s', operation.id, outcome.txId, outcome.error ?? 'none')
          for (const { signature } of operation.attempts) this.#sentMs.delete(signature)
          return done
        }
      } catch (error) {
        if (!this.#isStopped()) log.warn('cannot look after a transaction now, trying again. operation=%s error=%s', operation.id, describeError(error))
      }
      await pause(pollMs, stop)
      if (this.#isStopped()) throw new ChainError(LEFT, false)
    }
  }

  /** What became of it; undefined while that is open. Does what brings it on. */
  async #look (operation: Operation): Promise<Outcome | undefined> {
    const { commitment } = this.#options
    const chain = this.#options.chain()
    await chain.check()
    let failures = 0
    if (operation.attempts.length > 0) {
      const statuses = await this.#statuses(operation.attempts)
      for (const [i, status] of statuses.entries()) {
        if (status?.isFinal !== true || status.error !== null) continue
        chain.reader.reached(commitment, status.slot)
        return { txId: operation.attempts[i]?.signature ?? '' }
      }
      if (statuses.some(status => status !== undefined && !status.isFinal)) return undefined // it is in a block, which is not final yet
      const failed = statuses.filter(status => status !== undefined).filter(({ isFinal }) => isFinal)
      failures = failed.length
      for (const { slot } of failed.slice(-1)) chain.reader.reached(commitment, slot)
      const isOpen = statuses.at(-1) === undefined && !await this.#isExpired(operation.attempts)
      if (isOpen) {
        const outcome = await this.#push(operation)
        if (outcome !== 'again') return outcome
      }
    }
    return await this.#next(operation, failures)
  }

  /** Sends what is on its way again, or offers more for it. `again`: another transaction is to be made. */
  async #push (operation: Operation): Promise<'again' | undefined> {
    const last = operation.attempts.at(-1)
    if (last === undefined) return 'again'
    const isStuck = Math.abs(Date.now() - last.signedMs) >= this.#options.stuckMs && operation.attempts.length < MAX_ATTEMPTS
    if (isStuck) return 'again'
    if (Date.now() - (this.#sentMs.get(last.signature) ?? 0) >= SEND_AGAIN_MS) await this.#broadcast(last)
    return undefined
  }

  /**
   * Looks whether it is done by now, by us or by anybody else, and makes the next transaction if it is not.
   * @param failures of its transactions that are final
   */
  async #next (operation: Operation, failures: number): Promise<Outcome | undefined> {
    const { plan: planFor, accountOf } = this.#options
    const isBegun = operation.attempts.length > 0
    const plan = await planFor(operation.call, isBegun)
    switch (plan.step) {
    case 'wait': return undefined
    case 'refused': return { txId: operation.attempts.at(-1)?.signature ?? '', error: plan.why }
    case 'done': return { txId: await this.#lastSignature(await accountOf(operation.call)) }
    case 'send': {
      if (this.#isTooSoon(operation, failures)) return undefined
      const simulated = await this.#simulate(plan.instructions)
      if (!('failed' in simulated)) await this.#send(operation, plan, simulated.units)
      else if (!simulated.isPassing && !await this.#mayCome(operation)) {
        return { txId: operation.attempts.at(-1)?.signature ?? '', error: simulated.failed }
      }
      return undefined
    }
    }
  }

  /** Each transaction costs its fee, also when the node says of all of them that they have failed. */
  #isTooSoon ({ attempts }: Operation, failures: number): boolean {
    if (failures < 2) return false
    const waitMs = this.#options.stuckMs * 2 ** Math.min(failures - 2, MAX_DOUBLINGS)
    return Math.abs(Date.now() - (attempts.at(-1)?.signedMs ?? 0)) < waitMs
  }

  /** Whether one of its transactions may have been taken just now, or still be: then what the program says may be because of that. */
  async #mayCome ({ attempts }: Operation): Promise<boolean> {
    if (attempts.length === 0) return false
    if (!await this.#isExpired(attempts)) return true
    return (await this.#statuses(attempts)).some(status => status !== undefined && !status.isFinal)
  }

  /** Signs, keeps and sends one more transaction. */
  async #send (operation: Operation, plan: Extract<Plan, { step: 'send' }>, units: number): Promise<void> {
    const { log } = this.#options
    const chain = this.#options.chain()
    const limit = Math.min(MAX_UNITS, Math.ceil(units * 1.2) + 1000)
    const price = offerFor(await chain.fees.price(writtenBy(plan.instructions)), operation.attempts.length, limit, plan.most)
    const { lastValidBlockHeight, blockhash } = await chain.fees.blockhash(operation.attempts.length > 0)
    const { raw, signature } = await this.#signed([...computeBudget(limit, price), ...plan.instructions], blockhash)
    const attempt = { signature, raw, lastValidBlockHeight, signedMs: Date.now() }
    const isSame = operation.attempts.some(other => other.signature === signature)
    if (!isSame) {
      const attempts = [...operation.attempts, attempt].slice(-MAX_ATTEMPTS)
      await this.#put({ ...operation, call: plan.call, attempts })
      operation.call = plan.call
      operation.attempts = attempts
      log.info('sending a transaction. operation=%s transaction=%s priorityFee=%s', operation.id, signature, String(priorityFee(price, limit)))
    }
    await this.#broadcast(attempt)
  }

  async #put (operation: Operation): Promise<void> {
    await this.#operations.put(operation).catch((error: unknown) => {
      throw new ChainError(`a transaction cannot be kept, and is not sent: ${describeError(error)}`, false, { cause: error })
    })
  }

  async #signed (instructions: readonly Instruction[], blockhash: string): Promise<{ raw: string, signature: string }> {
    const { signer } = this.#options
    const message = messageOf(signer.address, instructions, blockhash)
    const signature = await signer.signTransaction(message)
    return { raw: wireOf(message, [signature]), signature: encodeBase58(signature) }
  }

  /** Whether it is taken shows later. */
  async #broadcast ({ raw, signature }: Attempt): Promise<void> {
    const { chain, log } = this.#options
    this.#sentMs.set(signature, Date.now())
    await chain().rpc.call('sendTransaction', raw, { encoding: 'base64', skipPreflight: true, maxRetries: 0 }).catch((error: unknown) => {
      log.warn('a transaction is not taken now. error=%s', describeError(error))
    })
  }

  /** Rejects when the node cannot say. */
  async #simulate (instructions: readonly Instruction[]): Promise<Simulated> {
    const { signer, programId } = this.#options
    const chain = this.#options.chain()
    const { blockhash } = await chain.fees.blockhash()
    const message = messageOf(signer.address, [...computeBudget(MAX_UNITS, 0n), ...instructions], blockhash)
    const answer = await chain.rpc.call('simulateTransaction', wireOf(message, [Buffer.alloc(SIGNATURE_BYTES)]),
      { encoding: 'base64', sigVerify: false, replaceRecentBlockhash: true, commitment: 'confirmed' })
    const { err, logs, unitsConsumed } = recordOf(recordOf(answer).value)
    if (err === null || err === undefined) return { units: Number(unitsConsumed) }
    if (typeof err === 'string') {
      if (/funds|AccountNotFound/i.test(err)) throw new ChainError(`our address has too little SOL for the fee: send it some. address=${signer.address}`, false)
      throw new ChainError(`the node at ${chain.rpc.host} cannot try the transaction now: ${err}`, false)
    }
    return { failed: reasonOf(err, Array.isArray(logs) ? logs.map(String) : [], programId), ...passing(err, logs, programId) }
  }

  async #statuses (attempts: readonly Attempt[]): Promise<Array<Status | undefined>> {
    const { chain, commitment } = this.#options
    const answer = await chain().rpc.call('getSignatureStatuses', attempts.map(({ signature }) => signature), { searchTransactionHistory: true })
    const { value } = recordOf(answer)
    return attempts.map((_, i) => {
      const { slot, err, confirmationStatus } = recordOf(Array.isArray(value) ? value[i] : undefined)
      if (typeof slot !== 'number') return undefined
      const isFinal = confirmationStatus === 'finalized' || (commitment === 'confirmed' && confirmationStatus === 'confirmed')
      return { slot, isFinal, error: err ?? null }
    })
  }

  /** Whether none of them can come any more, by a block that is final. */
  async #isExpired (attempts: readonly Attempt[]): Promise<boolean> {
    const height = await this.#options.chain().rpc.call('getBlockHeight', { commitment: 'finalized' })
    return attempts.every(({ lastValidBlockHeight }) => Number(height) > lastValidBlockHeight)
  }

  /** Of the newest transaction of an account, which did what we were about to do; the account's address where the node does not know. */
  async #lastSignature (account: string): Promise<string> {
    const answer = await this.#options.chain().rpc.call('getSignaturesForAddress', account, { limit: 1, commitment: 'confirmed' }).catch(() => [])
    const { signature } = recordOf(Array.isArray(answer) ? answer[0] : undefined)
    return typeof signature === 'string' ? signature : account
  }

  #isStopped (): boolean {
    return this.#stop === undefined || this.#stop.signal.aborted
  }
}

/** What a transaction costs beside its priority: `signatures` are its own and those that the precompile checks. */
export function baseFee (signatures: number): bigint {
  return SIGNATURE_FEE * BigInt(signatures)
}

function doneIn (operation: Operation | undefined): Done | undefined {
  return operation?.outcome === undefined ? undefined : { ...operation, outcome: operation.outcome }
}

/** The number of an error that a program gave. */
function customOf (err: unknown): number | undefined {
  const { InstructionError: instruction } = recordOf(err)
  const { Custom: custom } = recordOf(Array.isArray(instruction) ? instruction[1] : undefined)
  return typeof custom === 'number' ? custom : undefined
}

/** Why a transaction fails: our program's word for it, where it is ours. */
function reasonOf (err: unknown, logs: readonly string[], programId: string): string {
  const code = customOf(err)
  const failed = failedIn(logs)
  if (code === undefined) return JSON.stringify(err)
  return (failed === programId ? PROGRAM_ERRORS[code] : undefined) ?? `error ${code} of the program ${failed ?? 'that was called'}`
}

function passing (err: unknown, logs: unknown, programId: string): { isPassing: boolean } {
  const code = customOf(err)
  const isOurs = failedIn(Array.isArray(logs) ? logs.map(String) : []) === programId
  return { isPassing: isOurs && code !== undefined && PASSING.has(PROGRAM_ERRORS[code] ?? '') }
}
