/**
 * What a channel that is over has paid. The chain deletes its account, so that is read from the transactions that touched it after it was
 * seen for the last time: from the calls in them, what was recorded for claims, or what both parties agreed on. The program's own words of
 * what it has paid out confirm that nothing is missing, but where somebody has made the logs so long that the cluster cut them.
 */
import { ChainError } from '../../lib/channels/types.js'
import { recordOf, type JsonRpc } from '../../lib/rpc/json-rpc.js'
import { decodeBase58 } from '../formats.js'
import type { ChannelAccount } from './channel-account.js'
import { eventsIn, type ProgramEvent } from './logs.js'

/** What the program says when it has paid out. */
const ENDED = 8
const CUT = 'Log truncated'
/** Calls of the program: their numbers, how long their data are, and at which place among their accounts the channel stands. */
const DEPOSIT = { kind: 2n, bytes: 24, place: 3 }
const SETTLE = { kind: 4n, bytes: 16, place: 0 }
const CLAIM = { kind: 6n, bytes: 33, place: 0 }
const TOGETHER = { kind: 7n, bytes: 40, place: 0 }
const WITHDRAW = { kind: 8n, bytes: 16, place: 1 }
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
  let isCut = false
  for await (const { logs, calls } of transactionsSince(rpc, programId, account, slot)) {
    for (const { data, accounts } of calls) {
      const isCall = ({ kind, bytes, place }: typeof CLAIM): boolean => accounts[place] === account && data.length === bytes &&
        data.readBigUInt64LE(0) === kind && data.readBigUInt64LE(8) === channel.instance
      if (isCall(DEPOSIT)) raise(deposits, channel.parties.indexOf(accounts[0] ?? ''), data.readBigUInt64LE(16))
      if (isCall(CLAIM)) raise(transferred, data.readUInt8(32), data.readBigUInt64LE(24))
      if (isCall(TOGETHER)) agreed ??= [data.readBigUInt64LE(16), data.readBigUInt64LE(24)]
      if ([SETTLE, TOGETHER, WITHDRAW].some(isCall)) isCut ||= logs.includes(CUT)
    }
    withdrawn = eventsIn(logs, programId).find(isEndOf(account, channel.instance))?.values ?? withdrawn
  }
  const paid = agreed ?? transferred
  const gets: [bigint, bigint] = [deposits[0] - paid[0] + paid[1], deposits[1] - paid[1] + paid[0]]
  if (withdrawn === undefined ? !isCut : withdrawn.some((amount, side) => amount !== gets[side])) {
    throw new ChainError(`the node at ${rpc.host} does not show how a channel ended: it needs the transactions since slot ${slot}. ` +
      `channel=${account}. Set rpcUrl to a node that keeps them.`, false)
  }
  return { ...channel, deposits, transferred: paid, withdrawn: gets, status: 'settled' }
}

interface Seen {
  logs: string[]
  /** Of the program. */
  calls: Array<{ data: Buffer, accounts: string[] }>
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
      if (err === null || err === undefined) yield await transaction(rpc, programId, before)
    }
    if (entries.length < IN_A_PAGE) return
  }
}

async function transaction (rpc: JsonRpc, programId: string, signature: string): Promise<Seen> {
  const answer = recordOf(await rpc.call('getTransaction', signature, { encoding: 'json', commitment: 'finalized', maxSupportedTransactionVersion: 0 }))
  const { message } = recordOf(answer.transaction)
  const { logMessages, innerInstructions, loadedAddresses } = recordOf(answer.meta)
  const { accountKeys, instructions } = recordOf(message)
  const { writable, readonly } = recordOf(loadedAddresses)
  const keys = [accountKeys, writable, readonly].flatMap(list)
  const inner = list(innerInstructions).flatMap(each => list(recordOf(each).instructions))
  const calls = [...list(instructions), ...inner].map(recordOf)
    .filter(({ programIdIndex }) => keys[Number(programIdIndex)] === programId)
    .map(({ data, accounts }) => ({
      data: decodeBase58(String(data)) ?? Buffer.alloc(0), accounts: list(accounts).map(index => String(keys[Number(index)]))
    }))
  return { logs: list(logMessages).map(String), calls }
}

function raise (amounts: [bigint, bigint], side: number, total: bigint): void {
  if ((side === 0 || side === 1) && total > amounts[side]) amounts[side] = total
}

function isEndOf (account: string, instance: bigint): (event: ProgramEvent) => boolean {
  return event => event.kind === ENDED && event.account === account && event.instance === instance
}

function list (value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
