/** An HTTP server around a fetch handler: binds, bounds what a client may cost, and stops without dropping answers. */
import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { SluiceError } from '../contracts/errors.js'
import type { Logger } from '../contracts/logger.js'
import { takeTurns } from '../lib/http-turns.js'
import { ConnectionLimits } from './connection-limits.js'
import { toError } from './errors.js'

const HEADERS_TIMEOUT_MS = 10_000
/** From the first byte of a request to the last of its body. */
const REQUEST_TIMEOUT_MS = 30_000
const KEEP_ALIVE_TIMEOUT_MS = 5_000
/** What stands in the URL of a request that names no host. */
const NO_HOST = 'localhost'
/** How long `stop` waits for answers in flight. */
export const CLOSE_TIMEOUT_MS = 5_000

type Answer = (request: IncomingMessage, response: ServerResponse) => void
export type FetchHandler = (request: Request, env: HttpBindings) => Response | Promise<Response>

export interface HttpServerOptions {
  /** What it is called in errors, such as `admin API`. The log says it in small letters. */
  name: string
  /** Address to bind. */
  host: string
  /** 0 takes any free port. */
  port: number
  /** How the operator sets host and port, for errors. */
  settings: { host: string, port: string }
  /** Default 30 s. */
  requestTimeoutMs?: number | undefined
  /** Whether routes may turn connections into WebSockets (takeOver). */
  upgrades?: boolean | undefined
}

/** A connection that its client asks to be a WebSocket: what `ws` needs to make one of it. */
export interface Takeover {
  request: IncomingMessage
  socket: Socket
  head: Buffer
}

/** Requests to become a WebSocket that no route has taken yet. */
const offered = new WeakMap<IncomingMessage, () => Takeover>()

/**
 * Takes over the connection of a request that asks for a WebSocket, on a server with `upgrades`. The route answers `TAKEN_OVER` then, and
 * the caller sees to the rest, also to the end of the connection. Undefined for any other request.
 */
export function takeOver (request: IncomingMessage): Takeover | undefined {
  return offered.get(request)?.()
}

/** The answer of a route that has taken a connection over. */
export const TAKEN_OVER = RESPONSE_ALREADY_SENT

/** Can be started again after it was stopped. */
export class HttpServer {
  readonly name: string
  /** Where it listens; 0 while it does not. */
  port = 0
  private readonly listener: ReturnType<typeof getRequestListener>
  private readonly connections = new ConnectionLimits()
  private server: Server | undefined

  constructor (handler: FetchHandler, private readonly options: HttpServerOptions, private readonly log: Logger) {
    this.name = options.name
    // The adaptor would replace the process's Request and Response, which belong to the application around us. The name is for HTTP/1.0, in
    // which load balancers ask for health: it has no Host header. The rules for hosts (access.ts) see the header, not this.
    this.listener = getRequestListener(async (request, env) => {
      const bindings = env as HttpBindings
      const answered = this.connections.asked(bindings.incoming)
      const response = await Promise.resolve(handler(request, bindings)).finally(answered)
      // An answer in flight while we close takes its connection with it.
      if (this.server === undefined && response !== RESPONSE_ALREADY_SENT) response.headers.set('Connection', 'close')
      return response
    }, { overrideGlobalObjects: false, hostname: NO_HOST })
  }

  /** Resolves when it listens. Rejects when it cannot, naming host, port and what to change. */
  async start (): Promise<void> {
    const { name, host, port } = this.options
    if (this.server !== undefined) throw new Error(`${name} is listening already.`)
    const server = this.server = this.createServer()
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('listening', resolve).once('error', reject)
        server.once('close', () => { reject(new Error('it was closed while it was starting')) })
        server.listen(port, host)
      })
    } catch (thrown) {
      if (this.server === server) this.server = undefined
      throw this.cannotListen(thrown)
    }
    const logName = name.toLowerCase()
    server.on('error', err => this.log.error('%s server error. error=%s', logName, err.message))
    const address = server.address()
    this.port = typeof address === 'object' && address !== null ? address.port : port
    this.log.info('%s listening. host=%s port=%s', logName, host, this.port)
  }

  /** Stops taking connections, lets answers in flight finish for at most CLOSE_TIMEOUT_MS, then cuts what is left. Never rejects. */
  async stop (): Promise<void> {
    const server = this.server
    if (server === undefined) return
    this.server = undefined
    this.port = 0
    const timer = setTimeout(() => { server.closeAllConnections() }, CLOSE_TIMEOUT_MS)
    timer.unref()
    await new Promise<void>(resolve => { server.close(() => { resolve() }) })
    clearTimeout(timer)
  }

  private createServer (): Server {
    const requestTimeout = this.options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
    const answer: Answer = (request, response) => { void this.listener(request, response) }
    const server = createServer({
      requestTimeout,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeout),
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: requestTimeout / 10
    })
    takeTurns(server, this.options.upgrades === true)
    server.on('request', answer)
    // Node takes a server without this listener for one that knows no other protocol, and hands the request to the routes as any other.
    if (this.options.upgrades === true) server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => { this.offer(request, stream, head, answer) })
    return server.on('connection', (socket: Socket) => { this.connections.admit(socket) })
  }

  /**
   * A request to change the protocol goes through the routes as any other, so that their rules hold for it. One that is not taken over is
   * answered, and was the last.
   */
  private offer (request: IncomingMessage, socket: Duplex, head: Buffer, answer: Answer): void {
    if (!(socket instanceof Socket)) return void socket.destroy()
    const onError = (): void => { socket.destroy() }
    socket.on('error', onError)
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.once('finish', () => { socket.destroySoon() })
    if (request.headers.upgrade?.toLowerCase() === 'websocket') {
      offered.set(request, () => {
        offered.delete(request)
        response.detachSocket(socket)
        socket.removeListener('error', onError)
        this.connections.asked(request) // and never answered: it keeps its place until it closes
        return { request, socket, head }
      })
    }
    answer(request, response)
  }

  private cannotListen (thrown: unknown): Error {
    const { name, host, port, settings } = this.options
    const err = toError(thrown)
    const code = 'code' in err && typeof err.code === 'string' ? err.code : ''
    /** What to change, by error code. */
    const remedies: Record<string, string> = {
      EADDRINUSE: `The port is in use: stop the other program, or set ${settings.port} to a free port.`,
      EACCES: `This user may not use that port: set ${settings.port} to one above 1023.`,
      EADDRNOTAVAIL: `This machine does not have that address: correct ${settings.host}.`,
      ENOTFOUND: `That name does not resolve: correct ${settings.host}.`
    }
    return new SluiceError('SLUICE_CANNOT_LISTEN', `${name} cannot listen on ${host}:${port}: ${err.message}. ${remedies[code] ?? ''}`.trimEnd(), { cause: thrown })
  }
}
