/**
 * Settings for features that do not exist yet. They are rejected, because an operator who asks for settlement and silently gets none loses
 * money. Settings that turn such a feature off are accepted.
 */
import { isObject } from '../../lib/is-object.js'
import type { Problem } from '../errors.js'
import { quote, showPath } from '../in-words.js'
import type { ChainKinds } from './chain-kinds.js'
import { withoutTuning } from './tuning.js'

/** What there is in the place of each, or how to do without it. */
const TOP_LEVEL: Readonly<Record<string, string>> = {
  nip59: 'claims are sent as they are, so that peers on the way can read them',
  dashboardTelemetryUrl: 'nothing is sent anywhere: fetch /metrics of the health port',
  firstHopUrl: 'a peer with the route g takes all packets that no other route is for'
}
/** Of other connectors: one is accepted if it says that it is off. */
const SWITCHES = [...Object.keys(TOP_LEVEL), 'security', 'performance', 'observability', 'peerDiscovery', 'selfAnnounce']
/** Kinds of chains that had no place in the section `blockchain` of earlier versions. */
const OTHER_CHAINS = ['solana', 'mina', 'aptos']
const PER_TOKEN_LIMITS = 'perTokenLimits is not supported yet: each peer counts in one asset. Limit what it may owe by perPeerLimits, or what all may owe by ' +
  'defaultLimit or globalCeiling, with an amount for each asset ({ USD: "1000" }), and remove it.'

/** The configuration without what is refused, and why that is. */
export function withoutUnsupported (
  given: Record<string, unknown>, kinds: ChainKinds
): { rest: Record<string, unknown>, problems: Problem[] } {
  const rest = { ...given }
  const problems: Problem[] = []
  for (const key of SWITCHES) if (isOff(rest[key])) Reflect.deleteProperty(rest, key)
  const refuse = (holder: Record<string, unknown>, path: PropertyKey[], key: string, message = `${key} is not supported yet. Remove it.`): void => {
    if (!isEmpty(holder[key])) problems.push({ path: [...path, key], message })
    Reflect.deleteProperty(holder, key)
  }
  for (const [key, message] of kinds.all.flatMap(({ legacy }) => Object.entries(legacy?.removed ?? {}))) refuse(rest, [], key, message)
  for (const [key, instead] of Object.entries(TOP_LEVEL)) refuse(rest, [], key, `${key} is not supported yet: ${instead}. Remove it.`)
  if (rest.mode === 'gateway') refuse(rest, [], 'mode', 'mode gateway is not supported yet. Remove it.')
  for (const section of ['performance', 'observability'] as const) problems.push(...withoutTuning(rest, section))
  if (isObject(rest.settlement)) {
    const settlement = rest.settlement = { ...rest.settlement }
    if (isObject(settlement.creditLimits)) {
      const limits = settlement.creditLimits = { ...settlement.creditLimits }
      refuse(limits, ['settlement', 'creditLimits'], 'perTokenLimits', PER_TOKEN_LIMITS)
    }
  }
  if (isObject(rest.blockchain)) {
    const blockchain = rest.blockchain = { ...rest.blockchain }
    const known = kinds.all.flatMap(({ legacy }) => Object.keys(legacy?.blockchain ?? {}))
    for (const key of OTHER_CHAINS) if (!known.includes(key)) refuse(blockchain, ['blockchain'], key)
  }
  if (Array.isArray(rest.chainProviders)) {
    problems.push(...rest.chainProviders.flatMap((entry, index) => ofUnknownChain(entry, index, kinds)))
  }
  return { rest, problems }
}

function isOff (section: unknown): boolean {
  return isObject(section) && section.enabled === false
}

/** The entry stays where it is: the places of the others are counted with it. */
function ofUnknownChain (entry: unknown, index: number, kinds: ChainKinds): Problem[] {
  const type = isObject(entry) ? entry.chainType : undefined
  const path = ['chainProviders', index, 'chainType']
  const isJudged = kinds.problems.some(problem => showPath(problem.path) === showPath(path))
  if (typeof type !== 'string' || type === '' || isJudged || kinds.named(type) !== undefined) return []
  return [{ path, message: `Unknown chain type: ${quote(type)}` }]
}

function isEmpty (value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}
