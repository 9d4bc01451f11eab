/** Serves the routes of one API, with its document and its page, and turns whatever is thrown into an answer. */
import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { SluiceError } from '../contracts/errors.js'
import type { Logger } from '../contracts/logger.js'
import { requireValidHost } from './access.js'
import { readJson } from './body.js'
import { docsPage } from './docs-page.js'
import { answeredCodeOf, statusOf, toError } from './errors.js'
import { openApiDocument, type ApiDescription } from './openapi.js'
import { html, json } from './responses.js'
import type { Route } from './route.js'

/** Carries the code of an error (docs/errors.md), whatever the body looks like. */
const ERROR_CODE_HEADER = 'X-Error-Code'

export type Router = Hono<{ Bindings: HttpBindings }>

export interface RouterOptions {
  /** In log lines, such as `admin api`. */
  name: string
  log: Logger
  /** How this API writes an error; the router adds the code. */
  errorResponse: (err: Error) => Response
  /** The message for a method and path that nothing is behind. */
  noSuchPath: (method: string, path: string) => string
}

export interface RoutesOptions {
  /** Bytes of a body, where a route does not say otherwise. */
  maxBodySize: number
  /** What a parameter of a path matches, as a regular expression. Default: one segment. */
  parameter?: string
}

/** A router without routes. What is added first is asked first: access rules before the routes that they protect. */
export function createRouter ({ name, log, errorResponse, noSuchPath }: RouterOptions): Router {
  const app: Router = new Hono()
  app.onError((err, c) => {
    const status = statusOf(err)
    const code = answeredCodeOf(err)
    if (status === 500 || (status > 500 && !(err instanceof SluiceError))) log.warn('error in %s request handler. error=%s path=%s', name, err.stack, c.req.path)
    else log.debug('%s request refused. path=%s status=%s code=%s error=%s', name, c.req.path, status, code ?? '', err.message)
    const response = errorResponse(err)
    if (code !== undefined) response.headers.set(ERROR_CODE_HEADER, code)
    return response
  })
  app.use(requireValidHost)
  app.use(readableInBrowsers)
  app.notFound(c => { throw noSuchPathError(noSuchPath(c.req.method, c.req.path)) })
  return app
}

/** JSON with line breaks for those who look at it: a browser asks for HTML, programs and curl do not. */
const readableInBrowsers: MiddlewareHandler = async (c, next) => {
  await next()
  const isRead = c.req.header('accept')?.includes('text/html') === true && c.res.headers.get('content-type') === 'application/json'
  if (isRead) c.res = new Response(JSON.stringify(await c.res.json(), null, 2), c.res)
}

/** For a method and path that nothing is behind. */
export function noSuchPathError (message: string): SluiceError {
  return new SluiceError('SLUICE_PATH_UNKNOWN', message)
}

export function serveRoutes (app: Router, routes: readonly Route[], { maxBodySize, parameter }: RoutesOptions): void {
  const pattern = parameter === undefined ? ':$1' : `:$1{${parameter}}`
  for (const route of routes) {
    app.on(route.method.toUpperCase(), route.path.replaceAll(/\{(\w+)\}/g, pattern), handlerOf(route, route.maxBodySize ?? maxBodySize))
  }
}

/** Serves what the API says about itself: to programs at `documentPath`, to people at `pagePath` beside it, where `/` leads, too. */
export function serveDocument (app: Router, routes: readonly Route[], api: ApiDescription): void {
  const document = openApiDocument(routes, api)
  app.get(api.documentPath, () => json(200, document))
  app.get(api.pagePath, c => html(docsPage(document, api, c.req.header('host'))))
  for (const path of ['/', ...api.otherPaths ?? []]) app.get(path, c => c.redirect(api.pagePath))
}

function handlerOf (route: Route, maxBodySize: number): (c: Context) => Promise<Response> {
  return async c => {
    try {
      const body = route.body === undefined ? undefined : await readJson(c.req.raw, maxBodySize)
      return await route.handle({ params: c.req.param(), query: c.req.query(), body })
    } catch (thrown) {
      throw toError(thrown) // Hono hands only Errors to onError
    }
  }
}
