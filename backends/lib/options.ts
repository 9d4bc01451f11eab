/** Reads backend options. A wrong option stops the start with its name, what was found and what was expected. */
import { inspect } from 'node:util'
import type { BackendApi } from '../../src/contracts/backend.js'
import { socksProxyFault } from '../../src/lib/socks-proxy.js'
import { TIMER_LONGEST_MS } from '../../src/lib/timers.js'
import { fromNumber, ONE, subtract } from '../../src/lib/fraction.js'
import type { Fraction } from '../../src/lib/fraction.js'

export type Options = Record<string, unknown>

export function refuse (name: string, found: unknown, expected: string): never {
  throw new Error(`invalid backend option. option=${name} found=${show(found)} expected=${expected}`)
}

/** What is left of an amount after the spread, `1 - spread`. Spread: 0 <= spread < 1, 0 when absent. */
export function keptAfterSpread ({ spread }: Options): Fraction {
  if (spread === undefined) return ONE
  if (typeof spread !== 'number' || !(spread >= 0 && spread < 1)) {
    refuse('spread', spread, 'a number of at least 0 and below 1, such as 0.002 for 0.2 %')
  }
  return subtract(ONE, fromNumber(spread))
}

/**
 * `spreads`: by pair of assets such as `XRP/USD`, the spread between them instead of `spread`, in both directions.
 * @returns what is left after it, by `pairOf`
 */
export function spreadsOption ({ spreads = {} }: Options): Map<string, Fraction> {
  if (typeof spreads !== 'object' || spreads === null || Array.isArray(spreads)) {
    return refuse('spreads', spreads, 'an object by pair of assets, such as { "XRP/USD": 0.01 }')
  }
  const kept = new Map<string, Fraction>()
  for (const [name, spread] of Object.entries(spreads)) {
    const [, from, to] = /^([^/]+)\/([^/]+)$/.exec(name) ?? []
    if (from === undefined || to === undefined) refuse('spreads', name, 'two asset codes with a slash between them, such as XRP/USD')
    const pair = pairOf(from, to)
    if (kept.has(pair)) refuse('spreads', name, 'each pair once: a spread is for both directions')
    if (spread === undefined) refuse(`spreads.${name}`, spread, 'a number')
    kept.set(pair, keptAfterSpread({ spread }))
  }
  return kept
}

/** One name for two assets, whichever comes first. */
export function pairOf (a: string, b: string): string {
  return a < b ? `${a}/${b}` : `${b}/${a}`
}

/** A whole number from `least` on. */
export function countOption (options: Options, name: string, fallback: number, least: number): number {
  const value = options[name] ?? fallback
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least ? value : refuse(name, value, `a whole number of at least ${least}`)
}

/** A part of one above 0, such as 0.02 for 2 %. */
export function partOption (options: Options, name: string, fallback: number): Fraction {
  const value = options[name] ?? fallback
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? fromNumber(value)
    : refuse(name, value, `a number above 0, such as ${fallback} for ${fallback * 100} %`)
}

export function numberOption (options: Options, name: string, fallback: number): number {
  const value = options[name] ?? fallback
  return typeof value === 'number' && Number.isFinite(value) ? value : refuse(name, value, 'a finite number')
}

/** An http(s) URL without user and password (fetch refuses those, and they would be secrets in a URL that is logged). */
export function urlOption (options: Options, name: string, fallback: string): URL {
  const value = options[name] ?? fallback
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) return refuse(name, withoutQuery(value), 'an http or https URL')
  if (url.username !== '' || url.password !== '') refuse(name, '(not shown)', 'a URL without user name and password')
  return url
}

/** The proxy that services are asked through: the option `socksProxy`, or what the connector says. Undefined: directly. */
export function proxyOption ({ socksProxy }: Options, api: Pick<BackendApi, 'socksProxy'>): string | undefined {
  if (socksProxy === undefined) return api.socksProxy
  if (typeof socksProxy === 'string' && socksProxyFault(socksProxy) === undefined) return socksProxy
  return refuse('socksProxy', '(not shown)', 'socks5h://host:port')
}

export interface Periods {
  refreshIntervalMs: number
  maxRateAgeMs: number
}

/** `refreshInterval` and `maxRateAge` in ms. */
export function periodOptions (options: Options, fallback: Periods): Periods {
  const refreshIntervalMs = options.refreshInterval ?? fallback.refreshIntervalMs
  const maxRateAgeMs = options.maxRateAge ?? fallback.maxRateAgeMs
  if (!isWholeNumber(refreshIntervalMs) || refreshIntervalMs > TIMER_LONGEST_MS) {
    refuse('refreshInterval', refreshIntervalMs, `whole milliseconds from 0 (never refresh) to ${TIMER_LONGEST_MS}`)
  }
  if (!isWholeNumber(maxRateAgeMs) || maxRateAgeMs <= refreshIntervalMs) {
    refuse('maxRateAge', maxRateAgeMs, `whole milliseconds above refreshInterval, which is ${refreshIntervalMs}`)
  }
  return { refreshIntervalMs, maxRateAgeMs }
}

function isWholeNumber (value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** A key in the query of a mistyped URL is still a key. */
function withoutQuery (value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/[?#].*$/s, '') : value
}

function show (value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 100 })
}
