/** What an account says about itself: AccountSet, SetRegularKey, DepositPreauth (rippled, files of these names). */
import type { Result } from '../codes.js'
import { lsf } from '../entries.js'
import { depositPreauthIndex } from '../hashing.js'
import { reserveFor } from '../rules.js'
import { numberField, textField } from '../transaction.js'
import { accountOf, addToDirectory, putAccount } from '../view.js'
import type { Transactor } from './transactor.js'

/** `SetFlag` and `ClearFlag`, and the flags of the account that they stand for (xrpl.org, AccountSet). */
const FLAG_OF: ReadonlyMap<number, number> = new Map([
  [1, lsf.requireDestTag], [3, lsf.disallowXrp], [4, lsf.disableMaster], [9, lsf.depositAuth], [14, lsf.disallowIncomingPayChan]
])

export const accountSet: Transactor = {
  required: [],
  flags: 0,
  isBlocker: false,

  preflight ({ json }) {
    const set = numberField(json, 'SetFlag')
    return set !== undefined && set === numberField(json, 'ClearFlag') ? 'temINVALID_FLAG' : 'tesSUCCESS'
  },

  apply ({ json, account }, view) {
    const root = accountOf(view, account)
    if (root === undefined) return 'terNO_ACCOUNT'
    const set = FLAG_OF.get(numberField(json, 'SetFlag') ?? 0) ?? 0
    const clear = FLAG_OF.get(numberField(json, 'ClearFlag') ?? 0) ?? 0
    if (set === lsf.disableMaster && root.RegularKey === undefined) return 'tecNO_ALTERNATIVE_KEY'
    putAccount(view, { ...root, Flags: (root.Flags | set) & ~clear })
    return 'tesSUCCESS'
  }
}

export const setRegularKey: Transactor = {
  required: [],
  flags: 0,
  isBlocker: true,

  preflight: ({ json, account }) => json.RegularKey === account ? 'temBAD_REGKEY' : 'tesSUCCESS',

  apply ({ json, account }, view): Result {
    const root = accountOf(view, account)
    if (root === undefined) return 'terNO_ACCOUNT'
    const RegularKey = textField(json, 'RegularKey')
    if (RegularKey === undefined && (root.Flags & lsf.disableMaster) !== 0) return 'tecNO_ALTERNATIVE_KEY'
    putAccount(view, { ...root, RegularKey })
    return 'tesSUCCESS'
  }
}

/** Of accounts only: a test that needs a preauthorised set of credentials places it. */
export const depositPreauth: Transactor = {
  required: ['Authorize'],
  flags: 0,

  preflight: ({ json, account }) => json.Authorize === account ? 'temCANNOT_PREAUTH_SELF' : 'tesSUCCESS',

  preclaim ({ json, account }, view) {
    const authorized = textField(json, 'Authorize') ?? ''
    if (accountOf(view, authorized) === undefined) return 'tecNO_TARGET'
    return view.get(depositPreauthIndex(account, authorized)) === undefined ? 'tesSUCCESS' : 'tecDUPLICATE'
  },

  apply ({ json, account }, view, { fees }) {
    const root = accountOf(view, account)
    if (root === undefined) return 'terNO_ACCOUNT'
    if (root.Balance < reserveFor(fees, root.OwnerCount + 1)) return 'tecINSUFFICIENT_RESERVE'
    const authorized = textField(json, 'Authorize') ?? ''
    const index = depositPreauthIndex(account, authorized)
    view.put(index, { LedgerEntryType: 'DepositPreauth', Account: account, Authorize: authorized, Flags: 0, OwnerNode: '0' })
    addToDirectory(view, account, index)
    putAccount(view, { ...root, OwnerCount: root.OwnerCount + 1 })
    return 'tesSUCCESS'
  }
}
