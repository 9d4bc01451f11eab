/** Reads what stands behind the question mark. What programs around other connectors know is refused in the words that they know. */
import { SluiceError } from '../contracts/errors.js'
import type { Direction, EventFilter, EventType } from '../contracts/explorer-events.js'

/** By name; of a name that is given twice, the first. */
export type Query = Readonly<Record<string, string>>

/** Longer than any id, address or list of types. */
const TEXT_LENGTH_MAX = 2048
/** The latest time that a Date can be. */
const TIME_MAX = 8_640_000_000_000_000
const DIRECTIONS: ReadonlySet<string> = new Set<Direction>(['sent', 'received', 'internal'])

interface Whole {
  min: number
  max: number
  /** What it is if nothing is given. */
  absent: number
  message: string
}

/** A whole number within bounds. Throws `message` for anything else. */
export function wholeOf (query: Query, name: string, { min, max, absent, message }: Whole): number {
  const text = query[name]
  if (text === undefined || text === '') return absent
  const value = /^-?\d{1,17}$/.test(text) ? Number(text) : NaN
  if (!(value >= min && value <= max)) throw wrong(message)
  return value
}

export function limitOf (query: Query, max: number, absent: number): number {
  return wholeOf(query, 'limit', { min: 1, max, absent, message: `limit must be between 1 and ${max}` })
}

export function offsetOf (query: Query): number {
  return wholeOf(query, 'offset', { min: 0, max: Number.MAX_SAFE_INTEGER, absent: 0, message: 'offset must be non-negative' })
}

/** ms since the epoch. */
export function timeOf (query: Query, name: 'since' | 'until'): number | undefined {
  const time = wholeOf(query, name, { min: 0, max: TIME_MAX, absent: -1, message: `${name} must be a valid timestamp` })
  return time < 0 ? undefined : time
}

export function textOf (query: Query, name: string): string | undefined {
  const text = query[name]
  if (text === undefined || text === '') return undefined
  if (text.length > TEXT_LENGTH_MAX) throw wrong(`${name} must be at most ${TEXT_LENGTH_MAX} characters`)
  return text
}

/** Types that do not exist are asked for in vain: programs around other connectors know more of them. */
export function typesOf (query: Query): EventType[] | undefined {
  const names = textOf(query, 'types')?.split(',').map(name => name.trim()).filter(name => name !== '')
  return names === undefined || names.length === 0 ? undefined : [...new Set(names)] as EventType[]
}

/** All but the limit. */
export function filterOf (query: Query): Omit<EventFilter, 'limit'> {
  const direction = textOf(query, 'direction')
  if (direction !== undefined && !DIRECTIONS.has(direction)) throw wrong('direction must be sent, received or internal')
  return {
    types: typesOf(query),
    peerId: textOf(query, 'peerId'),
    packetId: textOf(query, 'packetId')?.toLowerCase(),
    direction: direction as Direction | undefined,
    since: timeOf(query, 'since'),
    until: timeOf(query, 'until'),
    offset: offsetOf(query)
  }
}

export function wrong (message: string): SluiceError {
  return new SluiceError('SLUICE_QUERY_INVALID', message)
}
