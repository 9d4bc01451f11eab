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
import { CHALLENGE_SECS_MAX, CHALLENGE_SECS_MIN, DECIMALS_MAX, FINAL_CONFIRMATIONS } from './chain-kind.js'
import { canSign } from './ed25519.js'
import { CLUSTER_IN_WORDS, clusterOf, isAddress, MAX_U64, WRAPPED_SOL, type Cluster } from './formats.js'
import { KEYS } from './keys.js'
import { walletPlace } from './wallet.js'

const DEFAULT_SCALE = 9
const DEFAULT_PRIORITY_FEE = 1_000_000n
const DEFAULT_RPS = 10

const Address = z.string().refine(isAddress, 'expected an address: 32 bytes in base58')
const urlOf = (protocol: RegExp, expected: string): z.ZodString =>
  z.string().refine(value => protocol.test(value) && URL.canParse(value), expected)
const RpcUrl = urlOf(/^https?:\/\//, 'expected an http:// or https:// URL')
const Amount = z.union([z.string().regex(/^\d{1,20}$/, 'expected a decimal string'), z.int().min(0)]).transform(value => BigInt(value))
const KeyId = z.string().superRefine((value, context) => {
  const fault = keyFault(value, KEYS)
  if (fault !== undefined) context.addIssue(fault.words ?? 'expected a key of 32 or 64 bytes in base58, the path of a keypair.json, wallet:0, or a key in a vault ' +
    '(aws-kms:, gcp-kms:, pkcs11:)')
})
const ChainId = z.string().transform((id, context): Cluster => {
  const cluster = clusterOf(id)
  if (cluster !== undefined) return cluster
  context.addIssue(`expected ${CLUSTER_IN_WORDS}`)
  return z.NEVER
})

const CHAIN_OPTIONS = {
  chainType: z.literal('solana').default('solana'),
  chainId: ChainId.describe('solana:mainnet, solana:devnet, solana:testnet or solana:localnet'),
  rpcUrl: RpcUrl.describe('The JSON-RPC of a node of the cluster'),
  wsUrl: urlOf(/^wss?:\/\//, 'expected a ws:// or wss:// URL').optional().describe('Its WebSocket; made of rpcUrl by default'),
  socksProxy: SOCKS_PROXY_OPTION.describe('The SOCKS5 proxy through which alone its nodes are asked, verifyRpcUrl too'),
  programId: Address.describe('The program of the channels'),
  tokenMint: Address.default(WRAPPED_SOL).describe('The token that channels pay in; wrapped SOL by default'),
  keyId: KeyId.describe('Who signs for us: a key in base58, the path of a keypair.json, wallet:0, or a key in a vault'),
  formerKeyIds: formerKeys(KeyId).describe('The keys that signed for us before, the latest first, until their channels are settled'),
  vault: VAULT.describe('How to get into the vault that keyId names, where the environment does not say it'),
  tokenDecimals: z.int().min(0).max(DECIMALS_MAX).optional().describe('Of the token, when they are not the assetScale of the account'),
  tokenId: z.string().min(1).optional().describe('What operators see as the name of the token'),
  confirmations: z.int().min(1).max(FINAL_CONFIRMATIONS).default(FINAL_CONFIRMATIONS).describe('32 or none: finalized counts; less: confirmed does'),
  maxPriorityFee: Amount.default(DEFAULT_PRIORITY_FEE).describe('The most that a transaction offers beside its fee, in lamports'),
  verifyRpcUrl: RpcUrl.optional().describe('A second node, which has to show deposits above verifyAbove, too'),
  verifyAbove: Amount.default(MAX_U64).describe('Deposits of the peer above this count when the second node shows them, in token units'),
  rpsLimit: z.int().min(1).max(10_000).default(DEFAULT_RPS).describe('How many times a second the node is asked at most'),
  allowFreezable: z.boolean().default(false).describe('Take a token whose issuer can freeze accounts, and is not a well-known one'),
  allowUnverifiedProgram: z.boolean().default(false).describe('Use a program that is not the one of this package')
}

const SOLANA_OPTIONS = {
  ...CHANNEL_OPTIONS,
  settlementTimeoutSecs: z.int()
    .min(CHALLENGE_SECS_MIN, `expected at least ${CHALLENGE_SECS_MIN}, an hour: the program opens no channel with a shorter challenge`)
    .max(CHALLENGE_SECS_MAX, `expected at most ${CHALLENGE_SECS_MAX}, 30 days: the program opens no channel with a longer challenge`)
    .default(86_400).describe('How long the other side can object to a close, in channels that we open'),
  chain: z.record(z.string(), z.unknown(), 'expected the chain to settle on: { chainId, rpcUrl, programId, keyId }'),
  peerAddress: Address.refine(text => !isAddress(text) || canSign(text), 'expected an address that can sign: this one is of small order or not in its shortest form')
    .describe('The address that the peer signs with'),
  assetScale: z.int().min(0).max(DECIMALS_MAX).optional().describe('Of the account; the connector says it by itself'),
  sameUnits: z.boolean().default(false).describe('A base unit of the account is one unit of the token, however many decimals that has')
}

type ChainOptions = z.infer<z.ZodObject<typeof CHAIN_OPTIONS>>

export interface SolanaOptions {
  btp: Record<string, unknown>
  chain: ChainOptions
  settings: ChannelSettings
  /** That the token must have. Undefined: any. */
  decimals: number | undefined
}

/** @throws Error that names every option that cannot work, and what to do */
export function parseOptions (options: Record<string, unknown>, account?: { assetCode: string, assetScale: number }): SolanaOptions {
  const own = readOptions('solana', SOLANA_OPTIONS, BTP_OPTIONS, options)
  const chain = readOptions('solana', CHAIN_OPTIONS, [], own.chain, 'chain.')
  const claims = packetClaimsFault(chain.keyId, own.claims)
  if (claims !== undefined) throw new Error(`invalid options of the solana plugin. ${claims}`)
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
      chain: `solana:${chain.chainId}`,
      contract: `${chain.programId}/${chain.tokenMint}`,
      tokenId: chain.tokenId ?? account?.assetCode ?? chain.tokenMint,
      tokenAddress: chain.tokenMint,
      units: own.sameUnits ? new Units(0, 0) : new Units(assetScale, decimals)
    }
  }
}
