/** The transactions of one account: each operation is done once for its id, whatever is called or crashes when. */
import { setMaxListeners } from 'node:events'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { OperationStore } from '../../lib/channels/operation-store.js'
import { ChainError } from '../../lib/channels/types.js'
import { Operation } from './operations.js'
import type { Call, Outcome } from './operations.js'
import type { Job, Sender } from './sender.js'
import { URGENCY } from '../../lib/channels/seat.js'
import type { Urgency } from '../../lib/channels/seat.js'

/** What is to be done, and what that is worth, drops. */
export interface Order {
  call: Call
  cap: bigint
  /** Of a claim: once the channel is about to end. */
  urgentCap?: bigint | undefined
}

export class Transactions {
  readonly #operations: OperationStore<Operation>
  readonly #running = new Map<string, Promise<Outcome>>()
  #stop: AbortController | undefined

  /**
   * @param key of the records in the store
   * @param claimKey the public key of a channel that we open
   * @param isEnding whether a channel has shown an end, also since a claim on it is under way
   */
  constructor (
    private readonly sender: () => Sender, store: PluginStore, key: string, private readonly claimKey: Job['claimKey'],
    private readonly isEnding: (channelId: string) => boolean
  ) {
    this.#operations = new OperationStore(store, key, Operation)
  }

  /** Goes on with what was under way when the process ended. */
  async start (): Promise<void> {
    await this.#operations.load()
    if (this.#stop !== undefined) return
    this.#stop = new AbortController()
    setMaxListeners(0, this.#stop.signal) // one for each operation that is under way
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

  /**
   * Resolves when the operation is done for sure. `order` is asked once for an id. Rejects with a final ChainError when nothing came of
   * it, with another one when it could not be begun or was left to a later start.
   */
  async do (id: string, order: () => Promise<Order>): Promise<Outcome> {
    await this.#operations.load()
    const known = this.#operations.get(id)
    const begin = (): Promise<Outcome> => known === undefined ? this.#begin(id, order) : this.#run(known)
    const outcome = known?.outcome ?? await (this.#running.get(id) ?? begin())
    if (outcome.error !== undefined) throw new ChainError(`the transaction failed: ${outcome.error}. transaction=${outcome.txId}`, true)
    return outcome
  }

  #begin (id: string, order: () => Promise<Order>): Promise<Outcome> {
    if (this.#stop === undefined || this.#stop.signal.aborted) return Promise.reject(new ChainError('the account is disconnected', false))
    const begun = order().then(async ({ call, cap, urgentCap }) => {
      return await this.#bring({ id, call, cap: String(cap), urgentCap: urgentCap?.toString(), attempts: [] })
    })
    return this.#watch(id, begun)
  }

  #run (operation: Operation): Promise<Outcome> {
    return this.#watch(operation.id, this.#bring(operation))
  }

  /** How urgent it is, and what it is worth, changes on the way: the payer may close the channel meanwhile. */
  async #bring (operation: Operation): Promise<Outcome> {
    const { call, cap, urgentCap = cap } = operation
    const isUrgent = (): boolean => call.type === 'claim' && call.claim !== undefined && this.isEnding(call.channelId)
    return await this.sender().bring({
      operation,
      get urgency () { return isUrgent() ? URGENCY.redeemBeforeEnd : urgencyOf(call) },
      get cap () { return BigInt(isUrgent() ? urgentCap : cap) },
      signal: this.#stop?.signal ?? AbortSignal.abort(),
      claimKey: this.claimKey,
      put: changed => this.#operations.put(changed)
    })
  }

  #watch (id: string, work: Promise<Outcome>): Promise<Outcome> {
    const result = work.finally(() => { this.#running.delete(id) })
    this.#running.set(id, result)
    return result
  }
}

function urgencyOf (call: Call): Urgency {
  switch (call.type) {
  case 'create': return URGENCY.create
  case 'fund': return URGENCY.fund
  case 'claim': return call.ends ? URGENCY.end : URGENCY.redeem
  case 'close':
  case 'settle': return URGENCY.end
  }
}
