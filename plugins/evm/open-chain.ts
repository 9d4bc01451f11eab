/** The EVM's part of settlement, put together. Only this file and what it imports need ethers. */
import type { PluginServices } from '../../src/contracts/plugin.js'
import type { Chain } from '../lib/channels/parts.js'
import { EvmClaims } from './claims.js'
import type { EvmOptions } from './options.js'
import { EvmProvider } from './provider.js'
import { openKey } from './chain/signer.js'

/** While something is awaited; a block of Base takes two seconds. */
const LONGEST_POLL_MS = 4000

/**
 * Needs the chain the first time only: what it says of the contract and the token is kept. Rejects when it cannot be reached then, or when
 * the token does not have the decimals that amounts are converted with.
 */
export async function openEvmChain ({ chain, decimals, settings }: EvmOptions, { store, log }: PluginServices): Promise<Chain> {
  const { chainId, tokenAddress } = chain
  const signer = await openKey(chain, log)
  const pollMs = Math.min(settings.pollingIntervalMs, LONGEST_POLL_MS)
  // As versions before 0.2 kept it, who did not say of which network the log of a peer is.
  const formerNetwork = await store.get(`evm:network:${chainId}:${chain.registryAddress}:${tokenAddress}`)
  const provider = new EvmProvider({ ...chain, signer, store, log, pollMs })
  const found = await provider.tokenDecimals()
  if (decimals !== undefined && found !== decimals) throw new Error(`the token has ${found} decimals, not ${decimals}: set chain.tokenDecimals. token=${tokenAddress}`)
  const symbol = await provider.tokenSymbol()
  const contract = await provider.tokenNetwork()
  const codec = new EvmClaims({ chainId, tokenNetwork: contract, token: tokenAddress }, signer, () => provider.checkToken())
  const wasUsedWith = async (peer: string): Promise<boolean> =>
    formerNetwork === contract && await store.get(`evm:log:${contract}:${signer.address}:${peer}`) !== undefined
  return { provider, codec, tokenId: chain.tokenId ?? symbol, wasUsedWith, keyTrouble: () => signer.trouble }
}
