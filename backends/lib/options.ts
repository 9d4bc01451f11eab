/** Reads backend options. A wrong option stops the start with its name, what was found and what was expected. */
import { inspect } from 'node:util'
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
