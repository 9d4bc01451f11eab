/** What channels pay in, and what fees are paid in: decimals, and what we own. */
import { z } from 'zod'
import type { Logger } from '../../../src/contracts/logger.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { ChainError } from '../../lib/channels/types.js'
import { APT_COIN } from '../formats.js'
import type { Connection } from './connection.js'
import { RestError, type RestAnswer } from './rest.js'

const METADATA = '0x1::fungible_asset::Metadata'
const Kept = z.object({ decimals: z.int().min(0).max(255) })

export interface AssetOptions {
  chain: () => Connection
  /** Of the record in the store. */
  key: string
  asset: string
  store: PluginStore
  log: Logger
}

/** Its decimals. Asks the chain the first time only. Rejects with a final ChainError when it is not an asset of the network. */
export async function assetOf ({ chain, key, asset, store }: AssetOptions): Promise<number> {
  const kept = await store.get(key)
  if (kept !== undefined) return Kept.parse(JSON.parse(kept)).decimals
  await chain().check()
  const answer = await chain().view('0x1::fungible_asset::decimals', [asset], [METADATA]).catch((error: unknown) => {
    if (!(error instanceof RestError)) throw error
    throw new ChainError(`tokenAddress is not a fungible asset of this network. tokenAddress=${asset}`, true, { cause: error })
  })
  const decimals = Number(firstOf(answer))
  await store.put(key, JSON.stringify(Kept.parse({ decimals })))
  return decimals
}

/** What an address owns of the asset outside channels. @param coin of one that is held as coins of the older standard: both count there */
export async function tokensOf (chain: Connection, address: string, asset: string, coin: string | undefined): Promise<bigint> {
  if (coin !== undefined) return await balanceIn(chain, '0x1::coin::balance', [address], coin)
  return await balanceIn(chain, '0x1::primary_fungible_store::balance', [address, asset], METADATA)
}

/** Octas that an address owns. */
export async function coinsOf (chain: Connection, address: string): Promise<bigint> {
  return await balanceIn(chain, '0x1::coin::balance', [address], APT_COIN)
}

async function balanceIn (chain: Connection, name: string, args: readonly string[], type: string): Promise<bigint> {
  const balance = firstOf(await chain.view(name, args, [type]))
  if (typeof balance !== 'string' || !/^\d{1,20}$/.test(balance)) throw new ChainError(`the node at ${chain.rest.host} answers a question about a balance with something else`, false)
  return BigInt(balance)
}

function firstOf ({ body }: RestAnswer): unknown {
  return Array.isArray(body) ? body[0] : undefined
}
