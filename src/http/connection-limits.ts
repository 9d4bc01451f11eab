/**
 * Who may hold a connection. A connection costs little, but there are only so many, and a client can hold one without asking anything, by
 * sending its request a byte at a time, or by not reading the answer. So a connection that waits for its client makes room for one that
 * comes, the longest waiting first. One whose request has arrived whole stays until its answer is made.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { clientNetwork } from '../lib/client-network.js'
import { hasBody } from './body.js'

/** ConnectionLimits to one server at a time. */
export const MAX_CONNECTIONS = 1024
/** Of these, from one address (IPv6: from one network): as many answers may be under way to one client, such as a reverse proxy. */
export const MAX_CONNECTIONS_PER_CLIENT = 256

interface Client {
  readonly network: string
  connections: number
  /** Those of its connections that wait for it, in the order in which they began to. */
  readonly waiting: Set<Socket>
}

interface Connection {
  readonly client: Client
  /** Requests that have arrived and are not answered: a client may send several at once. */
  working: number
}

/** The connections of one server. */
export class ConnectionLimits {
  readonly #clients = new Map<string, Client>()
  readonly #connections = new Map<Socket, Connection>()
  /** Of all clients, in the order in which they began to wait. */
  readonly #waiting = new Set<Socket>()

  /** Takes a connection, in the place of one that waits if all places are taken. Cuts it if all of them are at work. */
  admit (socket: Socket): void {
    const network = clientNetwork(socket.remoteAddress ?? '')
    const known = this.#clients.get(network)
    if (!this.#hasRoomFor(known)) {
      socket.destroy()
      return
    }
    const client = this.#clients.get(network) ?? { network, connections: 0, waiting: new Set() }
    this.#clients.set(network, client)
    client.connections++
    this.#connections.set(socket, { client, working: 0 })
    this.#wait(socket, client)
    socket.once('close', () => { this.#forget(socket) })
  }

  /** A request has begun to arrive. Returns what to call when its answer is made. */
  asked (request: IncomingMessage): () => void {
    const { socket, headers } = request
    let state: 'arriving' | 'working' | 'answered' = 'arriving'
    const arrived = (): void => {
      if (state !== 'arriving') return
      state = 'working'
      this.#count(socket, 1)
    }
    if (hasBody(headers['transfer-encoding'], headers['content-length'])) request.once('end', arrived)
    else arrived()
    return () => {
      if (state === 'working') this.#count(socket, -1)
      state = 'answered'
    }
  }

  #hasRoomFor (client: Client | undefined): boolean {
    if (client !== undefined && client.connections >= MAX_CONNECTIONS_PER_CLIENT) return this.#cutFirst(client.waiting)
    return this.#connections.size < MAX_CONNECTIONS || this.#cutFirst(this.#waiting)
  }

  /** Whether there was one to cut. */
  #cutFirst (waiting: ReadonlySet<Socket>): boolean {
    const [longest] = waiting
    if (longest === undefined) return false
    longest.destroy()
    this.#forget(longest) // its `close` comes later, and its place is needed now
    return true
  }

  #count (socket: Socket, change: 1 | -1): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined) return
    connection.working += change
    if (connection.working === 0) this.#wait(socket, connection.client)
    else this.#work(socket, connection.client)
  }

  #wait (socket: Socket, client: Client): void {
    client.waiting.add(socket)
    this.#waiting.add(socket)
  }

  #work (socket: Socket, client: Client): void {
    client.waiting.delete(socket)
    this.#waiting.delete(socket)
  }

  #forget (socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined) return
    const { client } = connection
    this.#connections.delete(socket)
    this.#work(socket, client)
    client.connections--
    if (client.connections === 0) this.#clients.delete(client.network)
  }
}
