/**
 * Settlement as earlier versions were told of it: by environment variables, and by the section `blockchain`. Where it is complete it
 * becomes an entry of `chainProviders`, with a warning; where it is not, that is said.
 */
import type { z } from 'zod'
import type { LegacyReading, LegacySettings, OldChain } from '../../src/contracts/chain-kind.js'
import { isSet } from '../../src/lib/environment.js'
import { isObject } from '../../src/lib/is-object.js'

type Variables = Parameters<LegacySettings['withVariables']>[1]

/** Which variables may set what is needed. The first that is set does. */
const NEEDED: ReadonlyArray<[field: string, variables: readonly string[]]> = [
  ['rpcUrl', ['BASE_L2_RPC_URL', 'EVM_RPC_URL']],
  ['registryAddress', ['TOKEN_NETWORK_REGISTRY']],
  ['tokenAddress', ['M2M_TOKEN_ADDRESS']],
  ['keyId', ['TREASURY_EVM_PRIVATE_KEY', 'EVM_PRIVATE_KEY']]
]
const TUNING: ReadonlyArray<[field: string, variable: string, isNumber: boolean]> = [
  ['threshold', 'SETTLEMENT_THRESHOLD', false],
  ['pollingIntervalMs', 'SETTLEMENT_POLLING_INTERVAL', true],
  ['initialDepositMultiplier', 'INITIAL_DEPOSIT_MULTIPLIER', true]
]
interface NamedNetwork {
  chainId: number
  rpcUrl: string
}
/** What NETWORK_MODE means. */
const MAINNET: NamedNetwork = { chainId: 8453, rpcUrl: 'https://mainnet.base.org' }
const TESTNET: NamedNetwork = { chainId: 84532, rpcUrl: 'https://sepolia.base.org' }
const INSTEAD = 'Use chainProviders with an entry of chainType evm.'
const NUMBERED_PEER = /^peer([1-9]|10)$/

/** Said to somebody whose configuration has the section. */
const SETTLEMENT_INFRA = '"settlementInfra" has been removed. Use "chainProviders" with an EVM entry instead. Configure chainProviders with ' +
  'chainType "evm", rpcUrl, registryAddress, keyId, and tokenAddress. ' +
  'Moved: rpcUrl -> rpcUrl, registryAddress -> registryAddress, tokenAddress -> tokenAddress, privateKey -> keyId, ' +
  'enabled -> the entry being there, threshold, pollingIntervalMs, settlementTimeoutSecs, initialDepositMultiplier, ledgerSnapshotPath and ' +
  'ledgerPersistIntervalMs -> settlementOptions.*'

/** `entry` reads what `chainProviders` has, `oldChain` what `blockchain` has. */
export function legacySettings (entry: z.ZodType, oldChain: z.ZodType<OldChain>): LegacySettings {
  return {
    removed: { settlementInfra: SETTLEMENT_INFRA },
    blockchain: { base: oldChain, arbitrum: oldChain },
    withVariables,
    withPeerAddresses,
    entriesOf: blockchain => entriesOf(blockchain, entry),
    unusedVariables
  }
}

/**
 * An entry of `chainProviders` from variables, or what `blockchain` leaves open. A configuration with `chainProviders` of its own is left
 * as it is.
 */
function withVariables (given: Readonly<Record<string, unknown>>, env: Variables): LegacyReading {
  const sources = new Map<string, string>()
  const { chainProviders, blockchain } = given
  const hasOwn = Array.isArray(chainProviders) && chainProviders.length > 0
  if (hasOwn) return { values: given, sources, warnings: withoutEffect(chainProviders, env) }
  const said = variablesFor(given.environment, env)
  if (isObject(blockchain)) return { values: { ...given, blockchain: completed(blockchain, said, sources) }, sources, warnings: [] }
  if (NEEDED.some(([field]) => !said.has(field))) return { values: given, sources, warnings: [] }
  const provider: Record<string, unknown> = { chainType: 'evm', settlementOptions: tuning('chainProviders.0', said, sources) }
  set(provider, 'chainId', 'chainProviders.0', mapped(said.get('chainId'), number => `evm:${String(number)}`), sources)
  for (const [field] of NEEDED) set(provider, field, 'chainProviders.0', said.get(field), sources)
  const names = NEEDED.map(([field]) => said.get(field)?.variable).join(', ')
  return {
    values: { ...given, chainProviders: [provider] },
    sources,
    warnings: [`Settlement is set up by legacy variables (${names}) on ${String(provider.chainId)} (BASE_CHAIN_ID says another chain). ` +
      `This is deprecated. ${INSTEAD}`]
  }
}

/** Of variables for settlement that somebody set for a node without chains. */
function unusedVariables (env: Variables): string[] {
  const settlement = NEEDED.flatMap(([, names]) => names)
  const present = [...settlement, ...TUNING.map(([, name]) => name), 'NETWORK_MODE'].filter(name => isSet(env, name))
  if (env.SETTLEMENT_ENABLED === 'true') present.push('SETTLEMENT_ENABLED')
  if (isRemote(env)) present.push('KEY_BACKEND')
  if (present.length === 0 || env.SETTLEMENT_ENABLED === 'false') return []
  const missing = NEEDED.filter(([, names]) => !names.some(name => isSet(env, name))).map(([, names]) => names.join(' or '))
  return [`Detected legacy settlement env vars: ${present.join(', ')}. Nothing is settled by them` +
    `${missing.length === 0 ? '' : `, as ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`}. ` +
    INSTEAD]
}

/** A value for a field, and the variable that it is from; undefined: it is nobody's, but the default. */
interface Said {
  value: unknown
  variable?: string | undefined
}

/** By field of an entry of `chainProviders`; of the chain its number. */
function variablesFor (environment: unknown, env: Variables): Map<string, Said> {
  const said = new Map<string, Said>()
  const { NETWORK_MODE: mode = '', BASE_CHAIN_ID: chainId = '', KEY_BACKEND: backend = '' } = env
  const isMain = mode === '' ? environment === 'production' : mode === 'mainnet'
  const network = isMain ? MAINNET : TESTNET
  const variable = mode === '' ? undefined : 'NETWORK_MODE'
  said.set('chainId', { value: ['', 'mainnet', 'testnet'].includes(mode) ? network.chainId : mode, variable })
  if (mode !== '') said.set('rpcUrl', { value: network.rpcUrl, variable })
  if (chainId !== '') said.set('chainId', { value: chainId, variable: 'BASE_CHAIN_ID' })
  for (const [field, names] of NEEDED) {
    // A key that is set to nothing is refused by its name, where no other has it.
    const name = names.find(name => isSet(env, name)) ?? (field === 'keyId' ? names.find(name => env[name] !== undefined) : undefined)
    if (name !== undefined) said.set(field, { value: env[name], variable: name })
  }
  // An operator who wants the key to stay where it is must not find out later that another one signed.
  if (isRemote(env)) said.set('keyId', { value: `${backend}:`, variable: 'KEY_BACKEND' })
  for (const [field, name, isNumber] of TUNING) {
    if (isSet(env, name)) said.set(field, { value: isNumber ? Number(env[name]) : env[name], variable: name })
  }
  return said
}

/** Chains of `blockchain` that are enabled, with what they lack: Base all of it, others what does not depend on the chain. */
function completed (
  blockchain: Record<string, unknown>, said: ReadonlyMap<string, Said>, sources: Map<string, string>
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(blockchain).map(([name, chain]) => {
    if (!isObject(chain) || chain.enabled !== true) return [name, chain]
    const place = `blockchain.${name}`
    const filled: Record<string, unknown> = { ...chain }
    const fill = (field: string, value: Said | undefined): void => {
      if (filled[field] === undefined) set(filled, field, place, value, sources)
    }
    if (name === 'base') {
      fill('chainId', mapped(said.get('chainId'), Number))
      for (const field of ['rpcUrl', 'registryAddress', 'tokenAddress']) fill(field, said.get(field))
    }
    fill('privateKey', said.get('keyId'))
    filled.settlementOptions ??= tuning(place, said, sources)
    return [name, filled]
  }))
}

function mapped (said: Said | undefined, change: (value: unknown) => unknown): Said | undefined {
  return said && { ...said, value: change(said.value) }
}

function tuning (place: string, said: ReadonlyMap<string, Said>, sources: Map<string, string>): Record<string, unknown> {
  const options: Record<string, unknown> = {}
  for (const [field] of TUNING) set(options, field, `${place}.settlementOptions`, said.get(field), sources)
  return options
}

function set (holder: Record<string, unknown>, field: string, place: string, said: Said | undefined, sources: Map<string, string>): void {
  if (said === undefined) return
  holder[field] = said.value
  if (said.variable !== undefined) sources.set(`${place}.${field}`, said.variable)
}

/** One line on the variables that chains of the configuration leave no room for. */
function withoutEffect (providers: readonly unknown[], env: Variables): string[] {
  const isSaid = (field: string): boolean => providers.every(provider =>
    isObject(provider) && isObject(provider.settlementOptions) && provider.settlementOptions[field] !== undefined)
  const names = [
    ...TUNING.filter(([field, name]) => isSet(env, name) && !isSaid(field)).map(([, name]) => name),
    ...isSet(env, 'NETWORK_MODE') ? ['NETWORK_MODE'] : [],
    ...isRemote(env) ? ['KEY_BACKEND'] : []
  ]
  return names.length === 0 ? [] : [`${names.join(', ')}: ignored, because the configuration has chainProviders. Say it there.`]
}

/** Whether keys are to stay in a cloud or in hardware. */
function isRemote ({ KEY_BACKEND: backend = '' }: Variables): boolean {
  return !['', 'env'].includes(backend)
}

/** Entries from what `blockchain` has that is enabled, and warnings of what cannot be used. */
function entriesOf (blockchain: Parameters<LegacySettings['entriesOf']>[0], entry: z.ZodType): ReturnType<LegacySettings['entriesOf']> {
  const entries: unknown[] = []
  const warnings: string[] = []
  for (const [name, old] of Object.entries(blockchain)) {
    if (old?.enabled !== true) continue
    const { chainId, privateKey, rpcUrl, registryAddress, tokenAddress, settlementOptions } = old
    const fields = { chainType: 'evm', chainId: `evm:${chainId ?? ''}`, rpcUrl, registryAddress, tokenAddress, keyId: privateKey, settlementOptions }
    const { success, data } = entry.safeParse(fields)
    if (success) {
      entries.push(data)
      warnings.push(`blockchain.${name} is deprecated. ${INSTEAD} privateKey is keyId there.`)
    } else {
      const needed = { rpcUrl, chainId, registryAddress, tokenAddress, privateKey }
      const missing = Object.entries(needed).filter(([, value]) => value === undefined).map(([field]) => field)
      warnings.push(`blockchain.${name} has no ${missing.join(', ')}: nothing is settled on it. ${INSTEAD}`)
    }
  }
  return { entries, warnings }
}

/** PEER1_EVM_ADDRESS to PEER10_EVM_ADDRESS are the addresses of peers that are called peer1 to peer10. */
function withPeerAddresses (peers: readonly unknown[], env: Variables): ReturnType<LegacySettings['withPeerAddresses']> {
  const sources = new Map<string, string>()
  const filled = peers.map((peer, index) => {
    const number = isObject(peer) && peer.evmAddress === undefined ? NUMBERED_PEER.exec(String(peer.id))?.[1] : undefined
    const name = `PEER${number ?? ''}_EVM_ADDRESS`
    if (!isObject(peer) || number === undefined || !isSet(env, name)) return peer
    sources.set(`peers.${index}.evmAddress`, name)
    return { ...peer, evmAddress: env[name] }
  })
  return { peers: filled, sources }
}
