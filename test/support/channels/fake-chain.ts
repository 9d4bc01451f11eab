/**
 * A chain in memory with the rules of the real ones: what is redeemed is bounded by the payer's deposit, a closed channel can be redeemed
 * from until it is settled, and an operation that is repeated under its id is done once. What chains differ in it can be told: each has
 * the rules of its features, and keeps them whoever calls. Time is Date.now().
 */
import { consentSignatureOf, signatureOf } from './fake-codec.js'
import { ChainError, waitingIn } from '../../../plugins/lib/channels/types.js'
import type {
  ChannelEvent, ChannelFeatures, ChannelProvider, ChannelState, Claim, CloseConsent, Finality, Receipt
} from '../../../plugins/lib/channels/types.js'

interface Side {
  deposit: bigint
  /** What the chain has granted this side of the other's deposit. */
  claimed: bigint
  /** Where payouts are taken: what this side has taken out. */
  taken: bigint
  nonce: bigint
}

interface FakeChannel {
  id: string
  sides: Record<string, Side>
  addresses: [string, string]
  status: 'open' | 'closing' | 'settled'
  challengeSecs: number
  openedMs: number
  closedMs: number
  closer: string
}

export interface FakeFeatures extends ChannelFeatures {
  /** An end by consent pays exactly what the two have signed, and no claim. */
  exact?: boolean
  /** A payee that could end the channel redeems first while a challenge runs. */
  redeemsWhileClosing?: boolean
}

/** As the EVM's channels are. */
export const TWO_WAY: FakeFeatures = { directions: 'both', opening: 'empty', ends: 'consent', payouts: 'pushed', nonces: true }
/** As those of Solana. */
export const EXACT: FakeFeatures = { ...TWO_WAY, exact: true }
/** As those of the XRP Ledger. */
export const ONE_WAY: FakeFeatures = { directions: 'one', opening: 'funded', ends: 'payee', payouts: 'pushed', nonces: false }
/** As those of Mina. */
export const PROVEN: FakeFeatures = { ...ONE_WAY, nonces: true, redeemsWhileClosing: true }
/** As those of Aptos. */
export const TAKEN: FakeFeatures = { directions: 'both', opening: 'empty', ends: 'consent', payouts: 'taken', nonces: false }
/** With nothing but the challenge, as any chain could be. */
export const PLAIN: FakeFeatures = { directions: 'one', opening: 'empty', ends: 'challenge', payouts: 'taken', nonces: true }

export class FakeChain {
  readonly balances = new Map<string, bigint>()
  readonly channels = new Map<string, FakeChannel>()
  readonly transactions: string[] = []
  opened = 0
  /** Of one side of a channel. */
  depositLimit: bigint | undefined
  nativeDecimals = 18
  /** How long channels live before anybody may close them. */
  lifetimeMs: number | undefined
  canCloseTogether = true
  /** How far ahead the clock is that nodes show. */
  aheadMs = 0
  /** Asked before anything that anybody does; throws what the call is to fail with. What it resolves to late comes late. */
  fault: (call: string, address: string, channelId?: string) => Promise<void> | void = () => undefined
  readonly done = new Map<string, Promise<unknown>>()
  readonly listeners = new Set<(event: ChannelEvent) => void>()

  constructor (readonly features: FakeFeatures = TWO_WAY) {}

  /** What nodes that are stale show of channels: how they were. */
  #shown: Map<string, FakeChannel> | undefined

  provider (address: string): FakeProvider {
    return new FakeProvider(this, address)
  }

  channel (id: string): FakeChannel {
    const channel = this.channels.get(id)
    if (channel === undefined) throw new ChainError(`no channel ${id}`, true)
    return channel
  }

  /** Whether nodes show the channels as they are now until further notice, whatever happens to them. */
  setStale (isStale: boolean): void {
    this.#shown = isStale ? structuredClone(this.channels) : undefined
  }

  /** As nodes show them. */
  get shown (): ReadonlyMap<string, FakeChannel> {
    return this.#shown ?? this.channels
  }

  /** Anybody may put something in for somebody else. */
  depositFor (payer: string, channelId: string, owner: string, amount: bigint): void {
    const { sides, status, addresses } = this.channel(channelId)
    const side = sides[owner]
    if (status !== 'open' || side === undefined) throw new ChainError('not open', true)
    if (this.features.directions === 'one' && (payer !== owner || addresses[0] !== owner)) throw new ChainError('only who opened it pays through it', true)
    this.move(payer, -amount)
    side.deposit += amount
  }

  /** The blocks since the opening of a channel are replaced by others without it. */
  takeBack (channelId: string): void {
    const { sides } = this.channel(channelId)
    this.channels.delete(channelId)
    for (const [address, { deposit, claimed }] of Object.entries(sides)) this.move(address, deposit - claimed)
  }

  move (address: string, amount: bigint): void {
    const balance = (this.balances.get(address) ?? 0n) + amount
    if (balance < 0n) throw new ChainError(`not enough tokens. address=${address}`, true)
    this.balances.set(address, balance)
  }

  /** Pays what was granted, or leaves it to be taken. */
  grant (address: string, amount: bigint): void {
    if (this.features.payouts === 'pushed') this.move(address, amount)
  }

  /** Of all accounts and channels: never changes. */
  supply (): bigint {
    let total = 0n
    for (const balance of this.balances.values()) total += balance
    for (const { sides, status } of this.channels.values()) {
      for (const { deposit, claimed, taken } of Object.values(sides)) {
        if (this.features.payouts === 'taken') total += deposit - taken
        else if (status !== 'settled') total += deposit - claimed
      }
    }
    return total
  }
}

class FakeProvider implements ChannelProvider {
  readonly chainType = 'fake'
  readonly chainId = 'fake:1'

  constructor (private readonly chain: FakeChain, readonly address: string) {}

  get features (): FakeFeatures {
    return this.chain.features
  }

  get nativeDecimals (): number {
    return this.chain.nativeDecimals
  }

  get redeemsWhileClosing (): boolean {
    return this.features.redeemsWhileClosing === true
  }

  async connect (): Promise<void> {
    await this.#ask('connect')
  }

  async disconnect (): Promise<void> {
    // Nothing is open.
  }

  async tokenDecimals (): Promise<number> {
    return Promise.resolve(9)
  }

  async balances (): Promise<{ token: bigint, native: bigint }> {
    await this.#ask('balances')
    return { token: this.chain.balances.get(this.address) ?? 0n, native: 1n }
  }

  async redeemCost (): Promise<bigint> {
    return Promise.resolve(100n)
  }

  openChannel (peer: string, challengeSecs: number, operationId: string, deposit?: bigint): Promise<Receipt & { channelId: string }> {
    return this.#do('open', `${operationId}:${peer}`, () => {
      if ((deposit ?? 0n) > 0n !== (this.features.opening === 'funded')) throw new ChainError(`opened with ${deposit}`, true)
      if (deposit !== undefined) this.chain.move(this.address, -deposit)
      const id = `channel-${this.chain.opened++}`
      const side = { deposit: 0n, claimed: 0n, nonce: 0n, taken: 0n }
      const sides = { [this.address]: { ...side, deposit: deposit ?? 0n }, [peer]: side }
      const addresses: [string, string] = [this.address, peer]
      this.chain.channels.set(id, { id, sides, addresses, status: 'open', challengeSecs, openedMs: Date.now(), closedMs: 0, closer: '' })
      return { channelId: id }
    })
  }

  deposit (channelId: string, total: bigint, operationId: string): Promise<Receipt> {
    return this.#do('deposit', operationId, () => {
      const { sides, status, addresses } = this.chain.channel(channelId)
      if (status !== 'open') throw new ChainError('not open', true)
      if (this.#isOneWay && addresses[0] !== this.address) throw new ChainError('only who opened it pays through it', true)
      if (this.chain.depositLimit !== undefined && total > this.chain.depositLimit) throw new ChainError('more than a channel takes', true)
      const side = this.#side(sides, this.address)
      if (total < side.deposit) throw new ChainError('less than is there', true)
      this.chain.move(this.address, side.deposit - total)
      side.deposit = total
      return {}
    })
  }

  redeem (claim: Claim, operationId: string): Promise<Receipt> {
    return this.#do('redeem', operationId, () => {
      const { sides, status } = this.chain.channel(claim.channelId)
      const [mine, payer] = [this.#side(sides, this.address), this.#side(sides, claim.signer)]
      if (status === 'settled') throw new ChainError('settled', true)
      if (claim.signature !== signatureOf(claim.signer, claim) || claim.signer === this.address) throw new ChainError('signature', true)
      if (this.features.nonces && this.features.exact !== true && claim.nonce <= payer.nonce) throw new ChainError('claim', true)
      if (claim.total <= mine.claimed || claim.total > payer.deposit) throw new ChainError('claim', true)
      this.chain.grant(this.address, claim.total - mine.claimed)
      mine.claimed = claim.total
      payer.nonce = claim.nonce
      return {}
    })
  }

  close (channelId: string, operationId: string): Promise<Receipt> {
    return this.#do('close', operationId, () => {
      const channel = this.chain.channel(channelId)
      if (channel.status !== 'open') throw new ChainError('not open', true)
      if (this.features.ends === 'payee' && channel.addresses[0] !== this.address) throw new ChainError('the payee ends it at once', true)
      Object.assign(channel, { status: 'closing', closedMs: Date.now(), closer: this.address })
      return {}
    })
  }

  canCloseTogether (): Promise<boolean> {
    return Promise.resolve(this.chain.canCloseTogether)
  }

  async depositLimit (): Promise<bigint | undefined> {
    await this.#ask('depositLimit')
    return this.chain.depositLimit
  }

  closeTogether (consent: CloseConsent, signature: string, claim: Claim | undefined, operationId: string): Promise<Receipt> {
    return this.#do('closeTogether', operationId, () => {
      const { sides, status, addresses } = this.chain.channel(consent.channelId)
      const peer = addresses.find(address => address !== this.address) ?? ''
      if (status === 'settled' || this.features.ends !== 'consent') throw new ChainError('settled, or nobody ends it together', true)
      if (Math.floor(Date.now() / 1000) > consent.validUntil) throw new ChainError('too late', true)
      if (signature !== consentSignatureOf(peer, consent, this.features.exact)) throw new ChainError('signature', true)
      const [mine, other] = [this.#side(sides, this.address), this.#side(sides, peer)]
      if (this.features.exact === true) {
        if (consent.pays < mine.claimed || consent.least < other.claimed) throw new ChainError('the terms are behind the chain', true)
        if (consent.pays > other.deposit) throw new ChainError('more than was deposited', true)
        this.chain.grant(this.address, consent.pays - mine.claimed)
        mine.claimed = consent.pays
      } else if (claim !== undefined && claim.total > mine.claimed) {
        if (claim.signature !== signatureOf(peer, claim) || claim.total > other.deposit) throw new ChainError('claim', true)
        this.chain.grant(this.address, claim.total - mine.claimed)
        mine.claimed = claim.total
      }
      if (consent.least > mine.deposit) throw new ChainError('more than was deposited', true)
      if (consent.least > other.claimed) {
        this.chain.grant(peer, consent.least - other.claimed)
        other.claimed = consent.least
      }
      this.#payOut(consent.channelId, mine.deposit - other.claimed, other.deposit - mine.claimed, peer)
      return {}
    })
  }

  closeAsPayee (channelId: string, claim: Claim | undefined, operationId: string): Promise<Receipt> {
    return this.#do('closeAsPayee', operationId, () => {
      const { sides, status, addresses: [payer, payee] } = this.chain.channel(channelId)
      if (status === 'settled' || this.features.ends !== 'payee' || payee !== this.address) throw new ChainError('not the payee', true)
      const [mine, other] = [this.#side(sides, payee), this.#side(sides, payer)]
      if (claim !== undefined && claim.total > mine.claimed) {
        if (claim.signature !== signatureOf(payer, claim) || claim.total > other.deposit) throw new ChainError('claim', true)
        this.chain.grant(payee, claim.total - mine.claimed)
        mine.claimed = claim.total
      }
      this.#payOut(channelId, 0n, other.deposit - mine.claimed, payer)
      return {}
    })
  }

  withdraw (channelId: string, operationId: string): Promise<Receipt> {
    return this.#do('withdraw', operationId, () => {
      const channel = this.chain.channel(channelId)
      const { granted, taken } = this.#payout(channel) ?? { granted: 0n, taken: 0n }
      if (granted <= taken) throw new ChainError('nothing to take', true)
      this.chain.move(this.address, granted - taken)
      this.#side(channel.sides, this.address).taken = granted
      return {}
    })
  }

  settle (channelId: string, operationId: string): Promise<Receipt> {
    return this.#do('settle', operationId, () => {
      const { sides, status, challengeSecs, closedMs, addresses } = this.chain.channel(channelId)
      if (status !== 'closing' || closedMs + challengeSecs * 1000 > Date.now()) throw new ChainError('challenge', true)
      const peer = addresses.find(address => address !== this.address) ?? ''
      const [mine, other] = [this.#side(sides, this.address), this.#side(sides, peer)]
      this.#payOut(channelId, mine.deposit - other.claimed, other.deposit - mine.claimed, peer)
      return {}
    })
  }

  async getChannelState (channelId: string, finality: Finality = 'confirmed'): Promise<ChannelState | undefined> {
    await this.#ask(`state ${finality}`, channelId)
    const channel = this.chain.shown.get(channelId)
    return channel?.addresses.includes(this.address) === true ? this.#state(channel) : undefined
  }

  async findChannels (peer: string): Promise<ChannelState[]> {
    await this.#ask('find')
    const channels = [...this.chain.shown.values()].filter(({ addresses }) => addresses.includes(peer) && addresses.includes(this.address))
    return channels.map(channel => this.#state(channel)).filter(state => state.status !== 'settled' || waitingIn(state) > 0n)
  }

  subscribe (_peer: string, listener: (event: ChannelEvent) => void): () => void {
    this.chain.listeners.add(listener)
    return () => { this.chain.listeners.delete(listener) }
  }

  get #isOneWay (): boolean {
    return this.features.directions === 'one'
  }

  #state (channel: FakeChannel): ChannelState {
    const { id, sides, addresses, status, challengeSecs, openedMs, closedMs, closer } = channel
    const { lifetimeMs } = this.chain
    const peer = addresses.find(address => address !== this.address) ?? ''
    const party = (address: string, other: string): ChannelState['ours'] => {
      const { deposit, nonce } = this.#side(sides, address)
      return { address, deposit, nonce, redeemed: this.#side(sides, other).claimed }
    }
    const closing = status === 'closing' ? { settleableAt: closedMs + challengeSecs * 1000, closedByThem: closer === peer } : {}
    const [ours, theirs] = [party(this.address, peer), party(peer, this.address)]
    return {
      channelId: id,
      readAtMs: Date.now() + this.chain.aheadMs,
      status,
      ours,
      theirs,
      challengeSecs,
      ...closing,
      expiresAt: lifetimeMs === undefined || status !== 'open' ? undefined : openedMs + lifetimeMs,
      payer: !this.#isOneWay ? undefined : addresses[0] === this.address ? 'us' : 'them',
      payout: this.#payout(channel)
    }
  }

  #payout ({ sides, addresses, status }: FakeChannel): ChannelState['payout'] {
    if (this.features.payouts === 'pushed') return undefined
    const [mine, other] = [this.#side(sides, this.address), this.#side(sides, addresses.find(address => address !== this.address) ?? '')]
    return { granted: mine.claimed + (status === 'settled' ? mine.deposit - other.claimed : 0n), taken: mine.taken }
  }

  #payOut (channelId: string, mine: bigint, theirs: bigint, peer: string): void {
    if (mine < 0n || theirs < 0n) throw new ChainError('more than was deposited', true)
    this.chain.grant(this.address, mine)
    this.chain.grant(peer, theirs)
    this.chain.channel(channelId).status = 'settled'
  }

  #side (sides: Record<string, Side>, address: string): Side {
    const side = sides[address]
    if (side === undefined) throw new ChainError('no party', true)
    return side
  }

  async #ask (call: string, channelId?: string): Promise<void> {
    await new Promise(resolve => setImmediate(resolve))
    const waiting = this.chain.fault(call, this.address, channelId)
    if (waiting !== undefined) await waiting
  }

  /** The id of an operation is the party's own, as on a real chain its transactions are. */
  #do<T extends object> (call: string, operationId: string, work: () => T): Promise<T & Receipt> {
    const key = `${this.address} ${operationId}`
    const running = this.chain.done.get(key) as Promise<T & Receipt> | undefined
    if (running !== undefined) return running
    const result = this.#ask(call).then(() => {
      const txId = `tx-${this.chain.transactions.length}`
      const receipt = { ...work(), txId }
      this.chain.transactions.push(`${call} ${this.address}`)
      for (const listener of this.chain.listeners) listener({ type: 'opened', channelId: '' })
      return receipt
    })
    this.chain.done.set(key, result)
    result.catch((error: unknown) => {
      if (!(error instanceof ChainError && error.isFinal)) this.chain.done.delete(key)
    })
    return result
  }
}
