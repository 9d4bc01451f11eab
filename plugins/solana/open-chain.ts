/** Solana's part of settlement, put together. Only this file and what it imports need @solana/kit. */
import type { PluginServices } from '../../src/contracts/plugin.js'
import type { Chain } from '../lib/channels/parts.js'
import { SolanaClaims } from './claims.js'
import { canSign } from './ed25519.js'
import { FINAL_CONFIRMATIONS } from './chain-kind.js'
import { openKey } from './keys.js'
import type { SolanaOptions } from './options.js'
import { SolanaProvider } from './provider.js'

const LONGEST_LOOK_MS = 15_000
const LONGEST_POLL_MS = 1000

/**
 * Needs the chain the first time only: what it says of the cluster and the token is kept. Rejects when it cannot be reached then, or when
 * the token does not have the decimals that amounts are converted with.
 */
export async function openSolanaChain ({ chain, decimals, settings }: SolanaOptions, { store, log }: PluginServices): Promise<Chain> {
  const signer = await openKey(chain, log)
  if (!canSign(signer.address)) throw new Error(`the chain takes nothing that this key signs: use another one. address=${signer.address}`)
  const { chainId: cluster, tokenMint, programId, confirmations } = chain
  const provider = new SolanaProvider({
    ...chain,
    cluster,
    mint: tokenMint,
    signer,
    store,
    log,
    peer: settings.peerAddress,
    nativePrice: settings.nativePrice,
    isConfirmedFinal: confirmations < FINAL_CONFIRMATIONS,
    pollMs: Math.min(settings.pollingIntervalMs, LONGEST_POLL_MS),
    lookMs: Math.min(settings.pollingIntervalMs, LONGEST_LOOK_MS)
  })
  const found = await provider.tokenDecimals()
  if (decimals !== undefined && found !== decimals) throw new Error(`the token has ${found} decimals, not ${decimals}: set chain.tokenDecimals. token=${tokenMint}`)
  const { genesis } = await provider.contract()
  const codec = new SolanaClaims({ genesis, programId, cluster }, signer)
  return { provider, codec, tokenId: chain.tokenId, wasUsedWith: () => Promise.resolve(false), keyTrouble: () => signer.trouble }
}
