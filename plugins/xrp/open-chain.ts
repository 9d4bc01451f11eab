/** The XRP Ledger's part of settlement, put together. Only this file and what it imports need the SDK. */
import type { PluginServices } from '../../src/contracts/plugin.js'
import type { Chain } from '../lib/channels/parts.js'
import { XrpClaims } from './claims.js'
import { openKeys } from './ledger/signer.js'
import type { XrpOptions } from './options.js'
import { XrpProvider } from './provider.js'

/** Reaches nothing yet. Rejects when what was kept of channels cannot be read. */
export async function openXrpLedger ({ chain, settings, tag }: XrpOptions, { store, log }: PluginServices): Promise<Chain> {
  const { rpcUrl, socksProxy, network } = chain
  const { peerAddress } = settings
  const { key: signer, claimSecret } = await openKeys(chain, network, { store, log })
  const tags = tag === undefined ? {} : { [peerAddress]: tag }
  const provider = new XrpProvider({ rpcUrl, socksProxy, network, signer, claimSecret, store, log, tags })
  await provider.load()
  const codecFor = (peer: string): XrpClaims => new XrpClaims(provider, signer.address, peer, signer)
  const wasUsedWith = (): Promise<boolean> => Promise.resolve(false) // no version before 0.2 knew the ledger
  return { provider, codec: codecFor(peerAddress), codecFor, wasUsedWith, keyTrouble: () => signer.trouble }
}
