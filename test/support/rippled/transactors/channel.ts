/** What the transactions of payment channels share (rippled PaymentChannelHelpers.cpp). */
import { dropsIn, type PayChannel } from '../entries.js'
import type { Building } from '../rules.js'
import { accountOf, putAccount, removeFromDirectory, type View } from '../view.js'

const UINT32 = 2 ** 32

/** Whether the next touch deletes the channel, whoever sends it. */
export function isExpired ({ Expiration, CancelAfter }: PayChannel, ledger: Building): boolean {
  return [Expiration, CancelAfter].some(time => time !== undefined && hasPassed(time, ledger))
}

function hasPassed (time: number, { amendments, parentCloseTime }: Building): boolean {
  return amendments.has('fixCleanup3_2_0') ? parentCloseTime > time : parentCloseTime >= time
}

/** The parent's close time + the delay. It wraps around at 2^32 seconds, or stops there with fixCleanup3_2_0. */
export function delayed ({ SettleDelay }: PayChannel, { amendments, parentCloseTime }: Building): number {
  const sum = parentCloseTime + SettleDelay
  return amendments.has('fixCleanup3_2_0') ? Math.min(sum, UINT32 - 1) : sum % UINT32
}

/** Deletes the channel, and gives its source what was not paid out. */
export function closeChannel (id: string, channel: PayChannel, view: View): 'tesSUCCESS' {
  const { Account, Destination, DestinationNode } = channel
  removeFromDirectory(view, Account, id)
  if (DestinationNode !== undefined) removeFromDirectory(view, Destination, id)
  const source = accountOf(view, Account)
  if (source === undefined) throw new Error(`the source ${Account} of channel ${id} does not exist: accounts with channels cannot be deleted`)
  putAccount(view, { ...source, Balance: source.Balance + dropsIn(channel), OwnerCount: source.OwnerCount - 1 })
  view.erase(id)
  return 'tesSUCCESS'
}
