/**
 * Which accounts have records: a store cannot list its keys. Each of these accounts has a slot, which is a record of its own, so that one
 * that comes or goes costs the same among ten and among ten thousand. A slot whose account is gone stays empty until the next one comes.
 *
 * Version 1 was a single record with all ids. Its accounts get slots with the first batch.
 */
import type { BatchOperation } from '../../contracts/store.js'
import { INDEX_KEY, encodeSlot, encodeSlotCount, slotKeyOf } from './records.js'

/** What of the index a batch writes. */
export interface IndexChanges {
  readonly slots: ReadonlySet<number>
  readonly count: boolean
}

export class AccountIndex {
  /** What is in each slot; undefined: nothing. */
  private readonly accounts: Array<string | undefined>
  private readonly slots = new Map<string, number>()
  private readonly empty: number[] = []
  private changedSlots = new Set<number>()
  private isCountChanged = false

  /** @param stored what is in the slots of the store */
  constructor (stored: ReadonlyArray<string | undefined>) {
    this.accounts = [...stored]
    for (const [slot, accountId] of stored.entries()) {
      if (accountId === undefined) this.empty.push(slot)
      else this.slots.set(accountId, slot)
    }
  }

  get hasChanges (): boolean {
    return this.changedSlots.size > 0 || this.isCountChanged
  }

  accountIds (): Iterable<string> {
    return this.slots.keys()
  }

  has (accountId: string): boolean {
    return this.slots.has(accountId)
  }

  add (accountId: string): void {
    if (this.has(accountId)) return
    const slot = this.empty.pop() ?? this.accounts.length
    this.isCountChanged ||= slot === this.accounts.length
    this.put(slot, accountId)
    this.slots.set(accountId, slot)
  }

  delete (accountId: string): void {
    const slot = this.slots.get(accountId)
    if (slot === undefined) return
    this.slots.delete(accountId)
    this.put(slot, undefined)
    this.empty.push(slot)
  }

  /** Everything that has changed since the last call. */
  take (): IndexChanges {
    const taken = { slots: this.changedSlots, count: this.isCountChanged }
    this.changedSlots = new Set()
    this.isCountChanged = false
    return taken
  }

  /** What could not be written is to be written again. */
  giveBack ({ slots, count }: IndexChanges): void {
    for (const slot of slots) this.changedSlots.add(slot)
    this.isCountChanged ||= count
  }

  /** The records as they are now: slots before their number, so that none is counted that is not there. */
  operations ({ slots, count }: IndexChanges): BatchOperation[] {
    const puts = Array.from(slots, (slot): BatchOperation => ({ type: 'put', key: slotKeyOf(slot), value: encodeSlot(this.accounts[slot]) }))
    return count ? [...puts, { type: 'put', key: INDEX_KEY, value: encodeSlotCount(this.accounts.length) }] : puts
  }

  private put (slot: number, accountId: string | undefined): void {
    this.accounts[slot] = accountId
    this.changedSlots.add(slot)
  }
}
