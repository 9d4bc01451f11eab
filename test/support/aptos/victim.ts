/** A node's settlement with one peer over the stand-in. */
import type { AptosProvider } from '../../../plugins/aptos/provider.js'
import { ChannelVictim } from '../channels/victim.js'
import { memoryLog, memoryStore } from '../evm/life.js'
import { HOUR, type Account, type AptosParties, type Life } from './parties.js'

export type AptosVictim = ChannelVictim<AptosProvider>

/** Of `account`, whose peer is `peer`. */
export async function startAptosVictim (
  parties: AptosParties, account: Account, peer: Account, { store = memoryStore(), ...life }: Life = {}
): Promise<AptosVictim> {
  const log = memoryLog()
  const provider = parties.provider(account, { store, log, ...life })
  return await ChannelVictim.open({
    provider,
    codec: parties.codec(provider, peer),
    peerAddress: peer.address,
    contract: 'module/asset',
    tokenId: 'TUSD',
    store,
    log,
    options: { settlementTimeoutSecs: HOUR, redeemThreshold: '1000000000' }
  })
}
