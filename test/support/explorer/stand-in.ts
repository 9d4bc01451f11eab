/**
 * Serves the explorer's page with the answers of a made node, and tells of its packets. For what a real node cannot be asked to do: be
 * flooded, be hostile, fail, want a key; and for looking at the page with every part of it full.
 */
import { createReadStream, existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { extname, join, normalize } from 'node:path'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocketServer } from 'ws'
import type { EventPage, EventRow, ExplorerEvent } from '../../../src/contracts/explorer-events.js'
import { packetEvents, packetsAt, pastOf, secondOf, storyOf, type Answered } from './packets.js'
import * as scene from './scene.js'

const PAGE = new URL('../../../web/', import.meta.url)
const TYPES: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
const KEPT_MAX = 20_000
const TICK_MS = 50
/** What a node with a key gives for one connection. */
const TICKET = 'a-ticket'

export interface StandInOptions {
  port?: number
  /** Packets of the node in a second; at most `told` of them are told of one by one. */
  rate?: number
  told?: number
  /** Changes what a path answers; a status and a text where a number comes first. */
  answers?: Record<string, unknown>
  apiKey?: string
}

export class StandIn {
  private readonly sockets = new Set<Socket>()
  private readonly startedAt = Date.now() - 12 * 86_400_000
  private readonly rows: EventRow[] = []
  private server: Server | undefined
  private readonly watchers = new WebSocketServer({ noServer: true })
  private timer: ReturnType<typeof setInterval> | undefined
  private nextId = 1
  private leftOut = 0
  answers: Record<string, unknown>
  rate: number
  port: number

  constructor (private readonly options: StandInOptions = {}) {
    this.answers = options.answers ?? {}
    this.rate = options.rate ?? 0
    this.port = options.port ?? 0
  }

  get url (): string { return `http://127.0.0.1:${this.port}/` }

  async start (): Promise<void> {
    this.server = createServer((request, response) => this.answer(request, response))
    this.server.on('connection', socket => {
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
    })
    this.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
      const mayEnter = this.options.apiKey === undefined || searchParams.get('ticket') === TICKET
      if (pathname === '/ws' && mayEnter) this.watchers.handleUpgrade(request, socket, head, () => undefined)
      else socket.destroy()
    })
    this.server.listen(this.port, '127.0.0.1')
    await once(this.server, 'listening')
    this.port = (this.server.address() as AddressInfo).port
    if (this.rows.length === 0) this.past()
    let second = Math.floor(Date.now() / 1000)
    let owed = 0
    this.timer = setInterval(() => {
      owed += this.rate * TICK_MS / 1000
      const told = Math.min(Math.floor(owed), Math.ceil((this.options.told ?? 200) * TICK_MS / 1000))
      for (let sent = 0; sent < told; sent++) for (const event of packetEvents(Date.now())) this.tell(event)
      this.leftOut += Math.floor(owed) - told
      owed -= Math.floor(owed)
      const now = Math.floor(Date.now() / 1000)
      if (now === second || this.rate === 0) return
      second = now
      this.tell(secondOf(now * 1000, packetsAt(now * 1000, this.rate)))
      if (this.leftOut > 0) this.tell({ type: 'PACKETS_LEFT_OUT', nodeId: 'sluice', count: this.leftOut, since: now * 1000 - 1000, timestamp: now * 1000 })
      this.leftOut = 0
    }, TICK_MS)
  }

  /** Ends every connection, as a node that is killed. `start` brings it back at the same port. */
  async stop (): Promise<void> {
    clearInterval(this.timer)
    const { server } = this
    if (server === undefined) return
    this.server = undefined
    server.close()
    for (const socket of this.sockets) socket.destroy()
    await once(server, 'close')
  }

  tell (event: ExplorerEvent): void {
    this.keep(event)
    this.tellRaw(JSON.stringify(event))
  }

  /** Sends what may not be an event at all. */
  tellRaw (text: string): void {
    for (const watcher of this.watchers.clients) watcher.send(text)
  }

  private keep (event: ExplorerEvent): void {
    if (event.type === 'TRAFFIC' || event.type === 'NOTICES_LEFT_OUT') return
    const timestamp = typeof event.timestamp === 'number' ? event.timestamp : Date.parse(event.timestamp)
    const packet = 'packetId' in event ? event : undefined
    this.rows.push({
      id: this.nextId++, event_type: event.type, timestamp, node_id: event.nodeId, direction: 'received',
      peer_id: packet?.from ?? ('peerId' in event ? event.peerId : null), packet_id: packet?.packetId ?? null, amount: packet?.amount ?? null,
      destination: packet?.destination ?? null, packet_type: null, from_address: null, to_address: null, payload: event
    })
    if (this.rows.length > KEPT_MAX) this.rows.splice(0, this.rows.length - KEPT_MAX)
  }

  /** What happened in the last hours, as far as a look at the page needs it. */
  private past (): void {
    const now = Date.now()
    const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString()
    const usd = { nodeId: 'sluice', assetCode: 'USD', assetScale: 6 }
    this.keep({ type: 'PAYMENT_CHANNEL_OPENED', nodeId: 'sluice', peerId: 'bob', timestamp: ago(17_300), channelId: '0x4f1b', chain: 'evm:8453', participants: [], tokenSymbol: 'USDC', settlementTimeout: 86_400, initialDeposits: {} })
    this.keep({ type: 'CLAIM_REDEEMED', nodeId: 'sluice', peerId: 'bob', timestamp: ago(1500), blockchain: 'evm:8453', channelId: '0x4f1b', txHash: `0x${'7c'.repeat(32)}`, amount: '1000000000', success: true })
    for (let minute = 320; minute > 0; minute -= 40) {
      this.keep({ type: 'SETTLEMENT_TRIGGERED', ...usd, peerId: 'dave', assetCode: 'EUR', timestamp: ago(minute), tokenId: 'EUR', currentBalance: '-704100000', threshold: '-700000000', exceedsBy: '4100000', triggerReason: 'threshold' })
      this.keep({ type: 'SETTLEMENT_COMPLETED', ...usd, peerId: 'dave', assetCode: 'EUR', timestamp: ago(minute - 0.1), tokenId: 'EUR', direction: 'sent', settledAmount: '704100000', settlementType: 'evm', success: minute !== 120, ...minute === 120 ? { errorMessage: 'the deposit is used up' } : {} })
      this.keep({ type: 'SETTLEMENT_COMPLETED', ...usd, peerId: 'bob', timestamp: ago(minute - 12), tokenId: 'USD', direction: 'received', settledAmount: '212000000', settlementType: 'evm', success: true })
      this.keep({ type: 'CLAIM_RECEIVED', nodeId: 'sluice', peerId: 'erin', timestamp: ago(minute - 20), blockchain: 'xrp:mainnet', amount: '4100000', count: 12, verified: true })
    }
    for (const minute of [9, 6]) this.keep({ type: 'PEER_CONNECTED', nodeId: 'sluice', peerId: 'carol', timestamp: now - minute * 60_000 })
    this.keep({ type: 'PEER_DISCONNECTED', nodeId: 'sluice', peerId: 'carol', timestamp: now - 180_000 })
    for (let at = now - 90_000; at < now; at += 450) for (const event of packetEvents(at)) this.keep(event)
  }

  private answer (request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (!url.pathname.startsWith('/api/')) { this.file(url.pathname, response); return }
    const path = url.pathname.slice('/api/'.length)
    if (this.options.apiKey !== undefined && request.headers['x-api-key'] !== this.options.apiKey) {
      this.json(response, 401, { error: 'SLUICE_API_KEY_WRONG', message: 'Invalid or missing API key' }); return
    }
    const given = this.answers[path]
    if (Array.isArray(given) && typeof given[0] === 'number') { this.json(response, given[0], given[1]); return }
    const found = given ?? this.found(path, url.searchParams)
    if (found === undefined) { this.json(response, 404, { error: 'Not found' }); return }
    this.json(response, 200, found)
  }

  private found (path: string, query: URLSearchParams): unknown {
    const now = Date.now()
    if (path.startsWith('packets/')) {
      const row = this.rows.findLast(({ packet_id: id, event_type: type }) => id === path.slice('packets/'.length) && type !== 'PACKET_RECEIVED' && type !== 'PACKET_FORWARDED')
      return row === undefined ? undefined : storyOf(row.payload as Answered)
    }
    switch (path) {
    case 'overview': return scene.overview(now, this.startedAt)
    case 'balances': return { balances: scene.balances() }
    case 'peers': return { peers: scene.scenePeers(now) }
    case 'routes': return { routes: scene.routes() }
    case 'channels': return scene.channels(now)
    case 'rates': return scene.rates()
    case 'config': return scene.config()
    case 'rejects': return { rejects: scene.rejects() }
    case 'health': return { status: 'healthy', nodeId: 'sluice', uptime: 1, explorer: { eventCount: 841_204, databaseSizeBytes: 214_000_000, wsConnections: 1 }, timestamp: new Date().toISOString() }
    case 'ticket': return { ticket: TICKET }
    case 'series': return this.series(query, now)
    case 'explain': return explained(query.get('destination') ?? '')
    case 'events': return this.events(query)
    case 'settlements': return { ...this.events(query), open: scene.settlements(now) }
    default: return undefined
    }
  }

  private series (query: URLSearchParams, now: number): unknown {
    const step = Number(query.get('step') ?? 1)
    return { step, points: this.rate === 0 && step === 1 ? [] : pastOf(Number(query.get('since')), Math.min(now, Number(query.get('until'))), step * 1000, this.rate === 0 ? 800 : this.rate) }
  }

  private events (query: URLSearchParams): EventPage {
    const types = query.get('types')?.split(',')
    const peer = query.get('peerId')
    const packet = query.get('packetId')
    const since = Number(query.get('since') ?? 0)
    const found = this.rows.filter(row => types === undefined || types.includes(row.event_type))
      .filter(row => (peer === null || row.peer_id === peer) && (packet === null || row.packet_id === packet) && row.timestamp >= since)
      .sort((a, b) => b.timestamp - a.timestamp)
    const offset = Number(query.get('offset') ?? 0)
    return { events: found.slice(offset, offset + Number(query.get('limit') ?? 50)), total: found.length }
  }

  private file (path: string, response: ServerResponse): void {
    const file = join(PAGE.pathname, normalize(path === '/' ? 'index.html' : path))
    const found = file.startsWith(PAGE.pathname) && existsSync(file) ? file : join(PAGE.pathname, 'index.html')
    response.writeHead(200, { 'content-type': TYPES[extname(found)] ?? 'application/octet-stream', 'content-security-policy': POLICY, 'cache-control': 'no-store' })
    createReadStream(found).pipe(response)
  }

  private json (response: ServerResponse, status: number, answer: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json', 'content-security-policy': POLICY })
    response.end(JSON.stringify(answer))
  }
}

function explained (destination: string): unknown {
  const [route, ...shorter] = scene.routes().filter(({ prefix }) => destination === prefix || destination.startsWith(`${prefix}.`))
    .sort((a, b) => b.prefix.length - a.prefix.length)
  if (route === undefined) return { destination, sentence: `No route leads to ${destination}.`, shorter: [], trouble: 'The packet would be refused with F02.' }
  return {
    destination, route, shorter: shorter.map(({ prefix }) => prefix),
    sentence: route.nextHop === '' ? 'The packet is for this node.' : `A packet to ${destination} goes to ${route.nextHop}, because ${route.prefix} is the longest prefix that matches.`,
    ...route.nextHop === 'carol' ? { trouble: 'carol is away: the packet would be refused with T01.' } : { rate: { from: 'USD', to: 'EUR', rate: '0.91816' } }
  }
}
