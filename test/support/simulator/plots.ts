/** The networks that are simulated. */
import { Network } from './network.js'
import type { Random } from './random.js'
import type { Plot } from './scenario.js'

const SIZE = 20
const CUSTOMERS = 5

/** A connected graph of peers that carry each other's packets: a random tree, and some more links. Customers move about freely. */
export function peers (random: Random): Plot {
  const network = new Network(random)
  for (let i = 0; i < SIZE; i++) {
    const connector = network.addConnector(`test.c${i}`)
    if (i > 0) network.addLink(connector, random.pick(network.connectors.slice(0, i)), 'peer')
  }
  addMoreLinks(network, random, random.between(0, 2 * SIZE), {})
  const customers = Array.from({ length: CUSTOMERS }, (_, i) => ({ prefix: `test.customer${i}`, homes: network.connectors }))
  return { network, customers }
}

/** Parents, children with several parents, and peers that carry only their own and their children's packets for each other. */
export function hierarchy (random: Random): Plot {
  const network = new Network(random)
  for (let i = 0; i < SIZE; i++) {
    const connector = network.addConnector(`test.c${i}`)
    for (const parent of network.connectors.slice(0, i).filter(() => i > 0 && random.chance(1.5 / i))) {
      network.addLink(parent, connector, 'child', { sendRoutes: true, receiveRoutes: true })
    }
    if (i > 0 && connector.accounts.size === 1) {
      network.addLink(random.pick(network.connectors.slice(0, i)), connector, 'child', { sendRoutes: true, receiveRoutes: true })
    }
  }
  addMoreLinks(network, random, random.between(0, SIZE), { transit: false })
  const customers = Array.from({ length: CUSTOMERS }, (_, i) => ({ prefix: `test.customer${i}`, homes: network.connectors }))
  return { network, customers }
}

/** Peers where one customer's prefix lies below another's, next door: the longer one is often not told (DRAGON). */
export function nested (random: Random): Plot {
  const plot = peers(random)
  const [{ ends: [upper, lower] }] = [random.pick(plot.network.links)]
  lower.connector.customers.add('test.region.town')
  plot.customers = [{ prefix: 'test.region', homes: [upper.connector] }]
  return plot
}

function addMoreLinks (network: Network, random: Random, count: number, options: { transit?: boolean }): void {
  for (let i = 0; i < count; i++) {
    const a = random.pick(network.connectors)
    const b = random.pick(network.connectors)
    if (a !== b && !network.areLinked(a, b)) network.addLink(a, b, 'peer', options)
  }
}
