/** Everything that settles one account over payment channels, put together once the chain's part is there. */
import type { ClaimCounts } from '../../src/types/channels.js'
import type { Logger } from '../../src/types/logger.js'
import type { MoneyHandler, PluginStore } from '../../src/types/plugin.js'
import { IlpError } from '../btp/errors.js'
import { Channels } from './channels.js'
import { Closing, countedOf } from './closing.js'
import { Incoming } from './incoming.js'
import type { PaychanSettings } from './options.js'
import { Outgoing, type Counted } from './outgoing.js'
import { amountOf } from './read.js'
import { Records } from './records.js'
import type { ChannelProvider, Claim, ClaimCodec } from './types.js'
import { Watcher } from './watcher.js'

/** A chain's part, ready to make and check claims. The chain itself need not be reached yet. */
export interface Chain {
  provider: ChannelProvider
  codec: ClaimCodec
  /** What the token is called, where the chain knows better than the account. */
  tokenId?: string | undefined
}

export interface SettlementDeps {
  chain: Chain
  settings: PaychanSettings
  store: PluginStore
  log: Logger
  senderId: () => string
  moneyHandler: () => MoneyHandler | undefined
  deliver: (claim: Claim) => Promise<void>
  ask: (message: Record<string, unknown>) => Promise<Record<string, unknown>>
  isPeerThere: () => boolean
}

export interface Settlement {
  provider: ChannelProvider
  settings: PaychanSettings
  records: Records
  channels: Channels
  incoming: Incoming
  outgoing: Outgoing
  closing: Closing
  watcher: Watcher
  counts: ClaimCounts
}

/** Reads what was kept. Rejects when that cannot be read: money depends on it. */
export async function openSettlement (deps: SettlementDeps): Promise<Settlement> {
  const { chain: { provider, codec, tokenId = deps.settings.tokenId }, store, log } = deps
  const { senderId, moneyHandler, deliver, ask, isPeerThere } = deps
  const settings = { ...deps.settings, tokenId }
  const records = new Records(store)
  const { units } = settings
  const counts = { sent: 0, received: 0, redeemed: 0, failed: 0 }
  const askSeen = async (channelId: string): Promise<bigint | undefined> => {
    try {
      return amountOf((await ask({ step: 'look', channelId })).seen, 'seen')
    } catch (error) {
      if (isTemporary(error)) throw error
      return undefined
    }
  }
  const channels = new Channels({ provider, records, settings, log, askSeen, isPeerThere })
  const incoming = new Incoming({ channels, codec, records, units, counts, moneyHandler })
  const askCounted = async (): Promise<Counted> => countedOf(await ask({ step: 'claims' }))
  const outgoing = new Outgoing({ channels, codec, records, units, settings, counts, senderId, deliver, askCounted })
  const closing = new Closing({ channels, incoming, outgoing, codec, provider, ask })
  const watcher = new Watcher({ channels, incoming, outgoing, closing, provider, settings, counts, log })
  for (const part of [channels, incoming, outgoing]) await part.load()
  return { provider, settings, records, channels, incoming, outgoing, closing, watcher, counts }
}

/** Whether the peer may give another answer to the same question: it is away, silent or busy, or says so itself. */
function isTemporary (error: unknown): boolean {
  return error instanceof IlpError && error.ilpErrorCode !== undefined
}
