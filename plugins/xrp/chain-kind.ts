/** What a node has to know of the XRP Ledger to read its configuration. Loads no SDK. */
import { z } from 'zod'
import { staysHere } from '../../src/lib/loopback.js'
import type { ChainKind, EntryFindings } from '../../src/contracts/chain-kind.js'
import { faultInWords, whole } from '../../src/lib/field-kinds.js'
import { ignoredOf, SETTLEMENT_FIELDS, termsOf, TRANSPORT } from '../lib/channels/chain-entry.js'
import { accountsOf } from '../lib/keys/derive.js'
import { formerKeys, VAULT } from '../lib/keys/fields.js'
import { keyFault } from '../lib/keys/key-fault.js'
import { addressIn, canonicalAddress } from './base58.js'
import { chainIdOf, HASH, KEYS, networkFault, networkOf } from './formats.js'
import { legacySettings } from './legacy.js'
import { walletPlace } from './wallet.js'

/** The shortest delay in which a payee that was away comes back in time, and the longest that the plugin opens channels with. */
export const DELAY_SECS_MIN = 3600
export const DELAY_SECS_MAX = 365 * 24 * 60 * 60

/** All that is paid in there, in drops. */
const XRP = { code: 'XRP', scale: 6 }
const MAINNET = 0
/** Of the account that a new ledger begins with. */
const PUBLIC_SEEDS = ['snoPBrXtMeMyMHUVTgbuqAfg1SUTb']
const ADDRESS_IN_WORDS = 'an address of the XRP Ledger (r..., or X... or T... with a tag)'
const CHAIN_IN_WORDS = 'a chain such as xrp:mainnet or xrp:testnet'

// Providers of servers put their keys into it.
const rpcUrl = z.string().refine(isWebSocketUrl)
  .meta({ expected: 'a wss:// or ws:// URL', secret: true, example: 'wss://xrplcluster.com' })
const keyId = z.string().superRefine((key, context) => {
  const fault = keyFault(key, KEYS)
  if (fault !== undefined) context.addIssue(fault.words === undefined ? { code: 'custom' } : faultInWords(`${fault.words}.`))
}).meta({
  expected: 'the seed of an account (s... or sEd..., in quotes, or from a variable), wallet:0, or a key in a vault (aws-kms:, gcp-kms:, azure-kv:, pkcs11:)',
  secret: true,
  example: '${XRP_SECRET}'
})

const settlementOptions = z.strictObject({
  ...SETTLEMENT_FIELDS,
  settlementTimeoutSecs: whole(DELAY_SECS_MIN, DELAY_SECS_MAX).optional()
}).meta({ expected: 'an object' })

const entry = z.strictObject({
  chainType: z.string(),
  chainId: z.string().refine(id => networkOf(id) !== undefined).meta({ expected: CHAIN_IN_WORDS, example: 'xrp:mainnet' }),
  rpcUrl,
  keyId,
  formerKeyIds: formerKeys(keyId),
  vault: VAULT,
  transport: TRANSPORT,
  settlementOptions: settlementOptions.optional()
}).meta({ expected: 'an object with chainType, chainId, rpcUrl and keyId' })

type Entry = z.output<typeof entry>

/** The section `blockchain.xrpl` of earlier versions. */
const oldChain = z.strictObject({
  enabled: z.boolean().meta({ expected: 'true or false' }).optional(),
  rpcUrl: rpcUrl.optional(),
  network: z.string().refine(name => networkOf(`xrp:${name}`) !== undefined)
    .meta({ expected: 'mainnet, testnet, devnet, or the number of a network' }).optional(),
  privateKey: keyId.optional(),
  settlementOptions: settlementOptions.optional()
}).meta({ expected: 'an object' })

const kind: ChainKind<Entry> = {
  type: 'xrp',
  label: 'XRP Ledger',
  peerField: 'xrpAddress',
  address: {
    matches: text => addressIn(text) !== undefined,
    inWords: ADDRESS_IN_WORDS,
    canonical: canonicalAddress,
    faultOn: networkFault
  },
  channelId: { matches: text => HASH.test(text), inWords: '64 hexadecimal digits' },
  chainId: {
    matches: text => networkOf(text) !== undefined,
    inWords: CHAIN_IN_WORDS,
    canonical: canonicalId,
    examples: ['xrp:mainnet', 'xrp:testnet']
  },
  schema: entry,
  decide,
  check,
  wallet: accountsOf(walletPlace),
  legacy: legacySettings(oldChain),
  questions: [
    { field: 'chainId', question: 'Network', fallback: 'xrp:testnet' },
    { field: 'rpcUrl', question: 'URL of a server', fallback: 'wss://s.altnet.rippletest.net:51233', variable: 'CHAIN_RPC_URL' },
    { field: 'keyId', question: 'Seed of your account (s... or sEd..., or wallet:0; empty: fill it in later)', variable: 'CHAIN_KEY' }
  ]
}

export default kind

/** The servers of the ledger push what happens over WebSockets. */
export function isWebSocketUrl (url: string): boolean {
  return /^wss?:\/\//.test(url) && URL.canParse(url)
}

function canonicalId (chainId: string): string {
  const network = networkOf(chainId)
  return network === undefined ? chainId : chainIdOf(network)
}

function decide ({ chainId, rpcUrl, keyId, formerKeyIds, vault, transport, settlementOptions }: Entry): ReturnType<ChainKind['decide']> {
  const id = canonicalId(chainId)
  const chain = { chainId: id, rpcUrl, keyId, formerKeyIds, vault }
  return termsOf({ id, tokenAddress: 'XRP', asset: XRP, transport, chain }, settlementOptions)
}

/** Money that is real belongs to production and nowhere else, and there nothing is reached that only this machine sees. */
function check ({ chainId, rpcUrl, keyId, settlementOptions }: Entry, environment: Parameters<NonNullable<ChainKind['check']>>[1]): EntryFindings {
  const findings: EntryFindings = { problems: [], warnings: ignoredOf(settlementOptions) }
  const refuse = (field: keyof Entry, message: string): void => { findings.problems.push({ field, message }) }
  const id = canonicalId(chainId)
  const isMain = networkOf(chainId) === MAINNET
  if (environment === 'production' && !isMain) refuse('chainId', `Production must use the main network (xrp:mainnet), got ${id}`)
  if (environment === 'staging' && isMain) refuse('chainId', `Staging must use a test network (xrp:testnet), got ${id}`)
  if (environment === 'development' && isMain) {
    findings.warnings.push(`${id} is where money is real, and environment is development: it fulfils packets that nobody handles.`)
  }
  const { protocol, hostname } = new URL(rpcUrl)
  const isHere = staysHere(hostname)
  if (environment === 'production' && isHere) refuse('rpcUrl', 'Production must not use the URL of a server on localhost. Use the URL of a public server.')
  else if (environment === 'production' && protocol !== 'wss:') refuse('rpcUrl', 'Production must use a wss:// URL.')
  else if (environment === 'staging' && (isHere || protocol !== 'wss:')) {
    findings.warnings.push('the URL of a server of the XRP Ledger is not wss://, or on this machine: not for production.')
  }
  if (PUBLIC_SEEDS.includes(keyId) && environment !== 'development') {
    refuse('keyId', `this seed is public, so anyone can take the money on it. Use a seed of your own in ${environment}.`)
  }
  return findings
}
