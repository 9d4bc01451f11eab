/**
 * What became of a transaction that is validated, by what it did. A result of `tesSUCCESS` does not say that it did what it was sent for:
 * any transaction that touches an expired channel deletes it with that result, and does nothing else.
 */
import { changesIn } from './entries.js'
import type { Json } from './connection.js'
import { objectIn } from './entries.js'
import type { Call, Outcome } from './operations.js'

/** @param found what the server has of the transaction: validated */
export function outcomeOf (call: Call, txId: string, found: Json): Outcome {
  const meta = objectIn(found, 'meta')
  const result = String(meta.TransactionResult)
  const changes = changesIn(meta)
  const failed = (error: string): Outcome => ({ txId, error })
  if (call.type === 'create') {
    const created = changes.find(({ type }) => type === 'created')
    return created === undefined ? failed(`no channel was opened. result=${result}`) : { txId, channelId: created.channel.channelId }
  }
  const change = changes.find(({ channel }) => channel.channelId === call.channelId)
  switch (call.type) {
  case 'fund':
    if (change !== undefined && change.added >= BigInt(call.amount)) return { txId }
    return failed(change?.type === 'deleted' ? 'nothing was put in: the time of the channel was over' : `nothing was put in. result=${result}`)
  case 'claim': {
    const isEnded = !call.ends || change?.type === 'deleted'
    const isPaid = call.claim === undefined || (change !== undefined && change.paid > 0n)
    if (isEnded && isPaid) return { txId }
    if (change?.type === 'deleted') return failed('the claim was not paid: the time of the channel was over before')
    return failed(`the ledger did not take the claim. result=${result}`)
  }
  case 'close':
    if (change?.type === 'deleted' || change?.channel.expiration !== undefined) return { txId }
    return failed(`the channel does not end by it. result=${result}`)
  case 'settle':
    if (change?.type === 'deleted' || result === 'tecNO_TARGET') return { txId }
    return failed(`the channel is still there. result=${result}`)
  }
}
