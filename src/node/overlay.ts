/**
 * The overlay that a node uses: its proxy, how that is, and the hidden service by which peers reach the node. It is there before the node
 * does anything else. Where the proxy cannot be used, the node does not start; when it fails later, nothing goes another way.
 */
import { join } from 'node:path'
import { SluiceError } from '../contracts/errors.js'
import type { NodeConfig, NodeLogger, Overlay as OverlayConfig } from '../contracts/node.js'
import { backoffMs } from '../lib/backoff.js'
import { parseSocksProxy } from '../lib/socks-proxy.js'
import { pause } from '../lib/timers.js'
import { ManagedProxyProcess } from './managed-proxy.js'
import { readHostname } from './proxy-files.js'
import { proxyTrouble, reachTrouble, type Place } from './socks-probe.js'

const START_PROBE_MS = 2000
const PROBE_MS = 1000
const PROBE_EVERY_MS = 30_000
/** A hidden service is found once its descriptor has spread, which takes a minute or so at the first start. */
const SELF_DIAL_MS = 60_000
const SELF_DIAL_FIRST_PAUSE_MS = 2000
const SELF_DIAL_LONGEST_PAUSE_MS = 60_000
const HOSTNAME_EVERY_MS = 100

export interface OverlayOptions {
  config: OverlayConfig
  /** For what a proxy that the node starts keeps. */
  directory: string
  /** The BTP port of the node. */
  target: number
  log: NodeLogger
}

/** Of a hidden service. Both are null until the node has reached itself through it. */
export interface HiddenServiceStatus {
  hostname: string | null
  /** When it was first reached, as an ISO time. */
  publishedAt: string | null
}

/** Undefined: peers are dialled directly. */
export function overlayOf ({ transport, dataPath, nodeId, btpServerPort: target }: NodeConfig, log: NodeLogger): Overlay | undefined {
  return transport.type === 'direct' ? undefined : new Overlay({ config: transport, directory: join(dataPath, 'overlay', nodeId), target, log })
}

export class Overlay {
  probeFailures = 0
  #isStarted = false
  #isHealthy = false
  #hostname: string | undefined
  #publishedAt: string | undefined
  #probes: NodeJS.Timeout | undefined
  readonly #proxy: Place
  readonly #managed: ManagedProxyProcess | undefined
  readonly #stopping = new AbortController()

  /** Opens nothing. */
  constructor (private readonly options: OverlayOptions) {
    const { config: { proxy, managed }, directory, target, log } = options
    this.#proxy = parseSocksProxy(proxy)
    this.#managed = managed && new ManagedProxyProcess({ managed, socks: this.#proxy, directory, target, log })
  }

  /** Whether the proxy answered when it was last asked. */
  get isHealthy (): boolean {
    return this.#isHealthy
  }

  /** How often a proxy that the node runs was started again. */
  get restarts (): number {
    return this.#managed?.restarts ?? 0
  }

  /** Undefined: there is none that the node looks after. */
  get hiddenService (): HiddenServiceStatus | undefined {
    if (this.options.config.managed?.hiddenService === undefined) return undefined
    const publishedAt = this.#publishedAt ?? null
    return { hostname: publishedAt === null ? null : this.#hostname ?? null, publishedAt }
  }

  /** Where peers dial the node, as far as that is known. */
  get externalUrl (): string | undefined {
    const { externalUrl, managed } = this.options.config
    if (externalUrl !== undefined || managed?.hiddenService === undefined || this.#publishedAt === undefined) return externalUrl
    return `ws://${this.#hostname ?? ''}:${managed.hiddenService.port}`
  }

  /** Resolves when the proxy answers. @throws SluiceError when it does not: the node is not to start then */
  async start (): Promise<void> {
    await this.#managed?.start()
    try {
      const { host, port } = this.#proxy
      const trouble = await proxyTrouble(this.#proxy, START_PROBE_MS)
      if (trouble !== undefined) {
        throw new SluiceError('SLUICE_PROXY_UNREACHABLE', `SocksTransportProvider: SOCKS5 proxy unreachable at ${host}:${port} (${trouble})`)
      }
      await this.#learnHostname()
      this.#isHealthy = this.#isStarted = true
      this.#probes = setInterval(() => { void this.#probe() }, PROBE_EVERY_MS).unref()
      this.options.log.info({ proxy: `${host}:${port}`, managed: this.#managed !== undefined }, 'socks_transport_started')
    } catch (error) {
      await this.#managed?.stop()
      throw error
    }
  }

  /** The BTP port is open. Dials the node itself through its hidden service, until that is reached; only then is its name told. */
  async announce (): Promise<void> {
    const { config: { managed }, log } = this.options
    const hostname = this.#hostname
    if (hostname === undefined || managed?.hiddenService === undefined) return
    for (let failures = 0; !this.#isStopping(); failures++) {
      const trouble = await reachTrouble(this.#proxy, { host: hostname, port: managed.hiddenService.port }, SELF_DIAL_MS)
      if (this.#isStopping()) return
      if (trouble === undefined) {
        this.#publishedAt = new Date().toISOString()
        log.info({ failures }, 'hidden_service_reachable')
        return
      }
      log[failures === 0 ? 'warn' : 'debug']({ reason: trouble }, 'managed_anon_probe_failed')
      await pause(backoffMs(failures, SELF_DIAL_FIRST_PAUSE_MS, SELF_DIAL_LONGEST_PAUSE_MS), this.#stopping.signal)
    }
  }

  /** Resolves when nothing is left. A start that goes on is given up. */
  async stop (): Promise<void> {
    this.#stopping.abort()
    clearInterval(this.#probes)
    await this.#managed?.stop()
    this.#isHealthy = false
    if (this.#isStarted) this.options.log.info({}, 'socks_transport_stopped')
    this.#isStarted = false
  }

  #isStopping (): boolean {
    return this.#stopping.signal.aborted
  }

  async #probe (): Promise<void> {
    const trouble = await proxyTrouble(this.#proxy, PROBE_MS)
    if (trouble !== undefined) this.probeFailures++
    const isHealthy = trouble === undefined
    if (isHealthy === this.#isHealthy || this.#stopping.signal.aborted) return
    this.#isHealthy = isHealthy
    if (isHealthy) this.options.log.info({}, 'socks_transport_recovered')
    else this.options.log.warn({ reason: trouble }, 'socks_transport_health_failed')
  }

  async #learnHostname (): Promise<void> {
    const { managed } = this.options.config
    if (managed?.hiddenService === undefined) return
    const { directory } = managed.hiddenService
    for (const startedAt = Date.now(); Date.now() - startedAt < managed.startupTimeoutMs;) {
      this.#hostname = await readHostname(managed.hiddenService)
      if (this.#hostname !== undefined) return
      await pause(HOSTNAME_EVERY_MS, this.#stopping.signal)
      if (this.#stopping.signal.aborted) break
    }
    throw new SluiceError('SLUICE_PROXY_UNUSABLE', `the proxy has made no hidden service in ${directory} within ${managed.startupTimeoutMs} ms.`)
  }
}
