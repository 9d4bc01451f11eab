/** Looks at a ledger's state, and collects changes to it until they are taken over or thrown away. */
import type { AccountRoot, Entry, PayChannel } from './entries.js'
import { accountIndex, ownerDirectoryIndex } from './hashing.js'

/** Entries by their index (ledger entry id). */
export interface ReadView {
  get (index: string): Entry | undefined
}

/** Changes on top of another view, which stays as it is until `commit`. */
export class View implements ReadView {
  private readonly changed = new Map<string, Entry | undefined>()
  /** What deleted entries were like in the end. */
  private readonly lastOf = new Map<string, Entry>()

  constructor (private readonly base: ReadView) {}

  get (index: string): Entry | undefined {
    return this.changed.has(index) ? this.changed.get(index) : this.base.get(index)
  }

  put (index: string, entry: Entry): void {
    this.changed.set(index, entry)
  }

  erase (index: string): void {
    const last = this.get(index)
    if (last !== undefined) this.lastOf.set(index, last)
    this.changed.set(index, undefined)
  }

  /** What has changed. Undefined stands for "does not exist"; `last` is what a deleted entry was like in the end. */
  changes (): Array<{ index: string, before: Entry | undefined, after: Entry | undefined, last: Entry | undefined }> {
    return [...this.changed].flatMap(([index, after]) => {
      const before = this.base.get(index)
      return before === after ? [] : [{ index, before, after, last: after ?? this.lastOf.get(index) }]
    })
  }

  /** Gives the changes to the view below, or to a map of entries. */
  commit (into: View | Map<string, Entry>): void {
    for (const { index, after, last } of this.changes()) {
      if (after !== undefined) into instanceof View ? into.put(index, after) : into.set(index, after)
      else if (!(into instanceof View)) into.delete(index)
      else {
        if (last !== undefined) into.put(index, last)
        into.erase(index)
      }
    }
  }
}

export function accountOf (view: ReadView, address: string): AccountRoot | undefined {
  const entry = view.get(accountIndex(address))
  return entry?.LedgerEntryType === 'AccountRoot' ? entry : undefined
}

export function putAccount (view: View, account: AccountRoot): void {
  view.put(accountIndex(account.Account), account)
}

export function channelOf (view: ReadView, id: string): PayChannel | undefined {
  const entry = view.get(id)
  return entry?.LedgerEntryType === 'PayChannel' ? entry : undefined
}

/** The ids of all objects in an account's directory, the oldest first. */
export function objectsOf (view: ReadView, address: string): readonly string[] {
  const entry = view.get(ownerDirectoryIndex(address))
  return entry?.LedgerEntryType === 'DirectoryNode' ? entry.Indexes : []
}

/** Adds objects to an account's directory. */
export function addToDirectory (view: View, owner: string, ...added: string[]): void {
  const index = ownerDirectoryIndex(owner)
  view.put(index, { LedgerEntryType: 'DirectoryNode', Owner: owner, RootIndex: index, Flags: 0, Indexes: [...objectsOf(view, owner), ...added] })
}

/** Takes an object out of an account's directory; the last one takes the directory with it. */
export function removeFromDirectory (view: View, owner: string, removed: string): void {
  const index = ownerDirectoryIndex(owner)
  const left = objectsOf(view, owner).filter(id => id !== removed)
  if (left.length === 0) view.erase(index)
  else view.put(index, { LedgerEntryType: 'DirectoryNode', Owner: owner, RootIndex: index, Flags: 0, Indexes: left })
}
