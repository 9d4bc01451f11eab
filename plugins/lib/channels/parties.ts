/**
 * Which addresses of its peer an account has beside the configured one: those of keys that were handed over, and those that the peer had
 * before, with channels that are not settled. No other account may have one of them: it would count the same claims, and write the same
 * records. They are reserved before anybody waits for the chain: until then, the peer's other account could hand over to one of them.
 */
import type { PluginServices } from '../../../src/contracts/plugin.js'
import { describeError } from '../../../src/lib/describe-error.js'
import { loadKeys } from './handover.js'
import type { ChannelSettings } from './options.js'

/** An address of ours and one of the peer. */
export interface Pair {
  own: string
  peer: string
}

type Place = Pick<ChannelSettings, 'chain' | 'contract'>

/** Names the chain and the contract in what an account keeps of both sides. */
export function placeOf ({ chain, contract }: Place): string {
  return `${chain} ${contract}`
}

/** Names the peer there, to tell whether two accounts settle with one. */
export function partyOf (place: Place, peer: string): string {
  return `${placeOf(place)} ${peer}`
}

/** Resolves to those that another account has already, which looks after their channels. Rejects when what was kept cannot be read. */
export async function reserve (
  { store, settlements, log }: PluginServices, settings: Place & Pick<ChannelSettings, 'peerAddress'>
): Promise<string[]> {
  const place = placeOf(settings)
  const { theirs } = await loadKeys(store, place)
  if (settlements === undefined) return []
  const unsettled = [...settlements.unsettled().keys()].filter(parties => parties.startsWith(`${place} `))
    .map(parties => parties.slice(place.length + 1).split(' ')[0] ?? '')
  const taken: string[] = []
  for (const address of new Set([...theirs, ...unsettled])) {
    if (address === settings.peerAddress) continue // is reserved when the account is made
    try {
      settlements.settleWith(partyOf(settings, address))
    } catch (error) {
      taken.push(address)
      log.error('another account settles with an address of this peer, and looks after its channels. address=%s error=%s', address, describeError(error))
    }
  }
  return taken
}
