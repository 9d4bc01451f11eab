/**
 * The options of the plugin: those of plugins/btp, those that all settlement plugins have, and the ledger. What cannot work is refused when
 * the plugin is made, in words that never repeat a seed or a URL, which may have a key in it.
 */
import { z } from 'zod'
import { BTP_OPTIONS } from '../btp/index.js'
import { CHANNEL_OPTIONS, pickOptions, readOptions, settingsOf } from '../lib/channels/options.js'
import type { ChannelSettings } from '../lib/channels/options.js'
import { Units } from '../lib/channels/units.js'
import { formerKeys, VAULT } from '../lib/keys/fields.js'
import { keyFault } from '../lib/keys/key-fault.js'
import { walletKey } from '../lib/keys/wallet.js'
import { SOCKS_PROXY_OPTION } from '../../src/lib/socks-agent.js'
import { addressIn } from './base58.js'
import { DELAY_SECS_MAX, DELAY_SECS_MIN, isWebSocketUrl } from './chain-kind.js'
import { chainIdOf, KEYS, networkFault, networkOf } from './formats.js'
import { walletPlace } from './wallet.js'

const DEFAULT_SCALE = 9
const MAX_SCALE = 36
const DECIMALS = 6
/** The ledger's fees are paid in what is settled in: an XRP is worth as many drops as it has. */
const NATIVE_PRICE = 10n ** BigInt(DECIMALS)

const KeyId = z.string().superRefine((value, context) => {
  const fault = keyFault(value, KEYS)
  if (fault !== undefined) context.addIssue(fault.words ?? 'expected the seed of an account: s... or sEd..., wallet:0, or a key in a vault (aws-kms:, gcp-kms:, azure-kv:, pkcs11:)')
})

const CHAIN_OPTIONS = {
  chainType: z.literal('xrp').default('xrp'),
  chainId: z.string().refine(id => networkOf(id) !== undefined, 'expected a chain such as xrp:mainnet or xrp:testnet')
    .describe('xrp:mainnet, xrp:testnet, xrp:devnet, or with the number of another network'),
  rpcUrl: z.string().refine(isWebSocketUrl, 'expected a ws:// or wss:// URL').describe('The WebSocket of a server of the ledger'),
  socksProxy: SOCKS_PROXY_OPTION.describe('The SOCKS5 proxy through which alone that server is asked'),
  keyId: KeyId.describe('Who signs for us: the seed of the account, wallet:0, or a key in a vault'),
  formerKeyIds: formerKeys(KeyId).describe('The keys that signed for us before, the latest first, until their channels are settled'),
  vault: VAULT.describe('How to get into the vault that keyId names, where the environment does not say it')
}

const XRP_OPTIONS = {
  ...CHANNEL_OPTIONS,
  settlementTimeoutSecs: z.int()
    .min(DELAY_SECS_MIN, `expected at least ${DELAY_SECS_MIN}, an hour: a payee that was away longer loses what it has not redeemed`)
    .max(DELAY_SECS_MAX, `expected at most ${DELAY_SECS_MAX}, 365 days: a deposit could be locked for so long`)
    .default(86_400).describe('How long the payee of a channel can redeem after its payer has asked for the end (SettleDelay)'),
  chain: z.record(z.string(), z.unknown(), 'expected the ledger to settle on: { chainId, rpcUrl, keyId }'),
  peerAddress: z.string().refine(text => addressIn(text) !== undefined, 'expected an address: r..., or X... or T... with a tag')
    .describe('The address of the peer'),
  assetScale: z.int().min(0).max(MAX_SCALE).optional().describe('Of the account; the connector says it by itself'),
  sameUnits: z.boolean().default(false).describe('A base unit of the account is one drop')
}

export interface XrpOptions {
  btp: Record<string, unknown>
  chain: z.infer<z.ZodObject<typeof CHAIN_OPTIONS>> & { network: number }
  settings: ChannelSettings
  /** The destination tag that the peer asks for. */
  tag: number | undefined
}

/** @throws Error that names every option that cannot work, and what to do */
export function parseOptions (options: Record<string, unknown>, account?: { assetScale: number }): XrpOptions {
  const own = readOptions('xrp', XRP_OPTIONS, BTP_OPTIONS, options)
  const chain = readOptions('xrp', CHAIN_OPTIONS, [], own.chain, 'chain.')
  // A wallet that does not open is refused now, and not when the chain is reached.
  for (const keyId of [chain.keyId, ...chain.formerKeyIds ?? []]) walletKey(keyId, walletPlace)
  const network = networkOf(chain.chainId) ?? 0
  const fault = networkFault(own.peerAddress, chainIdOf(network))
  if (fault !== undefined) throw new Error(`invalid options of the xrp plugin. peerAddress: this one ${fault}`)
  const { address = '', tag } = addressIn(own.peerAddress) ?? {}
  const assetScale = account?.assetScale ?? own.assetScale ?? DEFAULT_SCALE
  return {
    btp: pickOptions(options, BTP_OPTIONS),
    chain: { ...chain, network },
    tag,
    settings: {
      ...settingsOf({ ...own, nativePrice: own.nativePrice ?? NATIVE_PRICE }),
      peerAddress: address,
      chain: chainIdOf(network),
      contract: 'XRP',
      tokenId: 'XRP',
      tokenAddress: 'XRP',
      units: own.sameUnits ? new Units(0, 0) : new Units(assetScale, DECIMALS)
    }
  }
}
