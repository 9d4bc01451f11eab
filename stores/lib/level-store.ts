/**
 * A store on top of levelup and any database below it. It opens by itself at the first use, keeps writes in order, and never continues to
 * write to a database after a failed write.
 */
import type { BatchOperation, Store } from '../../src/contracts/store.js'
import type { Database } from './level-packages.js'

/** Writes that may wait for the disk at once; more means that it does not keep up. */
const WAITING_WRITES_MAX = 10_000

export class LevelStore implements Store {
  private database: Promise<Database> | undefined
  private lastWrite: Promise<unknown> = Promise.resolve()
  private waitingWrites = 0
  private closing: Promise<void> | undefined

  /**
   * @param place where the data is, for messages
   * @param openDatabase opens the database anew; rejects with an error for the operator
   */
  constructor (private readonly place: string, private readonly openDatabase: () => Promise<Database>) {}

  async open (): Promise<void> {
    this.assertNotClosed()
    await this.opened()
  }

  async get (key: string): Promise<string | undefined> {
    this.assertNotClosed()
    assertKey(key)
    const database = await this.opened()
    try {
      return await database.get(key)
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw this.failure('read from', error)
    }
  }

  /** Resolved: it survives the end of this process. It survives a power cut from the next synced batch on. */
  async put (key: string, value: string): Promise<void> {
    await this.batch([{ type: 'put', key, value }])
  }

  /** As durable as `put`. */
  async del (key: string): Promise<void> {
    await this.batch([{ type: 'del', key }])
  }

  /** All or nothing, in the order of the calls. With `sync` it resolves when this and everything written before is on disk. */
  async batch (operations: readonly BatchOperation[], { sync = false }: { sync?: boolean } = {}): Promise<void> {
    this.assertNotClosed()
    for (const operation of operations) {
      assertKey(operation.key)
      if (operation.type === 'put' && typeof operation.value !== 'string') {
        throw new TypeError(`store values must be strings. key=${operation.key} type=${typeof operation.value}`)
      }
    }
    if (this.waitingWrites >= WAITING_WRITES_MAX) {
      throw new Error(`cannot write to the store. path=${this.place} reason=${WAITING_WRITES_MAX} writes are already waiting for the disk`)
    }
    this.waitingWrites++
    const previous = this.lastWrite
    const write = previous.then(() => this.write([...operations], sync)).finally(() => { this.waitingWrites-- })
    this.lastWrite = write.catch(() => undefined)
    await write
  }

  /** Waits for what is being written, then lets go of the database. */
  async close (): Promise<void> {
    this.closing ??= this.lastWrite.then(() => this.release())
    await this.closing
  }

  /**
   * One at a time. LevelDB goes on after a failed write (a full disk), but what it then says is written cannot be read after a restart:
   * so after a failed write the database is closed and opened anew. Whether the failed write itself is kept is not certain.
   */
  private async write (operations: BatchOperation[], sync: boolean): Promise<void> {
    const database = await this.opened()
    try {
      await database.batch(operations, { sync })
    } catch (error) {
      void this.use(database.close().then(() => this.openDatabase()))
      throw this.failure('write to', error)
    }
  }

  private opened (): Promise<Database> {
    return this.database ?? this.use(this.openDatabase())
  }

  /** What follows waits for it. One that cannot be opened is forgotten, so that the next use tries again. */
  private use (opening: Promise<Database>): Promise<Database> {
    this.database = opening
    opening.catch(() => {
      if (this.database === opening) this.database = undefined
    })
    return opening
  }

  private async release (): Promise<void> {
    const database = await this.database?.catch(() => undefined)
    await database?.close()
  }

  private assertNotClosed (): void {
    if (this.closing !== undefined) throw new Error(`the store is closed. path=${this.place}`)
  }

  private failure (what: string, error: unknown): Error {
    const reason = error instanceof Error ? error.message : String(error)
    return new Error(`cannot ${what} the store. path=${this.place} reason=${reason}`, { cause: error })
  }
}

function assertKey (key: unknown): void {
  if (typeof key !== 'string' || key === '') throw new TypeError(`store keys must be strings of at least one character. type=${typeof key}`)
}

export function isNotFound (error: unknown): boolean {
  return error instanceof Error && 'notFound' in error && error.notFound === true
}
