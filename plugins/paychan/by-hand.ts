/** What an operator can see and do of the channels with the peer; the policy goes on beside it. */
import { describeError } from '../../src/packet/errors.js'
import type { ClaimCounts, ChannelDetails, ChannelOpenOptions, ChannelOperations, SettlementStates } from '../../src/types/channels.js'
import type { KnownChannel } from './channels.js'
import { isFrozen } from './channels.js'
import type { Settlement } from './settlement.js'
import type { Receipt } from './types.js'

interface Done {
  channel: ChannelDetails
  txId: string
}

export class ByHand implements ChannelOperations {
  /** `settlement` rejects while the chain's part is not there. */
  constructor (private readonly settlement: () => Settlement) {}

  get tokenId (): string | undefined {
    return this.#opened()?.settings.tokenId
  }

  get claimCounts (): ClaimCounts | undefined {
    return this.#opened()?.counts
  }

  get trouble (): string | undefined {
    try {
      return this.settlement().channels.operations.trouble
    } catch (error) {
      return describeError(error)
    }
  }

  async open ({ initialDeposit = 0n, settlementTimeout, chain, peerAddress }: ChannelOpenOptions): Promise<ChannelDetails> {
    const settlement = this.settlement()
    const { channels, settings } = settlement
    refuseOther('chain', chain, settings.chain)
    refuseOther('peerAddress', peerAddress?.toLowerCase(), settings.peerAddress.toLowerCase())
    const channel = await reaching(() => channels.open(settlementTimeout))
    if (initialDeposit > 0n) await reaching(() => channels.fill(channel, settings.units.toToken(initialDeposit)))
    return detailsOf(channel, settlement)
  }

  async list (): Promise<ChannelDetails[]> {
    const settlement = this.settlement()
    return Promise.resolve(settlement.channels.all().map(channel => detailsOf(channel, settlement)).reverse())
  }

  async get (channelId: string): Promise<ChannelDetails | undefined> {
    const settlement = this.settlement()
    const channel = await settlement.channels.reread(channelId).catch(() => settlement.channels.get(channelId))
    return channel && detailsOf(channel, settlement)
  }

  async deposit (channelId: string, amount: bigint): Promise<ChannelDetails> {
    const channel = this.#channel(channelId, 'open')
    if (amount <= 0n) throw refusal(400, 'amount must be greater than zero')
    await reaching(() => this.settlement().channels.fill(channel, amount))
    return detailsOf(channel, this.settlement())
  }

  async close (channelId: string, { cooperative = true }: { cooperative?: boolean | undefined } = {}): Promise<Done> {
    const channel = this.#channel(channelId, 'open')
    const { watcher } = this.settlement()
    if (isFrozen(channel.frozenUntilMs)) throw refusal(400, 'Channel is being closed already')
    if (!cooperative) return await this.#done(channel, () => watcher.close(channel))
    return await this.#done(channel, () => watcher.closeTogether(channel).catch(() => watcher.close(channel)))
  }

  async settle (channelId: string): Promise<Done> {
    const channel = this.#channel(channelId, 'closing')
    return await this.#done(channel, () => this.settlement().watcher.settle(channel))
  }

  async redeem (channelId: string): Promise<Done> {
    const channel = this.#channel(channelId, 'open', 'closing')
    return await this.#done(channel, () => this.settlement().watcher.redeem(channel))
  }

  async claim (channelId: string): Promise<unknown> {
    const text = this.settlement().incoming.best(channelId)?.text
    return Promise.resolve(text === undefined ? undefined : JSON.parse(text))
  }

  async states (): Promise<SettlementStates> {
    const { provider, settings, channels: { operations }, outgoing } = this.settlement()
    const funds = await operations.ask(() => provider.balances()).catch(() => undefined)
    const { trouble } = operations
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

  #channel (channelId: string, ...statuses: string[]): KnownChannel {
    const channel = this.settlement().channels.get(channelId)
    if (channel === undefined) throw refusal(404, 'Channel not found')
    const { status } = channel.state
    if (!statuses.includes(status)) throw refusal(400, `Channel is not in a state in which this can be done. status=${status}`)
    return channel
  }

  async #done (channel: KnownChannel, work: () => Promise<Receipt>): Promise<Done> {
    const { txId } = await reaching(work)
    return { channel: detailsOf(channel, this.settlement()), txId }
  }

  #opened (): Settlement | undefined {
    try {
      return this.settlement()
    } catch {
      return undefined
    }
  }
}

function detailsOf ({ state, shown, createdMs, activityMs }: KnownChannel, { settings, incoming, outgoing }: Settlement): ChannelDetails {
  const { channelId, status, ours, theirs, challengeSecs, settleableAt } = state
  const { amount, nonce } = outgoing.on(channelId)
  const best = incoming.best(channelId)
  return {
    channelId,
    chain: settings.chain,
    status: status === 'closing' ? 'closed' : status,
    tokenId: settings.tokenId,
    tokenAddress: settings.tokenAddress,
    createdAt: new Date(createdMs),
    lastActivityAt: new Date(activityMs),
    participants: [ours.address, theirs.address],
    deposit: ours.deposit,
    theirDeposit: theirs.deposit,
    transferred: amount,
    nonce,
    spendable: shown > amount ? shown - amount : 0n,
    theirTransferred: best?.amount ?? theirs.redeemed,
    theirNonce: best?.nonce ?? theirs.nonce,
    redeemed: theirs.redeemed,
    settlementTimeout: challengeSecs,
    settleableAt: settleableAt === undefined ? undefined : new Date(settleableAt)
  }
}

function refuseOther (name: string, asked: string | undefined, ours: string): void {
  if (asked !== undefined && asked !== ours) throw refusal(400, `the account settles with another ${name}. found=${asked} expected=${ours}`)
}

async function reaching<T> (work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw refusal(503, describeError(error), error)
  }
}

function refusal (httpErrorCode: number, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { httpErrorCode })
}
