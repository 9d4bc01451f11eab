/** Settlement on Mina as earlier versions were told of it: by environment variables, which become an entry of `chainProviders`. */
import type { LegacyReading, LegacySettings } from '../../src/contracts/chain-kind.js'
import { isSet } from '../../src/lib/environment.js'
import { isObject } from '../../src/lib/is-object.js'

type Variables = Parameters<LegacySettings['withVariables']>[1]

const NEEDED = { graphqlUrl: 'MINA_GRAPHQL_URL', keyId: 'MINA_PRIVATE_KEY' } as const
const OPTIONAL = { zkAppAddress: 'MINA_ZKAPP_ADDRESS' } as const
const NETWORK = 'MINA_NETWORK'
const INSTEAD = 'Use chainProviders with an entry of chainType mina.'

export function legacySettings (): LegacySettings {
  return { removed: {}, blockchain: {}, withVariables, withPeerAddresses: asTheyAre, entriesOf: () => [], unusedVariables }
}

/** An entry from variables, unless `chainProviders` has one of the kind. Where that has no key, it gets it. */
function withVariables (given: Readonly<Record<string, unknown>>, env: Variables): LegacyReading {
  const sources = new Map<string, string>()
  const present: unknown[] = Array.isArray(given.chainProviders) ? given.chainProviders : []
  const asIs = { values: { ...given }, sources, warnings: [] }
  const index = present.findIndex(entry => isObject(entry) && entry.chainType === 'mina')
  if (index >= 0) {
    const entry = present[index]
    if (!isObject(entry) || entry.keyId !== undefined || !isSet(env, NEEDED.keyId)) return asIs
    sources.set(`chainProviders.${index}.keyId`, NEEDED.keyId)
    return { ...asIs, values: { ...given, chainProviders: present.with(index, { ...entry, keyId: env[NEEDED.keyId] }) } }
  }
  if (!Object.values(NEEDED).every(name => isSet(env, name))) return asIs
  const place = `chainProviders.${present.length}`
  const entry: Record<string, unknown> = { chainType: 'mina', chainId: `mina:${env[NETWORK] ?? 'devnet'}` }
  if (isSet(env, NETWORK)) sources.set(`${place}.chainId`, NETWORK)
  for (const [field, name] of Object.entries({ ...NEEDED, ...OPTIONAL })) {
    if (!isSet(env, name)) continue
    entry[field] = env[name]
    sources.set(`${place}.${field}`, name)
  }
  return {
    values: { ...given, chainProviders: [...present, entry] },
    sources,
    warnings: [`Settlement is set up by legacy variables (${Object.values(NEEDED).join(', ')}) on ${String(entry.chainId)} (${NETWORK} says another network). ` +
      `This is deprecated. ${INSTEAD}`]
  }
}

/** No variable of an earlier version has the address of a peer. */
function asTheyAre (peers: readonly unknown[]): ReturnType<LegacySettings['withPeerAddresses']> {
  return { peers: [...peers], sources: new Map() }
}

/** Of variables that somebody set for a node without chains. */
function unusedVariables (env: Variables): string[] {
  const [set, missing] = [true, false].map(wanted => Object.values(NEEDED).filter(name => isSet(env, name) === wanted)) as
    [string[], string[]]
  if (set.length === 0 || missing.length === 0 || env.SETTLEMENT_ENABLED === 'false') return []
  return [`Detected legacy settlement env vars: ${set.join(', ')}. Nothing is settled by them, as ${missing.join(', ')} is not set. ${INSTEAD}`]
}
