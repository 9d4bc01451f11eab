/** Whether a server can be believed: it is of the network that is configured, and follows it. Source: xrpl.org, "server_info". */
import { isObject } from '../../../src/lib/is-object.js'
import { ChainError } from '../../lib/channels/types.js'
import { chainIdOf } from '../formats.js'
import type { Json } from './connection.js'
import { numberIn } from './entries.js'

/** A server in another state is not in step with its network. */
const IN_STEP = ['full', 'validating', 'proposing']

/** Drops. */
export interface Reserves {
  /** Of an account, and of each object that it owns. */
  base: bigint
  increment: bigint
}

/** The ledger that the network has validated last. */
export interface Validated {
  index: number
  hash: string
  /** By the clock of the ledger, ms since 1970. */
  closedMs: number
  /** When we heard of it. */
  heardMs: number
}

/** @param info of the answer to `server_info`. @throws ChainError, final when the server is of another network */
export function checkServer (info: Json, network: number, host: string): void {
  // Servers that only keep history (Clio) give the number as text, and no state: they follow a server that has one.
  const found = typeof info.network_id === 'string' && /^\d+$/.test(info.network_id) ? Number(info.network_id) : numberIn(info.network_id)
  if (found === undefined) {
    throw new ChainError(`the server at ${host} does not say which network it belongs to, and nothing is paid through it. Use another server`, true)
  }
  if (found !== network) {
    throw new ChainError(`the server at ${host} belongs to another network. expected=${chainIdOf(network)} found=${chainIdOf(found)}`, true)
  }
  if (info.amendment_blocked === true) {
    throw new ChainError(`the server at ${host} is too old for the rules that its network has now: its operator has to update it`, false)
  }
  const state = info.server_state
  if (typeof state === 'string' ? !IN_STEP.includes(state) : info.clio_version === undefined) {
    throw new ChainError(`the server at ${host} is not in step with its network. server_state=${typeof state === 'string' ? state : 'none'}`, false)
  }
  if (!isObject(info.validated_ledger)) throw new ChainError(`the server at ${host} has no validated ledger`, false)
}
