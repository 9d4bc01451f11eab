/** What dashboards for nodes of this kind ask for, by the names that they know, beside the connector's own `ilp_connector_*`. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { rejectOf } from '../packet/reply.js'
import type { ChannelMetadata, ClaimCounts } from '../contracts/channels.js'

/** Seconds. From a packet that stays in the house to one that expires. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const SETTLEMENT_BUCKETS = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600]

type Figures = Record<'active' | 'funded' | 'closed' | 'disputes', (channel: ChannelMetadata) => boolean>
const CHANNEL_FIGURES: Figures = {
  active: ({ status }) => status === 'opening' || status === 'open',
  funded: ({ status }) => status === 'open',
  closed: ({ status }) => ['closing', 'closed', 'settling', 'settled'].includes(status),
  disputes: ({ status }) => status === 'closed'
}

const CLAIM_FIGURES: Record<string, { count: keyof ClaimCounts, help: string }> = {
  claims_sent_total: { count: 'sent', help: 'Claims with which we have paid the peer' },
  claims_received_total: { count: 'received', help: 'Claims with which the peer has paid us' },
  claims_redeemed_total: { count: 'redeemed', help: 'Claims of the peer that the chain has paid out' },
  claim_verification_failures_total: { count: 'failed', help: 'Claims of the peer that were refused' }
}

/** What is looked up at each scrape. Amounts in base units. */
export interface MetricSources {
  /** By peer: positive when the peer owes us. */
  balances: () => Iterable<readonly [peerId: string, balance: bigint]>
  /** By peer, since the start: what fulfilled packets made the peer owe us, and us owe the peer. */
  turnover: () => Iterable<readonly [peerId: string, debits: number, credits: number]>
  channels: () => Promise<readonly ChannelMetadata[]>
  /** By peer that is settled with over channels. */
  claims: () => Iterable<readonly [peerId: string, counts: Readonly<ClaimCounts>]>
  /** What is paid in between the peer and us, such as `USDC`. */
  tokenOf: (peerId: string) => string
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
    const perPeer = ['peer_id', 'token_id']
    this.#ownAddress = sources.ownAddress
    this.#tokenOf = sources.tokenOf
    this.#packets = new Counter({ name: 'ilp_packets_processed_total', help: 'Packets that were answered', labelNames: ['type', 'status'], registers })
    this.#latency = new Histogram({
      name: 'ilp_packet_latency_seconds', help: 'From the arrival of a packet to its answer', buckets: LATENCY_BUCKETS, registers
    })
    this.#inFlight = new Gauge({ name: 'ilp_packets_in_flight', help: 'Packets that are not answered yet', registers })
    this.#settlements = new Counter({
      name: 'settlements_executed_total', help: 'Settlements that were tried', labelNames: ['peer_id', 'status'], registers
    })
    this.#settlementLatency = new Histogram({
      name: 'settlement_latency_seconds', help: 'How long a settlement took', buckets: SETTLEMENT_BUCKETS, registers
    })
    this.#settledAmount = new Counter({ name: 'settlement_amount_total', help: 'Base units that were paid', labelNames: perPeer, registers })
    this.#errors = new Counter({ name: 'connector_errors_total', help: 'Packets that failed because of this node (T00)', registers })
    this.#lastError = new Gauge({ name: 'connector_last_error_timestamp', help: 'When the last of them did, in seconds since 1970', registers })
    registerBalances(registry, sources)
    registerChannels(registry, sources)
    registerClaims(registry, sources)
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
      return true // an answer that is none
    }
  }
}

function registerBalances (registry: Registry, { balances, turnover, tokenOf }: MetricSources): void {
  const labelNames = ['peer_id', 'token_id']
  const registers = [registry]
  new Gauge({
    name: 'account_balance_units',
    help: 'What we owe the peer, in base units; negative when it owes us',
    labelNames,
    registers,
    collect () {
      this.reset() // peers come and go
      for (const [peer_id, balance] of balances()) this.set({ peer_id, token_id: tokenOf(peer_id) }, -Number(balance))
    }
  })
  new Counter({
    name: 'account_debits_total',
    help: 'Base units that packets made the peer owe us',
    labelNames,
    registers,
    collect () {
      this.reset()
      for (const [peer_id, debits] of turnover()) this.inc({ peer_id, token_id: tokenOf(peer_id) }, debits)
    }
  })
  new Counter({
    name: 'account_credits_total',
    help: 'Base units that packets made us owe the peer',
    labelNames,
    registers,
    collect () {
      this.reset()
      for (const [peer_id, , credits] of turnover()) this.inc({ peer_id, token_id: tokenOf(peer_id) }, credits)
    }
  })
}

function registerChannels (registry: Registry, { channels }: MetricSources): void {
  for (const [figure, counts] of Object.entries(CHANNEL_FIGURES)) {
    new Gauge({
      name: `payment_channels_${figure}`,
      help: `Payment channels: ${figure}`,
      registers: [registry],
      async collect () { this.set((await channels()).filter(counts).length) }
    })
  }
}

function registerClaims (registry: Registry, { claims }: MetricSources): void {
  for (const [name, { count, help }] of Object.entries(CLAIM_FIGURES)) {
    new Counter({
      name,
      help,
      labelNames: ['peer_id'],
      registers: [registry],
      collect () {
        this.reset()
        for (const [peer_id, counts] of claims()) this.inc({ peer_id }, counts[count])
      }
    })
  }
}
