/**
 * What the explorer tells of: one union of events, as they go over `/ws` and stand in the history. Amounts are decimal strings in base
 * units, with the asset beside them. The names and first fields of most are those that programs around other connectors for agents know.
 */

/** What an amount counts in: one unit of it is 10^assetScale base units. */
export interface InAsset {
  assetCode: string
  assetScale: number
}

/** One step of a pipeline, or of the way between two of them, that a packet went through. */
export interface PacketStep {
  /** The middleware's name in its pipeline, or `route`, `rate`, `connection`, `amount`, `expiry`, `loop`, `send`, `answer`. */
  step: string
  accountId: string
  /** When the packet got there, in ms since the packet arrived. */
  at: number
  /** What there is to say of it in one line: the next hop and how many candidates there were, the rate. */
  note?: string
}

interface PacketEvent extends InAsset {
  nodeId: string
  /** The execution condition, in hex. */
  packetId: string
  destination: string
  amount: string
  /** Account that it came from. */
  from: string
  /** ms since the epoch. */
  timestamp: number
}

/** `data` in base64, only where payloads are asked for. */
export interface PacketReceived extends PacketEvent { type: 'PACKET_RECEIVED', bytes: number, expiresAt: number, data?: string }
/** `amount` and asset are those of the next hop. */
export interface PacketForwarded extends PacketEvent { type: 'PACKET_FORWARDED', to: string }
/**
 * `took`: ms from its arrival to the answer. `to` is undefined where no next hop was found. `data`: of the answer. `steps` is empty of a
 * packet that was not followed: more are told of that were rejected.
 */
interface PacketAnswered extends PacketEvent { to?: string, took: number, steps: PacketStep[], data?: string }
/** `fulfillment` in hex. */
export interface PacketFulfilled extends PacketAnswered { type: 'PACKET_FULFILLED', fulfillment: string }
export interface PacketRejected extends PacketAnswered {
  type: 'PACKET_REJECTED'
  /** Empty if there was no answer at all. */
  code: string
  message: string
  /** ILP address of the connector that made the Reject. */
  triggeredBy: string
  /** The step of this connector that refused it; undefined where another node did, and where it is not known. */
  refusedBy?: { step: string, accountId: string }
}

/** Packets that were counted and not told of one by one, because there were too many. */
interface PacketsLeftOut { type: 'PACKETS_LEFT_OUT', nodeId: string, count: number, since: number, timestamp: number }

/** Notices of one type that were not told of, because there were too many in one second. */
interface NoticesLeftOut { type: 'NOTICES_LEFT_OUT', nodeId: string, of: EventType, count: number, timestamp: number }

/**
 * Exact counts of one account in one interval: of packets that were answered in it. Amounts are of fulfilled packets, in the asset of the
 * account. What neighbours say to each other (`peer.*`) is not counted.
 */
export interface AccountTraffic extends InAsset {
  peerId: string
  /** Packets that came from it, and how they ended. */
  received: { fulfilled: number, rejected: number, amount: string }
  /** Packets for which it was the next hop. */
  sent: { fulfilled: number, rejected: number, amount: string }
  /** Rejects of packets that came from it, by code. */
  codes: Record<string, number>
  /** Of its packets: median and 99th percentile of the time to the answer, in ms, to a tenth of themselves. */
  p50?: number
  p99?: number
}

/**
 * Once a second in which packets were answered, for those who look on (`seconds` is 1); and once a minute in which some were, for the
 * history (`seconds` is 60).
 */
export interface Traffic {
  type: 'TRAFFIC'
  nodeId: string
  seconds: number
  /** What packets brought more than they took along, between accounts of the same asset. */
  earned: Array<InAsset & { amount: string }>
  /** The busiest, 100 at most. */
  accounts: AccountTraffic[]
  /** The sum of all other accounts, one entry for each asset, `peerId` empty. Absent: there are no others. */
  others?: AccountTraffic[]
  /** The end of the interval, in ms since the epoch. */
  timestamp: number
}

interface NodeStatus { type: 'NODE_STATUS', nodeId: string, status: string, timestamp: number }
interface PeerConnected { type: 'PEER_CONNECTED', nodeId: string, peerId: string, timestamp: number }
interface PeerDisconnected { type: 'PEER_DISCONNECTED', nodeId: string, peerId: string, timestamp: number }
/** An account was added or removed. */
interface PeerAdded { type: 'PEER_ADDED', nodeId: string, peerId: string, timestamp: number }
interface PeerRemoved { type: 'PEER_REMOVED', nodeId: string, peerId: string, timestamp: number }
/** The prefix leads to another next hop from now on, or to one for the first time. */
interface RouteAdded { type: 'ROUTE_ADDED', nodeId: string, prefix: string, nextHop: string, reason: string, timestamp: number }
interface RouteRemoved { type: 'ROUTE_REMOVED', nodeId: string, prefix: string, timestamp: number }

/** Requests of a peer that were refused because it sent too many, since the last such event: at most one in ten seconds and peer. */
interface RateLimitExceeded { type: 'RATE_LIMIT_EXCEEDED', nodeId: string, peerId: string, count: number, timestamp: number }

/** A rule for suspicious activity has found something, and `action` says what was done: at most one in ten minutes, rule and peer. */
interface SuspiciousActivity {
  type: 'SUSPICIOUS_ACTIVITY_DETECTED'
  nodeId: string
  peerId: string
  rule: string
  text: string
  action: 'warn' | 'pause' | 'disconnect'
  timestamp: number
}
/** From now on packets from and to the peer are refused, until it is resumed. `by`: a rule, or who asked for it. */
interface PeerPaused { type: 'PEER_PAUSED', nodeId: string, peerId: string, by: string, reason: string, timestamp: number }
interface PeerResumed { type: 'PEER_RESUMED', nodeId: string, peerId: string, by: string, timestamp: number }

/** Of the events below, `timestamp` is an ISO string, as elsewhere. */
interface MoneyEvent { nodeId: string, peerId: string, timestamp: string }

/** `tokenId` is what is paid in; debit is what the peer owes us. At most one a second and account. */
export interface AccountBalanceChanged extends MoneyEvent, InAsset {
  type: 'ACCOUNT_BALANCE'
  tokenId: string
  debitBalance: string
  creditBalance: string
  netBalance: string
  creditLimit?: string
  settlementThreshold?: string
  settlementState: 'IDLE' | 'SETTLEMENT_PENDING' | 'SETTLEMENT_IN_PROGRESS'
}
interface SettlementTriggered extends MoneyEvent, InAsset {
  type: 'SETTLEMENT_TRIGGERED'
  tokenId: string
  /** Below 0: we owe. */
  currentBalance: string
  /** Below which a settlement is due; without one, what is settled to. */
  threshold: string
  exceedsBy: string
  triggerReason: 'threshold' | 'interval'
}
/** Money outside ILP: `direction` says whether we paid or were paid. */
export interface SettlementCompleted extends MoneyEvent, InAsset {
  type: 'SETTLEMENT_COMPLETED'
  tokenId: string
  direction: 'sent' | 'received'
  /** Of the account's books: above 0, the peer owes us. Absent where there are none. */
  previousBalance?: string
  newBalance?: string
  settledAmount: string
  /** The plugin: `evm`, `xrp`, `ilp-plugin-xrp-paychan`. */
  settlementType: string
  success: boolean
  errorMessage?: string
  settlementId?: string
}

interface ChannelEvent extends MoneyEvent {
  channelId: string
  /** Such as `evm:8453`. */
  chain: string
}
interface ChannelOpened extends ChannelEvent {
  type: 'PAYMENT_CHANNEL_OPENED'
  participants: readonly string[]
  tokenAddress?: string
  tokenSymbol: string
  settlementTimeout: number
  initialDeposits: Record<string, string>
}
interface ChannelBalanceUpdate extends ChannelEvent {
  type: 'PAYMENT_CHANNEL_BALANCE_UPDATE'
  status: string
  myNonce: string
  theirNonce: string
  myTransferred: string
  theirTransferred: string
}
interface ChannelSettled extends ChannelEvent {
  type: 'PAYMENT_CHANNEL_SETTLED'
  finalBalances: Record<string, string>
  settlementType: 'cooperative' | 'unilateral' | 'disputed'
}
/** With a claim on each packet there are as many of these as packets: then at most one a second and peer, with `count` claims in it. */
export interface ClaimSent extends MoneyEvent { type: 'CLAIM_SENT', blockchain: string, amount: string, count: number, success: boolean, error?: string }
interface ClaimReceived extends MoneyEvent { type: 'CLAIM_RECEIVED', blockchain: string, amount: string, count: number, verified: boolean, error?: string }
interface ClaimRedeemed extends MoneyEvent { type: 'CLAIM_REDEEMED', blockchain: string, channelId: string, txHash?: string, amount: string, success: boolean }

export type ExplorerEvent =
  | PacketReceived | PacketForwarded | PacketFulfilled | PacketRejected | PacketsLeftOut | Traffic | NoticesLeftOut
  | NodeStatus | PeerConnected | PeerDisconnected | PeerAdded | PeerRemoved | RouteAdded | RouteRemoved
  | RateLimitExceeded | SuspiciousActivity | PeerPaused | PeerResumed
  | AccountBalanceChanged | SettlementTriggered | SettlementCompleted
  | ChannelOpened | ChannelBalanceUpdate | ChannelSettled | ClaimSent | ClaimReceived | ClaimRedeemed

export type EventType = ExplorerEvent['type']
/** An event as the part that it happens in tells it. When it was, and at which node, is added. */
export type Notice<Event = ExplorerEvent> = Event extends ExplorerEvent ? Omit<Event, 'nodeId' | 'timestamp'> : never
export type Direction = 'sent' | 'received' | 'internal'

/** An event as `GET /api/events` shows it: what it can be filtered by, and the event itself. */
export interface EventRow {
  id: number
  event_type: EventType
  /** ms since the epoch. */
  timestamp: number
  node_id: string
  direction: Direction
  peer_id: string | null
  packet_id: string | null
  amount: string | null
  destination: string | null
  packet_type: 'prepare' | 'fulfill' | 'reject' | null
  from_address: string | null
  to_address: string | null
  payload: ExplorerEvent
}

/** Which events are wanted, all that is given having to hold. Times in ms since the epoch, both included. */
export interface EventFilter {
  types?: readonly EventType[] | undefined
  /** The account that the event is about, or that the packet came from or went to. */
  peerId?: string | undefined
  packetId?: string | undefined
  direction?: Direction | undefined
  since?: number | undefined
  until?: number | undefined
  limit: number
  offset: number
  /** Default: the newest first. */
  order?: 'newest' | 'oldest' | undefined
}

export interface EventPage {
  events: EventRow[]
  /** How many there are without limit and offset. */
  total: number
}

export interface HistoryStatus {
  eventCount: number
  databaseSizeBytes: number
  /** Events that were not kept since the start, because the disk was too slow, full or damaged. */
  lost: number
  /** Why the history cannot be used, or could not when it was last tried. */
  trouble?: string | undefined
}

/** The events of the past. Nothing that goes wrong in it is anybody else's trouble. */
export interface EventHistory {
  /** Opens what was kept before. Never rejects: `status` says what is wrong. */
  open (): Promise<void>
  /** Takes the event, and writes it soon. Neither waits nor throws; what cannot be kept is counted. */
  add (event: ExplorerEvent): void
  /** Rejects where the history cannot be read. */
  query (filter: EventFilter): Promise<EventPage>
  status (): HistoryStatus
  /** Resolves when everything that was taken is on disk. */
  close (): Promise<void>
}

/** Who listens: somebody who looks on now, or the history. They get the same events, but for TRAFFIC: of a second, or of a minute. */
export type Audience = 'live' | 'history'

/** Where events come from. */
export interface EventFeed {
  /** Calls `listener` with each event from now on. It must neither throw nor wait. Returns what ends that. */
  subscribe (listener: (event: ExplorerEvent) => void, audience: Audience): () => void
  /** The exact counts of the last 300 seconds, the oldest first. Seconds without packets are left out. */
  recent (): Traffic[]
  /** What packets have brought more than they took along since the start, between accounts of the same asset. */
  earned (): Array<InAsset & { amount: string }>
}
