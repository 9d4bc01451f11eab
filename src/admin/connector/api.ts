/** The admin API over HTTP: which method and path asks for what, and how answers and errors are written. */
import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { Registry } from 'prom-client'
import type { Logger } from '../../contracts/logger.js'
import { AdminApi } from './admin-api.js'
import { readJson } from '../../http/body.js'
import { SluiceError, type ErrorCode } from '../../contracts/errors.js'
import { withCode } from '../../http/responses.js'
import { statusOf, toError } from '../../http/errors.js'
import type { AdminHost } from './host.js'

type Handler = (c: Context) => unknown

/** Answers may hold balances: they are not for caches, nor for browsers to guess a type for. */
const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

/** How ilp-connector begins the text of an error that is ours; of others it is their name. */
const FIRST_WORDS: Partial<Record<ErrorCode, string>> = { SLUICE_BODY_NOT_JSON: 'SyntaxError', SLUICE_BODY_INVALID: 'InvalidJsonBodyError' }

/** All routes behind `access`. What no route matches, HEAD and trailing slashes included, is 404 `Not Found`. */
export function adminRoutes (host: AdminHost, access: MiddlewareHandler, log: Logger): Hono {
  const api = new AdminApi(host)
  const app = new Hono()

  app.onError(err => {
    const status = statusOf(err)
    if (status >= 500) log.warn('error in admin api request handler. error=%s', err.stack)
    else log.debug('admin api request refused. status=%s error=%s', status, err.message)
    return withCode(answer(status, 'text/plain', textOf(err)), err)
  })
  app.notFound(notFound)
  app.use(access)
  app.use(async (c, next) => {
    if (c.req.method === 'HEAD') return notFound() // which hono would treat as GET
    await next()
    return undefined
  })

  app.get('/status', json(() => api.getStatus()))
  app.get('/routing', json(() => api.getRoutingStatus()))
  app.get('/accounts', json(() => api.getAccountStatus()))
  app.get('/accounts/:id{.*}', json(c => api.getAccountAdminInfo(idOf(c))))
  app.post('/accounts/:id{.*}', json(async c => api.sendAccountAdminInfo(idOf(c), await readJson(c.req.raw))))
  app.post('/addAccount', json(async c => api.addAccount(await readJson(c.req.raw))))
  app.get('/balance', json(() => api.getBalanceStatus()))
  app.post('/balance', json(async c => api.postBalance(await readJson(c.req.raw))))
  app.get('/journal/:id{.*}', json(c => api.getJournal(idOf(c))))
  app.get('/settlements', json(() => api.getSettlements()))
  app.post('/settlements', json(async c => api.postSettlement(await readJson(c.req.raw))))
  app.post('/settlements/:id{.*}', json(async c => api.resolveSettlement(idOf(c), await readJson(c.req.raw))))
  app.get('/rates', json(() => api.getBackendStatus()))
  app.get('/routes', json(() => api.getRoutes()))
  app.post('/routes', json(async c => api.postRoute(await readJson(c.req.raw))))
  app.delete('/routes', json(async c => api.deleteRoute(await readJson(c.req.raw))))
  app.get('/alerts', json(() => api.getAlerts()))
  app.delete('/alerts/:id{.*}', json(c => api.deleteAlert(idOf(c))))
  app.get('/stats', json(() => api.getStats()))
  app.get('/metrics', guarded(async () => answer(200, Registry.PROMETHEUS_CONTENT_TYPE, await api.getMetrics())))
  return app
}

/** What stands behind the last slash, whatever it is: the API judges it. */
function idOf (c: Context): string {
  return c.req.param('id') ?? ''
}

/** A handler's value as JSON, or 204 for undefined. */
function json (handler: Handler): (c: Context) => Promise<Response> {
  return guarded(async c => {
    const value = await handler(c)
    if (value === undefined) return new Response(null, { status: 204, headers: HEADERS })
    return answer(200, 'application/json', JSON.stringify(value))
  })
}

/** Hono hands only Errors to `onError`; plugins throw other things as well. */
function guarded (handler: (c: Context) => Promise<Response>): (c: Context) => Promise<Response> {
  return async c => {
    try {
      return await handler(c)
    } catch (thrown) {
      throw toError(thrown)
    }
  }
}

/** `Name: message`. Of an unexpected error only the first line: Node appends file paths to some (MODULE_NOT_FOUND's require stack). */
function textOf (err: Error): string {
  const name = err instanceof SluiceError ? FIRST_WORDS[err.code] ?? 'Error' : err.name
  const text = `${name}: ${err.message}`
  return statusOf(err) < 500 ? text : text.split('\n', 1).join('')
}

function notFound (): Response {
  return withCode(answer(404, 'text/plain', 'Not Found'), new SluiceError('SLUICE_PATH_UNKNOWN', 'Not Found'))
}

function answer (status: number, type: string, text: string): Response {
  return new Response(text, { status, headers: { ...HEADERS, 'Content-Type': type } })
}
