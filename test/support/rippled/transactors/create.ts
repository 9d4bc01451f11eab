/** PaymentChannelCreate (rippled PaymentChannelCreate.cpp). */
import { lsf } from '../entries.js'
import { channelIndex } from '../hashing.js'
import { reserveFor } from '../rules.js'
import { isKnownKey } from '../signatures.js'
import { dropsOf, numberField, textField } from '../transaction.js'
import { accountOf, addToDirectory, putAccount } from '../view.js'
import type { Transactor } from './transactor.js'

export const create: Transactor = {
  required: ['Destination', 'Amount', 'SettleDelay', 'PublicKey'],
  flags: 0,

  spends: ({ json }) => dropsOf(json.Amount) ?? 0n,

  preflight ({ json, account }) {
    if ((dropsOf(json.Amount) ?? 0n) <= 0n) return 'temBAD_AMOUNT'
    if (json.Destination === account) return 'temDST_IS_SRC'
    return isKnownKey(textField(json, 'PublicKey') ?? '') ? 'tesSUCCESS' : 'temMALFORMED'
  },

  preclaim ({ json, account }, view, { fees }) {
    const source = accountOf(view, account)
    if (source === undefined) return 'terNO_ACCOUNT'
    const reserve = reserveFor(fees, source.OwnerCount + 1)
    if (source.Balance < reserve) return 'tecINSUFFICIENT_RESERVE'
    if (source.Balance < reserve + (dropsOf(json.Amount) ?? 0n)) return 'tecUNFUNDED'
    const destination = accountOf(view, textField(json, 'Destination') ?? '')
    if (destination === undefined) return 'tecNO_DST'
    if ((destination.Flags & lsf.disallowIncomingPayChan) !== 0) return 'tecNO_PERMISSION'
    if ((destination.Flags & lsf.requireDestTag) !== 0 && json.DestinationTag === undefined) return 'tecDST_TAG_NEEDED'
    return destination.AMMID === undefined ? 'tesSUCCESS' : 'tecNO_PERMISSION'
  },

  apply ({ json, account, sequence, ticket }, view, { amendments, parentCloseTime }) {
    const source = accountOf(view, account)
    const amount = dropsOf(json.Amount) ?? 0n
    if (source === undefined) return 'terNO_ACCOUNT'
    const cancelAfter = numberField(json, 'CancelAfter')
    if (amendments.has('fixPayChanCancelAfter') && cancelAfter !== undefined && parentCloseTime > cancelAfter) return 'tecEXPIRED'
    const destination = textField(json, 'Destination') ?? ''
    const number = ticket ?? sequence
    const id = channelIndex(account, destination, number)
    view.put(id, {
      LedgerEntryType: 'PayChannel',
      Account: account,
      Destination: destination,
      Amount: amount,
      Balance: 0n,
      PublicKey: textField(json, 'PublicKey') ?? '',
      SettleDelay: numberField(json, 'SettleDelay') ?? 0,
      Flags: 0,
      CancelAfter: cancelAfter,
      SourceTag: numberField(json, 'SourceTag'),
      DestinationTag: numberField(json, 'DestinationTag'),
      Sequence: amendments.has('fixIncludeKeyletFields') ? number : undefined,
      OwnerNode: '0',
      DestinationNode: '0'
    })
    addToDirectory(view, account, id)
    addToDirectory(view, destination, id)
    putAccount(view, { ...source, Balance: source.Balance - amount, OwnerCount: source.OwnerCount + 1 })
    return 'tesSUCCESS'
  }
}
