/**
 * Every route that we know, used or not: our own and configured ones, and those that each account has announced. All are kept, so that the
 * next best is available when the best disappears, and so that the choice can be explained.
 */
import type { Candidate } from './route.js'

const NONE: readonly Candidate[] = []

export class Candidates {
  /** Our own, our children's, the default and the configured routes first, then one of each account that has announced the prefix. */
  #byPrefix = new Map<string, readonly Candidate[]>()
  /** What was learnt, by account, then by prefix. */
  #learnt = new Map<string, Map<string, Candidate>>()

  of (prefix: string): readonly Candidate[] {
    return this.#byPrefix.get(prefix) ?? NONE
  }

  /** Every prefix with at least one candidate. */
  prefixes (): Iterable<string> {
    return this.#byPrefix.keys()
  }

  /** Replaces the routes for a prefix that were not learnt. */
  setFixed (prefix: string, routes: readonly Candidate[]): void {
    this.#set(prefix, [...routes, ...this.of(prefix).filter(({ source }) => source === 'learnt')])
  }

  learntFrom (accountId: string): ReadonlyMap<string, Candidate> {
    return this.#learnt.get(accountId) ?? new Map<string, Candidate>()
  }

  learn (accountId: string, candidate: Candidate): void {
    const { prefix } = candidate
    let routes = this.#learnt.get(accountId)
    if (routes === undefined) this.#learnt.set(accountId, routes = new Map<string, Candidate>())
    const before = routes.get(prefix)
    routes.set(prefix, candidate)
    this.#set(prefix, [...this.of(prefix).filter(route => route !== before), candidate])
  }

  unlearn (accountId: string, prefix: string): boolean {
    const routes = this.#learnt.get(accountId)
    const route = routes?.get(prefix)
    if (route === undefined) return false
    routes?.delete(prefix)
    this.#set(prefix, this.of(prefix).filter(other => other !== route))
    return true
  }

  /** Drops everything learnt from the account. Returns the prefixes concerned. */
  unlearnAll (accountId: string): string[] {
    const prefixes = [...this.learntFrom(accountId).keys()]
    for (const prefix of prefixes) this.unlearn(accountId, prefix)
    this.#learnt.delete(accountId)
    return prefixes
  }

  #set (prefix: string, routes: readonly Candidate[]): void {
    if (routes.length === 0) this.#byPrefix.delete(prefix)
    else this.#byPrefix.set(prefix, routes)
  }
}
