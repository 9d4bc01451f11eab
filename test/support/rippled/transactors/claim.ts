/** PaymentChannelClaim (rippled PaymentChannelClaim.cpp). */
import type { Result } from '../codes.js'
import type { PayChannel } from '../entries.js'
import type { Building } from '../rules.js'
import { claimMessage, isKnownKey, isSignedBy } from '../signatures.js'
import { dropsOf, textField, type Transaction } from '../transaction.js'
import { accountOf, channelOf, putAccount, type View } from '../view.js'
import { closeChannel, delayed, isExpired } from './channel.js'
import { areCredentialsValid, depositFault, hasMalformedCredentials } from './credentials.js'
import type { Transactor } from './transactor.js'

const tfRenew = 0x00010000
const tfClose = 0x00020000

export const claim: Transactor = {
  required: ['Channel'],
  flags: tfRenew | tfClose,

  isDisabled: ({ json }, { amendments }) => json.CredentialIDs !== undefined && !amendments.has('Credentials'),

  preflight ({ json, flags }) {
    const balance = dropsOf(json.Balance)
    const amount = dropsOf(json.Amount)
    if (json.Balance !== undefined && (balance ?? 0n) <= 0n) return 'temBAD_AMOUNT'
    if (json.Amount !== undefined && (amount ?? 0n) <= 0n) return 'temBAD_AMOUNT'
    if (balance !== undefined && amount !== undefined && balance > amount) return 'temBAD_AMOUNT'
    if ((flags & tfRenew) !== 0 && (flags & tfClose) !== 0) return 'temMALFORMED'
    const signature = textField(json, 'Signature')
    if (signature !== undefined) {
      const key = textField(json, 'PublicKey')
      if (key === undefined || balance === undefined || !isKnownKey(key)) return 'temMALFORMED'
      if (!isSignedBy(key, claimMessage(textField(json, 'Channel') ?? '', amount ?? balance), signature)) return 'temBAD_SIGNATURE'
    }
    return hasMalformedCredentials(json) ? 'temMALFORMED' : 'tesSUCCESS'
  },

  preclaim: ({ json, account }, view) => areCredentialsValid(json, account, view) ? 'tesSUCCESS' : 'tecBAD_CREDENTIALS',

  apply (tx, view, ledger, expired) {
    const { json, account, flags } = tx
    const id = textField(json, 'Channel') ?? ''
    const channel = channelOf(view, id)
    if (channel === undefined) return 'tecNO_TARGET'
    if (isExpired(channel, ledger)) return closeChannel(id, channel, view)
    if (account !== channel.Account && account !== channel.Destination) return 'tecNO_PERMISSION'
    if (json.Balance !== undefined) {
      const fault = pay(tx, id, channel, view, ledger, expired)
      if (fault !== undefined) return fault
    }
    const paid = channelOf(view, id) ?? channel
    if ((flags & tfRenew) !== 0) {
      if (account !== channel.Account) return 'tecNO_PERMISSION'
      view.put(id, { ...paid, Expiration: undefined })
    }
    if ((flags & tfClose) !== 0) {
      if (account === channel.Destination || paid.Balance === paid.Amount) return closeChannel(id, paid, view)
      view.put(id, { ...paid, Expiration: Math.min(delayed(paid, ledger), paid.Expiration ?? Infinity) })
    }
    return 'tesSUCCESS'
  }
}

/** Stores the new Balance and credits the destination with what it has grown by, or says why not. */
function pay (
  { json, account }: Transaction, id: string, channel: PayChannel, view: View, ledger: Building, expired: Set<string>
): Result | undefined {
  const isNew = ledger.amendments.has('fixCleanup3_2_0')
  const balance = dropsOf(json.Balance) ?? 0n
  if (account === channel.Destination && json.Signature === undefined) return isNew ? 'tecNO_PERMISSION' : 'temBAD_SIGNATURE'
  if (json.Signature !== undefined && json.PublicKey !== channel.PublicKey) return isNew ? 'tecNO_PERMISSION' : 'temBAD_SIGNER'
  if (typeof channel.Amount !== 'bigint' || typeof channel.Balance !== 'bigint') return 'temBAD_AMOUNT'
  if (balance > channel.Amount || balance <= channel.Balance) return 'tecUNFUNDED_PAYMENT'
  const destination = accountOf(view, channel.Destination)
  if (destination === undefined) return 'tecNO_DST'
  const fault = depositFault(json, account, destination, view, ledger, expired)
  if (fault !== undefined) return fault
  view.put(id, { ...channel, Balance: balance })
  putAccount(view, { ...destination, Balance: destination.Balance + balance - channel.Balance })
  return undefined
}
