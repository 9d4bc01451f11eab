/**
 * Notifies the application of each packet that is forwarded to someone else, for logs and analytics. It never delays the packet: it does
 * not wait, and drops notices that it cannot deliver soon.
 */
import { describeError } from '../src/lib/describe-error.js'
import { LogThrottle } from '../src/lib/log-throttle.js'
import { isPrepare } from '../src/packet/prepare.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'

/** Notices that wait for their turn; one more is dropped. */
export const MAX_WAITING = 1000
/** Notices that are being told at a time. */
export const MAX_TELLING = 16
/** Trouble makes one log line in this time, not one per packet. */
const LOG_INTERVAL_MS = 10_000

type Notify = (packet: Buffer, origin?: string) => Promise<void>

/** A raw Prepare, and the account that it came from. */
interface Notice {
  packet: Buffer
  origin: string | undefined
}

/**
 * Options: `notify` is called with a raw Prepare and the account that it came from; `local` is the application's account, whose own packets
 * do not count as forwarded.
 */
export default class PerHopNotification implements Middleware {
  private readonly notify: Notify
  private readonly local: unknown
  private waiting: Notice[] = []
  private telling = 0
  private readonly lines = new LogThrottle(LOG_INTERVAL_MS)

  constructor (options: Record<string, unknown>, private readonly api: MiddlewareApi) {
    const { notify, local } = options
    if (!isNotify(notify)) throw new TypeError('per-hop-notification needs the option "notify", a function')
    this.notify = notify
    this.local = local
  }

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    if (accountId === this.local) return Promise.resolve()
    pipelines.outgoingData.insertLast({
      name: 'perHopNotification',
      method: (data, next, { origin } = {}) => {
        if (isPrepare(data) && origin !== this.local) this.add({ packet: data, origin })
        return next(data)
      }
    })
    return Promise.resolve()
  }

  private add (notice: Notice): void {
    if (this.waiting.length >= MAX_WAITING) this.trouble('the application is too slow')
    else if (this.telling >= MAX_TELLING) this.waiting.push(notice)
    else void this.tell(notice)
  }

  /** Tells of this one, and then of those that wait. */
  private async tell (first: Notice): Promise<void> {
    this.telling++
    await Promise.resolve() // the packet goes on first
    for (let notice: Notice | undefined = first; notice !== undefined; notice = this.waiting.shift()) {
      try {
        await this.notify(notice.packet, notice.origin)
      } catch (error) {
        this.trouble(describeError(error))
      }
    }
    this.telling--
  }

  private trouble (reason: string): void {
    const untold = this.lines.due()
    if (untold !== undefined) this.api.log.warn('could not tell the application of packets in transit. reason=%s packetsSinceLastLine=%d', reason, untold)
  }
}

function isNotify (value: unknown): value is Notify {
  return typeof value === 'function'
}
