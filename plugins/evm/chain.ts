/** The EVM's part of settlement, put together. Only this file and what it imports need ethers. */
import type { PluginServices } from '../../src/types/plugin.js'
import type { Chain } from '../paychan/index.js'
import { EvmClaims } from './claims.js'
import type { EvmOptions } from './options.js'
import { EvmProvider } from './provider.js'
import { signerOf } from './signer.js'

/** While something is awaited; a block of Base takes two seconds. */
const LONGEST_POLL_MS = 4000

/**
 * Needs the chain the first time only: what it says of the contract and the token is kept. Rejects when it cannot be reached then, or when
 * the token does not have the decimals that amounts are converted with.
 */
export async function openEvmChain ({ chain, decimals, settings }: EvmOptions, { store, log }: PluginServices): Promise<Chain> {
  const { chainId, tokenAddress, keyId } = chain
  const signer = signerOf(keyId)
  const pollMs = Math.min(settings.pollingIntervalMs, LONGEST_POLL_MS)
  const provider = new EvmProvider({ ...chain, signer, store, log, pollMs })
  const remembered = async (what: string, find: () => Promise<string>): Promise<string> => {
    const key = `evm:${what}:${chainId}:${tokenAddress}`
    const kept = await store.get(key)
    if (kept !== undefined) return kept
    const found = await find()
    await store.put(key, found)
    return found
  }
  const found = Number(await remembered('decimals', async () => String(await provider.tokenDecimals())))
  if (decimals !== undefined && found !== decimals) throw new Error(`the token has ${found} decimals, not ${decimals}: set chain.tokenDecimals. token=${tokenAddress}`)
  const symbol = await remembered('symbol', async () => await provider.tokenSymbol() ?? '')
  const contract = await provider.tokenNetwork()
  const codec = new EvmClaims({ chainId, tokenNetwork: contract, token: tokenAddress }, signer)
  const networkKey = `evm:network:${chainId}:${chain.registryAddress}:${tokenAddress}`
  const hadNetwork = await store.get(networkKey) === contract
  const wasUsedWith = async (peer: string): Promise<boolean> =>
    hadNetwork && await store.get(`evm:log:${contract}:${signer.address}:${peer}`) !== undefined
  return { provider, codec, tokenId: chain.tokenId ?? (symbol === '' ? undefined : symbol), wasUsedWith }
}
