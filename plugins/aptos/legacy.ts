/**
 * Settlement on Aptos as earlier versions were told of it: by environment variables, and by the section `blockchain.aptos`. Where that is
 * complete it becomes an entry of `chainProviders`, with a warning; where it is not, that is said. Whether the module is one that can be
 * trusted is found out at the chain: the one of earlier versions is not, and nothing is settled on it.
 */
import type { z } from 'zod'
import type { LegacyReading, LegacySettings, OldChain } from '../../src/contracts/chain-kind.js'
import { isSet } from '../../src/lib/environment.js'
import { isObject } from '../../src/lib/is-object.js'
import { addressOf, APT_COIN, canonicalAddress, isAddress, rawKeyIn } from './formats.js'
import { rawSigner } from '../lib/keys/raw.js'

type Variables = Parameters<LegacySettings['withVariables']>[1]

/** Which variable sets what is needed. */
const NEEDED: ReadonlyArray<[field: string, variable: string]> = [
  ['rpcUrl', 'APTOS_NODE_URL'], ['moduleAddress', 'APTOS_MODULE_ADDRESS'], ['keyId', 'APTOS_PRIVATE_KEY']
]
const NETWORK = 'APTOS_NETWORK'
const SWITCHES = ['APTOS_ENABLED', 'APTOS_SETTLEMENT_ENABLED']
const COIN = 'APTOS_COIN_TYPE'
const ACCOUNT = 'APTOS_ACCOUNT_ADDRESS'
const CLAIM_KEY = 'APTOS_CLAIM_PRIVATE_KEY'
const SECTION = 'aptos'
const INSTEAD = 'Use chainProviders with an entry of chainType aptos.'

/** `oldChain` reads what `blockchain.aptos` has. */
export function legacySettings (oldChain: z.ZodType<OldChain>): LegacySettings {
  return { removed: {}, blockchain: { [SECTION]: oldChain }, withVariables, withPeerAddresses: asTheyAre, entriesOf, unusedVariables }
}

/** An entry from variables, unless `chainProviders` has one of the kind, or they are turned off. */
function withVariables (given: Readonly<Record<string, unknown>>, env: Variables): LegacyReading {
  const sources = new Map<string, string>()
  const { chainProviders, blockchain, environment } = given
  const present: unknown[] = Array.isArray(chainProviders) ? chainProviders : []
  const names = NEEDED.map(([, name]) => name).filter(name => isSet(env, name))
  const asIs = (...warnings: string[]): LegacyReading => ({ values: { ...given }, sources, warnings })
  if (present.some(entry => isObject(entry) && entry.chainType === 'aptos')) {
    const isUsed = (name: string): boolean => present.some(entry => isObject(entry) && Object.values(entry).includes(env[name]))
    const unused = names.filter(name => !isUsed(name))
    return unused.length === 0 ? asIs() : asIs(`${unused.join(', ')}: ignored, because the configuration has chainProviders. Say it there.`)
  }
  const section = isObject(blockchain) && isObject(blockchain[SECTION]) ? blockchain[SECTION] : undefined
  if (isTurnedOff(env) || section?.enabled === false) return asIs()
  if (section?.enabled === true && isObject(blockchain)) {
    const filled = { ...section }
    if (filled.network === undefined && isSet(env, NETWORK)) fill(filled, `blockchain.${SECTION}`, 'network', NETWORK, env, sources)
    for (const [field, name] of NEEDED) fill(filled, `blockchain.${SECTION}`, field === 'keyId' ? 'privateKey' : field, name, env, sources)
    return { values: { ...given, blockchain: { ...blockchain, [SECTION]: filled } }, sources, warnings: [], faults: faultsIn(env) }
  }
  if (names.length < NEEDED.length) return asIs()
  const network = env[NETWORK] ?? (environment === 'production' ? 'mainnet' : 'testnet')
  const entry: Record<string, unknown> = { chainType: 'aptos', chainId: `aptos:${network}` }
  const place = `chainProviders.${present.length}`
  if (isSet(env, NETWORK)) sources.set(`${place}.chainId`, NETWORK)
  for (const [field, name] of NEEDED) fill(entry, place, field, name, env, sources)
  const warning = `Settlement is set up by legacy variables (${names.join(', ')}) on ${String(entry.chainId)} (${NETWORK} says another network). ` +
    `This is deprecated. ${INSTEAD} The module has to be the one of this version (docs/settlement-aptos.md): that of earlier ones is not used.`
  const claimKey = isSet(env, CLAIM_KEY) ? [`${CLAIM_KEY} is ignored: the keys of claims are derived from the key of the account.`] : []
  return { values: { ...given, chainProviders: [...present, entry] }, sources, warnings: [warning, ...claimKey], faults: faultsIn(env) }
}

function isTurnedOff (env: Variables): boolean {
  return SWITCHES.some(name => env[name] === 'false')
}

/** What names another account than would be paid, or another coin than would be paid in. */
function faultsIn (env: Variables): NonNullable<LegacyReading['faults']> {
  const faults: Array<{ source: string, message: string }> = []
  const key = rawKeyIn(env.APTOS_PRIVATE_KEY ?? '')
  const account = env[ACCOUNT] ?? ''
  if (isSet(env, ACCOUNT) && key !== undefined) {
    const expected = addressOf(rawSigner('ed25519', key).publicKey)
    if (!isAddress(account) || canonicalAddress(account) !== expected) {
      faults.push({
        source: ACCOUNT,
        message: `is not the address of APTOS_PRIVATE_KEY, which is ${expected}. Accounts whose key was changed are not supported: unset it, or use the key of another account.`
      })
    }
  }
  if (isSet(env, COIN) && env[COIN] !== APT_COIN) {
    faults.push({ source: COIN, message: `is not ${APT_COIN}: name the fungible asset of the coin in chainProviders[].tokenAddress, and the coin in coinType.` })
  }
  return faults
}

function fill (
  holder: Record<string, unknown>, place: string, field: string, name: string, env: Variables, sources: Map<string, string>
): void {
  if (!isSet(env, name) || holder[field] !== undefined) return
  holder[field] = env[name]
  sources.set(`${place}.${field}`, name)
}

function entriesOf (blockchain: Parameters<LegacySettings['entriesOf']>[0]): ReturnType<LegacySettings['entriesOf']> {
  const { [SECTION]: old } = blockchain
  if (old?.enabled !== true) return []
  const { rpcUrl, network, privateKey, moduleAddress, tokenAddress, settlementOptions } = old
  const needed = Object.entries({ rpcUrl, network, privateKey, moduleAddress })
  const missing = needed.filter(([, value]) => value === undefined).map(([field]) => field)
  if (missing.length > 0) {
    return [{ section: SECTION, advice: `blockchain.${SECTION} has no ${missing.join(', ')}: nothing is settled on it. ${INSTEAD}` }]
  }
  const entry = { chainType: 'aptos', chainId: `aptos:${network ?? ''}`, rpcUrl, keyId: privateKey, moduleAddress, tokenAddress, settlementOptions }
  return [{ section: SECTION, entry, advice: `blockchain.${SECTION} is deprecated. ${INSTEAD} privateKey is keyId there, and network is in chainId.` }]
}

/** No variable of an earlier version has the address of a peer. */
function asTheyAre (peers: readonly unknown[]): ReturnType<LegacySettings['withPeerAddresses']> {
  return { peers: [...peers], sources: new Map() }
}

/** Of variables that somebody set for a node without chains. */
function unusedVariables (env: Variables): string[] {
  const present = NEEDED.map(([, name]) => name).filter(name => isSet(env, name))
  present.push(...SWITCHES.filter(name => env[name] === 'true'))
  if (present.length === 0 || env.SETTLEMENT_ENABLED === 'false' || isTurnedOff(env)) return []
  const missing = NEEDED.map(([, name]) => name).filter(name => !isSet(env, name))
  return [`Detected legacy settlement env vars: ${present.join(', ')}. Nothing is settled by them` +
    `${missing.length === 0 ? '' : `, as ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`}. ${INSTEAD}`]
}
