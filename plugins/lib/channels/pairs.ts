/**
 * The pairs of addresses that an account settles between, one of ours and one of the peer, each with parts of its own: those that pay each
 * other, those of keys that were handed over, and those of an address that the peer had before, whose channels are looked after until they
 * are settled. What is kept of each is kept by chain, contract and both addresses, so that another chain, contract, key or peer never
 * meets the records of this one.
 */
import type { PluginServices, SettlementRecords } from '../../../src/contracts/plugin.js'
import { keepKeys, loadKeys, type KeyLine } from './handover.js'
import { openEarlier, type Earlier } from './earlier.js'
import { migrate } from './migrate.js'
import { RECEIVED_RECORD } from './incoming.js'
import type { Standing } from './options.js'
import { SENT_RECORD } from './outgoing.js'
import { partyOf, placeOf, type Pair } from './parties.js'
import { openParts, startParts } from './parts.js'
import type { Chain, Parts, PartsDeps } from './parts.js'
import { recordKey } from './records.js'
import { ClaimError } from './types.js'
import { withoutConnector } from './without-connector.js'

/** What each of the pairs gets is found here. */
export interface PairsDeps extends Omit<PartsDeps, 'chain' | 'store' | 'books' | 'signed' | 'booksId' | 'setUnsettled'> {
  /** The chain's part under our key, then under each of our former ones. */
  chains: readonly [Chain, ...Chain[]]
  /** Addresses of the peer that another account has by now: it looks after their channels, and they are not opened here. */
  taken: readonly string[]
  services: PluginServices
}

export interface Ends {
  /** The addresses that pay each other. */
  ours: string
  theirs: string
  /** Of our present key. */
  newest: string
  chainOf: (own: string) => Chain
}

/** A peer that has handed over this often since the start has to wait. What is kept is always looked after, however much it is. */
export const MAX_FORMER = 8

/** Rejects when what was kept cannot be read, or is of other channels that are not settled, and says what to do. */
export async function openPairs (deps: PairsDeps): Promise<Pairs> {
  const { chains, settings, settings: { peerAddress }, services, log } = deps
  const own = chains.map(({ provider }) => provider.address)
  if (new Set(own).size < own.length) throw new Error('formerKeyIds names a key twice, or the one that keyId names: leave it out')
  const place = placeOf(settings)
  const kept = await loadKeys(services.store, place)
  const { configured = peerAddress, theirs } = kept
  const now = theirs.at(-1) ?? configured
  // What an operator has changed counts for more than what the peer has said before.
  const isOverruled = !theirs.includes(peerAddress) || (configured !== peerAddress && now !== peerAddress)
  const keys: KeyLine = {
    ours: kept.ours !== undefined && own.includes(kept.ours) ? kept.ours : undefined,
    theirs: isOverruled ? [peerAddress] : theirs
  }
  if (isOverruled && theirs.length > 1) {
    log.warn('the configuration gives the peer another address than before, and that one counts, not the one that it had handed over to. ' +
      'configured=%s handedOver=%s', peerAddress, now)
  }
  const earlier = await openEarlier(services.store, place)
  if (theirs.length > 0 || configured !== peerAddress) await earlier.add({ theirs: [configured, ...theirs] })
  if (theirs.length > 0 && kept.configured !== peerAddress) {
    await keepKeys(services.store, place, { ...kept, theirs: keys.theirs, configured: peerAddress })
  }
  const pairs = new Pairs(deps, keys, earlier)
  await pairs.open()
  return pairs
}

export class Pairs {
  /** What was handed over. After a change of it, the present pair is to be opened. */
  readonly keys: KeyLine
  readonly #deps: PairsDeps
  readonly #records: SettlementRecords
  readonly #all: Parts[] = []
  #isStarted = false
  /** How many there were at the start. */
  #first = 0
  /** Told after each look at the channels of a pair. */
  onLooked: () => void = () => undefined
  #present: Parts | undefined

  constructor (deps: PairsDeps, keys: KeyLine, readonly earlier: Earlier) {
    this.#deps = deps
    this.#records = deps.services.settlements ?? withoutConnector(deps.services)
    this.keys = keys
  }

  /** Those that we pay through. */
  get present (): Parts {
    if (this.#present === undefined) throw new Error('not open yet')
    return this.#present
  }

  /** Of our present key, while the peer has not heard of it. */
  get next (): Parts | undefined {
    return this.#all.find(({ settings: { standing } }) => standing === 'next')
  }

  /** The address that the peer has handed over to, where another account has it: until one of the two is gone, nothing is paid. */
  get clash (): string | undefined {
    const last = this.keys.theirs.at(-1)
    return last === undefined || this.#isFree(last) ? undefined : last
  }

  /** @throws ClaimError when another account has the address that is to be paid */
  refuseClash (): void {
    if (this.clash === undefined) return
    throw new ClaimError(`nothing is paid: the peer has handed over to an address that another account settles with. address=${this.clash}. ` +
      'Remove that account, or give this one another address of the peer', 'T00')
  }

  #isFree (peer: string): boolean {
    return !this.#deps.taken.includes(peer)
  }

  /** How many have come since the start. */
  get added (): number {
    return this.#all.length - this.#first
  }

  get size (): number {
    return this.#all.length
  }

  /** With those of former addresses. */
  all (): Parts[] {
    return [this.present, ...this.#all.filter(parts => parts !== this.present)]
  }

  /** Those through which something may still be paid, by one of the two. */
  live (): Parts[] {
    return this.all().filter(({ settings }) => settings.standing !== 'former')
  }

  /** Those of keys that were handed over. */
  handedOver (): Parts[] {
    return this.#all.filter(({ settings }) => settings.standing === 'handed over')
  }

  async open (): Promise<void> {
    const { services, settings, log } = this.#deps
    const { peerAddress, units } = settings
    const kept = [...this.#records.unsettled()].map(([parties, what]) => this.#pairIn(parties, what))
    this.keys.ours ??= this.#knownTo(this.ends().theirs, kept)
    const { chainOf, ours, theirs } = this.ends()
    const wasUsedWith = (peer: string): Promise<boolean> => chainOf(ours).wasUsedWith(peer)
    const moved = await migrate({
      from: services.store, to: peer => this.#storeOf({ own: ours, peer }), ownAddress: ours, peerAddress, units, wasUsedWith
    })
    await this.openPresent()
    // Those of our keys and the peer's know which settlements they have paid, and what was paid ahead, also once their channels are over.
    const used = await this.#usedPairs()
    const others = [...moved.map(peer => ({ own: ours, peer })), ...kept]
      .filter(pair => this.find(pair) === undefined && this.#isFree(pair.peer))
    for (const pair of others.filter(pair => this.#standingOf(pair) === 'former')) {
      log.warn('the peer has another address than before: the channels of the former one are redeemed, closed and settled. former=%s now=%s', pair.peer, theirs)
    }
    for (const pair of [...others, ...used]) if (this.find(pair) === undefined) await this.#openPair(pair)
    this.#first = this.#all.length
    const own = this.#deps.chains.map(({ provider }) => provider.address)
    await this.earlier.add({ ours: [...kept.map(({ own }) => own), ...own], theirs: [...kept.map(({ peer }) => peer), peerAddress] })
    await this.earlier.load(SENT_RECORD, pair => this.find(pair) === undefined ? this.#storeOf(pair) : undefined)
  }

  /** Those through which either side may have paid. */
  async #usedPairs (): Promise<Pair[]> {
    const theirs = this.keys.theirs.filter(peer => this.#isFree(peer))
    const pairs = this.#deps.chains.flatMap(({ provider }) => theirs.map(peer => ({ own: provider.address, peer })))
    const records = await Promise.all(pairs.map(pair =>
      Promise.all([SENT_RECORD, RECEIVED_RECORD].map(name => this.#storeOf(pair).get(recordKey(name))))))
    return pairs.filter((_, i) => records[i]?.some(record => record !== undefined))
  }

  async start (): Promise<void> {
    this.#isStarted = true
    for (const { prepaid } of this.#all) await prepaid.resume() // all: what one has left to another may be of former books
    this.#all.forEach(startParts)
  }

  async stop (): Promise<void> {
    this.#isStarted = false
    const providers = this.#deps.chains.map(({ provider }) => provider.disconnect())
    await Promise.all([...providers, ...this.#all.map(({ watcher }) => watcher.stop())])
    for (const { records, channels, incoming, outgoing, note } of this.#all) {
      // What is not kept of this is found out again at the next start.
      await Promise.all([note(), channels.save(), incoming.save(), outgoing.save()]).catch(() => undefined)
      await records.close()
    }
  }

  /** Opens what the keys say, where it is not open yet; the others stay for what is under way in them. */
  async openPresent (): Promise<void> {
    const { ours, theirs, newest } = this.ends()
    for (const own of new Set([ours, newest])) {
      if (this.find({ own, peer: theirs }) === undefined) await this.#openPair({ own, peer: theirs })
    }
    this.#present = this.find({ own: ours, peer: theirs })
    for (const { settings, provider } of this.#all) {
      settings.standing = this.#standingOf({ own: provider.address, peer: settings.peerAddress })
    }
  }

  async #openPair (pair: Pair): Promise<void> {
    const { services, settings, ask, ...deps } = this.#deps
    const { own, peer } = pair
    const chain = this.ends().chainOf(own)
    const parts = await openParts({
      ...deps,
      chain: { ...chain, codec: chain.codecFor?.(peer) ?? chain.codec },
      settings: { ...settings, peerAddress: peer, standing: this.#standingOf(pair) },
      store: this.#storeOf(pair),
      books: services.books,
      signed: services.signed,
      booksId: () => `${services.books?.id ?? ''} ${services.account?.id ?? ''}`,
      ask: message => ask({ ...message, by: own, with: peer }),
      setUnsettled: async what => {
        await this.#records.setUnsettled(this.#partiesOf(pair), what)
        this.onLooked()
      }
    })
    this.#all.push(parts)
    if (!this.#isStarted) return
    await parts.prepaid.resume()
    startParts(parts)
  }

  #standingOf ({ own, peer }: Pair): Standing {
    const { ours, theirs, newest } = this.ends()
    if (this.clash !== undefined && peer === theirs) return 'handed over'
    if (peer === theirs && own === ours) return 'present'
    if (peer === theirs && own === newest) return 'next'
    return this.keys.theirs.includes(peer) ? 'handed over' : 'former'
  }

  /**
   * Ours that the peer knows, where nothing was handed over to it yet: the one with channels, else the present one, of which it is told as
   * soon as it is there.
   */
  #knownTo (peer: string, kept: readonly Pair[]): string {
    const { chains } = this.#deps
    const used = chains.find(({ provider }) => kept.some(pair => pair.peer === peer && pair.own === provider.address))
    return (used ?? chains[0]).provider.address
  }

  ends (): Ends {
    const { chains, settings: { peerAddress } } = this.#deps
    const newest = chains[0].provider.address
    return {
      ours: this.keys.ours ?? newest,
      theirs: this.keys.theirs.filter(peer => this.#isFree(peer)).at(-1) ?? peerAddress,
      newest,
      chainOf: own => chains.find(({ provider }) => provider.address === own) ?? chains[0]
    }
  }

  find ({ own, peer }: Pair): Parts | undefined {
    return this.#all.find(({ provider, settings }) => provider.address === own && settings.peerAddress === peer)
  }

  /** @throws Error when another account settles with it: what it pays once would be credited twice */
  settleWith (peer: string): void {
    this.#records.settleWith(partyOf(this.#deps.settings, peer))
  }

  #partiesOf ({ own, peer }: Pair): string {
    return `${partyOf(this.#deps.settings, peer)} ${own}`
  }

  #storeOf (pair: Pair): ReturnType<SettlementRecords['storeOf']> {
    return this.#records.storeOf(this.#partiesOf(pair))
  }

  /** Whose unsettled channels these are. @throws Error where nobody here can look after them */
  #pairIn (parties: string, what: string): Pair {
    const [chain, contract, peer = '', own = ''] = parties.split(' ')
    const isOurs = this.#deps.chains.some(({ provider }) => provider.address === own)
    if (isOurs && this.#partiesOf({ own, peer }) === parties) return { own, peer }
    throw new Error('the account has payment channels that are not settled, on another chain or contract, or of another key, than are configured now. ' +
      'Put those back until they are closed and settled (a key that was replaced belongs into formerKeyIds), or give the account another id. ' +
      `chain=${chain} contract=${contract} peerAddress=${peer} ownAddress=${own} unsettled=${what}`)
  }
}
