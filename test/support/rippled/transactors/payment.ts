/** Payment of XRP (rippled Payment.cpp, direct payments only): funds accounts, and makes new ones. Payments of tokens are refused. */
import { lsf, type AccountRoot } from '../entries.js'
import { depositPreauthIndex } from '../hashing.js'
import { reserveFor } from '../rules.js'
import { dropsOf, textField } from '../transaction.js'
import { accountOf, putAccount } from '../view.js'
import type { Transactor } from './transactor.js'

export const payment: Transactor = {
  required: ['Destination', 'Amount'],
  flags: 0,

  spends: ({ json }) => dropsOf(json.Amount) ?? 0n,

  preflight ({ json, account }) {
    if ((dropsOf(json.Amount) ?? 0n) <= 0n) return 'temBAD_AMOUNT'
    return json.Destination === account ? 'temREDUNDANT' : 'tesSUCCESS'
  },

  preclaim ({ json }, view, { fees }) {
    const destination = accountOf(view, textField(json, 'Destination') ?? '')
    if (destination === undefined) return (dropsOf(json.Amount) ?? 0n) < fees.reserveBase ? 'tecNO_DST_INSUF_XRP' : 'tesSUCCESS'
    const needsTag = (destination.Flags & lsf.requireDestTag) !== 0 && json.DestinationTag === undefined
    return needsTag ? 'tecDST_TAG_NEEDED' : 'tesSUCCESS'
  },

  apply ({ json, account, fee = 0n }, view, { fees, index }) {
    const source = accountOf(view, account)
    const address = textField(json, 'Destination') ?? ''
    const amount = dropsOf(json.Amount) ?? 0n
    if (source === undefined) return 'terNO_ACCOUNT'
    const reserve = reserveFor(fees, source.OwnerCount)
    if (source.Balance + fee < amount + (reserve > fee ? reserve : fee)) return 'tecUNFUNDED_PAYMENT'
    const destination = accountOf(view, address) ?? newAccount(address, 0n, index)
    if ((destination.Flags & lsf.depositAuth) !== 0 && view.get(depositPreauthIndex(address, account)) === undefined) {
      const unlocks = amount <= fees.reserveBase && destination.Balance <= fees.reserveBase
      if (!unlocks) return 'tecNO_PERMISSION'
    }
    putAccount(view, { ...source, Balance: source.Balance - amount })
    putAccount(view, { ...destination, Balance: destination.Balance + amount })
    return 'tesSUCCESS'
  }
}

/** An account begins with the index of the ledger that has made it, so that nothing it once signed is good again. */
export function newAccount (address: string, drops: bigint, ledgerIndex: number): AccountRoot {
  return { LedgerEntryType: 'AccountRoot', Account: address, Balance: drops, Flags: 0, OwnerCount: 0, Sequence: ledgerIndex }
}
