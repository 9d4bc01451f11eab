/**
 * The part of the shared books that this connector keeps in its own store: its id, which is that of the store's own books, and the
 * settlements that it has begun. So no payment is forgotten in a crash, and no other connector resumes it. A settlement is recorded before
 * the cluster hears about it, and removed after the cluster has recorded its end.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Store } from '../../contracts/store.js'
import { ID_KEY, decode, decodeId, encodeId, encodeSettlement, settlement, version, type SettlementRecord } from '../embedded/records.js'

const KEY = 'ledger:tigerbeetle'
const record = z.strictObject({ version, settlements: z.array(settlement.extend({ accountId: z.string() })) })

export interface BegunSettlement extends SettlementRecord {
  accountId: string
}

export class BegunSettlements {
  /** Tells this connector from the others. Known when it is open. */
  connector = ''
  private kept = new Map<string, BegunSettlement>()

  constructor (private readonly store: Store) {}

  /** Throws DamagedRecordError. */
  async open (): Promise<void> {
    const id = await this.store.get(ID_KEY)
    if (typeof id === 'string') this.connector = decodeId(id)
    else await this.write(ID_KEY, encodeId(this.connector = randomUUID()))
    const text = await this.store.get(KEY)
    if (typeof text !== 'string') return
    for (const { createdAt, ...begun } of decode(KEY, record, text).settlements) {
      this.kept.set(begun.id, { ...begun, createdAt: Date.parse(createdAt) })
    }
  }

  of (accountId: string): BegunSettlement | undefined {
    return [...this.kept.values()].find(begun => begun.accountId === accountId)
  }

  async add (begun: readonly BegunSettlement[]): Promise<void> {
    await this.change(kept => { for (const each of begun) kept.set(each.id, each) })
  }

  async remove (ids: readonly string[]): Promise<void> {
    await this.change(kept => { for (const id of ids) kept.delete(id) })
  }

  private async change (edit: (kept: Map<string, BegunSettlement>) => void): Promise<void> {
    const kept = new Map(this.kept)
    edit(kept)
    if (kept.size === this.kept.size && [...kept.keys()].every(id => this.kept.has(id))) return
    const settlements = Array.from(kept.values(), begun => ({ ...encodeSettlement(begun), accountId: begun.accountId }))
    const value = JSON.stringify({ version: 1, settlements })
    await this.write(KEY, value)
    this.kept = kept
  }

  private async write (key: string, value: string): Promise<void> {
    if (this.store.batch === undefined) await this.store.put(key, value)
    else await this.store.batch([{ type: 'put', key, value }], { sync: true })
  }
}
