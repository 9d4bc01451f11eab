/** A store in memory, loaded by path like a user's own. `entries` of its options, a Map, is what it keeps: it outlives the connector. */
import type { BatchOperation, Store } from '../../../src/contracts/store.js'

export default class MemoryStore implements Store {
  private readonly entries: Map<string, string>

  constructor ({ entries = new Map() }: { entries?: Map<string, string> }) {
    this.entries = entries
  }

  get (key: string): Promise<string | undefined> {
    return Promise.resolve(this.entries.get(key))
  }

  put (key: string, value: string): Promise<void> {
    return this.batch([{ type: 'put', key, value }])
  }

  del (key: string): Promise<void> {
    return this.batch([{ type: 'del', key }])
  }

  batch (operations: readonly BatchOperation[]): Promise<void> {
    for (const operation of operations) {
      if (operation.type === 'put') this.entries.set(operation.key, operation.value)
      else this.entries.delete(operation.key)
    }
    return Promise.resolve()
  }
}
