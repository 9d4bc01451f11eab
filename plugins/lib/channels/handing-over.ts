/**
 * When a key hands over to another one, and what changes then, on both sides. What is said for that is in handover.ts; what it is said
 * of are the pairs of addresses of an account (pairs.ts).
 */
import { describeError } from '../../../src/lib/describe-error.js'
import { announce, announcedIn, isSignedByBoth, keepKeys, type Handover } from './handover.js'
import { MAX_FORMER, type Pairs, type PairsDeps } from './pairs.js'
import { placeOf } from './parties.js'
import { hasAhead } from './parts.js'
import { UnreachableError } from './types.js'

export interface HandingOverDeps extends Pick<PairsDeps, 'chains' | 'services' | 'settings' | 'log' | 'ask'> {
  /** Told when the two pay each other through another key than before. */
  onSwitch: () => void
}

/** After one that is not signed, no other is looked at for so long. */
const BAD_HANDOVER_MS = 1000
const BUSY = 'another handover is being looked at, or a bad one has just come: ask again'

export class HandingOver {
  /** What the peer is told, by the keys that it is told of: signed once. */
  readonly #announcements = new Map<string, Promise<Record<string, unknown>>>()
  #offering: Promise<unknown> = Promise.resolve()
  #nextOffer: Promise<void> | undefined
  #isAccepting = false
  #acceptAgainMs = 0
  #changing: Promise<unknown> = Promise.resolve()

  constructor (private readonly pairs: Pairs, private readonly deps: HandingOverDeps) {}

  /** Resolves when no key is being changed. */
  async quiet (): Promise<void> {
    await this.#changing
  }

  /**
   * Tells the peer of our present key, as long as we have former ones: it may not know it yet, or not any more, when its store was
   * restored from a copy. While that is under way, once more afterwards. Rejects when it does not take it.
   */
  async offer (): Promise<void> {
    if (this.#nextOffer === undefined) {
      const offer = this.#offering.then(async () => {
        this.#nextOffer = undefined
        await this.#offer()
      })
      this.#nextOffer = offer
      this.#offering = offer.catch(() => undefined)
    }
    await this.#nextOffer
  }

  async #offer (): Promise<void> {
    const { ours, theirs: peer, newest: to } = this.pairs.ends()
    const { chain } = this.deps.settings
    // The peer may know an earlier one than we paid through last.
    const former = this.deps.chains.map(({ provider }) => provider.address).filter(address => address !== to)
    const candidates = [...former.filter(address => address === ours), ...former.filter(address => address !== ours)]
    for (const [i, from] of candidates.entries()) {
      const isTaken = this.deps.ask(await this.#announced({ chain, from, to, peer }))
        .then(({ taken }) => taken === true)
      if (await (i < candidates.length - 1 ? isTaken.catch(() => false) : isTaken)) {
        await this.useNext()
        return
      }
    }
    if (candidates.length > 0) throw new Error('the peer does not know what a handover is')
  }

  /** A vault may be paid for each signature, and the peer connects as often as it likes. */
  async #announced (handover: Handover): Promise<Record<string, unknown>> {
    const { from, to, peer } = handover
    const name = `${from} ${peer}`
    const known = this.#announcements.get(name)
    if (known !== undefined) return await known
    const { chainOf } = this.pairs.ends()
    const announcing = announce(handover, chainOf(from).codec, chainOf(to).codec)
    this.#announcements.set(name, announcing)
    announcing.catch(() => { this.#announcements.delete(name) })
    return await announcing
  }

  /** Answers the peer, which hands over. One at a time: signatures cost time. Rejects with what the peer is told. */
  async accept (message: Record<string, unknown>): Promise<Record<string, unknown>> {
    if (this.#isAccepting) throw new UnreachableError(BUSY)
    this.#isAccepting = true
    return await this.#inTurn(() => this.#accept(message)).finally(() => { this.#isAccepting = false })
  }

  /** The peer pays through another key from now on, as the one that it had has said. */
  async #accept (message: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { pairs, deps: { chains, services, settings, settings: { chain, peerAddress: configured }, log } } = this
    const { chainOf, ours, theirs } = pairs.ends()
    const handover = announcedIn(message, chain)
    const { from, to, peer } = handover
    if (to === theirs) {
      if (pairs.present.settings.peerAddress !== to) await this.#switch() // that failed the first time
      return { taken: true }
    }
    if (from !== theirs) throw new Error(`we settle with another key of yours than the one that hands over. found=${from} expected=${theirs}`)
    if (!chains.some(({ provider }) => provider.address === peer)) throw new Error(`this is not our address. found=${peer}`)
    if (pairs.clash !== undefined) throw new UnreachableError('no other key is taken now') // which accounts we have is not the peer's business
    if (Date.now() < this.#acceptAgainMs) throw new UnreachableError(BUSY)
    if (!await isSignedByBoth(handover, chainOf(ours).codec)) {
      this.#acceptAgainMs = Date.now() + BAD_HANDOVER_MS
      throw new Error('the handover is not signed by both keys')
    }
    if (pairs.added >= MAX_FORMER) throw new UnreachableError('too many keys were handed over since this node has started')
    const open = pairs.all().filter(parts => parts.settings.peerAddress !== theirs && parts.unsettled() !== undefined)
    if (open.length > 0) throw new UnreachableError('channels of a key that you had before are not settled yet: no other key is taken before that')
    if (pairs.earlier.isFull) throw new Error('too many keys were handed over to this account: settle it, and begin another one')
    try {
      pairs.settleWith(to)
    } catch (error) {
      log.error('the peer hands over to a key that is not taken. key=%s error=%s', to, describeError(error))
      throw new Error('that key is not taken here', { cause: error })
    }
    // What was paid ahead with those before goes over as long as they are in the line.
    const before = [configured, ...pairs.live().filter(hasAhead).map(({ settings: { peerAddress } }) => peerAddress)]
    const line = [...new Set(before.filter(address => address !== from && address !== to)), from, to]
    await pairs.earlier.add({ theirs: [to] })
    await keepKeys(services.store, placeOf(settings), { ...pairs.keys, configured, theirs: line })
    pairs.keys.theirs = line
    await this.#switch()
    log.warn('the peer has handed over to another key, and is paid there from now on. Put that into the configuration as its address. ' +
      'former=%s now=%s', from, to)
    return { taken: true }
  }

  /** Pays through our present key from now on, where the peer knows that one. */
  async useNext (): Promise<void> {
    await this.#inTurn(async () => {
      const { pairs, deps: { services, settings, settings: { peerAddress: configured }, log } } = this
      const { next } = pairs
      if (next === undefined) return
      const [from, to] = [pairs.present.provider.address, next.provider.address]
      await keepKeys(services.store, placeOf(settings), { ...pairs.keys, configured, ours: to })
      pairs.keys.ours = to
      await this.#switch()
      log.info('the peer has taken our new key, and everything is paid through it from now on. former=%s now=%s', from, to)
    })
  }

  async #inTurn<T> (work: () => Promise<T>): Promise<T> {
    const result = this.#changing.then(work)
    this.#changing = result.catch(() => undefined)
    return await result
  }

  async #switch (): Promise<void> {
    await this.pairs.openPresent()
    this.deps.onSwitch()
  }
}
