/** A node's settlement with one peer over the stand-in's ledger. */
import type { XrpProvider } from '../../../plugins/xrp/provider.js'
import { ChannelVictim } from '../channels/victim.js'
import { memoryLog, memoryStore } from '../evm/life.js'
import { type Account, type Life, type Parties } from './parties.js'

export const HOUR = 3600

export type Victim = ChannelVictim<XrpProvider>

/** Of `account`, whose peer is `peer`. */
export async function startVictim (
  parties: Parties, account: Account, peer: Account, { store = memoryStore(), ...life }: Life = {}, options: object = {},
  asked?: () => Promise<Record<string, unknown>>
): Promise<Victim> {
  const log = memoryLog()
  const provider = parties.provider(account, { store, log, ...life })
  await provider.load()
  return await ChannelVictim.open({
    provider,
    codec: parties.codec(provider, peer),
    peerAddress: peer.address,
    contract: 'XRP',
    tokenId: 'XRP',
    store,
    log,
    options: { settlementTimeoutSecs: HOUR, redeemThreshold: '1000000000', ...options },
    asked
  })
}
