/** What a node has to know of Aptos to read its configuration. Loads no SDK. */
import { z } from 'zod'
import { staysHere } from '../../src/lib/loopback.js'
import type { ChainKind, EntryFindings } from '../../src/contracts/chain-kind.js'
import { amount, faultInWords, flag, whole } from '../../src/lib/field-kinds.js'
import { ASSET, ignoredOf, SETTLEMENT_FIELDS, termsOf, TRANSPORT } from '../lib/channels/chain-entry.js'
import { accountsOf } from '../lib/keys/derive.js'
import { formerKeys, VAULT } from '../lib/keys/fields.js'
import { keyFault } from '../lib/keys/key-fault.js'
import { ADDRESS_IN_WORDS, APT, CHAIN_IN_WORDS, canonicalAddress, chainIdOf, isAddress, isCoin, MAINNET, networkOf } from './formats.js'
import { KEY_IN_WORDS, KEYS } from './keys.js'
import { legacySettings } from './legacy.js'
import { walletPlace } from './wallet.js'

/** The module takes no shorter challenge, and no longer one. */
export const CHALLENGE_SECS_MIN = 3600
export const CHALLENGE_SECS_MAX = 30 * 24 * 60 * 60
export const DECIMALS_MAX = 36
/** Nobody has run the module on Aptos itself yet. */
export const UNTRIED = 'No Aptos node has run the module of the channels yet, only a Move machine and a stand-in (docs/settlement-aptos.md). ' +
  'Use aptos:testnet, or set allowMainnet: true if you have tried it there and accept the risk.'

const address = z.string().refine(isAddress).meta({ expected: ADDRESS_IN_WORDS })
// Providers of nodes put their keys into it.
const URL_IN_WORDS = { expected: 'an http:// or https:// URL', secret: true, example: 'https://api.testnet.aptoslabs.com/v1' }
const rpcUrl = z.string().refine(isHttpUrl).meta(URL_IN_WORDS)
const NODES_MAX = 5
const NODES_IN_WORDS = `an http:// or https:// URL, or a list of up to ${NODES_MAX} of them`
const nodeUrl = z.string().refine(isHttpUrl, `expected ${NODES_IN_WORDS}`)
/** One node, or several that take each other's place. */
export const RPC_URLS = z.union([nodeUrl, z.array(nodeUrl).min(1).max(NODES_MAX)], `expected ${NODES_IN_WORDS}`)
  .meta({ ...URL_IN_WORDS, expected: NODES_IN_WORDS })
const keyId = z.string().superRefine((key, context) => {
  const fault = keyFault(key, KEYS)
  if (fault !== undefined) context.addIssue(fault.words === undefined ? { code: 'custom' } : faultInWords(`${fault.words}.`))
}).meta({ expected: KEY_IN_WORDS, secret: true, example: '${APTOS_PRIVATE_KEY}' })

const settlementOptions = z.strictObject({
  ...SETTLEMENT_FIELDS,
  settlementTimeoutSecs: whole(CHALLENGE_SECS_MIN, CHALLENGE_SECS_MAX).optional()
}).meta({ expected: 'an object' })

const entry = z.strictObject({
  chainType: z.string(),
  chainId: z.string().refine(id => networkOf(id) !== undefined).meta({ expected: CHAIN_IN_WORDS, example: 'aptos:testnet' }),
  rpcUrl: RPC_URLS,
  transport: TRANSPORT,
  moduleAddress: address,
  tokenAddress: address.optional(),
  coinType: z.string().refine(isCoin).meta({ expected: 'a coin such as 0x1::aptos_coin::AptosCoin' }).optional(),
  asset: ASSET,
  keyId,
  formerKeyIds: formerKeys(keyId),
  vault: VAULT,
  maxFee: amount.optional(),
  verifyRpcUrl: rpcUrl.optional(),
  verifyAbove: amount.optional(),
  allowUnverifiedModule: flag.optional(),
  allowMainnet: flag.optional(),
  settlementOptions: settlementOptions.optional()
}).meta({ expected: 'an object with chainType, chainId, rpcUrl, moduleAddress and keyId' })

type Entry = z.output<typeof entry>
type Environment = Parameters<NonNullable<ChainKind['check']>>[1]

/** The section `blockchain.aptos` of earlier versions. */
const oldChain = z.strictObject({
  enabled: z.boolean().meta({ expected: 'true or false' }).optional(),
  rpcUrl: rpcUrl.optional(),
  network: z.string().refine(name => networkOf(`aptos:${name}`) !== undefined)
    .meta({ expected: 'mainnet, testnet, or the number of a network' }).optional(),
  privateKey: keyId.optional(),
  moduleAddress: address.optional(),
  tokenAddress: address.optional(),
  settlementOptions: settlementOptions.optional()
}).meta({ expected: 'an object' })

const kind: ChainKind<Entry> = {
  type: 'aptos',
  label: 'Aptos',
  peerField: 'aptosAddress',
  address: { matches: isAddress, inWords: ADDRESS_IN_WORDS, canonical: canonicalAddress },
  channelId: { matches: isAddress, inWords: 'the address of a channel: 0x and up to 64 hexadecimal digits' },
  chainId: {
    matches: text => networkOf(text) !== undefined,
    inWords: CHAIN_IN_WORDS,
    canonical: canonicalId,
    examples: ['aptos:mainnet', 'aptos:testnet']
  },
  schema: entry,
  decide,
  check,
  wallet: accountsOf(walletPlace),
  legacy: legacySettings(oldChain),
  questions: [
    { field: 'chainId', question: 'Network', fallback: 'aptos:testnet' },
    { field: 'rpcUrl', question: 'URL of the REST API of a node', fallback: 'https://api.testnet.aptoslabs.com/v1', variable: 'CHAIN_RPC_URL' },
    { field: 'moduleAddress', question: 'Address of the account that has the module of channels' },
    { field: 'tokenAddress', question: 'Address of the fungible asset that you pay in', fallback: '0xa' },
    { field: 'keyId', question: 'Your key (0x and 64 digits, or wallet:0; empty: fill it in later)', variable: 'CHAIN_KEY' }
  ]
}

export default kind

export function isHttpUrl (url: string): boolean {
  return /^https?:\/\//.test(url) && URL.canParse(url)
}

function canonicalId (chainId: string): string {
  const network = networkOf(chainId)
  return network === undefined ? chainId : chainIdOf(network)
}

function decide ({ chainId, tokenAddress = APT, asset, transport, settlementOptions, ...rest }: Entry): ReturnType<ChainKind['decide']> {
  const { rpcUrl, moduleAddress, coinType, keyId, formerKeyIds, vault, maxFee, verifyRpcUrl, verifyAbove } = rest
  const { allowUnverifiedModule, allowMainnet } = rest
  const id = canonicalId(chainId)
  const token = canonicalAddress(tokenAddress)
  return termsOf({
    id,
    tokenAddress: token,
    asset,
    transport,
    chain: {
      chainId: id,
      rpcUrl,
      moduleAddress: canonicalAddress(moduleAddress),
      tokenAddress: token,
      coinType,
      tokenDecimals: asset?.scale,
      tokenId: asset?.code,
      keyId,
      formerKeyIds,
      vault,
      maxFee: decimal(maxFee),
      verifyRpcUrl,
      verifyAbove: decimal(verifyAbove),
      allowUnverifiedModule,
      allowMainnet
    }
  }, settlementOptions)
}

function decimal (value: Entry['verifyAbove']): string | undefined {
  return value === undefined ? undefined : String(value)
}

type Say = (message: string) => void
type Refuse = (field: keyof Entry, message: string) => void

/** Money that is real belongs to production and nowhere else, and there nothing is reached that only this machine sees. */
function check (given: Entry, environment: Environment): EntryFindings {
  const findings: EntryFindings = { problems: [], warnings: ignoredOf(given.settlementOptions) }
  const refuse: Refuse = (field, message) => { findings.problems.push({ field, message }) }
  const warn: Say = message => { findings.warnings.push(message) }
  checkNetwork(given, environment, refuse, warn)
  for (const field of ['rpcUrl', 'verifyRpcUrl'] as const) {
    for (const url of [given[field] ?? []].flat()) checkUrl(url, environment, message => { refuse(field, message) }, warn)
  }
  if ((given.verifyAbove === undefined) !== (given.verifyRpcUrl === undefined)) {
    refuse('verifyAbove', 'verifyRpcUrl and verifyAbove belong together: the second node is asked about deposits above verifyAbove. Set both, or neither.')
  }
  if (given.asset !== undefined && given.asset.scale > DECIMALS_MAX) {
    refuse('asset', `scale is ${given.asset.scale}: that of a token is its decimals, at most ${DECIMALS_MAX}.`)
  }
  if (environment === 'production' && given.allowUnverifiedModule === true) {
    refuse('allowUnverifiedModule', 'Production must use a verified module. Leave allowUnverifiedModule out.')
  }
  return findings
}

function checkNetwork ({ chainId, allowMainnet }: Entry, environment: Environment, refuse: Refuse, warn: Say): void {
  const isMain = networkOf(chainId) === MAINNET
  if (environment === 'production' && !isMain) refuse('chainId', `Production must use Aptos mainnet (chainId aptos:mainnet), got chainId ${chainId}`)
  if (!isMain) return
  if (allowMainnet !== true) refuse('chainId', UNTRIED)
  if (environment === 'staging') refuse('chainId', `Staging must use a test network (chainId aptos:testnet), got chainId ${chainId}`)
  if (environment === 'development') warn('aptos:mainnet is where money is real, and environment is development: it fulfils packets that nobody handles.')
}

function checkUrl (url: string, environment: Environment, refuse: Say, warn: Say): void {
  const { protocol, hostname } = new URL(url)
  const isHere = staysHere(hostname)
  if (environment === 'production' && isHere) refuse('Production must not use a localhost RPC URL. Use the URL of a public node.')
  else if (environment === 'production' && protocol !== 'https:') refuse('Production must use an https:// RPC URL.')
  else if (environment === 'staging' && (isHere || protocol !== 'https:')) warn('the URL of a node of Aptos is not https://, or on this machine: not for production.')
}
