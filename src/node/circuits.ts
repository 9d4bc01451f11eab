/**
 * A circuit for each peer: Tor and anon put connections with different SOCKS credentials on different circuits, so that no relay sees two
 * peers of one node side by side. The credentials do not tell the proxy who the peer is, and are others after each start.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { isolatesPeers } from '../config/node/transport.js'
import type { SettlementChain } from '../contracts/chain-kind.js'
import type { NodeTransport, Overlay, Peer, RatesConfig } from '../contracts/node.js'

const SECRET = randomBytes(32)

/** Through which proxy the peer is dialled, and with which credentials. Undefined: directly. */
export function proxyOf ({ id, transport }: Pick<Peer, 'id' | 'transport'>, ofNode: NodeTransport): string | undefined {
  return ofNode.type === 'direct' || transport === 'direct' ? undefined : withCircuit(ofNode, id)
}

/** Through which proxy the nodes of a chain are asked: for all peers on one circuit, as there is one account there. Undefined: directly. */
export function proxyOfChain ({ id, transport }: Pick<SettlementChain, 'id' | 'transport'>, ofNode: NodeTransport): string | undefined {
  return ofNode.type === 'direct' || transport !== 'socks5' ? undefined : withCircuit(ofNode, `chain ${id}`) // no peer has a space in its id
}

/** Through which proxy price services are asked. Undefined: directly. */
export function proxyOfRates ({ transport }: Pick<RatesConfig, 'transport'>, ofNode: NodeTransport): string | undefined {
  return proxyOf({ id: 'price services', transport }, ofNode) // no peer has a space in its id
}

function withCircuit (ofNode: Overlay, name: string): string {
  if (!isolatesPeers(ofNode)) return ofNode.proxy
  const url = new URL(ofNode.proxy)
  const credentials = createHmac('sha256', SECRET).update(name).digest('hex')
  url.username = credentials.slice(0, 32)
  url.password = credentials.slice(32)
  return url.href
}
