/** One chain behind the nodes of the stand-in: its clock, its mempool, its blocks. What is in a block is final. */
import { EventEmitter } from 'node:events'
import { BcsError } from './bcs.js'
import { VM_CODES, admissionFaultOf, execute, prologueFaultOf, type Outcome, type Surroundings, type VmCode } from './execute.js'
import { Ledger, View } from './ledger.js'
import { readSigned, type Transaction } from './transaction.js'

/** Of the mempool's configuration (mempool_config.rs): `capacity_per_user`, `capacity`. */
const PENDING_PER_ACCOUNT = 100
const PENDING_AT_MOST = 2000
const BLOCKS_KEPT = 50_000

/** What the chain makes of a transaction that it has taken in: leaves it pending, forgets it, or has it abort. */
export type Fate = 'pending' | 'dropped' | 'aborts'

export interface Committed {
  readonly tx: Transaction
  readonly outcome: Outcome
  readonly version: number
  /** Microseconds. */
  readonly timestamp: bigint
}

export interface Block {
  readonly height: number
  /** Of its last transaction. */
  readonly version: number
  /** Microseconds. */
  readonly timestamp: bigint
}

/** Why a transaction is not taken in. */
export class Refusal extends Error {
  constructor (readonly status: number, readonly errorCode: string, message: string, readonly vmCode?: number) {
    super(message)
  }
}

export class Chain extends EventEmitter<{ block: [Block] }> {
  readonly ledger = new Ledger()
  /** Transactions that offer less for a unit of gas wait. */
  gasFloor = 100n
  /** What becomes of a transaction, if not what should. Asked for each block. */
  fateOf: (tx: Transaction) => Fate | undefined = () => undefined
  private readonly committed = new Map<string, Committed>()
  private readonly bySender = new Map<string, Committed[]>()
  private readonly pool = new Map<string, Map<bigint, Transaction>>()
  private readonly blocks: Block[] = []
  private skippedSecs = 0n

  constructor (readonly chainId: number) {
    super()
    this.ledger.commit(new View(this.ledger.at(0)))
    this.blocks.push({ height: 0, version: this.ledger.version, timestamp: this.microseconds() })
  }

  /** Microseconds, by the clock of the validators. */
  private microseconds (): bigint {
    return BigInt(Date.now()) * 1000n + this.skippedSecs * 1_000_000n
  }

  /** The clock of the chain jumps ahead, and a block tells of it. */
  advance (seconds: number): void {
    this.skippedSecs += BigInt(seconds)
    this.block()
  }

  get lastBlock (): Block {
    return this.blockAt(this.ledger.version)
  }

  /** The last block that does not go beyond a version. */
  blockAt (version: number): Block {
    const block = this.blocks.findLast(each => each.version <= version) ?? this.blocks[0]
    if (block === undefined) throw new Error('there is no block')
    return block
  }

  /** The newest blocks; so many are left out. */
  blockBehind (count: number): Block {
    return this.blocks[Math.max(0, this.blocks.length - 1 - count)] ?? this.lastBlock
  }

  transaction (hash: string): Committed | undefined {
    return this.committed.get(hash)
  }

  transactionsOf (sender: string): readonly Committed[] {
    return this.bySender.get(sender) ?? []
  }

  pending (hash: string): Transaction | undefined {
    return [...this.pool.values()].flatMap(each => [...each.values()]).find(tx => tx.hash === hash)
  }

  surroundings (): Surroundings {
    return { chainId: this.chainId, now: this.lastBlock.timestamp / 1_000_000n }
  }

  /**
   * Takes a transaction into the mempool.
   *
   * @throws Refusal as a node answers
   */
  submit (bytes: Uint8Array): Transaction {
    const tx = parsed(bytes)
    const refusal = admissionFaultOf(tx, this.ledger.at(this.ledger.version), this.surroundings())
    if (refusal !== undefined) throw vmRefusal(refusal)
    const ofSender = this.pool.get(tx.sender) ?? new Map<bigint, Transaction>()
    const former = ofSender.get(tx.sequence)
    if (former?.hash === tx.hash) return tx
    if (former !== undefined && tx.gasPrice <= former.gasPrice) {
      throw new Refusal(400, 'invalid_transaction_update', `Transaction already in mempool with a different payload. Failed to update gas price to ${tx.gasPrice}`)
    }
    if (former === undefined && this.isFull(ofSender.size)) throw new Refusal(507, 'mempool_is_full', 'Mempool is full')
    ofSender.set(tx.sequence, tx)
    this.pool.set(tx.sender, ofSender)
    return tx
  }

  private isFull (ofSender: number): boolean {
    const all = [...this.pool.values()].reduce((sum, { size }) => sum + size, 0)
    return ofSender >= PENDING_PER_ACCOUNT || all >= PENDING_AT_MOST
  }

  /** Makes a block of what can be executed. */
  block (): Block {
    const last = this.lastBlock
    const now = this.microseconds()
    const timestamp = now > last.timestamp ? now : last.timestamp + 1n
    this.ledger.commit(new View(this.ledger.at(this.ledger.version))) // the block's own transaction
    for (const ofSender of this.pool.values()) this.executeOf(ofSender, timestamp)
    for (const [sender, { size }] of this.pool) if (size === 0) this.pool.delete(sender)
    const block = { height: last.height + 1, version: this.ledger.version, timestamp }
    this.blocks.push(block)
    if (this.blocks.length > BLOCKS_KEPT) this.blocks.shift()
    this.emit('block', block)
    return block
  }

  /** One account's transactions, in the order of their sequence numbers, as long as there is no gap. */
  private executeOf (ofSender: Map<bigint, Transaction>, timestamp: bigint): void {
    const surroundings = { chainId: this.chainId, now: timestamp / 1_000_000n }
    const sequences = [...ofSender.keys()].sort((a, b) => a < b ? -1 : 1)
    for (const sequence of sequences) {
      const tx = ofSender.get(sequence)
      if (tx === undefined) continue
      const state = this.ledger.at(this.ledger.version)
      const fate = this.fateOf(tx)
      const isNext = state.get('account', tx.sender)?.sequence === sequence
      const isRefused = prologueFaultOf(tx, state, surroundings) !== undefined
      if (isRefused || fate === 'dropped') ofSender.delete(sequence)
      if (isRefused || fate === 'dropped' || fate === 'pending' || !isNext || tx.gasPrice < this.gasFloor) continue
      ofSender.delete(sequence)
      const forced = fate === 'aborts' ? 'Move abort in 0x1::fungible_asset: ESTORE_IS_FROZEN(0x50003): Store is disabled from sending and receiving' : undefined
      this.record(tx, execute(tx, state, surroundings, forced), timestamp)
    }
  }

  private record (tx: Transaction, outcome: Outcome, timestamp: bigint): void {
    const version = this.ledger.commit(outcome.changes)
    const committed = { tx, outcome, version, timestamp }
    this.committed.set(tx.hash, committed)
    this.bySender.set(tx.sender, [...this.bySender.get(tx.sender) ?? [], committed])
  }
}

/** @throws Refusal if it is no transaction */
export function parsed (bytes: Uint8Array): Transaction {
  try {
    return readSigned(bytes)
  } catch (error) {
    if (!(error instanceof BcsError)) throw error
    throw new Refusal(400, 'invalid_input', `Failed to deserialize input into SignedTransaction: ${error.message}`)
  }
}

export function vmRefusal (code: VmCode): Refusal {
  return new Refusal(400, 'vm_error', `Invalid transaction: Type: Validation Code: ${code}`, VM_CODES[code])
}
