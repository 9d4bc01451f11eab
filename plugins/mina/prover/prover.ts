/**
 * Asks another process for the commands that need o1js, one at a time and the most urgent first. Proofs take seconds to minutes and
 * gigabytes: here nothing waits for them but who asked. The process is started when there is work, and ended when it has none, has become
 * too big, or does not answer.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../../../src/contracts/logger.js'
import { backoffMs } from '../../../src/lib/backoff.js'
import { describeError } from '../../../src/lib/describe-error.js'
import { pause } from '../../../src/lib/timers.js'
import { withTimeout } from '../../../src/lib/timeout.js'
import { CODE } from '../contract/code.js'
import type { ProverJob } from './jobs.js'
import type { Answer, Fault } from './messages.js'
import { ProverProcess } from './prover-process.js'

const TRIES = 3
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000
/** Far more than a node has channels to act on at once. */
const MAX_QUEUED = 1_000
/** Its memory grows with each proof. */
const JOBS_PER_PROCESS = 20
const START_MS = 60_000
const COMPILE_MS = 600_000

export interface ProverOptions {
  /** A folder for the compiled circuits, 237 MB. Each version of the contract and of o1js has one of its own in it. */
  cacheDir: string
  /** For one proof. Making the circuits may take ten minutes. */
  timeoutMs: number
  /** The process is ended after a job that leaves it bigger than this, in MiB. */
  maxRssMb: number
  /** How long the process waits for the next job. */
  idleMs: number
  log: Logger
  /** False for the stand-in chain of tests, which runs the contract instead of verifying proofs. */
  proofs?: boolean
}

export interface ProverStatus {
  /** `unusable`: it will not work before somebody acts on `problem`. */
  state: 'stopped' | 'starting' | 'compiling' | 'proving' | 'idle' | 'waiting' | 'unusable'
  /** What is being made, and since when, in ms since the epoch. */
  job?: { kind: ProverJob['kind'], since: number, tries: number }
  queued: number
  /** The last thing that went wrong, until a job is done. */
  problem?: string
}

/**
 * The command cannot be made. `isFinal`: the contract refuses it, or nothing will come of it before somebody acts; otherwise it may be
 * asked for again.
 */
export class ProverError extends Error {
  override readonly name = 'ProverError'

  constructor (message: string, readonly isFinal: boolean) {
    super(message)
  }
}

interface Task {
  readonly job: ProverJob
  readonly priority: number
  tries: number
  resolve: (json: string) => void
  reject: (reason: ProverError) => void
}

/** What becomes of a job. */
type Done = Exclude<Answer, { kind: 'ready' }>

export class Prover {
  readonly #options: ProverOptions
  readonly #cacheDir: string
  readonly #proofs: boolean
  #queue: Task[] = []
  #current: { task: Task, since: number } | undefined
  #process: ProverProcess | undefined
  #state: ProverStatus['state'] = 'stopped'
  #problem: string | undefined
  #isRunning = false
  #clearedCache = false
  #preempted: Task | undefined
  #idle: NodeJS.Timeout | undefined
  readonly #stopped = new AbortController()

  constructor (options: ProverOptions) {
    this.#options = options
    this.#proofs = options.proofs ?? true
    this.#cacheDir = join(options.cacheDir, `o1js-${CODE.o1js}-${CODE.hash.slice(0, 16)}`)
  }

  /**
   * @param priority the lower, the sooner; of one priority the one that came first
   * @param preempts a running job that comes later is given up, and done afterwards
   * @returns the command as JSON: proven, with no fee, no nonce and no signature, which mina-signer adds
   * @throws ProverError
   */
  prove (job: ProverJob, priority: number, preempts = false): Promise<string> {
    if (this.#stopped.signal.aborted) return Promise.reject(new ProverError('The prover is stopped.', false))
    if (this.#queue.length >= MAX_QUEUED) return Promise.reject(new ProverError(`The prover has ${MAX_QUEUED} jobs waiting already.`, false))
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, priority, tries: 0, resolve, reject })
      if (preempts) this.#preempt(priority)
      void this.#run()
    })
  }

  /** Of the process, while there is one. */
  get pid (): number | undefined {
    return this.#process?.pid
  }

  status (): ProverStatus {
    const { task, since } = this.#current ?? {}
    return {
      state: this.#state,
      ...task !== undefined && since !== undefined && { job: { kind: task.job.kind, since, tries: task.tries } },
      queued: this.#queue.length,
      ...this.#problem !== undefined && { problem: this.#problem }
    }
  }

  /** Ends the process at once. Jobs that wait are rejected with a ProverError. */
  stop (): void {
    this.#stopped.abort()
    this.#end()
    for (const { reject } of this.#queue.splice(0)) reject(new ProverError('The prover is stopped.', false))
  }

  #preempt (priority: number): void {
    const task = this.#current?.task
    if (task === undefined || task.priority <= priority) return
    this.#preempted = task
    this.#end()
  }

  async #run (): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    clearTimeout(this.#idle)
    for (let task = this.#next(); task !== undefined; task = this.#next()) {
      this.#current = { task, since: Date.now() }
      await this.#do(task)
      this.#current = undefined
    }
    this.#isRunning = false
    if (this.#process === undefined) return
    this.#state = 'idle'
    this.#idle = setTimeout(() => { this.#end() }, this.#options.idleMs)
    this.#idle.unref()
  }

  #next (): Task | undefined {
    const [first] = this.#queue.toSorted((a, b) => a.priority - b.priority)
    this.#queue = this.#queue.filter(task => task !== first)
    return first
  }

  /** Settles the task, or puts it back into the queue. */
  async #do (task: Task): Promise<void> {
    task.tries++
    const result = await this.#attempt(task.job).catch((error: unknown): Done =>
      ({ kind: 'fault', fault: 'failed', reason: describeError(error) }))
    const wasPreempted = this.#preempted === task
    this.#preempted = undefined
    if (result.kind === 'command') {
      this.#problem = undefined
      this.#clearedCache = false
      task.resolve(result.json)
      return
    }
    if (this.#stopped.signal.aborted) task.reject(new ProverError('The prover is stopped.', false))
    else if (wasPreempted) this.#again(task, 0)
    else await this.#failed(task, result.fault, result.reason)
  }

  async #failed (task: Task, fault: Fault, reason: string): Promise<void> {
    if (fault === 'refused') {
      task.reject(new ProverError(`The contract of Mina channels does not allow this ${task.job.kind}: ${reason}`, true))
      return
    }
    this.#problem = reason
    this.#end()
    if (fault === 'missing') {
      this.#state = 'unusable'
      task.reject(new ProverError(reason, true))
      return
    }
    const aboutCode = fault === 'otherCode' || fault === 'compiling'
    if (aboutCode && !this.#clearedCache) {
      this.#clearedCache = true
      this.#options.log.warn('cannot use the compiled circuits, so they are made anew. cacheDir=%s reason=%s', this.#cacheDir, reason)
      await rm(this.#cacheDir, { recursive: true, force: true })
      this.#again(task, task.tries - 1)
      return
    }
    if (fault === 'otherCode') {
      this.#state = 'unusable'
      task.reject(new ProverError(reason, true))
      return
    }
    if (task.tries >= TRIES) {
      this.#options.log.error('cannot make a command for Mina. kind=%s tries=%d reason=%s', task.job.kind, task.tries, reason)
      task.reject(new ProverError(`Cannot make the command to ${task.job.kind} after ${TRIES} tries: ${reason}`, false))
      return
    }
    this.#options.log.warn('making a command for Mina failed, trying again. kind=%s tries=%d reason=%s', task.job.kind, task.tries, reason)
    this.#again(task, task.tries)
    this.#state = 'waiting'
    await pause(backoffMs(task.tries - 1, FIRST_WAIT_MS, LONGEST_WAIT_MS), this.#stopped.signal)
  }

  #again (task: Task, tries: number): void {
    task.tries = tries
    this.#queue.unshift(task)
  }

  async #attempt (job: ProverJob): Promise<Done> {
    const child = this.#process ?? this.#start()
    if (!child.isSetUp) {
      this.#state = 'starting'
      const answer = await this.#within(START_MS, child.setUp({ cacheDir: this.#cacheDir, proofs: this.#proofs }))
      if (answer.kind !== 'ready') return answer
    }
    if (!child.isCompiled && this.#proofs && job.kind !== 'open') {
      this.#state = 'compiling'
      const answer = await this.#within(COMPILE_MS, child.compile())
      if (answer.kind !== 'ready') return answer
    }
    this.#state = 'proving'
    const answer = await this.#within(this.#options.timeoutMs, child.work(job))
    const isSpent = child.jobs >= JOBS_PER_PROCESS || (answer.kind === 'command' && answer.rssMb > this.#options.maxRssMb)
    if (isSpent) this.#end()
    return answer.kind === 'ready' ? { kind: 'fault', fault: 'failed', reason: 'an answer to another question' } : answer
  }

  /** Ends the process when it does not answer in time. */
  async #within (limitMs: number, work: Promise<Answer>): Promise<Answer> {
    if (await withTimeout(work, limitMs)) return work
    this.#end()
    await work.catch(() => undefined)
    return { kind: 'fault', fault: 'failed', reason: `no answer after ${limitMs} ms` }
  }

  #start (): ProverProcess {
    const child = new ProverProcess(() => {
      if (this.#process === child) this.#process = undefined
    })
    this.#process = child
    return child
  }

  #end (): void {
    clearTimeout(this.#idle)
    this.#process?.kill()
    this.#process = undefined
    if (this.#state !== 'unusable') this.#state = 'stopped'
  }
}
