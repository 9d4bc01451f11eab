/** What a node has to know of EVM chains to read its configuration. Loads no SDK. */
import { z } from 'zod'
import { staysHere } from '../../src/lib/loopback.js'
import type { ChainKind, EntryFindings } from '../../src/contracts/chain-kind.js'
import { faultInWords, whole } from '../../src/lib/field-kinds.js'
import { ASSET, ignoredOf, SETTLEMENT_FIELDS, termsOf, TRANSPORT } from '../lib/channels/chain-entry.js'
import { accountsOf } from '../lib/keys/derive.js'
import { formerKeys, VAULT } from '../lib/keys/fields.js'
import { keyFault } from '../lib/keys/key-fault.js'
import { packetClaimsFault } from '../lib/keys/key-id.js'
import { ADDRESS, chainNumberOf, HASH, KEYS } from './formats.js'
import { legacySettings } from './legacy.js'
import { treasury } from './treasury.js'
import { walletPlace } from './wallet.js'

/** No token has more, and amounts of 256 bits hold no more. */
const DECIMALS_MAX = 36
/** The contract takes no shorter challenge, and no longer one. */
const CHALLENGE_SECS_MIN = 3600
const CHALLENGE_SECS_MAX = 365 * 24 * 60 * 60

const NETWORKS: ReadonlyArray<{ name: string, main: string, test: string, testName: string }> = [
  { name: 'Base mainnet', main: '8453', test: '84532', testName: 'Base Sepolia' },
  { name: 'Arbitrum One', main: '42161', test: '421614', testName: 'Arbitrum Sepolia' }
]
const DEVELOPERS = ['1337', '31337']
/** The beginnings of the keys that every development node prints when it starts: anyone can take their money. */
const PUBLIC_KEYS = ['0xac0974bec39a17e3', '0x59c6995e998f97a5', '0x5de4111afa1a4b94']

const ADDRESS_IN_WORDS = '0x and 40 hexadecimal digits, in quotes'

const address = z.string().regex(ADDRESS).meta({ expected: ADDRESS_IN_WORDS })
// Providers of nodes put their keys into it.
const rpcUrl = z.string().refine(url => /^https?:\/\//.test(url) && URL.canParse(url))
  .meta({ expected: 'an http:// or https:// URL', secret: true, example: 'https://mainnet.base.org' })
const keyId = z.string().superRefine((key, context) => {
  const fault = keyFault(key, KEYS)
  if (fault !== undefined) context.addIssue(fault.words === undefined ? { code: 'custom' } : faultInWords(`${fault.words}.`))
}).meta({
  expected: 'a private key (0x and 64 hexadecimal digits, in quotes, or from a variable), wallet:0, or a key in a vault (aws-kms:, gcp-kms:, azure-kv:, pkcs11:)', secret: true, example: '${EVM_PRIVATE_KEY}'
})

const settlementOptions = z.strictObject({
  ...SETTLEMENT_FIELDS,
  settlementTimeoutSecs: whole(CHALLENGE_SECS_MIN, CHALLENGE_SECS_MAX).optional(),
  confirmations: whole(1, 1000).optional(),
  startBlock: whole(0, Number.MAX_SAFE_INTEGER).optional()
}).meta({ expected: 'an object' })

const entry = z.strictObject({
  chainType: z.string(),
  chainId: z.string().refine(id => chainNumberOf(id) !== undefined).meta({ expected: 'a chain such as evm:8453', example: 'evm:8453' }),
  rpcUrl,
  registryAddress: address,
  tokenAddress: address,
  asset: ASSET,
  keyId,
  formerKeyIds: formerKeys(keyId),
  vault: VAULT,
  transport: TRANSPORT,
  settlementOptions: settlementOptions.optional()
}).meta({ expected: 'an object with chainType, chainId, rpcUrl, registryAddress, tokenAddress and keyId' })

type Entry = z.output<typeof entry>

/** A chain in the section `blockchain` of earlier versions. */
const oldChain = z.strictObject({
  enabled: z.boolean().meta({ expected: 'true or false' }).optional(),
  rpcUrl: rpcUrl.optional(),
  chainId: whole(1, Number.MAX_SAFE_INTEGER).optional(),
  privateKey: keyId.optional(),
  vault: VAULT,
  registryAddress: address.optional(),
  tokenAddress: address.optional(),
  settlementOptions: settlementOptions.optional()
}).meta({ expected: 'an object' })

const kind: ChainKind<Entry> = {
  type: 'evm',
  label: 'EVM',
  peerField: 'evmAddress',
  address: {
    matches: text => ADDRESS.test(text),
    inWords: ADDRESS_IN_WORDS,
    canonical: address => address.toLowerCase(),
    inAnswers: { field: 'a valid 0x-prefixed address (42 chars)', peer: '0x-prefixed 42-char hex' }
  },
  channelId: { matches: text => HASH.test(text), inWords: '0x and 64 hexadecimal digits' },
  chainId: {
    matches: text => chainNumberOf(text) !== undefined,
    inWords: 'a chain such as evm:8453',
    canonical: canonicalId,
    examples: ['evm:base:8453', 'evm:8453']
  },
  schema: entry,
  decide,
  check,
  wallet: accountsOf(walletPlace),
  treasury,
  legacy: legacySettings(oldChain),
  questions: [
    { field: 'chainId', question: 'Chain', fallback: 'evm:84532' },
    { field: 'rpcUrl', question: 'URL of an RPC node', fallback: 'https://sepolia.base.org', variable: 'CHAIN_RPC_URL' },
    { field: 'registryAddress', question: 'Address of the registry of channels (0x...)' },
    { field: 'tokenAddress', question: 'Address of the token that you pay in (0x...)' },
    { field: 'keyId', question: 'Private key of your account (0x..., or wallet:0; empty: fill it in later)', variable: 'CHAIN_KEY' }
  ]
}

export default kind

function canonicalId (chainId: string): string {
  const number = chainNumberOf(chainId)
  return number === undefined ? chainId : `evm:${number}`
}

function decide (
  { chainId, rpcUrl, registryAddress, tokenAddress, asset, keyId, formerKeyIds, vault, transport, settlementOptions }: Entry
): ReturnType<ChainKind['decide']> {
  const { confirmations, startBlock } = settlementOptions ?? {}
  const id = canonicalId(chainId)
  return termsOf({
    id,
    tokenAddress: tokenAddress.toLowerCase(),
    asset,
    transport,
    chain: {
      chainId: id, rpcUrl, registryAddress, tokenAddress, tokenDecimals: asset?.scale, tokenId: asset?.code, keyId, formerKeyIds, vault,
      confirmations, startBlock
    }
  }, settlementOptions)
}

/** Money that is real belongs to production and nowhere else, and there nothing is reached that only this machine sees. */
function check ({ chainId, rpcUrl, asset, keyId, settlementOptions }: Entry, environment: Parameters<NonNullable<ChainKind['check']>>[1]): EntryFindings {
  const findings: EntryFindings = { problems: [], warnings: ignoredOf(settlementOptions) }
  const refuse = (field: keyof Entry, message: string): void => { findings.problems.push({ field, message }) }
  const warn = (message: string): void => { findings.warnings.push(message) }
  checkChainId(chainNumberOf(chainId) ?? '', environment, message => { refuse('chainId', message) }, warn)
  if (asset !== undefined && asset.scale > DECIMALS_MAX) refuse('asset', `scale is ${asset.scale}: that of a token is its decimals, at most ${DECIMALS_MAX}.`)
  checkUrl(rpcUrl, environment, message => { refuse('rpcUrl', message) }, warn)
  if (PUBLIC_KEYS.some(start => keyId.toLowerCase().startsWith(start)) && environment !== 'development') {
    refuse('keyId', `this key is public, so anyone can take the money on it. Use a key of your own in ${environment}.`)
  }
  const claims = packetClaimsFault(keyId, settlementOptions?.claims)
  if (claims !== undefined) refuse('settlementOptions', `${claims}.`)
  return findings
}

type Say = (message: string) => void

function checkChainId (number: string, environment: string, refuse: Say, warn: Say): void {
  const network = NETWORKS.find(({ main, test }) => [main, test].includes(number))
  if (environment === 'production') {
    if (network?.test === number) refuse(`Production must use ${network.name} (chainId ${network.main}), got chainId ${number}`)
    if (DEVELOPERS.includes(number)) refuse(`Production must use a main network such as Base mainnet (chainId 8453), got chainId ${number}`)
  }
  if (network?.main !== number) return
  if (environment === 'staging') refuse(`Staging must use ${network.testName} (chainId ${network.test}), got chainId ${number}`)
  if (environment === 'development') warn(`evm:${number} is ${network.name}, where money is real, and environment is development: it fulfils packets that nobody handles.`)
}

function checkUrl (url: string, environment: string, refuse: Say, warn: Say): void {
  const { protocol, hostname } = new URL(url)
  const isHere = staysHere(hostname)
  if (environment === 'production' && isHere) refuse('Production must not use a localhost RPC URL. Use the URL of a public node.')
  else if (environment === 'production' && protocol !== 'https:') refuse('Production must use an https:// RPC URL.')
  else if (environment === 'staging' && (isHere || protocol !== 'https:')) warn('the RPC URL of a chain is not https://, or on this machine: not for production.')
}
