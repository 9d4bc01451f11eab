/** What dashboards for nodes of this kind ask for, by the names that they know, beside the connector's own `ilp_connector_*`. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { described, NODE_METRICS, type CounterMetric, type GaugeMetric } from '../metrics/names.js'
import { rejectOf } from '../packet/reply.js'
import type { ChannelMetadata, ClaimCounts } from '../contracts/channels.js'
import type { AuditStatus } from '../contracts/audit.js'
import type { Guard } from '../contracts/guard.js'

/** Seconds. From a packet that ends at this node to one that expires. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const SETTLEMENT_BUCKETS = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600]

const CHANNEL_FIGURES: Array<[GaugeMetric, (channel: ChannelMetadata) => boolean]> = [
  [NODE_METRICS.activeChannels, ({ status }) => status === 'opening' || status === 'open'],
  [NODE_METRICS.fundedChannels, ({ status }) => status === 'open'],
  [NODE_METRICS.closedChannels, ({ status }) => ['closing', 'closed', 'settling', 'settled'].includes(status)],
  [NODE_METRICS.disputedChannels, ({ status }) => status === 'closed']
]

const CLAIM_FIGURES: Array<[CounterMetric, keyof ClaimCounts]> = [
  [NODE_METRICS.claimsSent, 'sent'],
  [NODE_METRICS.claimsReceived, 'received'],
  [NODE_METRICS.claimsRedeemed, 'redeemed'],
  [NODE_METRICS.claimsFailed, 'failed']
]

/** What is looked up at each scrape. Amounts in base units. */
export interface MetricSources {
  /** By peer: positive when the peer owes us. */
  balances: () => Iterable<readonly [peerId: string, balance: bigint]>
  /** By peer, since the start: what fulfilled packets made the peer owe us, and us owe the peer. */
  turnover: () => Iterable<readonly [peerId: string, debits: number, credits: number]>
  channels: () => Promise<readonly ChannelMetadata[]>
  /** For each peer with which the node settles over channels. */
  claims: () => Iterable<readonly [peerId: string, counts: Readonly<ClaimCounts>]>
  audit: () => AuditStatus | undefined
  guard: () => Pick<Guard, 'paused' | 'findings'> | undefined
  /** What is paid in between the peer and us, such as `USDC`. */
  tokenOf: (peerId: string) => string
  /** How the proxy is that peers are dialled through; of a node without one, always well. */
  transport: () => { isHealthy: boolean, probeFailures: number, restarts: number }
  /** Rejects that carry this address are our own. */
  ownAddress: string
}

/** Fed by the middleware `observer`. */
export class NodeMetrics {
  readonly #packets: Counter
  readonly #latency: Histogram
  readonly #inFlight: Gauge
  readonly #settlements: Counter
  readonly #settlementLatency: Histogram
  readonly #settledAmount: Counter
  readonly #errors: Counter
  readonly #lastError: Gauge
  readonly #ownAddress: string
  readonly #tokenOf: MetricSources['tokenOf']

  constructor (registry: Registry, sources: MetricSources) {
    const registers = [registry]
    this.#ownAddress = sources.ownAddress
    this.#tokenOf = sources.tokenOf
    this.#packets = new Counter({ ...described(NODE_METRICS.packets), registers })
    this.#latency = new Histogram({ ...described(NODE_METRICS.latency), buckets: LATENCY_BUCKETS, registers })
    this.#inFlight = new Gauge({ ...described(NODE_METRICS.inFlight), registers })
    this.#settlements = new Counter({ ...described(NODE_METRICS.settlements), registers })
    this.#settlementLatency = new Histogram({ ...described(NODE_METRICS.settlementLatency), buckets: SETTLEMENT_BUCKETS, registers })
    this.#settledAmount = new Counter({ ...described(NODE_METRICS.settledAmount), registers })
    this.#errors = new Counter({ ...described(NODE_METRICS.errors), registers })
    this.#lastError = new Gauge({ ...described(NODE_METRICS.lastError), registers })
    registerBalances(registry, sources)
    registerChannels(registry, sources)
    registerClaims(registry, sources)
    registerGuard(registry, sources)
    registerTransport(registry, sources)
  }

  packetBegan (): void {
    this.#inFlight.inc()
  }

  packetEnded (outcome: 'fulfilled' | 'rejected' | 'failed', seconds: number, reject?: Buffer): void {
    this.#inFlight.dec()
    this.#latency.observe(seconds)
    this.#packets.inc({ type: 'prepare', status: outcome })
    if (outcome === 'failed' || (reject !== undefined && this.#isOurFault(reject))) {
      this.#errors.inc()
      this.#lastError.set(Date.now() / 1000)
    }
  }

  settled (accountId: string, amount: bigint, isPaid: boolean, seconds: number): void {
    this.#settlements.inc({ peer_id: accountId, status: isPaid ? 'success' : 'failure' })
    this.#settlementLatency.observe(seconds)
    if (isPaid) this.#settledAmount.inc({ peer_id: accountId, token_id: this.#tokenOf(accountId) }, Number(amount))
  }

  #isOurFault (reject: Buffer): boolean {
    try {
      const { code, triggeredBy } = rejectOf(reject)
      return code === 'T00' && triggeredBy === this.#ownAddress
    } catch {
      return true // a malformed answer
    }
  }
}

function registerBalances (registry: Registry, { balances, turnover, tokenOf }: MetricSources): void {
  const registers = [registry]
  new Gauge({
    ...described(NODE_METRICS.balances),
    registers,
    collect () {
      this.reset() // peers come and go
      for (const [peer_id, balance] of balances()) this.set({ peer_id, token_id: tokenOf(peer_id) }, -Number(balance))
    }
  })
  new Counter({
    ...described(NODE_METRICS.debits),
    registers,
    collect () {
      this.reset()
      for (const [peer_id, debits] of turnover()) this.inc({ peer_id, token_id: tokenOf(peer_id) }, debits)
    }
  })
  new Counter({
    ...described(NODE_METRICS.credits),
    registers,
    collect () {
      this.reset()
      for (const [peer_id, , credits] of turnover()) this.inc({ peer_id, token_id: tokenOf(peer_id) }, credits)
    }
  })
}

function registerChannels (registry: Registry, { channels }: MetricSources): void {
  for (const [metric, counts] of CHANNEL_FIGURES) {
    new Gauge({
      ...described(metric),
      registers: [registry],
      async collect () { this.set((await channels()).filter(counts).length) }
    })
  }
}

function registerGuard (registry: Registry, { audit, guard }: MetricSources): void {
  const registers = [registry]
  new Gauge({ ...described(NODE_METRICS.auditEntries), registers, collect () { this.set(audit()?.entries ?? 0) } })
  new Gauge({
    ...described(NODE_METRICS.auditHead),
    registers,
    collect () {
      this.reset()
      const status = audit()
      if (status !== undefined && status.entries > 0) this.set({ hash: status.head }, status.entries)
    }
  })
  new Counter({
    ...described(NODE_METRICS.auditLost),
    registers,
    collect () {
      this.reset()
      this.inc(audit()?.lost ?? 0)
    }
  })
  new Gauge({ ...described(NODE_METRICS.peersPaused), registers, collect () { this.set(guard()?.paused().length ?? 0) } })
  new Counter({
    ...described(NODE_METRICS.suspicions),
    registers,
    collect () {
      this.reset()
      for (const [rule, count] of Object.entries(guard()?.findings() ?? {})) this.inc({ rule }, count)
    }
  })
}

function registerTransport (registry: Registry, { transport }: MetricSources): void {
  const registers = [registry]
  new Gauge({ ...described(NODE_METRICS.transportHealthy), registers, collect () { this.set(transport().isHealthy ? 1 : 0) } })
  new Counter({
    ...described(NODE_METRICS.transportProbeFailures),
    registers,
    collect () {
      this.reset()
      this.inc(transport().probeFailures)
    }
  })
  new Counter({
    ...described(NODE_METRICS.transportRestarts),
    registers,
    collect () {
      this.reset()
      this.inc(transport().restarts)
    }
  })
}

function registerClaims (registry: Registry, { claims }: MetricSources): void {
  for (const [metric, count] of CLAIM_FIGURES) {
    new Counter({
      ...described(metric),
      registers: [registry],
      collect () {
        this.reset()
        for (const [peer_id, counts] of claims()) this.inc({ peer_id }, counts[count])
      }
    })
  }
}
