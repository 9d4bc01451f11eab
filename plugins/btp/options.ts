/**
 * The options of the plugin: those of ilp-plugin-btp 1.5.0 with their meaning, and a few more. What cannot work is refused when the
 * plugin is made, in words that never repeat a secret: `server` holds a token.
 */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { ServerOptions } from 'ws'
import { SluiceError } from '../../src/contracts/errors.js'
import { isObject } from '../../src/lib/is-object.js'
import { ORIGIN, ORIGIN_IN_WORDS } from '../../src/lib/origins.js'
import { isOverlayHost, parseSocksProxy, socksProxyFault } from '../../src/lib/socks-proxy.js'
import type { SocksProxy } from '../../src/lib/socks-proxy.js'
import { messageOf } from './wire/errors.js'
import { ContentType, DIALECTS } from '../../src/contracts/transport.js'
import type { Dialect } from '../../src/contracts/transport.js'
import type { SubProtocol } from './wire/frame.js'

/** The names of what this plugin reads, and of what the connector adds: for plugins that have it as their transport. */
export const BTP_OPTIONS = [
  'server', 'listener', 'btpAccount', 'btpToken', 'btpAuthFlags', 'ca', 'socksProxy', 'reconnectInterval', 'reconnectIntervals',
  'reconnectClearTryTimeout', 'dialect', 'responseTimeout', 'maxPayload', '_store', '_log'
]

/** The largest frame that is read or written by default: an ILP packet of any size, and 32 KiB for a claim or a proof beside it. */
export const DEFAULT_MAX_PAYLOAD = 96 * 1024

/** The pause before each attempt; the last one repeats forever. Each is varied by a quarter, so that peers do not all come back at once. */
const DEFAULT_RECONNECT_INTERVALS_MS = [0, 100, 500, 1000, 2000, 5000, 10_000, 30_000]

/** Both roles. A frame comes in one piece from every peer that we know of, so many small pieces are an attack on memory. */
export const WEBSOCKET_OPTIONS = {
  perMessageDeflate: false,
  skipUTF8Validation: true,
  maxFragments: 64,
  maxBufferedChunks: 1024,
  closeTimeout: 1000
} as const

const CALLED_BY_WS = ['verifyClient', 'handleProtocols', 'WebSocket']

const MAX_MS = 24 * 60 * 60 * 1000

const Milliseconds = z.number().min(0).max(MAX_MS)
const Text = z.string().min(1)
const Port = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.int().min(0).max(65_535))

const Listener = z.strictObject({
  port: Port.optional().describe('0 takes a free port'),
  host: Text.optional().describe('The address to listen on; by default only this machine (ilp-plugin-btp listens on every interface)'),
  secret: z.string().optional().describe('The token that the peer must show'),
  noAuth: z.boolean().default(false).describe('Instead of a secret: let anyone connect'),
  keepFirst: z.boolean().default(false).describe('Refuse a second socket while the first is open, instead of replacing it: for peers without a secret'),
  onlyFromServer: z.boolean().default(false)
    .describe('Without a secret: let in only a client that proves to come from `server`'),
  allowedOrigins: z.array(z.string().regex(ORIGIN, `expected ${ORIGIN_IN_WORDS}`)).default([])
    .describe('Origins of web pages that may connect; pages of all others are refused, because a browser runs anyone\'s'),
  username: Text.optional().describe('The auth_username of the peer; needed when several accounts share a port'),
  key: Text.optional().describe('TLS: the private key, as PEM text or as a path'),
  cert: Text.optional().describe('TLS: the certificate, as PEM text or as a path'),
  wsOpts: z.custom<ServerOptions>(isServerOptions, 'expected an object, with functions for what `ws` calls').optional()
    .describe('Options for the WebSocket server of `ws`, `server` among them')
})

const Options = z.object({
  server: z.string().optional().describe('btp+ws://username:token@host:port/path or btp+wss://...'),
  listener: Listener.optional(),
  btpAccount: z.string().optional().describe('Instead of the username in `server`'),
  btpToken: z.string().optional().describe('Instead of the token in `server`'),
  btpAuthFlags: z.record(z.string(), z.unknown()).default({}).describe('Further entries of the auth message'),
  ca: Text.optional().describe('TLS: who may sign the certificate of `server`, as PEM text or as a path'),
  socksProxy: z.string().refine(text => socksProxyFault(text) === undefined, { error: ({ input }) => socksProxyFault(String(input)) })
    .optional()
    .describe('The SOCKS5 proxy that `server` is dialled through, and only through: socks5h://user:password@host:port. It resolves the name'),
  reconnectInterval: Milliseconds.optional(),
  reconnectIntervals: z.array(Milliseconds).min(1).optional(),
  reconnectClearTryTimeout: Milliseconds.default(10_000).describe('A connection that lasted this long starts over with the intervals'),
  dialect: z.enum(DIALECTS).default('auto')
    .describe('How `server` speaks BTP: "rfc", "toon" as agent connectors do, or "auto" to find out. A client that connects to us tells by its first frame'),
  responseTimeout: Milliseconds.min(1).default(35_000),
  maxPayload: z.int().min(1024).default(DEFAULT_MAX_PAYLOAD).describe('The largest BTP frame, in bytes')
})

export interface ServerSettings {
  /** Without credentials. */
  url: URL
  username: string
  token: string
  flags: readonly SubProtocol[]
  /** PEM text or path. */
  ca: string | undefined
  /** Undefined: the peer is dialled directly. */
  proxy: SocksProxy | undefined
  reconnectIntervalsMs: readonly number[]
  reconnectClearTryMs: number
  dialect: Dialect
}

export interface ListenSettings {
  host: string
  port: number
  username: string | undefined
  /** Undefined: no authentication, by explicit choice. */
  secret: string | undefined
  /** Whether a socket is refused while the peer is connected. */
  keepFirst: boolean
  /** Whether a client without a secret has to prove that it comes from the address that we dial. */
  onlyFromServer: boolean
  /** Origins of web pages that may connect. */
  allowedOrigins: readonly string[]
  /** PEM text or path. */
  key: string | undefined
  cert: string | undefined
  wsOpts: ServerOptions | undefined
}

export interface Settings {
  server: ServerSettings | undefined
  listener: ListenSettings | undefined
  responseTimeoutMs: number
  maxPayload: number
}

/**
 * `mayOpenFiles` is false for options of somebody who may name no files.
 * @throws Error that names the option, and what to do
 */
export function parseOptions (options: unknown, { mayOpenFiles = true }: { mayOpenFiles?: boolean | undefined } = {}): Settings {
  const result = Options.safeParse(options)
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw new Error(`invalid options of the BTP plugin. ${problems.join('; ')}`)
  }
  const { responseTimeout, maxPayload } = result.data
  const server = serverSettings(result.data)
  const listener = result.data.listener === undefined ? undefined : listenSettings(result.data.listener)
  if (server === undefined && listener?.onlyFromServer === true) throw new Error('"listener.onlyFromServer" needs "server": the address of the peer')
  if (server === undefined && listener === undefined) {
    throw new Error('the BTP plugin needs "server" (the peer to connect to) or "listener" (where the peer connects to)')
  }
  if (!mayOpenFiles) refuseFiles({ ca: server?.ca, 'listener.key': listener?.key, 'listener.cert': listener?.cert })
  return { server, listener, responseTimeoutMs: responseTimeout, maxPayload }
}

/** PEM text as it is, anything else read as the path of a file. `option` is named in the error. */
export async function readPem (option: string, value: string | undefined): Promise<string | undefined> {
  if (value === undefined || isPem(value)) return value
  try {
    return await readFile(value, 'utf8')
  } catch (err) {
    throw new Error(`cannot read the file in "${option}", which is neither PEM text nor a readable path. error=${messageOf(err)}`, { cause: err })
  }
}

/** What is not a function there would end the process when the first peer connects. */
function isServerOptions (value: unknown): value is ServerOptions {
  return isObject(value) && CALLED_BY_WS.every(name => value[name] === undefined || typeof value[name] === 'function')
}

function isPem (value: string): boolean {
  return value.includes('-----BEGIN ')
}

function refuseFiles (pems: Readonly<Record<string, string | undefined>>): void {
  const path = Object.entries(pems).find(([, value]) => value !== undefined && !isPem(value))
  if (path !== undefined) throw new SluiceError('SLUICE_FILE_REFUSED', `"${path[0]}" is not PEM text, and over HTTP no file is opened: write the text itself`)
}

function serverSettings (options: z.infer<typeof Options>): ServerSettings | undefined {
  if (options.server === undefined) return undefined
  const url = parseUrl(options.server)
  const { username, password } = url
  if ((username !== '' || password !== '') && (options.btpAccount !== undefined || options.btpToken !== undefined)) {
    throw new Error('account/token must be passed in via constructor or uri, but not both')
  }
  url.username = url.password = ''
  if (isOverlayHost(url.hostname) && options.socksProxy === undefined) {
    throw new Error('"server" is a hidden service, which is reached only through a SOCKS5 proxy: set "socksProxy", such as socks5h://127.0.0.1:9050')
  }
  const { reconnectInterval } = options
  return {
    url,
    // Percent-encoded as they stand in the URL, because this is how ilp-plugin-btp sends them and peers know them.
    username: username !== '' ? username : options.btpAccount ?? '',
    token: password !== '' ? password : options.btpToken ?? '',
    flags: Object.entries(options.btpAuthFlags)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => flagEntry(name, value)),
    ca: options.ca,
    proxy: options.socksProxy === undefined ? undefined : parseSocksProxy(options.socksProxy),
    reconnectIntervalsMs: options.reconnectIntervals ??
      (reconnectInterval === undefined ? DEFAULT_RECONNECT_INTERVALS_MS : [reconnectInterval]),
    reconnectClearTryMs: options.reconnectClearTryTimeout,
    dialect: options.dialect
  }
}

function parseUrl (server: string): URL {
  if (!server.startsWith('btp+')) throw new Error('"server" must start with "btp+", like btp+ws://username:token@host:port')
  const address = server.slice('btp+'.length)
  if (!/^wss?:/.test(address) || !URL.canParse(address)) {
    throw new Error('"server" is not a URL of the form btp+ws://username:token@host:port or btp+wss://username:token@host:port')
  }
  return new URL(address)
}

function listenSettings (options: z.infer<typeof Listener>): ListenSettings {
  const { secret, noAuth, keepFirst, onlyFromServer, allowedOrigins, username, key, cert, wsOpts } = options
  if (noAuth && secret !== undefined) throw new Error('"listener.noAuth" and "listener.secret" exclude each other: remove one')
  if (!noAuth && (secret === undefined || secret.trim() === '')) {
    throw new Error('"listener.secret" is missing or empty: set the token of the peer, or "listener.noAuth": true to let anyone connect')
  }
  if ((key === undefined) !== (cert === undefined)) throw new Error('TLS needs both "listener.key" and "listener.cert"')
  if (key !== undefined && wsOpts?.server !== undefined) {
    throw new Error('"listener.key" and "listener.wsOpts.server" exclude each other: give the certificate to that server')
  }
  const port = options.port ?? wsOpts?.port
  if (port === undefined) throw new Error('"listener.port" is missing: set the port to listen on, 0 for a free one')
  return { host: options.host ?? wsOpts?.host ?? '127.0.0.1', port, username, secret, keepFirst, onlyFromServer, allowedOrigins, key, cert, wsOpts }
}

function flagEntry (protocolName: string, value: unknown): SubProtocol {
  if (Buffer.isBuffer(value)) return { protocolName, contentType: ContentType.OCTET_STREAM, data: value }
  if (typeof value === 'string') return { protocolName, contentType: ContentType.TEXT, data: Buffer.from(value) }
  return { protocolName, contentType: ContentType.JSON, data: Buffer.from(JSON.stringify(value)) }
}
