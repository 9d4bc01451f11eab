/** What needs a look, with the one thing that helps: first what could lose money, and of that the largest sums. */
import type { InAsset } from '../../contracts/explorer-events.js'
import type { AttentionEntry, BalanceView, ChannelView, OpenSettlement, PeerView, WalletView } from '../../contracts/explorer.js'
import type { PricesReport } from '../../contracts/prices.js'
import { amountInWords } from '../../lib/amounts.js'
import type { Commands } from './facts.js'

/** Entries in one list. Of one kind, at most a quarter: the others are counted in one. */
const ENTRIES_MAX = 100
const OF_ONE_KIND_MAX = 25
/** Prices older than this are worth a look. */
const PRICE_AGE_MS = 3_600_000
/** What is left until a limit stops everything, in s. */
const SOON_S = 600

export interface Observed {
  peers: readonly PeerView[]
  balances: readonly BalanceView[]
  channels: readonly ChannelView[]
  wallets: readonly WalletView[]
  settlements: readonly OpenSettlement[]
  prices: PricesReport | undefined
  ledgerTrouble: string | undefined
  historyTrouble: string | undefined
  eventsLost: number
  /** What the door adds. */
  others: readonly AttentionEntry[]
  now: number
}

export function attentionTo (observed: Observed, commands: Commands): AttentionEntry[] {
  const entries = [
    ...ledger(observed), ...limits(observed), ...unknownSettlements(observed, commands), ...challenges(observed),
    ...redeemable(observed, commands), ...chains(observed), ...away(observed), ...rates(observed), ...observed.others, ...history(observed)
  ]
  return bounded(entries).sort((a, b) => rank(a) - rank(b) || compareAmounts(a, b)).slice(0, ENTRIES_MAX)
}

function ledger ({ ledgerTrouble }: Observed): AttentionEntry[] {
  if (ledgerTrouble === undefined) return []
  return [{
    kind: 'ledger', severity: 'risk', subject: 'ledger', text: `Balances cannot be kept, so packets with money are refused: ${ledgerTrouble}`,
    action: { label: 'Look at the settings', page: 'config' }
  }]
}

function limits ({ balances }: Observed): AttentionEntry[] {
  return balances.flatMap((balance): AttentionEntry[] => {
    const { peerId, maximum, roomIn, roomOut, fullInSeconds } = balance
    const action = { label: 'Show the peer', page: `peers/${encodeURIComponent(peerId)}` }
    if (roomIn === '0' && maximum !== undefined && maximum !== '0') {
      return [{ kind: 'limit', severity: 'look', subject: peerId, text: `${peerId} is at its limit of ${words(maximum, balance)}: its packets are refused with T04.`, action, amount: owed(balance) }]
    }
    if (roomOut === '0') {
      return [{ kind: 'limit', severity: 'look', subject: peerId, text: `We owe ${peerId} as much as its account allows: no packets go to it.`, action, amount: owed(balance) }]
    }
    if (fullInSeconds !== undefined && fullInSeconds < SOON_S && maximum !== '0') {
      return [{ kind: 'limit', severity: 'look', subject: peerId, text: `${peerId} reaches its limit in ${duration(fullInSeconds * 1000)}, if it goes on like this.`, action, amount: owed(balance) }]
    }
    return []
  })
}

function unknownSettlements ({ settlements }: Observed, commands: Commands): AttentionEntry[] {
  return settlements.filter(({ state }) => state === 'unknown').map(({ peerId, amount, createdAt, ...asset }) => ({
    kind: 'settlement-unknown', severity: 'risk', subject: peerId, since: createdAt,
    text: `Nobody knows whether a payment of ${words(amount, asset)} to ${peerId} was made.`,
    action: { label: 'List such payments', command: commands.settlements() },
    amount: { amount, assetCode: asset.assetCode, assetScale: asset.assetScale }
  }))
}

function challenges ({ channels, now }: Observed): AttentionEntry[] {
  return channels.filter(({ status }) => status === 'closed' || status === 'closing').map(channel => {
    const { peerId, channelId, settleableAt } = channel
    const left = settleableAt === undefined ? '' : settleableAt > now ? ` ${duration(settleableAt - now)} are left to object.` : ' It can be paid out now.'
    return {
      kind: 'challenge', severity: isAbove0(channel.unredeemed) ? 'risk' : 'look', subject: peerId,
      text: `A channel with ${peerId} is being closed.${left}`,
      action: { label: 'Show the channel', page: `settlement/${encodeURIComponent(channelId)}` },
      ...inChannel(channel)
    }
  })
}

function redeemable ({ channels }: Observed, commands: Commands): AttentionEntry[] {
  return channels.filter(({ status, unredeemed }) => status === 'open' && isAbove0(unredeemed)).map(channel => ({
    kind: 'redeem', severity: 'look', subject: channel.peerId,
    text: `Claims of ${channel.peerId} are worth ${inToken(channel)} that the chain has not paid out yet. The node redeems them when they are worth its fee.`,
    action: { label: 'Redeem now', command: commands.redeem(channel.channelId) },
    ...inChannel(channel)
  }))
}

function chains ({ wallets }: Observed): AttentionEntry[] {
  const unreachable = new Map<string, WalletView & { peers: number }>()
  for (const wallet of wallets) {
    if (wallet.reachable) continue
    const name = wallet.chain ?? `the chain of ${wallet.peerId}`
    unreachable.set(name, { ...wallet, peers: (unreachable.get(name)?.peers ?? 0) + 1 })
  }
  const empty = new Map(wallets.filter(({ reachable, native }) => reachable && native === '0').map(wallet => [`${wallet.chain ?? ''} ${wallet.address ?? ''}`, wallet]))
  return [
    ...[...unreachable].map(([chain, { error, peers }]): AttentionEntry => ({
      kind: 'chain', severity: 'risk', subject: chain,
      text: `${chain} cannot be reached, so the node cannot settle with ${peers === 1 ? 'one peer' : `${peers} peers`}${error === undefined ? '.' : `: ${error}`}`,
      action: { label: 'Show settlement', page: 'settlement' }
    })),
    ...[...empty.values()].map(({ chain = 'a chain', address = '' }): AttentionEntry => ({
      kind: 'wallet', severity: 'risk', subject: chain, text: `The wallet ${address} on ${chain} has nothing to pay fees with: no claim can be redeemed.`,
      action: { label: 'Show the wallet', page: 'settlement' }
    }))
  ]
}

function away ({ peers, now }: Observed): AttentionEntry[] {
  return peers.filter(({ connected, isGuest }) => !connected && !isGuest).map(({ peerId, since }) => ({
    kind: 'away', severity: 'look', subject: peerId, ...(since !== undefined && { since }),
    text: `${peerId} is away${since === undefined ? '' : ` for ${duration(now - since)}`}.`,
    action: { label: 'Show the peer', page: `peers/${encodeURIComponent(peerId)}` }
  }))
}

function rates ({ prices }: Observed): AttentionEntry[] {
  return Object.entries(prices?.assets ?? {}).flatMap(([asset, { ageMs = 0, trouble }]): AttentionEntry[] => {
    if (trouble === undefined && ageMs < PRICE_AGE_MS) return []
    return [{
      kind: 'rates', severity: 'look', subject: asset, text: trouble === undefined ? `The price of ${asset} is ${duration(ageMs)} old.` : `The price of ${asset} is not used: ${trouble}`,
      action: { label: 'Show the rates', page: 'rates' }
    }]
  })
}

function history ({ historyTrouble, eventsLost }: Observed): AttentionEntry[] {
  if (historyTrouble === undefined && eventsLost === 0) return []
  return [{
    kind: 'history', severity: 'look', subject: 'history', action: { label: 'Look at the settings', page: 'config' },
    text: historyTrouble === undefined ? `${eventsLost} events were not kept: the disk is too slow, or full.` : `The history of the explorer cannot be used: ${historyTrouble}. Payments do not depend on it.`
  }]
}

/** Of a kind with very many entries, the first ones, and how many more there are. */
function bounded (entries: readonly AttentionEntry[]): AttentionEntry[] {
  return [...new Set(entries.map(({ kind }) => kind))].flatMap(kind => {
    const sorted = entries.filter(entry => entry.kind === kind).sort(compareAmounts)
    const [first] = sorted
    const more = sorted.length - OF_ONE_KIND_MAX
    if (first === undefined || more <= 0) return sorted
    return [...sorted.slice(0, OF_ONE_KIND_MAX), { kind: first.kind, severity: first.severity, subject: '', text: `And ${more} more like these.`, action: { label: 'Show all peers', page: 'peers' } }]
  })
}

function rank ({ severity }: AttentionEntry): number {
  return severity === 'risk' ? 0 : 1
}

/** In whole units: assets have no common measure here. */
function compareAmounts (a: AttentionEntry, b: AttentionEntry): number {
  return unitsOf(b.amount) - unitsOf(a.amount)
}

function unitsOf (amount: AttentionEntry['amount']): number {
  return amount === undefined ? 0 : Number(amount.amount) / 10 ** amount.assetScale
}

function owed ({ balance, assetCode, assetScale }: BalanceView): InAsset & { amount: string } {
  return { amount: balance.replace('-', ''), assetCode, assetScale }
}

function inChannel ({ unredeemed = '0', tokenId, tokenScale }: ChannelView): Pick<AttentionEntry, 'amount'> {
  return tokenScale === undefined ? {} : { amount: { amount: unredeemed, assetCode: tokenId, assetScale: tokenScale } }
}

function inToken ({ unredeemed = '0', tokenId, tokenScale }: ChannelView): string {
  return tokenScale === undefined ? `${unredeemed} base units of ${tokenId}` : amountInWords(BigInt(unredeemed), tokenScale, tokenId)
}

function words (amount: string, { assetCode, assetScale }: InAsset): string {
  return amountInWords(BigInt(amount), assetScale, assetCode)
}

function isAbove0 (amount: string | undefined): boolean {
  return amount !== undefined && BigInt(amount) > 0n
}

/** `3 min`: enough for somebody who wants to know whether to hurry. */
export function duration (ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`
}
