/**
 * What a log call says, taken apart: the event, the message and the fields. A call's format string is its schema. The words before the
 * first stop or comma are the event, and each `key=%s` is a field: `could not connect account. accountId=%s error=%s` is the event
 * `could_not_connect_account` with the fields `accountId` and `error`. A call in pino's shape names its fields itself.
 */
import { format } from 'node:util'
import { isSecretName, redact } from './hide-secrets.js'
import { isPlainData } from './is-object.js'

const EVENT_LENGTH_MAX = 64
const TEXT_LENGTH_MAX = 4_000
/** Of objects inside fields: how deep they are shown, and how many values of them in one line. */
const DEPTH_MAX = 5
const VALUES_MAX = 200

// Each begins where a word does, so that a long text costs no more than its length.
const PLACEHOLDER = /%[sdifjoOc%]/g
const FIELD = /(?<![\w.-])([A-Za-z][\w.-]*)=("?)%[sdifjoO]\2/g
/** What a text says right before its first field. */
const LOOSE_END = /(?:_(?:for|of|to|from|by|with))+$/
const STOP = /[.,:;(]|\s[A-Za-z][\w.-]*="?%/

export interface LogRecord {
  event: string
  /** The words, without the fields. */
  message: string
  fields: Record<string, unknown>
}

/** Takes a call apart. Nothing in the result is a secret by its name, by its form, or because it is `known`; all of it can be JSON. */
export function recordOf (first: object | string, rest: readonly unknown[], known?: RegExp): LogRecord {
  if (typeof first === 'string') return ofText(first, rest, known)
  const given = { ...first instanceof Error ? { error: first } : first }
  const [text, ...args] = rest
  const named = typeof text === 'string' ? ofText(text, args, known) : undefined
  const fields: Record<string, unknown> = { ...new Plain(known).fields(given), ...named?.fields }
  const event = typeof fields.event === 'string' ? eventOf(fields.event) : named?.event
  return { event: event ?? eventOf(''), message: named?.message ?? '', fields }
}

/** The event of a format string, in snake case: `could_not_connect_account`. */
export function eventOf (text: string): string {
  const words = text.replace(/^\(!!!\)\s*/, '').split(STOP, 1)[0] ?? ''
  const name = words.replace(PLACEHOLDER, ' ').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '_').replace(/^_+|_+$/g, '').replace(LOOSE_END, '')
  return name.slice(0, EVENT_LENGTH_MAX) || 'log'
}

/** The names of the fields in a format string, in its order. */
export function fieldNamesOf (text: string): string[] {
  return [...text.matchAll(FIELD)].flatMap(([, name]) => name ?? [])
}

/** What a call writes as text: as `util.format` does, and without secrets. */
export function textOf (first: object | string, rest: readonly unknown[], known?: RegExp): string {
  const plain = new Plain(known)
  if (typeof first === 'string') return redact(format(first, ...secretless(first, rest, plain)), known)
  const fields = Object.entries(plain.fields({ ...first })).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return redact([format(...rest), ...fields].join(' '), known)
}

function ofText (text: string, args: readonly unknown[], known: RegExp | undefined): LogRecord {
  const plain = new Plain(known)
  const fields: Record<string, unknown> = {}
  const inWords: unknown[] = []
  let next = 0
  const starts = new Map([...text.matchAll(FIELD)].map(match => [match.index, match]))
  let words = ''
  for (let at = 0; at < text.length;) {
    const field = starts.get(at)
    if (field?.[1] !== undefined && next < args.length) {
      fields[field[1]] = plain.value(field[1], args[next++])
      at += field[0].length
      continue
    }
    const found = text.slice(at, at + 2)
    if (/^%[sdifjoOc]$/.test(found) && next < args.length) inWords.push(plain.value('', args[next++]))
    const length = /^%[sdifjoOc%]$/.test(found) ? 2 : 1
    words += text.slice(at, at + length)
    at += length
  }
  for (const extra of args.slice(next)) addExtra(fields, extra, plain)
  const message = redact(format(words.trim().replace(/\s{2,}/g, ' '), ...inWords), known).slice(0, TEXT_LENGTH_MAX)
  return { event: eventOf(redact(text, known)), message, fields } // a module may have put values into its text
}

/** What stands behind the last placeholder: an error by that name, anything else in a list. */
function addExtra (fields: Record<string, unknown>, extra: unknown, plain: Plain): void {
  if (extra instanceof Error && !('error' in fields)) fields.error = plain.value('error', extra)
  else fields.more = [...Array.isArray(fields.more) ? fields.more as unknown[] : [], plain.value('more', extra)]
}

/** Arguments for `util.format`: objects and bytes lose their secrets, and so does what stands behind the name of a secret. */
function secretless (text: string, args: readonly unknown[], plain: Plain): unknown[] {
  const names = [...text.matchAll(/(?:(?<![\w.-])([A-Za-z][\w.-]*)="?)?%[sdifjoOc]/g)].map(([, name]) => name ?? '')
  return args.map((arg, at) => {
    if (isSecretName(names[at] ?? '')) return '[redacted]'
    return arg instanceof Uint8Array || isPlainData(arg) ? plain.value('', arg) : arg
  })
}

/** Makes values plain: what JSON can hold, no secrets, bounded. One for each line. */
class Plain {
  #left = VALUES_MAX

  constructor (private readonly known: RegExp | undefined) {}

  fields (given: object): Record<string, unknown> {
    return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, this.value(key, value)]))
  }

  value (name: string, value: unknown, depth = DEPTH_MAX): unknown {
    if (isSecretName(name) && value !== undefined) return '[redacted]'
    if (this.#left-- <= 0) return '…'
    switch (typeof value) {
    case 'string': return this.#text(value)
    case 'bigint': return String(value)
    case 'number': return Number.isFinite(value) ? value : String(value)
    case 'boolean': case 'undefined': return value
    case 'function': return '[function]'
    case 'symbol': return String(value)
    case 'object': return this.#object(value, depth)
    }
  }

  #text (text: string): string {
    const shown = redact(text, this.known)
    return shown.length > TEXT_LENGTH_MAX ? `${shown.slice(0, TEXT_LENGTH_MAX)}… (${shown.length} characters)` : shown
  }

  #object (value: object | null, depth: number): unknown {
    if (value === null) return null
    if (value instanceof Error) return this.#text(value.message === '' ? value.name : value.message)
    if (value instanceof Uint8Array) return `<${value.length} bytes>` // may hold anything
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString()
    if (depth === 0) return '[object]'
    if (Array.isArray(value)) return this.#first(value, inner => this.value('', inner, depth - 1))
    if (value instanceof Set) return this.#first(value, inner => this.value('', inner, depth - 1))
    const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value as Map<unknown, unknown> : Object.entries(value)
    return Object.fromEntries(this.#first(entries, ([key, inner]) => [String(key), this.value(String(key), inner, depth - 1)]))
  }

  /** As many as there is room for. */
  #first<From, To> (values: Iterable<From>, take: (value: From) => To): To[] {
    const taken: To[] = []
    for (const value of values) {
      if (this.#left <= 0) break
      taken.push(take(value))
    }
    return taken
  }
}
