/** What an operator can see of the channels with the peer, and do with them. The policy goes on meanwhile. */
import { describeError } from '../../../src/lib/describe-error.js'
import { SluiceError } from '../../../src/contracts/errors.js'
import type {
  ChannelChange, ChannelDetails, ChannelEnd, ChannelOpenOptions, ChannelOperations, ClaimCounts, ClaimSummary, SettlementStates
} from '../../../src/contracts/channels.js'
import type { KnownChannel } from './channels.js'
import type { Parts } from './parts.js'
import type { Receipt } from './types.js'

interface Found {
  channel: KnownChannel
  parts: Parts
}

export class OperatorActions implements ChannelOperations {
  /** `parts` throws while the chain's part is not there. `all`: with those of former addresses of the peer. */
  constructor (
    private readonly parts: () => Parts, private readonly all: () => readonly Parts[],
    /** Why the chain's part is not there, if that is because of the key. */
    private readonly keyTroubleNow: () => string | undefined
  ) {}

  get tokenId (): string | undefined {
    return this.#opened()?.settings.tokenId
  }

  get claimCounts (): ClaimCounts | undefined {
    return this.#opened()?.counts
  }

  get trouble (): string | undefined {
    try {
      const { channels, keyTrouble } = this.parts()
      return keyTrouble() ?? channels.operations.trouble
    } catch (error) {
      return describeError(error)
    }
  }

  get keyTrouble (): string | undefined {
    return this.#opened()?.keyTrouble() ?? this.keyTroubleNow()
  }

  get work (): string | undefined {
    return this.#opened()?.work()
  }

  async open ({ initialDeposit = 0n, settlementTimeout, chain, peerAddress }: ChannelOpenOptions): Promise<ChannelDetails> {
    const parts = this.parts()
    const { channels, funding, settings, provider } = parts
    refuseOther('chain', chain, settings.chain)
    refuseOther('peerAddress', peerAddress?.toLowerCase(), settings.peerAddress.toLowerCase())
    const [present] = channels.payable()
    if (present !== undefined) throw new SluiceError('SLUICE_CHANNEL_EXISTS', `there is an open channel with the peer already: put more into that. channelId=${present.state.channelId}`)
    const unusable = settlementTimeout === undefined ? undefined : channels.challengeRefusal(settlementTimeout)
    if (unusable !== undefined) throw new SluiceError('SLUICE_CHANNEL_TERMS', unusable)
    if (initialDeposit === 0n && provider.features.opening === 'funded') {
      throw new SluiceError('SLUICE_CHANNEL_TERMS', 'a channel of this chain cannot be opened empty: set initialDeposit to more than zero')
    }
    const channel = await reaching(() => funding.open(settings.units.toToken(initialDeposit), settlementTimeout))
    return detailsOf({ channel, parts })
  }

  async list (): Promise<ChannelDetails[]> {
    this.parts()
    return Promise.resolve(this.#found().map(detailsOf).reverse())
  }

  async get (channelId: string): Promise<ChannelDetails | undefined> {
    const parts = this.#found().find(({ channel }) => channel.state.channelId === channelId)?.parts ?? this.parts()
    const channel = await parts.channels.reread(channelId).catch(() => parts.channels.get(channelId))
    return channel && detailsOf({ channel, parts })
  }

  async deposit (channelId: string, amount: bigint): Promise<ChannelDetails> {
    const found = this.#find(channelId, 'open')
    if (amount <= 0n) throw new SluiceError('SLUICE_CHANNEL_TERMS', 'amount must be greater than zero')
    const { channel, parts: { channels, funding } } = found
    const unusable = channels.refusalOf(channel)
    if (unusable !== undefined) throw new SluiceError('SLUICE_CHANNEL_STATE', unusable.message)
    await reaching(() => funding.fill(channel, amount))
    return detailsOf(found)
  }

  /** By challenge also while an end together is under way: nothing that the peer says or leaves unsaid stands in the way of that. */
  async close (channelId: string, { cooperative = true }: { cooperative?: boolean | undefined } = {}): Promise<ChannelEnd> {
    const found = this.#find(channelId, 'open')
    const { channel, parts: { watcher, settings } } = found
    if (!cooperative || settings.standing === 'former') return await this.#done(found, () => watcher.close(channel))
    return await this.#done(found, () => watcher.closeTogether(channel).catch(async (): Promise<Partial<Receipt>> => {
      if (channel.state.status === 'open') return await watcher.close(channel)
      return {} // somebody else has closed it meanwhile
    }))
  }

  async settle (channelId: string): Promise<ChannelChange> {
    const found = this.#find(channelId, 'closing')
    return await this.#done(found, () => found.parts.watcher.settle(found.channel))
  }

  async redeem (channelId: string): Promise<ChannelChange> {
    const found = this.#find(channelId, 'open', 'closing')
    return await this.#done(found, () => found.parts.watcher.redeem(found.channel))
  }

  async claim (channelId: string): Promise<unknown> {
    this.parts()
    const text = this.all().map(({ incoming }) => incoming.best(channelId)).find(claim => claim !== undefined)?.text
    return Promise.resolve(text === undefined ? undefined : JSON.parse(text))
  }

  async claimSummary (): Promise<ClaimSummary> {
    const { provider } = this.parts()
    const all = this.all()
    const sum = (amountOf: (parts: Parts) => bigint): bigint => all.reduce((total, parts) => total + amountOf(parts), 0n)
    // Claims alone move a channel after it was found.
    const times = this.#found().filter(({ channel }) => channel.activityMs > channel.createdMs).map(({ channel }) => channel.activityMs)
    return {
      tokenScale: await provider.tokenDecimals(),
      sent: sum(({ outgoing }) => outgoing.total),
      received: sum(({ incoming }) => incoming.total),
      lastAt: times.length === 0 ? undefined : new Date(Math.max(...times)),
      recent: all.flatMap(({ counts }) => counts.recent()).sort((a, b) => a.at.getTime() - b.at.getTime())
    }
  }

  async states (): Promise<SettlementStates> {
    const { provider, settings, channels: { operations }, outgoing, keyTrouble } = this.parts()
    const funds = await operations.ask(() => provider.balances()).catch(() => undefined)
    const trouble = keyTrouble() ?? operations.trouble
    return {
      chain: settings.chain,
      address: provider.address,
      reachable: funds !== undefined,
      ...(trouble === undefined ? {} : { error: trouble }),
      ...funds,
      state: operations.state,
      prepaid: outgoing.prepaid,
      headroom: outgoing.headroom
    }
  }

  #found (): Found[] {
    return this.all().toReversed().flatMap(parts => parts.channels.all().map(channel => ({ channel, parts })))
  }

  #find (channelId: string, ...statuses: string[]): Found {
    this.parts()
    const found = this.#found().find(({ channel }) => channel.state.channelId === channelId)
    if (found === undefined) throw new SluiceError('SLUICE_CHANNEL_UNKNOWN', 'Channel not found')
    const { channel: { state: { status }, isGone } } = found
    if (isGone) throw new SluiceError('SLUICE_CHANNEL_STATE', 'the chain does not have this channel')
    if (!statuses.includes(status)) throw new SluiceError('SLUICE_CHANNEL_STATE', `Channel is not in a state in which this can be done. status=${status}`)
    return found
  }

  async #done<R extends Partial<Receipt>> (found: Found, work: () => Promise<R>): Promise<{ channel: ChannelDetails } & R> {
    const receipt = await reaching(work)
    return { channel: detailsOf(found), ...receipt }
  }

  #opened (): Parts | undefined {
    try {
      return this.parts()
    } catch {
      return undefined
    }
  }
}

function detailsOf ({ channel: { state, shown, createdMs, activityMs, ending, isGone, redeemedBy }, parts }: Found): ChannelDetails {
  const { settings, incoming, outgoing } = parts
  const { channelId, status, ours, theirs, challengeSecs, settleableAt, payer } = state
  const { total, nonce } = outgoing.on(channelId)
  const best = incoming.best(channelId)
  return {
    channelId,
    chain: settings.chain,
    status: isGone ? 'settled' : status === 'closing' ? 'closed' : status === 'open' && ending !== undefined ? 'closing' : status,
    tokenId: settings.tokenId,
    tokenAddress: settings.tokenAddress,
    ...payer === undefined ? {} : { payer },
    createdAt: new Date(createdMs),
    lastActivityAt: new Date(activityMs),
    participants: [ours.address, theirs.address],
    deposit: ours.deposit,
    theirDeposit: theirs.deposit,
    transferred: total,
    nonce,
    spendable: shown > total ? shown - total : 0n,
    theirTransferred: best?.total ?? theirs.redeemed,
    theirNonce: best?.nonce ?? theirs.nonce,
    redeemed: theirs.redeemed,
    redeemTxId: redeemedBy?.txId,
    settlementTimeout: challengeSecs,
    settleableAt: settleableAt === undefined ? undefined : new Date(settleableAt)
  }
}

function refuseOther (name: string, asked: string | undefined, ours: string): void {
  if (asked !== undefined && asked !== ours) throw new SluiceError('SLUICE_CHANNEL_TERMS', `the account settles with another ${name}. found=${asked} expected=${ours}`)
}

async function reaching<T> (work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new SluiceError('SLUICE_CHAIN_UNREACHABLE', describeError(error), { cause: error })
  }
}
