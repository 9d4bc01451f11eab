/** What a chain's part knows of channels beyond what the chain says of them now, kept in the store of the account. */
import { z } from 'zod'
import type { PluginStore } from '../../../src/contracts/plugin.js'

/** Of channels that are over, the latest are remembered. */
const MAX_OVER = 200

export class KeptChannels<K extends { over?: object | undefined }> {
  readonly #known = new Map<string, K>()
  #loading: Promise<void> | undefined
  #writing: Promise<unknown> = Promise.resolve()

  /** @param key of the record in the store @param schema of what is known of one channel; `over` is set once it is over */
  constructor (private readonly store: PluginStore, private readonly key: string, private readonly schema: z.ZodType<K>) {}

  /** Reads what was kept, the first time. Rejects when that cannot be read. */
  load (): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  get (channelId: string): K | undefined {
    return this.#known.get(channelId)
  }

  all (): Array<[channelId: string, known: K]> {
    return [...this.#known]
  }

  /** Resolves when it is kept, also for after a power cut. */
  async put (channelId: string, known: K): Promise<void> {
    this.#known.delete(channelId)
    this.#known.set(channelId, known)
    const over = this.all().filter(([, { over }]) => over !== undefined)
    for (const [oldest] of over.slice(0, Math.max(0, over.length - MAX_OVER))) this.#known.delete(oldest)
    const result = this.#writing.then(async () => {
      const text = JSON.stringify([...this.#known])
      await (this.store.putAll?.({ [this.key]: text }) ?? this.store.put(this.key, text))
    })
    this.#writing = result.catch(() => undefined)
    await result
  }

  async #load (): Promise<void> {
    const text = await this.store.get(this.key)
    if (text === undefined) return
    for (const [channelId, known] of z.array(z.tuple([z.string(), this.schema])).parse(JSON.parse(text))) this.#known.set(channelId, known)
  }
}
