/** The explorer's server on a port of its own, with a feed, a history and a node that a test makes up. */
import { rowOf } from '../../src/explorer/event-row.js'
import { explorerAccess, type ExplorerAccess } from '../../src/explorer/access.js'
import { explorerApi } from '../../src/explorer/api.js'
import { PageFiles } from '../../src/explorer/page-files.js'
import { EventSockets } from '../../src/explorer/sockets.js'
import { Tickets } from '../../src/explorer/tickets.js'
import { HttpServer } from '../../src/http/server.js'
import type {
  Audience, EventFeed, EventFilter, EventHistory, EventPage, ExplorerEvent, HistoryStatus, PacketRejected, PacketReceived, Traffic
} from '../../src/contracts/explorer-events.js'
import type { ExplorerSources, Overview } from '../../src/contracts/explorer.js'
import { MemoryLog } from './admin-connector.js'

export const USD = { assetCode: 'USD', assetScale: 9 }

/** Tells what a test lets it tell. */
export class FakeFeed implements EventFeed {
  readonly listeners = new Set<(event: ExplorerEvent) => void>()
  seconds: Traffic[] = []

  subscribe (listener: (event: ExplorerEvent) => void, _audience: Audience): () => void {
    this.listeners.add(listener)
    return () => { this.listeners.delete(listener) }
  }

  recent (): Traffic[] {
    return this.seconds
  }

  earned (): Traffic['earned'] {
    return []
  }

  tell (event: ExplorerEvent): void {
    for (const listener of this.listeners) listener(event)
  }
}

/** All in memory, and in no hurry. */
export class FakeHistory implements EventHistory {
  events: ExplorerEvent[] = []
  readonly asked: EventFilter[] = []
  trouble: string | undefined
  lost = 0
  /** What a query waits for. */
  delay: Promise<unknown> = Promise.resolve()

  open (): Promise<void> {
    return Promise.resolve()
  }

  add (event: ExplorerEvent): void {
    this.events.push(event)
  }

  async query (filter: EventFilter): Promise<EventPage> {
    this.asked.push(filter)
    await this.delay
    if (this.trouble !== undefined) throw new Error(this.trouble)
    const { types, peerId, packetId, direction, since = 0, until = Infinity, limit, offset, order = 'newest' } = filter
    const rows = this.events.map((event, id) => ({ id, ...rowOf(event) })).filter(row =>
      (types === undefined || types.includes(row.event_type)) && (peerId === undefined || row.peer_id === peerId) &&
      (packetId === undefined || row.packet_id === packetId) && (direction === undefined || row.direction === direction) &&
      row.timestamp >= since && row.timestamp <= until)
    if (order === 'newest') rows.reverse()
    return { events: rows.slice(offset, offset + limit), total: rows.length }
  }

  status (): HistoryStatus {
    return { eventCount: this.events.length, databaseSizeBytes: 1234, lost: this.lost, trouble: this.trouble }
  }

  close (): Promise<void> {
    return Promise.resolve()
  }
}

function overview (more: Partial<Overview> = {}): Overview {
  return {
    nodeId: 'node', ilpAddress: 'g.node', version: '1.2.3', environment: 'development', status: 'healthy', startedAt: 0, sentence: 'Earning.', attention: [],
    peersConnected: 0, peersTotal: 0, earned: [], ...more
  }
}

/** A node without peers. How often each view was asked for is counted. */
class FakeSources implements ExplorerSources {
  readonly calls: string[] = []
  hasBalances = true

  overview (): Promise<Overview> {
    this.calls.push('overview')
    return Promise.resolve(overview())
  }

  balances (): [] | undefined {
    this.calls.push('balances')
    return this.hasBalances ? [] : undefined
  }

  peers (): [] {
    this.calls.push('peers')
    return []
  }

  routes (): { routes: [], total: number } {
    this.calls.push('routes')
    return { routes: [], total: 0 }
  }

  settlements (): [] {
    return []
  }

  explain (destination: string): ReturnType<ExplorerSources['explain']> {
    return Promise.resolve({ destination, sentence: 'No route.', shorter: [] })
  }

  channels (): ReturnType<ExplorerSources['channels']> {
    this.calls.push('channels')
    return Promise.resolve({ channels: [], wallets: [] })
  }

  rates (): ReturnType<ExplorerSources['rates']> {
    return Promise.resolve({ backend: 'one-to-one', pairs: [], troubles: [] })
  }

  config (): ReturnType<ExplorerSources['config']> {
    return { settings: [] }
  }
}

export const LOCAL_ACCESS: ExplorerAccess = {
  host: '127.0.0.1', environment: 'development', settings: { apiKey: 'THE_KEY', allowedHosts: 'THE_HOSTS', host: 'THE_HOST' }
}

interface Answered {
  status: number
  json: unknown
  text: string
  headers: Headers
}

export class ExplorerFixture {
  readonly feed = new FakeFeed()
  readonly history = new FakeHistory()
  readonly sources = new FakeSources()
  readonly log = new MemoryLog()
  readonly sockets = new EventSockets(this.feed, this.log)
  readonly tickets = new Tickets()
  readonly server: HttpServer

  /** @param listen where the server is bound; it may be reached from elsewhere than `access` says */
  constructor ({ access = {}, base = '', folder, listen = '127.0.0.1' }: { access?: Partial<ExplorerAccess>, base?: string, folder?: string, listen?: string } = {}) {
    const api = explorerApi({
      nodeId: 'node', startedAt: Date.now(), feed: this.feed, history: this.history, sources: this.sources, sockets: this.sockets, tickets: this.tickets,
      page: folder === undefined ? new PageFiles('/nowhere') : new PageFiles(folder), rules: explorerAccess({ ...LOCAL_ACCESS, ...access }, this.tickets), log: this.log
    }, base)
    this.server = new HttpServer((request, env) => api.fetch(request, env), {
      name: 'explorer', host: listen, port: 0, settings: { host: 'HOST', port: 'PORT' }, upgrades: true
    }, this.log)
  }

  async start (): Promise<this> {
    await this.server.start()
    return this
  }

  async stop (): Promise<void> {
    await this.sockets.close()
    await this.server.stop()
  }

  get authority (): string {
    return `127.0.0.1:${this.server.port}`
  }

  async get (path: string, headers: Record<string, string> = {}): Promise<Answered> {
    const response = await fetch(`http://${this.authority}${path}`, { headers, redirect: 'manual' })
    const text = await response.text()
    const isJson = response.headers.get('content-type') === 'application/json'
    return { status: response.status, json: isJson ? JSON.parse(text) as unknown : undefined, text, headers: response.headers }
  }
}

export const PACKET_ID = 'ab'.repeat(32)

export function packetIn (more: Partial<PacketReceived> = {}): PacketReceived {
  return {
    type: 'PACKET_RECEIVED', nodeId: 'node', packetId: PACKET_ID, destination: 'g.bob.shop', amount: '100', from: 'alice', timestamp: 1000, bytes: 212, expiresAt: 31_000, ...USD, ...more
  }
}

export function packetRefused (more: Partial<PacketRejected> = {}): PacketRejected {
  return {
    type: 'PACKET_REJECTED', nodeId: 'node', packetId: PACKET_ID, destination: 'g.bob.shop', amount: '100', from: 'alice', timestamp: 1084, took: 84, steps: [],
    code: 'T04', message: 'exceeded maximum balance.', triggeredBy: 'g.node', ...USD, ...more
  }
}

/** Of one second, or one minute, in which one account brought and another took along. */
export function traffic (timestamp: number, more: Partial<Traffic> = {}): Traffic {
  const none = { fulfilled: 0, rejected: 0, amount: '0' }
  return {
    type: 'TRAFFIC', nodeId: 'node', seconds: 1, timestamp, earned: [{ ...USD, amount: '1' }],
    accounts: [
      { peerId: 'alice', ...USD, received: { fulfilled: 2, rejected: 1, amount: '200' }, sent: none, codes: { T04: 1 } },
      { peerId: 'bob', ...USD, received: none, sent: { fulfilled: 2, rejected: 1, amount: '199' }, codes: {} }
    ],
    ...more
  }
}
