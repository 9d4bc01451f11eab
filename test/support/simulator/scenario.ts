/**
 * Lets a network start, suffer and heal, and says what became of packets meanwhile and afterwards.
 * Everything follows from the seed: the same seed tells the same story.
 */
import { BROADCAST_INTERVAL_MS } from './connector.js'
import type { SimulatedConnector } from './connector.js'
import type { Link } from './link.js'
import { GOOD } from './network.js'
import type { Journey, Network } from './network.js'
import type { Random } from './random.js'
import { Traffic } from './traffic.js'

/** How many things go wrong, and the longest time (ms) between two of them. */
const TROUBLES = 20
const PAUSE_MS = 8_000
/** How long (ms) a connection, a connector or a part of the network is away at most. Routes expire after 45 s. */
const OUTAGE_MS = 60_000

export interface Plot {
  network: Network
  /** Customers' prefixes that come, go and move, and the connectors that may have them. */
  customers: Array<{ prefix: string, homes: SimulatedConnector[] }>
}

export interface Story {
  traffic: Traffic
  /** Journeys that ended in circles, at any moment. */
  circles: string[]
  /** Journeys after three broadcast intervals of good weather that did not arrive where they should. */
  lost: string[]
  /** Journeys then, from each connector to each prefix. */
  arrived: Array<{ from: SimulatedConnector, to: SimulatedConnector, journey: Journey }>
}

export async function tell (random: Random, { network, customers }: Plot): Promise<Story> {
  for (const { prefix, homes } of customers) random.pick(homes).customers.add(prefix)
  const destinations = [
    ...network.connectors.map(({ address }) => `${address}.alice`),
    ...customers.map(({ prefix }) => `${prefix}.bob`)
  ]
  const story: Story = { traffic: new Traffic(network, random, destinations), circles: [], lost: [], arrived: [] }
  const seen = new Map<SimulatedConnector, number>()
  /** A new circle runs through a connector that has just changed its mind: it is enough to start from those. */
  const watch = (): void => {
    for (const connector of network.connectors) {
      if (!connector.isUp || seen.get(connector) === connector.touched) continue
      seen.set(connector, connector.touched)
      for (const destination of destinations) {
        const journey = network.follow(connector, destination)
        if (journey.outcome === 'circles') story.circles.push(describe(destination, journey))
      }
    }
  }

  network.start()
  story.traffic.start()
  await network.timeline.advance(random.between(0, 5_000), watch)
  for (const link of network.links) {
    link.quality = { loss: random.next() * 0.3, doubling: random.next() * 0.3, delayMs: { least: 1, most: random.between(1, 2000) } }
  }
  for (let i = 0; i < TROUBLES; i++) {
    trouble(network, random, customers)
    await network.timeline.advance(random.between(0, PAUSE_MS), watch)
  }
  heal(network)
  await network.timeline.advance(3 * BROADCAST_INTERVAL_MS, watch)

  for (const from of network.connectors) {
    for (const to of network.connectors) {
      for (const prefix of [to.address, ...to.customers]) {
        const journey = network.follow(from, `${prefix}.carol`)
        if (journey.outcome === 'delivered' && journey.connectors.at(-1) === to) story.arrived.push({ from, to, journey })
        else story.lost.push(describe(prefix, journey))
      }
    }
  }
  return story
}

const describe = (destination: string, { outcome, connectors }: Journey): string =>
  `${destination}: ${outcome}, over ${connectors.map(({ address }) => address).join(' ')}`

function trouble (network: Network, random: Random, customers: Plot['customers']): void {
  const link = random.pick(network.links)
  const connector = random.pick(network.connectors)
  const later = (happening: () => void): void => { network.timeline.setTimer(happening, random.between(0, OUTAGE_MS)) }
  switch (random.between(0, 5)) {
  case 0: // nothing gets through, and nobody notices
    link.isSilent = true
    later(() => { link.isSilent = false })
    break
  case 1:
    link.cut()
    later(() => reconnect(link))
    break
  case 2:
    if (!connector.isUp) break
    for (const { link } of connector.accounts.values()) link?.cut()
    connector.crash()
    later(() => restart(connector))
    break
  case 3: { // a part of the network hears nothing of the rest
    const part = new Set(network.connectors.filter(() => random.chance(0.5)))
    const cutOff = network.links.filter(({ ends: [a, b] }) => part.has(a.connector) !== part.has(b.connector))
    for (const link of cutOff) link.isSilent = true
    later(() => { for (const link of cutOff) link.isSilent = false })
    break
  }
  default: { // a customer leaves, and perhaps comes back elsewhere
    if (customers.length === 0) break
    const { prefix, homes } = random.pick(customers)
    for (const home of homes) if (home.customers.has(prefix)) home.lose(prefix)
    if (random.chance(0.8)) random.pick(homes).gain(prefix)
  }
  }
}

function reconnect (link: Link): void {
  if (link.ends.every(({ connector }) => connector.isUp)) link.connect()
}

function restart (connector: SimulatedConnector): void {
  if (connector.isUp) return
  connector.restart()
  for (const { link } of connector.accounts.values()) if (link !== undefined) reconnect(link)
}

function heal (network: Network): void {
  for (const link of network.links) {
    link.quality = GOOD
    link.isSilent = false
  }
  for (const connector of network.connectors) restart(connector)
  for (const link of network.links) link.connect()
}
