/** The explorer from start to stop: its feed, its history, its readers and its port. Nothing that goes wrong in it stops the connector. */
import type { Logger } from '../contracts/logger.js'
import { HttpServer } from '../http/server.js'
import { describeError } from '../lib/describe-error.js'
import { explorerAccess } from './access.js'
import { explorerApi } from './api.js'
import type { Router } from '../http/router.js'
import type { Door } from './door.js'
import type { Feed } from './feed.js'
import { History } from './history.js'
import { PageFiles } from './page-files.js'
import { EventSockets } from './sockets.js'
import { Tickets } from './tickets.js'
import { NodeSources } from './views/sources.js'
import type { ViewParts } from './views/facts.js'

export interface ExplorerOptions {
  door: Door
  feed: Feed
  /** Of the connector. */
  parts: Omit<ViewParts, 'feed' | 'history' | 'door'>
  retentionDays: number
  maxEvents: number
  payloads: boolean
  log: Logger
}

/** Where it answers on a port that it shares with others. */
export const EXPLORER_PATH = '/explorer'

export class Explorer {
  /** For the health port of a node: everything below EXPLORER_PATH. */
  readonly routes: Router
  readonly #history: History
  readonly #sources: NodeSources
  readonly #sockets: EventSockets
  readonly #server: HttpServer | undefined
  #unsubscribe: (() => void) | undefined

  /** Opens nothing. Throws where the explorer would be open to a network, or cannot be used. */
  constructor (private readonly options: ExplorerOptions) {
    const { door, feed, parts, retentionDays, maxEvents, log } = options
    const history = this.#history = new History({ path: door.historyPath, retentionDays, maxEvents, log })
    const sources = this.#sources = new NodeSources({ ...parts, feed, history, door: door.facts })
    const sockets = this.#sockets = new EventSockets(feed, log)
    const tickets = new Tickets()
    const page = new PageFiles()
    const rules = explorerAccess(door.access, tickets, log)
    const api = (base: string): Router => explorerApi({
      nodeId: door.facts.nodeId, startedAt: Date.now(), feed, history, sources, sockets, tickets, page, rules, log
    }, base)
    this.routes = api(EXPLORER_PATH)
    if (!door.hasPort) return
    const own = api('')
    const { port, settings } = door
    this.#server = new HttpServer((request, env) => own.fetch(request, env), { name: 'explorer', host: door.access.host, port, settings, upgrades: true }, log)
  }

  /** Where it listens; 0 without a port of its own. */
  get port (): number {
    return this.#server?.port ?? 0
  }

  get status (): { eventCount: number, wsConnections: number } {
    return { eventCount: this.#history.status().eventCount, wsConnections: this.#sockets.count }
  }

  /** Rejects only if a port was asked for and cannot be opened. */
  async start (): Promise<void> {
    const { door, feed, payloads, log } = this.options
    this.#unsubscribe = feed.subscribe(event => {
      this.#sources.note(event)
      this.#history.add(event)
    }, 'history')
    void this.#history.open() // which may take a while, and nobody has to wait
    this.#sources.start()
    feed.start({ nodeId: door.facts.nodeId, payloads })
    try {
      await this.#server?.start()
    } catch (error) {
      if (door.isAsked) throw error
      log.warn('the explorer has no port of its own. error=%s', describeError(error))
    }
  }

  /** Never rejects. */
  async stop (): Promise<void> {
    await this.#sockets.close()
    await this.#server?.stop()
    this.options.feed.stop()
    this.#unsubscribe?.()
    this.#sources.stop()
    await this.#history.close()
  }
}
