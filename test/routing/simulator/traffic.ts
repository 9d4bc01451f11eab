/** Packets that take their time: routes change while they are on their way. */
import { CUSTOMERS } from './connector.js'
import type { SimulatedConnector } from './connector.js'
import type { Network } from './network.js'
import type { Random } from './random.js'

const PACKET_INTERVAL_MS = 50
/** A packet that was forwarded this often goes in circles. */
const HOPS_MAX = 1000

export class Traffic {
  sent = 0
  delivered = 0
  /** How often the packet that travelled furthest was forwarded. */
  mostHops = 0

  constructor (private readonly network: Network, private readonly random: Random, private readonly destinations: readonly string[]) {}

  start (): void {
    this.network.timeline.setTimer(() => {
      this.sent++
      this.#arrive(this.random.pick(this.network.connectors), undefined, this.random.pick(this.destinations), 0)
      this.start()
    }, PACKET_INTERVAL_MS)
  }

  #arrive (at: SimulatedConnector, source: string | undefined, destination: string, hops: number): void {
    if (!at.isUp || hops > HOPS_MAX) return
    this.mostHops = Math.max(this.mostHops, hops)
    const nextHop = nextHopAt(at, source, destination)
    if (nextHop === '' || nextHop === CUSTOMERS) this.delivered++
    const link = nextHop === undefined ? undefined : at.accounts.get(nextHop)?.link
    if (link?.isWorking !== true) return
    const next = link.otherEnd(at)
    this.network.timeline.setTimer(() => this.#arrive(next.connector, next.accountId, destination, hops + 1), this.random.between(5, 100))
  }
}

function nextHopAt (connector: SimulatedConnector, source: string | undefined, destination: string): string | undefined {
  try {
    return connector.router.resolve(destination, source)?.nextHop
  } catch {
    return undefined
  }
}
