/** Reads a node's configuration, from a YAML file or an object, and decides everything in it. Nothing is used unless all of it is right. */
import { isObject } from '../../lib/is-object.js'
import type { SettingSource } from '../effective.js'
import { explain, valueAt } from '../explain.js'
import type { Problem } from '../errors.js'
import { showPath } from '../in-words.js'
import { logFormatFault, logLevel } from '../../lib/log.js'
import { withoutOverlayNames } from '../../lib/socks-proxy.js'
import type { ConnectorConfig, NodeConfig } from '../../contracts/node.js'
import { assetOfNode } from './assets.js'
import { ChainKinds } from './chain-kinds.js'
import { decideChain, fieldAt, readBlockchain, readEntries, type ChainEntry } from './chains.js'
import { isPermissionless, override, secretFaults, openDoor } from './env.js'
import { ConfigurationError, type ConfigurationIssue } from '../errors.js'
import { foreignVariables } from './foreign-variables.js'
import { formerKey } from './former-keys.js'
import { unusedVariables, withLegacyVariables } from './legacy.js'
import { withoutUnsupported } from './unsupported.js'
import { EXPLORER_DEFAULTS } from '../limits.js'
import { check } from './rules.js'
import { nodeSchema } from './schema.js'
import type { ParsedConfig } from './schema.js'
import { securityOf } from './security.js'
import { inOurWords } from './secret-texts.js'
import { decideTransport, isHidden } from './transport.js'
import { readYamlFile } from './yaml-file.js'

const HEALTH_CHECK_PORT = 8080
const ADMIN_PORT = 8081
const EVERY_INTERFACE = '0.0.0.0'
const THIS_MACHINE = '127.0.0.1'
const HANDLER_TIMEOUT_MS = 30_000
const HANDLER_REQUESTS = 64
const FEE_PERCENTAGE = 0.1
const DATA_PATH = './data'

/** A configuration in which these are always there. */
export type CompleteConfig = ConnectorConfig & Required<Pick<NodeConfig, 'healthCheckPort' | 'environment' | 'logLevel' | 'routes'>>

/** Where a fault is shown to be. */
type Locate = (path: readonly PropertyKey[]) => Pick<ConfigurationIssue, 'source' | 'line'>

/** A configuration that was read and is valid. Only the loader creates one, so its owner need not check it again. */
export class ConfigReading {
  constructor (
    readonly config: NodeConfig,
    /** What was written, environment included. */
    readonly given: ConnectorConfig,
    /** What is odd and no fault, one line each. */
    readonly warnings: string[],
    /** By place (`adminApi.port`) the variable that set it. */
    readonly sources: ReadonlyMap<string, string> = new Map()
  ) {}

  /** The source of a value: the file, or the object in its place, a variable, or a default. */
  sourceOf (path: readonly PropertyKey[], written: 'file' | 'given'): SettingSource {
    const places = path.map((_key, index) => path.slice(0, index + 1).map(String).join('.'))
    if (places.some(place => this.sources.has(place))) return 'environment'
    return valueAt(this.given, path) === undefined ? 'default' : written
  }
}

export class ConfigLoader {
  /**
   * Reads a YAML file, with the environment filled in and `overrides` over it, or an object as it is.
   * @throws ConfigurationError naming every fault
   */
  static read (given: object | string, env: NodeJS.ProcessEnv = process.env, overrides: NodeJS.ProcessEnv = env): ConfigReading {
    const logFault = logFormatFault(env)
    if (logFault !== undefined) throw new ConfigurationError([{ ...logFault, path: '' }])
    isPermissionless(env)
    if (typeof given !== 'string') return decide(given, env, () => ({ source: '' }))
    const foreign = foreignVariables(env)
    if (foreign.issues.length > 0) throw new ConfigurationError(foreign.issues)
    const file = readYamlFile(given, env, (values, path) => fieldAt(values, path, new ChainKinds(values)))
    const kinds = new ChainKinds(file.values)
    const { values, sources } = override(file.values, overrides, path => fieldAt(file.values, path, kinds))
    const reading = decide(values, env, path => {
      const variable = sources.get(path.map(String).join('.'))
      if (variable !== undefined) return { source: variable }
      const line = file.lineOf(path)
      return { source: `${given}:${line}`, line }
    })
    const unused = reading.config.chains.length === 0 ? unusedVariables(env, kinds) : []
    const warnings = [...reading.warnings, ...foreign.warnings, ...unused]
    return new ConfigReading(reading.config, reading.given, warnings, new Map([...reading.sources, ...sources]))
  }

  /** The configuration in a YAML file, as it can be given to a ConnectorNode. @throws ConfigurationError naming every fault */
  static loadConfig (file: string): CompleteConfig {
    return complete(ConfigLoader.read(file))
  }

  /** Returns a configuration object that is right. @throws ConfigurationError naming every fault */
  static validateConfig (given: object): CompleteConfig {
    return complete(ConfigLoader.read(given))
  }
}

/** What was written, with the defaults of what a program may want to read of it. A node that gets it is the same as without them. */
function complete ({ given, config: { healthCheckPort, environment, logLevel, routes } }: ConfigReading): CompleteConfig {
  return { ...given, healthCheckPort, environment, logLevel, routes }
}

function decide (given: unknown, env: NodeJS.ProcessEnv, locate: Locate): ConfigReading {
  if (!isObject(given)) throw new ConfigurationError([{ ...locate([]), path: '', message: 'Configuration must be an object' }])
  const kinds = new ChainKinds(given)
  const legacy = withLegacyVariables(withDefaults(given, env), env, kinds)
  if (legacy.faults !== undefined && legacy.faults.length > 0) {
    throw new ConfigurationError(legacy.faults.map(fault => ({ ...fault, path: '' })))
  }
  const place: Locate = path => {
    const variable = legacy.sources.get(path.map(String).join('.'))
    return variable === undefined ? locate(path) : { source: variable }
  }
  const refuse = (problems: Problem[]): void => {
    if (problems.length === 0) return
    throw new ConfigurationError(problems.map(({ path, message }) => (
      { ...place(path), path: showPath(path), message: withoutOverlayNames(message) })))
  }
  const { rest, problems } = withoutUnsupported(legacy.values, kinds)
  problems.push(...kinds.problems)
  const schema = nodeSchema(kinds.all)
  const { data, error } = schema.safeParse(rest)
  if (error !== undefined) {
    const explained = explain(error.issues, schema, rest, path => formerKey(path, rest))
    problems.push(...explained.map(problem => inOurWords(problem, rest, error.issues)))
  }
  const { entries, problems: entryProblems } = readEntries(rest.chainProviders, kinds)
  problems.push(...entryProblems)
  refuse(problems)
  if (data === undefined) throw new TypeError('unreachable: a configuration without faults was refused')
  const old = readBlockchain(data, kinds)
  const all = [...entries, ...old.entries]
  const config = resolve(data, all, kinds)
  const findings = check(data, config, all)
  refuse(findings.problems)
  const faults = secretFaults(config.peers.map(({ id }) => id), env)
  if (faults.length > 0) throw new ConfigurationError(faults)
  if (config.environment === 'production') findings.warnings.push(...config.peers.flatMap(peer => openDoor(peer, env) ?? []))
  const { chainProviders, ...others } = data
  const written = chainProviders === undefined ? others : { ...others, chainProviders: entries.map(({ value }) => value) }
  return new ConfigReading(config, written, [...legacy.warnings, ...old.warnings, ...findings.warnings], legacy.sources)
}

function withDefaults (given: Record<string, unknown>, env: NodeJS.ProcessEnv): Record<string, unknown> {
  return env.ENVIRONMENT === undefined || env.ENVIRONMENT === '' ? given : { environment: env.ENVIRONMENT, ...given }
}

function resolve (given: ParsedConfig, entries: readonly ChainEntry[], kinds: ChainKinds): NodeConfig {
  const { nodeId, btpServerPort, peers, routes = [], localDelivery = {}, adminApi = {}, settlement = {} } = given
  const handles = localDelivery.enabled ?? false
  const administrates = adminApi.enabled ?? false
  const inferred = handles && administrates ? 'standalone' : 'embedded'
  const mode = given.deploymentMode ?? inferred
  const chains = settlement.enableSettlement === false ? [] : entries.map(decideChain)
  return {
    nodeId,
    ilpAddress: `g.${nodeId}`,
    btpServerPort,
    btpServerHost: given.btpServerHost ?? (isHidden(given.transport) ? THIS_MACHINE : EVERY_INTERFACE),
    btpAllowedOrigins: given.btpAllowedOrigins ?? [],
    healthCheckPort: given.healthCheckPort ?? HEALTH_CHECK_PORT,
    healthCheckHost: given.healthCheckHost ?? EVERY_INTERFACE,
    logLevel: given.logLevel ?? logLevel() ?? 'info',
    environment: given.environment ?? 'development',
    deploymentMode: mode === 'library' ? 'embedded' : mode,
    peers: settlement.enableSettlement === false ? peers.map(({ chain: _none, ...peer }) => peer) : peers,
    routes: routes.map(({ prefix, nextHop, priority = 0 }) => ({ prefix, nextHop, priority })),
    localDelivery: {
      enabled: handles,
      handlerUrl: localDelivery.handlerUrl,
      timeout: localDelivery.timeout ?? HANDLER_TIMEOUT_MS,
      maxConcurrentRequests: localDelivery.maxConcurrentRequests ?? HANDLER_REQUESTS,
      authToken: localDelivery.authToken || undefined
    },
    adminApi: {
      enabled: administrates,
      port: adminApi.port ?? ADMIN_PORT,
      host: adminApi.host ?? EVERY_INTERFACE,
      isHostGiven: adminApi.host !== undefined,
      apiKey: adminApi.apiKey || undefined,
      allowedIPs: adminApi.allowedIPs ?? [],
      trustProxy: adminApi.trustProxy ?? false,
      allowedHosts: adminApi.allowedHosts ?? []
    },
    explorer: explorerOf(given),
    ...feeOf(given),
    creditLimits: settlement.creditLimits ?? {},
    asset: assetOfNode(given.asset, chains),
    rates: given.rates ?? {},
    chains,
    chainKinds: kinds.all,
    transport: decideTransport(given.transport, btpServerPort),
    ledger: ledgerOf(given),
    security: securityOf(given.security, given.environment === 'production'),
    perHopNotification: given.perHopNotification ?? localDelivery.perHopNotification ?? false,
    dataPath: given.dataPath ?? DATA_PATH
  }
}

/** In production, only for those who ask for it. */
function explorerOf ({ explorer = {}, environment }: ParsedConfig): NodeConfig['explorer'] {
  const { enabled, port, host, retentionDays, maxEvents, payloads } = explorer
  return {
    enabled: enabled ?? environment !== 'production',
    isAsked: enabled === true || port !== undefined,
    port: port ?? EXPLORER_DEFAULTS.port,
    host: host ?? EXPLORER_DEFAULTS.host,
    retentionDays: retentionDays ?? EXPLORER_DEFAULTS.retentionDays,
    maxEvents: maxEvents ?? EXPLORER_DEFAULTS.maxEvents,
    payloads: payloads ?? EXPLORER_DEFAULTS.payloads
  }
}

/** A node that settles nothing takes nothing unless it is told to. */
function feeOf ({ settlement }: ParsedConfig): Pick<NodeConfig, 'feePercentage' | 'feeReason'> {
  const percentage = settlement?.connectorFeePercentage
  if (percentage !== undefined) return { feePercentage: percentage, feeReason: 'settlement.connectorFeePercentage says so' }
  if (settlement === undefined) return { feePercentage: 0, feeReason: 'there is no section settlement. To take a fee, set settlement.connectorFeePercentage' }
  if (settlement.enableSettlement === false) return { feePercentage: 0, feeReason: 'settlement.enableSettlement is false' }
  return { feePercentage: FEE_PERCENTAGE, feeReason: 'this is the default with a section settlement. To take another fee, or none, set settlement.connectorFeePercentage' }
}

/** Naming a TigerBeetle cluster selects it. In production, another ledger takes its place only if the configuration says so. */
function ledgerOf ({ ledger = {}, settlement = {}, environment = 'development' }: ParsedConfig): NodeConfig['ledger'] {
  const { tigerBeetleClusterId: clusterId, tigerBeetleReplicas: replicas = [] } = settlement
  const { type = clusterId === undefined && replicas.length === 0 ? 'embedded' : 'tigerbeetle', fallback = environment !== 'production' } =
    typeof ledger === 'string' ? { type: ledger } : ledger
  return { type, clusterId: clusterId === undefined ? '' : String(clusterId), replicas, fallback }
}
