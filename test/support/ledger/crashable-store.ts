/**
 * Stores whose disk outlives them. What is written without sync reaches the disk only with a later sync, as in the worst case of a power
 * cut. The store can crash at any write, fail, or hang.
 */
import type { BatchOperation, Store } from '../../../src/contracts/store.js'

/** What survives. */
export class Disk {
  readonly entries = new Map<string, string>()
}

/** How a write goes wrong. `lost` crashes before it is on the disk, `kept` right after: the writer never hears of either. */
export type Crash = 'lost' | 'kept'

/** Gives a batch that never ends, as seen by its writer. */
const never = (): Promise<never> => new Promise(() => undefined)

export class CrashableStore implements Store {
  /** Writes so far. */
  writes = 0
  crashed = false
  /** Every write rejects with this while it is set. */
  failure: Error | undefined
  /** Ends when the hanging writes may go on. */
  hanging: Promise<void> | undefined
  /** Writes reach the disk, but their writer never hears of it. */
  isMute = false
  /** Called before each write is made. */
  onWrite: () => void = () => undefined
  private unsynced: BatchOperation[] = []

  /** @param crash crashes at the write of that number, the first being 1 */
  constructor (readonly disk: Disk, private readonly crash?: { at: number, how: Crash, onCrash?: () => void }) {}

  get (key: string): Promise<string | undefined> {
    if (this.crashed) return never()
    const pending = this.unsynced.findLast(operation => operation.key === key)
    if (pending !== undefined) return Promise.resolve(pending.type === 'put' ? pending.value : undefined)
    return Promise.resolve(this.disk.entries.get(key))
  }

  put (key: string, value: string): Promise<void> {
    return this.batch([{ type: 'put', key, value }])
  }

  del (key: string): Promise<void> {
    return this.batch([{ type: 'del', key }])
  }

  async batch (operations: readonly BatchOperation[], { sync = false }: { sync?: boolean } = {}): Promise<void> {
    if (this.crashed) return await never()
    this.writes++
    this.onWrite()
    const crash = this.crash?.at === this.writes ? this.crash : undefined
    if (crash !== undefined) this.crashed = true
    if (crash?.how === 'lost') {
      crash.onCrash?.()
      return await never()
    }
    if (this.hanging !== undefined) await this.hanging
    if (this.failure !== undefined) throw this.failure
    this.unsynced.push(...operations)
    if (sync) this.flush()
    if (this.isMute) return await never()
    if (crash !== undefined) {
      crash.onCrash?.()
      return await never()
    }
    await new Promise(resolve => { setImmediate(resolve) }) // a disk takes its time
    return undefined
  }

  /** A clean end of the process leaves nothing unwritten. */
  close (): Promise<void> {
    if (!this.crashed) this.flush()
    return Promise.resolve()
  }

  private flush (): void {
    for (const operation of this.unsynced.splice(0)) {
      if (operation.type === 'put') this.disk.entries.set(operation.key, operation.value)
      else this.disk.entries.delete(operation.key)
    }
  }
}

/** The smallest store there can be. */
export class PlainStore implements Store {
  constructor (readonly disk: Disk) {}

  get (key: string): Promise<string | undefined> {
    return Promise.resolve(this.disk.entries.get(key))
  }

  put (key: string, value: string): Promise<void> {
    this.disk.entries.set(key, value)
    return Promise.resolve()
  }

  del (key: string): Promise<void> {
    this.disk.entries.delete(key)
    return Promise.resolve()
  }
}
