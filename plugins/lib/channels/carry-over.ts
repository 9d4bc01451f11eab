/**
 * What was paid ahead of packets with claims of a key that was handed over pays for packets with claims of the next one. The side that pays
 * asks for that, and the side that is paid, which alone knows what is not used, says how much goes over:
 *
 *     pays                                        is paid
 *     carry { from, between present keys } ─────▶ writes down what it gives, then counts it for the new pair
 *     the same ◀───────────────────────────────── carried: all that went from that pair to this one, ever
 *
 * Each step may be repeated or lost: what goes over is a sum that only grows (carry.ts). A peer that denies it, or says too little, keeps
 * what it was paid ahead, which `maxPrepaid` bounds over all keys together. One that says too much delivers packets for nothing, until
 * the account is settled.
 */
import type { Logger } from '../../../src/contracts/logger.js'
import { describeError } from '../../../src/lib/describe-error.js'
import type { Pairs } from './pairs.js'
import type { Pair } from './parties.js'
import type { Parts } from './parts.js'
import { amountOf, fieldsOf, textOf } from './read-record.js'

export interface CarryOverDeps {
  ask: (message: Record<string, unknown>) => Promise<Record<string, unknown>>
  isPeerThere: () => boolean
  log: Logger
}

export class CarryOver {
  #isCarrying = false
  #isUnsure = true

  constructor (private readonly pairs: Pairs, private readonly deps: CarryOverDeps) {}

  /**
   * Carries what can be carried now to the present pair; once at a time. Never rejects.
   * @param isConnected since a moment: the peer may have given something before that, and its answer was lost
   */
  async carry (isConnected = false): Promise<void> {
    this.#isUnsure ||= isConnected
    if (this.#isCarrying) return
    this.#isCarrying = true
    try {
      for (const from of this.pairs.handedOver()) await leaveUnsigned(from, this.pairs.present)
      const asked = this.pairs.handedOver().filter(({ settings }) => settings.claims === 'packet' && this.deps.isPeerThere())
      const isSettled = asked.every(({ outgoing }) => outgoing.isQuiet) // a packet under way may be rejected, and leave more
      for (const from of asked.filter(parts => this.#isWorthAsking(parts))) await this.#askFor(from, this.pairs.present)
      if (isSettled && this.deps.isPeerThere()) this.#isUnsure = false
    } catch (error) {
      this.deps.log.debug('the peer does not carry over what was paid ahead. error=%s', describeError(error))
    } finally {
      this.#isCarrying = false
    }
  }

  /** Answers the peer, which pays us through another pair than before. Rejects with what the peer is told. */
  async answer (message: Record<string, unknown>): Promise<Record<string, unknown>> {
    const [from, to] = [this.#pairIn(fieldsOf(message.from, 'from')), this.#pairIn(message)]
    if (from?.settings.standing !== 'handed over' || to?.settings.standing !== 'present') {
      throw new Error('that is not between a key that was handed over and the present one')
    }
    const carried = from.incoming.leaveTo(nameOf(to))
    await from.incoming.save({ sync: true })
    to.incoming.takeOver(nameOf(from), carried)
    await to.incoming.save({ sync: true })
    return { carried }
  }

  #isWorthAsking ({ outgoing: { headroom, prepaid, isQuiet } }: Parts): boolean {
    return isQuiet && (headroom > 0n || (this.#isUnsure && prepaid > 0n))
  }

  async #askFor (from: Parts, to: Parts): Promise<void> {
    for (const { outgoing } of [from, to]) outgoing.hold(true)
    try {
      const { carried } = await this.deps.ask({ step: 'carry', ...addressed(to), from: addressed(from) })
      const most = to.outgoing.prepaid - to.outgoing.headroom // there is no more that was paid ahead
      const sum = from.outgoing.leaveTo(nameOf(to), amountOf(carried, 'carried'), most)
      if (!to.outgoing.carry.lacks(nameOf(from), sum)) return
      await from.outgoing.save({ sync: true })
      to.outgoing.takeOver(nameOf(from), sum)
      await to.outgoing.save({ sync: true })
    } finally {
      for (const { outgoing } of [from, to]) outgoing.hold(false)
    }
  }

  #pairIn ({ by, with: own }: Record<string, unknown>): Parts | undefined {
    return this.pairs.find({ own: textOf(own, 'with'), peer: textOf(by, 'by') })
  }
}

/** What is in the books, and no claim stands for: it needs no word of the peer. */
async function leaveUnsigned (from: Parts, to: Parts): Promise<void> {
  const sum = from.prepaid.leaveTo(nameOf(to))
  if (!to.prepaid.carry.lacks(nameOf(from), sum)) return
  await from.outgoing.save({ sync: true })
  to.prepaid.takeOver(nameOf(from), sum)
  await to.outgoing.save({ sync: true })
}

function pairOf ({ provider, settings }: Parts): Pair {
  return { own: provider.address, peer: settings.peerAddress }
}

function nameOf (parts: Parts): string {
  const { own, peer } = pairOf(parts)
  return `${own} ${peer}`
}

/** As each message names a pair. */
function addressed (parts: Parts): { by: string, with: string } {
  const { own, peer } = pairOf(parts)
  return { by: own, with: peer }
}
