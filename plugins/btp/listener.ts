/**
 * The listening side. All accounts of a process that listen on the same host and port share one server, which lives as long as the
 * first to come and the last to go. Until a socket has said who it is, it is a stranger: there are only so many strangers, and none
 * stays longer than the authentication deadline, whatever it does with its time.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { SluiceError } from '../../src/contracts/errors.js'
import { WebSocketServer, type RawData, type ServerOptions, type WebSocket } from 'ws'
import { NoRoomError, type ClientRules, type ListeningPort } from '../../src/contracts/transport.js'
import type { Logger } from '../../src/contracts/logger.js'
import { clientNetwork } from '../../src/lib/client-network.js'
import { takeTurns } from '../../src/lib/http-turns.js'
import { LogThrottle } from '../../src/lib/log-throttle.js'
import { Authenticator, WRONG_TOKEN, WrongTokenError, dataOf, usernameOf, type Credentials } from './auth.js'
import { TOON, fromToonAuth, inWords, isToonAuth } from './dialect/index.js'
import { AlreadyConnectedError, errorFrameOf, messageOf } from './wire/errors.js'
import { endInTurns } from './wire/end-in-turns.js'
import { readFast, type Wire } from './wire/fast-reader.js'
import { decodeFrame, encodeFrame, requestIdAt, type Frame } from './wire/frame.js'
import { endLongTurn } from './wire/turn-end.js'
import { WEBSOCKET_OPTIONS } from './options.js'
import { REFUSAL_ENTRIES, UnprovenError } from './mutual-proof.js'
import { Clients } from './proxied.js'
import { listedPagesOnly } from './web-pages.js'

/** From the first byte of TCP to the end of authentication, TLS handshake and HTTP upgrade included. */
export const AUTH_DEADLINE_MS = 5000

/**
 * Sockets that have not authenticated; where there are more accounts, as many as those, because all peers may come at once, after their
 * network was away. When one more comes, the oldest has to go: an honest peer is through within milliseconds.
 */
export const MAX_STRANGERS = 1000

/** A client that fails to authenticate waits this long for the answer, and longer if many from its network fail. */
const REFUSAL_DELAY_MS = 500
/** A client without a token guesses nothing, and may be a peer that comes again at once with a proof. */
const NO_TOKEN_DELAY_MS = 150
export const GUESS_DELAY_MS = 4000

/** A flood of refused sockets makes one log line in this time, not a flood of lines. */
const REFUSAL_LOG_INTERVAL_MS = 1000

/** Errors of RFC 0023: one that the peer may try again after, and one that it may not. */
const TEMPORARY = { code: 'T00', name: 'UnreachableError' }
const FINAL = { code: 'F00', name: 'NotAcceptedError' }

const NOT_A_WEB_SERVER = 'Upgrade Required. This is the port for peers of an Interledger connector: it speaks BTP over WebSockets (ws://), not HTTP. ' +
  'The admin API is on a port of its own.\n'
const PORT_IN_USE = 'The port is in use: stop the other program, or set listener.port of the account, or btpServerPort of the node, to a free port.'

export interface ListenerSettings {
  host: string
  port: number
  /** PEM text. Both or none. */
  key: string | undefined
  cert: string | undefined
  maxPayload: number
  /** Origins of web pages that may connect. */
  allowedOrigins: readonly string[]
  /** Passed to `ws`; a listener with such options is not shared. `server` is listened on and closed with the plugin. */
  wsOpts: ServerOptions | undefined
}

export interface ListeningAccount extends Credentials {
  log: Logger
  /** Takes over an authenticated socket and answers its first frame. */
  accept (wire: Wire, frame: Frame): void
}

/**
 * Asked about a username that no account of the listener has, and the address of who gives it. Undefined: nobody gets in under it. A
 * promise: an account for it will be registered in a moment, and the socket waits for that, for as long as a stranger may stay. A rejection
 * ends the wait: the socket is refused in the words for a wrong token, and the reason is logged. A NoRoomError is for the peer to read, and
 * the side that makes it logs it.
 */
export type Admit = (username: string, address: string) => Promise<void> | undefined

interface Stranger {
  raw: Socket
  deadline: NodeJS.Timeout
}

/** The servers of this process that accounts can share, by host and port. */
const shared = new Map<string, Listener>()

/** Lets `account` in at `settings`. Rejects when the port cannot be had, or is shared with accounts that it does not go with. */
export async function register (settings: ListenerSettings, account: ListeningAccount): Promise<ListeningPort> {
  const listener = listenerFor(settings, account.log)
  listener.authenticator.add(account)
  const release = async (): Promise<void> => {
    listener.authenticator.delete(account)
    await listener.closeIfUnused()
  }
  try {
    const port = await listener.listening
    if (account.username !== undefined) listener.resume(account.username)
    return { host: settings.host, port, release }
  } catch (err) {
    await release()
    throw err
  }
}

/** Opens a listener for accounts to come, or joins the one that is open there. `admit` is asked, and `clients` hold, until the release. */
export async function listenForGuests (
  settings: Omit<ListenerSettings, 'key' | 'cert' | 'wsOpts'>, admit: Admit, log: Logger, clients?: ClientRules
): Promise<ListeningPort> {
  const listener = listenerFor({ ...settings, key: undefined, cert: undefined, wsOpts: undefined }, log)
  if (listener.admit !== undefined) {
    throw new Error(`cannot listen for BTP connections. host=${settings.host} port=${settings.port} error=this process already listens there`)
  }
  listener.admit = admit
  listener.clients.rules = clients
  const release = async (): Promise<void> => {
    listener.admit = undefined
    listener.clients.rules = undefined
    await listener.closeIfUnused()
  }
  try {
    return { host: settings.host, port: await listener.listening, release }
  } catch (err) {
    await release()
    throw err
  }
}

function listenerFor (settings: ListenerSettings, log: Logger): Listener {
  const present = settings.wsOpts === undefined ? shared.get(keyOf(settings)) : undefined
  if (present === undefined) return new Listener(settings, log)
  const { key, cert, maxPayload, allowedOrigins } = present.settings
  const isSamePages = settings.allowedOrigins.join() === allowedOrigins.join()
  if (settings.key !== key || settings.cert !== cert || settings.maxPayload !== maxPayload || !isSamePages) {
    throw new Error('accounts that share a BTP listener need the same key, cert and maxPayload, and the same allowedOrigins. ' +
      `listener=${keyOf(settings)} make them equal, or use another port`)
  }
  return present
}

class Listener {
  readonly authenticator = new Authenticator<ListeningAccount>()
  /** Resolves to the port. */
  readonly listening: Promise<number>
  admit: Admit | undefined
  readonly clients = new Clients()
  readonly #server: Server
  readonly #websockets: WebSocketServer
  readonly #log: Logger
  readonly #strangers = new Map<string, Stranger>()
  /** Strangers whose account is about to be registered, by its username: at most as many as there may be strangers. */
  readonly #waiting = new Map<string, Map<WebSocket, () => void>>()
  #key: string | undefined
  readonly #refusals = new LogThrottle(REFUSAL_LOG_INTERVAL_MS)

  constructor (readonly settings: ListenerSettings, log: Logger) {
    const server = settings.wsOpts?.server
    this.#log = log
    this.#server = server ?? createOwnServer(settings)
    this.#websockets = new WebSocketServer({
      ...settings.wsOpts,
      ...WEBSOCKET_OPTIONS,
      verifyClient: listedPagesOnly(
        settings, (request, reason) => { this.#logRefusal(request.socket, reason) }, request => this.clients.isRefused(request)
      ),
      maxPayload: settings.maxPayload,
      clientTracking: false,
      server: this.#server,
      host: undefined, port: undefined
    })
    this.#websockets.on('connection', (ws, request) => { this.#welcome(ws, request) })
    // A server of the user's own may have other clients, which do not concern us until they ask for a WebSocket.
    if (server === undefined) this.#server.on('connection', (raw: Socket) => { if (this.#mayConnect(raw)) this.#admit(raw) })
    if (settings.wsOpts === undefined && settings.port !== 0) this.#share(settings.port)
    this.listening = this.#listen()
  }

  /** Looks again at those who waited for an account of this name. */
  resume (username: string): void {
    const waiting = this.#waiting.get(username)
    this.#waiting.delete(username)
    for (const letIn of waiting?.values() ?? []) letIn()
  }

  async closeIfUnused (): Promise<void> {
    if (this.authenticator.size === 0 && this.admit === undefined) await this.#close()
  }

  async #close (): Promise<void> {
    if (this.#key !== undefined && shared.get(this.#key) === this) shared.delete(this.#key)
    for (const name of this.#strangers.keys()) this.#expel(name)
    this.#websockets.close()
    await new Promise<void>(resolve => { this.#server.close(() => resolve()) })
  }

  async #listen (): Promise<number> {
    const { host, port } = this.settings
    await new Promise<void>((resolve, reject) => {
      this.#websockets.on('error', (err: Error) => {
        this.#log.error('BTP listener failed. error=%s', err.message)
        const advice = 'code' in err && err.code === 'EADDRINUSE' ? `. ${PORT_IN_USE}` : ''
        reject(new SluiceError('SLUICE_CANNOT_LISTEN', `cannot listen for BTP connections. host=${host} port=${port} error=${err.message}${advice}`))
      })
      this.#server.listen(port, host, resolve)
    })
    const address = this.#server.address()
    const bound = isAddressInfo(address) ? address.port : port
    if (this.settings.wsOpts === undefined) this.#share(bound)
    this.#log.info('listening for BTP connections. host=%s port=%d', host, bound)
    return bound
  }

  #share (port: number): void {
    this.#key = keyOf({ host: this.settings.host, port })
    shared.set(this.#key, this)
  }

  /** Nothing is read from a client that may not connect, and nothing is said to it. */
  #mayConnect (raw: Socket): boolean {
    if (this.clients.mayConnect(raw)) return true
    const address = raw.remoteAddress
    raw.destroy()
    this.#logRefusal(raw, 'its address is not allowed', address)
    return false
  }

  #admit (raw: Socket): void {
    endLongTurn()
    const name = nameOf(raw)
    const [oldest] = this.#strangers.keys()
    const room = Math.max(MAX_STRANGERS, this.authenticator.size)
    if (this.#strangers.size >= room && oldest !== undefined) this.#expel(oldest)
    this.#strangers.set(name, { raw, deadline: setTimeout(() => { this.#expel(name) }, AUTH_DEADLINE_MS).unref() })
    raw.once('close', () => {
      if (this.#strangers.get(name)?.raw === raw) this.#forget(name)
    })
  }

  #expel (name: string): void {
    this.#strangers.get(name)?.raw.destroy()
    this.#forget(name)
  }

  #forget (name: string): void {
    clearTimeout(this.#strangers.get(name)?.deadline)
    this.#strangers.delete(name)
  }

  #welcome (ws: WebSocket, request: IncomingMessage): void {
    const raw = request.socket
    endLongTurn()
    if (!this.#strangers.has(nameOf(raw))) this.#admit(raw)
    const wire: Wire = { ws, raw }
    readFast(wire, { isMasked: true, maxPayload: this.settings.maxPayload })
    endInTurns(raw)
    ws.on('error', err => { this.#log.debug('websocket error. remote=%s error=%s', raw.remoteAddress, err.message) })
    ws.once('message', (data, isBinary) => { this.#authenticate(wire, data, isBinary) })
  }

  #authenticate (wire: Wire, data: RawData, isBinary: boolean): void {
    if (!Buffer.isBuffer(data)) return // `ws` gives nothing else by default
    const frame = this.#firstFrame(wire, data, isBinary)
    if (frame === undefined) return
    try {
      if (!this.#awaitsAccount(wire, frame, usernameOf(frame))) this.#letIn(wire, frame)
    } catch (err) {
      this.#refuse(wire, frame, err)
    }
  }

  /** The first frame, whatever the dialect. Undefined: the socket is refused. */
  #firstFrame (wire: Wire, data: Buffer, isBinary: boolean): Frame | undefined {
    if (isBinary && isToonAuth(data)) return this.#firstToonFrame(wire, data)
    try {
      if (isBinary) return decodeFrame(data)
    } catch {
      // It gets no answer: it would not understand ours either.
    }
    this.#logRefusal(wire.raw, `the first message is not an auth message of BTP. found=${inWords(data, isBinary)}`)
    wire.ws.close(1002)
    return undefined
  }

  #firstToonFrame (wire: Wire, bytes: Buffer): Frame | undefined {
    wire.codec = TOON
    try {
      return fromToonAuth(bytes)
    } catch (err) {
      this.#refuse(wire, { requestId: requestIdAt(bytes, 0), protocolData: [] }, err)
      return undefined
    }
  }

  /** Whether the socket waits for an account that is about to be registered. */
  #awaitsAccount (wire: Wire, frame: Frame, username: string): boolean {
    const { ws } = wire
    const coming = this.authenticator.has(username) ? undefined : this.#ask(username, wire)
    if (coming === undefined) return false
    const waiting = this.#waiting.get(username) ?? new Map<WebSocket, () => void>()
    ws.pause() // what it has sent behind its first frame is for the account
    this.#waiting.set(username, waiting.set(ws, () => {
      this.#letIn(wire, frame)
      ws.resume()
      wire.readOn?.()
    }))
    ws.once('close', () => { this.#waitsNoMore(username, ws) })
    coming.catch((err: unknown) => {
      const refusal = err instanceof NoRoomError ? err : new NotAddedError(messageOf(err))
      if (this.#waitsNoMore(username, ws)) this.#refuse(wire, frame, refusal)
      else this.#logRefusal(wire.raw, messageOf(err)) // it was in for a moment
    })
    return true
  }

  /** Whether it waited until now. */
  #waitsNoMore (username: string, ws: WebSocket): boolean {
    const waiting = this.#waiting.get(username)
    const hasWaited = waiting?.delete(ws) === true
    if (waiting?.size === 0) this.#waiting.delete(username)
    return hasWaited
  }

  /** What goes wrong on our side is not for a stranger to read. */
  #ask (username: string, { raw }: Wire): Promise<void> | undefined {
    try {
      return this.admit?.(username, this.clients.addressOf(raw))
    } catch (err) {
      return Promise.reject(err instanceof Error ? err : new Error(messageOf(err)))
    }
  }

  #letIn (wire: Wire, frame: Frame): void {
    const { raw } = wire
    try {
      const account = this.authenticator.authenticate(frame, this.clients.addressOf(raw))
      if (account.secret === undefined && this.admit !== undefined) wire.client = clientNetwork(this.clients.addressOf(raw))
      account.accept(wire, frame)
      this.#forget(nameOf(raw))
    } catch (err) {
      this.#refuse(wire, frame, err)
    }
  }

  /** `first`: what could be read of the client's first frame. */
  #refuse ({ ws, raw, codec }: Wire, first: Pick<Frame, 'requestId' | 'protocolData'>, err: unknown): void {
    const reason = messageOf(err)
    const hasNoRoom = err instanceof NoRoomError
    ws.resume() // or its end would not be seen
    if (err instanceof AlreadyConnectedError) this.#log.debug('refused a second BTP connection of a peer. remote=%s', raw.remoteAddress)
    else if (err instanceof UnprovenError) this.#log.debug('refused a BTP connection that may not come from the peer. remote=%s', raw.remoteAddress)
    else if (hasNoRoom) this.#log.debug('no room for a BTP connection. remote=%s', raw.remoteAddress)
    else this.#logRefusal(raw, err instanceof NotAddedError ? err.reason : reason)
    const error = errorFrameOf(first.requestId, { ...(hasNoRoom ? TEMPORARY : FINAL), data: reason })
    const answer = encodeFrame({ ...error, protocolData: REFUSAL_ENTRIES })
    const timer = setTimeout(() => {
      ws.send(codec?.write(answer) ?? answer)
      ws.close(hasNoRoom ? 1013 : 1008)
    }, delayOf(first, err)).unref()
    ws.once('close', () => { clearTimeout(timer) })
  }

  #logRefusal (raw: Socket, reason: string, remote = this.clients.addressOf(raw)): void {
    const count = this.#refusals.due()
    if (count !== undefined) this.#log.warn('refused a BTP connection. remote=%s reason=%s refusedSinceLastLine=%d', remote, reason, count)
  }
}

function delayOf ({ protocolData }: Pick<Frame, 'protocolData'>, err: unknown): number {
  if (err instanceof WrongTokenError && err.isOneOfMany) return GUESS_DELAY_MS
  return dataOf(protocolData, 'auth_token')?.length === 0 ? NO_TOKEN_DELAY_MS : REFUSAL_DELAY_MS
}

/** No account could be made for a peer that may come in. It is told no more than any other. */
class NotAddedError extends Error {
  constructor (readonly reason: string) {
    super(WRONG_TOKEN)
  }
}

function createOwnServer ({ key, cert }: ListenerSettings): Server {
  const server = key === undefined || cert === undefined ? createServer() : createTlsServer({ key, cert })
  takeTurns(server, true)
  return server.on('request', (_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket', connection: 'upgrade' }).end(NOT_A_WEB_SERVER)
  })
}

function keyOf ({ host, port }: { host: string, port: number }): string {
  return `${host}:${port}`
}

/** The same for the TCP socket and for the TLS socket on top of it. */
function nameOf (raw: Socket): string {
  return `${raw.remoteAddress ?? ''} ${raw.remotePort ?? ''}`
}

function isAddressInfo (address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
