/** Packets that take their time: routes change while they are on their way. Each step is one that the product takes with a packet. */
import { isEndedBy, type LoopDetector } from '../../../src/forwarding/loop-detector.js'
import { encodePrepare, prepareOf } from '../../../src/packet/prepare.js'
import { CUSTOMERS } from './connector.js'
import type { SimulatedConnector } from './connector.js'
import type { Link } from './link.js'
import type { Network } from './network.js'
import type { Random } from './random.js'

const PACKET_INTERVAL_MS = 50
const EXPIRY_MS = 30_000
/** What each connector takes from the expiry. */
const MESSAGE_WINDOW_MS = 1000
/** How long a packet takes for a hop, and how long some do. */
const HOP_MS = { least: 5, most: 100, slowest: 3000 }
const SLOW = 0.05
/** The same for all: it is for the data to tell packets apart. */
const CONDITION = Buffer.alloc(32, 7)

/** A packet on its way, and what each connector that has taken it does when the answer comes back. */
interface Traveller {
  packet: Buffer
  takenBy: Taker[]
}

interface Taker {
  at: SimulatedConnector
  /** A connector that has lost its memory is another one. */
  life: LoopDetector
  serial: number
  /** To whom it has sent the packet. */
  link: Link
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
        executionCondition: CONDITION,
        destination: this.random.pick(this.destinations),
        data: Buffer.from(String(this.sent))
      })
      this.#arrive(this.random.pick(connectors), CUSTOMERS, { packet, takenBy: [] })
      this.start()
    }, PACKET_INTERVAL_MS)
  }

  #arrive (at: SimulatedConnector, source: string, traveller: Traveller): void {
    const answer = at.isUp ? this.#take(at, source, traveller) : undefined
    if (answer !== undefined) this.#answer(answer, traveller.takenBy)
  }

  /** What the product's forwarder does with a packet. Undefined where it is sent on. */
  #take (at: SimulatedConnector, source: string, { packet, takenBy }: Traveller): string | undefined {
    const prepare = prepareOf(packet)
    const { destination, amount } = prepare
    const expiresAt = prepare.expiresAt - MESSAGE_WINDOW_MS
    const nextHop = nextHopAt(at, source, destination)
    const link = at.accounts.get(nextHop ?? '')?.link
    if (nextHop === undefined || link?.isWorking === false) return 'T01'
    if (expiresAt < this.network.timeline.now() + MESSAGE_WINDOW_MS) return 'R02'
    if (at.arrivals.comesRound(prepare, source)) {
      this.refused++
      return 'T01'
    }
    if (takenBy.some(({ life }) => life === at.arrivals)) {
      this.takenTwice.push(`${destination}: ${[...takenBy.map(({ at }) => at.address), at.address].join(' ')}`)
    }
    if (link === undefined) {
      this.delivered++
      return 'fulfill'
    }
    const taker = { at, life: at.arrivals, serial: at.arrivals.sent(prepare, source, expiresAt), link }
    const traveller = { packet: prepare.forwarded({ amount, expiresAt }), takenBy: [...takenBy, taker] }
    const next = link.otherEnd(at)
    this.network.timeline.setTimer(() => this.#arrive(next.connector, next.accountId, traveller), this.#hopMs())
    return undefined
  }

  /** The answer to those who have taken the packet, as far as connections hold. Where they do not, the connector behind them says so. */
  #answer (outcome: string, takenBy: readonly Taker[]): void {
    const last = takenBy.at(-1)
    if (last === undefined) return
    this.network.timeline.setTimer(() => {
      const heard = last.link.isWorking ? outcome : 'F02'
      if (isEndedBy(heard)) last.life.ended(last.serial)
      this.#answer(heard, takenBy.slice(0, -1))
    }, this.#hopMs())
  }

  #hopMs (): number {
    return this.random.between(HOP_MS.least, this.random.chance(SLOW) ? HOP_MS.slowest : HOP_MS.most)
  }
}

/** Undefined where there is none, or none now. */
function nextHopAt (connector: SimulatedConnector, source: string, destination: string): string | undefined {
  try {
    return connector.router.resolve(destination, source)?.nextHop
  } catch {
    return undefined
  }
}
