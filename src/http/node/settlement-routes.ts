/** Routes that clients know and this node cannot serve yet: they say so, instead of looking like a wrong address. */
import { NodeHttpError } from './errors.js'
import { route, type Route } from './route.js'

type Unavailable = [method: 'get' | 'post', path: string, summary: string, message: string]

const SETTLEMENT = 'Settlement infrastructure not enabled'
const CHANNEL = { channelId: 'The channel\'s id' }

const UNAVAILABLE: Unavailable[] = [
  ['get', '/admin/channels', 'Lists payment channels', SETTLEMENT],
  ['post', '/admin/channels', 'Opens a payment channel', SETTLEMENT],
  ['get', '/admin/channels/{channelId}', 'Shows a payment channel', SETTLEMENT],
  ['post', '/admin/channels/{channelId}/deposit', 'Adds to a channel\'s deposit', 'EVM settlement infrastructure not enabled'],
  ['post', '/admin/channels/{channelId}/close', 'Closes a payment channel', SETTLEMENT],
  ['get', '/admin/channels/{channelId}/claims', 'Shows a channel\'s best claim', 'Claim receiver not enabled'],
  ['get', '/admin/settlement/states', 'Lists settlements under way', 'Settlement monitoring not enabled']
]

export function settlementRoutes (): Route[] {
  return UNAVAILABLE.map(([method, path, summary, message]) => route({
    method,
    path,
    summary: `${summary} (not supported yet)`,
    params: path.includes('{') ? CHANNEL : undefined,
    responses: {},
    errors: { 503: message }
  }, () => { throw new NodeHttpError(503, message) }))
}
