/** What a node has to know of Mina to read its configuration. Loads no SDK. */
import { z } from 'zod'
import { staysHere } from '../../src/lib/loopback.js'
import type { ChainKind, EntryFindings } from '../../src/contracts/chain-kind.js'
import { amount, whole } from '../../src/lib/field-kinds.js'
import { ignoredOf, SETTLEMENT_FIELDS, termsOf, TRANSPORT } from '../lib/channels/chain-entry.js'
import { formerKeys } from '../lib/keys/fields.js'
import {
  ADDRESS_IN_WORDS, CHALLENGE_SECS_MAX, CHALLENGE_SECS_MIN, GRAPHQL_URLS, isAddress, KEY_ID, MAINNET_REFUSED, MAX_CONFIRMATIONS, NANOMINA,
  PROVER, TOKENS_REFUSED, TX_FEE, urlsOf
} from './entry-fields.js'
import { CHAIN_IN_WORDS, COIN, networkOf } from './formats.js'
import { legacySettings } from './legacy.js'
import { walletAccounts } from './wallet.js'

const MINA = { code: 'MINA', scale: 9 }
/** Between two settlements, and what is put into a channel: to fill one up takes most of an hour. */
const THRESHOLD = NANOMINA
const SETTLEMENTS_IN_DEPOSIT = 20n
const FEES_IN_REDEMPTION = 20n

const settlementOptions = z.strictObject({
  ...SETTLEMENT_FIELDS,
  settlementTimeoutSecs: whole(CHALLENGE_SECS_MIN, CHALLENGE_SECS_MAX).optional()
}).meta({ expected: 'an object' })

const entry = z.strictObject({
  chainType: z.string(),
  chainId: z.string().refine(id => networkOf(id) !== undefined).meta({ expected: CHAIN_IN_WORDS, example: 'mina:devnet' }),
  graphqlUrl: GRAPHQL_URLS,
  keyId: KEY_ID,
  formerKeyIds: formerKeys(KEY_ID),
  network: z.string().meta({ expected: 'the network that chainId names, such as devnet' }).optional(),
  zkAppAddress: z.string().refine(isAddress).meta({ expected: ADDRESS_IN_WORDS }).optional(),
  tokenAddress: z.string().meta({ expected: 'nothing: MINA has no token address' }).optional(),
  tokenId: z.string().meta({ expected: `nothing, or ${COIN}` }).optional(),
  archiveUrl: z.string().meta({ expected: 'a URL', secret: true }).optional(),
  transport: TRANSPORT,
  txFeeNanomina: amount.optional(),
  maxFeeNanomina: amount.optional(),
  confirmations: whole(1, MAX_CONFIRMATIONS).optional(),
  stopSlot: whole(1, 2 ** 32 - 1).optional(),
  prover: PROVER.optional(),
  settlementOptions: settlementOptions.optional()
}).meta({ expected: 'an object with chainType, chainId, graphqlUrl and keyId' })

type Entry = z.output<typeof entry>
type Environment = Parameters<NonNullable<ChainKind['check']>>[1]

const kind: ChainKind<Entry> = {
  type: 'mina',
  label: 'Mina',
  peerField: 'minaAddress',
  address: { matches: isAddress, inWords: ADDRESS_IN_WORDS, canonical: address => address },
  channelId: { matches: isAddress, inWords: 'the address of the channel: B62 and 52 letters and digits' },
  chainId: { matches: text => networkOf(text) !== undefined, inWords: CHAIN_IN_WORDS, canonical: canonicalId, examples: ['mina:devnet'] },
  schema: entry,
  decide,
  check,
  wallet: walletAccounts,
  legacy: legacySettings(),
  questions: [
    { field: 'chainId', question: 'Network', fallback: 'mina:devnet' },
    { field: 'graphqlUrl', question: 'GraphQL URL of a node', fallback: 'https://api.minascan.io/node/devnet/v1/graphql', variable: 'CHAIN_RPC_URL' },
    { field: 'keyId', question: 'Your private key (EK..., or wallet:0; empty: fill it in later)', variable: 'CHAIN_KEY' }
  ]
}

export default kind

function canonicalId (chainId: string): string {
  const network = networkOf(chainId)
  return network === undefined ? chainId : `mina:${network}`
}

function decide ({ chainId, graphqlUrl, keyId, transport, settlementOptions = {}, ...rest }: Entry): ReturnType<ChainKind['decide']> {
  const id = canonicalId(chainId)
  const fee = BigInt(rest.txFeeNanomina ?? TX_FEE)
  const threshold = BigInt(settlementOptions.threshold ?? THRESHOLD)
  const initialDeposit = BigInt(settlementOptions.initialDeposit ?? threshold * SETTLEMENTS_IN_DEPOSIT)
  const chain = {
    chainId: id,
    graphqlUrl,
    keyId,
    formerKeyIds: rest.formerKeyIds,
    zkAppAddress: rest.zkAppAddress,
    txFeeNanomina: String(fee),
    maxFeeNanomina: rest.maxFeeNanomina === undefined ? undefined : String(rest.maxFeeNanomina),
    confirmations: rest.confirmations,
    stopSlot: rest.stopSlot,
    prover: rest.prover
  }
  return termsOf({ id, tokenAddress: 'MINA', asset: MINA, transport, chain }, {
    ...settlementOptions,
    threshold,
    initialDeposit,
    topUpBelow: settlementOptions.topUpBelow ?? initialDeposit * 3n / 4n,
    redeemThreshold: settlementOptions.redeemThreshold ?? larger(threshold, fee * FEES_IN_REDEMPTION)
  })
}

function larger (a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function check (given: Entry, environment: Environment): EntryFindings {
  const { chainId, network, tokenAddress, tokenId, graphqlUrl, zkAppAddress, archiveUrl, settlementOptions } = given
  const findings: EntryFindings = { problems: [], warnings: ignoredOf(settlementOptions) }
  const refuse = (field: keyof Entry, message: string): void => { findings.problems.push({ field, message }) }
  const warn = (message: string): void => { findings.warnings.push(message) }
  const ours = networkOf(chainId)
  if (ours === 'mainnet') refuse('chainId', `${MAINNET_REFUSED}.`)
  else if (environment === 'production') refuse('chainId', `Production must use a main network, and ${MAINNET_REFUSED}.`)
  if (network !== undefined && networkOf(`mina:${network}`) !== ours) {
    refuse('network', `chainId says ${chainId}, and network says ${network}. Leave network out: chainId is enough.`)
  }
  if (tokenAddress !== undefined) refuse('tokenAddress', `${TOKENS_REFUSED}. Leave tokenAddress out.`)
  if (tokenId !== undefined && tokenId !== COIN) refuse('tokenId', `${TOKENS_REFUSED}. Leave tokenId out.`)
  if (BigInt(given.maxFeeNanomina ?? given.txFeeNanomina ?? 0n) < BigInt(given.txFeeNanomina ?? 0n)) {
    refuse('maxFeeNanomina', 'it is below txFeeNanomina, so nothing could be sent.')
  }
  if (zkAppAddress !== undefined) {
    warn('zkAppAddress is looked at as one more channel: every channel has an account of its own here, which the node opens by itself.')
  }
  if (archiveUrl !== undefined) warn('archiveUrl is not used: no archive node is needed.')
  if (settlementOptions?.claims === 'packet') {
    warn('claims is packet: to make or check one claim takes some milliseconds of one thread on Mina, so about a hundred packets a second can be paid. ' +
      'The plugin measures this at its start. Leave claims out to send one claim for each settlement.')
  }
  for (const url of urlsOf(graphqlUrl)) {
    const { protocol, hostname } = new URL(url)
    if (environment === 'staging' && (staysHere(hostname) || protocol !== 'https:')) warn('the GraphQL URL of a node of Mina is not https://, or on this machine: not for production.')
  }
  return findings
}
