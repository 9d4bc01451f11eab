/**
 * Every route that we know, used or not: our own and configured ones, and those that each account has announced. All are kept, so that the
 * next best is available when the best disappears, and so that the choice can be explained.
 */
import type { Candidate } from './route.js'

export class Candidates {
  /** Our own, our children's, the default and the configured routes, by prefix. */
  #fixed = new Map<string, readonly Candidate[]>()
  /** By account, then by prefix. */
  #learnt = new Map<string, Map<string, Candidate>>()

  of (prefix: string): Candidate[] {
    const found = [...(this.#fixed.get(prefix) ?? [])]
    for (const routes of this.#learnt.values()) {
      const route = routes.get(prefix)
      if (route !== undefined) found.push(route)
    }
    return found
  }

  /** Every prefix with at least one candidate. */
  prefixes (): Set<string> {
    const all = new Set(this.#fixed.keys())
    for (const routes of this.#learnt.values()) for (const prefix of routes.keys()) all.add(prefix)
    return all
  }

  /** Replaces the routes for a prefix that were not learnt. */
  setFixed (prefix: string, routes: readonly Candidate[]): void {
    if (routes.length === 0) this.#fixed.delete(prefix)
    else this.#fixed.set(prefix, routes)
  }

  learntFrom (accountId: string): ReadonlyMap<string, Candidate> {
    return this.#learnt.get(accountId) ?? new Map<string, Candidate>()
  }

  learn (accountId: string, candidate: Candidate): void {
    let routes = this.#learnt.get(accountId)
    if (routes === undefined) this.#learnt.set(accountId, routes = new Map<string, Candidate>())
    routes.set(candidate.prefix, candidate)
  }

  unlearn (accountId: string, prefix: string): boolean {
    return this.#learnt.get(accountId)?.delete(prefix) ?? false
  }

  /** Drops everything learnt from the account. Returns the prefixes concerned. */
  unlearnAll (accountId: string): string[] {
    const prefixes = [...this.learntFrom(accountId).keys()]
    this.#learnt.delete(accountId)
    return prefixes
  }
}
