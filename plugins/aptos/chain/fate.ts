/**
 * What became of a transaction. Committed is final: blocks are not taken back. It is gone when no block can have it any more: its time is
 * over by the chain's clock, or another transaction has its sequence number, and a node that has come that far does not know it.
 */
import { z } from 'zod'
import { recordOf } from '../../lib/rpc/json-rpc.js'
import type { Connection } from './connection.js'
import type { Attempt } from './operations.js'
import { RestError, type Moment, type RestAnswer } from './rest.js'

const PENDING = 'pending_transaction'
const Transaction = z.object({
  hash: z.string(),
  version: z.string().regex(/^\d{1,20}$/).transform(BigInt),
  success: z.boolean(),
  vm_status: z.string(),
  events: z.array(z.object({ type: z.string(), data: z.unknown() })).default([])
})

export interface Committed {
  is: 'committed'
  /** Of the transaction, when a node that has it was asked. */
  at: Moment
  success: boolean
  /** In the words of the machine: why it has failed. */
  status: string
  events: ReadonlyArray<{ type: string, data?: unknown }>
}

export type Fate =
  | Committed
  /** It may still come. */
  | { is: 'open', isPending: boolean }
  /** Nothing will come of it. */
  | { is: 'gone', why: string }
  /** Something became of it, and the node does not remember what. */
  | { is: 'forgotten' }

/** A node may name what is pending so long after its time, seconds. */
const PENDING_AFTER_SECS = 30

/** Rejects while the node cannot say. */
export async function fateOf (chain: Connection, sender: string, { hash, sequence, expiration }: Attempt): Promise<Fate> {
  const { found, timeMs, isPruned } = await look(chain, hash)
  if (found !== undefined && found !== PENDING) return found
  const secs = timeMs / 1000
  const { sequence: next } = await chain.account(sender)
  if (next > BigInt(sequence)) { // of this one, or of another
    const again = await look(chain, hash)
    if (again.found !== undefined && again.found !== PENDING) return again.found
    return isPruned || again.isPruned || await isOurs(chain, sender, sequence, hash) ? { is: 'forgotten' } : { is: 'gone', why: 'another transaction took its place' }
  }
  if (found === undefined && secs >= expiration) return { is: 'gone', why: 'no block has taken it in time' }
  if (found === PENDING && secs >= expiration + PENDING_AFTER_SECS) return { is: 'gone', why: 'no block has taken it, and its time is over' }
  return { is: 'open', isPending: found === PENDING }
}

interface Look {
  found: Committed | typeof PENDING | undefined
  timeMs: number
  isPruned: boolean
}

async function look (chain: Connection, hash: string): Promise<Look> {
  let answer: RestAnswer
  try {
    answer = await chain.newest(() => chain.rest.get(`/transactions/by_hash/${hash}`))
  } catch (error) {
    if (!(error instanceof RestError) || (error.status !== 404 && error.status !== 410)) throw error
    const { version, timeMs } = await chain.newest(() => Promise.resolve(error.answer))
    return { found: undefined, timeMs: version === 0n ? 0 : timeMs, isPruned: error.status === 410 }
  }
  const { body, timeMs } = answer
  if (recordOf(body).type === PENDING) return { found: PENDING, timeMs, isPruned: false }
  const { hash: name, version, success, vm_status: status, events } = Transaction.parse(body)
  if (name !== hash) throw new Error('the node answers with another transaction')
  return { found: { is: 'committed', at: { version, timeMs }, success, status, events }, timeMs, isPruned: false }
}

/** Whether the transaction of our account with this sequence number is the one with the hash. */
async function isOurs (chain: Connection, sender: string, sequence: string, hash: string): Promise<boolean> {
  const answer = await chain.newest(() => chain.rest.get(`/accounts/${sender}/transactions?start=${sequence}&limit=1`))
  return Array.isArray(answer.body) && recordOf(answer.body[0]).hash === hash
}
