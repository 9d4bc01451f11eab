/**
 * What the adversary has won so far, if it does from now on whatever is best for it: on the chain, and in packets that we delivered,
 * less what it delivered for us. That may never be more than our books say that it owes us:
 *
 *     won <= balance + what is being settled + prepaid + slack
 *     balance <= its credit
 *     prepaid <= maxPrepaid + packets under way
 *
 * The slack is what cannot be helped, each by a cause of its own: packets that were under way at a power cut, claims on a channel that the
 * chain takes back, and all that moved between a backup and its restoration.
 */
import { strict as assert } from 'node:assert'
import type { ChannelState } from '../../../plugins/lib/channels/types.js'
import type { ChainUnderTest, OpenChannel } from './chain.js'
import type { Mallory } from './mallory.js'
import { CHALLENGE_SECS, CREDIT, MAX_PREPAID, type OurSide } from './our-side.js'

interface Moved {
  delivered: bigint
  /** By our claims, and by those of the adversary that we have kept. */
  paid: bigint
  received: bigint
}

export class Truth {
  #atStart = 0n
  /** By cause. */
  readonly #slack = { powerCuts: 0n, takenBack: 0n, restored: 0n }
  /** What the adversary has put into our side of channels. */
  readonly #gifts = new Map<string, bigint>()
  /** The most that we ever kept a claim for, by channel. */
  readonly #kept = new Map<string, bigint>()
  #copy: { entries: Map<string, string>, moved: Moved } | undefined

  constructor (private readonly chain: ChainUnderTest, private readonly mallory: Mallory, private readonly us: OurSide) {}

  async start (): Promise<void> {
    this.#atStart = await this.#wallets()
  }

  /** Rejects when the adversary has won something. `when` is for the message. */
  async check (when: string): Promise<void> {
    const { balance, settling, prepaid } = this.us.books()
    const [won, how] = await this.#won()
    const slack = this.#slack.powerCuts + this.#slack.takenBack + this.#slack.restored
    const limit = MAX_PREPAID + this.us.mostUnderWay
    const books = `balance=${balance} settling=${settling} prepaid=${prepaid} slack=${slack}`
    assert.ok(won <= balance + settling + prepaid + slack, `after ${when}: the adversary has won ${won}, more than the books say. ${books}; ${how}`)
    assert.ok(balance <= CREDIT[this.us.mode], `after ${when}: the adversary has more credit than it may. ${books}`)
    assert.ok(prepaid <= limit, `after ${when}: more is paid ahead than may be. ${books} limit=${limit}`)
  }

  /** What goes out with packets is not synced before they are answered. */
  powerCut (): void {
    if (this.us.mode === 'settlement') return
    for (const amount of this.us.underWay.values()) this.#slack.powerCuts += amount
  }

  gift (channelId: string, amount: bigint): void {
    this.#gifts.set(channelId, (this.#gifts.get(channelId) ?? 0n) + amount)
  }

  /** Of channels that are not over, those with more of our money than the adversary gave us. */
  async locked (): Promise<OpenChannel[]> {
    return (await this.chain.channels()).filter(({ channelId, ours }) => ours.deposit - ours.redeemed > (this.#gifts.get(channelId) ?? 0n))
  }

  /** A channel is about to vanish from the chain, and with it what claims on it are worth. */
  async takenBack (channelId: string): Promise<void> {
    this.#slack.takenBack += await this.#keptOn(channelId)
  }

  async copied (): Promise<void> {
    this.#copy = { entries: this.us.disk.left('clean'), moved: await this.#moved() }
  }

  /** The copy, if there is one: all that has moved since is forgotten with it. */
  async restored (): Promise<Map<string, string> | undefined> {
    const copy = this.#copy
    if (copy === undefined) return undefined
    const now = await this.#moved()
    this.#slack.restored += now.delivered - copy.moved.delivered + now.paid - copy.moved.paid + now.received - copy.moved.received
    return new Map(copy.entries)
  }

  /** The claim of the adversary on a channel that it sent last, by nonce. */
  async lastSent (channelId: string): Promise<{ amount: bigint, nonce: bigint }> {
    const { codec } = this.mallory.own
    const claims = this.mallory.sent.flatMap(text => {
      try {
        return codec.parse(Buffer.from(text))
      } catch {
        return []
      }
    })
    const own = claims.filter(claim => claim.channelId === channelId && claim.signer === this.mallory.own.address)
    const kept = await this.#keptOn(channelId)
    return own.reduce((last, { nonce }) => nonce > last.nonce ? { amount: kept, nonce } : last, { amount: kept, nonce: 0n })
  }

  /** A channel as the adversary sees it, as far as it needs that to sign. */
  stateFor ({ channelId, address, challengeSecs }: OpenChannel): ChannelState {
    const party = (of: string): ChannelState['ours'] => ({ address: of, deposit: 0n, redeemed: 0n, nonce: 0n })
    return { channelId, readAtMs: Date.now(), status: 'open', ours: party(address), theirs: party(this.chain.ours), challengeSecs }
  }

  async #won (): Promise<[bigint, string]> {
    const onChain = await this.#wallets() - this.#atStart
    const channels = await this.chain.channels()
    let inChannels = 0n
    for (const channel of channels) inChannels += await this.#worth(channel)
    const [delivered, forUs] = [this.mallory.delivered, this.us.delivered]
    const how = `chain=${onChain} channels=${inChannels} delivered=${delivered} deliveredForUs=${forUs} open=${channels.length}`
    return [onChain + inChannels + delivered - forUs, how]
  }

  /** What the adversary gets out of a channel in the end, if it does its best and we do what we can with what we have kept. */
  async #worth ({ channelId, challengeSecs, ours, theirs }: OpenChannel): Promise<bigint> {
    const kept = await this.#keptOn(channelId)
    const granted = this.mallory.granted.filter(({ consent }) => consent.channelId === channelId && consent.validUntil * 1000 > Date.now())
    const least = granted.reduce((sum, { consent }) => consent.least < sum ? consent.least : sum, kept)
    const isSafe = challengeSecs >= CHALLENGE_SECS // in less, we may be too late
    const weGet = max(theirs.redeemed, isSafe && kept <= theirs.deposit ? least : 0n)
    const itGets = max(ours.redeemed, min(this.mallory.bestClaim(channelId)?.total ?? 0n, ours.deposit))
    return theirs.deposit - weGet + itGets - ours.redeemed
  }

  /** What our best claim of the adversary grants on a channel. */
  async #keptOn (channelId: string): Promise<bigint> {
    const claim = await this.us.channels.claim!(channelId).catch(() => undefined)
    if (claim === undefined) return 0n
    const text = Buffer.from(JSON.stringify(claim))
    if (!await this.chain.isSigned(text)) return 0n
    const { total: amount } = this.mallory.own.codec.parse(text)
    this.#kept.set(channelId, max(amount, this.#kept.get(channelId) ?? 0n))
    return amount
  }

  async #moved (): Promise<Moved> {
    for (const { channelId } of await this.chain.channels()) await this.#keptOn(channelId)
    const paid = [...this.mallory.held.keys()].reduce((sum, channelId) => sum + (this.mallory.bestClaim(channelId)?.total ?? 0n), 0n)
    const received = [...this.#kept.values()].reduce((sum, amount) => sum + amount, 0n)
    return { delivered: this.mallory.delivered, paid, received }
  }

  async #wallets (): Promise<bigint> {
    let sum = 0n
    for (const { address } of this.chain.identities) sum += await this.chain.wallet(address)
    return sum
  }
}

function max (a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function min (a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
