/** The records of operations on a chain: each is kept before anything is sent for it, and later with its outcome. */
import { z } from 'zod'
import type { PluginStore } from '../../../src/contracts/plugin.js'

/** What the record of an operation has on every chain. */
export interface StoredOperation {
  id: string
  /** Absent while it is under way. */
  outcome?: object | undefined
}

/** Of operations that are done, the latest are kept. The chain refuses what older ones did by itself. */
const MAX_DONE = 200

/** The operations of one account, under one key of its store. */
export class OperationStore<O extends StoredOperation> {
  readonly #operations = new Map<string, O>()
  #loading: Promise<void> | undefined
  #writing: Promise<unknown> = Promise.resolve()

  /** @param schema of the record of one operation */
  constructor (private readonly store: PluginStore, private readonly key: string, private readonly schema: z.ZodType<O>) {}

  /** Reads what was kept, the first time. Rejects when that cannot be read. */
  load (): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  get (id: string): O | undefined {
    return this.#operations.get(id)
  }

  /** Those without an outcome. */
  unfinished (): O[] {
    return [...this.#operations.values()].filter(({ outcome }) => outcome === undefined)
  }

  /** Resolves when the operation is kept as it is now, also for after a power cut. When that fails, it is as if it was not asked. */
  async put (operation: O): Promise<void> {
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
    for (const operation of z.array(this.schema).parse(JSON.parse(text))) this.#operations.set(operation.id, operation)
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
