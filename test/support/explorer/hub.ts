/** Real nodes around a hub with an explorer: alice and bob pay a shop in another currency through it, and bob may owe little. */
import { freePort } from '../../../examples/free-port.js'
import type { ConnectorConfig, ConnectorNode } from '../../../src/index.js'
import { urlOf, type World } from '../node.js'
import { eventually } from '../waiting.js'

const USD = { code: 'USD', scale: 6 }
const EUR = { code: 'EUR', scale: 6 }
const TOKEN = 'between-neighbours'
/** Base units of USD. */
const BOB_MAY_OWE = 5_000_000n

export interface Hub {
  hub: ConnectorNode
  alice: ConnectorNode
  bob: ConnectorNode
  shop: ConnectorNode
  /** Of the explorer's page. */
  url: string
}

export async function startHub (world: World, more: Partial<ConnectorConfig> = {}): Promise<Hub> {
  const make = (name: string, asset: typeof USD): Promise<ConnectorNode> => world.make(name, { asset, routes: [{ prefix: 'g', nextHop: 'hub' }] })
  const nodes = { alice: await make('alice', USD), bob: await make('bob', USD), shop: await make('shop', EUR) }
  const port = await freePort()
  const hub = await world.start('hub', {
    asset: USD,
    explorer: { port },
    rates: { fixed: { 'EUR/USD': '1.08' } },
    peers: Object.entries(nodes).map(([id, node]) => ({ id, url: urlOf(node), authToken: TOKEN, asset: id === 'shop' ? EUR : USD })),
    routes: Object.keys(nodes).map(name => ({ prefix: `g.${name}`, nextHop: name })),
    settlement: { connectorFeePercentage: 0.5, creditLimits: { perPeerLimits: { bob: String(BOB_MAY_OWE) } } },
    ...more
  })
  for (const [name, node] of Object.entries(nodes)) {
    await node.start()
    await node.registerPeer({ id: 'hub', url: urlOf(hub), authToken: TOKEN })
    node.setPacketHandler(() => ({ accept: true }))
    await eventually(`the hub and ${name} are connected`, () => hub.isPeerConnected(name) && node.isPeerConnected('hub'))
  }
  return { hub, ...nodes, url: `http://127.0.0.1:${port}/` }
}
