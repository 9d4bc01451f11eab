/** The kinds of chains that a configuration may speak of: the built-in ones, and those of users that its `chainProviders` name. */
import type { ChainKind } from '../../contracts/chain-kind.js'
import { describeError } from '../../lib/describe-error.js'
import { isObject } from '../../lib/is-object.js'
import { builtInChains, loadChainKind } from '../../modules/load-module.js'
import type { Problem } from '../errors.js'

export class ChainKinds {
  /** Kinds whose module was found and cannot be used, or that are taken for another. */
  readonly problems: Problem[] = []
  readonly #byName = new Map<string, ChainKind>()

  /** @param given the configuration as it is written, whatever it is */
  constructor (given: unknown) {
    for (const name of builtInChains()) this.#load(name, [])
    const entries: unknown = isObject(given) ? given.chainProviders : undefined
    if (!Array.isArray(entries)) return
    for (const [index, entry] of entries.entries()) {
      const name: unknown = isObject(entry) ? entry.chainType : undefined
      if (typeof name === 'string' && name !== '' && !this.#byName.has(name)) this.#load(name, ['chainProviders', index, 'chainType'])
    }
  }

  get all (): ChainKind[] {
    return [...this.#byName.values()]
  }

  /** @param name `chainType` of an entry: the name or path of a plugin */
  named (name: string): ChainKind | undefined {
    return this.#byName.get(name)
  }

  #load (name: string, path: PropertyKey[]): void {
    try {
      const kind = loadChainKind(name)
      if (kind === undefined) return
      const other = this.all.find(({ type }) => type === kind.type)
      if (other === undefined) this.#byName.set(name, kind)
      else this.problems.push({ path, message: `${name} is a kind of chain called ${kind.type}, and there is another of this name. Rename one.` })
    } catch (error) {
      this.problems.push({ path, message: describeError(error) })
    }
  }
}
