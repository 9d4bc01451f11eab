/**
 * Makes HTTP requests take turns. A client may send a thousand requests in one piece (pipelining), and Node parses and begins all of them
 * in one turn of the event loop, so that eight clients stop everything else. Here a connection gets on with its next request when the last
 * one is answered; all connections together begin a few in a turn, the networks that they come from one by one.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { clientNetwork } from './client-network.js'

/** Of all servers of this process, in one turn of the event loop. */
export const REQUESTS_PER_TURN = 8
/** Where headers end. Node's parser takes no other line ends. */
const HEADERS_END = Buffer.from('\r\n\r\n')
/** Of a body that nobody reads, or not yet. */
const BODY_HELD_MAX = 65_536
const LOOK_AGAIN_MS = 20

type Feed = (bytes: Buffer) => void

/** Those that have bytes to be read, by network. */
const waiting = new Map<string, Set<Connection>>()
let left = REQUESTS_PER_TURN
let isCounting = false

/**
 * Call this before anything else listens to the server.
 * @param upgrades whether connections may become others than HTTP; a server that listens for that takes no such request for any other
 */
export function takeTurns (server: Server | TlsServer, upgrades: boolean): void {
  const connections = new WeakMap<object, Connection>()
  const event = 'setSecureContext' in server ? 'secureConnection' : 'connection'
  server.on(event, (socket: Socket) => { connections.set(socket, new Connection(socket)) })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => { connections.get(request.socket)?.asked(request, response) })
  if (upgrades) server.on('upgrade', (request: IncomingMessage) => { connections.get(request.socket)?.release() })
}

class Connection {
  readonly #network: string
  readonly #feeds: readonly Feed[]
  readonly #onData = (bytes: Buffer): void => { this.#take(bytes) }
  /** Requests that are not answered. */
  readonly #open = new Set<IncomingMessage>()
  #bytes: Buffer = Buffer.alloc(0)
  #bodyLeft = 0
  #isReleased = false
  #timer: NodeJS.Timeout | undefined

  constructor (private readonly socket: Socket) {
    this.#network = clientNetwork(socket.remoteAddress ?? '')
    this.#feeds = socket.listeners('data') as Feed[]
    socket.on('data', this.#onData) // from here on Node's parser gets nothing but what these are given
    for (const feed of this.#feeds) socket.removeListener('data', feed)
    socket.once('close', () => {
      clearTimeout(this.#timer)
      this.#leave()
    })
  }

  asked (request: IncomingMessage, response: ServerResponse): void {
    this.#open.add(request)
    this.#bodyLeft = Number(request.headers['content-length'] ?? 0)
    response.once('close', () => {
      this.#open.delete(request)
      this.#goOn()
    })
  }

  /** What it has sent beyond belongs to its next reader. */
  release (): void {
    this.#isReleased = true
    this.#leave()
    this.socket.removeListener('data', this.#onData)
    if (this.#bytes.length > 0) this.socket.unshift(this.#bytes)
    this.#bytes = Buffer.alloc(0)
  }

  hasTurn (): void {
    this.#leave()
    if (this.#isReady()) this.#feed()
    this.#goOn()
  }

  #take (bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    this.#goOn()
  }

  /** Begins what is next at once, as long as this turn has room for it and nobody else waits. */
  #goOn (): void {
    while (left > 0 && waiting.size === 0 && this.#isReady()) this.#feed()
    if (this.#isReleased || this.socket.destroyed) return
    if (this.#bytes.length > 0) this.socket.pause()
    else if (this.socket.isPaused()) this.socket.resume()
    clearTimeout(this.#timer)
    if (this.#isReady()) this.#wait()
    else if (this.#bytes.length > 0 && this.#isFull()) this.#timer = setTimeout(() => { this.#goOn() }, LOOK_AGAIN_MS).unref()
  }

  #isReady (): boolean {
    const isBusy = [...this.#open].some(({ complete }) => complete)
    return this.#bytes.length > 0 && !this.#isReleased && !this.socket.destroyed && !isBusy && !this.#isFull()
  }

  /** Node stops a client whose body is not read; that a client is heard again here must not undo that. */
  #isFull (): boolean {
    return [...this.#open].some(({ readableLength }) => readableLength > BODY_HELD_MAX)
  }

  /** No more than the rest of a body, or the headers of one request. */
  #feed (): void {
    const end = this.#bytes.indexOf(HEADERS_END)
    const size = this.#bodyLeft > 0 ? this.#bodyLeft : end < 0 ? this.#bytes.length : end + HEADERS_END.length
    const piece = this.#bytes.subarray(0, size)
    this.#bytes = this.#bytes.subarray(size)
    this.#bodyLeft = Math.max(0, this.#bodyLeft - piece.length)
    left--
    countTurn()
    for (const feed of this.#feeds) feed.call(this.socket, piece)
  }

  #wait (): void {
    const others = waiting.get(this.#network) ?? new Set()
    waiting.set(this.#network, others.add(this))
    countTurn()
  }

  #leave (): void {
    const others = waiting.get(this.#network)
    others?.delete(this)
    if (others?.size === 0) waiting.delete(this.#network)
  }
}

function countTurn (): void {
  if (isCounting) return
  isCounting = true
  setImmediate(() => {
    isCounting = false
    left = REQUESTS_PER_TURN
    for (let i = 0; i < REQUESTS_PER_TURN; i++) next()
    if (waiting.size > 0) countTurn()
  })
}

/** The connection that has waited longest, of the network that has. */
function next (): void {
  const [first] = waiting
  if (first === undefined) return
  const [network, connections] = first
  waiting.delete(network)
  waiting.set(network, connections)
  const [connection] = connections
  connection?.hasTurn()
}
