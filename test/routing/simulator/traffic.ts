/** Packets that take their time: routes change while they are on their way. Each step is one that the product takes with a packet. */
import { randomBytes } from 'node:crypto'
import type { Arrivals } from '../../../src/forwarding/arrivals.js'
import { encodePrepare, prepareOf } from '../../../src/packet/prepare.js'
import { CUSTOMERS } from './connector.js'
import type { SimulatedConnector } from './connector.js'
import type { Network } from './network.js'
import type { Random } from './random.js'

const PACKET_INTERVAL_MS = 50
const EXPIRY_MS = 30_000
/** What each connector takes from the expiry. */
const MESSAGE_WINDOW_MS = 1000
/** How long a packet takes for a hop, and how long some do. */
const HOP_MS = { least: 5, most: 100, slowest: 3000 }
const SLOW = 0.05
const MARK = randomBytes(32)

/** A packet on its way. */
interface Traveller {
  packet: Buffer
  /** Who has taken it so far. A connector that has lost its memory is another one. */
  takenBy: Map<Arrivals, string>
}

export class Traffic {
  sent = 0
  delivered = 0
  /** How many came round and were refused. */
  refused = 0
  /** Packets that a connector has taken twice, with their ways. */
  readonly takenTwice: string[] = []

  constructor (private readonly network: Network, private readonly random: Random, private readonly destinations: readonly string[]) {}

  start (): void {
    const { timeline, connectors } = this.network
    timeline.setTimer(() => {
      this.sent++
      const packet = encodePrepare({
        amount: 100n,
        expiresAt: timeline.now() + EXPIRY_MS,
        executionCondition: MARK,
        destination: this.random.pick(this.destinations),
        data: Buffer.from(String(this.sent))
      })
      this.#arrive(this.random.pick(connectors), CUSTOMERS, { packet, takenBy: new Map() })
      this.start()
    }, PACKET_INTERVAL_MS)
  }

  #arrive (at: SimulatedConnector, source: string, { packet, takenBy }: Traveller): void {
    const prepare = prepareOf(packet)
    const { destination, amount, expiresAt } = prepare
    const nextHop = at.isUp ? nextHopAt(at, source, destination) : undefined
    if (nextHop === undefined || expiresAt < this.network.timeline.now() + 2 * MESSAGE_WINDOW_MS) return
    if (at.arrivals.comesRound(prepare, source)) {
      this.refused++
      return
    }
    const way = [...takenBy.values(), at.address].join(' ')
    if (takenBy.has(at.arrivals)) this.takenTwice.push(`${destination}: ${way}`)
    if (nextHop === '' || nextHop === CUSTOMERS) this.delivered++
    const link = at.accounts.get(nextHop)?.link
    if (link?.isWorking !== true) return
    const next = link.otherEnd(at)
    const traveller = {
      packet: prepare.forwarded({ amount, expiresAt: expiresAt - MESSAGE_WINDOW_MS }),
      takenBy: new Map(takenBy).set(at.arrivals, at.address)
    }
    const delayMs = this.random.between(HOP_MS.least, this.random.chance(SLOW) ? HOP_MS.slowest : HOP_MS.most)
    this.network.timeline.setTimer(() => this.#arrive(next.connector, next.accountId, traveller), delayMs)
  }
}

function nextHopAt (connector: SimulatedConnector, source: string, destination: string): string | undefined {
  try {
    return connector.router.resolve(destination, source)?.nextHop
  } catch {
    return undefined
  }
}
