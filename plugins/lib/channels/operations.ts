/**
 * What is under way on the chain, each operation once at a time. An operation has a name that says everything about it, so that the same
 * one after a crash is known to the chain's part; one that the chain has refused for good is begun anew under another id.
 */
import { describeError } from '../../../src/lib/describe-error.js'
import { isObject } from '../../../src/lib/is-object.js'
import type { Logger } from '../../../src/contracts/logger.js'
import type { Signed } from '../../../src/contracts/plugin.js'
import { ChainError } from './types.js'

/** Names of operations that the chain has refused; the oldest are forgotten. */
const REMEMBERED_REFUSALS = 1000

export class Operations {
  readonly #running = new Map<string, Promise<unknown>>()
  readonly #refused = new Map<string, number>()
  #trouble: string | undefined
  /** Told before each operation, which waits for it, and after it. */
  onChange: () => Promise<void> = () => Promise.resolve()
  /** Told of each operation that has ended. */
  onSigned: (signed: Signed) => void = () => undefined

  constructor (private readonly log: Logger) {}

  /** `IDLE`, or the names of what is under way. */
  get state (): string {
    return this.#running.size === 0 ? 'IDLE' : [...this.#running.keys()].join(', ')
  }

  /** Why the last call to the chain failed; undefined when it did not. */
  get trouble (): string | undefined {
    return this.#trouble
  }

  /** Does what is named, or joins in when it is being done. Rejects with what `work` rejects with. */
  once<T> (name: string, work: (operationId: string) => Promise<T>): Promise<T> {
    const running = this.#running.get(name)
    if (running !== undefined) return running as Promise<T> // a name stands for one kind of work
    const result = Promise.resolve().then(() => this.#do(name, work)).finally(() => {
      this.#running.delete(name)
      this.onChange().catch(() => undefined) // said again at the next look
    })
    this.#running.set(name, result)
    return result
  }

  /** Asks the chain something and remembers whether it could be reached. */
  async ask<T> (question: () => Promise<T>): Promise<T> {
    try {
      const answer = await question()
      this.#trouble = undefined
      return answer
    } catch (error) {
      this.#trouble = describeError(error)
      throw error
    }
  }

  async #do<T> (name: string, work: (operationId: string) => Promise<T>): Promise<T> {
    const refusals = this.#refused.get(name) ?? 0
    try {
      await this.onChange()
      const result = await this.ask(() => work(refusals === 0 ? name : `${name}:${refusals}`))
      this.onSigned({ operation: name, detail: txIdOf(result), outcome: 'ok' })
      return result
    } catch (error) {
      this.onSigned({ operation: name, outcome: describeError(error) })
      this.log.warn('operation on a payment channel failed. operation=%s error=%s', name, describeError(error))
      if (error instanceof ChainError && error.isFinal) this.#refuse(name, refusals + 1)
      throw error
    }
  }

  #refuse (name: string, refusals: number): void {
    this.#refused.delete(name)
    this.#refused.set(name, refusals)
    for (const oldest of this.#refused.keys()) {
      if (this.#refused.size <= REMEMBERED_REFUSALS) break
      this.#refused.delete(oldest)
    }
  }
}

/** Most operations end with a receipt. */
function txIdOf (result: unknown): string | undefined {
  return isObject(result) && typeof result.txId === 'string' ? `txId=${result.txId}` : undefined
}
