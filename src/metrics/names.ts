/** Every metric that GET /metrics serves, by name: the only place that says how they are called, and what docs/metrics.md is made from. */

interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  /** What one is one of. */
  readonly unit: string
  /** What Prometheus shows. */
  readonly help: string
}

export type CounterMetric = Metric & { readonly type: 'counter' }
export type GaugeMetric = Metric & { readonly type: 'gauge' }

/** The labels of what is measured per account: whose it is, and in which asset. */
const ACCOUNT = ['account', 'asset', 'scale'] as const
const ANSWERED = ['result', 'code', ...ACCOUNT] as const
const BASE_UNITS = 'base units of the account\'s asset'

/** Per account, fed by the middlewares. Names, help texts and labels are those of ilp-connector, whose dashboards go on working. */
export const ACCOUNT_METRICS = {
  incomingDataPackets: {
    name: 'ilp_connector_incoming_ilp_packets', type: 'counter', labels: ANSWERED, unit: 'packets', help: 'Total number of incoming ILP packets'
  },
  incomingDataPacketValue: {
    name: 'ilp_connector_incoming_ilp_packet_value', type: 'counter', labels: ANSWERED, unit: BASE_UNITS, help: 'Total value of incoming ILP packets'
  },
  outgoingDataPackets: {
    name: 'ilp_connector_outgoing_ilp_packets', type: 'counter', labels: ANSWERED, unit: 'packets', help: 'Total number of outgoing ILP packets'
  },
  outgoingDataPacketValue: {
    name: 'ilp_connector_outgoing_ilp_packet_value', type: 'counter', labels: ANSWERED, unit: BASE_UNITS, help: 'Total value of outgoing ILP packets'
  },
  incomingMoney: {
    name: 'ilp_connector_incoming_money', type: 'gauge', labels: ['result', ...ACCOUNT], unit: BASE_UNITS, help: 'Total of incoming money'
  },
  outgoingMoney: {
    name: 'ilp_connector_outgoing_money', type: 'gauge', labels: ['result', ...ACCOUNT], unit: BASE_UNITS, help: 'Total of outgoing money'
  },
  rateLimitedPackets: {
    name: 'ilp_connector_rate_limited_ilp_packets', type: 'counter', labels: ACCOUNT, unit: 'packets', help: 'Total of rate limited ILP packets'
  },
  rateLimitedMoney: {
    name: 'ilp_connector_rate_limited_money', type: 'counter', labels: ACCOUNT, unit: 'requests', help: 'Total of rate limited money requests'
  },
  rejects: {
    name: 'ilp_connector_rejects', type: 'counter', labels: ['code', ...ACCOUNT], unit: 'packets',
    help: 'Rejects that the account was answered with, whoever they come from'
  },
  balance: {
    name: 'ilp_connector_balance', type: 'gauge', labels: ACCOUNT, unit: BASE_UNITS, help: 'Balances on peer account'
  }
} as const satisfies Record<string, Metric>

/** Of the routing table and of what peers tell each other about routes. */
export const ROUTING_METRICS = {
  routes: { name: 'ilp_connector_peer_routes', type: 'gauge', labels: ['account'], unit: 'prefixes', help: 'Prefixes learnt from the peer' },
  updatesSent: {
    name: 'ilp_connector_route_updates_sent', type: 'counter', labels: ['account'], unit: 'updates', help: 'Route updates sent to the peer'
  },
  updatesFailed: {
    name: 'ilp_connector_route_updates_failed', type: 'counter', labels: ['account'], unit: 'updates', help: 'Route updates that the peer did not accept'
  },
  updatesReceived: {
    name: 'ilp_connector_route_updates_received', type: 'counter', labels: ['account'], unit: 'updates', help: 'Route updates received from the peer'
  },
  updatesRefused: {
    name: 'ilp_connector_route_updates_refused', type: 'counter', labels: ['account'], unit: 'updates',
    help: 'Route updates from the peer that were refused'
  },
  routesRefused: {
    name: 'ilp_connector_routes_refused', type: 'counter', labels: ['account'], unit: 'routes', help: 'Routes in accepted updates that policy did not take'
  },
  prefixes: { name: 'ilp_connector_prefixes', type: 'gauge', labels: [], unit: 'prefixes', help: 'Prefixes that packets can be routed to' },
  convergence: {
    name: 'ilp_connector_routing_convergence_seconds', type: 'gauge', labels: [], unit: 'seconds',
    help: 'Time from the last change of routes until every peer had confirmed it'
  }
} as const satisfies Record<string, Metric>

/** Of a backend that has prices, such as `market`. */
export const PRICE_METRICS = {
  price: {
    name: 'ilp_connector_price', type: 'gauge', labels: ['asset', 'quote'], unit: 'units of the quote currency',
    help: 'Price of one unit of the asset; missing while there is none to trade at'
  },
  age: { name: 'ilp_connector_price_age_seconds', type: 'gauge', labels: ['asset'], unit: 'seconds', help: 'How old the price is' },
  manual: { name: 'ilp_connector_price_manual', type: 'gauge', labels: ['asset'], unit: '0 or 1', help: '1 while the price is set by hand' },
  failures: {
    name: 'ilp_connector_price_source_failures', type: 'counter', labels: ['source'], unit: 'requests', help: 'Requests to the price source that failed'
  }
} as const satisfies Record<string, Metric>

const PEER_TOKEN = ['peer_id', 'token_id'] as const
const TOKEN_UNITS = 'base units of what the peer is paid in'

/** Of a node, by the names that dashboards for nodes of this kind know. */
export const NODE_METRICS = {
  packets: { name: 'ilp_packets_processed_total', type: 'counter', labels: ['type', 'status'], unit: 'packets', help: 'Packets that were answered' },
  latency: { name: 'ilp_packet_latency_seconds', type: 'histogram', labels: [], unit: 'seconds', help: 'From the arrival of a packet to its answer' },
  inFlight: { name: 'ilp_packets_in_flight', type: 'gauge', labels: [], unit: 'packets', help: 'Packets that are not answered yet' },
  settlements: {
    name: 'settlements_executed_total', type: 'counter', labels: ['peer_id', 'status'], unit: 'settlements', help: 'Settlements that were tried'
  },
  settlementLatency: { name: 'settlement_latency_seconds', type: 'histogram', labels: [], unit: 'seconds', help: 'How long a settlement took' },
  settledAmount: { name: 'settlement_amount_total', type: 'counter', labels: PEER_TOKEN, unit: TOKEN_UNITS, help: 'Base units that were paid' },
  errors: { name: 'connector_errors_total', type: 'counter', labels: [], unit: 'packets', help: 'Packets that failed because of this node (T00)' },
  lastError: {
    name: 'connector_last_error_timestamp', type: 'gauge', labels: [], unit: 'seconds since 1970',
    help: 'When the last of them did, in seconds since 1970'
  },
  balances: {
    name: 'account_balance_units', type: 'gauge', labels: PEER_TOKEN, unit: TOKEN_UNITS,
    help: 'What we owe the peer, in base units; negative when it owes us'
  },
  debits: { name: 'account_debits_total', type: 'counter', labels: PEER_TOKEN, unit: TOKEN_UNITS, help: 'Base units that packets made the peer owe us' },
  credits: { name: 'account_credits_total', type: 'counter', labels: PEER_TOKEN, unit: TOKEN_UNITS, help: 'Base units that packets made us owe the peer' },
  activeChannels: { name: 'payment_channels_active', type: 'gauge', labels: [], unit: 'channels', help: 'Payment channels: active' },
  fundedChannels: { name: 'payment_channels_funded', type: 'gauge', labels: [], unit: 'channels', help: 'Payment channels: funded' },
  closedChannels: { name: 'payment_channels_closed', type: 'gauge', labels: [], unit: 'channels', help: 'Payment channels: closed' },
  disputedChannels: { name: 'payment_channels_disputes', type: 'gauge', labels: [], unit: 'channels', help: 'Payment channels: disputes' },
  peersPaused: { name: 'peers_paused', type: 'gauge', labels: [], unit: 'peers', help: 'Peers whose packets are refused until they are resumed' },
  suspicions: {
    name: 'suspicious_activity_total', type: 'counter', labels: ['rule'], unit: 'findings', help: 'What the rules of security.fraud have found'
  },
  auditEntries: { name: 'audit_log_entries', type: 'gauge', labels: [], unit: 'entries', help: 'Number of the last entry of the audit log' },
  auditHead: {
    name: 'audit_log_head', type: 'gauge', labels: ['hash'], unit: 'entries',
    help: 'Number of the last entry of the audit log, under its hash: one series at a time'
  },
  auditLost: {
    name: 'audit_log_lost_total', type: 'counter', labels: [], unit: 'entries', help: 'Entries of the audit log that could not be written'
  },
  claimsSent: { name: 'claims_sent_total', type: 'counter', labels: ['peer_id'], unit: 'claims', help: 'Claims with which we have paid the peer' },
  claimsReceived: { name: 'claims_received_total', type: 'counter', labels: ['peer_id'], unit: 'claims', help: 'Claims with which the peer has paid us' },
  claimsRedeemed: {
    name: 'claims_redeemed_total', type: 'counter', labels: ['peer_id'], unit: 'claims', help: 'Claims of the peer that the chain has paid out'
  },
  claimsFailed: {
    name: 'claim_verification_failures_total', type: 'counter', labels: ['peer_id'], unit: 'claims', help: 'Claims of the peer that were refused'
  },
  transportHealthy: {
    name: 'connector_transport_healthy', type: 'gauge', labels: [], unit: '0 or 1', help: '0 while the SOCKS5 proxy that peers are dialled through does not answer'
  },
  transportProbeFailures: {
    name: 'connector_transport_probe_failures_total', type: 'counter', labels: [], unit: 'probes', help: 'Times that the SOCKS5 proxy did not answer'
  },
  transportRestarts: {
    name: 'connector_transport_restarts_total', type: 'counter', labels: [], unit: 'starts', help: 'Times that the proxy was started again after it had ended'
  }
} as const satisfies Record<string, Metric>

/** What prom-client is told of a metric. */
export function described ({ name, help, labels }: Metric): { name: string, help: string, labelNames: string[] } {
  return { name, help, labelNames: [...labels] }
}
