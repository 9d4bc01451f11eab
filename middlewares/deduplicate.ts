/**
 * Answers a packet that was already sent to the same next hop with the outcome of the first one, so that we pay the next hop once. It comes
 * before throughput and balance, because a packet that is not sent costs nothing.
 *
 * A peer that sends a packet again pays for each Fulfill: with each one it can charge its own sender, and its own books say so.
 *
 * Two packets are the same if condition, destination and data are the same, and if the first covers the second's amount and expiry. A
 * packet that expires earlier than the first is answered R00 if the outcome comes after that.
 */
import type { PrepareView } from '../src/packet/prepare.js'
import { TransferTimedOutError } from '../src/packet/errors.js'
import { isPrepare, prepareOf } from '../src/packet/prepare.js'
import { isFulfill } from '../src/packet/reply.js'
import type { Middleware, MiddlewareApi, Pipelines, Method } from '../src/contracts/middleware.js'
import { PacketMemory } from './lib/packet-memory.js'

const CLEANUP_INTERVAL_MS = 30_000
const PACKET_LIFETIME_MS = 30_000
/** Per account. Past these the oldest are forgotten: at worst one that is sent again is paid again. */
const REMEMBERED = { packets: 16_384, bytes: 4 * 1024 * 1024 }

export default class Deduplicate implements Middleware {
  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { cleanupInterval = CLEANUP_INTERVAL_MS, packetLifetime = PACKET_LIFETIME_MS } = this.api.getInfo(accountId).deduplicate ?? {}
    const account = new Account(cleanupInterval, packetLifetime)
    pipelines.teardown.insertLast({
      name: 'deduplicate',
      method: (_, next) => {
        account.end()
        return next()
      }
    })
    pipelines.outgoingData.insertLast({ name: 'deduplicate', method: this.answering(account, accountId) })
    return Promise.resolve()
  }

  /** Answers what was sent before as it was answered, and remembers what is sent now. */
  private answering (account: Account, accountId: string): Method<Buffer, Buffer> {
    return (data, next) => {
      if (!isPrepare(data)) return next(data)
      const packet = prepareOf(data)
      const { sent } = account
      const earlier = sent.find(packet)
      if (earlier !== undefined) {
        this.api.log.debug('deduplicate packet cache hit. accountId=%s amount=%s', accountId, packet.amount)
        return inTime(earlier, packet)
      }
      const place = sent.add(packet)
      const reply = next(data)
      sent.answering(place, reply)
      // Only what is under way or was paid is remembered: after a refusal the sender may try again.
      reply.then(packet => {
        if (Buffer.isBuffer(packet) && isFulfill(packet)) sent.keep(place, packet)
        else sent.forget(place)
      }, () => sent.forget(place))
      return reply
    }
  }
}

/** What was sent to one account. Most of thousands of accounts send nothing for hours: the memory is made with the first packet. */
class Account {
  private memory: PacketMemory | undefined
  private cleanup: NodeJS.Timeout | undefined
  private hasEnded = false

  constructor (private readonly cleanupInterval: number, private readonly packetLifetime: number) {}

  get sent (): PacketMemory {
    return this.memory ?? this.start()
  }

  end (): void {
    this.hasEnded = true
    clearInterval(this.cleanup)
    this.memory?.clear()
    this.memory = undefined
  }

  private start (): PacketMemory {
    const memory = this.memory = new PacketMemory(REMEMBERED)
    if (this.hasEnded) return memory
    this.cleanup = setInterval(() => memory.forgetExpired(Date.now() - this.packetLifetime), this.cleanupInterval)
    this.cleanup.unref()
    return memory
  }
}

/** The answer, or R00 where the packet expires before it comes. One that came after its expiry is not ours to refuse. */
function inTime (answer: Promise<Buffer>, { expiresAt }: PrepareView): Promise<Buffer> {
  const isLate = Date.now() > expiresAt
  return answer.then(reply => {
    if (isLate || Date.now() <= expiresAt) return reply
    throw new TransferTimedOutError('packet expired before the one that it repeats was answered.')
  })
}
