/**
 * How the node reaches its peers, as it is configured: under its own address, or through a SOCKS5 proxy and nowhere else. What is in doubt
 * is refused: a node that connected directly, although somebody meant to hide it, could not take that back.
 */
import { z } from 'zod'
import type { ManagedProxy, NodeTransport, Overlay, Peer, TransportConfig } from '../../contracts/node.js'
import { flag, milliseconds, text, whole } from '../../lib/field-kinds.js'
import { isLoopbackAddress, staysHere } from '../../lib/loopback.js'
import { isOverlayHost, parseSocksProxy, socksProxyFault, withoutOverlayNames } from '../../lib/socks-proxy.js'
import { quote } from '../in-words.js'

export const TRANSPORTS = ['direct', 'socks5'] as const
const IN_WORDS = TRANSPORTS.join(', ')

const PORT_MAX = 65_535
/** Of a value that is refused, this much is shown. */
const SHOWN_MAX = 200
const STARTUP_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 10_000
const HIDDEN_SERVICE_DIR = './data/hidden-service'
/** What a hidden service is known by (version 3), without the name of its network. */
const SERVICE_ID = /^([a-z2-7]{56})\.(?:onion|anon|anyone)$/i

const path = text('the path of a file or directory')
const port = whole(1, PORT_MAX)

/** The section `transport`. */
export const transportSection = z.strictObject({
  type: z.enum(TRANSPORTS).meta({ expected: `one of ${IN_WORDS}` }).optional(),
  socksProxy: text('socks5h://host:port').meta({ secret: true }).optional(),
  socksUrl: text('socks5h://host:port').meta({ secret: true }).optional(),
  externalUrl: text('a ws:// or wss:// URL, or auto').optional(),
  managed: flag.optional(),
  managedOptions: z.strictObject({
    hiddenServiceDir: path.optional(),
    hiddenServicePort: port.optional(),
    startupTimeoutMs: milliseconds(1).optional(),
    stopTimeoutMs: milliseconds(1).optional(),
    binaryPath: path.optional(),
    configFilePath: path.optional()
  }).meta({ expected: 'an object' }).optional(),
  hiddenService: z.strictObject({
    enabled: flag.optional(),
    hostname: text('the name of the hidden service, such as xyz.anon').optional(),
    virtualPort: port.optional()
  }).meta({ expected: 'an object' }).optional()
}).meta({ expected: `an object with type (${IN_WORDS})` })

export const PEER_TRANSPORT = `transport must be one of ${IN_WORDS}`

/** `transport` of a peer. */
export const peerTransport = z.enum(TRANSPORTS, PEER_TRANSPORT).optional()
  .describe('How the peer is reached: as the node is configured (default), or directly although the node uses a proxy')
  .meta({ expected: `one of ${IN_WORDS}` })

/** Words that tools look for, about a field of the section that the schema does not take. */
export function transportTypeFault (value: unknown): string {
  return `Invalid transport.type: must be one of ${IN_WORDS}, got ${typeof value === 'string' ? quote(value) : typeof value}`
}

/** With everything decided. What `checkTransport` refuses gives something that is not to be used. */
export function decideTransport (given: TransportConfig = {}, btpServerPort: number): NodeTransport {
  if (given.type !== 'socks5') return { type: 'direct' }
  return {
    type: 'socks5',
    proxy: given.socksProxy ?? given.socksUrl ?? '',
    externalUrl: given.externalUrl === 'auto' ? undefined : given.externalUrl ?? externalUrlOf(given, btpServerPort),
    managed: given.managed === true ? decideManaged(given, btpServerPort) : undefined
  }
}
function decideManaged ({ managedOptions = {}, hiddenService, ...given }: TransportConfig, btpServerPort: number): ManagedProxy {
  const { binaryPath, configFilePath, hiddenServiceDir, hiddenServicePort, startupTimeoutMs, stopTimeoutMs } = managedOptions
  const isServed = hasHiddenService({ ...given, managedOptions, hiddenService })
  return {
    binaryPath,
    configFilePath,
    startupTimeoutMs: startupTimeoutMs ?? STARTUP_TIMEOUT_MS,
    stopTimeoutMs: stopTimeoutMs ?? STOP_TIMEOUT_MS,
    hiddenService: isServed
      ? {
        directory: hiddenServiceDir ?? HIDDEN_SERVICE_DIR,
        port: hiddenServicePort ?? hiddenService?.virtualPort ?? btpServerPort,
        serviceId: serviceIdOf(hiddenService?.hostname ?? '')
      }
      : undefined
  }
}

/** Whether peers reach the node only through a service that the node looks after itself: then nothing else need be open. */
export function isHidden (given: TransportConfig = {}): boolean {
  return given.type === 'socks5' && given.managed === true && hasHiddenService(given)
}

/** @param nodeIs `environment` and where the BTP port listens */
export function checkTransport (
  given: TransportConfig | undefined, nodeIs: { environment: string, btpServerHost: string },
  refuse: (path: PropertyKey[], message: string) => void, warn: (message: string) => void
): void {
  if (given === undefined) return
  const others = Object.keys(given).filter(key => key !== 'type')
  if (given.type === undefined && others.length > 0) {
    refuse(['transport', 'type'], `is missing, and transport.${others[0] ?? ''} is there. Add type: socks5, or type: direct to connect without a proxy.`)
  } else if (given.type === 'direct' && others.length > 0) {
    warn(`transport.type is direct: ${others.map(key => `transport.${key}`).join(', ')} is ignored, and everyone who connects sees the node's own address.`)
  } else if (given.type === 'socks5') {
    checkProxy(given, refuse)
    checkExternalUrl(given, nodeIs.environment, refuse)
    checkManaged(given, refuse, warn)
    if (!isLoopbackAddress(nodeIs.btpServerHost)) {
      warn(`transport.type is socks5, and the BTP port also listens on ${nodeIs.btpServerHost}: anyone who can reach the node's own address can connect ` +
        'past the overlay. To be reached through a hidden service alone, set btpServerHost (BTP_SERVER_HOST) to 127.0.0.1.')
    }
  }
}

/** Why a peer is not reached in the way that is asked for; undefined where it is. */
export function peerTransportFault ({ id, url, transport }: Pick<Peer, 'id' | 'url' | 'transport'>, ofNode: NodeTransport): string | undefined {
  if (transport === 'socks5' && ofNode.type !== 'socks5') return `peer '${id}': transport: 'socks5' requires connector-level transport.type 'socks5'`
  const isProxied = ofNode.type === 'socks5' && transport !== 'direct'
  const { hostname } = new URL(url)
  if (!isProxied && isOverlayHost(hostname)) {
    return `peer '${id}': its url is that of a hidden service, which is reached only through a proxy. Set transport.type 'socks5' and transport.socksProxy` +
      `${transport === 'direct' ? ', and remove the transport: \'direct\' of the peer' : ''}.`
  }
  return undefined
}

function hasHiddenService ({ hiddenService, managedOptions }: TransportConfig): boolean {
  return hiddenService?.enabled ?? managedOptions?.hiddenServiceDir !== undefined
}

/** Of a hidden service that somebody else looks after. */
function externalUrlOf ({ managed, hiddenService }: TransportConfig, btpServerPort: number): string | undefined {
  if (managed === true || hiddenService?.enabled !== true || hiddenService.hostname === undefined) return undefined
  return `ws://${hiddenService.hostname}:${hiddenService.virtualPort ?? btpServerPort}`
}

/** Undefined for a name that stands for one that is not known yet. */
function serviceIdOf (hostname: string): string | undefined {
  return SERVICE_ID.exec(hostname)?.[1]?.toLowerCase()
}

type Refuse = Parameters<typeof checkTransport>[2]
type Warn = Parameters<typeof checkTransport>[3]

function checkProxy ({ socksProxy, socksUrl, managed }: TransportConfig, refuse: Refuse): void {
  const key = socksProxy === undefined && socksUrl !== undefined ? 'socksUrl' : 'socksProxy'
  const proxy = socksProxy ?? socksUrl
  const place = ['transport', key]
  if (proxy === undefined) {
    refuse(place, 'Missing required field: transport.socksProxy is required when transport.type is "socks5"')
    return
  }
  if (socksProxy !== undefined && socksUrl !== undefined && socksProxy !== socksUrl) {
    refuse(['transport', 'socksUrl'], 'is another name for transport.socksProxy, and says something else. Remove one of them.')
  }
  const fault = socksProxyFault(proxy)
  if (fault !== undefined) {
    refuse(place, `transport.${key} ${fault} Got: "${withoutOverlayNames(proxy).slice(0, SHOWN_MAX)}"`)
  } else if (managed === true && !staysHere(new URL(proxy).hostname)) {
    refuse(place, `is not on this machine, and with transport.managed the node starts the proxy itself. Set 127.0.0.1 and a free port, or remove managed.`)
  } else if (managed === true && parseSocksProxy(proxy).user !== undefined) {
    refuse(place, 'has credentials, and a proxy that the node starts asks for none: they would put all peers on one circuit. Remove them.')
  }
}

function checkExternalUrl ({ externalUrl, managed, ...given }: TransportConfig, environment: string, refuse: Refuse): void {
  if (externalUrl === undefined) return
  const place = ['transport', 'externalUrl']
  if (externalUrl === 'auto') {
    if (managed !== true || !hasHiddenService(given)) {
      refuse(place, 'is auto, which needs transport.managed: true and transport.managedOptions.hiddenServiceDir or transport.hiddenService.enabled. Add them, or ' +
        'write the URL.')
    }
    return
  }
  const url = /^wss?:\/\//.test(externalUrl) && URL.canParse(externalUrl) ? new URL(externalUrl) : undefined
  if (url === undefined || url.username !== '' || url.password !== '') {
    refuse(place, `must be auto, or a URL such as ws://host:port, without credentials. Got: "${withoutOverlayNames(externalUrl).slice(0, SHOWN_MAX)}"`)
  } else if (environment === 'production' && staysHere(url.hostname)) {
    refuse(place, 'is an address of this machine alone, where no peer in production can reach the node. Write the one that peers dial, or remove it.')
  }
}

function checkManaged (given: TransportConfig, refuse: Refuse, warn: Warn): void {
  const { managed, managedOptions = {}, hiddenService } = given
  if (managed !== true && given.managedOptions !== undefined) {
    refuse(['transport', 'managedOptions'], 'is for a proxy that the node starts itself. Set transport.managed to true, or remove this.')
  }
  if (managed !== true && hiddenService?.enabled === true && hiddenService.hostname === undefined) {
    refuse(['transport', 'hiddenService'], 'is enabled, and the node does not start the proxy that would have it. Set transport.managed to true, or write the ' +
      'hostname that your own proxy has for it.')
  }
  for (const key of ['hiddenServiceDir', 'binaryPath', 'configFilePath'] as const) {
    if (managedOptions[key]?.split(/[\\/]/).includes('..') === true) {
      refuse(['transport', 'managedOptions', key], 'has a segment "..", so it depends on where it is read. Write the path without it.')
    }
  }
  const { hostname } = hiddenService ?? {}
  if (managed === true && hasHiddenService(given) && hostname !== undefined && serviceIdOf(hostname) === undefined) {
    warn('transport.hiddenService.hostname is not the name of a hidden service, and is taken for a placeholder. The name is in the file "hostname" of ' +
      'transport.managedOptions.hiddenServiceDir once the node has started: write it there, and it is checked from then on.')
  }
}

/** Whether the circuits of the peers are told apart by credentials that the node makes: not where the operator gives some. */
export function isolatesPeers ({ proxy }: Overlay): boolean {
  return parseSocksProxy(proxy).user === undefined
}
