/**
 * A plugin that settles over payment channels: packets and claims go over the transport that it is given, money over the chain's part.
 * The two are kept apart: it carries packets as soon as the peer is there, and pays and takes claims as soon as the chain's part is.
 */
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { SluiceError } from '../../../src/contracts/errors.js'
import type { Admission, DataHandler, MoneyHandler, PluginInstance, PluginServices } from '../../../src/contracts/plugin.js'
import { packetEntry, packetOf } from '../../../src/contracts/transport.js'
import type { Answer, MessageGate, Transport } from '../../../src/contracts/transport.js'
import { backoffMs } from '../../../src/lib/backoff.js'
import { describeError } from '../../../src/lib/describe-error.js'
import { pause } from '../../../src/lib/timers.js'
import { amountIn } from '../../../src/packet/prepare.js'
import { encodeReject, isFulfill } from '../../../src/packet/reply.js'
import { carryOut } from './admin-info.js'
import { CHANNEL_PROTOCOL, CLAIM_PROTOCOL, answeredBy, claimEntry, messageEntry, messageOf, refusalEntry } from './messages.js'
import { OperatorActions } from './operator-actions.js'
import type { ChannelSettings } from './options.js'
import { openAccountParts, type AccountParts } from './account-parts.js'
import { isTemporary } from './parts.js'
import { reserve } from './parties.js'
import type { Chain, Parts } from './parts.js'
import { ClaimError, UnreachableError } from './types.js'
import { VaultError } from '../keys/vault.js'

const NOTHING = Buffer.alloc(0)
/** connect() gives the chain this long before it goes on without. */
const CHAIN_WAIT_MS = 5000
/** Payments wait this long for a peer that does not say which claims it has. */
const PEER_WAIT_MS = 2000
const RETRY_FIRST_MS = 1000
const RETRY_LONGEST_MS = 60_000
/** A peer that has not taken our new key is asked again. */
const OFFER_AGAIN_MS = 10 * 60_000
const NO_CLAIM = 'No payment channel claim attached to packet'

type OpenChain = () => Promise<Chain>

export interface SettlingPluginOptions {
  transport: Transport
  services: PluginServices
  settings: ChannelSettings
  /** The chain's part. Rejects when it cannot be had now; it is asked again. */
  openChain: OpenChain
  /** The same under the keys that signed for us before, the latest first, as long as they have channels. */
  formerKeys?: readonly OpenChain[]
}

/** What `open` makes of a chain's options: under its key, and under each of its former ones. */
export function underKeys<C extends { keyId: string, formerKeyIds?: readonly string[] | undefined }> (
  chain: C, open: (chain: C) => Promise<Chain>
): Pick<SettlingPluginOptions, 'openChain' | 'formerKeys'> {
  const { keyId, formerKeyIds = [] } = chain
  const under = (keyId: string): OpenChain => () => open({ ...chain, keyId })
  return { openChain: under(keyId), formerKeys: formerKeyIds.map(under) }
}

export default class SettlingPlugin extends EventEmitter implements PluginInstance {
  static readonly version = 2

  readonly settlesOnce = true
  readonly onlyListens: boolean
  readonly listensOn: PluginInstance['listensOn']
  readonly settlementUnit: string
  /** Two accounts that pay and are paid by the same party would both credit what it pays once. */
  readonly settlesWith: string
  /** A settlement of which nobody knows the outcome is repeated here only, also when the peer has another address by then. */
  readonly settlesAt: string
  readonly transport: Transport
  readonly #settings: ChannelSettings
  readonly #services: PluginServices
  readonly #openChain: OpenChain
  readonly #formerKeys: readonly OpenChain[]
  #moneyHandler: MoneyHandler | undefined
  #parts: AccountParts | undefined
  #opening: Promise<void> | undefined
  /** Whether the peer and we have shown each other our claims since the start: one of us may have been restored from a copy. */
  #agreed: Promise<void> | undefined
  #isStopped = true
  #retry: NodeJS.Timeout | undefined
  #offering: NodeJS.Timeout | undefined
  #failures = 0
  /** Why what was kept of channels cannot be used, although the chain's part is there. */
  #recordsRefused: string | undefined
  #trouble = 'the settlement chain has not been reached yet'
  #keyTrouble: string | undefined
  readonly #actions = new OperatorActions(
    () => this.#ready(message => new SluiceError('SLUICE_CHAIN_UNREACHABLE', message)),
    () => this.#parts?.all() ?? [], () => this.#keyTrouble)

  constructor ({ transport, services, settings, openChain, formerKeys = [] }: SettlingPluginOptions) {
    super()
    this.transport = transport
    this.#services = services
    this.#settings = settings
    this.#openChain = openChain
    this.#formerKeys = formerKeys
    this.onlyListens = transport.onlyListens ?? false
    this.listensOn = transport.listensOn
    this.settlementUnit = String(settings.units.smallest)
    this.settlesAt = `${settings.chain} ${settings.contract}`
    this.settlesWith = `${this.settlesAt} ${settings.peerAddress}`
    transport.setGate(this.#gate)
    transport.registerProtocolHandler(CHANNEL_PROTOCOL, async ({ data }) =>
      [messageEntry(await this.#account(unreachable).answer(data))])
    transport.on('connect', () => {
      this.#greet()
      this.emit('connect')
    })
    transport.on('disconnect', () => { this.emit('disconnect') })
  }

  /**
   * Like the transport's. When the chain cannot be reached, the account works without it, and goes on trying. Rejects when disconnect()
   * was called during the wait for the chain: a removed account listens no more, with a secret that may have been revoked.
   */
  async connect (options: { timeout?: number } = {}): Promise<void> {
    if (this.#isStopped) {
      this.#isStopped = false
      this.#agreed = undefined
      this.#opening = this.#open()
    }
    await Promise.race([this.#opening, pause(CHAIN_WAIT_MS)])
    this.#refuseStopped()
    await this.transport.connect(options)
  }

  async disconnect (): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#retry)
    clearTimeout(this.#offering)
    await this.transport.disconnect()
    await this.#opening
    await this.#parts?.stop()
  }

  isConnected (): boolean {
    return this.transport.isConnected()
  }

  registerDataHandler (handler: DataHandler, admission?: Admission): void {
    this.transport.registerDataHandler(handler, admission)
  }

  deregisterDataHandler (): void {
    this.transport.deregisterDataHandler()
  }

  registerMoneyHandler (handler: MoneyHandler): void {
    if (this.#moneyHandler !== undefined) throw new Error('requestHandler is already registered')
    this.#moneyHandler = handler
  }

  deregisterMoneyHandler (): void {
    this.#moneyHandler = undefined
  }

  /** As the transport does, and where claims go with packets, with a claim that pays for it. */
  sendData (data: Buffer): Promise<Buffer> {
    if (this.#settings.claims !== 'packet' || !this.isConnected()) return this.transport.sendData(data)
    const amount = amountIn(data)
    if (amount === 0n) return this.transport.sendData(data)
    try {
      const { outgoing } = this.#account(temporary).paying(amount)
      return outgoing.forPacket(amount, async claim => answeredBy(await this.transport.sendMessage([packetEntry(data), claimEntry(claim)])))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Pays `amount` base units once for an id, with a claim. */
  async sendMoney (amount: string, { id }: { id: string } = { id: randomUUID() }): Promise<void> {
    const account = this.#account(notBegun)
    await this.#agreement().catch((error: unknown) => { throw notBegun(describeError(error)) })
    await account.settle(id, BigInt(amount))
  }

  channels (): OperatorActions {
    return this.#actions
  }

  /** What would be lost if nobody looked after the account's channels any more. */
  unsettled (): string[] {
    if (this.#parts !== undefined) return this.#parts.unsettled()
    const refused = this.#recordsRefused === undefined ? [] : [this.#recordsRefused]
    return [...this.#services.settlements?.unsettled().values() ?? [], ...refused]
  }

  async getAdminInfo (): Promise<Record<string, unknown>> {
    const { chain, claims, requireClaims } = this.#settings
    const { peerAddress } = this.#parts?.present.settings ?? this.#settings
    const trouble = this.#parts === undefined ? { trouble: this.#trouble } : {}
    return { ...await this.transport.getAdminInfo(), settlement: { chain, peerAddress, claims, requireClaims, ...trouble } }
  }

  /** Closes, redeems and settles channels by hand, as admin-info.ts says. */
  async sendAdminInfo (info: unknown): Promise<unknown> {
    return await carryOut(info, this.#actions)
  }

  /** Looks at the claim of a message first, and lets its packet pass when the claim pays for it. */
  readonly #gate: MessageGate = (entries, next) => {
    const isLonePacket = entries.length === 1 && entries[0]?.protocolName === 'ilp'
    if (isLonePacket && !this.#settings.requireClaims) return next(entries)
    const packet = packetOf(entries)
    const amount = packet === undefined ? 0n : amountIn(packet)
    const claim = entries.find(({ protocolName }) => protocolName === CLAIM_PROTOCOL)
    if (claim === undefined) {
      return amount > 0n && this.#settings.requireClaims ? Promise.resolve(this.#reject(new ClaimError(NO_CLAIM))) : next(entries)
    }
    if (packet === undefined) return this.#takeClaim(claim.data)
    const rest = entries.filter(entry => entry !== claim)
    return amount === 0n ? next(rest) : this.#answerPaid(() => next(rest), claim.data, amount)
  }

  async #takeClaim (data: Buffer): Promise<Answer> {
    const account = this.#account(temporary)
    await this.#agreement()
    await account.take(data)
    return []
  }

  async #answerPaid (answerPacket: () => Promise<Answer>, claim: Buffer, amount: bigint): Promise<Answer> {
    let incoming
    try {
      const account = this.#account(temporary)
      await this.#agreement()
      incoming = await account.take(claim, { packet: amount })
    } catch (error) {
      return [packetEntry(this.#reject(error)), refusalEntry(error)]
    }
    let isPaidFor = false
    try {
      const answer = await answerPacket()
      const reply = Buffer.isBuffer(answer) ? answer : packetOf(answer)
      isPaidFor = reply !== undefined && isFulfill(reply)
      return answer
    } finally {
      if (!isPaidFor) incoming.release(amount)
    }
  }

  #reject (error: unknown): Buffer {
    const code = error instanceof ClaimError ? error.ilpErrorCode : 'T00'
    this.#services.log.debug('refused the claim of a packet. code=%s error=%s', code, describeError(error))
    const address = this.#services.getOwnAddress?.() ?? 'unknown'
    const message = error instanceof ClaimError ? error.message : 'the claim cannot be checked or kept now'
    return encodeReject({ code, triggeredBy: address === 'unknown' ? '' : address, message, data: NOTHING })
  }

  async #open (): Promise<void> {
    try {
      this.#parts ??= await this.#make()
      if (this.#isStopped) return
      this.#failures = 0
      this.#keyTrouble = undefined
      await this.#parts.start()
      this.#greet()
    } catch (error) {
      this.#tryLater(error)
    }
  }

  async #make (): Promise<AccountParts> {
    const refuseRecords = (error: unknown): never => {
      this.#recordsRefused = describeError(error)
      throw error
    }
    const taken = await reserve(this.#services, this.#settings).catch(refuseRecords)
    const chains: [Chain, ...Chain[]] = [await this.#openChain()]
    try {
      for (const openFormer of this.#formerKeys) chains.push(await openFormer())
    } catch (error) {
      for (const { provider } of chains) await provider.disconnect().catch(() => undefined)
      throw error
    }
    const opening = openAccountParts({
      chains,
      taken,
      settings: this.#settings,
      services: this.#services,
      log: this.#services.log,
      senderId: () => this.#settings.senderId ?? this.#services.getOwnAddress?.() ?? this.#services.account?.id ?? 'unknown',
      moneyHandler: () => this.#moneyHandler,
      deliver: async claim => { await this.transport.sendMessage([claimEntry(claim)]) },
      ask: message => this.#ask(message),
      isPeerThere: () => this.isConnected(),
      onSwitch: () => {
        this.#agreed = undefined
        this.#greet()
      }
    })
    return await opening.catch(refuseRecords)
  }

  #tryLater (error: unknown): void {
    if (this.#isStopped) return
    this.#trouble = describeError(error)
    this.#keyTrouble = error instanceof VaultError ? this.#trouble : undefined
    const delayMs = backoffMs(this.#failures++, RETRY_FIRST_MS, RETRY_LONGEST_MS)
    this.#services.log.error('no settlement yet, the chain or what was kept of it cannot be used. error=%s retryInMs=%d', this.#trouble, delayMs)
    this.#retry = setTimeout(() => { this.#opening = this.#open() }, delayMs)
    this.#retry.unref()
  }

  /** At each connect, when the chain's part is there. The first time since the start, payments wait for it. */
  #greet (): void {
    const account = this.#parts
    if (account === undefined || !this.isConnected()) return
    const greeting = Promise.all(account.live().map(parts => this.#show(parts))).then(() => {
      void this.#offerKey(account)
      void account.carry()
    })
    greeting.catch((error: unknown) => {
      this.#services.log.debug('cannot learn what the peer counts of our claims. error=%s', describeError(error))
      if (this.#agreed === greeting) this.#agreed = undefined // at the next connect
    })
    this.#agreed ??= greeting
  }

  /**
   * Shows the peer what we put in while it was away, and has it show which claims it has of ours, and which of its own we have
   * acknowledged. A peer that cannot do that, or does not answer for a while, is taken as it is. Rejects when it cannot do it now, and when
   * the connection is lost meanwhile.
   */
  async #show ({ funding, outgoing, incoming, watcher }: Parts): Promise<void> {
    await Promise.race([watcher.looked, pause(CHAIN_WAIT_MS)])
    funding.showAll()
    const showing = outgoing.reconcile().then(({ acknowledged }) => incoming.takeUp(acknowledged)).catch((error: unknown) => {
      if (!this.isConnected() || isTemporary(error)) throw error
      this.#services.log.debug('the peer does not show its claims. error=%s', describeError(error))
    })
    showing.catch(() => undefined) // also when nobody waits for it any more
    await Promise.race([showing, pause(PEER_WAIT_MS)])
  }

  /** Tells the peer of a new key of ours, and again after a while, until it has taken it. Never rejects. */
  async #offerKey (account: AccountParts): Promise<void> {
    clearTimeout(this.#offering)
    await account.offer().catch((error: unknown) => {
      this.#services.log.warn('the peer has not taken our new key, and is paid through the former one for now. error=%s retryInMs=%d',
        describeError(error), OFFER_AGAIN_MS)
      this.#offering = setTimeout(() => { if (this.isConnected()) void this.#offerKey(account) }, OFFER_AGAIN_MS)
      this.#offering.unref()
    })
  }

  /** Resolves when the two have shown each other their claims. Rejects while the peer is away. */
  async #agreement (): Promise<void> {
    if (this.#agreed === undefined) this.#greet()
    await (this.#agreed ?? Promise.reject(temporary('the peer is not there, and it is not known which claims it has')))
  }

  async #ask (message: Record<string, unknown>): Promise<Record<string, unknown>> {
    return messageOf(await this.transport.sendMessage([messageEntry(message)]))
  }

  #refuseStopped (): void {
    if (this.#isStopped) throw new Error('connection aborted')
  }

  #ready (errorOf: (message: string) => Error): Parts {
    return this.#account(errorOf).present
  }

  #account (errorOf: (message: string) => Error): AccountParts {
    if (this.#parts === undefined || this.#isStopped) throw errorOf(`no settlement now: ${this.#trouble}`)
    return this.#parts
  }
}

function temporary (message: string): Error {
  return new ClaimError(message, 'T00')
}

/** Nothing is paid: the connector may forget that it wanted to. */
function notBegun (message: string): Error {
  return Object.assign(temporary(message), { isNotBegun: true })
}

function unreachable (message: string): Error {
  return new UnreachableError(message)
}

