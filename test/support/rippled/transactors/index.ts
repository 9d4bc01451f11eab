/** The transactions that the stand-in knows, by type. Any other is answered with temUNKNOWN. */
import { accountDelete } from './account-delete.js'
import { accountSet, depositPreauth, setRegularKey } from './account.js'
import { claim } from './claim.js'
import { create } from './create.js'
import { fund } from './fund.js'
import { payment } from './payment.js'
import { ticketCreate } from './tickets.js'
import type { Transactor } from './transactor.js'

const TRANSACTORS: ReadonlyMap<string, Transactor> = new Map([
  ['PaymentChannelCreate', create],
  ['PaymentChannelFund', fund],
  ['PaymentChannelClaim', claim],
  ['Payment', payment],
  ['AccountSet', accountSet],
  ['SetRegularKey', setRegularKey],
  ['TicketCreate', ticketCreate],
  ['DepositPreauth', depositPreauth],
  ['AccountDelete', accountDelete]
])

export function transactorOf (type: string): Transactor | undefined {
  return TRANSACTORS.get(type)
}
