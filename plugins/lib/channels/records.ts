/**
 * What has to survive a crash: a few records in the account's store. A record is written as it is when its turn comes, and while one write
 * is under way the next one collects, so that a thousand claims at once are a handful of writes.
 */
import { refuseNewer } from '../../../src/contracts/errors.js'
import { jsonOf } from '../../../src/lib/json.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'

interface Waiter {
  resolve: () => void
  reject: (reason: unknown) => void
}

const PREFIX = 'paychan:'
/** Records have no `version` yet; the first other format will say 2. */
const FORMAT = 1

/** The key of a record in the account's store. */
export function recordKey (name: string): string {
  return PREFIX + name
}

export class Records {
  readonly #store: PluginStore
  readonly #contents = new Map<string, () => unknown>()
  #dirty = new Set<string>()
  #waiters: Waiter[] = []
  #isWriting = false
  #mustSync = false
  #isClosed = false

  constructor (store: PluginStore) {
    this.#store = store
  }

  /** Says what a record holds; asked when it is written. bigints become decimal strings. */
  define (name: string, contents: () => unknown): void {
    this.#contents.set(name, contents)
  }

  /** A record as it was last written. Undefined when there is none; rejects when it cannot be read as JSON. */
  async load (name: string): Promise<unknown> {
    const text = await this.#store.get(recordKey(name))
    if (text === undefined) return undefined
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (error) {
      throw new Error(`the record ${recordKey(name)} of the account is broken, and money depends on it: restore it from a backup`, { cause: error })
    }
    refuseNewer(recordKey(name), value, FORMAT)
    return value
  }

  /**
   * Resolves when the record is written as it is now, or later than now, and survives the end of the process; with `sync` also a power
   * cut. Rejects when it could not be written.
   */
  save (name: string, { sync = false }: { sync?: boolean } = {}): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('the account is stopped: nothing is written any more'))
    this.#dirty.add(name)
    this.#mustSync ||= sync
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      if (!this.#isWriting) void this.#write()
    })
  }

  /** Resolves when nothing is being written. From then on, until `reopen`, nothing can be: another plugin may have the store. */
  async close (): Promise<void> {
    this.#isClosed = true
    while (this.#isWriting) await new Promise(resolve => setImmediate(resolve))
  }

  reopen (): void {
    this.#isClosed = false
  }

  async #write (): Promise<void> {
    this.#isWriting = true
    await Promise.resolve() // everything that is saved in the same turn takes part
    while (this.#waiters.length > 0) {
      const waiters = this.#waiters
      const names = [...this.#dirty]
      const sync = this.#mustSync
      this.#waiters = []
      this.#mustSync = false
      this.#dirty = new Set()
      try {
        await this.#putAll(Object.fromEntries(names.map(name => [recordKey(name), this.#textOf(name)])), sync)
        for (const { resolve } of waiters) resolve()
      } catch (error) {
        for (const name of names) this.#dirty.add(name)
        for (const { reject } of waiters) reject(error)
      }
    }
    this.#isWriting = false
  }

  #textOf (name: string): string {
    return jsonOf(this.#contents.get(name)?.())
  }

  async #putAll (values: Record<string, string>, sync: boolean): Promise<void> {
    if (sync) await putAll(this.#store, values)
    else await putEach(this.#store, values)
  }
}

/** Resolves when all of it survives a power cut, where the store can do that; there it is written together or not at all. */
export async function putAll (store: PluginStore, values: Record<string, string>): Promise<void> {
  if (store.putAll !== undefined) await store.putAll(values)
  else await putEach(store, values)
}

async function putEach (store: PluginStore, values: Record<string, string>): Promise<void> {
  for (const [key, value] of Object.entries(values)) await store.put(key, value)
}
