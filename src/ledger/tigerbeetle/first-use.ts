/**
 * Accounts get their place in the cluster when money moves on them for the first time. Another connector may have been first, in another
 * unit: what this one asks for on such an account is refused, and must not hold up what it asks for on others.
 */
import type { Logger } from '../../contracts/logger.js'
import type { SharedBook } from './book.js'
import { ensureAccounts, type TigerBeetleClient } from './client.js'
import { isMoney, isStep, isTransfer, type Request } from './transfers.js'

/** Makes what `batch` needs. Resolves to the requests that the cluster can take. */
export async function ensurePlaces (client: TigerBeetleClient, batch: readonly Request[]): Promise<Request[]> {
  await makePlaces(client, batch.filter(request => isTransfer(request) || isStep(request)).map(({ book }) => book))
  return batch.filter(({ book }) => !book.isForeign)
}

/** Ends the requests that the cluster cannot take, once the others are in the books. */
export function refuseForeign (batch: readonly Request[], log: Logger): void {
  for (const request of batch) if (request.book.isForeign) refuse(request, log)
}

export async function makePlaces (client: TigerBeetleClient, books: readonly SharedBook[]): Promise<void> {
  const added = [...new Set(books)].filter(({ exists, isForeign }) => !exists && !isForeign)
  const accounts = added.flatMap(({ account, clearing, ledger }) => [[account, ledger], [clearing, ledger]] as const)
  const foreign = await ensureAccounts(client, accounts)
  for (const book of added) {
    book.isForeign = foreign.includes(book.account)
    book.exists = !book.isForeign
  }
}

export function foreignUnit ({ accountId, unit }: SharedBook): Error {
  return new Error(`account has a balance in another unit. accountId=${accountId} configured=${unit}. ` +
    'Put asset and scale back, or give the account with the new unit another id.')
}

function refuse (request: Request, log: Logger): void {
  const { book, effect } = request
  book.withdraw(effect)
  if (isTransfer(request) && request.makes !== undefined) request.makes.isWithinLimits = undefined
  if (isTransfer(request) && request.makes === book.settlement) book.settlement = undefined
  if (!isStep(request) && !(isTransfer(request) && isMoney(request))) return
  log.error('money is not booked: %s amount=%s', foreignUnit(book).message, String(effect.balance))
}
