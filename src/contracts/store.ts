/** A key-value store: where bytes are kept. Keys and values are strings. */
import type { Logger } from './logger.js'

export type BatchOperation = { type: 'put', key: string, value: string } | { type: 'del', key: string }

export interface Store {
  get (key: string): Promise<string | undefined>
  put (key: string, value: string): Promise<void>
  del (key: string): Promise<void>
  /** Writes all or nothing, and with `sync` returns only when it is on disk. Optional. */
  batch? (operations: readonly BatchOperation[], options?: { sync?: boolean }): Promise<void>
  /** Opens the store and rejects with a clear reason when it cannot be used. Called at start where it exists. Optional. */
  open? (): Promise<void>
  /** Finishes writes and releases the store. Called at shutdown where it exists. Optional. */
  close? (): Promise<void>
}

export interface StoreApi {
  log: Logger
  /** The address in the connector's configuration, `unknown` where its parent gives it one. For a store that has no place of its own. */
  ilpAddress?: string
  /**
   * Tells this connector from others after a restart: its address, or a word for its parent, with a `#` and what need not be shown behind.
   * `unknown` if nothing tells. Left out by tools, which are not connectors.
   */
  owner?: string
}

export type StoreConstructor = new (options: Record<string, unknown> & { path?: string }, api: StoreApi) => Store
