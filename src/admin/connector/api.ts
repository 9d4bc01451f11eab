/**
 * The admin API of a connector. Paths and shapes are those of ilp-connector. New are the fields after `maximum` in GET /balance, `ledger`
 * in GET /status, /routes, /settlements, /journal, and the document and page about the API itself.
 *
 * Input that ilp-connector answered with 500, or took, is refused: 400 for what is malformed, 404 for an account, balance, admin info or
 * route that does not exist, 409 for what the present state forbids (a limit, a taken id, no balances kept).
 */
import type { MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { SluiceError, type ErrorCode } from '../../contracts/errors.js'
import type { Logger } from '../../contracts/logger.js'
import { UNKNOWN_ADDRESS } from '../../contracts/account.js'
import { messageOf, statusOf } from '../../http/errors.js'
import { METRICS_PATH } from '../../http/access.js'
import type { ApiDescription } from '../../http/openapi.js'
import { text } from '../../http/responses.js'
import { createRouter, noSuchPathError, serveDocument, serveRoutes, type Router } from '../../http/router.js'
import type { Route } from '../../http/route.js'
import { version } from '../../lib/version.js'
import { accountRoutes, type AccountParts } from './accounts.js'
import { balanceRoutes, type BalanceParts } from './balances.js'
import { pausingRoutes, type PausingParts } from './pausing.js'
import { rateRoutes, type RateParts } from './rates.js'
import { routingRoutes, type RoutingParts } from './routes.js'
import { statsRoutes, type StatsParts } from './stats.js'

/** Bytes of a request body. */
export const MAX_BODY_SIZE = 1024 * 1024
/** A parameter is what stands behind the last slash, whatever it is: the routes judge it. */
const WHATEVER = '.*'
const NOT_FOUND = 'Not Found'
/** Paths of other APIs, which people try here. */
const OF_A_NODE = /^\/(admin|health)(\/|$)/
const TO_PAY = /^\/admin\/ilp\/send$|^\/(send|send-packet|ilp)$/
/** As much of a path as an error repeats. */
const PATH_LENGTH_MAX = 100
/** How ilp-connector begins the text of an error that is ours; of others it is their name. */
const FIRST_WORDS: Partial<Record<ErrorCode, string>> = { SLUICE_BODY_NOT_JSON: 'SyntaxError', SLUICE_BODY_INVALID: 'InvalidJsonBodyError' }

const DESCRIPTION: ApiDescription = {
  title: 'Sluice connector: admin API',
  version,
  description: 'Shows and manages the accounts, balances, routes and rates of a running connector. Amounts are decimal strings in base units.',
  baseUrl: 'http://127.0.0.1:7780',
  documentPath: '/openapi.json',
  pagePath: '/docs',
  keyInShell: '$CONNECTOR_ADMIN_API_KEY',
  errors: { type: 'text/plain', schema: z.string().describe('What is wrong and what to do'), html: 'one line of text' },
  samples: {
    id: 'alice',
    account: 'alice',
    accountId: 'alice',
    peerId: 'alice',
    plugin: 'btp',
    relation: 'child',
    assetCode: 'USD',
    asset: 'EUR',
    price: '0.52',
    assetScale: 9,
    balance: '1500000000',
    balances: '1500000000',
    durability: 'sync',
    path: 'alice',
    minimum: '-1000000000000',
    maximum: '1000000000000',
    targetPrefix: 'test.quickstart.alice',
    nextHop: 'alice',
    date: '2026-01-31'
  }
}

/** The parts of a connector that its admin API shows and changes. */
export type ConnectorParts = AccountParts & BalanceParts & RoutingParts & RateParts & StatsParts & PausingParts

/** Every route, in the order in which the document shows them. */
export function connectorRoutes (parts: ConnectorParts): Route[] {
  return [
    ...statsRoutes(parts), ...accountRoutes(parts), ...balanceRoutes(parts), ...routingRoutes(parts), ...rateRoutes(parts),
    ...pausingRoutes(parts)
  ]
}

/**
 * All routes behind `access`. What no route matches, trailing slashes included, is 404 `Not Found`, and what to ask instead. So is HEAD,
 * but for the metrics, which monitors ask for in this way.
 */
export function connectorApi (parts: ConnectorParts, access: readonly MiddlewareHandler[], log: Logger): Router {
  const routes = connectorRoutes(parts)
  const app = createRouter({ name: 'admin api', log, errorResponse, noSuchPath })
  app.use(...access, refuseHead)
  const address = (): string => parts.accounts.getOwnAddress()
  serveDocument(app, routes, {
    ...DESCRIPTION,
    whose: () => address() === UNKNOWN_ADDRESS ? 'It has no ILP address yet.' : `Its ILP address is ${address()}.`
  })
  serveRoutes(app, routes, { maxBodySize: MAX_BODY_SIZE, parameter: WHATEVER })
  return app
}

/** Which hono would treat as GET. */
const refuseHead: MiddlewareHandler = async (c, next) => {
  if (c.req.method === 'HEAD' && c.req.path !== METRICS_PATH) throw noSuchPathError(noSuchPath(c.req.method, c.req.path))
  await next()
}

function noSuchPath (method: string, path: string): string {
  return [
    `${NOT_FOUND}. This is the admin API of a connector that is configured by CONNECTOR_* variables; it has no ${method} ${path.slice(0, PATH_LENGTH_MAX)}.`,
    ...(OF_A_NODE.test(path) ? ['That belongs to a node, which is configured by YAML.'] : []),
    TO_PAY.test(path)
      ? 'To pay through this connector, connect as one of its accounts: connector send --url btp+ws://<account>:<secret>@<host>:<port>'
      : `GET ${DESCRIPTION.pagePath} lists all that it has.`
  ].join(' ')
}

function errorResponse (err: Error): Response {
  return text(statusOf(err), textOf(err), 'text/plain')
}

/** `Name: message`. */
function textOf (err: Error): string {
  if (!(err instanceof SluiceError)) return `${err.name}: ${messageOf(err)}`
  return err.code === 'SLUICE_PATH_UNKNOWN' ? err.message : `${FIRST_WORDS[err.code] ?? 'Error'}: ${messageOf(err)}`
}
