/**
 * Whether a channel can ever pay an account, as far as the ledger shows, and what ours can spend. Source: xrpl.org, "PaymentChannelCreate",
 * "AccountRoot".
 */
import { isObject } from '../../src/lib/is-object.js'
import { ChainError } from '../lib/channels/types.js'
import type { Json } from './ledger/connection.js'
import { dropsIn, numberIn } from './ledger/entries.js'
import type { Reserves } from './ledger/server-check.js'

/** Nobody has the keys of these. */
const NOBODY = ['rrrrrrrrrrrrrrrrrrrrrhoLvTp', 'rrrrrrrrrrrrrrrrrrrrBZbvji']

/**
 * @param account of the peer; undefined where the ledger has none
 * @param tag that the peer asks for
 * @throws ChainError, final, where the peer could not take the channel, or could never redeem from it
 */
export function checkPayee (account: Json | undefined, peer: string, tag: number | undefined): void {
  const refuse = (why: string): never => { throw new ChainError(`no channel is opened to the peer's account: ${why}. peerAddress=${peer}`, true) }
  if (account === undefined) return refuse('it does not exist on this ledger. The peer has to send it its reserve first')
  const flags = isObject(account.account_flags) ? account.account_flags : {}
  if (flags.disallowIncomingPayChan === true) refuse('it does not take payment channels (disallowIncomingPayChan)')
  if (flags.requireDestinationTag === true && tag === undefined) {
    refuse('it asks for a destination tag. Configure the X-address with the tag as the address of the peer')
  }
  if (flags.disableMasterKey === true && !isSomebody(account.RegularKey) && !hasSigners(account)) refuse('nobody has the key of it')
}

/** @throws ChainError where our seed cannot sign for our account */
export function checkOurs (account: Json, address: string): void {
  const flags = isObject(account.account_flags) ? account.account_flags : {}
  if (flags.disableMasterKey === true) {
    throw new ChainError(`the master key of our account is disabled, and keyId is the seed of that key. Use an account whose seed signs. address=${address}`, true)
  }
}

function isSomebody (key: unknown): boolean {
  return typeof key === 'string' && !NOBODY.includes(key)
}

function hasSigners ({ signer_lists: lists }: Json): boolean {
  return Array.isArray(lists) && lists.length > 0
}

/** What an account can spend: all but its reserves, with one more object than it has, and `keep`. Drops. */
export function spendable (account: Json, { base, increment }: Reserves, keep: bigint): bigint {
  const owned = BigInt(numberIn(account.OwnerCount) ?? 0)
  const left = (dropsIn(account.Balance) ?? 0n) - base - increment * (owned + 1n) - keep
  return left > 0n ? left : 0n
}
