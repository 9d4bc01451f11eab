/**
 * What a channel that is over has paid. The chain deletes its account, so that is read from the transactions that touched it after it was
 * seen for the last time: what they recorded for claims, or what both parties agreed on.
 */
import { ChainError } from '../../lib/channels/types.js'
import { recordOf, type JsonRpc } from '../../lib/rpc/json-rpc.js'
import { decodeBase58 } from '../formats.js'
import type { ChannelAccount } from './channel-account.js'
import { eventsIn, type ProgramEvent } from './logs.js'

const DEPOSITED = 2
const CLAIMED = 6
const ENDED = 8
/** The number of the call that ends a channel together, and how long its data are. */
const TOGETHER = 7n
const TOGETHER_BYTES = 40
const IN_A_PAGE = 100
const MAX_PAGES = 10

/** The last seen of a channel, and at which slot. */
export interface LastSeen {
  account: string
  channel: ChannelAccount
  slot: number
}

/** The channel as it was when it was over. Rejects with a ChainError that is not final when the node does not have all that is needed. */
export async function endOf (rpc: JsonRpc, programId: string, { account, channel, slot }: LastSeen): Promise<ChannelAccount> {
  const deposits: [bigint, bigint] = [...channel.deposits]
  const transferred: [bigint, bigint] = [...channel.transferred]
  let withdrawn: readonly [bigint, bigint] | undefined
  let agreed: readonly [bigint, bigint] | undefined
  for await (const { logs, calls } of transactionsSince(rpc, programId, account, slot)) {
    for (const { kind, values } of eventsIn(logs, programId).filter(isOf(account, channel.instance))) {
      const side = values[0] === 0n ? 0 : 1
      if (kind === DEPOSITED && values[1] > deposits[side]) deposits[side] = values[1]
      if (kind === CLAIMED && values[1] > transferred[side]) transferred[side] = values[1]
      if (kind === ENDED) withdrawn = values
    }
    agreed ??= calls.map(data => termsIn(data, channel.instance)).find(terms => terms !== undefined)
  }
  const paid = agreed ?? transferred
  if (withdrawn === undefined || deposits[0] - paid[0] + paid[1] !== withdrawn[0] || deposits[1] - paid[1] + paid[0] !== withdrawn[1]) {
    throw new ChainError(`the node at ${rpc.host} does not show how a channel ended: it needs the transactions since slot ${slot}. ` +
      `channel=${account}. Set rpcUrl to a node that keeps them.`, false)
  }
  return { ...channel, deposits, transferred: paid, withdrawn, status: 'settled' }
}

interface Seen {
  logs: string[]
  /** Data of the calls of the program whose first account is the channel. */
  calls: Buffer[]
}

/** Those that did something and are final, the newest first. */
async function * transactionsSince (rpc: JsonRpc, programId: string, account: string, since: number): AsyncGenerator<Seen> {
  let before: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await rpc.call('getSignaturesForAddress', account, { limit: IN_A_PAGE, commitment: 'finalized', ...before !== undefined && { before } })
    const entries = (Array.isArray(answer) ? answer : []).map(recordOf)
    for (const { signature, slot, err } of entries) {
      if (Number(slot) < since) return
      before = String(signature)
      if (err === null || err === undefined) yield await transaction(rpc, programId, account, before)
    }
    if (entries.length < IN_A_PAGE) return
  }
}

async function transaction (rpc: JsonRpc, programId: string, account: string, signature: string): Promise<Seen> {
  const answer = recordOf(await rpc.call('getTransaction', signature, { encoding: 'json', commitment: 'finalized', maxSupportedTransactionVersion: 0 }))
  const { message } = recordOf(answer.transaction)
  const { logMessages, innerInstructions, loadedAddresses } = recordOf(answer.meta)
  const { accountKeys, instructions } = recordOf(message)
  const { writable, readonly } = recordOf(loadedAddresses)
  const keys = [accountKeys, writable, readonly].flatMap(list)
  const inner = list(innerInstructions).flatMap(each => list(recordOf(each).instructions))
  const calls = [...list(instructions), ...inner].map(recordOf)
    .filter(({ programIdIndex, accounts }) => keys[Number(programIdIndex)] === programId && keys[Number(list(accounts)[0])] === account)
    .flatMap(({ data }) => decodeBase58(String(data)) ?? [])
  return { logs: list(logMessages).map(String), calls }
}

/** What both have agreed on, of a call. */
function termsIn (data: Buffer, instance: bigint): readonly [bigint, bigint] | undefined {
  if (data.length !== TOGETHER_BYTES || data.readBigUInt64LE(0) !== TOGETHER || data.readBigUInt64LE(8) !== instance) return undefined
  return [data.readBigUInt64LE(16), data.readBigUInt64LE(24)]
}

function isOf (account: string, instance: bigint): (event: ProgramEvent) => boolean {
  return event => event.account === account && event.instance === instance
}

function list (value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
