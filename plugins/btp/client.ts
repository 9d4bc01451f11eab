/**
 * The connecting side: opens a WebSocket to the peer, shows the token, and when the connection is lost or refused, tries again for as
 * long as the plugin is connected. A peer that is down is a state, not a failure.
 */
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Logger } from '../../src/types/logger.js'
import { authEntries } from './auth.js'
import { messageOf } from './errors.js'
import { readFast } from './fast-reader.js'
import type { Wire } from './fast-reader.js'
import { FrameType } from './frame.js'
import { WEBSOCKET_OPTIONS } from './options.js'
import type { ServerSettings } from './options.js'
import { BtpSocket } from './socket.js'
import type { SocketOptions } from './socket.js'

/** From the first packet of TCP to the peer's yes, TLS handshake and HTTP upgrade included. */
export const ATTEMPT_TIMEOUT_MS = 10_000

/** Intervals are varied by up to this part in either direction. */
const JITTER = 0.25

export interface ClientOptions extends ServerSettings {
  log: Logger
  maxPayload: number
  /** PEM text. */
  ca: string | undefined
  socketOptions: Omit<SocketOptions, 'role' | 'onClose'>
  /** Whether the peer is here already, over a socket of its own. Then a refusal is no trouble. */
  isConnected: () => boolean
  /** The peer has let us in. */
  onConnect: (socket: BtpSocket) => void
  /** A connection that was reported is lost. */
  onDisconnect: (socket: BtpSocket) => void
}

export class Client {
  /** Why the latest attempt failed, for the operator. */
  trouble = 'no answer'
  readonly #options: ClientOptions
  #websocket: WebSocket | undefined
  #timer: NodeJS.Timeout | undefined
  #tries = 0
  #stopped = false

  /** Starts to connect at once. */
  constructor (options: ClientOptions) {
    this.#options = options
    this.#open()
  }

  /** Closes the connection and gives up trying. Resolves when nothing is left. */
  async stop (): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    const websocket = this.#websocket
    if (websocket === undefined) return
    await new Promise<void>(resolve => {
      websocket.once('close', () => resolve())
      websocket.close(1000)
    })
  }

  #open (): void {
    const { url, ca, maxPayload, log } = this.#options
    const websocket = this.#websocket = new WebSocket(url, { ...WEBSOCKET_OPTIONS, maxPayload, ...(ca === undefined ? {} : { ca }) })
    const deadline = setTimeout(() => { websocket.terminate() }, ATTEMPT_TIMEOUT_MS).unref()
    let connectedAt: number | undefined
    let raw: Socket | undefined
    websocket.on('upgrade', response => { raw = response.socket })
    websocket.on('error', err => {
      this.trouble = err.message
      log.debug('cannot reach the peer. server=%s error=%s', url.host, err.message)
    })
    websocket.on('open', () => {
      if (raw === undefined) return
      const wire: Wire = { ws: websocket, raw }
      readFast(wire, { isMasked: false, maxPayload })
      const socket = new BtpSocket(wire, {
        ...this.#options.socketOptions,
        role: 'client',
        onClose: () => { if (connectedAt !== undefined) this.#options.onDisconnect(socket) }
      })
      void this.#authenticate(socket).then(accepted => {
        clearTimeout(deadline)
        if (!accepted || this.#stopped) return
        connectedAt = Date.now()
        this.#options.onConnect(socket)
      })
    })
    websocket.on('close', () => {
      clearTimeout(deadline)
      this.#websocket = undefined
      if (connectedAt !== undefined && Date.now() - connectedAt >= this.#options.reconnectClearTryMs) this.#tries = 0
      if (!this.#stopped) this.#retry()
    })
  }

  async #authenticate (socket: BtpSocket): Promise<boolean> {
    const { username, token, flags, url, log } = this.#options
    try {
      await socket.request({ type: FrameType.MESSAGE, protocolData: authEntries(username, token, flags) })
      return true
    } catch (err) {
      this.trouble = 'it does not let us in'
      const level = this.#stopped || this.#options.isConnected() ? 'debug' : 'warn'
      log[level]('peer did not let us in, will try again. server=%s error=%s', url.host, messageOf(err))
      await socket.close('not authenticated')
      return false
    }
  }

  /** This timer keeps the process alive on purpose: a connector whose only peer is down still has something to do. */
  #retry (): void {
    const intervals = this.#options.reconnectIntervalsMs
    const interval = intervals[Math.min(this.#tries, intervals.length - 1)] ?? 0
    this.#tries++
    const delay = interval * (1 - JITTER + 2 * JITTER * Math.random())
    this.#options.log.debug('reconnecting. server=%s delayMs=%d', this.#options.url.host, Math.round(delay))
    this.#timer = setTimeout(() => { this.#open() }, delay)
  }
}
