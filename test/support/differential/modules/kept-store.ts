/** A store whose data outlives it: the Map that its options hold. */
import type { Store } from '../../../../src/contracts/store.js'

export default class KeptStore implements Store {
  constructor (private readonly options: { kept: Map<string, string> }) {}

  get (key: string): Promise<string | undefined> {
    return Promise.resolve(this.options.kept.get(key))
  }

  put (key: string, value: string): Promise<void> {
    this.options.kept.set(key, value)
    return Promise.resolve()
  }

  del (key: string): Promise<void> {
    this.options.kept.delete(key)
    return Promise.resolve()
  }
}
