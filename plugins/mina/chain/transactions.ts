/** The transactions of one account: each operation is done once for its id, whatever is called or crashes when. */
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { OperationStore } from '../../lib/channels/operation-store.js'
import { ChainError } from '../../lib/channels/types.js'
import { Operation } from './operations.js'
import type { Call, Outcome } from './operations.js'
import type { Plan, Sender } from './sender.js'

export class Transactions {
  readonly #operations: OperationStore<Operation>
  readonly #running = new Map<string, Promise<Outcome & { call: Call }>>()
  #stop: AbortController | undefined

  /** @param key of the records in the store. @param planOf what a call comes to by the state that was looked at last */
  constructor (private readonly sender: () => Sender, store: PluginStore, key: string, private readonly planOf: (call: Call) => Plan) {
    this.#operations = new OperationStore(store, key, Operation)
  }

  /** Goes on with what was under way when the process ended. */
  async start (): Promise<void> {
    await this.#operations.load()
    if (this.#stop !== undefined) return
    this.#stop = new AbortController()
    for (const operation of this.#operations.unfinished()) {
      this.#run(operation).catch(() => undefined) // a caller that asks for it again gets the error
    }
  }

  /** Leaves what is under way to the next start. Resolves when nothing is done any more. */
  async stop (): Promise<void> {
    this.#stop?.abort()
    await Promise.allSettled(this.#running.values())
    this.#stop = undefined
  }

  /** What is under way. */
  unfinished (): Call[] {
    return this.#operations.unfinished().map(({ call }) => call)
  }

  async load (): Promise<void> {
    await this.#operations.load()
  }

  /**
   * Resolves when the operation is done for sure, with what was done. `makeCall` is asked once for an id. Rejects with a final ChainError
   * when nothing came of it, with another one when it could not be begun or was left to a later start.
   */
  async do (id: string, makeCall: () => Promise<Call>): Promise<Outcome & { call: Call }> {
    await this.#operations.load()
    const known = this.#operations.get(id)
    const begin = (): Promise<Outcome & { call: Call }> => known === undefined ? this.#begin(id, makeCall) : this.#run(known)
    const done = known?.outcome === undefined ? await (this.#running.get(id) ?? begin()) : { ...known.outcome, call: known.call }
    if (done.error !== undefined) throw new ChainError(`the transaction failed: ${done.error}. transaction=${done.txId}`, true)
    return done
  }

  #begin (id: string, makeCall: () => Promise<Call>): Promise<Outcome & { call: Call }> {
    return this.#watch(id, makeCall().then(async call => {
      const operation: Operation = { id, call, attempts: [], failures: 0 }
      await this.#operations.put(operation) // what it is must not change when it is asked for again
      return await this.#bring(operation)
    }))
  }

  #run (operation: Operation): Promise<Outcome & { call: Call }> {
    return this.#watch(operation.id, this.#bring(operation))
  }

  async #bring (operation: Operation): Promise<Outcome & { call: Call }> {
    const { call } = operation
    const plan = (): Plan => this.planOf(call)
    const signal = this.#stop?.signal ?? AbortSignal.abort()
    try {
      const outcome = await this.sender().bring({
        operation,
        get urgency () { return plan().urgency },
        get stake () { return plan().stake },
        get plan () { return plan() },
        signal,
        put: changed => this.#operations.put(changed)
      })
      return { ...outcome, call }
    } catch (error) {
      const isHopeless = error instanceof ChainError && error.isFinal
      if (isHopeless) await this.#operations.put({ ...operation, attempts: [], outcome: { txId: '', error: error.message } })
      throw error
    }
  }

  #watch (id: string, work: Promise<Outcome & { call: Call }>): Promise<Outcome & { call: Call }> {
    const result = work.finally(() => { this.#running.delete(id) })
    this.#running.set(id, result)
    return result
  }
}
