/** A store whose machine can stop at any write: then nothing is answered any more, and another machine goes on with what is left. */
import type { BatchOperation, Store } from '../../../src/contracts/store.js'

export type Ending = 'clean' | 'crash' | 'cut'

export class Disk implements Store {
  writes = 0
  isStopped = false
  onStop: () => void = () => undefined
  #stopAfter = Infinity
  readonly #written: Map<string, string>
  /** What a power cut leaves. */
  #synced: Map<string, string>

  constructor (entries: ReadonlyMap<string, string> = new Map()) {
    this.#written = new Map(entries)
    this.#synced = new Map(entries)
  }

  /** Stops after so many more writes. */
  stopAfter (writes: number): void {
    this.#stopAfter = this.writes + writes
  }

  stop (): void {
    if (this.isStopped) return
    this.isStopped = true
    this.onStop()
  }

  left (how: Ending): Map<string, string> {
    return new Map(how === 'cut' ? this.#synced : this.#written)
  }

  get (key: string): Promise<string | undefined> {
    return this.isStopped ? never() : Promise.resolve(this.#written.get(key))
  }

  put (key: string, value: string): Promise<void> {
    return this.batch([{ type: 'put', key, value }])
  }

  del (key: string): Promise<void> {
    return this.batch([{ type: 'del', key }])
  }

  async batch (operations: readonly BatchOperation[], { sync = false }: { sync?: boolean } = {}): Promise<void> {
    if (this.isStopped) return await never()
    for (const operation of operations) {
      if (operation.type === 'put') this.#written.set(operation.key, operation.value)
      else this.#written.delete(operation.key)
    }
    if (sync) this.#synced = new Map(this.#written)
    if (++this.writes > this.#stopAfter) {
      this.stop()
      return await never()
    }
    await new Promise(resolve => { setImmediate(resolve) }) // a disk takes its time
    return undefined
  }
}

function never (): Promise<never> {
  return new Promise(() => undefined)
}
