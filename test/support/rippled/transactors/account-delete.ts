/** AccountDelete (rippled AccountDelete.cpp; xrpl.org, "deleting accounts"): channels keep both of their accounts alive. */
import { lsf } from '../entries.js'
import { accountIndex } from '../hashing.js'
import { textField } from '../transaction.js'
import { accountOf, objectsOf, putAccount, removeFromDirectory } from '../view.js'
import type { Transactor } from './transactor.js'

/** So many ledgers must lie between the account's sequence and the present. */
const SEQUENCE_DISTANCE = 255
const GO_WITH_THE_ACCOUNT = new Set(['Ticket', 'DepositPreauth', 'Credential'])

export const accountDelete: Transactor = {
  required: ['Destination'],
  flags: 0,

  baseFee: ({ fees }) => fees.reserveIncrement,

  preflight: ({ json, account }) => json.Destination === account ? 'temDST_IS_SRC' : 'tesSUCCESS',

  preclaim ({ json, account }, view, { index }) {
    const destination = accountOf(view, textField(json, 'Destination') ?? '')
    if (destination === undefined) return 'tecNO_DST'
    if ((destination.Flags & lsf.requireDestTag) !== 0 && json.DestinationTag === undefined) return 'tecDST_TAG_NEEDED'
    if ((accountOf(view, account)?.Sequence ?? 0) + SEQUENCE_DISTANCE > index) return 'tecTOO_SOON'
    const goes = objectsOf(view, account).every(id => GO_WITH_THE_ACCOUNT.has(view.get(id)?.LedgerEntryType ?? ''))
    return goes ? 'tesSUCCESS' : 'tecHAS_OBLIGATIONS'
  },

  apply ({ json, account }, view) {
    const root = accountOf(view, account)
    const destination = accountOf(view, textField(json, 'Destination') ?? '')
    if (root === undefined || destination === undefined) return 'tecNO_DST'
    for (const id of objectsOf(view, account)) {
      view.erase(id)
      removeFromDirectory(view, account, id)
    }
    putAccount(view, { ...destination, Balance: destination.Balance + root.Balance })
    putAccount(view, { ...root, Balance: 0n })
    view.erase(accountIndex(account))
    return 'tesSUCCESS'
  }
}
