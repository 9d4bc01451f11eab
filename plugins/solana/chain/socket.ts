/**
 * One WebSocket to a node, for all peers. It tells early that something has happened to an account, or that a transaction names our key,
 * and nothing more: missed messages are normal, and whatever is told is read from the chain before it counts.
 */
import { WebSocket } from 'ws'
import { isObject } from '../../../src/lib/is-object.js'
import { agentFor, type SocksAgent } from '../../../src/lib/socks-agent.js'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
const GOODBYE_MS = 1000
const HANDSHAKE_MS = 10_000
/** The same through a proxy, which may have to build a circuit first. */
const PROXIED_HANDSHAKE_MS = 30_000
/** Nodes close sockets that say nothing. */
const PING_MS = 20_000
/** A message of a node is far smaller. */
const MAX_BYTES = 1_000_000
/** Accounts that are followed; more are read in their turn only. */
const MAX_SUBSCRIPTIONS = 2000

type Subject = { account: string } | { mentions: string }

export interface SocketEvents {
  /** Something has happened to the account. */
  changed: (account: string) => void
  /** A transaction that names one of our keys has written these lines. */
  logs: (lines: string[]) => void
}

export interface SocketPlace {
  /** ws or wss. */
  url: string
  /** Through which alone it is reached. Undefined: directly. */
  socksProxy?: string | undefined
}

export class ChainSocket {
  /** What is wanted, by a name of its own. */
  readonly #wanted = new Map<string, Subject>()
  /** Requests that are not answered yet, and subscriptions, both by number. */
  readonly #asked = new Map<number, string>()
  readonly #subscribed = new Map<number, string>()
  #socket: WebSocket | undefined
  #id = 0
  #pauseMs = FIRST_PAUSE_MS
  #again: NodeJS.Timeout | undefined
  #ping: NodeJS.Timeout | undefined
  #isClosed = false
  readonly #url: string
  readonly #agent: SocksAgent | undefined
  readonly #handshakeMs: number

  /** @throws Error where the URL is that of a hidden service and there is no proxy */
  constructor ({ url, socksProxy }: SocketPlace, private readonly events: SocketEvents) {
    this.#url = url
    this.#handshakeMs = socksProxy === undefined ? HANDSHAKE_MS : PROXIED_HANDSHAKE_MS
    this.#agent = agentFor(new URL(url), socksProxy, this.#handshakeMs)
  }

  /** Follows an account, or all transactions that name a key. Never fails: what cannot be followed is looked at every now and then. */
  want (subject: Subject): void {
    const name = nameOf(subject)
    if (this.#isClosed || this.#wanted.has(name) || this.#wanted.size >= MAX_SUBSCRIPTIONS) return
    this.#wanted.set(name, subject)
    if (this.#socket === undefined) this.#open()
    else if (this.#socket.readyState === WebSocket.OPEN) this.#subscribe(name, subject)
  }

  unwant (subject: Subject): void {
    const name = nameOf(subject)
    if (!this.#wanted.delete(name)) return
    for (const [subscription, other] of this.#subscribed) {
      if (other !== name) continue
      this.#subscribed.delete(subscription)
      this.#send('account' in subject ? 'accountUnsubscribe' : 'logsUnsubscribe', [subscription])
    }
  }

  close (): void {
    this.#isClosed = true
    clearTimeout(this.#again)
    clearInterval(this.#ping)
    this.#end(this.#socket)
    this.#agent?.destroy() // what it still dials
    this.#wanted.clear()
  }

  /** Says goodbye, and waits for the answer a moment only. */
  #end (socket: WebSocket | undefined): void {
    if (socket?.readyState !== WebSocket.OPEN) {
      socket?.terminate()
      return
    }
    socket.close()
    setTimeout(() => { socket.terminate() }, GOODBYE_MS).unref()
  }

  #open (): void {
    const socket = this.#socket = new WebSocket(this.#url, {
      maxPayload: MAX_BYTES,
      handshakeTimeout: this.#handshakeMs,
      ...(this.#agent !== undefined && { agent: this.#agent })
    })
    socket.on('open', () => {
      this.#pauseMs = FIRST_PAUSE_MS
      this.#ping = setInterval(() => { socket.ping() }, PING_MS).unref()
      for (const [name, subject] of this.#wanted) this.#subscribe(name, subject)
    })
    socket.on('message', (data: Buffer) => { this.#take(data) })
    socket.on('error', () => undefined) // 'close' comes after it
    socket.on('close', () => { this.#lost() })
  }

  #lost (): void {
    clearInterval(this.#ping)
    this.#asked.clear()
    this.#subscribed.clear()
    this.#socket = undefined
    if (this.#isClosed) return
    this.#again = setTimeout(() => { this.#open() }, this.#pauseMs).unref()
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
  }

  #subscribe (name: string, subject: Subject): void {
    const id = 'account' in subject
      ? this.#send('accountSubscribe', [subject.account, { encoding: 'base64', commitment: 'confirmed' }])
      : this.#send('logsSubscribe', [{ mentions: [subject.mentions] }, { commitment: 'confirmed' }])
    this.#asked.set(id, name)
  }

  #send (method: string, params: unknown[]): number {
    const id = ++this.#id
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return id
  }

  #take (data: Buffer): void {
    const message = objectIn(data)
    if (typeof message.id === 'number') {
      const name = this.#asked.get(message.id)
      this.#asked.delete(message.id)
      if (name !== undefined && typeof message.result === 'number') this.#subscribed.set(message.result, name)
      return
    }
    const { subscription, result } = fieldsOf(message.params)
    const subject = typeof subscription === 'number' ? this.#wanted.get(this.#subscribed.get(subscription) ?? '') : undefined
    if (subject === undefined) return
    if ('account' in subject) this.events.changed(subject.account)
    else {
      const { logs } = fieldsOf(fieldsOf(result).value)
      this.events.logs(Array.isArray(logs) ? logs.filter(line => typeof line === 'string') : [])
    }
  }
}

function nameOf (subject: Subject): string {
  return 'account' in subject ? `account ${subject.account}` : `mentions ${subject.mentions}`
}

function objectIn (data: Buffer): Record<string, unknown> {
  try {
    return fieldsOf(JSON.parse(data.toString()))
  } catch {
    return {}
  }
}

function fieldsOf (value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}
