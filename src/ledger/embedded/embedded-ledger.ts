/**
 * The books, kept in the connector's own store. Balances live in memory, so that checks and postings cost no I/O. Changes are written in
 * groups, both legs of a packet in one synced batch, before the packet's Fulfill is passed on.
 *
 * When the store fails, packets that carry money are rejected before anything is sent. A packet that is fulfilled in the meantime is
 * answered with T00: its outgoing leg stays posted, because the next hop was promised the money; its incoming leg is reversed, because its
 * sender was promised nothing. Both stay in memory, and are written as whole records as soon as the store works; then packets are accepted
 * again. If a write does not end, the store is given the next one anyway: the first may be on disk already, and its reversal must get
 * there too.
 */
import { randomUUID } from 'node:crypto'
import type { Logger } from '../../contracts/logger.js'
import type { BatchOperation, Store } from '../../contracts/store.js'
import type { Book } from '../book.js'
import { GroupCommit } from './group-commit.js'
import { MemoryLedger } from './memory-ledger.js'
import { AccountIndex, type IndexChanges } from './account-index.js'
import { DamagedRecordError, ID_KEY, INDEX_KEY, decodeAccount, decodeId, decodeIndex, decodeSlot, encode, encodeId, keyOf, slotKeyOf, type Part } from './records.js'

/**
 * `sync`: what was answered is on disk. `none`: answers do not wait for the disk, balances follow when they can; a crash forgets the
 * latest.
 */
export type Durability = 'sync' | 'none'

/** What has to be written. */
type Changed = Record<Part, Set<Book>>

interface Batch {
  operations: BatchOperation[]
  changed: Changed
  gone: Set<string>
  indexChanges: IndexChanges
  newId: string | undefined
}

const PARTS: readonly Part[] = ['account', 'journal', 'received', 'totals']
/** Parts that most accounts do not have. */
const SELDOM = ['journal', 'received', 'totals'] as const
/** A store reads many records at once in less time than one after the other. */
const READS_AT_ONCE = 256

export class EmbeddedLedger extends MemoryLedger {
  private changes = nothingChanged()
  private index = new AccountIndex([])
  /** Accounts whose records are to be deleted. */
  private gone = new Set<string>()
  private isOpen = false
  private bookId = ''
  /** The id of new books, until it is written with the first batch. */
  private newId: string | undefined
  private readonly commit: GroupCommit<Batch>

  constructor (private readonly store: Store, readonly durability: Durability, private readonly log: Logger) {
    super()
    this.commit = new GroupCommit<Batch>({
      take: () => this.take(),
      write: batch => this.write(batch),
      giveBack: batch => this.giveBack(batch),
      areStates: true
    }, log)
  }

  override get id (): string {
    this.assertOpen()
    return this.bookId
  }

  /** Why packets with money are refused; undefined while all is well. */
  get trouble (): string | undefined {
    return this.commit.trouble
  }

  /**
   * Reads what the store has of these accounts and of all others that it knows. Rejects with DamagedRecordError when a record cannot be
   * read or is missing, and with the store's own error.
   */
  async open (accountIds: Iterable<string>): Promise<void> {
    const index = await this.read(INDEX_KEY)
    this.index = await this.readIndex(index)
    const found = await readAll(new Set([...this.index.accountIds(), ...accountIds]), accountId => this.readAccount(accountId))
    for (const account of found) if (account !== undefined) this.load(account)
    if (index === undefined && this.books.size > 0 && this.store.batch !== undefined) {
      throw new DamagedRecordError(INDEX_KEY, 'it is missing although there are accounts')
    }
    for (const accountId of this.books.keys()) this.index.add(accountId)
    const id = await this.read(ID_KEY)
    this.bookId = id === undefined ? this.newId = randomUUID() : decodeId(id)
    this.isOpen = true
    this.sayWhatCannotBePromised()
  }

  /** Writes what is left. Rejects when that does not work. */
  async close (): Promise<void> {
    if (this.isOpen) await this.commit.close()
  }

  override openAccount (...args: Parameters<MemoryLedger['openAccount']>): void {
    this.assertOpen()
    super.openAccount(...args)
    if (this.newId !== undefined || this.index.hasChanges) this.commit.changed()
  }

  override committed (): Promise<void> {
    return this.durability === 'sync' ? this.commit.committed() : super.committed()
  }

  protected override changed (book: Book, part: Part): void {
    this.changes[part].add(book)
    this.commit.changed()
  }

  protected override assertKeeping (): void {
    if (this.durability === 'sync' && this.commit.trouble !== undefined) throw this.commit.refusal()
  }

  private assertOpen (): void {
    if (!this.isOpen) throw new Error('the ledger is not open.')
  }

  private async readAccount (accountId: string): Promise<ReturnType<typeof decodeAccount> | undefined> {
    const account = await this.read(keyOf('account', accountId))
    if (account === undefined) {
      if (this.index.has(accountId)) throw new DamagedRecordError(keyOf('account', accountId), 'it is missing')
      return undefined
    }
    const [journal, received, totals] = await Promise.all(SELDOM.map(part => this.read(keyOf(part, accountId))))
    return decodeAccount(accountId, { account, journal, received, totals })
  }

  private load ({ book, settlement }: ReturnType<typeof decodeAccount>): void {
    book.removed = true // until it is opened
    if (settlement !== undefined) this.restoreSettlement(book, settlement)
    if (book.isStranger) this.departed.add(book)
    this.books.set(book.accountId, book)
  }

  private async readIndex (text: string | undefined): Promise<AccountIndex> {
    const found = text === undefined ? { slots: 0 } : decodeIndex(text)
    if ('slots' in found) {
      return new AccountIndex(await readAll(Array(found.slots).keys(), async slot => decodeSlot(slot, await this.read(slotKeyOf(slot)))))
    }
    const index = new AccountIndex([])
    for (const accountId of found.accounts) index.add(accountId)
    return index
  }

  /** Some stores answer null for what they do not have. */
  private async read (key: string): Promise<string | undefined> {
    const value = await this.store.get(key)
    return typeof value === 'string' ? value : undefined
  }

  /** Records before the index, the index before deletions: without batches, nothing may ever be in the index and not in the store. */
  private take (): Batch {
    const changed = this.changes
    const { newId } = this
    this.newId = undefined
    this.changes = nothingChanged()
    const puts: BatchOperation[] = []
    for (const part of PARTS) {
      for (const book of changed[part]) {
        if (book.forgotten) continue
        puts.push(put(part, book))
        if (this.index.has(book.accountId)) continue
        if (!changed.account.has(book)) puts.push(put('account', book))
        this.index.add(book.accountId)
      }
    }
    const { gone } = this
    this.gone = new Set()
    for (const { accountId, forgotten } of changed.account) if (forgotten && this.index.has(accountId)) gone.add(accountId)
    const dels: BatchOperation[] = []
    for (const accountId of gone) {
      const successor = this.books.get(accountId)
      if (successor === undefined) {
        dels.push(...PARTS.map((part): BatchOperation => ({ type: 'del', key: keyOf(part, accountId) })))
        this.index.delete(accountId)
      } else {
        puts.push(...PARTS.map(part => put(part, successor)))
        this.index.add(accountId)
      }
    }
    const indexChanges = this.index.take()
    puts.push(...this.index.operations(indexChanges))
    if (newId !== undefined) puts.push({ type: 'put', key: ID_KEY, value: encodeId(newId) })
    return { operations: [...puts, ...dels], changed, gone, indexChanges, newId }
  }

  private giveBack ({ changed, gone, indexChanges, newId }: Batch): void {
    this.newId ??= newId
    for (const part of PARTS) for (const book of changed[part]) this.changes[part].add(book)
    for (const accountId of gone) this.gone.add(accountId)
    this.index.giveBack(indexChanges)
  }

  private async write ({ operations }: Batch): Promise<void> {
    if (operations.length === 0) return
    if (this.store.batch !== undefined) {
      await this.store.batch(operations, { sync: this.durability === 'sync' })
      return
    }
    for (const operation of operations) {
      if (operation.type === 'put') await this.store.put(operation.key, operation.value)
      else await this.store.del(operation.key)
    }
  }

  private sayWhatCannotBePromised (): void {
    if (this.durability === 'none') {
      this.log.warn('balances are written behind the answers: a crash forgets the latest packets. durability=%s', 'none')
    }
    if (this.store.batch === undefined) {
      this.log.warn('the store has no batch: nothing says that balances are on disk, and a crash can keep one leg of a packet ' +
        'without the other. Use leveldown, or a store with batch(operations, { sync }), for real money.')
    }
  }
}

async function readAll<K, V> (keys: Iterable<K>, read: (key: K) => Promise<V>): Promise<V[]> {
  const [left, found]: [K[], V[]] = [[...keys], []]
  while (left.length > 0) found.push(...await Promise.all(left.splice(0, READS_AT_ONCE).map(read)))
  return found
}

function nothingChanged (): Changed {
  return { account: new Set(), journal: new Set(), received: new Set(), totals: new Set() }
}

function put (part: Part, book: Book): BatchOperation {
  return { type: 'put', key: keyOf(part, book.accountId), value: encode[part](book) }
}
