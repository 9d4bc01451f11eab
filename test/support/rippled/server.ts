/** One server of the network, as WebSocket clients see it. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { answerTo, refusalOf } from './api/commands.js'
import { Subscriptions } from './api/subscriptions.js'
import { Vantage, type Fields } from './api/vantage.js'
import { Faults } from './faults.js'
import type { Network } from './network.js'

const REQUESTS_KEPT = 1000

export class RippledServer {
  readonly faults = new Faults()
  /** How often something was asked of it. */
  asked = 0
  /** The commands that were asked of it, the newest last. */
  readonly requests: Fields[] = []
  private readonly vantage: Vantage
  private readonly bad = new Set<string>()
  private readonly subscriptions = new Map<WebSocket, Subscriptions>()
  private told: number
  private sockets: WebSocketServer | undefined

  constructor (private readonly network: Network) {
    this.vantage = new Vantage(network, this.faults)
    this.told = this.vantage.validatedIndex
  }

  /** The last ledger that this server calls validated. */
  get validatedIndex (): number {
    return this.vantage.validatedIndex
  }

  get url (): string {
    const { port } = this.sockets?.address() as AddressInfo
    return `ws://127.0.0.1:${port}`
  }

  async start (port = 0): Promise<void> {
    this.sockets = new WebSocketServer({ host: '127.0.0.1', port })
    this.sockets.on('connection', socket => { this.serve(socket) })
    await once(this.sockets, 'listening')
    this.network.on('closed', this.tell)
  }

  async stop (): Promise<void> {
    this.network.off('closed', this.tell)
    const { sockets } = this
    this.sockets = undefined
    if (sockets === undefined) return
    this.disconnectAll()
    await new Promise<void>(resolve => { sockets.close(() => { resolve() }) })
  }

  /** Cuts all connections, and goes on listening. */
  disconnectAll (): void {
    for (const socket of this.subscriptions.keys()) socket.terminate()
  }

  /** Tells subscribers of the ledgers that are validated now and were not before. Also after a fault has ended. */
  readonly tell = (): void => {
    const { validatedIndex } = this.vantage
    for (; this.told < validatedIndex; this.told++) {
      const ledger = this.network.ledger(this.told + 1)
      if (ledger === undefined || this.faults.losesEvents) continue
      for (const [socket, subscriptions] of this.subscriptions) {
        for (const message of subscriptions.messagesFor(ledger, this.vantage)) socket.send(JSON.stringify(message))
      }
    }
  }

  private serve (socket: WebSocket): void {
    const subscriptions = new Subscriptions()
    this.subscriptions.set(socket, subscriptions)
    socket.on('close', () => { this.subscriptions.delete(socket) })
    socket.on('error', () => { socket.terminate() })
    socket.on('message', data => { this.answer(data, socket, subscriptions) })
  }

  private answer (data: RawData, socket: WebSocket, subscriptions: Subscriptions): void {
    const request = parsed(data)
    if (request === undefined) {
      socket.send(JSON.stringify({ type: 'error', error: 'jsonInvalid', value: textOf(data) }))
      return
    }
    this.requests.push(request)
    this.asked++
    if (this.requests.length > REQUESTS_KEPT) this.requests.shift()
    const fault = this.faults.next(typeof request.command === 'string' ? request.command : '')
    if (fault === 'loseRequest') return
    if (fault === 'disconnectBefore') {
      socket.terminate()
      return
    }
    const isRefused = fault !== undefined && fault !== 'loseAnswer' && fault !== 'disconnectAfter'
    const answer = isRefused ? refusalOf(request, fault) : answerTo(request, { vantage: this.vantage, subscriptions, bad: this.bad })
    if (fault === 'disconnectAfter') socket.terminate()
    else if (fault !== 'loseAnswer') socket.send(JSON.stringify(answer))
  }
}

function textOf (data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString() : ''
}

function parsed (data: RawData): Fields | undefined {
  try {
    const request: unknown = JSON.parse(textOf(data))
    return typeof request === 'object' && request !== null ? { ...request } : undefined
  } catch {
    return undefined
  }
}
