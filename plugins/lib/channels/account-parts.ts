/**
 * The parts of an account for each pair of addresses, one of ours and one of the peer: those through which the two pay each other, those
 * of keys that were handed over (handover.ts), and those of an address that the peer had before, whose channels are looked after until
 * they are settled. What is kept of each is kept by chain, contract and both addresses, so that another chain, contract, key or peer never
 * meets the records of this one.
 */
import type { PluginServices, SettlementRecords } from '../../../src/contracts/plugin.js'
import { describeError } from '../../../src/lib/describe-error.js'
import { announce, announcedIn, isSignedByBoth, keepKeys, loadKeys, type KeyLine } from './handover.js'
import type { Terms } from './claim-ledger.js'
import type { Incoming } from './incoming.js'
import { migrate } from './migrate.js'
import type { Standing } from './options.js'
import { SENT_RECORD } from './outgoing.js'
import { canPay, openParts, startParts } from './parts.js'
import type { Chain, Parts, PartsDeps } from './parts.js'
import { fieldsOf } from './read-record.js'
import { recordKey } from './records.js'
import { UnreachableError } from './types.js'
import { withoutConnector } from './without-connector.js'

/** What each of the pairs gets is found here. */
export interface AccountPartsDeps extends Omit<PartsDeps, 'chain' | 'store' | 'books' | 'signed' | 'booksId' | 'setUnsettled'> {
  /** The chain's part under our key, then under each of our former ones. */
  chains: readonly [Chain, ...Chain[]]
  services: PluginServices
  /** Told when the two pay each other through another key than before. */
  onSwitch: () => void
}

interface Pair {
  own: string
  peer: string
}

/** Keys that are changed more often, with channels open, have to wait. */
const MAX_FORMER = 8
/** After one that is not signed, no other is looked at for so long. */
const BAD_HANDOVER_MS = 1000
const BUSY = 'another handover is being looked at, or a bad one has just come: ask again'

/** Rejects when what was kept cannot be read, or is of other channels that are not settled, and says what to do. */
export async function openAccountParts (deps: AccountPartsDeps): Promise<AccountParts> {
  const { chains, settings: { chain, contract, peerAddress }, services } = deps
  const own = chains.map(({ provider }) => provider.address)
  if (new Set(own).size < own.length) throw new Error('formerKeyIds names a key twice, or the one that keyId names: leave it out')
  const kept = await loadKeys(services.store, `${chain} ${contract}`)
  const keys: KeyLine = {
    ours: kept.ours !== undefined && own.includes(kept.ours) ? kept.ours : undefined,
    theirs: kept.theirs.includes(peerAddress) ? kept.theirs : [peerAddress]
  }
  const parts = new AccountParts(deps, keys)
  await parts.open()
  return parts
}

export class AccountParts {
  readonly #deps: AccountPartsDeps
  readonly #records: SettlementRecords
  readonly #keys: KeyLine
  readonly #all: Parts[] = []
  #isStarted = false
  #present: Parts | undefined
  /** Claims on channels that none of the pairs knows wait here for the chain, in their order. */
  readonly #finding = new Map<string, Promise<Parts>>()
  #isAccepting = false
  #acceptAgainMs = 0
  #changing: Promise<unknown> = Promise.resolve()

  constructor (deps: AccountPartsDeps, keys: KeyLine) {
    this.#deps = deps
    this.#records = deps.services.settlements ?? withoutConnector(deps.services)
    this.#keys = keys
  }

  /** Those that we pay through. */
  get present (): Parts {
    if (this.#present === undefined) throw new Error('not open yet')
    return this.#present
  }

  /** With those of former addresses. */
  all (): Parts[] {
    return [this.present, ...this.#all.filter(parts => parts !== this.present)]
  }

  /** Those through which something may still be paid, by one of the two. */
  live (): Parts[] {
    return this.all().filter(({ settings }) => settings.standing !== 'former')
  }

  async open (): Promise<void> {
    const { services, settings, log } = this.#deps
    const { peerAddress, units } = settings
    const kept = [...this.#records.unsettled()].map(([parties, what]) => this.#pairIn(parties, what))
    this.#keys.ours ??= this.#knownTo(this.#ends().theirs, kept)
    const { chainOf, ours, theirs } = this.#ends()
    for (const address of this.#keys.theirs) if (address !== peerAddress) this.#settleWith(address)
    const wasUsedWith = (peer: string): Promise<boolean> => chainOf(ours).wasUsedWith(peer)
    const moved = await migrate({
      from: services.store, to: peer => this.#storeOf({ own: ours, peer }), ownAddress: ours, peerAddress, units, wasUsedWith
    })
    await this.#openPresent()
    // Those of our keys and the peer's know which settlements they have paid, also when all of their channels are over.
    const paid = await this.#pairsThatPaid()
    const others = [...moved.map(peer => ({ own: ours, peer })), ...kept].filter(pair => this.#find(pair) === undefined)
    if (others.length > MAX_FORMER) {
      throw new Error(`the channels of ${others.length} former addresses are not settled, at most ${MAX_FORMER} are looked after. Put an earlier address back until they are`)
    }
    for (const pair of others) {
      const isLeft = this.#standingOf(pair) === 'former'
      if (isLeft) log.warn('the peer has another address than before: the channels of the former one are redeemed, closed and settled. former=%s now=%s', pair.peer, theirs)
      if (this.#find(pair) === undefined) await this.#openPair(pair)
    }
    for (const pair of paid) if (this.#find(pair) === undefined) await this.#openPair(pair)
  }

  async #pairsThatPaid (): Promise<Pair[]> {
    const pairs = this.#deps.chains.flatMap(({ provider }) => this.#keys.theirs.map(peer => ({ own: provider.address, peer })))
    const records = await Promise.all(pairs.map(pair => this.#storeOf(pair).get(recordKey(SENT_RECORD))))
    return pairs.filter((_, i) => records[i] !== undefined)
  }

  async start (): Promise<void> {
    this.#isStarted = true
    for (const parts of this.#all) await startParts(parts)
  }

  async stop (): Promise<void> {
    this.#isStarted = false
    await this.#changing
    const providers = this.#deps.chains.map(({ provider }) => provider.disconnect())
    await Promise.all([...providers, ...this.#all.map(({ watcher }) => watcher.stop())])
    for (const { records, channels, incoming, outgoing, note } of this.#all) {
      // What is not kept of this is found out again at the next start.
      await Promise.all([note(), channels.save(), incoming.save(), outgoing.save()]).catch(() => undefined)
      await records.close()
    }
  }

  /** What would be lost if nobody looked after it any more. */
  unsettled (): string[] {
    return this.all().flatMap(parts => parts.unsettled() ?? [])
  }

  /**
   * Those that can pay for packets now: the ones of keys that were handed over, as long as there is no channel with our money in it between
   * the present ones.
   */
  get paying (): Parts {
    if (this.#all.length === 1 || canPay(this.present)) return this.present
    return this.live().find(parts => parts.settings.standing === 'handed over' && canPay(parts)) ?? this.present
  }

  /**
   * What of a payment (base units) is to be paid through the present addresses: nothing, where others have paid under its id. Rejects while
   * that is not known: else it could be paid twice.
   */
  async leftOf (id: string, amount: bigint): Promise<bigint> {
    let left = amount
    for (const { outgoing } of this.all().slice(1).filter(parts => parts.outgoing.knows(id))) {
      const rest = await outgoing.finish(id)
      if (rest < left) left = rest
    }
    return left
  }

  /** As `Incoming.take` does, for the channel that the claim names. Resolves to the side of us that has taken it. */
  async take (data: Buffer, terms: Terms = {}): Promise<Incoming> {
    const parts = this.#all.length === 1 ? this.present : await this.#whose(data)
    await parts.incoming.take(data, terms)
    if (parts.settings.standing === 'next') this.#useNext().catch(() => undefined) // the peer knows that key: its next claim says so again
    return parts.incoming
  }

  /** Answers the peer. Rejects with what the peer is told. */
  async answer (data: Buffer): Promise<Record<string, unknown>> {
    const message = fieldsOf(JSON.parse(data.toString()), 'message')
    if (message.step === 'handover') return await this.#acceptOne(message)
    return await this.#addressed(message).answers.to(message)
  }

  /**
   * Tells the peer of our present key, as long as we have former ones: it may not know it yet, or not any more, when its store was
   * restored from a copy. Rejects when it does not take it.
   */
  async offer (): Promise<void> {
    const { chainOf, ours, theirs: peer, newest: to } = this.#ends()
    const { chain } = this.#deps.settings
    // The peer may know an earlier one than we paid through last.
    const former = this.#deps.chains.map(({ provider }) => provider.address).filter(address => address !== to)
    const candidates = [...former.filter(address => address === ours), ...former.filter(address => address !== ours)]
    for (const [i, from] of candidates.entries()) {
      const isTaken = this.#deps.ask(await announce({ chain, from, to, peer }, chainOf(from).codec, chainOf(to).codec))
        .then(({ taken }) => taken === true)
      if (await (i < candidates.length - 1 ? isTaken.catch(() => false) : isTaken)) {
        await this.#useNext()
        return
      }
    }
    if (candidates.length > 0) throw new Error('the peer does not know what a handover is')
  }

  /** One at a time: signatures cost time. */
  async #acceptOne (message: Record<string, unknown>): Promise<Record<string, unknown>> {
    if (this.#isAccepting) throw new UnreachableError(BUSY)
    this.#isAccepting = true
    return await this.#inTurn(() => this.#accept(message)).finally(() => { this.#isAccepting = false })
  }

  /** The peer pays through another key from now on, as the one that it had has said. */
  async #accept (message: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { services, settings: { chain, contract, peerAddress: configured }, log } = this.#deps
    const { chainOf, ours, theirs } = this.#ends()
    const handover = announcedIn(message, chain)
    const { from, to, peer } = handover
    if (to === theirs) {
      if (this.present.settings.peerAddress !== to) await this.#switch() // that failed the first time
      return { taken: true }
    }
    if (from !== theirs) throw new Error(`we settle with another key of yours than the one that hands over. found=${from} expected=${theirs}`)
    if (!this.#deps.chains.some(({ provider }) => provider.address === peer)) throw new Error(`this is not our address. found=${peer}`)
    if (Date.now() < this.#acceptAgainMs) throw new UnreachableError(BUSY)
    if (!await isSignedByBoth(handover, chainOf(ours).codec)) {
      this.#acceptAgainMs = Date.now() + BAD_HANDOVER_MS
      throw new Error('the handover is not signed by both keys')
    }
    if (this.#all.length > MAX_FORMER) throw new UnreachableError('too many keys were handed over since this node has started')
    const open = this.#all.filter(parts => parts.settings.peerAddress !== theirs && parts.unsettled() !== undefined)
    if (open.length > 0) throw new UnreachableError('channels of a key that you had before are not settled yet: no other key is taken before that')
    try {
      this.#settleWith(to)
    } catch (error) {
      log.error('the peer hands over to a key that is not taken. key=%s error=%s', to, describeError(error))
      throw new Error('that key is not taken here', { cause: error }) // which accounts we have is not the peer's business
    }
    const line = [...new Set([configured, from])].filter(address => address !== to)
    await keepKeys(services.store, `${chain} ${contract}`, { ours: this.#keys.ours, theirs: [...line, to] })
    this.#keys.theirs = [...line, to]
    await this.#switch()
    log.warn('the peer has handed over to another key, and is paid there from now on. Put that into the configuration as its address. ' +
      'former=%s now=%s', from, to)
    return { taken: true }
  }

  /** Pays through our present key from now on. */
  async #useNext (): Promise<void> {
    await this.#inTurn(async () => {
      const { services, settings: { chain, contract }, log } = this.#deps
      const next = this.#all.find(({ settings: { standing } }) => standing === 'next')
      if (next === undefined) return
      const [from, to] = [this.present.provider.address, next.provider.address]
      await keepKeys(services.store, `${chain} ${contract}`, { ours: to, theirs: this.#keys.theirs })
      this.#keys.ours = to
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
    await this.#openPresent()
    this.#deps.onSwitch()
  }

  /** Opens what the keys say, where it is not open yet; the others stay for what is under way in them. */
  async #openPresent (): Promise<void> {
    const { ours, theirs, newest } = this.#ends()
    for (const own of new Set([ours, newest])) {
      if (this.#find({ own, peer: theirs }) === undefined) await this.#openPair({ own, peer: theirs })
    }
    this.#present = this.#find({ own: ours, peer: theirs })
    for (const { settings, provider } of this.#all) {
      settings.standing = this.#standingOf({ own: provider.address, peer: settings.peerAddress })
    }
  }

  async #openPair (pair: Pair): Promise<void> {
    const { services, settings, ask, ...deps } = this.#deps
    const { own, peer } = pair
    const chain = this.#ends().chainOf(own)
    const parts = await openParts({
      ...deps,
      chain: { ...chain, codec: chain.codecFor?.(peer) ?? chain.codec },
      settings: { ...settings, peerAddress: peer, standing: this.#standingOf(pair) },
      store: this.#storeOf(pair),
      books: services.books,
      signed: services.signed,
      booksId: () => `${services.books?.id ?? ''} ${services.account?.id ?? ''}`,
      ask: message => ask({ ...message, by: own, with: peer }),
      setUnsettled: what => this.#records.setUnsettled(this.#partiesOf(pair), what)
    })
    this.#all.push(parts)
    if (this.#isStarted) await startParts(parts)
  }

  #standingOf ({ own, peer }: Pair): Standing {
    const { ours, theirs, newest } = this.#ends()
    if (peer === theirs && own === ours) return 'present'
    if (peer === theirs && own === newest) return 'next'
    return this.#keys.theirs.includes(peer) ? 'handed over' : 'former'
  }

  /** Whose pair a claim is for. Those that wait for the chain keep their order. */
  async #whose (data: Buffer): Promise<Parts> {
    const channelId = this.#channelIn(data)
    if (channelId === undefined) return this.present
    const waiting = this.#finding.get(channelId)
    const known = this.all().find(({ channels }) => channels.get(channelId) !== undefined)
    if (waiting === undefined && known !== undefined) return known
    const finding = waiting ?? this.#lookUp(channelId).finally(() => { this.#finding.delete(channelId) })
    this.#finding.set(channelId, finding)
    return await finding
  }

  /** Undefined: it is not a claim, as the side that is asked to take it will say. */
  #channelIn (data: Buffer): string | undefined {
    const { chainOf, ours } = this.#ends()
    try {
      return chainOf(ours).codec.parse(data).channelId
    } catch {
      return undefined
    }
  }

  /** The chain is asked by each of our addresses. */
  async #lookUp (channelId: string): Promise<Parts> {
    for (const parts of this.live()) if (await parts.channels.lookup(channelId) !== undefined) return parts
    return this.present
  }

  /** Whom a message is for. Peers of former versions do not say it. @throws Error when it is for nobody here */
  #addressed (message: Record<string, unknown>): Parts {
    const { by, with: own, channelId } = message
    if (typeof by === 'string' && typeof own === 'string') {
      const parts = this.#find({ own, peer: by })
      if (parts === undefined) throw new Error(`we do not settle between these addresses. yours=${by} ours=${own}`)
      return parts
    }
    return this.all().find(({ channels }) => typeof channelId === 'string' && channels.get(channelId) !== undefined) ?? this.present
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

  #ends (): { ours: string, theirs: string, newest: string, chainOf: (own: string) => Chain } {
    const { chains, settings: { peerAddress } } = this.#deps
    const newest = chains[0].provider.address
    return {
      ours: this.#keys.ours ?? newest,
      theirs: this.#keys.theirs.at(-1) ?? peerAddress,
      newest,
      chainOf: own => chains.find(({ provider }) => provider.address === own) ?? chains[0]
    }
  }

  #find ({ own, peer }: Pair): Parts | undefined {
    return this.#all.find(({ provider, settings }) => provider.address === own && settings.peerAddress === peer)
  }

  /** @throws Error when another account settles with it: what it pays once would be credited twice */
  #settleWith (peer: string): void {
    const { chain, contract } = this.#deps.settings
    this.#records.settleWith(`${chain} ${contract} ${peer}`)
  }

  #partiesOf ({ own, peer }: Pair): string {
    const { chain, contract } = this.#deps.settings
    return `${chain} ${contract} ${peer} ${own}`
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
