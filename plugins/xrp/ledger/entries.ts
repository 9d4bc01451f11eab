/** Payment channels as the ledger has them, and what a transaction did to them. Source: xrpl.org, "PayChannel", "Transaction metadata". */
import { isObject } from '../../../src/lib/is-object.js'
import type { Json } from './connection.js'

/** Between 1970, where our clocks begin, and 2000, where the ledger's does. */
const EPOCH_SECS = 946_684_800
const DROPS = /^\d{1,20}$/

/** A channel. Amounts are drops, times seconds of the ledger's clock. */
export interface PayChannel {
  channelId: string
  source: string
  destination: string
  /** All that was ever put in. */
  amount: bigint
  /** All that was paid out of it. */
  balance: bigint
  publicKey: string
  settleDelay: number
  expiration?: number | undefined
  cancelAfter?: number | undefined
  destinationTag?: number | undefined
  /** Of the ledger in which it was last changed. */
  changedAt: number
}

/** What a transaction did to a channel. */
export interface ChannelChange {
  type: 'created' | 'modified' | 'deleted'
  /** As it was when the transaction had done its work. */
  channel: PayChannel
  /** What it paid out, drops. */
  paid: bigint
  /** What it put in, drops. */
  added: bigint
}

/** ms since 1970 of a time of the ledger. */
export function msOf (ledgerSecs: number): number {
  return (ledgerSecs + EPOCH_SECS) * 1000
}

/** Undefined for anything but a channel of XRP, even with the look of one. */
export function channelIn (channelId: string, fields: unknown): PayChannel | undefined {
  if (!isObject(fields)) return undefined
  const { Account, Destination, Amount, Balance = '0', PublicKey, SettleDelay = 0 } = fields
  const { Expiration, CancelAfter, DestinationTag, PreviousTxnLgrSeq } = fields
  const amount = dropsIn(Amount)
  const balance = dropsIn(Balance)
  if (typeof Account !== 'string' || typeof Destination !== 'string' || typeof PublicKey !== 'string') return undefined
  if (amount === undefined || balance === undefined || typeof SettleDelay !== 'number') return undefined
  return {
    channelId: channelId.toUpperCase(),
    source: Account,
    destination: Destination,
    amount,
    balance,
    publicKey: PublicKey.toUpperCase(),
    settleDelay: SettleDelay,
    expiration: numberIn(Expiration),
    cancelAfter: numberIn(CancelAfter),
    destinationTag: numberIn(DestinationTag),
    changedAt: numberIn(PreviousTxnLgrSeq) ?? 0
  }
}

/** What a transaction did, by its metadata: the channels that it touched. */
export function changesIn (meta: unknown): ChannelChange[] {
  const nodes = isObject(meta) && Array.isArray(meta.AffectedNodes) ? meta.AffectedNodes : []
  return nodes.flatMap(changeIn)
}

function changeIn (node: unknown): ChannelChange[] {
  if (!isObject(node)) return []
  const [type, inner] = isObject(node.CreatedNode)
    ? ['created' as const, node.CreatedNode]
    : isObject(node.DeletedNode) ? ['deleted' as const, node.DeletedNode] : ['modified' as const, node.ModifiedNode]
  if (!isObject(inner) || inner.LedgerEntryType !== 'PayChannel' || typeof inner.LedgerIndex !== 'string') return []
  const channel = channelIn(inner.LedgerIndex, type === 'created' ? inner.NewFields : inner.FinalFields)
  if (channel === undefined) return []
  const before = isObject(inner.PreviousFields) ? inner.PreviousFields : {}
  const grown = (now: bigint, was: unknown): bigint => now - (dropsIn(was) ?? now)
  return [{ type, channel, paid: grown(channel.balance, before.Balance), added: type === 'created' ? channel.amount : grown(channel.amount, before.Amount) }]
}

export function dropsIn (value: unknown): bigint | undefined {
  return typeof value === 'string' && DROPS.test(value) ? BigInt(value) : undefined
}

export function numberIn (value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}

/** @param json an object of the server's answer */
export function objectIn (json: Json, field: string): Json {
  const value = json[field]
  return isObject(value) ? value : {}
}
