/**
 * A circuit for each peer: Tor and anon put connections with different SOCKS credentials on different circuits, so that no relay sees two
 * peers of one node side by side. The credentials do not tell the proxy who the peer is, and are others after each start.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { isolatesPeers } from '../config/node/transport.js'
import type { NodeTransport, Peer } from '../contracts/node.js'

const SECRET = randomBytes(32)

/** Through which proxy the peer is dialled, and with which credentials. Undefined: directly. */
export function proxyOf ({ id, transport }: Pick<Peer, 'id' | 'transport'>, ofNode: NodeTransport): string | undefined {
  if (ofNode.type === 'direct' || transport === 'direct') return undefined
  if (!isolatesPeers(ofNode)) return ofNode.proxy
  const url = new URL(ofNode.proxy)
  const credentials = createHmac('sha256', SECRET).update(id).digest('hex')
  url.username = credentials.slice(0, 32)
  url.password = credentials.slice(32)
  return url.href
}
