/**
 * What a peer is, wherever it comes from: a file, an object, `registerPeer` or the admin API. One schema judges them all. A file is told of
 * its faults in the words of the fields (`expected`), a request in those that its clients know.
 */
import { z } from 'zod'
import { ACCOUNT_ID } from '../../contracts/account.js'
import type { ChainKind } from '../../contracts/chain-kind.js'
import type { Peer, PeerChange, PeerRegistrationRequest } from '../../contracts/node.js'
import { assetField } from '../../lib/field-kinds.js'
import { DIALECTS } from '../../contracts/transport.js'
import { isPrefix } from '../../packet/address.js'
import { RELATION_IN_WORDS, RELATIONS } from './relations.js'
import { peerTransport } from './transport.js'
import { peerAddresses, settlementTerms } from './settlement-terms.js'

const OBJECT = 'Request body must be a JSON object'
const NO_ID = 'Missing or invalid peer id'
const NO_URL = 'Missing or invalid peer url'
const BLANK = 'authToken has only spaces: set the secret, or an empty string for none'
const NESTED = 'authToken is a token with another token for its secret: give the secret itself'
const NO_PREFIX = 'Invalid route: missing prefix'
/** Files say the port, as they always had to; requests may leave it to the protocol. */
const HOST_AND_PORT = /^wss?:\/\/[^/@]+:\d+$/
const URL_SHAPE = 'ws://host:port or wss://host:port'

/** An entry of `peers`. */
export function peerSchema (kinds: readonly ChainKind[]): z.ZodType<Peer> {
  return z.strictObject({ ...fields(kinds, kinds), url: urlWithPort }).meta({ expected: 'an object with id, url and authToken' })
}

/**
 * A request that adds a peer, or adds to it.
 * @param settled the kinds of chains whose addresses count; of others whatever is said is kept
 */
export function registrationSchema (kinds: readonly ChainKind[], settled = kinds): z.ZodType<PeerRegistrationRequest> {
  const { id, authToken, dialect, chain, asset, relation, transport, ...addresses } = fields(kinds, settled)
  return z.strictObject({
    id,
    url,
    authToken,
    dialect,
    routes,
    ...addresses,
    chain,
    asset,
    relation,
    transport,
    settlement: settlementTerms(kinds, settled).optional()
      .describe(`${kinds.map(({ peerField }) => peerField).join(', ')} and chainId count; the rest is kept and shown`)
  }, OBJECT)
}

/** A request that changes a peer. */
export function peerUpdateSchema (kinds: readonly ChainKind[]): z.ZodType<Pick<PeerRegistrationRequest, 'routes' | 'relation'> & PeerChange> {
  return z.strictObject({
    routes,
    dialect,
    relation,
    transport: peerTransport,
    settlement: settlementTerms(kinds, kinds).optional().describe('How to settle with the peer from now on')
  }, OBJECT)
}

const routes = z.array(z.strictObject({
  prefix: z.string(NO_PREFIX).min(1, NO_PREFIX)
    .refine(isPrefix, { error: ({ input }) => `Invalid ILP address prefix: ${String(input)}` }).describe('ILP address prefix'),
  priority: z.int('priority must be an integer').optional().describe('Higher wins. Default 0.')
}, NO_PREFIX), 'routes must be a list').optional()

const DIALECT = `dialect must be one of: ${DIALECTS.join(', ')}`
const dialect = z.enum(DIALECTS, DIALECT).describe('How the node dials the peer: "rfc", "toon" as agent connectors speak BTP, or "auto" (default) to find out')
  .meta({ expected: `one of ${DIALECTS.join(', ')}` }).optional()

/** What is wrong with a URL of a peer, as a sentence, where more can be said than what it should look like. */
export function urlAdvice (url: string): string | undefined {
  const [, authority = ''] = /^(?:btp\+)?wss?:\/\/([^/?#]*)/.exec(url) ?? []
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  if (/[?#]/.test(url)) return 'A peer is reached without a query or a fragment: its secret belongs in authToken.'
  if (authority !== host) return 'The secret of a peer belongs in authToken, not in its URL.'
  if (/:.*:/.test(host) && !/^\[[^\]]*\](:|$)/.test(host)) return 'An IPv6 address needs brackets, before the port: ws://[::1]:3000.'
  const [, port = ''] = /:(\d+)$/.exec(host) ?? []
  if (Number(port) > 65535) return 'A port is at most 65535.'
  return undefined
}

const url = z.string(NO_URL).min(1, NO_URL).overwrite(socketUrl).regex(/^wss?:\/\//, 'URL must start with ws:// or wss://')
  .refine(hasNoSecret, { error: ({ input }) => `${NO_URL}: expected ws://host:port, with the secret in authToken${advice(input)}` })
  .describe(URL_SHAPE)

function advice (url: unknown): string {
  const words = typeof url === 'string' ? urlAdvice(url) : undefined
  return words === undefined ? '' : `. ${words}`
}

const urlWithPort = url.regex(HOST_AND_PORT).meta({ expected: URL_SHAPE })

const relation = z.enum(RELATIONS, `relation must be ${RELATION_IN_WORDS}`).optional()
  .describe('What the peer is to the node. Routes to a child lie below the node\'s own addresses.').meta({ expected: RELATION_IN_WORDS })

/** The URL of a WebSocket, of one that may say before it that BTP is spoken there. */
export function socketUrl (url: string): string {
  return url.replace(/^btp\+/, '')
}

/** Nothing, which is said on purpose, or something: spaces alone are what a script has left of a secret. */
export function isNotBlank (text: string): boolean {
  return text === '' || text.trim() !== ''
}

/**
 * The secret of a token. Agent connectors show each other `{"peerId":"...","secret":"..."}`, and programs around them register a peer with
 * the text of that as its token. The names in it say nothing: a node shows its own, and expects the peer's id.
 */
export function secretIn (authToken: string): string {
  if (!authToken.startsWith('{')) return authToken
  try {
    const { secret } = Object(JSON.parse(authToken)) as { secret?: unknown }
    return typeof secret === 'string' ? secret : authToken
  } catch {
    return authToken // a secret that begins like that
  }
}

/** A secret that stays the same however often it is read: a peer is judged again at each change. */
function isOneSecret (authToken: string): boolean {
  const secret = secretIn(authToken)
  return secretIn(secret) === secret
}

/** URLs are logged and shown: the secret belongs into `authToken`. */
function hasNoSecret (text: string): boolean {
  if (!URL.canParse(text)) return false
  const { username, password } = new URL(text)
  return username === '' && password === '' && !/[?#]/.test(text)
}

// What zod makes of the fields is the type.
function fields (kinds: readonly ChainKind[], settled: readonly ChainKind[]) {
  const examples = kinds.map(({ chainId }) => chainId.examples.at(-1)).join(' or ')
  return {
    id: z.string(NO_ID).regex(ACCOUNT_ID, NO_ID).meta({ expected: 'letters, digits and _ - ~ . only' }),
    authToken: z.string('authToken must be a string (can be empty for no auth)').refine(isOneSecret, NESTED).overwrite(secretIn)
      .refine(isNotBlank, BLANK)
      .describe('Shared secret; empty for none. Of {"peerId":"...","secret":"..."} as a string, the secret counts, also an empty one')
      .meta({ expected: 'a string of more than spaces ("" for none)', secret: true }),
    dialect,
    ...peerAddresses(kinds, settled),
    chain: z.string('chain must be a string').min(1, 'chain must be a string')
      .describe(`Where to settle: the chainId of a chain of this node, such as ${examples}`)
      .meta({ expected: `the chainId of an entry of chainProviders, such as ${examples}` }).optional(),
    asset: assetField.optional().describe('What the account of the peer counts in; the asset of its chain, or of the node, by default'),
    relation,
    transport: peerTransport
  }
}
