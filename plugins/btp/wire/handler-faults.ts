/**
 * What the peer is told when the handler of its packets throws. The text of an error that was not made to be told may name files, hosts and
 * passwords, and the peer may be anybody: the log gets it, the peer gets a fixed one.
 */
import type { Logger } from '../../../src/contracts/logger.js'
import { LogThrottle } from '../../../src/lib/log-throttle.js'
import { rejectReasonOf } from '../../../src/packet/errors.js'
import { CODES, messageOf, nameOf } from './errors.js'

/** A handler that fails for every packet makes one log line in this time. */
const LOG_INTERVAL_MS = 10_000

export class HandlerFaults {
  readonly #lines = new LogThrottle(LOG_INTERVAL_MS)

  constructor (private readonly log: Logger) {}

  /** Of an error with an ILP code or a name that BTP knows, what it says; of any other, nothing but its name. */
  toldOf (thrown: unknown): unknown {
    if (thrown instanceof Error && CODES.has(thrown.name)) return thrown
    const { isExpected, message } = rejectReasonOf(thrown)
    if (!isExpected) this.#write(messageOf(thrown))
    return Object.assign(new Error(isExpected ? message : 'the packet could not be handled'), { name: nameOf(thrown) })
  }

  /** The answer of the handler. Rejects with what the peer is told. */
  async guard (answer: () => Promise<Buffer>): Promise<Buffer> {
    try {
      return await answer()
    } catch (err) {
      throw this.toldOf(err)
    }
  }

  #write (error: string): void {
    const count = this.#lines.due()
    if (count !== undefined) this.log.warn('the handler of packets failed. error=%s packetsSinceLastLine=%d', error, count)
  }
}
