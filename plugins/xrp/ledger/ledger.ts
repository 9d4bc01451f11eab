/**
 * The ledger as one address of ours sees it, through one server, for all accounts of the process that use that address. The server pushes
 * each validated ledger and each transaction that touches the address; now and then one question makes sure that nothing was missed. So a
 * peer in whose channels nothing happens costs no questions of its own.
 *
 * Nothing here decides about money: an account that has to decide asks the ledger by itself.
 */
import { describeError } from '../../../src/lib/describe-error.js'
import { pause } from '../../../src/lib/timers.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../../lib/channels/types.js'
import { Progress } from '../../lib/rpc/progress.js'
import { chainIdOf } from '../formats.js'
import { Connection, ServerError, troubleOf } from './connection.js'
import type { Json } from './connection.js'
import { changesIn, channelIn, msOf, numberIn, objectIn } from './entries.js'
import type { ChannelChange, PayChannel } from './entries.js'
import { checkServer } from './server-check.js'
import type { Reserves, Validated } from './server-check.js'

export interface LedgerOptions {
  rpcUrl: string
  /** Through which alone it is asked. Undefined: directly. */
  socksProxy?: string | undefined
  network: number
  /** Ours. */
  address: string
  log: Logger
}

/** An account that uses it. */
export interface Member {
  /** A transaction has touched a channel of our address. */
  touched (change: ChannelChange, txId: string): void
}

export type LedgerOf = 'validated' | 'current'

/** A channel as it was in a ledger; undefined: that had none. */
export interface Reading {
  channel: PayChannel | undefined
  /** The clock of the ledger. */
  readAtMs: number
}

/** Between two questions whether something was missed. */
const CONFIRM_MS = 20_000
/** What was true at the last of them counts so long. */
const GOOD_MS = 45_000
/** After trouble it is looked so often whether it is over. */
const RETRY_MS = 1000
/** Every so many questions the server is checked again. */
const CHECKS_EVERY = 3
/** After so long without a validated ledger, the server is asked anew to push them. */
const SILENT_MS = 60_000
const PAGE = 200
const MAX_PAGES = 20
/** Channels that are read and have not changed since. */
const MAX_KEPT = 20_000
/** How far an answer may be behind what was pushed, or that behind an answer: behind one URL there may be several servers. */
const MAX_BEHIND = 10

export class Ledger {
  readonly connection: Connection
  /** Told of each validated ledger. */
  onTick: () => void = () => undefined
  readonly #options: LedgerOptions
  readonly #members = new Set<Member>()
  readonly #kept = new Map<string, PayChannel>()
  /** By peer, the ids of the channels with it, in both directions. */
  readonly #listed = new Map<string, Set<string>>()
  /** Counts what has touched a channel, to tell whether an answer is older than that. */
  #touches = 0
  #validated: Validated | undefined
  /** Channels are read of this ledger or a later one. */
  #least = 0
  #reserves: Reserves | undefined
  /** All transactions of ledgers up to this one are known. */
  #complete: number | undefined
  readonly #progress: Progress
  #confirmedMs = -Infinity
  #questions = 0
  #trouble: ChainError | undefined
  #stop = new AbortController()
  #running: Promise<void> | undefined
  #hurry = new AbortController()

  constructor (options: LedgerOptions, private readonly ended: () => void) {
    this.#options = options
    this.connection = new Connection({ url: options.rpcUrl, socksProxy: options.socksProxy }, {
      ledgerClosed: event => { this.#closed(event) },
      transaction: event => { this.#transaction(event) },
      lost: () => { this.#lost() }
    }, ask => this.#prepare(ask))
    const { host } = this.connection
    this.#progress = new Progress({ host, unit: 'ledger', log: options.log, aheadMs: Infinity, startedOver: () => { this.#startOver() } })
  }

  join (member: Member): void {
    this.#members.add(member)
    if (this.#running !== undefined) return
    this.connection.open()
    this.#stop = new AbortController()
    this.#running = this.#run()
  }

  /** The last one that leaves ends the connection. */
  async leave (member: Member): Promise<void> {
    if (!this.#members.delete(member) || this.#members.size > 0) return
    this.ended()
    this.#stop.abort()
    this.#hurry.abort()
    await this.connection.close()
    await this.#running
    this.#running = undefined
  }

  /** Resolves when the server was reached and checked. Rejects with ChainError. */
  async ready (): Promise<void> {
    if (!this.connection.isUp) await this.connection.request({ command: 'ping' })
    if (this.#trouble?.isFinal === true) throw this.#trouble
  }

  /** The last validated ledger. @throws ChainError before there was one */
  get validated (): Validated {
    if (this.#validated === undefined) throw this.#trouble ?? new ChainError('the XRP Ledger has not been reached yet', false)
    return this.#validated
  }

  /** Drops. @throws ChainError before the server has said it */
  get reserves (): Reserves {
    if (this.#reserves === undefined) throw new ChainError('the XRP Ledger has not been reached yet', false)
    return this.#reserves
  }

  /** Whether a ledger was validated in the last `ms`: what happened before is known then. */
  isFresh (ms: number): boolean {
    const now = Date.now()
    return this.#validated !== undefined && now - this.#validated.heardMs < ms && now - this.#validated.closedMs < ms
  }

  /** Whether what was read and not touched since is still so. @throws ChainError while the ledger cannot be looked at */
  isGood (): boolean {
    if (this.#trouble !== undefined) throw this.#trouble
    return this.connection.isUp && Date.now() - this.#confirmedMs < GOOD_MS
  }

  /** A validated channel that was read, and that nothing has touched since. @throws ChainError while the ledger cannot be looked at */
  known (channelId: string): Reading | undefined {
    const kept = this.isGood() ? this.#kept.get(channelId) : undefined
    return kept && { channel: kept, readAtMs: this.validated.closedMs }
  }

  /** Rejects with ChainError when the server cannot say. */
  async read (channelId: string, ledger: LedgerOf): Promise<Reading> {
    const [touches, newest] = [this.#touches, this.#validated?.index ?? 0]
    let answer = await this.#entry(channelId, ledger)
    // One that is behind does not have it yet: whether it is not there, one has to say that has the newest ledger.
    if (answer === undefined && ledger === 'validated') answer = await this.#entry(channelId, this.validated.index)
    if (answer !== undefined) this.#refuseOld(answer, ledger)
    const reading = { channel: answer && channelIn(channelId, answer.node), readAtMs: this.validated.closedMs }
    // An older ledger may lack what has touched the channel, and nothing would tell of that again.
    const isNewest = (numberIn(answer?.ledger_index) ?? 0) >= newest
    if (ledger === 'validated' && touches === this.#touches && isNewest) this.#keep(channelId, reading.channel)
    return reading
  }

  /**
   * Of a ledger before this one, in which a transaction of ours did its work, no channel is believed any more. One far ahead of what was
   * pushed is made up: it must not stop all reading.
   */
  mustHave (index: number): void {
    this.#least = Math.max(this.#least, Math.min(index, this.validated.index + MAX_BEHIND))
  }

  /** The ids of all channels with the peer, in both directions. @param mayKnow whether it is enough what was true lately */
  async list (peer: string, mayKnow: boolean): Promise<string[]> {
    const known = mayKnow && this.isGood() ? this.#listed.get(peer) : undefined
    if (known !== undefined) return [...known]
    const { address } = this.#options
    const touches = this.#touches
    const [ours, theirs] = [await this.#channels(address, peer), await this.#channels(peer, address)]
    if (touches === this.#touches) this.#listed.set(peer, new Set([...ours, ...theirs]))
    return [...ours, ...theirs]
  }

  /** An account as it is validated; undefined: there is none. */
  async account (address: string): Promise<Json | undefined> {
    try {
      const answer = await this.ask({ command: 'account_info', account: address, ledger_index: 'validated', signer_lists: true })
      return { ...answer, ...objectIn(answer, 'account_data') }
    } catch (error) {
      if (error instanceof ServerError && error.code === 'actNotFound') return undefined
      throw troubleOf(error)
    }
  }

  /** The newest ledger by an answer and by what was pushed: neither alone makes time pass. @throws ChainError where the answer is old */
  indexOf (answer: Json | undefined): number {
    const { index } = this.validated
    const found = numberIn(answer?.ledger_index) ?? index
    if (found + MAX_BEHIND >= index) return Math.min(found, index)
    throw new ChainError(`the server at ${this.connection.host} answers with an old ledger. found=${found} known=${index}`, false)
  }

  /** What deleted a channel, as far as the server remembers. Looks no further back than a ledger. */
  async deletion (channelId: string, notBefore: number): Promise<ChannelChange | undefined> {
    let found: ChannelChange | undefined
    await this.#transactions({ ledger_index_min: notBefore > 0 ? notBefore : -1, ledger_index_max: -1, forward: false }, changes => {
      found = changes.find(({ type, channel }) => type === 'deleted' && channel.channelId === channelId)
      return found === undefined
    })
    return found
  }

  async ask (question: Json): Promise<Json> {
    return await this.connection.request(question)
  }

  async #run (): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      this.#hurry = new AbortController()
      await this.#look()
      await pause(this.#trouble === undefined ? CONFIRM_MS : RETRY_MS, this.#hurry.signal)
    }
  }

  /** Says when trouble begins and when it is over. Never rejects. */
  async #look (): Promise<void> {
    const { log, network } = this.#options
    try {
      await this.ready()
      if (this.#questions++ % CHECKS_EVERY === 0) await this.#checkServer(question => this.ask(question))
      if (!this.isFresh(SILENT_MS)) await this.#subscribe(question => this.ask(question))
      await this.#confirm()
      if (this.#trouble !== undefined) log.info('the XRP Ledger can be watched again. chainId=%s', chainIdOf(network))
      this.#trouble = undefined
      this.onTick()
    } catch (error) {
      if (this.#trouble === undefined && !this.#stop.signal.aborted) {
        log.warn('the XRP Ledger cannot be watched now. chainId=%s error=%s', chainIdOf(network), describeError(error))
      }
      this.#trouble = troubleOf(error)
    }
  }

  async #prepare (ask: (question: Json) => Promise<Json>): Promise<void> {
    await this.#checkServer(ask)
    await this.#subscribe(ask)
    this.#complete ??= this.#validated?.index
    this.#confirmedMs = -Infinity
    this.#hurry.abort()
  }

  async #subscribe (ask: (question: Json) => Promise<Json>): Promise<void> {
    this.#closed(await ask({ command: 'subscribe', streams: ['ledger'], accounts: [this.#options.address] }))
  }

  async #checkServer (ask: (question: Json) => Promise<Json>): Promise<void> {
    try {
      checkServer(objectIn(await ask({ command: 'server_info' }), 'info'), this.#options.network, this.connection.host)
    } catch (error) {
      this.#trouble = troubleOf(error)
      throw this.#trouble
    }
  }

  #closed (event: Json): void {
    const [index, time] = [numberIn(event.ledger_index), numberIn(event.ledger_time)]
    if (index === undefined || time === undefined || typeof event.ledger_hash !== 'string') return
    const [base, increment] = [numberIn(event.reserve_base), numberIn(event.reserve_inc)]
    if (base !== undefined && increment !== undefined) this.#reserves = { base: BigInt(base), increment: BigInt(increment) }
    const place = { height: BigInt(index), timeMs: msOf(time) }
    if (this.#progress.faultOf(place) !== undefined || index <= (this.#validated?.index ?? 0)) return
    this.#progress.reached(place)
    this.#validated = { index, hash: event.ledger_hash, closedMs: msOf(time), heardMs: Date.now() }
    this.onTick()
  }

  /** A server has named a ledger that there was not: what was known by it counts no longer. */
  #startOver (): void {
    this.#validated = this.#complete = undefined
    this.#least = 0
    this.#kept.clear()
    this.#listed.clear()
    this.#lost()
  }

  #transaction (event: Json): void {
    if (event.validated === true && typeof event.hash === 'string') this.#take(event.hash, changesIn(event.meta))
  }

  #lost (): void {
    this.#confirmedMs = -Infinity
    this.#hurry.abort()
  }

  #take (txId: string, changes: ChannelChange[]): void {
    const { address } = this.#options
    for (const change of changes) {
      const { channelId, source, destination } = change.channel
      if (source !== address && destination !== address) continue
      this.#touches++
      this.#kept.delete(channelId)
      const listed = this.#listed.get(source === address ? destination : source)
      if (change.type === 'deleted') listed?.delete(channelId)
      else listed?.add(channelId)
      for (const member of this.#members) member.touched(change, txId)
    }
  }

  /** Makes sure that no transaction was missed. */
  async #confirm (): Promise<void> {
    const from = this.#complete ?? this.validated.index
    const to = this.validated.index
    const range = { ledger_index_min: from, ledger_index_max: to, forward: true }
    const isAll = to <= from || await this.#transactions(range, (changes, txId) => {
      this.#take(txId, changes)
      return true
    })
    if (!isAll) {
      this.#kept.clear()
      this.#listed.clear()
    }
    this.#complete = to
    this.#confirmedMs = Date.now()
  }

  /**
   * Walks through validated transactions of our address, as long as `next` says so. Resolves to whether the server has them all.
   */
  async #transactions (range: Json, next: (changes: ChannelChange[], txId: string) => boolean): Promise<boolean> {
    let marker: unknown
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await this.ask({
        command: 'account_tx', account: this.#options.address, limit: PAGE, ...range, ...marker === undefined ? {} : { marker }
      }).catch((error: unknown) => {
        if (error instanceof ServerError) return error
        throw troubleOf(error)
      })
      if (answer instanceof ServerError) return answer.code === 'actNotFound' // an account that is not there has done nothing
      for (const transaction of Array.isArray(answer.transactions) ? answer.transactions as Json[] : []) {
        if (transaction.validated !== true || typeof transaction.hash !== 'string') continue
        if (!next(changesIn(transaction.meta), transaction.hash)) return true
      }
      marker = answer.marker
      const least = numberIn(answer.ledger_index_min)
      if (least !== undefined && typeof range.ledger_index_min === 'number' && least > range.ledger_index_min) return false
      if (marker === undefined) return true
    }
    return false
  }

  /** Pages count all objects of the account, of whatever kind, so a peer can make this long: not longer than so many. */
  async #channels (account: string, destination: string): Promise<string[]> {
    const ids: string[] = []
    let marker: unknown
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await this.ask({
        command: 'account_channels', account, destination_account: destination, ledger_index: 'validated', limit: PAGE,
        ...marker === undefined ? {} : { marker }
      }).catch((error: unknown) => {
        if (error instanceof ServerError && error.code === 'actNotFound') return { channels: [], marker: undefined }
        throw troubleOf(error)
      })
      for (const { channel_id: id } of Array.isArray(answer.channels) ? answer.channels as Json[] : []) {
        if (typeof id === 'string') ids.push(id.toUpperCase())
      }
      marker = answer.marker
      if (marker === undefined) break
    }
    return ids
  }

  /** Undefined: that ledger has no such channel. */
  async #entry (channelId: string, ledger: LedgerOf | number): Promise<Json | undefined> {
    return await this.ask({ command: 'ledger_entry', payment_channel: channelId, ledger_index: ledger }).catch((error: unknown) => {
      if (error instanceof ServerError && error.code === 'entryNotFound') return undefined
      throw troubleOf(error)
    })
  }

  #keep (channelId: string, channel: PayChannel | undefined): void {
    this.#kept.delete(channelId)
    if (channel === undefined) return
    this.#kept.set(channelId, channel)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest)
  }

  /** Of a server that is behind the others nothing is believed. */
  #refuseOld (answer: Json, ledger: LedgerOf): void {
    if (ledger !== 'validated') return
    const index = numberIn(answer.ledger_index) ?? 0
    if (answer.validated === true && index + MAX_BEHIND >= this.validated.index && index >= this.#least) return
    throw new ChainError(`the server at ${this.connection.host} answers with an old ledger, or one that is not validated. found=${index} known=${this.validated.index}`, false)
  }
}
