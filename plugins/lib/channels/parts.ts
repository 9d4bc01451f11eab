/** Everything that settles with one peer's address over payment channels, put together once the chain's part is there. */
import type { Logger } from '../../../src/contracts/logger.js'
import type { MoneyHandler, PluginBooks, PluginServices, PluginStore } from '../../../src/contracts/plugin.js'
import { TransportError } from '../../../src/contracts/transport.js'
import { Answers } from './answers.js'
import { ClaimHistory } from './claim-history.js'
import { Channels, type KnownChannel } from './channels.js'
import { Closing } from './closing.js'
import { countedOf, type Counted } from './counted.js'
import { Funding, type PeersOpening } from './funding.js'
import { Incoming } from './incoming.js'
import type { ChannelSettings } from './options.js'
import { Outgoing } from './outgoing.js'
import { Prepaid } from './prepaid.js'
import { amountOf } from './read-record.js'
import { Records } from './records.js'
import { waitingIn } from './types.js'
import type { ChannelProvider, ChannelState, Claim, ClaimCodec } from './types.js'
import { Watcher } from './watcher.js'

/** A chain's part, ready to make and check claims. The chain itself need not be reached yet. */
export interface Chain {
  provider: ChannelProvider
  codec: ClaimCodec
  /** Where claims do not say who signs them: the codec for another address of the peer than the configured one. */
  codecFor? (peerAddress: string): ClaimCodec
  /** What the token is called, where the chain knows better than the account. */
  tokenId?: string | undefined
  /**
   * Whether the account's store shows that a version before 0.2 has used this chain, contract and token with a peer of this address: its
   * records do not say what they are records of.
   */
  wasUsedWith (peerAddress: string): Promise<boolean>
  /** Why the key that signs for us could not do so when it was asked last, without secrets. */
  keyTrouble? (): string | undefined
  /** Work for the chain that takes so long that an operator should know, and what keeps it from being done. Undefined: there is none. */
  work? (): string | undefined
}

export interface PartsDeps {
  chain: Chain
  settings: ChannelSettings
  /** For the records of what is between us and this peer's address. */
  store: PluginStore
  books: PluginBooks | undefined
  /** Which books those are, and whose page in them. */
  booksId: () => string
  log: Logger
  senderId: () => string
  moneyHandler: () => MoneyHandler | undefined
  deliver: (claim: Claim) => Promise<void>
  ask: (message: Record<string, unknown>) => Promise<Record<string, unknown>>
  isPeerThere: () => boolean
  /** Told of what our key was asked to sign. */
  signed?: PluginServices['signed']
  /** Told what is not settled, after each look and before money goes into a channel. Resolves when that is kept. */
  setUnsettled: (what: string | undefined) => Promise<void>
}

export interface Parts {
  provider: ChannelProvider
  settings: ChannelSettings
  records: Records
  channels: Channels
  funding: Funding
  incoming: Incoming
  outgoing: Outgoing
  prepaid: Prepaid
  closing: Closing
  answers: Answers
  watcher: Watcher
  counts: ClaimHistory
  /** Why the key cannot sign; undefined when it can. */
  keyTrouble: () => string | undefined
  /** Long work for the chain, if there is any. */
  work: () => string | undefined
  /** What would be lost if nobody looked after the channels any more; undefined when nothing would. */
  unsettled: () => string | undefined
  /** Says that to the connector as it is now. Resolves when it is kept. */
  note: () => Promise<void>
}

/** Token units. */
interface Stake {
  channelId: string
  /** And what is left to do. */
  status: string
  deposit: bigint
  claims: bigint
}

/** Reads what was kept. Rejects when that cannot be read: money depends on it. */
export async function openParts (deps: PartsDeps): Promise<Parts> {
  const { chain: { provider, codec, tokenId = deps.settings.tokenId }, store, books, booksId, log } = deps
  const { senderId, moneyHandler, deliver, ask, isPeerThere } = deps
  const settings = { ...deps.settings, tokenId }
  const records = new Records(store)
  const { units } = settings
  const { nonces } = provider.features
  const counts = new ClaimHistory()
  const askSeen = async (channelId: string): Promise<bigint | undefined> => {
    try {
      return amountOf((await ask({ step: 'look', channelId })).seen, 'seen')
    } catch (error) {
      if (isTemporary(error)) throw error
      return undefined
    }
  }
  const askOpening = async (): Promise<PeersOpening | undefined> => {
    if (!isPeerThere()) return undefined
    return await ask({ step: 'open' }).then(openingOf, () => undefined)
  }
  const hasClaims = (id: string): boolean => incoming.best(id) !== undefined || outgoing.on(id).total > 0n
  const channels = new Channels({ provider, records, settings, log, hasClaims })
  const spent = (state: ChannelState): bigint => outgoing.spentOn(state)
  const funding = new Funding({ channels, provider, settings, log, askSeen, askOpening, isPeerThere, spent })
  const prepaid = new Prepaid(books, units, settings.maxPrepaid, booksId)
  let isNoted = false
  const beforeMoney = async (): Promise<void> => { if (!isNoted) await note() }
  const incoming = new Incoming({ channels, codec, records, units, nonces, counts, log, moneyHandler, booksId, beforeMoney })
  const askCounted = async (): Promise<Counted> => countedOf(await ask({ step: 'claims' }))
  const outgoing: Outgoing = new Outgoing({
    channels, funding, codec, records, prepaid, booksId, units, nonces, settings, counts, log, senderId, deliver, askCounted
  })
  const closing = new Closing({ channels, incoming, outgoing, codec, provider, log, ask })
  const answers = new Answers({ channels, funding, incoming, outgoing, closing })
  const stakes = (): Stake[] => channels.all().flatMap(channel => stakeIn(channel, incoming.best(channel.state.channelId)?.total) ?? [])
  const listed = (shown: (stake: Stake) => string): string | undefined => {
    const { operations: { state }, isAwaited } = channels
    const underWay = state !== 'IDLE' ? [`under way: ${state}`] : isAwaited ? ['a channel was opened that the chain does not show yet'] : []
    const all = [...stakes().map(shown), ...underWay]
    return all.length === 0 ? undefined : all.join('; ')
  }
  const unsettled = (): string | undefined => listed(({ channelId, status, deposit, claims }) =>
    `channel ${channelId} is ${status}, with ${deposit} of our deposit and claims for ${claims} that are not redeemed`)
  const note = async (): Promise<void> => {
    const what = listed(({ channelId, status }) => `channel ${channelId} is ${status}`) // no amounts: they change with every claim
    await deps.setUnsettled(what)
    isNoted = what !== undefined
  }
  const watcher = new Watcher({ channels, incoming, outgoing, closing, provider, settings, counts, log, looked: note })
  channels.operations.onChange = note
  if (deps.signed !== undefined) channels.operations.onSigned = deps.signed
  for (const part of [channels, incoming, outgoing]) await part.load()
  const keyTrouble = (): string | undefined => deps.chain.keyTrouble?.()
  const work = (): string | undefined => deps.chain.work?.()
  const ours = { channels, funding, incoming, outgoing, prepaid, closing, answers, watcher }
  return { provider, settings, records, ...ours, counts, keyTrouble, work, unsettled, note }
}

/** Whether there is something of ours in a channel that the peer sees, and that is not spent. */
export function canPay ({ channels, outgoing }: Parts): boolean {
  return channels.payable().some(({ state, shown }) => shown > outgoing.spentOn(state))
}

/** Whether something was paid ahead by one of the two that is not used, or is in the books and not signed for: a token unit at least. */
export function hasAhead ({ incoming, outgoing, prepaid, settings: { units } }: Parts): boolean {
  return units.makeToken(incoming.unused) || units.makeToken(outgoing.headroom) || prepaid.isUnsigned
}

/** Looks after the channels from now on, once the books know of what is paid ahead. */
export function startParts ({ records, watcher }: Parts): void {
  records.reopen()
  watcher.start()
}

/** What is at stake for us in a channel; undefined: nothing is. */
function stakeIn ({ state, isGone, filling }: KnownChannel, claimed = 0n): Stake | undefined {
  const { channelId, status, ours, theirs } = state
  const granted = waitingIn(state)
  if (granted > 0n && status === 'settled') return { channelId, status: 'settled, and not taken out', deposit: granted, claims: 0n }
  const deposit = ours.deposit - ours.redeemed
  const claims = claimed > theirs.redeemed ? claimed - theirs.redeemed : 0n
  if (status === 'settled' || isGone || (deposit === 0n && claims === 0n && filling === undefined)) return undefined
  return { channelId, status, deposit, claims }
}

function openingOf ({ stage, challengeSecs }: Record<string, unknown>): PeersOpening {
  return { stage: stage === 'asking' || stage === 'opening' ? stage : 'none', challengeSecs: Number(challengeSecs) }
}

/** Whether the peer may give another answer to the same question: it is away, silent or busy, or says so itself. */
export function isTemporary (error: unknown): boolean {
  return error instanceof TransportError && error.ilpErrorCode !== undefined
}
