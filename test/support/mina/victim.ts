/** A node's settlement with one peer on the stand-in's chain. */
import { MinaClaims } from '../../../plugins/mina/claims.js'
import { signatures } from '../../../plugins/mina/crypto/signature-threads.js'
import type { MinaKey } from '../../../plugins/mina/keys.js'
import type { MinaProvider } from '../../../plugins/mina/provider.js'
import { ChannelVictim } from '../channels/victim.js'
import { memoryLog, memoryStore } from '../evm/life.js'
import { CHAIN_ID, CHALLENGE_SECS, MINA, type Life, type MinaParties } from './settling.js'

export type MinaVictim = ChannelVictim<MinaProvider>

/** Of `key`, whose peer has the key `peer`. */
export async function startMinaVictim (
  parties: MinaParties, key: MinaKey, peer: MinaKey, { store = memoryStore(), ...life }: Life = {}, options: object = {}
): Promise<MinaVictim> {
  const log = memoryLog()
  const provider = parties.provider(key, { store, log, ...life })
  const codec = new MinaClaims({
    chainId: CHAIN_ID,
    key,
    peer: peer.address,
    signatures,
    checkFresh: channelId => { provider.checkFresh(channelId) },
    onGenuine: claim => { provider.claimed(claim) }
  })
  return await ChannelVictim.open({
    provider,
    codec,
    peerAddress: peer.address,
    contract: 'MINA',
    tokenId: 'MINA',
    store,
    log,
    options: { settlementTimeoutSecs: CHALLENGE_SECS, redeemThreshold: String(1_000_000n * MINA), ...options }
  })
}
