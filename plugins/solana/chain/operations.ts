/** The records of operations: each is stored before a transaction of it is sent for the first time, and later with its outcome. */
import { z } from 'zod'
import type { PluginStore } from '../../../src/contracts/plugin.js'

const Amount = z.string().regex(/^\d+$/)

/** What is to be done, with all that makes it the same when it is done again. Amounts are decimal strings. */
const Call = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open'), peer: z.string(), challengeSecs: z.int(), lane: z.int(), instance: Amount }),
  z.object({ kind: z.literal('deposit'), channelId: z.string(), total: Amount }),
  z.object({ kind: z.literal('redeem'), channelId: z.string(), nonce: Amount, total: Amount, signature: z.string() }),
  z.object({ kind: z.literal('close'), channelId: z.string() }),
  z.object({
    kind: z.literal('together'), channelId: z.string(), paidA: Amount, paidB: Amount, validUntil: Amount, signatures: z.tuple([z.string(), z.string()])
  }),
  z.object({ kind: z.literal('settle'), channelId: z.string() })
])

const Attempt = z.object({
  /** In base58: the name of the transaction. */
  signature: z.string(),
  /** The transaction, in base64. */
  raw: z.string(),
  /** After this one the chain does not take it any more. */
  lastValidBlockHeight: z.int(),
  /** ms since the epoch. */
  signedMs: z.number()
})

const Outcome = z.object({
  txId: z.string(),
  /** Why it failed, where it did. */
  error: z.string().optional()
})

const Operation = z.object({
  id: z.string(),
  call: Call,
  /** The last offers most. More than one may be taken: the program does what is asked once. */
  attempts: z.array(Attempt),
  outcome: Outcome.optional()
})

export type Call = z.infer<typeof Call>
export type Attempt = z.infer<typeof Attempt>
export type Outcome = z.infer<typeof Outcome>
export type Operation = z.infer<typeof Operation>

/** Of operations that are done, the latest are kept. The chain refuses what older ones did by itself. */
const MAX_DONE = 200

/** The operations of one account, under one key of its store. */
export class OperationStore {
  readonly #operations = new Map<string, Operation>()
  #loading: Promise<void> | undefined
  #writing: Promise<unknown> = Promise.resolve()

  constructor (private readonly store: PluginStore, private readonly key: string) {}

  /** Reads what was kept, the first time. Rejects when that cannot be read. */
  load (): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  get (id: string): Operation | undefined {
    return this.#operations.get(id)
  }

  /** Those without an outcome. */
  unfinished (): Operation[] {
    return [...this.#operations.values()].filter(({ outcome }) => outcome === undefined)
  }

  /** Resolves when the operation is kept as it is now, also for after a power cut. When that fails, it is as if it was not asked. */
  async put (operation: Operation): Promise<void> {
    const before = this.#operations.get(operation.id)
    this.#operations.delete(operation.id)
    this.#operations.set(operation.id, operation)
    try {
      await this.#write()
    } catch (error) {
      if (before === undefined) this.#operations.delete(operation.id)
      else this.#operations.set(operation.id, before)
      throw error
    }
  }

  async #load (): Promise<void> {
    const text = await this.store.get(this.key)
    if (text === undefined) return
    for (const operation of z.array(Operation).parse(JSON.parse(text))) this.#operations.set(operation.id, operation)
  }

  #write (): Promise<void> {
    const done = [...this.#operations.values()].filter(({ outcome }) => outcome !== undefined)
    for (const { id } of done.slice(0, Math.max(0, done.length - MAX_DONE))) this.#operations.delete(id)
    const result = this.#writing.then(async () => {
      const text = JSON.stringify([...this.#operations.values()])
      await (this.store.putAll?.({ [this.key]: text }) ?? this.store.put(this.key, text))
    })
    this.#writing = result.catch(() => undefined)
    return result
  }
}
