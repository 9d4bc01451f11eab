/**
 * Settlement as earlier versions were told of it: by environment variables, and by the section `blockchain`. Where it is complete it
 * becomes an entry of `chainProviders`, with a warning; where it is not, that is said.
 */
import type { z } from 'zod'
import type { LegacyReading, LegacySettings, OldChain } from '../../src/contracts/chain-kind.js'
import { isSet } from '../../src/lib/environment.js'
import { isObject } from '../../src/lib/is-object.js'
import { vaultKeyIn } from '../lib/keys/key-id.js'
import { keyBackendOf, type KeyBackend } from './key-backend.js'

type Variables = Parameters<LegacySettings['withVariables']>[1]

/** Which variables may set what is needed. The first that is set does. */
const NEEDED: ReadonlyArray<[field: string, variables: readonly string[]]> = [
  ['rpcUrl', ['BASE_L2_RPC_URL', 'EVM_RPC_URL', 'SETTLEMENT_RPC_URL']],
  ['registryAddress', ['TOKEN_NETWORK_REGISTRY']],
  ['tokenAddress', ['M2M_TOKEN_ADDRESS', 'SETTLEMENT_TOKEN_ADDRESS']],
  ['keyId', ['TREASURY_EVM_PRIVATE_KEY', 'EVM_PRIVATE_KEY', 'SETTLEMENT_PRIVATE_KEY', 'TOON_SETTLEMENT_PRIVATE_KEY']]
]
/** Which chain it is, if that is said; the first that is set says it. */
const CHAIN_IDS = ['BASE_CHAIN_ID', 'SETTLEMENT_CHAIN_ID']
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
/** What `<NAME>_ENABLED=true` turns on, on which chain unless it is said; and what else is said of it, in `<NAME>_RPC_URL` and so on. */
const SECTIONS: Readonly<Record<string, { production: number, otherwise: number }>> = {
  base: { production: MAINNET.chainId, otherwise: TESTNET.chainId },
  arbitrum: { production: 42161, otherwise: 421614 }
}
const OF_SECTION: Readonly<Record<string, string>> = {
  rpcUrl: 'RPC_URL', chainId: 'CHAIN_ID', privateKey: 'PRIVATE_KEY', registryAddress: 'REGISTRY_ADDRESS', tokenAddress: 'TOKEN_ADDRESS'
}
const FLAGS: ReadonlyMap<string, boolean> = new Map([['true', true], ['false', false]])
const INSTEAD = 'Use chainProviders with an entry of chainType evm.'
const NUMBERED_PEER = /^peer([1-9]|10)$/

/** Said to somebody whose configuration has the section. */
const SETTLEMENT_INFRA = '"settlementInfra" has been removed. Use "chainProviders" with an EVM entry instead. Configure chainProviders with ' +
  'chainType "evm", rpcUrl, registryAddress, keyId, and tokenAddress. ' +
  'Moved: rpcUrl -> rpcUrl, registryAddress -> registryAddress, tokenAddress -> tokenAddress, privateKey -> keyId, ' +
  'enabled -> the entry being there, threshold, pollingIntervalMs, settlementTimeoutSecs, initialDepositMultiplier, ledgerSnapshotPath and ' +
  'ledgerPersistIntervalMs -> settlementOptions.*'

/** `oldChain` reads what `blockchain` has. */
export function legacySettings (oldChain: z.ZodType<OldChain>): LegacySettings {
  return {
    removed: { settlementInfra: SETTLEMENT_INFRA },
    blockchain: { base: oldChain, arbitrum: oldChain },
    withVariables,
    withPeerAddresses,
    entriesOf,
    unusedVariables
  }
}

/**
 * An entry of `chainProviders` from variables, or what `blockchain` leaves open. A configuration with `chainProviders` of its own is left
 * as it is.
 */
function withVariables (given: Readonly<Record<string, unknown>>, env: Variables): LegacyReading {
  const key = keyBackendOf(given, env)
  const reading = withSettings(given, env, key)
  const needsKey = [...reading.sources.values()].includes(key.source)
  const isWrong = key.backend === undefined || needsKey || key.source !== 'KEY_BACKEND'
  return { ...reading, faults: isWrong ? key.faults : [] }
}

function withSettings (given: Readonly<Record<string, unknown>>, env: Variables, key: KeyBackend): LegacyReading {
  const sources = new Map<string, string>()
  const { chainProviders, blockchain } = given
  const hasOwn = Array.isArray(chainProviders) && chainProviders.length > 0
  if (hasOwn) {
    const { entries, warnings } = withKeyIds(chainProviders, key, sources)
    const unused = withoutEffect(entries, env, sources.size > 0)
    return { values: { ...given, chainProviders: entries }, sources, warnings: [...warnings, ...unused] }
  }
  const said = variablesFor(given.environment, env, key)
  const sections = blockchain === undefined || isObject(blockchain) ? withSections(blockchain, given.environment, env, sources) : undefined
  if (sections !== undefined) return { values: { ...given, blockchain: completed(sections, said, key, sources) }, sources, warnings: [] }
  if (NEEDED.some(([field]) => !said.has(field))) return { values: given, sources, warnings: [] }
  const provider: Record<string, unknown> = { chainType: 'evm', settlementOptions: tuning('chainProviders.0', said, sources) }
  set(provider, 'chainId', 'chainProviders.0', mapped(said.get('chainId'), number => `evm:${String(number)}`), sources)
  for (const field of [...NEEDED.map(([name]) => name), 'vault']) set(provider, field, 'chainProviders.0', said.get(field), sources)
  const names = NEEDED.map(([field]) => said.get(field)?.variable).join(', ')
  return {
    values: { ...given, chainProviders: [provider] },
    sources,
    warnings: [`Settlement is set up by legacy variables (${names}) on ${String(provider.chainId)} (${CHAIN_IDS[0]} says another chain). ` +
      `This is deprecated. ${INSTEAD}`]
  }
}

/** Chains that variables turn on and describe, or off, over those of `blockchain`. Undefined: there are none. */
function withSections (
  given: Readonly<Record<string, unknown>> | undefined, environment: unknown, env: Variables, sources: Map<string, string>
): Record<string, unknown> | undefined {
  let sections = given === undefined ? undefined : { ...given }
  for (const [name, ids] of Object.entries(SECTIONS)) {
    const { [variableOf(name, 'ENABLED')]: flag = '' } = env
    const old = isObject(given?.[name]) ? given[name] : {}
    if (flag === '' || (flag === 'false' && old.enabled === undefined)) continue
    const place = `blockchain.${name}`
    const section: Record<string, unknown> = { ...old }
    set(section, 'enabled', place, { value: FLAGS.get(flag) ?? flag, variable: variableOf(name, 'ENABLED') }, sources)
    for (const [field, suffix] of Object.entries(OF_SECTION)) {
      const variable = variableOf(name, suffix)
      if (isSet(env, variable)) set(section, field, place, { value: field === 'chainId' ? numberIn(env[variable]) : env[variable], variable }, sources)
    }
    section.chainId ??= environment === 'production' ? ids.production : ids.otherwise
    sections = { ...sections, [name]: section }
  }
  return sections
}

function variableOf (section: string, suffix: string): string {
  return `${section.toUpperCase()}_${suffix}`
}

/** Entries whose key has the name that others give it, or is the one of the backend; and how to get into its vault. */
function withKeyIds (
  providers: readonly unknown[], key: KeyBackend, sources: Map<string, string>
): { entries: unknown[], warnings: string[] } {
  const warnings: string[] = []
  const entries = providers.map((provider, index) => {
    if (!isObject(provider)) return provider
    if (isInVaultOf(key, provider)) return { vault: key.vault, ...provider }
    if (provider.chainType !== 'evm') return provider
    const { privateKey, ...entry } = provider
    if (privateKey === undefined && entry.keyId === undefined && (key.backend !== undefined || key.privateKey !== undefined)) {
      sources.set(`chainProviders.${index}.keyId`, key.source)
      return key.backend === undefined ? { ...entry, keyId: key.privateKey } : { ...entry, keyId: key.keyId, vault: key.vault }
    }
    if (privateKey === undefined || entry.keyId !== undefined) return provider
    warnings.push(`chainProviders[${index}].privateKey is called keyId here. It is taken; rename it.`)
    return { ...entry, keyId: privateKey }
  })
  return { entries, warnings }
}

/** Whether a chain of any kind names a key in the vault that the backend is. */
function isInVaultOf ({ backend, keyId: ours }: KeyBackend, { keyId, vault }: Readonly<Record<string, unknown>>): boolean {
  if (backend === undefined || typeof keyId !== 'string' || vault !== undefined) return false
  const kind = vaultKeyIn(keyId)?.kind
  return kind !== undefined && kind === vaultKeyIn(ours)?.kind
}

/** Of variables for settlement that somebody set for a node without chains. */
function unusedVariables (env: Variables): string[] {
  return [...unusedSections(env), ...unusedSet(env)]
}

/** What is said of chains that nobody has turned on. */
function unusedSections (env: Variables): string[] {
  return Object.keys(SECTIONS).filter(name => !isSet(env, variableOf(name, 'ENABLED'))).flatMap(name => {
    const variables = Object.values(OF_SECTION).map(suffix => variableOf(name, suffix))
    const said = variables.filter(variable => isSet(env, variable) && !CHAIN_IDS.includes(variable))
    return said.length === 0 ? [] : [`${said.join(', ')}: ignored without ${variableOf(name, 'ENABLED')}=true. ${INSTEAD}`]
  })
}

function unusedSet (env: Variables): string[] {
  const settlement = NEEDED.flatMap(([, names]) => names)
  const present = [...settlement, ...TUNING.map(([, name]) => name), 'NETWORK_MODE', 'SETTLEMENT_CHAIN_ID'].filter(name => isSet(env, name))
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
function variablesFor (environment: unknown, env: Variables, key: KeyBackend): Map<string, Said> {
  const said = new Map<string, Said>()
  const { NETWORK_MODE: mode = '' } = env
  const isMain = mode === '' ? environment === 'production' : mode === 'mainnet'
  const network = isMain ? MAINNET : TESTNET
  const variable = mode === '' ? undefined : 'NETWORK_MODE'
  said.set('chainId', { value: ['', 'mainnet', 'testnet'].includes(mode) ? network.chainId : mode, variable })
  if (mode !== '') said.set('rpcUrl', { value: network.rpcUrl, variable })
  const named = CHAIN_IDS.find(name => isSet(env, name))
  if (named !== undefined) said.set('chainId', { value: env[named], variable: named })
  for (const [field, names] of NEEDED) {
    // A key that is set to nothing is refused by its name, where no other has it.
    const name = names.find(name => isSet(env, name)) ?? (field === 'keyId' ? names.find(name => env[name] !== undefined) : undefined)
    if (name !== undefined) said.set(field, { value: env[name], variable: name })
  }
  // An operator who wants the key to stay where it is must not find out later that another one signed.
  if (key.backend !== undefined) {
    said.set('keyId', { value: key.keyId, variable: key.source })
    said.set('vault', { value: key.vault, variable: key.source })
  } else if (!said.has('keyId') && key.privateKey !== undefined) said.set('keyId', { value: key.privateKey, variable: key.source })
  for (const [field, name, isNumber] of TUNING) {
    if (isSet(env, name)) said.set(field, { value: isNumber ? numberIn(env[name]) : env[name], variable: name })
  }
  return said
}

/** Chains of `blockchain` that are enabled, with what they lack: Base all of it, others what does not depend on the chain. */
function completed (
  blockchain: Record<string, unknown>, said: ReadonlyMap<string, Said>, key: KeyBackend, sources: Map<string, string>
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(blockchain).map(([name, chain]) => {
    if (!isObject(chain) || chain.enabled !== true) return [name, chain]
    const place = `blockchain.${name}`
    const filled: Record<string, unknown> = { ...chain }
    const fill = (field: string, value: Said | undefined): void => {
      if (filled[field] === undefined) set(filled, field, place, value, sources)
    }
    if (name === 'base') {
      fill('chainId', mapped(said.get('chainId'), numberIn))
      for (const field of ['rpcUrl', 'registryAddress', 'tokenAddress']) fill(field, said.get(field))
    }
    if (filled.privateKey === undefined || isInVaultOf(key, { keyId: filled.privateKey, vault: filled.vault })) fill('vault', said.get('vault'))
    fill('privateKey', said.get('keyId'))
    filled.settlementOptions ??= tuning(place, said, sources)
    return [name, filled]
  }))
}

/** What is not a number stays as it is written, for the error to show. */
function numberIn (text: unknown): unknown {
  const number = Number(text)
  return Number.isNaN(number) ? text : number
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
function withoutEffect (providers: readonly unknown[], env: Variables, isKeyUsed: boolean): string[] {
  const isSaid = (field: string): boolean => providers.every(provider =>
    isObject(provider) && isObject(provider.settlementOptions) && provider.settlementOptions[field] !== undefined)
  const isUsed = (value: unknown): boolean => providers.some(provider => isObject(provider) && Object.values(provider).includes(value))
  const names = [
    ...NEEDED.flatMap(([, variables]) => variables).filter(name => isSet(env, name) && !isUsed(env[name])),
    ...Object.keys(SECTIONS).map(name => variableOf(name, 'ENABLED')).filter(name => env[name] === 'true'),
    ...TUNING.filter(([field, name]) => isSet(env, name) && !isSaid(field)).map(([, name]) => name),
    ...isSet(env, 'NETWORK_MODE') ? ['NETWORK_MODE'] : [],
    ...isRemote(env) && !isKeyUsed ? ['KEY_BACKEND'] : []
  ]
  return names.length === 0 ? [] : [`${names.join(', ')}: ignored, because the configuration has chainProviders. Say it there.`]
}

/** Whether keys are to stay in a cloud or in hardware. */
function isRemote ({ KEY_BACKEND: backend = '' }: Variables): boolean {
  return !['', 'env'].includes(backend)
}

function entriesOf (blockchain: Parameters<LegacySettings['entriesOf']>[0]): ReturnType<LegacySettings['entriesOf']> {
  return Object.entries(blockchain).filter(([, old]) => old?.enabled === true).map(([section, old = {}]) => {
    const { chainId, privateKey, vault, rpcUrl, registryAddress, tokenAddress, settlementOptions } = old
    const needed = { rpcUrl, chainId, registryAddress, tokenAddress, privateKey }
    const missing = Object.entries(needed).filter(([, value]) => value === undefined).map(([field]) => field)
    if (missing.length > 0) {
      const variables = missing.map(field => variableOf(section, OF_SECTION[field] ?? ''))
      return { section, advice: `blockchain.${section} has no ${missing.join(', ')} (${variables.join(', ')}): nothing is settled on it. ${INSTEAD}` }
    }
    const fields = { rpcUrl, registryAddress, tokenAddress, keyId: privateKey, ...(vault !== undefined && { vault }), settlementOptions }
    const entry = { chainType: 'evm', chainId: `evm:${chainId ?? ''}`, ...fields }
    return { section, entry, advice: `blockchain.${section} (${variableOf(section, 'ENABLED')}) is deprecated. ${INSTEAD} privateKey is keyId there.` }
  })
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
