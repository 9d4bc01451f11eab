/** What a node has to know of Solana to read its configuration. Loads no SDK. */
import { z } from 'zod'
import { staysHere } from '../../src/lib/loopback.js'
import type { ChainKind, EntryFindings } from '../../src/contracts/chain-kind.js'
import { amount, faultInWords, flag, whole } from '../../src/lib/field-kinds.js'
import { ASSET, ignoredOf, SETTLEMENT_FIELDS, termsOf, TRANSPORT } from '../lib/channels/chain-entry.js'
import { accountsOf } from '../lib/keys/derive.js'
import { formerKeys, VAULT } from '../lib/keys/fields.js'
import { keyFault } from '../lib/keys/key-fault.js'
import { packetClaimsFault } from '../lib/keys/key-id.js'
import { CLUSTER_IN_WORDS, clusterOf, isAddress, readChannelId, WRAPPED_SOL } from './formats.js'
import { KEYS } from './keys.js'
import { treasury } from './treasury.js'
import { walletPlace } from './wallet.js'

/** The program takes no shorter challenge, and no longer one. */
export const CHALLENGE_SECS_MIN = 3600
export const CHALLENGE_SECS_MAX = 30 * 24 * 60 * 60
/** So many make a transaction final; with less, what most of the cluster has voted for counts. */
export const FINAL_CONFIRMATIONS = 32
export const DECIMALS_MAX = 36

const ADDRESS_IN_WORDS = 'a Solana address: 32 bytes in base58'
const address = z.string().refine(isAddress).meta({ expected: ADDRESS_IN_WORDS })
// Providers of nodes put their keys into it.
const urlOf = (protocol: RegExp, expected: string, example: string): z.ZodString => z.string()
  .refine(url => protocol.test(url) && URL.canParse(url)).meta({ expected, secret: true, example })
const rpcUrl = urlOf(/^https?:\/\//, 'an http:// or https:// URL', 'https://api.mainnet-beta.solana.com')
const wsUrl = urlOf(/^wss?:\/\//, 'a ws:// or wss:// URL', 'wss://api.mainnet-beta.solana.com')
const keyId = z.string().superRefine((key, context) => {
  const fault = keyFault(key, KEYS)
  if (fault !== undefined) context.addIssue(fault.words === undefined ? { code: 'custom' } : faultInWords(`${fault.words}.`))
}).meta({
  expected: 'a key of 32 or 64 bytes in base58, from a variable, the path of a keypair.json, wallet:0, or a key in a vault (aws-kms:, gcp-kms:, pkcs11:)',
  secret: true,
  example: '${SOLANA_PRIVATE_KEY}'
})

const settlementOptions = z.strictObject({
  ...SETTLEMENT_FIELDS,
  settlementTimeoutSecs: whole(CHALLENGE_SECS_MIN, CHALLENGE_SECS_MAX).optional(),
  confirmations: whole(1, FINAL_CONFIRMATIONS).optional()
}).meta({ expected: 'an object' })

const entry = z.strictObject({
  chainType: z.string(),
  chainId: z.string().refine(id => clusterOf(id) !== undefined).meta({ expected: CLUSTER_IN_WORDS, example: 'solana:mainnet' }),
  cluster: z.string().refine(name => clusterOf(`solana:${name}`) !== undefined)
    .meta({ expected: 'mainnet-beta, devnet, testnet or localnet' }).optional(),
  rpcUrl,
  wsUrl: wsUrl.optional(),
  programId: address,
  tokenMint: address.optional(),
  asset: ASSET,
  keyId,
  formerKeyIds: formerKeys(keyId),
  vault: VAULT,
  transport: TRANSPORT,
  maxPriorityFee: amount.optional(),
  verifyRpcUrl: rpcUrl.optional(),
  verifyAbove: amount.optional(),
  rpsLimit: whole(1, 10_000).optional(),
  allowFreezable: flag.optional(),
  allowUnverifiedProgram: flag.optional(),
  acceptSbpfV0: flag.optional(),
  settlementOptions: settlementOptions.optional()
}).meta({ expected: 'an object with chainType, chainId, rpcUrl, programId and keyId' })

type Entry = z.output<typeof entry>
type Environment = Parameters<NonNullable<ChainKind['check']>>[1]

const kind: ChainKind<Entry> = {
  type: 'solana',
  label: 'Solana',
  peerField: 'solanaAddress',
  address: { matches: isAddress, inWords: ADDRESS_IN_WORDS, canonical: address => address },
  channelId: { matches: text => readChannelId(text) !== undefined, inWords: 'the account of a channel, a colon, and its instance' },
  chainId: {
    matches: text => clusterOf(text) !== undefined,
    inWords: CLUSTER_IN_WORDS,
    canonical: canonicalId,
    examples: ['solana:mainnet', 'solana:devnet']
  },
  schema: entry,
  decide,
  check,
  wallet: accountsOf(walletPlace),
  treasury,
  questions: [
    { field: 'chainId', question: 'Cluster', fallback: 'solana:devnet' },
    { field: 'rpcUrl', question: 'URL of an RPC node', fallback: 'https://api.devnet.solana.com', variable: 'CHAIN_RPC_URL' },
    { field: 'programId', question: 'Address of the program of channels' },
    { field: 'tokenMint', question: 'Mint of the token that you pay in', fallback: WRAPPED_SOL },
    { field: 'keyId', question: 'Your key in base58, the path of a keypair.json, or wallet:0 (empty: fill it in later)', variable: 'CHAIN_KEY' }
  ]
}

export default kind

function canonicalId (chainId: string): string {
  const cluster = clusterOf(chainId)
  return cluster === undefined ? chainId : `solana:${cluster}`
}

function decide ({ chainId, tokenMint = WRAPPED_SOL, asset, transport, settlementOptions, ...rest }: Entry): ReturnType<ChainKind['decide']> {
  const { rpcUrl, wsUrl, programId, keyId, formerKeyIds, vault, maxPriorityFee, verifyRpcUrl, verifyAbove, rpsLimit } = rest
  const id = canonicalId(chainId)
  return termsOf({
    id,
    tokenAddress: tokenMint,
    asset,
    transport,
    chain: {
      chainId: id,
      rpcUrl,
      wsUrl,
      programId,
      tokenMint,
      tokenDecimals: asset?.scale,
      tokenId: asset?.code,
      keyId,
      formerKeyIds,
      vault,
      maxPriorityFee: decimal(maxPriorityFee),
      verifyRpcUrl,
      verifyAbove: decimal(verifyAbove),
      rpsLimit,
      allowFreezable: rest.allowFreezable,
      allowUnverifiedProgram: rest.allowUnverifiedProgram,
      confirmations: settlementOptions?.confirmations
    }
  }, settlementOptions)
}

function decimal (value: Entry['verifyAbove']): string | undefined {
  return value === undefined ? undefined : String(value)
}

/** Money that is real belongs to production and nowhere else, and there nothing is reached that only this machine sees. */
function check (given: Entry, environment: Environment): EntryFindings {
  const findings: EntryFindings = { problems: [], warnings: ignoredOf(given.settlementOptions) }
  const refuse = (field: keyof Entry, message: string): void => { findings.problems.push({ field, message }) }
  const warn = (message: string): void => { findings.warnings.push(message) }
  checkCluster(given, environment, refuse, warn)
  for (const field of ['rpcUrl', 'wsUrl', 'verifyRpcUrl'] as const) checkUrl(given[field], environment, message => { refuse(field, message) }, warn)
  if ((given.verifyAbove === undefined) !== (given.verifyRpcUrl === undefined)) {
    refuse('verifyAbove', 'verifyRpcUrl and verifyAbove belong together: the second node is asked about deposits above verifyAbove. Set both, or neither.')
  }
  if (given.asset !== undefined && given.asset.scale > DECIMALS_MAX) {
    refuse('asset', `scale is ${given.asset.scale}: that of a token is its decimals, at most ${DECIMALS_MAX}.`)
  }
  const claims = packetClaimsFault(given.keyId, given.settlementOptions?.claims)
  if (claims !== undefined) refuse('settlementOptions', `${claims}.`)
  if (environment === 'production') checkProduction(given, refuse)
  return findings
}

type Say = (message: string) => void
type Refuse = (field: keyof Entry, message: string) => void

function checkCluster ({ chainId, cluster: alsoNamed }: Entry, environment: Environment, refuse: Refuse, warn: Say): void {
  const cluster = clusterOf(chainId)
  if (alsoNamed !== undefined && clusterOf(`solana:${alsoNamed}`) !== cluster) {
    refuse('cluster', `chainId says ${chainId}, and cluster says ${alsoNamed}. Leave cluster out: chainId is enough.`)
  }
  if (environment === 'production' && cluster !== 'mainnet') refuse('chainId', `Production must use Solana mainnet (chainId solana:mainnet), got chainId ${chainId}`)
  if (cluster !== 'mainnet') return
  if (environment === 'staging') refuse('chainId', `Staging must use Solana devnet or testnet (chainId solana:devnet), got chainId ${chainId}`)
  if (environment === 'development') warn('solana:mainnet is where money is real, and environment is development: it fulfils packets that nobody handles.')
}

function checkProduction ({ settlementOptions, allowUnverifiedProgram, acceptSbpfV0 }: Entry, refuse: Refuse): void {
  if ((settlementOptions?.confirmations ?? FINAL_CONFIRMATIONS) < FINAL_CONFIRMATIONS) {
    refuse('settlementOptions', `confirmations must be ${FINAL_CONFIRMATIONS} or left out in production: only what is finalized cannot be taken back.`)
  }
  if (allowUnverifiedProgram === true) refuse('allowUnverifiedProgram', 'Production must use a verified program. Leave allowUnverifiedProgram out.')
  if (acceptSbpfV0 !== true) {
    refuse('acceptSbpfV0', 'The program is of the format SBPF v0, which the cluster could stop to run one day, with what is in its channels. ' +
      'Read "On Solana" in docs/settlement.md, and set acceptSbpfV0: true if you accept that.')
  }
}

function checkUrl (url: string | undefined, environment: Environment, refuse: Say, warn: Say): void {
  if (url === undefined) return
  const { protocol, hostname } = new URL(url)
  const isHere = staysHere(hostname)
  const isSecure = protocol === 'https:' || protocol === 'wss:'
  if (environment === 'production' && isHere) refuse('Production must not use a localhost RPC URL. Use the URL of a public node.')
  else if (environment === 'production' && !isSecure) refuse('Production must use an https:// RPC URL, and wss:// for wsUrl.')
  else if (environment === 'staging' && (isHere || !isSecure)) warn('the RPC URL of a chain is not https://, or on this machine: not for production.')
}
