/** The admin API's routes that dashboards and other programs around a node poll. Answers are not cached. */
import { z } from 'zod'
import { isPrefix } from '../../packet/address.js'
import type { NodeDashboard, PacketFilter } from '../../contracts/node-figures.js'
import { SluiceError } from '../../contracts/errors.js'
import { plainOf } from '../../lib/json.js'
import { json } from '../../http/responses.js'
import { route, type Route } from '../../http/route.js'
import { isRunning, type HealthNode } from './health.js'

/** Packets in one answer. */
const MAX_LIMIT = 10_000

/** What these routes ask of the node. */
export interface DashboardNode extends Pick<HealthNode, 'getHealthStatus'> {
  readonly dashboard: NodeDashboard
  /** Undefined: peers are dialled directly. `hiddenService` is undefined if the node looks after none. */
  readonly overlay: { readonly hiddenService: { hostname: string | null, publishedAt: string | null } | undefined } | undefined
}

const NO_SETTLEMENT = 'Settlement infrastructure not enabled'
const NOT_READY = 'The node is starting or stopping'

const count = z.int().min(0)
const amount = z.string().regex(/^-?\d+$/)
const time = z.iso.datetime()
const timestamp = time.describe('When this answer was made')
const counts = {
  packetsForwarded: count.describe('Packets that the peer, as next hop, has fulfilled'),
  packetsRejected: count.describe('Packets meant for the peer that ended in a Reject, whoever made it: also those that never reached it'),
  bytesSent: count.describe('Of packets that were sent to the peer'),
  packetsLocallyDelivered: count.describe('Packets of the peer that your application has fulfilled')
}
const asset = { assetCode: z.string(), assetScale: z.int() }

const metrics = z.strictObject({
  uptimeSeconds: count,
  aggregate: z.strictObject(counts).describe('Of all peers, those that are gone included; packetsRejected counts packets without a next hop, too'),
  peers: z.array(z.strictObject({ peerId: z.string(), connected: z.boolean(), ...counts, lastPacketAt: time.nullable() })),
  timestamp
})

const earnings = z.strictObject({
  uptimeSeconds: count,
  peers: z.array(z.strictObject({
    peerId: z.string(),
    byAsset: z.array(z.strictObject({
      ...asset,
      claimsReceivedTotal: amount.describe('What the claims of the peer have paid you; survives restarts'),
      claimsSentTotal: amount.describe('What your claims have paid the peer; survives restarts'),
      netBalance: amount.describe('Received less sent'),
      lastClaimAt: time.nullable()
    }))
  })),
  connectorFees: z.array(z.strictObject({ ...asset, total: amount.describe('Since the start') })),
  recentClaims: z.array(z.strictObject({
    peerId: z.string(), ...asset, amount: amount.describe('More than the claim before'), direction: z.enum(['inbound', 'outbound']), at: time
  })),
  timestamp
})

const packet = z.strictObject({
  ts: z.int().describe('When it was answered, in ms since 1970'),
  ilpAddressFrom: z.string().describe('The prefix that is routed to the peer that it came from; without a route, the id of that peer'),
  ilpAddressTo: z.string().describe('Its destination'),
  amount: amount.describe('In base units of the account that it came from'),
  assetCode: z.string().optional().describe('Where the configuration names an asset'),
  assetScale: z.int().optional(),
  result: z.enum(['fulfill', 'reject', 'timeout'])
})

export function dashboardRoutes (node: DashboardNode): Route[] {
  const running = (): NodeDashboard => {
    if (!isRunning(node)) throw new SluiceError('SLUICE_NODE_NOT_READY', 'Connector not ready')
    return node.dashboard
  }
  const now = (): { uptimeSeconds: number, timestamp: string } => {
    const { uptime, timestamp } = node.getHealthStatus()
    return { uptimeSeconds: uptime, timestamp }
  }
  return [
    route({
      method: 'get',
      path: '/admin/metrics.json',
      summary: 'Counts the packets of each peer since the start of the node',
      responses: { 200: metrics },
      errors: { 503: NOT_READY }
    }, () => {
      const { aggregate, peers } = running().getTraffic()
      const shown = peers.map(({ lastPacketAt, ...peer }) => ({ ...peer, lastPacketAt: isoOrNull(lastPacketAt) }))
      return json(200, { ...now(), aggregate, peers: shown })
    }),

    route({
      method: 'get',
      path: '/admin/earnings.json',
      summary: 'Shows what claims have paid, by peer and token, and the fees of the node',
      responses: { 200: earnings },
      errors: { 503: `${NO_SETTLEMENT}, or ${NOT_READY.toLowerCase()}` }
    }, async () => {
      const { peers, connectorFees, recentClaims } = await running().getEarnings()
      return json(200, plainOf({
        ...now(),
        peers: peers.map(({ peerId, byAsset }) => ({
          peerId, byAsset: byAsset.map(({ lastClaimAt, ...totals }) => ({ ...totals, lastClaimAt: isoOrNull(lastClaimAt) }))
        })),
        connectorFees,
        recentClaims: recentClaims.map(({ at, ...claim }) => ({ ...claim, at: isoOrNull(at) }))
      }))
    }),

    route({
      method: 'get',
      path: '/packets',
      summary: `Lists the last packets that the node has answered, the newest first; ${MAX_LIMIT} are remembered`,
      query: {
        ilpAddress: 'Only packets from or to this address, or one below it',
        since: 'Only packets that were answered at this time or later, in ms since 1970',
        limit: `At most so many, from 1 to ${MAX_LIMIT} (default)`
      },
      responses: { 200: z.array(packet) },
      errors: { 400: 'A filter is wrong', 503: NOT_READY }
    }, ({ query }) => {
      const packets = running().getPackets(filterOf(query))
      return json(200, packets.map(({ at, from, to, amount, asset, result }) => ({
        ts: at,
        ilpAddressFrom: from,
        ilpAddressTo: to,
        amount: String(amount),
        ...(asset !== undefined && { assetCode: asset.code, assetScale: asset.scale }),
        result
      })))
    }),

    route({
      method: 'get',
      path: '/admin/hs-hostname',
      summary: 'Shows the name of the hidden service of the node, once the node has reached itself through it',
      responses: { 200: z.strictObject({ hostname: z.string().describe('Such as xyz.onion').nullable(), publishedAt: time.nullable() }) },
      errors: { 503: 'The node looks after no hidden service' }
    }, () => {
      const found = node.overlay?.hiddenService
      if (found === undefined) {
        throw new SluiceError('SLUICE_NO_HIDDEN_SERVICE', 'This node has no hidden service that it looks after: peers reach it at its own host and btpServerPort.')
      }
      const answer = json(200, found)
      if (found.hostname === null) answer.headers.set('Retry-After', '3')
      return answer
    })
  ]
}

/** Throws 400 for a filter that is not one, and for a name that none has: it would be silently ignored. */
function filterOf ({ ilpAddress: address, since, limit, ...others }: Readonly<Record<string, string>>): PacketFilter {
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw wrong(`Unknown filter: ${unknown.slice(0, 64)}. There are ilpAddress, since and limit`)
  if (address !== undefined && !isPrefix(address)) throw wrong(`ilpAddress must be an ILP address or a prefix of some, found: ${address.slice(0, 64)}`)
  if (limit !== undefined && (!isWhole(limit) || Number(limit) < 1 || Number(limit) > MAX_LIMIT)) {
    throw wrong(`limit must be a whole number from 1 to ${MAX_LIMIT}, found: ${limit.slice(0, 64)}`)
  }
  if (since !== undefined && !isWhole(since)) throw wrong(`since must be a time in ms since 1970, such as 1767225600000, found: ${since.slice(0, 64)}`)
  return { address, since: since === undefined ? undefined : Number(since), limit: limit === undefined ? undefined : Number(limit) }
}

function isWhole (text: string): boolean {
  return /^\d{1,16}$/.test(text)
}

function wrong (message: string): SluiceError {
  return new SluiceError('SLUICE_QUERY_INVALID', message)
}

function isoOrNull (time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}
