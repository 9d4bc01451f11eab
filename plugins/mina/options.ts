/**
 * The options of the plugin: those of plugins/btp, those that all settlement plugins have, and the chain. What cannot work is refused when
 * the plugin is made, in words that never repeat a key or a URL, which may have one in it.
 */
import { z } from 'zod'
import { BTP_OPTIONS } from '../btp/index.js'
import { CHANNEL_OPTIONS, pickOptions, readOptions, settingsOf } from '../lib/channels/options.js'
import type { ChannelSettings } from '../lib/channels/options.js'
import { Units } from '../lib/channels/units.js'
import { formerKeys } from '../lib/keys/fields.js'
import {
  ADDRESS_IN_WORDS, CHALLENGE_SECS_MAX, CHALLENGE_SECS_MIN, CONFIRMATIONS, GRAPHQL_URLS, isAddress, KEY_ID, MAINNET_REFUSED,
  MAX_CONFIRMATIONS, MAX_FEE, NANOMINA, PROVER, TX_FEE
} from './entry-fields.js'
import { CHAIN_IN_WORDS, networkOf } from './formats.js'
import { keyOf } from './keys.js'

const DEFAULT_SCALE = 9
const MAX_SCALE = 36
const DECIMALS = 9

const Address = z.string().refine(isAddress, `expected ${ADDRESS_IN_WORDS}`)
const Nanomina = z.union([z.string().regex(/^\d{1,20}$/, 'expected a decimal string of nanomina'), z.int().min(0)]).transform(value => BigInt(value))

const CHAIN_OPTIONS = {
  chainType: z.literal('mina').default('mina'),
  chainId: z.string().refine(id => networkOf(id) !== undefined, `expected ${CHAIN_IN_WORDS}`)
    .refine(id => networkOf(id) !== 'mainnet', MAINNET_REFUSED).describe('mina:devnet, or mina: and the name of a network of your own'),
  graphqlUrl: GRAPHQL_URLS.describe('The GraphQL of a node of the network, or of several that have to agree'),
  keyId: KEY_ID.describe('Who signs for us: a private key (EK...), or wallet:0'),
  formerKeyIds: formerKeys(KEY_ID).describe('The keys that signed for us before, the latest first, until their channels are settled'),
  zkAppAddress: Address.optional().describe('A channel that is looked at as well, from an older configuration'),
  txFeeNanomina: Nanomina.default(TX_FEE).describe('What a transaction offers at least, nanomina'),
  maxFeeNanomina: Nanomina.default(MAX_FEE).describe('What a transaction offers at most, nanomina; more where a close has to be answered and time runs out'),
  confirmations: z.int().min(1).max(MAX_CONFIRMATIONS).default(CONFIRMATIONS).describe('After so many blocks something counts'),
  stopSlot: z.int().min(1).max(2 ** 32 - 1).optional().describe('The slot from which the network takes no transactions, before a hard fork; nodes say it by themselves'),
  prover: PROVER.default({}).describe('How the process that makes proofs is run'),
  socksProxy: z.string().optional().describe('Through which the nodes are asked; the connector says it by itself')
}

const MINA_OPTIONS = {
  ...CHANNEL_OPTIONS,
  settlementTimeoutSecs: z.int()
    .min(CHALLENGE_SECS_MIN, `expected at least ${CHALLENGE_SECS_MIN}, three hours: a payee needs that long to see a close and to answer it`)
    .max(CHALLENGE_SECS_MAX, `expected at most ${CHALLENGE_SECS_MAX}, 365 days: a deposit could be locked for so long`)
    .default(86_400).describe('How long the payee of a channel can redeem after its payer has asked for the end'),
  chain: z.record(z.string(), z.unknown(), 'expected the chain to settle on: { chainId, graphqlUrl, keyId }'),
  peerAddress: Address.describe('The address of the peer'),
  assetScale: z.int().min(0).max(MAX_SCALE).optional().describe('Of the account; the connector says it by itself'),
  sameUnits: z.boolean().default(false).describe('A base unit of the account is one nanomina')
}

export interface MinaOptions {
  btp: Record<string, unknown>
  chain: z.infer<z.ZodObject<typeof CHAIN_OPTIONS>>
  settings: ChannelSettings
}

/** @throws Error that names every option that cannot work, and what to do */
export function parseOptions (options: Record<string, unknown>, account?: { assetScale: number }): MinaOptions {
  const own = readOptions('mina', MINA_OPTIONS, BTP_OPTIONS, options)
  const chain = readOptions('mina', CHAIN_OPTIONS, [], own.chain, 'chain.')
  // A wallet that does not open is refused now, and not when the chain is reached.
  const addresses = [chain.keyId, ...chain.formerKeyIds ?? []].map(keyId => keyOf(keyId).address)
  if (addresses[0] === own.peerAddress) throw new Error('invalid options of the mina plugin. peerAddress: it is the address of keyId, and nobody pays himself')
  const chainId = `mina:${networkOf(chain.chainId)}`
  const assetScale = account?.assetScale ?? own.assetScale ?? DEFAULT_SCALE
  return {
    btp: pickOptions(options, BTP_OPTIONS),
    chain: { ...chain, chainId },
    settings: {
      ...settingsOf({ ...own, nativePrice: own.nativePrice ?? NANOMINA }),
      peerAddress: own.peerAddress,
      chain: chainId,
      contract: 'MINA',
      tokenId: 'MINA',
      tokenAddress: 'MINA',
      units: own.sameUnits ? new Units(0, 0) : new Units(assetScale, DECIMALS)
    }
  }
}
