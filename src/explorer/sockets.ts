/**
 * The live feed over WebSockets: each event as one text frame, written down once for all who want it. A reader that falls behind is cut
 * off, so that nobody's memory fills up; it comes back, and reads from the history what it missed.
 */
import { WebSocketServer, type WebSocket } from 'ws'
import type { EventFeed, ExplorerEvent } from '../contracts/explorer-events.js'
import type { Logger } from '../contracts/logger.js'
import type { Takeover } from '../http/server.js'
import { clientNetwork } from '../lib/client-network.js'

/** Readers at a time. */
export const READERS_MAX = 128
/** Of these, from one address (IPv6: from one network). */
export const READERS_PER_CLIENT_MAX = 32
/** Bytes that may wait for one reader. */
export const UNREAD_BYTES_MAX = 1024 * 1024
const HEARTBEAT_MS = 30_000
/** What readers send is ignored, up to so many bytes each, and so many between two heartbeats. */
const MESSAGE_BYTES_MAX = 4096
const MESSAGES_MAX = 100
/** How long the end waits for readers to say goodbye. */
const GOODBYE_MS = 500
const GOING_AWAY = 1001
const POLICY = 1008

/** Which events a reader wants. Undefined: all. */
export interface ReaderFilter {
  types?: ReadonlySet<string> | undefined
  peerId?: string | undefined
}

interface Reader extends ReaderFilter {
  socket: WebSocket
  client: string
  /** Since the last heartbeat. */
  isAlive: boolean
  messages: number
}

export class EventSockets {
  readonly #server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: MESSAGE_BYTES_MAX, perMessageDeflate: false })
  readonly #readers = new Set<Reader>()
  readonly #clients = new Map<string, number>()
  #unsubscribe: (() => void) | undefined
  #heartbeats: NodeJS.Timeout | undefined
  #isOpen = true

  constructor (private readonly feed: EventFeed, private readonly log: Logger) {}

  get count (): number {
    return this.#readers.size
  }

  /** Whether one more reader from this address may come. */
  hasRoomFor (address: string): boolean {
    return this.#isOpen && this.#readers.size < READERS_MAX && (this.#clients.get(clientNetwork(address)) ?? 0) < READERS_PER_CLIENT_MAX
  }

  /** Makes a reader of a connection that was taken over. A bad handshake is answered, and nothing else. */
  accept ({ request, socket, head }: Takeover, filter: ReaderFilter): void {
    const client = clientNetwork(socket.remoteAddress ?? '')
    this.#server.handleUpgrade(request, socket, head, connected => {
      this.#add({ ...filter, socket: connected, client, isAlive: true, messages: 0 })
    })
  }

  /** Says goodbye to all readers (1001), and cuts those off that do not answer. New ones are not let in any more. */
  async close (): Promise<void> {
    this.#isOpen = false
    clearInterval(this.#heartbeats)
    const readers = [...this.#readers]
    const gone = Promise.all(readers.map(({ socket }) => new Promise(resolve => { socket.once('close', resolve) })))
    for (const { socket } of readers) socket.close(GOING_AWAY, 'the connector stops')
    const timer = setTimeout(() => { for (const { socket } of readers) socket.terminate() }, GOODBYE_MS)
    await gone
    clearTimeout(timer)
  }

  #add (reader: Reader): void {
    const { socket, client } = reader
    this.#readers.add(reader)
    this.#clients.set(client, (this.#clients.get(client) ?? 0) + 1)
    socket.on('error', () => { socket.terminate() }) // such as a message that is too long
    socket.on('pong', () => { reader.isAlive = true })
    socket.on('message', () => { if (++reader.messages > MESSAGES_MAX) this.#dropChatty(reader) })
    socket.once('close', () => { this.#remove(reader) })
    this.#unsubscribe ??= this.feed.subscribe(event => { this.#tell(event) }, 'live')
    this.#heartbeats ??= setInterval(() => { this.#beat() }, HEARTBEAT_MS).unref()
  }

  #remove (reader: Reader): void {
    if (!this.#readers.delete(reader)) return
    const left = (this.#clients.get(reader.client) ?? 1) - 1
    if (left === 0) this.#clients.delete(reader.client)
    else this.#clients.set(reader.client, left)
    if (this.#readers.size > 0) return
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    clearInterval(this.#heartbeats)
    this.#heartbeats = undefined
  }

  #tell (event: ExplorerEvent): void {
    let frame: Buffer | undefined
    for (const reader of this.#readers) {
      if (!isWanted(event, reader)) continue
      frame ??= Buffer.from(JSON.stringify(event))
      if (reader.socket.bufferedAmount + frame.length > UNREAD_BYTES_MAX) this.#dropSlow(reader)
      else reader.socket.send(frame, { binary: false })
    }
  }

  #beat (): void {
    for (const reader of this.#readers) {
      if (!reader.isAlive) {
        reader.socket.terminate()
        continue
      }
      reader.isAlive = false
      reader.messages = 0
      reader.socket.ping()
    }
  }

  #dropSlow (reader: Reader): void {
    this.log.debug('a reader of the feed is too slow, and was cut off. client=%s bytes=%s', reader.client, reader.socket.bufferedAmount)
    reader.socket.terminate()
    this.#remove(reader)
  }

  #dropChatty (reader: Reader): void {
    reader.socket.close(POLICY, 'this feed takes no messages')
    reader.socket.pause()
    setTimeout(() => { reader.socket.terminate() }, GOODBYE_MS).unref()
  }
}

function isWanted (event: ExplorerEvent, { types, peerId }: ReaderFilter): boolean {
  return (types === undefined || types.has(event.type)) && (peerId === undefined || isAbout(event, peerId))
}

/** What is about nobody in particular is about everybody. */
function isAbout (event: ExplorerEvent, peerId: string): boolean {
  if ('peerId' in event) return event.peerId === peerId
  if ('from' in event) return event.from === peerId || ('to' in event && event.to === peerId)
  if (event.type === 'TRAFFIC') return event.accounts.some(account => account.peerId === peerId)
  return true
}

