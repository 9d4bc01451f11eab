/**
 * Carries ILP packets to one peer over BTP/2.0 (RFC 0023): binary frames on a WebSocket that either side may open. Takes the options of
 * npm's ilp-plugin-btp and talks to it. No money moves here: a settlement plugin has this as its transport, and adds `sendMoney` and
 * sub-protocols.
 */
import { EventEmitter } from 'node:events'
import { TIMER_LONGEST_MS } from '../../src/lib/timers.js'
import { SILENT_LOG } from '../../src/contracts/logger.js'
import type { Logger } from '../../src/contracts/logger.js'
import type { Admission, DataHandler, MoneyHandler, PluginInstance, PluginServices } from '../../src/contracts/plugin.js'
import { withoutOverlayNames } from '../../src/lib/socks-proxy.js'
import { packetEntry, packetOf } from '../../src/contracts/transport.js'
import type { Answer, ClientRules, MessageGate, Transport, ListeningPort } from '../../src/contracts/transport.js'
import { sessionEntry } from './auth.js'
import { Client } from './client.js'
import { connectionLogFor } from './connection-log.js'
import type { ConnectionLog } from './connection-log.js'
import { Connections } from './connections.js'
import { IlpError, NO_MONEY, closedError, messageOf } from './wire/errors.js'
import { HandlerFaults } from './wire/handler-faults.js'
import { FrameType, alone } from './wire/frame.js'
import type { Frame, SubProtocol } from './wire/frame.js'
import type { Wire } from './wire/fast-reader.js'
import { listenForGuests, register } from './listener.js'
import type { Admit } from './listener.js'
import { DEFAULT_MAX_PAYLOAD, parseOptions, readPem } from './options.js'
import type { ListenSettings, ServerSettings, Settings } from './options.js'
import { MutualProof, UnprovenError } from './mutual-proof.js'
import { UnknownOutcomes } from './wire/unknown-outcomes.js'
import type { Request } from './wire/exchange.js'
import type { RequestContents } from './wire/socket.js'

export { BTP_OPTIONS } from './options.js'

/**
 * Answers one entry of a MESSAGE or TRANSFER; `request` is the whole of it. Resolves to entries for the Response. An entry `ilp` among
 * them answers the packet that came in the same request, which then goes no further. A rejection becomes an Error frame.
 */
export type ProtocolHandler = (entry: SubProtocol, request: RequestContents) => Promise<readonly SubProtocol[]>

/** One stretch between connect() and disconnect(). */
interface Session {
  readonly connections: Connections
  client?: Client
  listening?: ListeningPort
  /** Whether disconnect() has ended it. */
  ended: boolean
}

const COUNTED = { isCounted: true }
const UNLIMITED: Admission = { isBusy: () => false }

interface Waiter {
  resolve: () => void
  reject: (reason: Error) => void
}

interface GuestListening {
  host: string
  port: number
  admit: Admit
  maxPayload?: number
  allowedOrigins?: readonly string[]
  clients?: ClientRules | undefined
}

/**
 * Events: `connect` when packets can be sent, `disconnect` when they no longer can. A newer socket of the peer replaces the older one
 * without either. `error` is never emitted.
 */
export default class PluginBtp extends EventEmitter implements PluginInstance, Transport {
  static readonly version = 2

  /** Without `server`, it is the peer who connects. */
  readonly onlyListens: boolean
  readonly listensOn: PluginInstance['listensOn']
  readonly #log: Logger
  readonly #connectionLog: ConnectionLog
  readonly #settings: Settings
  /** Made when the first is registered, as those who wait are: thousands of accounts may have neither. */
  #protocols: Map<string, ProtocolHandler> | undefined
  #waiters: Set<Waiter> | undefined
  readonly #ownAddress: () => string
  readonly #unknownOutcomes: UnknownOutcomes
  readonly #faults: HandlerFaults
  /** What listeners without secrets know us by. */
  #sessionEntry: SubProtocol | undefined
  readonly #proof = new MutualProof()
  #admission: Admission = UNLIMITED
  #dataHandler: DataHandler | undefined
  #moneyHandler: MoneyHandler | undefined
  #gate: ((entries: readonly SubProtocol[]) => Promise<Answer>) | undefined
  #session: Session | undefined
  #starting: Promise<void> | undefined

  /** Options: see options.ts. Throws when they cannot work. */
  constructor (options: Record<string, unknown>, services?: PluginServices) {
    super()
    this.#settings = parseOptions(options, { mayOpenFiles: services?.mayOpenFiles })
    this.onlyListens = this.#settings.server === undefined
    const { listener } = this.#settings
    this.listensOn = listener === undefined || listener.port === 0 || listener.wsOpts !== undefined ? undefined : listener
    this.#log = services?.log ?? SILENT_LOG
    this.#connectionLog = connectionLogFor(listener)
    this.#ownAddress = services?.getOwnAddress ?? ((): string => '')
    this.#unknownOutcomes = new UnknownOutcomes(this.#log)
    this.#faults = new HandlerFaults(this.#log)
  }

  /**
   * Listens for peers that have no account yet: `admit` is asked about each unknown username, and when it says yes, is to add an account
   * that listens on the same host and port. Rejects when the port cannot be had. `maxPayload` and `allowedOrigins` are
   * those of the accounts.
   */
  static async listen (
    { host, port, admit, maxPayload = DEFAULT_MAX_PAYLOAD, allowedOrigins = [], clients }: GuestListening, log: Logger = SILENT_LOG
  ): Promise<ListeningPort> {
    return listenForGuests({ host, port, maxPayload, allowedOrigins }, admit, log, clients)
  }

  /**
   * Starts to listen and to connect, and resolves when the peer is there. Rejects after `timeout` ms (default: never), and then goes on
   * trying: the peer may come later, and `connect` tells of it. Rejects at once, and tries no more, when the port cannot be had or a
   * certificate cannot be read.
   */
  async connect ({ timeout = Infinity }: { timeout?: number } = {}): Promise<void> {
    this.#starting ??= this.#start()
    await this.#starting
    if (!this.isConnected()) await this.#peer(timeout)
  }

  /** Closes everything and stops trying; what waits for an answer is rejected with R00. The plugin can be connected again. */
  async disconnect (): Promise<void> {
    const session = this.#session
    this.#session = this.#starting = undefined
    if (session === undefined) return
    session.ended = true
    for (const { reject } of this.#takeWaiters()) reject(new Error('connection aborted'))
    if (session.connections.isConnected()) this.#tell('disconnect')
    const closing = session.connections.end()
    this.#unknownOutcomes.report()
    await Promise.all([closing, session.client?.stop(), session.listening?.release()])
  }

  isConnected (): boolean {
    return this.#session?.connections.isConnected() ?? false
  }

  /**
   * Sends an ILP packet and resolves to the peer's answer; empty when the Response holds no `ilp` entry.
   * Rejects with an error whose `ilpErrorCode` says how the packet is to be rejected: T01 no connection, and it was not sent, T03 too much
   * under way, R00 no answer within `responseTimeout`, over this connection or a later one: the peer may have carried it out.
   */
  sendData (data: Buffer): Promise<Buffer> {
    return this.#session?.connections.socket?.sendPacket(data) ?? Promise.reject(closedError())
  }

  /** False, unless a class of its own adds a `sendMoney` that pays. */
  get settles (): boolean {
    return this.sendMoney !== PluginBtp.prototype.sendMoney
  }

  /** Moves no money: this plugin knows no ledger. */
  async sendMoney (_amount: string, _settlement?: { id: string }): Promise<void> {
    // A plugin that settles has this one as its transport.
  }

  /** What `admission` refuses is answered at once, and not handed over. */
  registerDataHandler (handler: DataHandler, admission: Admission = UNLIMITED): void {
    checkHandler(this.#dataHandler, handler)
    this.#dataHandler = handler
    this.#admission = admission
  }

  deregisterDataHandler (): void {
    this.#dataHandler = undefined
  }

  registerMoneyHandler (handler: MoneyHandler): void {
    checkHandler(this.#moneyHandler, handler)
    this.#moneyHandler = handler
  }

  deregisterMoneyHandler (): void {
    this.#moneyHandler = undefined
  }

  /** Sends a MESSAGE and resolves to the entries of the Response. Rejects like `sendData`. */
  sendMessage (protocolData: readonly SubProtocol[]): Promise<readonly SubProtocol[]> {
    return this.#request({ type: FrameType.MESSAGE, protocolData })
  }

  /** Sends a TRANSFER of `amount` (base units, u64) and resolves to the entries of the Response. Rejects like `sendData`. */
  sendTransfer (amount: bigint, protocolData: readonly SubProtocol[]): Promise<readonly SubProtocol[]> {
    return this.#request({ type: FrameType.TRANSFER, amount, protocolData })
  }

  /**
   * From now on `handler` answers entries of this name, in MESSAGEs and TRANSFERs. Handlers are asked one after the other, in the order
   * of the entries, and before the packet that the MESSAGE may carry is looked at.
   */
  registerProtocolHandler (protocolName: string, handler: ProtocolHandler): void {
    if (protocolName === 'ilp') throw new Error('the sub-protocol "ilp" belongs to the data handler: use registerDataHandler')
    checkHandler(this.#protocols?.get(protocolName), handler)
    this.#protocols ??= new Map()
    this.#protocols.set(protocolName, handler)
  }

  deregisterProtocolHandler (protocolName: string): void {
    this.#protocols?.delete(protocolName)
  }

  /** From now on MESSAGEs go through `gate`; TRANSFERs do not. */
  setGate (gate: MessageGate): void {
    const past = (entries: readonly SubProtocol[]): Promise<Answer> => this.#answerMessage(entries) // made once, and not for every packet
    this.#gate = entries => gate(entries, past)
  }

  /** What an operator may see: nothing here is secret. */
  async getAdminInfo (): Promise<Record<string, unknown>> {
    const { server } = this.#settings
    const { listening, connections } = this.#session ?? {}
    return Promise.resolve({
      connected: this.isConnected(),
      ...(server === undefined ? {} : { server: server.url.origin }),
      ...(listening === undefined ? {} : { listener: { host: listening.host, port: listening.port } }),
      pendingRequests: connections?.pendingRequests ?? 0,
      unknownOutcomes: this.#unknownOutcomes.count,
      unreadableFrames: connections?.unreadableFrames ?? 0
    })
  }

  /** Answers a MESSAGE or TRANSFER of the peer. */
  #answer (request: Request): Promise<Answer> {
    if (request.type !== FrameType.MESSAGE) return this.#answerEntries(request)
    return this.#gate === undefined ? this.#answerMessage(request.protocolData) : this.#gate(request.protocolData)
  }

  #answerMessage (protocolData: readonly SubProtocol[]): Promise<Answer> {
    const [entry] = protocolData
    const isLonePacket = protocolData.length === 1 && entry?.protocolName === 'ilp'
    return isLonePacket ? this.#handlePacket(entry.data) : this.#answerEntries({ type: FrameType.MESSAGE, protocolData })
  }

  async #answerEntries (request: RequestContents): Promise<Answer> {
    const { protocolData } = request
    const answers: SubProtocol[] = []
    let handled = false
    for (const entry of protocolData) {
      const handler = this.#protocols?.get(entry.protocolName)
      if (handler === undefined) continue
      handled = true
      answers.push(...await handler(entry, request))
    }
    if (request.type === FrameType.TRANSFER) {
      if (!handled) throw NO_MONEY
      return answers
    }
    const packet = packetOf(protocolData)
    if (packet === undefined || packetOf(answers) !== undefined) return answers
    return [...answers, packetEntry(await this.#faults.guard(() => this.#handlePacket(packet)))]
  }

  #handlePacket (packet: Buffer): Promise<Buffer> {
    if (this.#dataHandler === undefined) throw new IlpError('T00', 'no request handler registered')
    return this.#dataHandler(alone(packet), this.#admission.admits === undefined ? undefined : COUNTED)
  }

  async #start (): Promise<void> {
    const session: Session = this.#session = { connections: this.#newConnections(), ended: false }
    const { server, listener } = this.#settings
    try {
      if (listener !== undefined) await this.#listen(session, listener)
      if (server !== undefined) await this.#dial(session, server)
      if (session.ended) throw new Error('connection aborted')
    } catch (err) {
      if (!session.ended) await this.disconnect()
      throw err
    }
  }

  async #listen (
    session: Session, { host, port, username, secret, keepFirst, onlyFromServer, allowedOrigins, wsOpts, ...pem }: ListenSettings
  ): Promise<void> {
    const key = await readPem('listener.key', pem.key)
    const cert = await readPem('listener.cert', pem.cert)
    const { maxPayload } = this.#settings
    const listening = await register({ host, port, key, cert, maxPayload, allowedOrigins, wsOpts }, {
      username,
      secret,
      log: this.#log,
      accept: (wire, frame) => {
        if (session.ended) wire.ws.close(1001)
        else if (onlyFromServer) this.#acceptProven(session, wire, frame)
        else if (secret === undefined) session.connections.acceptGuest(wire, frame, { keepFirst })
        else session.connections.accept(wire, frame, { keepFirst })
      }
    })
    if (session.ended) await listening.release()
    else session.listening = listening
  }

  /** Throws UnprovenError, and dials the peer at once, which may be why it has come: each has to hear the other's key. */
  #acceptProven (session: Session, wire: Wire, frame: Frame): void {
    if (this.#proof.isIn(frame.protocolData, this.#settings.listener?.username ?? '')) {
      session.connections.accept(wire, frame, { keepFirst: false })
      return
    }
    if (!this.isConnected()) session.client?.hurry()
    throw new UnprovenError()
  }

  async #dial (session: Session, server: ServerSettings): Promise<void> {
    const ca = await readPem('ca', server.ca)
    if (session.ended) return
    session.client = new Client({
      ...server,
      proof: this.#proof,
      flags: [...server.flags, this.#sessionEntry ??= sessionEntry()],
      ca,
      log: this.#log,
      maxPayload: this.#settings.maxPayload,
      isConnected: () => this.isConnected(),
      accept: wire => { session.connections.dialled(wire) }
    })
  }

  #request (contents: RequestContents): Promise<readonly SubProtocol[]> {
    return this.#session?.connections.socket?.request(contents) ?? Promise.reject(closedError())
  }

  #newConnections (): Connections {
    const { responseTimeoutMs, maxPayload } = this.#settings
    return new Connections(() => ({
      log: this.#log, responseTimeoutMs, maxPayload,
      isBusy: bytes => this.#admission.isBusy(bytes),
      admits: client => this.#admission.admits?.(client) ?? true,
      takesTransfers: () => this.#protocols !== undefined && this.#protocols.size > 0,
      ownAddress: this.#ownAddress, answer: request => this.#answer(request),
      unknown: this.#unknownOutcomes, faults: this.#faults,
      onConnect: () => { this.#connected() },
      onDisconnect: () => {
        this.#connectionLog.lost(this.#log)
        this.#tell('disconnect')
      }
    }))
  }

  #connected (): void {
    this.#connectionLog.connected(this.#log)
    this.#tell('connect')
    for (const { resolve } of this.#takeWaiters()) resolve()
  }

  /** A listener that throws must not take the socket down with it. */
  #tell (event: 'connect' | 'disconnect'): void {
    try {
      this.emit(event)
    } catch (err) {
      this.#log.error('error in handler for event. event=%s error=%s', event, messageOf(err))
    }
  }

  #peer (timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = timeoutMs > TIMER_LONGEST_MS
        ? undefined
        : setTimeout(() => { settle(() => reject(this.#peerMissing(timeoutMs))) }, timeoutMs)
      timer?.unref()
      const settle = (done: () => void): void => {
        clearTimeout(timer)
        if (this.#waiters?.delete(waiter) === true && this.#waiters.size === 0) this.#waiters = undefined
        done()
      }
      const waiter: Waiter = { resolve: () => settle(resolve), reject: reason => settle(() => reject(reason)) }
      this.#waiters ??= new Set()
      this.#waiters.add(waiter)
    })
  }

  #peerMissing (timeoutMs: number): Error {
    const { server, listener } = this.#settings
    const missing = server === undefined
      ? `the peer has not connected yet, still listening. port=${listener?.port ?? ''}`
      : `cannot reach the peer yet, still trying. server=${withoutOverlayNames(server.url.host)} reason=${this.#session?.client?.trouble ?? ''}`
    return Object.assign(new Error(`${missing} timeoutMs=${timeoutMs}`), { isListening: this.onlyListens })
  }

  #takeWaiters (): Waiter[] {
    const waiters = [...this.#waiters ?? []]
    this.#waiters = undefined
    return waiters
  }
}

function checkHandler (present: unknown, handler: unknown): void {
  if (present !== undefined) throw new Error('requestHandler is already registered')
  if (typeof handler !== 'function') throw new Error('requestHandler must be a function')
}
