/**
 * A connection to a server of the XRP Ledger, made when it is needed. The SDK's client carries questions and answers, and nothing else:
 * what it fills in and decides by itself (sequences, fees, outcomes) is not what money can depend on.
 */
import { setMaxListeners } from 'node:events'
import { Client } from 'xrpl'
import { describeError } from '../../../src/lib/describe-error.js'
import { isObject } from '../../../src/lib/is-object.js'
import { withoutOverlayNames } from '../../../src/lib/socks-proxy.js'
import { pause } from '../../../src/lib/timers.js'
import { ChainError } from '../../lib/channels/types.js'
import { agentFor, type SocksAgent } from '../../../src/lib/socks-agent.js'

/** As the server sends it: JSON. */
export type Json = Record<string, unknown>

/** What a server pushes, and when it cannot any more. */
export interface ConnectionEvents {
  ledgerClosed (event: Json): void
  transaction (event: Json): void
  lost (): void
}

const CONNECT_MS = 5000
const ANSWER_MS = 15_000
/** The same through a proxy, which may have to build a circuit first. */
const PROXIED_CONNECT_MS = 30_000
const PROXIED_ANSWER_MS = 30_000
/** After a connection could not be made, the next one is tried so much later. */
const PAUSE_MS = 500

/** The server has answered, and does not do what it was asked. */
export class ServerError extends Error {
  override readonly name = 'ServerError'

  /** @param code such as `entryNotFound` */
  constructor (readonly code: string, message: string, readonly answer: Json) {
    super(message)
  }
}

/** One WebSocket, from its beginning to its end. */
interface Line {
  client: Client
  /** Aborts when it is over: the SDK lets some questions wait for their answer even then. */
  over: AbortController
}

export interface ServerPlace {
  /** ws or wss. */
  url: string
  /** Through which alone it is reached. Undefined: directly. */
  socksProxy?: string | undefined
}

export class Connection {
  readonly host: string
  readonly #agent: SocksAgent | undefined
  #line: Line | undefined
  #connecting: Promise<Line> | undefined
  /** What is not up yet. */
  #dialled: Line | undefined
  #failedMs = 0
  #isClosed = false

  /**
   * @param prepare asks for what each new connection is to push, before anybody else asks anything
   * @throws Error where the URL is that of a hidden service and there is no proxy
   */
  constructor (
    private readonly place: ServerPlace, private readonly events: ConnectionEvents,
    private readonly prepare: (ask: (question: Json) => Promise<Json>) => Promise<void>
  ) {
    this.host = withoutOverlayNames(new URL(place.url).host) // all that is ever said of the URL: the rest may hold a key
    this.#agent = agentFor(new URL(place.url), place.socksProxy, PROXIED_CONNECT_MS)
  }

  get isUp (): boolean {
    return this.#line?.client.isConnected() ?? false
  }

  open (): void {
    this.#isClosed = false
  }

  async close (): Promise<void> {
    this.#isClosed = true
    for (const line of [this.#line, this.#dialled]) if (line !== undefined) this.#end(line)
    await this.#connecting?.catch(() => undefined)
  }

  /** @throws ServerError with what the server has answered, ChainError when it does not answer */
  async request (question: Json): Promise<Json> {
    return await this.#ask(await this.#connected(), question)
  }

  async #connected (): Promise<Line> {
    if (this.#line?.client.isConnected() === true) return this.#line
    if (this.#isClosed) throw new ChainError('disconnected from the XRP Ledger', false)
    return await (this.#connecting ??= this.#connect().finally(() => { this.#connecting = undefined }))
  }

  async #connect (): Promise<Line> {
    await pause(Math.min(PAUSE_MS, this.#failedMs + PAUSE_MS - Date.now()))
    if (this.#line !== undefined) this.#end(this.#line)
    const agent = this.#agent
    const [connectionTimeout, timeout] = agent === undefined ? [CONNECT_MS, ANSWER_MS] : [PROXIED_CONNECT_MS, PROXIED_ANSWER_MS]
    const client = new Client(this.place.url, { connectionTimeout, timeout, ...(agent !== undefined && { agent }) })
    const line: Line = { client, over: new AbortController() }
    setMaxListeners(0, line.over.signal) // one for each question that waits for its answer, and many may
    this.#dialled = line
    const isCurrent = (): boolean => !line.over.signal.aborted
    client.on('error', () => undefined) // what is wrong shows in the questions that fail
    client.on('ledgerClosed', event => { if (isCurrent() && isObject(event)) this.events.ledgerClosed(event) })
    client.on('transaction', event => { if (isCurrent() && isObject(event)) this.events.transaction(event) })
    client.on('disconnected', () => { this.#end(line) })
    client.on('connected', () => { if (!isCurrent()) this.#hangUp(line) }) // by itself, and it would subscribe to nothing
    try {
      await untilOver(client.connection.connect(), line.over.signal)
      await this.prepare(question => this.#ask(line, question))
      if (this.#isClosed) throw new ChainError('disconnected from the XRP Ledger', false)
    } catch (error) {
      this.#failedMs = Date.now()
      this.#end(line)
      throw error instanceof ChainError ? error : this.#unreachable(describeError(error), error)
    } finally {
      this.#dialled = undefined
    }
    this.#line = line
    return line
  }

  async #ask ({ client, over }: Line, question: Json): Promise<Json> {
    const { command } = question
    if (typeof command !== 'string') throw new TypeError('a question to the server needs a command')
    try {
      const request = { api_version: 2, ...question, command }
      const { result } = await untilOver(client.connection.request<typeof request, { result: unknown }>(request), over.signal)
      if (!isObject(result)) throw this.#unreachable(`it answered ${command} with anything but an object`)
      return result
    } catch (error) {
      const answer = isObject(error) && isObject(error.data) ? error.data : undefined
      if (typeof answer?.error === 'string') throw new ServerError(answer.error, `${command}: ${answer.error}. ${textIn(answer)}`, answer)
      throw error instanceof ChainError ? error : this.#unreachable(describeError(error), error)
    }
  }

  #end (line: Line): void {
    if (line.over.signal.aborted) return
    line.over.abort()
    this.#hangUp(line)
    queueMicrotask(() => { this.#hangUp(line) }) // the client tells of a loss first, and then plans to connect again
    this.#agent?.destroy() // what it still dials
    if (this.#line !== line) return
    this.#line = undefined
    this.events.lost()
  }

  #hangUp ({ client }: Line): void {
    client.disconnect().catch(() => undefined)
  }

  #unreachable (why: string, cause?: unknown): ChainError {
    return new ChainError(`the server of the XRP Ledger at ${this.host} cannot be used now: ${withoutOverlayNames(why.replaceAll(this.place.url, this.host))}`, false, { cause })
  }
}

async function untilOver<T> (answer: Promise<T>, over: AbortSignal): Promise<T> {
  if (over.aborted) throw new Error('the connection was lost')
  return await new Promise((resolve, reject) => {
    const lose = (): void => { reject(new Error('the connection was lost')) }
    over.addEventListener('abort', lose, { once: true })
    answer.then(resolve, reject).finally(() => { over.removeEventListener('abort', lose) })
  })
}

function textIn ({ error_message: message, error_exception: exception }: Json): string {
  return [message, exception].filter(text => typeof text === 'string').join(' ').slice(0, 300)
}

/** What went wrong between us and the server is never final: it may be right the next time. */
export function troubleOf (error: unknown): ChainError {
  return error instanceof ChainError ? error : new ChainError(describeError(error), false, { cause: error })
}
