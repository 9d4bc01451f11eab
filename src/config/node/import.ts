/**
 * Rewrites the configuration of another connector for agents, or of an earlier version, as one of this version. What has a place here is
 * carried over; everything else is left out, and said. What protects the node is never left out: a value of it that cannot be used is
 * kept, so that the node does not start before somebody has decided. References to variables (`${NAME}`) stay as they are: nobody knows
 * their values.
 */
import { isObject } from '../../lib/is-object.js'
import { ConfigurationError, type Problem } from '../errors.js'
import { explain, valueAt } from '../explain.js'
import { showPath } from '../in-words.js'
import { ChainKinds } from './chain-kinds.js'
import { REFERENCE, addRoute, type Draft } from './carry.js'
import { entriesOf, fieldAt, readEntries } from './chains.js'
import { carryOf, formerKey, nodeIdOfAddress, placeOf } from './former-keys.js'
import { withLegacyVariables } from './legacy.js'
import { nodeSchema } from './schema.js'
import { inOurWords } from './secret-texts.js'
import { chainIdOf } from './settlement-chains.js'
import { withoutUnsupported } from './unsupported.js'
import { readYamlAsWritten } from './yaml-file.js'

export interface Imported {
  config: unknown
  /** What was left out, or is kept and cannot be used: `file:line: place: what to do`, one for each. Holds no secret. */
  left: string[]
}

/**
 * @param file YAML or JSON
 * @throws ConfigurationError for a file that cannot be read, and for one without what every node has (`nodeId`, `btpServerPort`, `peers`)
 */
export function importFile (file: string): Imported {
  const yaml = readYamlAsWritten(file, (values, path) => fieldAt(values, path, new ChainKinds(values)))
  const { config, left } = new Rewriting(yaml.values, path => `${file}:${yaml.lineOf(path)}`).result()
  const inOrder = left.map(problem => ({ ...problem, line: yaml.lineOf(problem.path) })).toSorted((a, b) => a.line - b.line)
  return { config, left: inOrder.map(({ path, message, line }) => `${file}:${line}: ${showPath(path)}: ${message}`) }
}

/** Places keep their numbers to the end, so that what is said of them fits the file. */
class Rewriting {
  readonly #draft: Draft
  /** Before anything was carried over. */
  readonly #given: Readonly<Record<string, unknown>>
  readonly #kinds: ChainKinds
  readonly #left: Problem[] = []
  /** Entries of lists that are left out as a whole: `peers[2]`. */
  readonly #gone = new Set<string>()
  /** Places that stay as they are, although they cannot be used. */
  readonly #kept = new Set<string>()

  /** @param locate says where a place is in the file */
  constructor (given: Record<string, unknown>, private readonly locate: (path: PropertyKey[]) => string) {
    this.#kinds = new ChainKinds(given)
    const { values } = withLegacyVariables(given, {}, this.#kinds)
    this.#given = values
    this.#draft = { config: structuredClone(values), kinds: this.#kinds.all }
  }

  result (): { config: unknown, left: Problem[] } {
    this.#renameNode()
    this.#leaveUnsupported()
    this.#leaveWhatIsWrong('blockchain')
    this.#turnSections()
    this.#carryOver() // options of settlement go to the chains that there are now
    this.#leaveWhatIsWrong()
    this.#leaveChains()
    return { config: this.#withoutGone(), left: this.#left }
  }

  /** `nodeId: g.townhouse`, and what peers call it. */
  #renameNode (): void {
    const { config } = this.#draft
    const { nodeId } = config
    if (typeof nodeId !== 'string' || nodeIdOfAddress(nodeId) === undefined) return
    const name = nodeId.split('.').at(-1) ?? nodeId
    config.nodeId = name
    for (const route of listAt(config, 'routes')) if (route.nextHop === nodeId) route.nextHop = 'local'
    if (nodeId !== `g.${name}`) addRoute(config, { prefix: nodeId, nextHop: 'local' })
    this.#left.push({ path: ['nodeId'], message: `the node is called ${name} now. Peers that list it as ${nodeId} have to rename it.` })
  }

  #carryOver (): void {
    const { config } = this.#draft
    for (const path of placesIn(config)) {
      const value = valueAt(config, path)
      const carry = value === undefined ? undefined : carryOf(path)
      if (carry === undefined) continue
      removeAt(config, path)
      const left = carry(this.#draft, path, value)
      for (const place of leftOf(path, value, left)) this.#leave({ path: place, message: formerKey(path, this.#given) ?? '' })
    }
  }

  #leaveUnsupported (): void {
    const { config } = this.#draft
    const { rest, problems } = withoutUnsupported(config, this.#kinds)
    this.#draft.config = rest
    for (const problem of problems) {
      if (isGuard(problem.path)) {
        putAt(rest, problem.path, valueAt(config, problem.path))
        this.#keep(problem)
      } else if (problem.path.at(-1) === 'chainType') this.#goWithout(problem.path.slice(0, -1), problem.message)
      else this.#leave(problem)
    }
  }

  /** Whatever the schema does not know, or not so, in one section or in all. */
  #leaveWhatIsWrong (section?: string): void {
    const schema = nodeSchema(this.#draft.kinds)
    for (;;) {
      const { config } = this.#draft
      const { error } = schema.safeParse(config)
      const issues = error?.issues.filter(({ path }) => section === undefined || path[0] === section) ?? []
      const problems = this.#countable(explain(issues, schema, config, path => formerKey(path, config)))
        .map(problem => this.#isMissing(problem) ? problem : inOurWords(problem, config, issues))
      if (problems.length === 0) return
      this.#remove(problems)
    }
  }

  /** `blockchain` becomes `chainProviders`. */
  #turnSections (): void {
    const { config } = this.#draft
    for (const { section, entry, advice } of entriesOf((config.blockchain ?? {}) as Parameters<typeof entriesOf>[0], this.#kinds)) {
      if (entry === undefined) this.#leave({ path: ['blockchain', section], message: advice })
      else config.chainProviders = [...listAt(config, 'chainProviders'), entry]
    }
    delete config.blockchain
  }

  #leaveChains (): void {
    const { config } = this.#draft
    for (;;) {
      const problems = this.#countable(readEntries(config.chainProviders, this.#kinds).problems)
      if (problems.length === 0) break
      this.#remove(problems)
    }
    const chains = listAt(config, 'chainProviders')
    const known = chains.flatMap(({ chainId }, index) => this.#gone.has(showPath(['chainProviders', index])) ? [] : this.#canonical(chainId))
    for (const [index, peer] of listAt(config, 'peers').entries()) {
      if (typeof peer.chain !== 'string' || REFERENCE.test(peer.chain) || known.includes(this.#canonical(peer.chain))) continue
      const message = `${peer.chain} is not among the chains that are carried over, so the node does not settle with this peer.`
      delete peer.chain
      this.#leave({ path: ['peers', index, 'chain'], message })
    }
  }

  #canonical (chainId: unknown): string {
    return chainIdOf(String(chainId), { chainKinds: this.#draft.kinds })
  }

  /** Without those of what has gone already, of what is kept, and of references, whose values nobody knows. */
  #countable (problems: Problem[]): Problem[] {
    return problems.filter(({ path }) => {
      const value = valueAt(this.#draft.config, path)
      const isReference = typeof value === 'string' && REFERENCE.test(value)
      const around = path.map((_key, index) => showPath(path.slice(0, index + 1)))
      return !isReference && !around.some(place => this.#gone.has(place) || this.#kept.has(place))
    })
  }

  /**
   * A wrong value is removed, unless it protects the node. Where that, or a value that is missing, is needed, what it belongs to is left
   * out. Throws if that is the whole node.
   */
  #remove (problems: Problem[]): void {
    const fatal: Problem[] = []
    // What is there first: each key of an entry is told, even if the entry is left out.
    for (const problem of problems.toSorted((a, b) => Number(this.#isMissing(a)) - Number(this.#isMissing(b)))) {
      const { path, message } = problem
      const entry = path.slice(0, path.findLastIndex(key => typeof key === 'number') + 1)
      if (this.#gone.has(showPath(entry))) continue
      const earlier = this.#left.find(each => showPath(each.path) === showPath(path))
      if (isGuard(path)) {
        this.#keep(problem)
      } else if (entry.length === path.length) {
        this.#goWithout(entry, message)
      } else if (!this.#isMissing(problem)) {
        removeAt(this.#draft.config, path)
        this.#leave(problem)
      } else if (entry.length > 0) {
        this.#goWithout(entry, earlier ? `is left out, because its ${showPath(path.slice(entry.length))} cannot be used.` : `is left out, because ${showPath(path.slice(entry.length))} ${message}`)
      } else {
        fatal.push(earlier ?? problem)
      }
    }
    if (fatal.length === 0) return
    throw new ConfigurationError(fatal.map(({ path, message }) => ({ source: this.locate(path), path: showPath(path), message })))
  }

  #isMissing ({ path }: Problem): boolean {
    return valueAt(this.#draft.config, path) === undefined
  }

  #keep ({ path, message }: Problem): void {
    this.#kept.add(showPath(path))
    this.#leave({ path, message: `${message} It stays in the output, and the node does not start with it.` })
  }

  #goWithout (entry: readonly PropertyKey[], message: string): void {
    this.#gone.add(showPath(entry))
    this.#leave({ path: [...entry], message })
  }

  #leave (problem: Problem): void {
    this.#left.push(problem)
  }

  #withoutGone (value: unknown = this.#draft.config, path: readonly PropertyKey[] = []): unknown {
    if (Array.isArray(value)) {
      const places = value.map((entry: unknown, index) => ({ entry, place: [...path, index] }))
      return places.filter(({ place }) => !this.#gone.has(showPath(place))).map(({ entry, place }) => this.#withoutGone(entry, place))
    }
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#withoutGone(inner, [...path, key])]))
  }
}

/** By place; `[]` stands for any entry of a list. Without what stands there, or in there, the node would be open, visible, or owed more. */
const GUARDS = [
  'adminApi', 'transport', 'peers[].transport', 'chainProviders[].transport', 'environment', 'btpServerHost', 'healthCheckHost', 'btpAllowedOrigins',
  'localDelivery.authToken', 'settlement.enableSettlement', 'settlement.creditLimits', 'security'
]

/** A section that is not one says nothing of what would be in it. */
function isGuard (path: readonly PropertyKey[]): boolean {
  const place = placeOf(path)
  return place === 'settlement' || GUARDS.some(guard => place === guard || place.startsWith(`${guard}.`) || place.startsWith(`${guard}[`))
}

/** Of an object of which only a part is left, the place of each key. */
function leftOf (path: PropertyKey[], value: unknown, left: unknown): PropertyKey[][] {
  if (left === undefined) return []
  const keys = isObject(left) && isObject(value) && Object.keys(left).length < Object.keys(value).length ? Object.keys(left) : undefined
  return keys?.map(key => [...path, key]) ?? [path]
}

/** All of them; those inside others come after them. */
function placesIn (value: unknown, path: readonly PropertyKey[] = []): PropertyKey[][] {
  const entries: Array<[PropertyKey, unknown]> = Array.isArray(value) ? [...value.entries()] : isObject(value) ? Object.entries(value) : []
  return entries.flatMap(([key, inner]) => [[...path, key], ...placesIn(inner, [...path, key])])
}

function listAt (config: Record<string, unknown>, section: string): Array<Record<string, unknown>> {
  const list = config[section]
  return Array.isArray(list) ? list.map(entry => isObject(entry) ? entry : {}) : []
}

function putAt (config: Record<string, unknown>, path: readonly PropertyKey[], value: unknown): void {
  const holder = valueAt(config, path.slice(0, -1))
  if (isObject(holder)) Reflect.set(holder, path.at(-1) ?? '', value)
}

function removeAt (config: Record<string, unknown>, path: readonly PropertyKey[]): void {
  const holder = valueAt(config, path.slice(0, -1))
  if (isObject(holder)) Reflect.deleteProperty(holder, path.at(-1) ?? '')
}
