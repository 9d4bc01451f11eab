/** What the explorer's HTTP API answers beside events. Its server and its page are made from these. Times are ms since the epoch. */
import type { ChannelStatus } from './channels.js'
import type { PeerField } from './chain-kind.js'
import type { InAsset, PacketStep } from './explorer-events.js'
import type { PricesReport } from './prices.js'

/** `GET /api/health`, in the words that other connectors' explorers use. */
export interface ExplorerHealth {
  status: 'healthy' | 'degraded'
  nodeId: string
  /** Seconds. */
  uptime: number
  explorer: { eventCount: number, databaseSizeBytes: number, wsConnections: number }
  /** ISO. */
  timestamp: string
  error?: string
}

/** What is between an account and us, in base units as decimal strings. `balance` above 0: the peer owes us. */
export interface BalanceView extends InAsset {
  peerId: string
  tokenId: string
  balance: string
  /** Of packets under way: at least 0, and at most 0. */
  incomingHolds: string
  outgoingHolds: string
  minimum?: string
  maximum?: string
  settleThreshold?: string
  settleTo?: string
  /** Paid ahead, and not used by packets yet. */
  prepaid: string
  settling: string
  settlementState: 'IDLE' | 'SETTLEMENT_PENDING' | 'SETTLEMENT_IN_PROGRESS'
  /** How much more packets of the peer may bring, and packets to it may take, before a limit stops them. Absent: no limit. */
  roomIn?: string
  roomOut?: string
  /** Seconds until `roomIn` is used up, as the last five minutes went. Absent: it does not shrink. */
  fullInSeconds?: number
}

export interface PeerView extends InAsset {
  peerId: string
  /** The first prefix that is routed to it; empty if none is. */
  ilpAddress: string
  relation: string
  connected: boolean
  /** Since when it has been connected, or away. */
  since?: number
  /** The plugin. */
  plugin: string
  /** Whether it dialled in and nobody has configured it. */
  isGuest: boolean
  btpUrl?: string
  /** Its addresses on chains: `<kind of chain>Address` and the like. */
  [address: PeerField]: string | undefined
  balance?: BalanceView
}

/** A candidate for a prefix, the best first; `nextHop` is empty for this node itself. */
export interface RouteCandidateView { nextHop: string, path: string[], source: string, priority?: number, connected: boolean }
export interface RouteView { prefix: string, nextHop: string, priority?: number, reason: string, candidates: RouteCandidateView[] }
/** `GET /api/explain?destination=`: which route a packet would take, and why. `trouble`: why it would get no further. */
export interface RouteExplanation {
  destination: string
  /** In words, for people. */
  sentence: string
  route?: RouteView
  /** Other prefixes that match, the longest first, and were passed over because they are shorter. */
  shorter: string[]
  rate?: { rate: string, from: string, to: string } | undefined
  trouble?: string
}

/** A payment channel. Amounts in the smallest unit of its token. */
export interface ChannelView {
  channelId: string
  peerId: string
  chain: string
  status: ChannelStatus
  tokenId: string
  tokenScale?: number
  participants?: readonly string[]
  deposit?: string
  theirDeposit?: string
  transferred?: string
  theirTransferred?: string
  /** What claims of the peer grant, and the chain has not paid out yet. */
  unredeemed?: string
  spendable?: string
  settleableAt?: number
  createdAt: number
  lastActivityAt: number
}

/** The wallet of the node for one peer's chain. */
export interface WalletView {
  peerId: string
  chain?: string
  address?: string
  reachable: boolean
  error?: string
  token?: string
  native?: string
  state: string
  tokenId: string
}

export interface RejectCount { code: string, peerId: string, count: number, words: string, fix: string }

/** One thing that needs a look, with the one action that helps. `command` can be copied; `page` is a part of this page. */
export interface AttentionEntry {
  kind:
    | 'limit' | 'away' | 'redeem' | 'challenge' | 'settlement-unknown' | 'chain' | 'rates' | 'ledger' | 'handler' | 'rejects' | 'history'
    | 'wallet' | 'paused' | 'audit'
  severity: 'look' | 'risk'
  subject: string
  text: string
  action: { label: string, page?: string, command?: string }
  /** What could be lost. */
  amount?: InAsset & { amount: string }
  since?: number
}

/** `GET /api/overview`. */
export interface Overview {
  nodeId: string
  ilpAddress: string
  version: string
  environment: string
  status: string
  startedAt: number
  /** Whether the node is earning, and if not why, in one sentence. */
  sentence: string
  attention: AttentionEntry[]
  peersConnected: number
  peersTotal: number
  /** What the node has gained since its start, from exact counts. */
  earned: Array<InAsset & { amount: string }>
  /** ms that the event loop was late: the worst of the last minute. */
  eventLoopDelay?: number
  inFlight?: number
}

export interface SeriesPoint {
  at: number
  fulfilled: number
  rejected: number
  codes: Record<string, number>
  /** By asset, `USD/9`: what packets brought in, and what they took out. */
  in: Record<string, string>
  out: Record<string, string>
  earned: Record<string, string>
}
/**
 * `GET /api/series?since=&until=&step=&peerId=`: `step` in seconds, at most 1000 points; without it, as many as fit. `at` is the beginning
 * of a step. Gaps are left out. Of the last five minutes in seconds, of earlier times in minutes. `from` is the beginning of the first
 * step that could be counted whole, if that is later than was asked.
 */
export interface Series { step: number, points: SeriesPoint[], from?: number }

/** `GET /api/rejects?since=&until=`: what was refused of each peer's packets, the most frequent first. Default: the last hour. */
export interface Rejects { rejects: RejectCount[], since: number, until: number }

/** `GET /api/packets/:packetId`: one packet's story. */
export interface PacketStory {
  packetId: string
  from: string
  to?: string
  destination: string
  received: InAsset & { amount: string }
  forwarded?: InAsset & { amount: string }
  arrivedAt: number
  expiresAt?: number
  took?: number
  outcome: 'fulfilled' | 'rejected' | 'under way'
  steps: PacketStep[]
  refusal?: { code: string, message: string, triggeredBy: string, step?: string, words: string, fix: string }
}

/**
 * `GET /api/rates`. A rate is how many units of `to` one unit of `from` brings, spread included; `spread` in percent; `troubles`: which
 * pairs have no rate, and why. Without `prices`, the backend has none of its own.
 */
export interface RatesView {
  backend: string
  spread?: string
  pairs: Array<{ from: string, to: string, rate: string }>
  troubles: string[]
  prices?: PricesReport
}

/** `GET /api/config`: what is in effect, flat. Secrets are hidden. */
export interface ConfigView {
  settings: Array<{ name: string, value: string, source: 'file' | 'environment' | 'default' | 'given' }>
  /** Number and hash of the last entry of the audit log. Undefined: there is no log, or nothing was written since the start. */
  audit?: { entries: number, head: string }
}

/** A payment to a peer that is under way, or of which nobody knows whether it was made (`unknown`). */
export interface OpenSettlement extends InAsset {
  id: string
  peerId: string
  amount: string
  createdAt: number
  state: 'sending' | 'unknown'
}

/** Of `GET /api/routes?prefix=&limit=&offset=`: routes for this prefix and those below it. */
export interface RouteQuery { prefix?: string | undefined, limit: number, offset: number }

/** What the explorer asks of the node that it is in. Asked at most once a second, except for `routes` and `explain`. */
export interface ExplorerSources {
  overview (): Promise<Overview>
  /** Undefined while no balances are kept. */
  balances (): BalanceView[] | undefined
  peers (): PeerView[]
  routes (query: RouteQuery): { routes: RouteView[], total: number }
  settlements (): OpenSettlement[]
  explain (destination: string): Promise<RouteExplanation>
  channels (): Promise<{ channels: ChannelView[], wallets: WalletView[] }>
  rates (): Promise<RatesView>
  config (): ConfigView
}
