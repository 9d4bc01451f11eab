/**
 * The explorer over HTTP: the API that programs around other connectors know (events, health, balances, peers, routes), what its page needs
 * besides, the live feed, and the page. It only reads. All of it stands below a base path, behind the same rules wherever it is mounted.
 */
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { EventFeed, EventFilter, EventHistory, EventPage, EventType } from '../contracts/explorer-events.js'
import { SluiceError } from '../contracts/errors.js'
import type { ExplorerHealth, ExplorerSources } from '../contracts/explorer.js'
import type { Logger } from '../contracts/logger.js'
import { socketAddress } from '../http/access.js'
import { errorAnswer } from '../http/errors.js'
import { json, text } from '../http/responses.js'
import { createRouter, noSuchPathError, type Router } from '../http/router.js'
import { takeOver, TAKEN_OVER } from '../http/server.js'
import { describeError } from '../lib/describe-error.js'
import { isValidAddress } from '../packet/address.js'
import type { AccessRules } from './access.js'
import { MONEY_EVENTS } from './feed.js'
import { rejects, series } from './figures.js'
import type { PageFiles } from './page-files.js'
import { filterOf, limitOf, offsetOf, textOf, timeOf, typesOf, wholeOf, wrong, type Query } from './query.js'
import type { EventSockets } from './sockets.js'
import { storyOf } from './story.js'
import { Briefly, OneByOne } from './thrift.js'
import type { Tickets } from './tickets.js'

export interface ExplorerParts {
  nodeId: string
  /** ms since the epoch. */
  startedAt: number
  feed: EventFeed
  history: EventHistory
  sources: ExplorerSources
  sockets: EventSockets
  tickets: Tickets
  page: PageFiles
  rules: AccessRules
  log: Logger
}

const EVENTS_MAX = 100
const ACCOUNT_EVENTS_MAX = 5000
const ROUTES_MAX = 1000
/** Events of one packet that its story is made of: of its last attempts, if there were many. */
const STORY_EVENTS_MAX = 100
/** A second for what changes with every packet, longer for what costs more. */
const SECOND_MS = 1000
const MINUTE_MS = 60_000
const STEP_MAX_S = 366 * 24 * 3600
const ACCOUNT_TYPES = Object.keys(MONEY_EVENTS) as EventType[]
const SETTLEMENT_TYPES: readonly EventType[] = [
  'SETTLEMENT_TRIGGERED', 'SETTLEMENT_COMPLETED', 'PAYMENT_CHANNEL_OPENED', 'PAYMENT_CHANNEL_SETTLED', 'CLAIM_REDEEMED'
]

/** What is asked of the wrong port would always be answered well: with the page. */
const ELSEWHERE = ['health', 'metrics']
const NOT_HERE = 'This is the explorer. Its own health is at /api/health; that of the node and its metrics are on the health port'

type Handler = (query: Query, c: Context) => Promise<object> | object

/** @param base where it is mounted: '' or '/explorer' */
export function explorerApi (parts: ExplorerParts, base: string): Router {
  const { rules, page, log } = parts
  const app = createRouter({ name: 'explorer', log, errorResponse, noSuchPath: () => 'Not found' })
  for (const rule of rules.data) app.use(`${base}/api/*`, rule)
  for (const [path, handle] of Object.entries(handlers(parts))) {
    app.get(`${base}/api/${path}`, async c => json(200, await handle(c.req.query(), c)))
  }
  app.all(`${base}/api/*`, () => { throw noSuchPathError('Not found') })

  for (const rule of rules.socket) app.use(`${base}/ws`, rule)
  app.get(`${base}/ws`, c => openSocket(parts, c))

  for (const path of ELSEWHERE) app.get(`${base}/${path}`, () => { throw noSuchPathError(NOT_HERE) })
  for (const rule of rules.page) app.use(base === '' ? '*' : `${base}/*`, rule)
  if (base !== '') app.get(base, c => c.redirect(`${base.slice(base.lastIndexOf('/') + 1)}/`)) // the page's own URLs are relative
  app.get(`${base}/*`, c => page.answer(pathBelow(base, c.req.path), c.req.header('if-none-match')))
  return app
}

/** By path below `/api/`. */
function handlers (parts: ExplorerParts): Record<string, Handler> {
  const { nodeId, history, sources, tickets } = parts
  const now = new Briefly<object>(SECOND_MS)
  const lately = new Briefly<object>(MINUTE_MS)
  const events = asked(history, new OneByOne())
  const figures = { feed: parts.feed, events }
  /** Of a time that is over, figures do not change. */
  const figure = (query: Query, make: () => Promise<object>): Promise<object> => {
    const until = timeOf(query, 'until') ?? Date.now()
    return (until < Date.now() - 2 * MINUTE_MS ? lately : now).get(JSON.stringify(Object.entries(query).sort()), make)
  }
  return {
    events: async query => {
      const limit = limitOf(query, EVENTS_MAX, 50)
      const filter = filterOf(query)
      return { ...await events({ ...filter, limit }), limit, offset: filter.offset }
    },
    'accounts/events': async query => {
      const limit = limitOf(query, ACCOUNT_EVENTS_MAX, 1000)
      return events({ ...filterOf(query), types: typesOf(query) ?? ACCOUNT_TYPES, limit, order: 'oldest' })
    },
    health: () => healthOf(parts),
    balances: () => now.get('balances', () => {
      const balances = sources.balances()
      if (balances === undefined) throw new SluiceError('SLUICE_EVENTS_UNKNOWN', 'Balances not available')
      return { nodeId, balances }
    }),
    peers: () => now.get('peers', () => ({ nodeId, peers: sources.peers() })),
    routes: query => {
      const page = { prefix: textOf(query, 'prefix'), limit: limitOf(query, ROUTES_MAX, ROUTES_MAX), offset: offsetOf(query) }
      return now.get(JSON.stringify(['routes', page]), () => ({ nodeId, ...sources.routes(page) }))
    },
    explain: query => {
      const destination = textOf(query, 'destination') ?? ''
      if (!isValidAddress(destination)) throw wrong('destination must be an ILP address, such as g.alice.shop')
      return sources.explain(destination)
    },
    overview: () => now.get('overview', () => sources.overview()),
    channels: () => now.get('channels', () => sources.channels()),
    settlements: async query => {
      const limit = limitOf(query, EVENTS_MAX, 50)
      const filter = filterOf(query)
      const found = await events({ ...filter, types: filter.types ?? SETTLEMENT_TYPES, limit })
      return { open: sources.settlements(), ...found, limit, offset: filter.offset }
    },
    rates: () => now.get('rates', () => sources.rates()),
    rejects: query => figure({ ...query, of: 'rejects' }, () => rejects(figures, { since: timeOf(query, 'since'), until: timeOf(query, 'until') })),
    series: query => {
      const step = wholeOf(query, 'step', { min: 1, max: STEP_MAX_S, absent: 0, message: `step must be between 1 and ${STEP_MAX_S} seconds` })
      const asked = { since: timeOf(query, 'since'), until: timeOf(query, 'until'), peerId: textOf(query, 'peerId'), ...(step > 0 && { step }) }
      return figure({ ...query, of: 'series' }, () => series(figures, asked))
    },
    'packets/:packetId': async (_query, c) => {
      const packetId = (c.req.param('packetId') ?? '').toLowerCase()
      const known = /^[\da-f]{64}$/.test(packetId) ? (await events({ packetId, limit: STORY_EVENTS_MAX, offset: 0 })).events : []
      const story = storyOf(packetId, known)
      if (story === undefined) throw new SluiceError('SLUICE_EVENTS_UNKNOWN', 'Packet not found')
      return story
    },
    config: () => sources.config(),
    ticket: () => ({ ticket: tickets.issue() })
  }
}

/** One question after the other. A history that cannot be read says so in words that clients know. */
function asked (history: EventHistory, questions: OneByOne): (filter: EventFilter) => Promise<EventPage> {
  return filter => questions.ask(async () => {
    try {
      return await history.query(filter)
    } catch (error) {
      throw new SluiceError('SLUICE_HISTORY_UNUSABLE', 'Failed to query events', { cause: error })
    }
  })
}

function healthOf ({ nodeId, startedAt, history, sockets }: ExplorerParts): ExplorerHealth {
  const { eventCount, databaseSizeBytes, trouble } = history.status()
  const now = Date.now()
  return {
    status: trouble === undefined ? 'healthy' : 'degraded',
    nodeId,
    uptime: Math.max(0, Math.floor((now - startedAt) / 1000)),
    explorer: { eventCount, databaseSizeBytes, wsConnections: sockets.count },
    timestamp: new Date(now).toISOString(),
    ...(trouble !== undefined && { error: trouble })
  }
}

function openSocket ({ sockets }: ExplorerParts, c: Context): Response {
  const query = c.req.query()
  const filter = { types: typesOf(query), peerId: textOf(query, 'peerId') }
  if (!sockets.hasRoomFor(socketAddress(c))) throw new SluiceError('SLUICE_EXPLORER_BUSY', 'Too many readers. Close some, and try again.')
  const taken = takeOver((c.env as HttpBindings).incoming)
  if (taken === undefined) return text(426, 'This is a WebSocket: connect with ws:// or wss://.\n', 'text/plain')
  sockets.accept(taken, { types: filter.types && new Set(filter.types), peerId: filter.peerId })
  return TAKEN_OVER
}

/** What a client did wrong, in one sentence, as programs around other connectors know it; of everything else the admin API's words. */
function errorResponse (err: Error): Response {
  const { status, body } = errorAnswer(err)
  if (status === 400 || status === 404 || (err instanceof SluiceError && err.code === 'SLUICE_HISTORY_UNUSABLE')) return json(status, { error: describeError(err) })
  return json(status, body)
}

function pathBelow (base: string, path: string): string {
  const rest = path.slice(base.length + 1)
  try {
    return decodeURIComponent(rest)
  } catch {
    return rest
  }
}
