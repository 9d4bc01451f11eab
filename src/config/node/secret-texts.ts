/** Words that tools and people look for in errors about a node's configuration; where there are none, the schema's own are used. */
import { isObject } from '../../lib/is-object.js'
import { valueAt } from '../explain.js'
import type { Problem } from '../errors.js'
import { quote, showPath } from '../in-words.js'
import { nodeIdOfAddress } from './former-keys.js'
import { LOG_LEVELS } from '../../contracts/logger.js'
import { urlAdvice } from './peer.js'
import { ENVIRONMENTS } from './schema.js'
import { PEER_TRANSPORT, transportTypeFault } from './transport.js'

const PORTS: Readonly<Record<string, string>> = { btpServerPort: 'BTP server port', healthCheckPort: 'Health check port' }

/** The same fault, which the schema found in the configuration `given`, in these words. @param issues all that the schema found */
export function inOurWords (
  { path, message }: Problem, given: unknown, issues: ReadonlyArray<{ code: string, path: PropertyKey[] }>
): Problem {
  const isKnownField = issues.some(issue => issue.code !== 'unrecognized_keys' && showPath(issue.path) === showPath(path))
  return { path, message: (isKnownField ? wordsFor(path, given) : undefined) ?? message }
}

function wordsFor (path: readonly PropertyKey[], given: unknown): string | undefined {
  const [first, second, third] = path.map(String)
  const value = valueAt(given, path)
  if (path.length === 1 && first !== undefined) return topLevel(first, value)
  if (first === 'transport' && second === 'type' && path.length === 2) return transportTypeFault(value)
  if (first === 'peers' && path.length === 3) return ofPeer(String(third), value, valueAt(given, ['peers', Number(second)]))
  if (first === 'routes' && third === 'prefix' && typeof value === 'string') {
    return `Invalid ILP address prefix in route: ${quote(value)}. Must contain only letters, digits, _ ~ - and single periods between them.`
  }
  return undefined
}

function topLevel (field: string, value: unknown): string | undefined {
  if (value === undefined) return `Missing required field: ${field}. Add it.`
  if (field === 'nodeId' && value === '') return 'nodeId cannot be empty'
  if (field === 'nodeId' && typeof value === 'string') return nodeIdOfAddress(value)
  if (field === 'nodeId') return `Invalid type for nodeId: expected string, got ${typeof value}`
  if (Object.hasOwn(PORTS, field) && typeof value === 'number') return `${PORTS[field] ?? ''} must be between 1-65535, got: ${value}`
  if (field === 'logLevel' && typeof value === 'string') return `Invalid logLevel: must be one of ${LOG_LEVELS.join(', ')}, got ${quote(value)}`
  if (field === 'environment' && typeof value === 'string') {
    return `Invalid ENVIRONMENT: must be one of ${ENVIRONMENTS.join(', ')}, got ${quote(value)}`
  }
  return undefined
}

function ofPeer (field: string, value: unknown, peer: unknown): string | undefined {
  const id = isObject(peer) && typeof peer.id === 'string' ? peer.id : ''
  if (value === undefined || value === null) return id === '' ? `Peer missing required field: ${field}` : `Peer ${id} missing required field: ${field}`
  if (field === 'url' && typeof value === 'string') {
    return `Invalid WebSocket URL for peer ${id}: ${quote(value)}. ` +
      ['Must start with ws:// or wss:// and include port.', urlAdvice(value)].filter(Boolean).join(' ')
  }
  return field === 'transport' ? `${PEER_TRANSPORT}. Correct it, or remove it.` : undefined
}
