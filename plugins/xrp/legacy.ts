/**
 * Settlement on the XRP Ledger as earlier versions were told of it: by environment variables, and by the section `blockchain.xrpl`. Where
 * that is complete it becomes an entry of `chainProviders`, with a warning; where it is not, that is said.
 */
import type { z } from 'zod'
import type { LegacyReading, LegacySettings, OldChain } from '../../src/contracts/chain-kind.js'
import { isSet } from '../../src/lib/environment.js'
import { isObject } from '../../src/lib/is-object.js'

type Variables = Parameters<LegacySettings['withVariables']>[1]

/** Which variables may set what is needed. The first that is set does. */
const NEEDED: ReadonlyArray<[field: string, variables: readonly string[]]> = [
  ['rpcUrl', ['XRP_RPC_URL', 'XRPL_WSS_URL', 'XRPL_RPC_URL']],
  ['keyId', ['XRP_SECRET', 'XRP_SEED', 'XRPL_ACCOUNT_SECRET', 'XRPL_PRIVATE_KEY']]
]
const NETWORK = 'XRPL_NETWORK'
const ENABLED = 'XRPL_ENABLED'
const SECTION = 'xrpl'
const INSTEAD = 'Use chainProviders with an entry of chainType xrp.'

/** `oldChain` reads what `blockchain.xrpl` has. */
export function legacySettings (oldChain: z.ZodType<OldChain>): LegacySettings {
  return { removed: {}, blockchain: { [SECTION]: oldChain }, withVariables, withPeerAddresses: asTheyAre, entriesOf, unusedVariables }
}

/** An entry from variables, unless `chainProviders` has one of the kind, or they are turned off. */
function withVariables (given: Readonly<Record<string, unknown>>, env: Variables): LegacyReading {
  const sources = new Map<string, string>()
  const { chainProviders, blockchain, environment } = given
  const present: unknown[] = Array.isArray(chainProviders) ? chainProviders : []
  const said = new Map(NEEDED.map(([field, names]) => [field, names.find(name => isSet(env, name))]))
  const names = [...said.values()].filter(name => name !== undefined)
  const asIs = (...warnings: string[]): LegacyReading => ({ values: { ...given }, sources, warnings })
  if (present.some(entry => isObject(entry) && entry.chainType === 'xrp')) {
    const isUsed = (name: string): boolean => present.some(entry => isObject(entry) && Object.values(entry).includes(env[name]))
    const unused = names.filter(name => !isUsed(name))
    return unused.length === 0 ? asIs() : asIs(`${unused.join(', ')}: ignored, because the configuration has chainProviders. Say it there.`)
  }
  const section = isObject(blockchain) && isObject(blockchain[SECTION]) ? blockchain[SECTION] : undefined
  if (env[ENABLED] === 'false' || section?.enabled === false) return asIs()
  if (section?.enabled === true && isObject(blockchain)) {
    return { values: { ...given, blockchain: { ...blockchain, [SECTION]: completed(section, said, env, sources) } }, sources, warnings: [] }
  }
  if (names.length < NEEDED.length) return asIs()
  const entry: Record<string, unknown> = { chainType: 'xrp', chainId: `xrp:${networkFor(environment, env)}` }
  const place = `chainProviders.${present.length}`
  if (isSet(env, NETWORK)) sources.set(`${place}.chainId`, NETWORK)
  fill(entry, place, said, env, sources, { rpcUrl: 'rpcUrl', keyId: 'keyId' })
  return {
    values: { ...given, chainProviders: [...present, entry] },
    sources,
    warnings: [`Settlement is set up by legacy variables (${names.join(', ')}) on ${String(entry.chainId)} (${NETWORK} says another network). ` +
      `This is deprecated. ${INSTEAD}`]
  }
}

function completed (
  section: Record<string, unknown>, said: ReadonlyMap<string, string | undefined>, env: Variables, sources: Map<string, string>
): Record<string, unknown> {
  const filled = { ...section }
  if (filled.network === undefined && isSet(env, NETWORK)) {
    filled.network = env[NETWORK]
    sources.set(`blockchain.${SECTION}.network`, NETWORK)
  }
  fill(filled, `blockchain.${SECTION}`, said, env, sources, { rpcUrl: 'rpcUrl', keyId: 'privateKey' })
  return filled
}

/** @param names what each field is called in `holder` */
function fill (
  holder: Record<string, unknown>, place: string, said: ReadonlyMap<string, string | undefined>, env: Variables,
  sources: Map<string, string>, names: Readonly<Record<string, string>>
): void {
  for (const [field, variable] of said) {
    const name = names[field] ?? field
    if (variable === undefined || holder[name] !== undefined) continue
    holder[name] = env[variable]
    sources.set(`${place}.${name}`, variable)
  }
}

function networkFor (environment: unknown, env: Variables): string {
  return env[NETWORK] ?? (environment === 'production' ? 'mainnet' : 'testnet')
}

function entriesOf (blockchain: Parameters<LegacySettings['entriesOf']>[0]): ReturnType<LegacySettings['entriesOf']> {
  const { [SECTION]: old } = blockchain
  if (old?.enabled !== true) return []
  const { rpcUrl, network, privateKey, settlementOptions } = old
  const missing = Object.entries({ rpcUrl, network, privateKey }).filter(([, value]) => value === undefined).map(([field]) => field)
  if (missing.length > 0) {
    return [{ section: SECTION, advice: `blockchain.${SECTION} has no ${missing.join(', ')}: nothing is settled on it. ${INSTEAD}` }]
  }
  const entry = { chainType: 'xrp', chainId: `xrp:${network ?? ''}`, rpcUrl, keyId: privateKey, settlementOptions }
  return [{ section: SECTION, entry, advice: `blockchain.${SECTION} is deprecated. ${INSTEAD} privateKey is keyId there, and network is in chainId.` }]
}

/** No variable of an earlier version has the address of a peer. */
function asTheyAre (peers: readonly unknown[]): ReturnType<LegacySettings['withPeerAddresses']> {
  return { peers: [...peers], sources: new Map() }
}

/** Of variables that somebody set for a node without chains. */
function unusedVariables (env: Variables): string[] {
  const present = NEEDED.flatMap(([, names]) => names).filter(name => isSet(env, name))
  if (env[ENABLED] === 'true') present.push(ENABLED)
  if (present.length === 0 || env.SETTLEMENT_ENABLED === 'false' || env[ENABLED] === 'false') return []
  const missing = NEEDED.filter(([, names]) => !names.some(name => isSet(env, name))).map(([, names]) => names.join(' or '))
  return [`Detected legacy settlement env vars: ${present.join(', ')}. Nothing is settled by them` +
    `${missing.length === 0 ? '' : `, as ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`}. ${INSTEAD}`]
}
