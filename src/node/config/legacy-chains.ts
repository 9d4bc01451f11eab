/**
 * Settlement as earlier versions were told of it: by environment variables, and by the section `blockchain`. Where it is complete it
 * becomes an entry of `chainProviders`, with a warning; where it is not, that is said.
 */
import { isObject } from '../../config/fields.js'
import { chainProvider, type ParsedChainProvider } from './chain-schema.js'
import type { ParsedConfig } from './schema.js'

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
const BASE = 8453
const BASE_SEPOLIA = 84532
const INSTEAD = 'Use chainProviders with an entry of chainType evm.'
const NUMBERED_PEER = /^peer([1-9]|10)$/

export interface Legacy {
  values: Record<string, unknown>
  /** By place (`chainProviders.0.rpcUrl`) the variable that set it. */
  sources: Map<string, string>
  warnings: string[]
}

/** The configuration with what variables of earlier versions add to it. A configuration with chains of its own is left as it is. */
export function withLegacyVariables (given: Record<string, unknown>, env: NodeJS.ProcessEnv): Legacy {
  const sources = new Map<string, string>()
  const values = { ...given, peers: withAddresses(given.peers, env, sources) }
  if (hasChains(given)) return { values, sources, warnings: [] }
  const found = NEEDED.map(([field, names]) => [field, names.find(name => isSet(env, name))] as const)
  if (env.SETTLEMENT_ENABLED === 'false' || found.some(([, name]) => name === undefined)) return { values, sources, warnings: [] }
  const read = (field: string, name = ''): [string, unknown] => {
    sources.set(`chainProviders.0.${field}`, name)
    return [field.split('.').at(-1) ?? field, env[name]]
  }
  const options = TUNING.filter(([, name]) => isSet(env, name)).map(([field, name, isNumber]): [string, unknown] => {
    const [key, text] = read(`settlementOptions.${field}`, name)
    return [key, isNumber ? Number(text) : text]
  })
  if (isSet(env, 'BASE_CHAIN_ID')) sources.set('chainProviders.0.chainId', 'BASE_CHAIN_ID')
  const chainId = `evm:${env.BASE_CHAIN_ID || (given.environment === 'production' ? BASE : BASE_SEPOLIA)}`
  const provider = {
    chainType: 'evm', chainId, ...Object.fromEntries(found.map(([field, name]) => read(field, name))), settlementOptions: Object.fromEntries(options)
  }
  const names = found.map(([, name]) => name).join(', ')
  return {
    values: { ...values, chainProviders: [provider] },
    sources,
    warnings: [`Settlement is set up by legacy variables (${names}) on ${chainId} (BASE_CHAIN_ID says another chain). This is deprecated. ${INSTEAD}`]
  }
}

/** Of variables for settlement that somebody set for a node without chains. */
export function unusedVariables (env: NodeJS.ProcessEnv): string[] {
  const settlement = NEEDED.flatMap(([, names]) => names)
  const present = [...settlement, ...TUNING.map(([, name]) => name)].filter(name => isSet(env, name))
  if (env.SETTLEMENT_ENABLED === 'true') present.push('SETTLEMENT_ENABLED')
  if (present.length === 0 || env.SETTLEMENT_ENABLED === 'false') return []
  const missing = NEEDED.filter(([, names]) => !names.some(name => isSet(env, name))).map(([, names]) => names.join(' or '))
  return [`Detected legacy settlement env vars: ${present.join(', ')}. Nothing is settled by them` +
    `${missing.length === 0 ? '' : `, as ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`}. ` +
    INSTEAD]
}

/** What `blockchain` says that can be used, and warnings of what cannot. */
export function chainsOfBlockchain ({ blockchain = {} }: ParsedConfig): { providers: ParsedChainProvider[], warnings: string[] } {
  const providers: ParsedChainProvider[] = []
  const warnings: string[] = []
  for (const [name, entry] of Object.entries(blockchain)) {
    if (entry?.enabled !== true) continue
    const { chainId, privateKey, rpcUrl, registryAddress, tokenAddress } = entry
    const fields = { chainType: 'evm', chainId: `evm:${chainId ?? ''}`, rpcUrl, registryAddress, tokenAddress, keyId: privateKey }
    const { success, data } = chainProvider.safeParse(fields)
    if (success) {
      providers.push(data)
      warnings.push(`blockchain.${name} is deprecated. ${INSTEAD} privateKey is keyId there.`)
    } else {
      const needed = { rpcUrl, chainId, registryAddress, tokenAddress, privateKey }
      const missing = Object.entries(needed).filter(([, value]) => value === undefined).map(([field]) => field)
      warnings.push(`blockchain.${name} has no ${missing.join(', ')}: nothing is settled on it. ${INSTEAD}`)
    }
  }
  return { providers, warnings }
}

/** Whether the configuration names chains itself. */
function hasChains ({ chainProviders, blockchain }: Record<string, unknown>): boolean {
  return (Array.isArray(chainProviders) && chainProviders.length > 0) || isObject(blockchain)
}

/** PEER1_EVM_ADDRESS to PEER10_EVM_ADDRESS are the addresses of peers that are called peer1 to peer10. */
function withAddresses (peers: unknown, env: NodeJS.ProcessEnv, sources: Map<string, string>): unknown {
  if (!Array.isArray(peers)) return peers
  return peers.map((peer: unknown, index) => {
    const number = isObject(peer) && peer.evmAddress === undefined ? NUMBERED_PEER.exec(String(peer.id))?.[1] : undefined
    const name = `PEER${number ?? ''}_EVM_ADDRESS`
    if (!isObject(peer) || number === undefined || !isSet(env, name)) return peer
    sources.set(`peers.${index}.evmAddress`, name)
    return { ...peer, evmAddress: env[name] }
  })
}

function isSet (env: NodeJS.ProcessEnv, name: string): boolean {
  return env[name] !== undefined && env[name] !== ''
}
