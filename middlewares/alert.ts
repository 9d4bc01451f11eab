/** Raises an alert when a peer says that we have reached its limit: an operator has to settle, or to talk to the peer. */
import type { Alert } from '../src/contracts/alert.js'
import { LogThrottle } from '../src/lib/log-throttle.js'
import { isReject, rejectOf } from '../src/packet/reply.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'

const CODE = 'T04'
const MESSAGE = 'exceeded maximum balance.'
/** Past this the oldest alert goes: a peer chooses `triggeredBy`, and could make up as many as it likes. */
const ALERTS_MAX = 1000
/** A flood of them makes one log line in this time. */
const LOG_INTERVAL_MS = 1000

export default class AlertMiddleware implements Middleware {
  private readonly alerts = new Map<string, Alert>()
  private nextId = Date.now()
  private readonly lines = new LogThrottle(LOG_INTERVAL_MS)

  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    pipelines.outgoingData.insertLast({
      name: 'alert',
      method: (data, next) => next(data).then(reply => {
        if (isReject(reply)) {
          const { code, message, triggeredBy } = rejectOf(reply)
          if (code === CODE && message === MESSAGE) this.raise(accountId, triggeredBy)
        }
        return reply
      })
    })
    return Promise.resolve()
  }

  /** Oldest first. */
  getAlerts (): Alert[] {
    return [...this.alerts.values()]
  }

  dismissAlert (id: number): void {
    for (const [key, alert] of this.alerts) if (alert.id === id) this.alerts.delete(key)
  }

  private raise (accountId: string, triggeredBy: string): void {
    const key = JSON.stringify([accountId, triggeredBy])
    const now = new Date()
    const known = this.alerts.get(key)
    if (known !== undefined) {
      known.count++
      known.updatedAt = now
      return
    }
    this.logRaised(accountId, triggeredBy)
    this.alerts.set(key, { id: this.nextId++, accountId, triggeredBy, message: MESSAGE, count: 1, createdAt: now, updatedAt: now })
    const [oldest] = this.alerts.keys()
    if (this.alerts.size > ALERTS_MAX && oldest !== undefined) this.alerts.delete(oldest)
  }

  private logRaised (accountId: string, triggeredBy: string): void {
    const raised = this.lines.due()
    if (raised === undefined) return
    this.api.log.warn('generating alert for account=%s triggeredBy=%s message="%s" raisedSinceLastLine=%d', accountId, triggeredBy, MESSAGE, raised)
  }
}
