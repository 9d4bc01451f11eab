/**
 * Links a packet that was already sent to the same next hop to the first one's outcome. This ends routing loops: a packet that comes
 * round again waits for itself and expires. It stands before throughput and balance, because what is not sent costs nothing.
 *
 * Two packets are the same when condition, destination and data are; the first must have covered the second's amount and expiry.
 */
import { hash } from 'node:crypto'
import { isPrepare, prepareOf } from '../src/packet/prepare.js'
import { isFulfill } from '../src/packet/reply.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/types/middleware.js'
import { RecentMap } from './lib/recent-map.js'

const CLEANUP_INTERVAL_MS = 30_000
const PACKET_LIFETIME_MS = 30_000
/** Per account. Past this the oldest are forgotten: at worst a loop makes one more round. */
const CACHED_PACKETS_MAX = 20_000

interface CachedPacket {
  amount: bigint
  expiresAt: number
  reply: Promise<Buffer>
}

export default class Deduplicate implements Middleware {
  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { cleanupInterval = CLEANUP_INTERVAL_MS, packetLifetime = PACKET_LIFETIME_MS } = this.api.getInfo(accountId).deduplicate ?? {}
    const { log } = this.api
    const cache = new RecentMap<string, CachedPacket>(CACHED_PACKETS_MAX)
    let cleanup: NodeJS.Timeout | undefined

    pipelines.startup.insertLast({
      name: 'deduplicate',
      method: (_, next) => {
        clearInterval(cleanup)
        cleanup = setInterval(() => {
          const oldest = Date.now() - packetLifetime
          cache.deleteWhere(packet => packet.expiresAt < oldest)
        }, cleanupInterval)
        cleanup.unref()
        return next()
      }
    })
    pipelines.teardown.insertLast({
      name: 'deduplicate',
      method: (_, next) => {
        clearInterval(cleanup)
        cache.clear()
        return next()
      }
    })
    pipelines.outgoingData.insertFirst({
      name: 'deduplicate',
      method: (data, next) => {
        if (!isPrepare(data)) return next(data)
        const { amount, expiresAt, invariant } = prepareOf(data)
        const key = hash('sha256', invariant, 'binary') // text is cheaper to make and to look up than a Buffer
        const cached = cache.get(key)
        if (cached !== undefined && cached.amount >= amount && cached.expiresAt >= expiresAt) {
          log.debug('deduplicate packet cache hit. accountId=%s amount=%s', accountId, amount)
          return cached.reply
        }
        // Only what is under way or was paid is remembered: after a refusal the sender may try again.
        const forget = (): void => { if (cache.get(key)?.reply === reply) cache.delete(key) }
        const reply = next(data)
        cache.set(key, { amount, expiresAt, reply })
        reply.then(packet => { if (!Buffer.isBuffer(packet) || !isFulfill(packet)) forget() }, forget)
        return reply
      }
    })
    return Promise.resolve()
  }
}
