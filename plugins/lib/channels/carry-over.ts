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
import { TransportError } from '../../../src/contracts/transport.js'
import { describeError } from '../../../src/lib/describe-error.js'
import type { Outgoing } from './outgoing.js'
import type { Pairs } from './pairs.js'
import type { Pair } from './parties.js'
import { isTemporary, type Parts } from './parts.js'
import type { Prepaid } from './prepaid.js'
import { amountOf, fieldsOf, textOf } from './read-record.js'

export interface CarryOverDeps {
  ask: (message: Record<string, unknown>) => Promise<Record<string, unknown>>
  isPeerThere: () => boolean
  log: Logger
}

/** What is carried over, and the record that it is in; and what is in the books, of which total there. */
type Kept = (parts: Parts) =>
{ sums: Pick<Prepaid, 'carry' | 'takeOver'>, record: Pick<Outgoing, 'save'>, booked?: Pick<Prepaid, 'name' | 'isOfTheseBooks'> }
const RECEIVED: Kept = ({ incoming }) => ({ sums: incoming, record: incoming })
const SENT: Kept = ({ outgoing }) => ({ sums: outgoing, record: outgoing })
const UNSIGNED: Kept = ({ prepaid, outgoing }) => ({ sums: prepaid, record: outgoing, booked: prepaid })

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
    const isUnsure = this.#isUnsure
    this.#isUnsure = false
    try {
      await this.complete()
      for (const from of this.pairs.handedOver()) await leaveUnsigned(from, this.pairs.present)
      const asked = this.pairs.handedOver().filter(({ settings }) => settings.claims === 'packet' && this.deps.isPeerThere())
      const isSettled = asked.every(({ outgoing }) => outgoing.isQuiet) // a packet under way may be rejected, and leave more
      for (const from of asked.filter(parts => isWorthAsking(parts, isUnsure))) {
        await this.#askFor(from, this.pairs.present).catch((error: unknown) => { this.#hear(error) })
      }
      if (!isSettled || !this.deps.isPeerThere()) this.#isUnsure ||= isUnsure
    } catch (error) {
      this.#hear(error)
    } finally {
      this.#isCarrying = false
    }
  }

  /**
   * What a pair has given counts for the one that it was given to, also where a crash or a failing store has come between the two: since
   * then another key may be the present one, and nobody asks for that again. Rejects with what the store says.
   */
  async complete (): Promise<void> {
    const all = this.pairs.all()
    for (const from of all) {
      for (const to of all) {
        for (const kept of [RECEIVED, SENT, UNSIGNED]) await handOn(kept, from, to)
      }
    }
  }

  /** Answers the peer, which pays us through another pair than before. Rejects with what the peer is told. */
  async answer (message: Record<string, unknown>): Promise<Record<string, unknown>> {
    const [from, to] = [this.#pairIn(fieldsOf(message.from, 'from')), this.#pairIn(message)]
    if (from?.settings.standing !== 'handed over' || to?.settings.standing !== 'present') {
      throw new Error('that is not between a key that was handed over and the present one')
    }
    await this.complete() // what another pair has given to `from`, too
    const carried = from.incoming.leaveTo(nameOf(to))
    await handOn(RECEIVED, from, to)
    return { carried }
  }

  /** The peer may have given something, and we do not know it, unless it has refused that: it is not asked the same again at each look. */
  #hear (error: unknown): void {
    const isRefused = error instanceof TransportError && !isTemporary(error)
    this.#isUnsure ||= !isRefused
    this.deps.log.debug('the peer does not carry over what was paid ahead. error=%s', describeError(error))
  }

  async #askFor (from: Parts, to: Parts): Promise<void> {
    for (const { outgoing } of [from, to]) outgoing.hold(true)
    try {
      const { carried } = await this.deps.ask({ step: 'carry', ...addressed(to), from: addressed(from) })
      const most = to.outgoing.prepaid - to.outgoing.headroom // there is no more that was paid ahead
      from.outgoing.leaveTo(nameOf(to), amountOf(carried, 'carried'), most)
      await handOn(SENT, from, to)
    } finally {
      for (const { outgoing } of [from, to]) outgoing.hold(false)
    }
  }

  #pairIn ({ by, with: own }: Record<string, unknown>): Parts | undefined {
    return this.pairs.find({ own: textOf(own, 'with'), peer: textOf(by, 'by') })
  }
}

function isWorthAsking ({ outgoing: { headroom, prepaid, isQuiet }, settings: { units } }: Parts, isUnsure: boolean): boolean {
  return isQuiet && (units.makeToken(headroom) || (isUnsure && prepaid > 0n))
}

/** What is in the books, and no claim stands for: it needs no word of the peer. */
async function leaveUnsigned (from: Parts, to: Parts): Promise<void> {
  from.prepaid.leaveTo(nameOf(to))
  await handOn(UNSIGNED, from, to)
}

/** What `from` has given to `to` in all counts there, once it is written down that it was given. */
async function handOn (kept: Kept, from: Parts, to: Parts): Promise<void> {
  const [giver, taker] = [kept(from), kept(to)]
  const sum = giver.sums.carry.given(nameOf(to))
  const of = giver.booked?.name ?? ''
  if (!taker.sums.carry.lacks(nameOf(from), sum, of)) return
  if ([giver, taker].some(({ booked }) => booked?.isOfTheseBooks === false)) return // it is not in the books that are there now
  await giver.record.save({ sync: true })
  taker.sums.takeOver(nameOf(from), sum, of)
  await taker.record.save({ sync: true })
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
