/** PaymentChannelFund (rippled PaymentChannelFund.cpp). */
import { reserveFor } from '../rules.js'
import { dropsOf, numberField, textField } from '../transaction.js'
import { accountOf, channelOf, putAccount } from '../view.js'
import { closeChannel, delayed, isExpired } from './channel.js'
import type { Transactor } from './transactor.js'

const NO_CHANNEL = '0'.repeat(64)

export const fund: Transactor = {
  required: ['Channel', 'Amount'],
  flags: 0,

  spends: ({ json }) => dropsOf(json.Amount) ?? 0n,

  preflight ({ json }, { amendments }) {
    if (amendments.has('fixCleanup3_2_0') && json.Channel === NO_CHANNEL) return 'temMALFORMED'
    return (dropsOf(json.Amount) ?? 0n) > 0n ? 'tesSUCCESS' : 'temBAD_AMOUNT'
  },

  apply ({ json, account }, view, ledger) {
    const id = textField(json, 'Channel') ?? ''
    const channel = channelOf(view, id)
    if (channel === undefined) return 'tecNO_ENTRY'
    if (isExpired(channel, ledger)) return closeChannel(id, channel, view)
    if (channel.Account !== account) return 'tecNO_PERMISSION'
    const expiration = numberField(json, 'Expiration')
    if (expiration !== undefined && expiration < Math.min(delayed(channel, ledger), channel.Expiration ?? Infinity)) {
      return ledger.amendments.has('fixCleanup3_2_0') ? 'tecNO_PERMISSION' : 'temBAD_EXPIRATION'
    }
    const source = accountOf(view, account)
    if (source === undefined) return 'terNO_ACCOUNT'
    const amount = dropsOf(json.Amount) ?? 0n
    const reserve = reserveFor(ledger.fees, source.OwnerCount)
    if (source.Balance < reserve) return 'tecINSUFFICIENT_RESERVE'
    if (source.Balance < reserve + amount) return 'tecUNFUNDED'
    if (accountOf(view, channel.Destination) === undefined) return 'tecNO_DST'
    if (typeof channel.Amount !== 'bigint') return 'temBAD_AMOUNT'
    view.put(id, { ...channel, Amount: channel.Amount + amount, Expiration: expiration ?? channel.Expiration })
    putAccount(view, { ...source, Balance: source.Balance - amount })
    return 'tesSUCCESS'
  }
}
