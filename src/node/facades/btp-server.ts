/** A port for BTP peers whose packets an application answers itself, without a node behind it. */
import { NoRoomError, type ListeningPort } from '../../contracts/transport.js'
import type { PluginInstance } from '../../contracts/plugin.js'
import { btpPlugin, type Admit, type BtpPlugin } from '../btp.js'
import { createNodeLogger, pluginLog } from '../../lib/log.js'
import { encodePreparePacket, encodeReplyPacket, preparePacketOf, replyPacketOf } from '../packets.js'
import { GuestPlaces, MAX_GUESTS } from '../guest-places.js'
import { isGuestName } from '../peers.js'
import type { ILPFulfillPacket, ILPPreparePacket, ILPRejectPacket, NodeLogger } from '../../contracts/node.js'
import type { PrepareHandler } from './packet-handler.js'

/** Peers at a time: guests take half of these places at most, so that there is always one for peers with a secret. */
const MAX_PEERS = 2 * MAX_GUESTS
/** From a peer's name to its secret: what one takes that knows it. */
const ENTER_TIMEOUT_MS = 2000

export interface BTPServerOptions {
  /** 0 takes a free one; `port` tells which. */
  port: number
  /** Default: every interface. */
  host?: string | undefined
  /** The secret that a peer has to show. Undefined: it needs none. Default: nobody needs one. */
  secretOf?: ((peerId: string) => string | undefined) | undefined
  /** Whether a peer may come in at all. Default: everybody. */
  mayEnter?: ((peerId: string) => boolean) | undefined
  /** Origins of web pages that may connect, such as `https://wallet.example`. Default: none. */
  allowedOrigins?: readonly string[] | undefined
  logger?: NodeLogger | undefined
}

export class BTPServer {
  readonly #Plugin: BtpPlugin = btpPlugin()
  readonly #peers = new Map<string, PluginInstance>()
  readonly #log: NodeLogger
  readonly #places: GuestPlaces
  readonly #host: string
  #listening: ListeningPort | undefined

  constructor (private readonly options: BTPServerOptions, private readonly handler: PrepareHandler) {
    this.#log = options.logger ?? createNodeLogger('btp-server')
    this.#places = new GuestPlaces(this.#log)
    this.#host = options.host ?? '0.0.0.0'
  }

  /** Where it listens; 0 while it does not. */
  get port (): number {
    return this.#listening?.port ?? 0
  }

  /** The peers that are here. */
  get peerIds (): string[] {
    return [...this.#peers].filter(([, plugin]) => plugin.isConnected()).map(([peerId]) => peerId)
  }

  /** Rejects when the port cannot be had. */
  async start (): Promise<void> {
    if (this.#listening !== undefined) throw new Error('the BTP server is already listening')
    const { port, allowedOrigins = [] } = this.options
    const options = { host: this.#host, port, allowedOrigins, admit: (...who: Parameters<Admit>) => this.#admit(...who) }
    this.#listening = await this.#Plugin.listen(options, pluginLog(this.#log))
    this.#log.info({ port: this.port }, 'btp_server_started')
  }

  async stop (): Promise<void> {
    const listening = this.#listening
    this.#listening = undefined
    await Promise.all([...this.#peers.values()].map(plugin => plugin.disconnect()))
    this.#peers.clear()
    await listening?.release()
  }

  /** Resolves to the peer's answer. Rejects when it is not here, and when no answer comes. */
  async sendPacket (peerId: string, packet: ILPPreparePacket): Promise<ILPFulfillPacket | ILPRejectPacket> {
    const plugin = this.#peers.get(peerId)
    if (plugin === undefined) throw new Error(`No active BTP connection to peer ${peerId}`)
    return replyPacketOf(await plugin.sendData(encodePreparePacket(packet)))
  }

  /** Throws NoRoomError. */
  #admit (peerId: string, address: string): Promise<void> | undefined {
    if (!isGuestName(peerId) || this.#peers.has(peerId) || this.options.mayEnter?.(peerId) === false) return undefined
    const secret = this.options.secretOf?.(peerId)
    if (this.#peers.size >= MAX_PEERS) throw new NoRoomError('There is no room for another peer at the moment. Try again later.')
    const proof = secret === undefined ? { noAuth: true, keepFirst: true } : { secret }
    const listener = { host: this.#host, port: this.port, allowedOrigins: this.options.allowedOrigins ?? [], username: peerId, ...proof }
    const plugin = new this.#Plugin({ listener }, { log: pluginLog(this.#log) })
    const leave = secret === undefined ? this.#places.take(address) : undefined
    this.#peers.set(peerId, plugin)
    return this.#welcome(peerId, plugin, leave)
  }

  async #welcome (peerId: string, plugin: PluginInstance, leave?: () => void): Promise<void> {
    plugin.registerDataHandler(async data => encodeReplyPacket(await this.handler.handlePreparePacket(preparePacketOf(data), peerId)))
    plugin.on('disconnect', () => { void this.#seeOff(peerId, plugin, leave) })
    try {
      await plugin.connect({ timeout: ENTER_TIMEOUT_MS })
    } catch (error) {
      await this.#seeOff(peerId, plugin, leave)
      throw error
    }
  }

  async #seeOff (peerId: string, plugin: PluginInstance, leave?: () => void): Promise<void> {
    leave?.()
    if (this.#peers.get(peerId) === plugin) this.#peers.delete(peerId)
    await plugin.disconnect()
  }
}
