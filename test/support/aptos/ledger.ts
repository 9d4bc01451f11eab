/** What the chain knows, at each version that is not pruned yet. Values are never changed, only replaced. */
import type { Channel } from './rules.js'

interface Account {
  readonly sequence: bigint
  readonly authenticationKey: string
}

/** A fungible asset. With `hooks` it is a dispatchable one (fungible_asset.move, dispatchable_fungible_asset.move). */
export interface Asset {
  readonly name: string
  readonly symbol: string
  readonly decimals: number
  readonly hooks?: {
    /** Base units that each deposit into a store costs. */
    readonly fee: bigint
    /** Each move of it aborts. */
    readonly isBroken: boolean
  } | undefined
}

export interface Store {
  readonly asset: string
  readonly balance: bigint
  readonly isFrozen: boolean
}

export interface ChannelEntry {
  readonly rules: Channel
  readonly asset: string
  readonly revision: bigint
}

export interface Package {
  readonly name: string
  /** 1 compatible, 2 immutable (code.move). */
  readonly policy: number
  readonly upgradeNumber: bigint
  readonly modules: readonly string[]
}

/** By kind, and then by address; modules by `address::name`. */
export interface Tables {
  readonly account: Account
  readonly asset: Asset
  /** The asset that a coin of the older standard is paired with, by its type. */
  readonly paired: string
  /** Primary stores and those of channels, by their own address. */
  readonly store: Store
  readonly channel: ChannelEntry
  readonly opened: readonly string[]
  readonly module: Uint8Array
  readonly packages: readonly Package[]
}

export type Kind = keyof Tables

export interface Reading {
  get <K extends Kind>(kind: K, key: string): Tables[K] | undefined
}

interface Versioned<T> {
  readonly version: number
  readonly value: T
}

type Changes = { readonly [K in Kind]: Map<string, Tables[K]> }
type Histories = { readonly [K in Kind]: Map<string, ReadonlyArray<Versioned<Tables[K]>>> }

/** Changes on top of something, which count when they are committed. */
export class View implements Reading {
  readonly changes: Changes = {
    account: new Map(),
    asset: new Map(),
    paired: new Map(),
    store: new Map(),
    channel: new Map(),
    opened: new Map(),
    module: new Map(),
    packages: new Map()
  }
  constructor (private readonly below: Reading) {}

  get <K extends Kind>(kind: K, key: string): Tables[K] | undefined {
    return this.changes[kind].get(key) ?? this.below.get(kind, key)
  }

  set <K extends Kind>(kind: K, key: string, value: Tables[K]): void {
    this.changes[kind].set(key, value)
  }

  /** Takes all changes of another view over. */
  take (other: View): void {
    for (const kind of KINDS) this.takeKind(kind, other.changes)
  }

  private takeKind<K extends Kind> (kind: K, changes: Pick<Changes, K>): void {
    for (const [key, value] of changes[kind]) this.set(kind, key, value)
  }
}

const KINDS = ['account', 'asset', 'paired', 'store', 'channel', 'opened', 'module', 'packages'] as const
/** Older versions are pruned by themselves. */
const VERSIONS_KEPT = 100_000

export class Ledger {
  /** Of the newest committed transaction. */
  version = 0
  oldest = 0
  private readonly tables: Histories = {
    account: new Map(),
    asset: new Map(),
    paired: new Map(),
    store: new Map(),
    channel: new Map(),
    opened: new Map(),
    module: new Map(),
    packages: new Map()
  }

  /** As it was at a version. */
  at (version: number): Reading {
    return { get: (kind, key) => this.find(kind, key, version) }
  }

  /** Commits the changes of the next transaction. */
  commit (view: View): number {
    this.version++
    this.oldest = Math.max(this.oldest, this.version - VERSIONS_KEPT)
    this.write(view)
    return this.version
  }

  /** Changes the newest state without a transaction, to set a test up. */
  place (change: (view: View) => void): void {
    const view = new View(this.at(this.version))
    change(view)
    this.write(view)
  }

  /** Forgets what was before this version. */
  prune (version: number): void {
    this.oldest = Math.max(this.oldest, version)
  }

  private write (view: View): void {
    for (const kind of KINDS) this.writeKind(kind, view.changes)
  }

  private writeKind<K extends Kind> (kind: K, changes: Pick<Changes, K>): void {
    const table = this.tables[kind]
    for (const [key, value] of changes[kind]) {
      const former = table.get(key) ?? []
      const first = Math.max(0, former.findLastIndex(({ version }) => version <= this.oldest))
      const kept = former.slice(first).filter(({ version }) => version !== this.version)
      table.set(key, [...kept, { version: this.version, value }])
    }
  }

  private find<K extends Kind> (kind: K, key: string, at: number): Tables[K] | undefined {
    return this.tables[kind].get(key)?.findLast(({ version }) => version <= at)?.value
  }
}
