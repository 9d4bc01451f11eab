/**
 * Settings for features that do not exist yet. They are rejected, because an operator who asks for settlement and silently gets none loses
 * money; those for the explorer, which only looks on, are ignored with a warning. Settings that turn such a feature off are accepted.
 */
import { isSet } from '../../lib/environment.js'
import { isObject } from '../../lib/is-object.js'
import type { Problem } from '../errors.js'
import { quote, showPath } from '../in-words.js'
import type { ChainKinds } from './chain-kinds.js'

const TOP_LEVEL = [
  'security', 'performance', 'observability', 'nip59', 'dashboardTelemetryUrl', 'firstHopUrl'
]
const IN_SETTLEMENT = ['thresholds']
const THRESHOLDS = 'thresholds is not supported: a chain has one, settlementOptions.threshold in its entry of chainProviders. Remove it.'
/** Kinds of chains that other connectors settle on. One whose plugin is there is no longer refused. */
const OTHER_CHAINS = ['solana', 'mina', 'xrp', 'aptos']
const IN_CREDIT_LIMITS = ['perTokenLimits']

/** What is used with these variables elsewhere and not here. */
const EXPLORER_VARIABLES = ['EXPLORER_ENABLED', 'EXPLORER_PORT', 'EXPLORER_RETENTION_DAYS', 'EXPLORER_MAX_EVENTS']
/** The same in a configuration. */
const EXPLORER_KEYS = ['explorer', 'explorerPort']
const VARIABLES = ['XRP_SECRET', 'XRP_RPC_URL', 'APTOS_PRIVATE_KEY']
const LEDGER_VARIABLES = ['LEDGER_SNAPSHOT_PATH', 'LEDGER_PERSIST_INTERVAL_MS']

/** The configuration without what is refused, and why that is. */
export function withoutUnsupported (
  given: Record<string, unknown>, kinds: ChainKinds
): { rest: Record<string, unknown>, problems: Problem[], warnings: string[] } {
  const rest = { ...given }
  const problems: Problem[] = []
  const warnings = withoutExplorer(rest)
  const refuse = (holder: Record<string, unknown>, path: PropertyKey[], key: string, message = `${key} is not supported yet. Remove it.`): void => {
    if (!isEmpty(holder[key])) problems.push({ path: [...path, key], message })
    Reflect.deleteProperty(holder, key)
  }
  for (const [key, message] of kinds.all.flatMap(({ legacy }) => Object.entries(legacy?.removed ?? {}))) refuse(rest, [], key, message)
  for (const key of TOP_LEVEL) refuse(rest, [], key)
  if (rest.mode === 'gateway') refuse(rest, [], 'mode', 'mode gateway is not supported yet. Remove it.')
  if (!isObject(rest.transport) || rest.transport.type !== 'direct') refuse(rest, [], 'transport', 'transport is not supported yet, except type: direct. Remove it.')
  if (isObject(rest.settlement)) {
    const settlement = rest.settlement = { ...rest.settlement }
    for (const key of IN_SETTLEMENT) refuse(settlement, ['settlement'], key, THRESHOLDS)
    if (isObject(settlement.creditLimits)) {
      const limits = settlement.creditLimits = { ...settlement.creditLimits }
      for (const key of IN_CREDIT_LIMITS) refuse(limits, ['settlement', 'creditLimits'], key)
    }
  }
  if (isObject(rest.blockchain)) {
    const blockchain = rest.blockchain = { ...rest.blockchain }
    const known = kinds.all.flatMap(({ legacy }) => Object.keys(legacy?.blockchain ?? {}))
    for (const key of ['xrpl', ...OTHER_CHAINS]) if (!known.includes(key)) refuse(blockchain, ['blockchain'], key)
  }
  if (Array.isArray(rest.chainProviders)) {
    problems.push(...rest.chainProviders.flatMap((entry, index) => ofUnknownChain(entry, index, kinds)))
  }
  if (Array.isArray(rest.peers)) {
    const known: string[] = kinds.all.map(({ peerField }) => peerField)
    const addresses = OTHER_CHAINS.map(chain => `${chain}Address`).filter(field => !known.includes(field))
    rest.peers = rest.peers.map((peer: unknown, index) => {
      if (!isObject(peer)) return peer
      const copy = { ...peer }
      for (const key of addresses) refuse(copy, ['peers', index], key)
      return copy
    })
  }
  return { rest, problems, warnings }
}

/** It shows what happens, and nothing depends on it: as its variables, it is ignored. */
function withoutExplorer (rest: Record<string, unknown>): string[] {
  const isOff = isObject(rest.explorer) && rest.explorer.enabled === false
  const asked = EXPLORER_KEYS.filter(key => !isEmpty(rest[key]) && !isOff)
  for (const key of asked) Reflect.deleteProperty(rest, key)
  if (isOff) delete rest.explorerPort
  return asked.map(ignored)
}

function ignored (name: string): string {
  return `${name} is ignored: what it is for is not supported yet.`
}

/** One warning for each variable that somebody set for a feature that is not there. */
export function unsupportedVariables (env: NodeJS.ProcessEnv): string[] {
  const given = (name: string): boolean => isSet(env, name)
  return [
    ...[...env.EXPLORER_ENABLED === 'false' ? [] : EXPLORER_VARIABLES, ...VARIABLES].filter(given)
      .map(ignored),
    ...LEDGER_VARIABLES.filter(given).map(name => `${name} is ignored: balances are kept in dataPath, where no crash loses them.`)
  ]
}

/** The entry stays where it is: the places of the others are counted with it. */
function ofUnknownChain (entry: unknown, index: number, kinds: ChainKinds): Problem[] {
  const type = isObject(entry) ? entry.chainType : undefined
  const path = ['chainProviders', index, 'chainType']
  const isJudged = kinds.problems.some(problem => showPath(problem.path) === showPath(path))
  if (typeof type !== 'string' || type === '' || isJudged || kinds.named(type) !== undefined) return []
  const message = OTHER_CHAINS.includes(type) ? `settlement on ${type} is not supported yet. Remove this entry.` : `Unknown chain type: ${quote(type)}`
  return [{ path, message }]
}

function isEmpty (value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}
