/** The options of the plugin: those of the transport, those that all settlement plugins have, and the chain. */
import { z } from 'zod'
import { BTP_OPTIONS } from '../../../plugins/btp/index.js'
import { CHANNEL_OPTIONS, readOptions, settingsOf } from '../../../plugins/lib/channels/options.js'
import type { ChannelSettings } from '../../../plugins/lib/channels/options.js'
import { Units } from '../../../plugins/lib/channels/units.js'
import { ADDRESS, KEY, URL } from './chain-kind.js'

const CHAIN_OPTIONS = {
  chainId: z.string(),
  rpcUrl: z.string().regex(URL),
  keyId: z.string().regex(KEY, 'expected a key'),
  decimals: z.int().optional()
}

const TEST_OPTIONS = {
  ...CHANNEL_OPTIONS,
  chain: z.record(z.string(), z.unknown()),
  peerAddress: z.string().regex(ADDRESS),
  sameUnits: z.boolean().default(false)
}

export interface TestOptions {
  btp: Record<string, unknown>
  chain: z.infer<z.ZodObject<typeof CHAIN_OPTIONS>>
  settings: ChannelSettings
}

/** @throws Error that names every option that cannot work */
export function parseOptions (options: Record<string, unknown>, account?: { assetScale: number }): TestOptions {
  const own = readOptions('test', TEST_OPTIONS, BTP_OPTIONS, options)
  const chain = readOptions('test', CHAIN_OPTIONS, [], own.chain, 'chain.')
  return {
    btp: Object.fromEntries(BTP_OPTIONS.filter(name => Object.hasOwn(options, name)).map(name => [name, options[name]])),
    chain,
    settings: {
      ...settingsOf(own),
      peerAddress: own.peerAddress,
      chain: chain.chainId,
      contract: 'coin',
      tokenId: 'COIN',
      units: own.sameUnits ? new Units(0, 0) : new Units(account?.assetScale ?? 0, chain.decimals ?? 0)
    }
  }
}
