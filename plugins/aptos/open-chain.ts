/** Aptos's part of settlement, put together. Only this file and what it imports need the SDK. */
import type { PluginServices } from '../../src/contracts/plugin.js'
import type { Chain } from '../lib/channels/parts.js'
import { AptosClaims } from './claims.js'
import { openKeys } from './keys.js'
import type { AptosOptions } from './options.js'
import { AptosProvider } from './provider.js'

const LONGEST_LOOK_MS = 15_000
const LONGEST_POLL_MS = 1000

/**
 * Needs the chain the first time only: what it says of the asset is kept. Rejects when it cannot be reached then, or when the asset does
 * not have the decimals that amounts are converted with.
 */
export async function openAptosChain ({ chain, decimals, settings }: AptosOptions, { store, log }: PluginServices): Promise<Chain> {
  const { network, moduleAddress, tokenAddress, coinType, tokenId } = chain
  const { key: signer, claimSecret } = await openKeys(chain, network, { store, log })
  const provider = new AptosProvider({
    ...chain,
    asset: tokenAddress,
    coin: coinType,
    nativePrice: settings.nativePrice,
    signer,
    claimSecret,
    store,
    log,
    pollMs: Math.min(settings.pollingIntervalMs, LONGEST_POLL_MS),
    lookMs: Math.min(settings.pollingIntervalMs, LONGEST_LOOK_MS)
  })
  const found = await provider.tokenDecimals()
  if (decimals !== undefined && found !== decimals) {
    throw new Error(`the asset has ${found} decimals, not ${decimals}: set chain.tokenDecimals. token=${tokenAddress}`)
  }
  const codecFor = (peer: string): AptosClaims => new AptosClaims({
    place: { network, moduleAddress }, source: provider, keyFor: peer => provider.claimKeyFor(peer), peer, key: signer
  })
  const wasUsedWith = (): Promise<boolean> => Promise.resolve(false) // no version before 0.2 knew the chain
  return { provider, codec: codecFor(settings.peerAddress), codecFor, tokenId, wasUsedWith, keyTrouble: () => signer.trouble }
}
