/** What one server knows of the network: which ledgers, which of them as validated, and what it shows of them. */
import { rippleTimeToISOTime } from 'xrpl'
import type { Faults } from '../faults.js'
import { sha512Half } from '../hashing.js'
import type { ClosedLedger, LedgerTransaction, Network } from '../network.js'
import type { ReadView } from '../view.js'
import { ApiError } from './errors.js'

export type Fields = Readonly<Record<string, unknown>>

const HASH = /^[0-9A-F]{64}$/i

/** A ledger as a request names it. */
export interface Selected {
  readonly view: ReadView
  /** Undefined for the open one. */
  readonly ledger: ClosedLedger | undefined
  /** `ledger_index`, `ledger_hash`, `validated` of the answer. */
  readonly fields: Fields
}

export class Vantage {
  constructor (readonly network: Network, readonly faults: Faults) {}

  get networkId (): number {
    return this.faults.networkId ?? this.network.options.networkId
  }

  /** The last closed ledger that the server has seen. */
  get closed (): ClosedLedger {
    const { network, faults } = this
    return network.ledger(network.lastClosed.index - faults.behind) ?? network.lastClosed
  }

  get validatedIndex (): number {
    const { unvalidated, validatedStandsAt } = this.faults
    return Math.min(this.closed.index - unvalidated, validatedStandsAt ?? Infinity)
  }

  get validated (): ClosedLedger | undefined {
    return this.network.ledger(this.validatedIndex)
  }

  get currentIndex (): number {
    return this.closed.index + 1
  }

  /** `complete_ledgers`: from where to where, without the gaps. */
  get completeLedgers (): string {
    const { network: { options: { firstLedger } }, validatedIndex } = this
    let ranges: Array<readonly [number, number]> = [[firstLedger, validatedIndex]]
    for (const [from, to] of this.faults.missing) {
      ranges = ranges.flatMap(([first, last]) => [[first, Math.min(last, from - 1)] as const, [Math.max(first, to + 1), last] as const])
        .filter(([first, last]) => first <= last)
    }
    return ranges.length === 0 ? 'empty' : ranges.map(([first, last]) => first === last ? `${first}` : `${first}-${last}`).join(',')
  }

  hasLedger (index: number): boolean {
    const isMissing = this.faults.missing.some(([from, to]) => index >= from && index <= to)
    return index <= this.closed.index && !isMissing && this.network.ledger(index) !== undefined
  }

  hasAll (from: number, to: number): boolean {
    if (from < this.network.options.firstLedger || to > this.validatedIndex) return false
    return !this.faults.missing.some(([first, last]) => first <= to && last >= from)
  }

  hashOf ({ hash }: ClosedLedger): string {
    return this.faults.hasOtherHashes ? sha512Half(hash) : hash
  }

  /** A transaction in a ledger that this server has. */
  transaction (hash: string): LedgerTransaction | undefined {
    const found = this.network.transaction(hash)
    return found !== undefined && this.hasLedger(found.ledgerIndex) ? found : undefined
  }

  isoTimeOf ({ closeTime }: ClosedLedger): string {
    return rippleTimeToISOTime(closeTime).replace('.000Z', 'Z')
  }

  /** @throws {ApiError} lgrNotFound, invalidParams */
  select ({ ledger_index: named, ledger_hash: hash }: Fields): Selected {
    if (typeof hash === 'string') return this.shown(HASH.test(hash) ? this.ledgerOfHash(hash.toUpperCase()) : undefined)
    const selector = named ?? (this.faults.clio === undefined ? 'current' : 'validated')
    if (selector === 'current') {
      const view = this.faults.behind > 0 ? this.stateOf(this.closed) : this.network.openView
      return { view, ledger: undefined, fields: { ledger_current_index: this.currentIndex, validated: false } }
    }
    if (selector === 'validated') return this.shown(this.validated)
    if (selector === 'closed') return this.shown(this.closed)
    const index = typeof selector === 'number' ? selector : Number(selector)
    if (!Number.isInteger(index)) throw new ApiError('invalidParams', { error_message: 'ledgerIndexMalformed' })
    return this.shown(this.hasLedger(index) ? this.network.ledger(index) : undefined)
  }

  private ledgerOfHash (hash: string): ClosedLedger | undefined {
    const ledger = this.network.ledgerOfHash(hash)
    return ledger !== undefined && this.hasLedger(ledger.index) ? ledger : undefined
  }

  private shown (ledger: ClosedLedger | undefined): Selected {
    if (ledger === undefined) throw new ApiError('lgrNotFound')
    const fields = { ledger_hash: this.hashOf(ledger), ledger_index: ledger.index, validated: ledger.index <= this.validatedIndex }
    return { view: this.stateOf(ledger), ledger, fields }
  }

  private stateOf ({ state }: ClosedLedger): ReadView {
    if (state === undefined) throw new ApiError('lgrNotFound')
    return { get: index => state.get(index) }
  }
}
