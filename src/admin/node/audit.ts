/** What the admin API has to do with the audit log: it says who asks, and shows where the log is. */
import type { Context, MiddlewareHandler } from 'hono'
import { z } from 'zod'
import type { Actor, Audit } from '../../contracts/audit.js'
import { SluiceError } from '../../contracts/errors.js'
import { clientAddress, keyIn } from '../../http/access.js'
import { json } from '../../http/responses.js'
import { route, type Route } from '../../http/route.js'
import { actingAs } from '../../lib/actor.js'

/** Payments are in the books and in the explorer. Here they would only push out everything else. */
const SENDS = ['/admin/ilp/send', '/send-packet']

/** What these routes ask of the node. */
export interface AuditedNode {
  /** Undefined: there is none. */
  readonly audit?: Audit | undefined
}

/** Records each request that may change something, and lets whatever it changes know who asked. */
export function auditRequests ({ audit }: AuditedNode, { trustProxy }: { trustProxy: boolean }): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD' || audit === undefined || SENDS.includes(c.req.path)) {
      await next()
      return
    }
    const by = actorOf(c, trustProxy)
    await actingAs(by, next)
    audit.record({ action: `${c.req.method} ${c.req.path}`, by, outcome: c.res.status < 400 ? 'ok' : `HTTP ${c.res.status}` })
  }
}

function actorOf (c: Context, trustProxy: boolean): Actor {
  return { via: 'admin-api', address: clientAddress(c, trustProxy), agent: c.req.header('user-agent'), withKey: keyIn(c) !== undefined }
}

export function auditRoutes (node: AuditedNode): Route[] {
  return [
    route({
      method: 'get',
      path: '/admin/security/audit',
      summary: 'Shows how many entries the audit log has, and the hash of the last one: note it elsewhere, to know later that nothing was changed',
      responses: {
        200: z.strictObject({
          entries: z.int(), head: z.string().describe('Hash of the last entry'), lost: z.int().describe('Entries that could not be written'),
          trouble: z.string().optional().describe('Why nothing can be written at the moment')
        })
      },
      errors: { 404: 'There is no audit log' }
    }, () => {
      if (node.audit === undefined) throw new SluiceError('SLUICE_NO_AUDIT_LOG', 'This node has no audit log. Set security.audit.enabled (AUDIT_LOG_ENABLED) to true.')
      return json(200, node.audit.status())
    })
  ]
}
