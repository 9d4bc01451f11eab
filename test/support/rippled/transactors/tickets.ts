/** TicketCreate, and what becomes of a used ticket (rippled CreateTicket.cpp, Transactor.cpp). */
import { ticketIndex } from '../hashing.js'
import { reserveFor } from '../rules.js'
import { numberField } from '../transaction.js'
import { accountOf, addToDirectory, putAccount, removeFromDirectory, type View } from '../view.js'
import type { Transactor } from './transactor.js'

const MAX_TICKETS = 250

export const ticketCreate: Transactor = {
  required: ['TicketCount'],
  flags: 0,

  preflight ({ json }) {
    const count = numberField(json, 'TicketCount') ?? 0
    return count >= 1 && count <= MAX_TICKETS ? 'tesSUCCESS' : 'temINVALID_COUNT'
  },

  preclaim ({ json, account, ticket }, view) {
    const own = (accountOf(view, account)?.TicketCount ?? 0) - (ticket === undefined ? 0 : 1)
    return own + (numberField(json, 'TicketCount') ?? 0) > MAX_TICKETS ? 'tecDIR_FULL' : 'tesSUCCESS'
  },

  apply ({ json, account, fee = 0n }, view, { fees }) {
    const root = accountOf(view, account)
    if (root === undefined) return 'terNO_ACCOUNT'
    const count = numberField(json, 'TicketCount') ?? 0
    if (root.Balance + fee < reserveFor(fees, root.OwnerCount + count)) return 'tecINSUFFICIENT_RESERVE'
    const numbers = Array.from({ length: count }, (_, offset) => root.Sequence + offset)
    for (const TicketSequence of numbers) {
      view.put(ticketIndex(account, TicketSequence), { LedgerEntryType: 'Ticket', Account: account, Flags: 0, OwnerNode: '0', TicketSequence })
    }
    addToDirectory(view, account, ...numbers.map(number => ticketIndex(account, number)))
    putAccount(view, {
      ...root, Sequence: root.Sequence + count, OwnerCount: root.OwnerCount + count, TicketCount: (root.TicketCount ?? 0) + count
    })
    return 'tesSUCCESS'
  }
}

/** Takes a used ticket away, and its reserve off the account. */
export function deleteTicket (account: string, ticketSequence: number, view: View): void {
  const root = accountOf(view, account)
  if (root === undefined) return
  const index = ticketIndex(account, ticketSequence)
  const left = (root.TicketCount ?? 1) - 1
  view.erase(index)
  removeFromDirectory(view, account, index)
  putAccount(view, { ...root, OwnerCount: root.OwnerCount - 1, TicketCount: left === 0 ? undefined : left })
}
