/**
 * The connecting side: opens a WebSocket to the peer, shows the token, and when the connection is lost or refused, tries again for as
 * long as the plugin is connected. A peer that is down is a state, not a failure.
 */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Logger } from '../../src/contracts/logger.js'
import { withoutOverlayNames } from '../../src/lib/socks-proxy.js'
import { SocksAgent } from '../../src/lib/socks-agent.js'
import { authEntries } from './auth.js'
import { TOON } from './dialect/index.js'
import { introduce } from './introduction.js'
import type { MutualProof } from './mutual-proof.js'
import { IlpError, errorOfFrame, messageOf } from './wire/errors.js'
import { readFast } from './wire/fast-reader.js'
import type { Wire } from './wire/fast-reader.js'
import { FrameType } from './wire/frame.js'
import type { ErrorFrame, MessageFrame } from './wire/frame.js'
import { WEBSOCKET_OPTIONS } from './options.js'
import type { ServerSettings } from './options.js'

/** From the first packet of TCP to the peer's yes, TLS handshake and HTTP upgrade included. */
export const ATTEMPT_TIMEOUT_MS = 10_000

/** The same through a proxy, which may have to find a hidden service and to build circuits of six hops to it first. */
export const PROXIED_ATTEMPT_TIMEOUT_MS = 60_000

/** Intervals are varied by up to this part in either direction. */
const JITTER = 0.25

/** At the request of strangers, too, an attempt is made early; so not more often than this. */
const HURRY_MS = 100

/** Refusals in a row of a peer without a secret that may still have to dial us before it knows us. More are a problem. */
const MAX_INTRODUCTIONS = 5

export interface ClientOptions extends ServerSettings {
  log: Logger
  maxPayload: number
  /** By which a peer without a secret knows us. */
  proof: MutualProof
  /** PEM text. */
  ca: string | undefined
  /** Whether the peer is connected already, over a socket that it opened itself. Then a refusal is not a problem. */
  isConnected: () => boolean
  /** The peer has let us in. To be taken over at once: more frames may be there already. */
  accept: (wire: Wire) => void
}

export class Client {
  /** Why the latest attempt failed, for the operator. */
  trouble = 'no answer'
  readonly #options: ClientOptions
  #websocket: WebSocket | undefined
  #timer: NodeJS.Timeout | undefined
  #tries = 0
  #openedAt = 0
  #introductions = 0
  #stopped = false
  /** What the next attempt begins with. Where it may be either, what the peer answered to the last one decides. */
  #speaksToon: boolean

  /** Starts to connect at once. */
  constructor (options: ClientOptions) {
    this.#options = options
    this.#speaksToon = options.dialect === 'toon'
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

  /** Makes the next attempt now, unless there was one just before. */
  hurry (): void {
    if (this.#stopped || this.#websocket !== undefined || Date.now() - this.#openedAt < HURRY_MS) return
    clearTimeout(this.#timer)
    this.#open()
  }

  #open (): void {
    this.#openedAt = Date.now()
    const { url, ca, proxy, maxPayload, dialect, log } = this.#options
    const timeoutMs = proxy === undefined ? ATTEMPT_TIMEOUT_MS : PROXIED_ATTEMPT_TIMEOUT_MS
    const agent = proxy === undefined ? undefined : new SocksAgent(proxy, { isSecure: url.protocol === 'wss:', timeoutMs })
    const options = { ...WEBSOCKET_OPTIONS, maxPayload, ...(ca !== undefined && { ca }), ...(agent !== undefined && { agent }) }
    const websocket = this.#websocket = new WebSocket(url, options)
    const deadline = setTimeout(() => { websocket.terminate() }, timeoutMs).unref()
    let connectedAt: number | undefined
    let raw: Socket | undefined
    let refusal: Error | undefined
    let isOtherDialect = false
    let isIntroduced = false
    websocket.on('upgrade', response => { raw = response.socket })
    websocket.on('error', err => {
      const reason = withoutOverlayNames(err.message)
      const isNews = this.trouble !== reason
      this.trouble = reason
      log[isNews ? 'info' : 'debug']('cannot reach the peer. server=%s error=%s', this.#shownHost, reason)
    })
    websocket.on('open', () => {
      if (raw === undefined) return
      const wire: Wire = { ws: websocket, raw, ...(this.#speaksToon ? { codec: TOON } : {}) }
      readFast(wire, { isMasked: false, maxPayload })
      isOtherDialect = this.#speaksToon // until it shows that it is not
      refusal = new Error('the connection was closed')
      introduce(wire, this.#auth(), {
        answered: answer => {
          if (this.#stopped) return
          isOtherDialect = false
          if (answer.type === FrameType.ERROR) {
            refusal = errorOfFrame(answer)
            isIntroduced = this.#isIntroduced(answer)
            websocket.close(1000, 'not authenticated')
            return
          }
          refusal = undefined
          clearTimeout(deadline)
          connectedAt = Date.now()
          this.#introductions = 0
          this.#options.accept(wire)
        },
        speaksToon: () => {
          isOtherDialect = true
          refusal = new Error('it speaks the other dialect of BTP: set "dialect" to "auto" or "toon"')
          websocket.close(1000, 'another dialect')
        },
        misread: found => { refusal = new Error(`its answer is not BTP. found=${found}`) }
      })
    })
    websocket.on('close', () => {
      clearTimeout(deadline)
      agent?.destroy()
      this.#websocket = undefined
      if (connectedAt !== undefined && Date.now() - connectedAt >= this.#options.reconnectClearTryMs) this.#tries = 0
      if (this.#stopped) return
      const isToChange = isOtherDialect && dialect === 'auto'
      if (isToChange) this.#changeDialect()
      else if (refusal !== undefined) this.#refused(refusal)
      if ((isToChange && this.#speaksToon) || isIntroduced) this.#open()
      else this.#retry()
    })
  }

  /** Whether another attempt may succeed at once, because of what the peer has told us with its refusal. */
  #isIntroduced ({ protocolData }: ErrorFrame): boolean {
    const { token, proof } = this.#options
    if (token !== '' || protocolData.length === 0) return false
    this.#introductions++
    return proof.learn(protocolData) && this.#introductions <= MAX_INTRODUCTIONS
  }

  /** A log does not tell which hidden service the node speaks to. */
  get #shownHost (): string {
    return withoutOverlayNames(this.#options.url.host)
  }

  #auth (): MessageFrame {
    const { username, token, flags, proof } = this.#options
    const protocolData = authEntries(username, token, token === '' ? [...flags, ...proof.entries(username)] : flags)
    return { type: FrameType.MESSAGE, requestId: randomBytes(4).readUInt32BE(), protocolData }
  }

  /** Back to RFC 0023, when the peer does not understand the other one either, without haste. */
  #changeDialect (): void {
    this.#speaksToon = !this.#speaksToon
    const dialect = this.#speaksToon ? 'toon' : 'rfc'
    this.#options.log.info('the peer does not understand us, trying another dialect of BTP. server=%s dialect=%s', this.#shownHost, dialect)
  }

  #refused (err: Error): void {
    const { log } = this.#options
    this.trouble = err instanceof IlpError && err.ilpErrorCode === 'T00' ? 'it has no room for us at the moment' : 'it does not let us in'
    const isExpected = this.#options.isConnected() || (this.#introductions > 0 && this.#introductions <= MAX_INTRODUCTIONS)
    log[isExpected ? 'debug' : 'warn']('peer did not let us in, will try again. server=%s error=%s', this.#shownHost, messageOf(err))
  }

  /** This timer keeps the process alive on purpose: a connector whose only peer is down still has something to do. */
  #retry (): void {
    const intervals = this.#options.reconnectIntervalsMs
    const interval = intervals[Math.min(this.#tries, intervals.length - 1)] ?? 0
    this.#tries++
    const delay = interval * (1 - JITTER + 2 * JITTER * Math.random())
    this.#options.log.debug('reconnecting. server=%s delayMs=%d', this.#shownHost, Math.round(delay))
    this.#timer = setTimeout(() => { this.#open() }, delay)
  }
}
