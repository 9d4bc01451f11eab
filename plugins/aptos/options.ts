/**
 * The options of the plugin: those of plugins/btp, those that all settlement plugins have, and the chain. What cannot work is refused when
 * the plugin is made, in words that never repeat a key or a URL, which may have one in it.
 */
import { z } from 'zod'
import { SOCKS_PROXY_OPTION } from '../../src/lib/socks-agent.js'
import { BTP_OPTIONS } from '../btp/index.js'
import { CHANNEL_OPTIONS, pickOptions, readOptions, settingsOf } from '../lib/channels/options.js'
import type { ChannelSettings } from '../lib/channels/options.js'
import { Units } from '../lib/channels/units.js'
import { formerKeys, VAULT } from '../lib/keys/fields.js'
import { keyFault } from '../lib/keys/key-fault.js'
import { walletKey } from '../lib/keys/wallet.js'
import { CHALLENGE_SECS_MAX, CHALLENGE_SECS_MIN, DECIMALS_MAX, isHttpUrl, RPC_URLS, UNTRIED } from './chain-kind.js'
import { APT, APT_COIN, CHAIN_IN_WORDS, canonicalAddress, chainIdOf, isAddress, isCoin, MAINNET, MAX_U64, networkOf } from './formats.js'
import { KEY_IN_WORDS, KEYS } from './keys.js'
import { walletPlace } from './wallet.js'

const DEFAULT_SCALE = 8
/** In octas: 0.05 APT. */
const DEFAULT_MAX_FEE = 5_000_000n

const Address = z.string().refine(isAddress, 'expected an address: 0x and up to 64 hexadecimal digits').transform(canonicalAddress)
const RpcUrl = z.string().refine(isHttpUrl, 'expected an http:// or https:// URL')
const Amount = z.union([z.string().regex(/^\d{1,20}$/, 'expected a decimal string'), z.int().min(0)]).transform(value => BigInt(value))
const KeyId = z.string().superRefine((value, context) => {
  const fault = keyFault(value, KEYS)
  if (fault !== undefined) context.addIssue(fault.words ?? `expected ${KEY_IN_WORDS}`)
})

const CHAIN_OPTIONS = {
  chainType: z.literal('aptos').default('aptos'),
  chainId: z.string().refine(id => networkOf(id) !== undefined, `expected ${CHAIN_IN_WORDS}`).describe(CHAIN_IN_WORDS),
  rpcUrl: RPC_URLS.describe('The REST API of a node of the network, with /v1, or of several that take each other\'s place'),
  socksProxy: SOCKS_PROXY_OPTION.describe('The SOCKS5 proxy through which alone its nodes are asked, verifyRpcUrl too'),
  moduleAddress: Address.describe('The account that has the module of the channels'),
  tokenAddress: Address.default(APT).describe('The fungible asset that channels pay in; APT by default'),
  coinType: z.string().refine(isCoin, 'expected a coin such as 0x1::aptos_coin::AptosCoin').optional()
    .describe('Of an asset that we hold as coins of the older standard, the coin; for APT it is known'),
  keyId: KeyId.describe('Who signs for us: a key in hexadecimal digits, wallet:0, or a key in a vault'),
  formerKeyIds: formerKeys(KeyId).describe('The keys that signed for us before, the latest first, until their channels are settled'),
  vault: VAULT.describe('How to get into the vault that keyId names, where the environment does not say it'),
  tokenDecimals: z.int().min(0).max(DECIMALS_MAX).optional().describe('Of the asset, when they are not the assetScale of the account'),
  tokenId: z.string().min(1).optional().describe('What operators see as the name of the asset'),
  maxFee: Amount.default(DEFAULT_MAX_FEE).describe('The most that a transaction may cost, in octas; a claim of a closing channel may cost a part of what it grants'),
  verifyRpcUrl: RpcUrl.optional().describe('A second node, which has to show deposits above verifyAbove, too'),
  verifyAbove: Amount.default(MAX_U64).describe('Deposits of the peer above this count when the second node shows them, in token units'),
  allowUnverifiedModule: z.boolean().default(false).describe('Use a module that is not the one of this package'),
  allowMainnet: z.boolean().default(false).describe('Settle on mainnet, although no Aptos node has run the module in our tests')
}

const APTOS_OPTIONS = {
  ...CHANNEL_OPTIONS,
  settlementTimeoutSecs: z.int()
    .min(CHALLENGE_SECS_MIN, `expected at least ${CHALLENGE_SECS_MIN}, an hour: the module opens no channel with a shorter challenge`)
    .max(CHALLENGE_SECS_MAX, `expected at most ${CHALLENGE_SECS_MAX}, 30 days: the module opens no channel with a longer challenge`)
    .default(86_400).describe('How long the other side can object to a close, in channels that we open'),
  chain: z.record(z.string(), z.unknown(), 'expected the chain to settle on: { chainId, rpcUrl, moduleAddress, keyId }'),
  peerAddress: Address.describe('The address of the peer'),
  assetScale: z.int().min(0).max(DECIMALS_MAX).optional().describe('Of the account; the connector says it by itself'),
  sameUnits: z.boolean().default(false).describe('A base unit of the account is one unit of the asset, however many decimals that has')
}

export interface AptosOptions {
  btp: Record<string, unknown>
  chain: z.infer<z.ZodObject<typeof CHAIN_OPTIONS>> & { network: number }
  settings: ChannelSettings
  /** That the asset must have. Undefined: any. */
  decimals: number | undefined
}

/** @throws Error that names every option that cannot work, and what to do */
export function parseOptions (options: Record<string, unknown>, account?: { assetCode: string, assetScale: number }): AptosOptions {
  const own = readOptions('aptos', APTOS_OPTIONS, BTP_OPTIONS, options)
  const chain = readOptions('aptos', CHAIN_OPTIONS, [], own.chain, 'chain.')
  const network = networkOf(chain.chainId) ?? 0
  if (network === MAINNET && !chain.allowMainnet) throw new Error(`invalid options of the aptos plugin. chain.chainId: ${UNTRIED}`)
  // A wallet that does not open is refused now, and not when the chain is reached.
  for (const keyId of [chain.keyId, ...chain.formerKeyIds ?? []]) walletKey(keyId, walletPlace)
  const assetScale = account?.assetScale ?? own.assetScale ?? DEFAULT_SCALE
  const decimals = chain.tokenDecimals ?? assetScale
  const coinType = chain.coinType ?? (chain.tokenAddress === APT ? APT_COIN : undefined)
  return {
    btp: pickOptions(options, BTP_OPTIONS),
    chain: { ...chain, coinType, network },
    decimals: own.sameUnits ? undefined : decimals,
    settings: {
      ...settingsOf(own),
      peerAddress: own.peerAddress,
      chain: chainIdOf(network),
      contract: `${chain.moduleAddress}/${chain.tokenAddress}`,
      tokenId: chain.tokenId ?? account?.assetCode ?? chain.tokenAddress,
      tokenAddress: chain.tokenAddress,
      units: own.sameUnits ? new Units(0, 0) : new Units(assetScale, decimals)
    }
  }
}
