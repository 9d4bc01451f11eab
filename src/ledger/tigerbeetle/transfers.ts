/** Builds the transfers that are sent to the cluster, and derives their ids and codes. */
import { randomBytes } from 'node:crypto'
import type { MovementKind } from '../../contracts/ledger.js'
import { SharedSettlement, ZERO, u128, type SharedBook, type SharedHold, type Totals } from './book.js'
import { FLAG, hasTransfer, newTransfer, type TigerBeetleTransfer } from './client.js'
import type { Step } from './totals.js'

/** What a transfer is about, for anyone who inspects the cluster. */
export const CODES: Record<MovementKind, number> = { incoming: 1, outgoing: 2, settled: 3, received: 4, adjusted: 5, reversed: 6 }

/** What the cluster is asked for: a transfer, a step of a running total, or only a look at the account. */
export type Request = TransferRequest | StepRequest | { book: SharedBook, effect: Totals }

type StepRequest = Step & { effect: Totals }

export interface TransferRequest {
  book: SharedBook
  transfer: TigerBeetleTransfer
  effect: Totals
  /** The hold that it makes. */
  makes?: SharedHold
  /** The hold that it posts or voids. */
  ends?: SharedHold
}

export function randomId (): bigint {
  return BigInt(`0x${randomBytes(16).toString('hex')}`)
}

/** A hold as a pending transfer, which voids itself after `timeout` seconds, or never for 0. */
export function pendingOf (hold: SharedHold, timeout: number): TigerBeetleTransfer {
  return transferOf(hold.book, hold.amount, { id: hold.transferId, code: codeOf(hold), flags: FLAG.pending, timeout })
}

/** The transfer that posts or voids a hold. */
export function endingOf (hold: SharedHold, flags: number): TigerBeetleTransfer {
  return transferOf(hold.book, hold.amount, { id: endId(hold, flags), code: codeOf(hold), flags, pending_id: hold.transferId })
}

function codeOf (hold: SharedHold): number {
  return CODES[hold instanceof SharedSettlement ? 'settled' : hold.amount < 0n ? 'outgoing' : 'incoming']
}

export function isStep (request: Request): request is StepRequest {
  return 'total' in request
}

export function isTransfer (request: Request): request is TransferRequest {
  return 'transfer' in request
}

/** A hold that cannot be made is refused, and one that is gone needs no void; but money that is not booked would be lost. */
export function isMoney ({ makes, transfer }: TransferRequest): boolean {
  return makes === undefined && transfer.flags !== FLAG.void
}

/** Throws for the first that the cluster did not take. */
export function refuseLoss (requests: readonly TransferRequest[], statuses: ReadonlyArray<number | undefined>): void {
  for (const [i, { book, transfer }] of requests.entries()) {
    if (hasTransfer(statuses[i])) continue
    throw new Error(`TigerBeetle refused a transfer. accountId=${book.accountId} amount=${transfer.amount} status=${statuses[i] ?? ''}`)
  }
}

/** What of a posted hold prepaid money pays for. */
export function coveredOf (hold: SharedHold, prepaid: bigint): bigint {
  if (hold.amount >= 0n || prepaid <= 0n) return 0n
  return prepaid < -hold.amount ? prepaid : -hold.amount
}

/**
 * The transfers by which prepaid money pays for packets. Nobody else uses this connector's prepaid money, so it is what the cluster said
 * last, and what was added since.
 */
export function coversOf (requests: readonly TransferRequest[], added: ReadonlyMap<SharedBook, bigint>): TransferRequest[] {
  const left = new Map<SharedBook, bigint>()
  return requests.flatMap(({ book, transfer, ends }) => {
    if (ends === undefined || transfer.flags !== FLAG.post) return []
    const prepaid = left.get(book) ?? book.confirmedPrepaid + (added.get(book) ?? 0n)
    const amount = coveredOf(ends, prepaid)
    if (amount === 0n) return []
    left.set(book, prepaid - amount)
    const { account, prepaidAccount, ledger } = book
    return [{
      book,
      effect: ZERO,
      transfer: newTransfer({
        id: u128(`cover ${transfer.id}`), debit_account_id: account, credit_account_id: prepaidAccount, amount, ledger, code: CODES.settled
      })
    }]
  })
}

/** What takes the place of a post whose hold has expired. */
export function lateTransfer ({ book, transfer, ends }: TransferRequest): TigerBeetleTransfer {
  return transferOf(book, ends?.amount ?? 0n, { id: u128(`late ${transfer.id}`), code: transfer.code })
}

/** The same for the same settlement in every life of the connector. */
export function endId (hold: SharedHold, flag: number): bigint {
  return u128(`${flag === FLAG.post ? 'post' : 'void'} ${hold.transferId}`)
}

/** Debits are what the peer owes us. */
export function transferOf (
  { account, clearing, ledger }: SharedBook, amount: bigint, more: Partial<TigerBeetleTransfer> & Pick<TigerBeetleTransfer, 'id' | 'code'>
): TigerBeetleTransfer {
  const [debit, credit] = amount < 0n ? [clearing, account] : [account, clearing]
  return newTransfer({ debit_account_id: debit, credit_account_id: credit, amount: amount < 0n ? -amount : amount, ledger, ...more })
}
