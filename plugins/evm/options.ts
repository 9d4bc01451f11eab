/**
 * The options of the plugin: those of plugins/btp, those that all settlement plugins have, and the chain. What cannot work is refused when
 * the plugin is made, in words that never repeat a key or a URL, which may have one in it.
 */
import { z } from 'zod'
import { BTP_OPTIONS } from '../btp/index.js'
import { CHANNEL_OPTIONS, pickOptions, readOptions, settingsOf } from '../lib/channels/options.js'
import type { ChannelSettings } from '../lib/channels/options.js'
import { Units } from '../lib/channels/units.js'
import { formerKeys, VAULT } from '../lib/keys/fields.js'
import { keyFault } from '../lib/keys/key-fault.js'
import { packetClaimsFault } from '../lib/keys/key-id.js'
import { walletKey } from '../lib/keys/wallet.js'
import { SOCKS_PROXY_OPTION } from '../../src/lib/socks-agent.js'
import { ADDRESS, KEYS } from './formats.js'
import { walletPlace } from './wallet.js'

const DEFAULT_SCALE = 9
const MAX_DECIMALS = 36

const Address = z.string().regex(ADDRESS, 'expected an address: 0x and 40 hex digits').transform(value => value.toLowerCase())
const RpcUrl = z.string().refine(value => /^https?:\/\//.test(value) && URL.canParse(value), 'expected an http:// or https:// URL')
const KeyId = z.string().superRefine((value, context) => {
  const fault = keyFault(value, KEYS)
  if (fault !== undefined) context.addIssue(fault.words ?? 'expected a raw private key: 0x and 64 hex digits, wallet:0, or a key in a vault (aws-kms:, gcp-kms:, azure-kv:, pkcs11:)')
})
const ChainId = z.union([z.int().min(1), z.string().regex(/^(evm:([a-zA-Z0-9]+:)?)?[1-9]\d{0,15}$/, 'expected a number, or evm:8453')])
  .transform(value => BigInt(String(value).split(':').at(-1) ?? value))

/** What the contract allows: an hour, and the 365 days after which anybody may close a channel. */
const SHORTEST_CHALLENGE_SECS = 3600
const LONGEST_CHALLENGE_SECS = 365 * 86_400

const CHAIN_OPTIONS = {
  chainType: z.literal('evm').default('evm'),
  chainId: ChainId.describe('8453 or evm:8453 is Base'),
  rpcUrl: RpcUrl.describe('The JSON-RPC of a node of the chain'),
  socksProxy: SOCKS_PROXY_OPTION.describe('The SOCKS5 proxy through which alone that node is asked'),
  registryAddress: Address.describe('The TokenNetworkRegistry'),
  tokenAddress: Address.describe('The ERC-20 token that channels pay in'),
  keyId: KeyId.describe('Who signs for us: a raw private key, wallet:0, or a key in a vault'),
  formerKeyIds: formerKeys(KeyId).describe('The keys that signed for us before, the latest first, until their channels are settled'),
  vault: VAULT.describe('How to get into the vault that keyId names, where the environment does not say it'),
  tokenDecimals: z.int().min(0).max(MAX_DECIMALS).optional().describe('Of the token, when they are not the assetScale of the account'),
  tokenId: z.string().min(1).optional().describe('What operators see as the name of the token; what it calls itself by default'),
  confirmations: z.int().min(1).max(1000).optional().describe('How many blocks make a transaction final'),
  startBlock: z.int().min(0).optional().describe('A block before the first channel')
}

const EVM_OPTIONS = {
  ...CHANNEL_OPTIONS,
  settlementTimeoutSecs: z.int()
    .min(SHORTEST_CHALLENGE_SECS, `expected at least ${SHORTEST_CHALLENGE_SECS}, an hour: the contract opens no channel with a shorter challenge`)
    .max(LONGEST_CHALLENGE_SECS, `expected at most ${LONGEST_CHALLENGE_SECS}, 365 days: the contract opens no channel with a longer challenge`)
    .default(86_400).describe('How long the other side can object to a close, in channels that we open'),
  chain: z.record(z.string(), z.unknown(), 'expected the chain to settle on: { chainId, rpcUrl, registryAddress, tokenAddress, keyId }'),
  peerAddress: Address.describe('The address that the peer signs with'),
  assetScale: z.int().min(0).max(MAX_DECIMALS).optional().describe('Of the account; the connector says it by itself'),
  sameUnits: z.boolean().default(false).describe('A base unit of the account is one unit of the token, however many decimals that has')
}

type ChainOptions = z.infer<z.ZodObject<typeof CHAIN_OPTIONS>>

export interface EvmOptions {
  btp: Record<string, unknown>
  chain: ChainOptions
  settings: ChannelSettings
  /** That the token must have. Undefined: any. */
  decimals: number | undefined
}

/** @throws Error that names every option that cannot work, and what to do */
export function parseOptions (options: Record<string, unknown>, account?: { assetCode: string, assetScale: number }): EvmOptions {
  const own = readOptions('evm', EVM_OPTIONS, BTP_OPTIONS, options)
  const chain = readOptions('evm', CHAIN_OPTIONS, [], own.chain, 'chain.')
  const claims = packetClaimsFault(chain.keyId, own.claims)
  if (claims !== undefined) throw new Error(`invalid options of the evm plugin. ${claims}`)
  // A wallet that does not open is refused now, and not when the chain is reached.
  for (const keyId of [chain.keyId, ...chain.formerKeyIds ?? []]) walletKey(keyId, walletPlace)
  const assetScale = account?.assetScale ?? own.assetScale ?? DEFAULT_SCALE
  const decimals = chain.tokenDecimals ?? assetScale
  return {
    btp: pickOptions(options, BTP_OPTIONS),
    chain,
    decimals: own.sameUnits ? undefined : decimals,
    settings: {
      ...settingsOf(own),
      peerAddress: own.peerAddress,
      chain: `evm:${chain.chainId}`,
      contract: `${chain.registryAddress}/${chain.tokenAddress}`,
      tokenId: chain.tokenId ?? account?.assetCode ?? chain.tokenAddress,
      tokenAddress: chain.tokenAddress,
      units: own.sameUnits ? new Units(0, 0) : new Units(assetScale, decimals)
    }
  }
}
