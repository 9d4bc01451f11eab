/** One sentence for the top of the page: whether the node is earning, and if not why. */
import type { Traffic } from '../../contracts/explorer-events.js'
import type { BalanceView, PeerView } from '../../contracts/explorer.js'
import { duration } from './attention.js'

const NAMED_MAX = 3

export interface Business {
  status: string
  ledgerTrouble: string | undefined
  peers: readonly PeerView[]
  balances: readonly BalanceView[]
  /** Of the last five minutes. */
  recent: readonly Traffic[]
  now: number
}

export function sentenceFor ({ status, ledgerTrouble, peers, balances, recent, now }: Business): string {
  if (status === 'starting') return 'Starting.'
  if (ledgerTrouble !== undefined) return 'Not earning: balances cannot be kept, so packets with money are refused.'
  return `${stateOf(recent, peers)}${hindrances(peers, balances, now)}`
}

function stateOf (recent: readonly Traffic[], peers: readonly PeerView[]): string {
  const accounts = recent.flatMap(({ accounts, others = [] }) => [...accounts, ...others])
  const count = (of: 'fulfilled' | 'rejected'): number => accounts.reduce((sum, { received }) => sum + received[of], 0)
  const [fulfilled, rejected] = [count('fulfilled'), count('rejected')]
  const earns = recent.some(({ earned }) => earned.some(({ amount }) => BigInt(amount) > 0n))
  if (earns) return 'Earning.'
  if (fulfilled > 0) return 'Not earning: packets are paid, and nothing is kept of them.'
  if (rejected > 0) return `Not earning: all ${rejected} packets of the last minutes were refused.`
  return peers.length === 0 ? 'Not earning: there are no peers.' : 'Not earning: no packets came in the last minutes.'
}

/** The peers that cannot pay us, and why. */
function hindrances (peers: readonly PeerView[], balances: readonly BalanceView[], now: number): string {
  const full = new Set(balances.filter(({ roomIn, maximum }) => roomIn === '0' && maximum !== '0').map(({ peerId }) => peerId))
  const reasons = peers.flatMap(({ peerId, connected, isGuest, since }) => {
    if (!connected) return isGuest ? [] : [`${peerId} is away${since === undefined ? '' : ` for ${duration(now - since)}`}`]
    return full.has(peerId) ? [`${peerId} is at its limit`] : []
  })
  if (reasons.length === 0) return ''
  const named = reasons.slice(0, NAMED_MAX).join(', ')
  const more = reasons.length > NAMED_MAX ? `, and ${reasons.length - NAMED_MAX} more` : ''
  const who = peers.length === 1 ? 'The only peer cannot pay you' : `${reasons.length} of ${peers.length} peers cannot pay you`
  return ` ${who}: ${named}${more}.`
}
