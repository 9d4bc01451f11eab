/** What dashboards and other programs around a node read of it. Amounts are base units, bigint. Times are ms since the epoch. */

import type { Asset } from './account.js'

/** Of a peer as next hop, if not said otherwise. Since the start of the node. */
export interface TrafficCounts {
  /** Packets that it fulfilled. */
  packetsForwarded: number
  /** Packets that were meant for it and ended in a Reject, whoever made that: they may never have reached it. */
  packetsRejected: number
  /** Of Prepares that were sent to it. */
  bytesSent: number
  /** Packets from it that the application of this node fulfilled. */
  packetsLocallyDelivered: number
}

export interface PeerTraffic extends TrafficCounts {
  peerId: string
  connected: boolean
  /** When a packet went to it or one from it was answered. Undefined: never. */
  lastPacketAt: number | undefined
}

export interface NodeTraffic {
  /**
   * Includes peers that have left. `packetsRejected` counts every packet that ended in a Reject, also one that had no next hop, and
   * one that `sendToPeer` sent.
   */
  aggregate: TrafficCounts
  /** Those that `listPeers` has. */
  peers: PeerTraffic[]
}

export type PacketResult = 'fulfill' | 'reject' | 'timeout'

/** A packet that was answered. */
export interface PacketRecord {
  /** When it was answered. */
  at: number
  /** The prefix that is routed to the peer that it came from, or the node's own address; where no route leads to the peer, its id. */
  from: string
  /** The destination. */
  to: string
  /** Of the account that it came from. */
  amount: bigint
  /** What the amount is in, where the configuration names an asset. */
  asset?: Asset | undefined
  /** `timeout`: a Reject with R00. */
  result: PacketResult
}

/** Which packets are wanted. */
export interface PacketFilter {
  /** From or to this address, or one below it. */
  address?: string | undefined
  /** Answered at this time or later. */
  since?: number | undefined
  limit?: number | undefined
}

/** In the smallest unit of the token that is paid in. */
export interface AssetEarnings {
  assetCode: string
  assetScale: number
  /** What the claims of the peer have paid us, and ours have paid it, since there are records of the peer: they survive restarts. */
  claimsReceivedTotal: bigint
  claimsSentTotal: bigint
  /** Received less sent. */
  netBalance: bigint
  lastClaimAt: number | undefined
}

export interface PeerEarnings {
  peerId: string
  byAsset: AssetEarnings[]
}

export interface PeerClaim {
  peerId: string
  assetCode: string
  assetScale: number
  /** What it paid more than the claim before. */
  amount: bigint
  direction: 'inbound' | 'outbound'
  at: number
}

export interface NodeEarnings {
  /** With which the node settles. */
  peers: PeerEarnings[]
  /** What fulfilled packets brought more than they took along, since the start. */
  connectorFees: Array<{ assetCode: string, assetScale: number, total: bigint }>
  /** Since the start, the newest first. */
  recentClaims: PeerClaim[]
}

/** Needs a running node, or throws ConnectorNotStartedError. */
export interface NodeDashboard {
  getTraffic (): NodeTraffic
  /** Rejects with 503 if the node settles on no chain. */
  getEarnings (): Promise<NodeEarnings>
  /**
   * The newest first; without a filter, all that are remembered. Packets that were refused unread (malformed, or above a rate limit) are
   * not among them.
   */
  getPackets (filter?: PacketFilter): PacketRecord[]
}
