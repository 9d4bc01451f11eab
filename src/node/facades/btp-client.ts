/** A BTP connection to a node, without a node of one's own: for tools and tests that speak to a connector as a peer does. */
import { EventEmitter } from 'node:events'
import type { ErrorCode } from '../../contracts/errors.js'
import { describeError } from '../../lib/describe-error.js'
import type { PluginInstance } from '../../contracts/plugin.js'
import { secretIn, socketUrl } from '../../config/node/peer.js'
import { btpPlugin } from '../btp.js'
import { createNodeLogger, pluginLog } from '../../lib/log.js'
import { encodePreparePacket, encodeReplyPacket, preparePacketOf, replyPacketOf } from '../packets.js'
import type { ILPFulfillPacket, ILPPreparePacket, ILPRejectPacket, NodeLogger, PeerConfig } from '../../contracts/node.js'
import type { PrepareHandler } from './packet-handler.js'

/** How long `connect` waits. */
const CONNECT_TIMEOUT_MS = 5000
/** The same through a proxy, which may have to build a circuit first. */
const PROXIED_CONNECT_TIMEOUT_MS = 60_000

/** The peer was not reached, or did not let us in, in time. */
export class BTPConnectionError extends Error {
  override readonly name = 'BTPConnectionError'
  readonly code = 'SLUICE_PEER_UNREACHABLE' satisfies ErrorCode
}

export interface BTPClientOptions {
  /** Answers packets of the peer; without one they are rejected. */
  handler?: PrepareHandler | undefined
  logger?: NodeLogger | undefined
  /** `socks5h://...`, through which alone the peer is dialled. Undefined: directly. */
  socksProxy?: string | undefined
}

/** Emits `connected` and `disconnected`. Reconnects by itself until `disconnect`. */
export class BTPClient extends EventEmitter {
  readonly #plugin: PluginInstance
  readonly #connectMs: number

  /**
   * @param peer whom to connect to; `authToken` is shown to it
   * @param nodeId who we say that we are
   */
  constructor (
    private readonly peer: Pick<PeerConfig, 'id' | 'url' | 'authToken' | 'dialect'>,
    nodeId: string,
    { handler, logger = createNodeLogger('btp-client'), socksProxy }: BTPClientOptions = {}
  ) {
    super()
    this.#connectMs = socksProxy === undefined ? CONNECT_TIMEOUT_MS : PROXIED_CONNECT_TIMEOUT_MS
    const Plugin = btpPlugin()
    const { url, authToken, dialect } = peer
    const server = `btp+${socketUrl(url)}`
    const options = { server, btpAccount: nodeId, btpToken: secretIn(authToken), dialect, socksProxy }
    this.#plugin = new Plugin(options, { log: pluginLog(logger) })
    this.#plugin.on('connect', () => this.emit('connected'))
    this.#plugin.on('disconnect', () => this.emit('disconnected'))
    if (handler !== undefined) {
      this.#plugin.registerDataHandler(async data => encodeReplyPacket(await handler.handlePreparePacket(preparePacketOf(data), peer.id)))
    }
  }

  get isConnected (): boolean {
    return this.#plugin.isConnected()
  }

  /** Resolves when packets can be sent. @throws BTPConnectionError after five seconds (through a proxy: a minute), and tries no further */
  async connect (): Promise<void> {
    try {
      await this.#plugin.connect({ timeout: this.#connectMs })
    } catch (error) {
      await this.#plugin.disconnect()
      throw new BTPConnectionError(`BTP connection to ${this.peer.id} failed: ${describeError(error)}`)
    }
  }

  async disconnect (): Promise<void> {
    await this.#plugin.disconnect()
  }

  /** Resolves to the peer's answer. Rejects while there is no connection, and when no answer comes. */
  async sendPacket (packet: ILPPreparePacket): Promise<ILPFulfillPacket | ILPRejectPacket> {
    return replyPacketOf(await this.#plugin.sendData(encodePreparePacket(packet)))
  }
}
