/** The records of transactions: each is stored with its operation before it is sent, and later with its outcome. */
import { z } from 'zod'
import type { PluginStore } from '../../../src/contracts/plugin.js'

/** What is to be done, as it was asked for. Amounts are drops, as decimal strings. */
const Call = z.discriminatedUnion('type', [
  z.object({ type: z.literal('create'), peer: z.string(), tag: z.int().optional(), amount: z.string(), delay: z.int() }),
  z.object({ type: z.literal('fund'), channelId: z.string(), amount: z.string() }),
  /** Takes what a claim grants. With `ends`, and ends the channel; then a claim may be missing. */
  z.object({
    type: z.literal('claim'),
    channelId: z.string(),
    claim: z.object({ total: z.string(), signature: z.string(), publicKey: z.string() }).optional(),
    ends: z.boolean()
  }),
  /** Of a channel that we pay through: begins its end. */
  z.object({ type: z.literal('close'), channelId: z.string() }),
  /** Touches a channel whose time is over. */
  z.object({ type: z.literal('settle'), channelId: z.string() })
])

const Attempt = z.object({
  sequence: z.int().min(0),
  hash: z.string(),
  /** The signed transaction in hex. */
  blob: z.string(),
  /** Drops. */
  fee: z.string(),
  /** The validated ledger when it was signed, and the last one that can have it. */
  first: z.int(),
  last: z.int()
})

const Outcome = z.object({
  txId: z.string(),
  channelId: z.string().optional(),
  /** Why nothing came of it, where nothing did. */
  error: z.string().optional()
})

const Operation = z.object({
  id: z.string(),
  call: Call,
  /** What the most is that can be paid for it, drops. */
  cap: z.string(),
  /** Of a claim: and that, once the channel is about to end. */
  urgentCap: z.string().optional(),
  /** All that was ever signed for it and may still come into a ledger. */
  attempts: z.array(Attempt),
  outcome: Outcome.optional()
})

export type Call = z.infer<typeof Call>
export type Attempt = z.infer<typeof Attempt>
export type Outcome = z.infer<typeof Outcome>
export type Operation = z.infer<typeof Operation>

/** Of operations that are done, the latest are kept. The ledger refuses what older ones did by itself. */
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
    this.#forgetOldest()
    const result = this.#writing.then(async () => {
      const text = JSON.stringify([...this.#operations.values()])
      await (this.store.putAll?.({ [this.key]: text }) ?? this.store.put(this.key, text))
    })
    this.#writing = result.catch(() => undefined)
    return result
  }

  #forgetOldest (): void {
    const done = [...this.#operations.values()].filter(({ outcome }) => outcome !== undefined)
    for (const { id } of done.slice(0, Math.max(0, done.length - MAX_DONE))) this.#operations.delete(id)
  }
}
