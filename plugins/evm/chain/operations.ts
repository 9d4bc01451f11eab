/** The records of transactions: each is stored with its operation before it is sent, and later with its outcome. */
import { z } from 'zod'
import type { PluginStore } from '../../../src/contracts/plugin.js'

const Attempt = z.object({
  nonce: z.int().min(0),
  hash: z.string(),
  /** The signed transaction in hex; empty when another has replaced it, which may still be mined instead. */
  raw: z.string(),
  /** When it was signed, ms since the epoch. */
  signedMs: z.number()
})

const Outcome = z.object({
  txId: z.string(),
  /** Why the transaction failed, where it did. */
  error: z.string().optional()
})

const Operation = z.object({
  id: z.string(),
  call: z.object({ to: z.string(), data: z.string() }),
  /** The limit, as a decimal string. */
  gas: z.string(),
  /** All with one nonce, so that one of them is mined at most. The last offers most. */
  attempts: z.array(Attempt),
  outcome: Outcome.optional()
})

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
