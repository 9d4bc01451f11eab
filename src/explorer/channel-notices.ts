/**
 * Tells of payment channels and claims: once a second, by comparing what the plugins say with what they said before. With a claim on each
 * packet there are as many claims as packets, so they are told of in sums; and it costs nothing on the way of a packet.
 */
import type { Accounts } from '../accounts/accounts.js'
import type { ChannelDetails, ChannelOperations, ClaimCounts, PluginChannel } from '../contracts/channels.js'
import type { Notice } from '../contracts/explorer-events.js'

/** Accounts whose channels are looked at in a second: those with new claims first, and then the others in turn. */
export const LOOKS_PER_SECOND = 100

/** What was known of one channel. */
interface SeenChannel {
  status: PluginChannel['status']
  transferred: bigint
  theirTransferred: bigint
  redeemed: bigint
  redeemTxId: string | undefined
  /** Whether it has waited for the end of a challenge. */
  wasChallenged: boolean
}

interface Seen {
  counts: ClaimCounts
  sent: bigint
  received: bigint
  channels: ReadonlyMap<string, SeenChannel>
}

export class ChannelNotices {
  readonly #seen = new Map<string, Seen>()
  #turn: string[] = []
  #looking: Promise<void> | undefined

  constructor (private readonly accounts: Accounts, private readonly tell: (notice: Notice) => void) {}

  forget (accountId: string): void {
    this.#seen.delete(accountId)
  }

  /** Looks once. What takes longer than a second is not begun again meanwhile. Never rejects. */
  look (): Promise<void> {
    return this.#looking ??= this.#lookAt(this.#next()).finally(() => { this.#looking = undefined })
  }

  #next (): string[] {
    const withChannels: string[] = []
    const changed: string[] = []
    for (const accountId of this.accounts.getAccountIds()) {
      const counts = this.#operationsOf(accountId)?.claimCounts
      if (counts === undefined) continue
      withChannels.push(accountId)
      const before = this.#seen.get(accountId)?.counts
      if (before === undefined || !isSame(counts, before)) changed.push(accountId)
    }
    if (this.#turn.length === 0) this.#turn = withChannels
    return [...new Set([...changed, ...this.#turn.splice(0, LOOKS_PER_SECOND)])].slice(0, LOOKS_PER_SECOND)
  }

  async #lookAt (accountIds: string[]): Promise<void> {
    for (const accountId of accountIds) {
      try {
        await this.#lookAtOne(accountId)
      } catch {
        // Neither the chain nor what was kept of it can be used now. The next look may see more.
      }
    }
  }

  async #lookAtOne (accountId: string): Promise<void> {
    const operations = this.#operationsOf(accountId)
    if (operations?.claimCounts === undefined) return
    const counts = copyOf(operations.claimCounts)
    const { sent, received } = await operations.claimSummary?.() ?? { sent: 0n, received: 0n }
    const channels = (await operations.list()).filter(isDetailed)
    const before = this.#seen.get(accountId)
    const seen: Seen = { counts, sent, received, channels: new Map(channels.map(channel => [channel.channelId, seenOf(channel, before)])) }
    if (!this.accounts.exists(accountId)) return
    this.#seen.set(accountId, seen)
    if (before === undefined || isFresh(counts, before.counts)) return
    this.#tellOfClaims(accountId, channels[0]?.chain ?? '', before, seen)
    for (const channel of channels) this.#tellOfChannel(accountId, channel, before.channels.get(channel.channelId))
  }

  #tellOfClaims (peerId: string, blockchain: string, before: Seen, now: Seen): void {
    const common = { peerId, blockchain }
    const more = (kind: 'sent' | 'received' | 'failed'): number => now.counts[kind] - before.counts[kind]
    const [sent, received, failed] = [more('sent'), more('received'), more('failed')]
    if (sent > 0) this.tell({ type: 'CLAIM_SENT', ...common, amount: String(now.sent - before.sent), count: sent, success: true })
    if (received > 0) this.tell({ type: 'CLAIM_RECEIVED', ...common, amount: String(now.received - before.received), count: received, verified: true })
    if (failed > 0) this.tell({ type: 'CLAIM_RECEIVED', ...common, amount: '0', count: failed, verified: false, error: 'refused: see the log' })
  }

  #tellOfChannel (peerId: string, channel: ChannelDetails, before: SeenChannel | undefined): void {
    const common = { peerId, channelId: channel.channelId, chain: channel.chain }
    const [us, them] = channel.participants
    if (before === undefined) {
      this.tell({
        type: 'PAYMENT_CHANNEL_OPENED',
        ...common,
        participants: channel.participants,
        ...(channel.tokenAddress !== undefined && { tokenAddress: channel.tokenAddress }),
        tokenSymbol: channel.tokenId,
        settlementTimeout: channel.settlementTimeout,
        initialDeposits: { [us]: String(channel.deposit), [them]: String(channel.theirDeposit) }
      })
      return
    }
    const { status, transferred, theirTransferred, redeemed, redeemTxId } = channel
    if (redeemed > before.redeemed) {
      const amount = String(redeemed - before.redeemed)
      const txHash = redeemTxId === undefined || redeemTxId === before.redeemTxId ? {} : { txHash: redeemTxId }
      this.tell({ type: 'CLAIM_REDEEMED', peerId, blockchain: channel.chain, channelId: channel.channelId, ...txHash, amount, success: true })
    }
    if (status === 'settled' && before.status !== 'settled') {
      this.tell({
        type: 'PAYMENT_CHANNEL_SETTLED',
        ...common,
        finalBalances: {
          [us]: String(channel.deposit - transferred + theirTransferred),
          [them]: String(channel.theirDeposit - theirTransferred + transferred)
        },
        settlementType: before.wasChallenged ? 'unilateral' : 'cooperative'
      })
    } else if (status !== before.status || transferred !== before.transferred || theirTransferred !== before.theirTransferred) {
      this.tell({
        type: 'PAYMENT_CHANNEL_BALANCE_UPDATE',
        ...common,
        status,
        myNonce: String(channel.nonce),
        theirNonce: String(channel.theirNonce),
        myTransferred: String(transferred),
        theirTransferred: String(theirTransferred)
      })
    }
  }

  #operationsOf (accountId: string): ChannelOperations | undefined {
    return this.accounts.exists(accountId) ? this.accounts.getPlugin(accountId).channels?.() : undefined
  }
}

function copyOf ({ sent, received, redeemed, failed }: ClaimCounts): ClaimCounts {
  return { sent, received, redeemed, failed }
}

function isSame (a: ClaimCounts, b: ClaimCounts): boolean {
  return a.sent === b.sent && a.received === b.received && a.redeemed === b.redeemed && a.failed === b.failed
}

/** Whether the account is another one than before, under the same name. */
function isFresh (now: ClaimCounts, before: ClaimCounts): boolean {
  return now.sent < before.sent || now.received < before.received || now.redeemed < before.redeemed || now.failed < before.failed
}

/** A plugin may know less of its channels. */
function isDetailed (channel: PluginChannel): channel is ChannelDetails {
  return 'participants' in channel && 'theirTransferred' in channel && 'redeemed' in channel
}

function seenOf (
  { channelId, status, transferred, theirTransferred, redeemed, redeemTxId }: ChannelDetails, before: Seen | undefined
): SeenChannel {
  const wasChallenged = status === 'closed' || before?.channels.get(channelId)?.wasChallenged === true
  return { status, transferred, theirTransferred, redeemed, redeemTxId, wasChallenged }
}
