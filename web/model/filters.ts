/** The filters of the Packets page: in the address of the page, over live rows, and as a query to the history. */
import type { Direction } from '../../src/contracts/explorer-events.js'
import { GROUPS, type EventLine, type Group } from './words.js'
import type { PacketRow } from './packets.js'

export interface Filters {
  groups: readonly Group[]
  peer: string
  direction: Direction | ''
  /** Minutes back from now; 0 is all. */
  minutes: number
  text: string
}

export const NO_FILTERS: Filters = { groups: ['paid', 'refused', 'flying'], peer: '', direction: '', minutes: 0, text: '' }
export const SPANS: ReadonlyArray<readonly [minutes: number, label: string]> =
  [[0, 'Any time'], [1, 'Last minute'], [5, 'Last 5 minutes'], [60, 'Last hour'], [1440, 'Last 24 hours']]

const DIRECTIONS: readonly string[] = ['sent', 'received', 'internal']
const PACKET_ID = /^[0-9a-f]{64}$/i
/** The longest that is taken out of an address or a field. */
const TEXT_MAX = 200

export function filtersOf (query: URLSearchParams): Filters {
  const show = query.get('show')
  const direction = query.get('direction') ?? ''
  const minutes = Number(query.get('minutes') ?? 0)
  return {
    groups: show === null ? NO_FILTERS.groups : show.split(',').filter(isGroup),
    peer: (query.get('peer') ?? '').slice(0, TEXT_MAX),
    direction: isDirection(direction) ? direction : '',
    minutes: SPANS.some(([known]) => known === minutes) ? minutes : 0,
    text: (query.get('text') ?? '').slice(0, TEXT_MAX)
  }
}

/** What is not as usual, for the address of the page. */
export function queryOf (filters: Filters): URLSearchParams {
  const query = new URLSearchParams()
  if (filters.groups.join() !== NO_FILTERS.groups.join()) query.set('show', filters.groups.join())
  if (filters.peer !== '') query.set('peer', filters.peer)
  if (filters.direction !== '') query.set('direction', filters.direction)
  if (filters.minutes !== 0) query.set('minutes', filters.minutes.toString())
  if (filters.text !== '') query.set('text', filters.text)
  return query
}

/** Whether a live row is wanted. */
export function matches (row: PacketRow | EventLine, filters: Filters, now: number): boolean {
  if (!filters.groups.includes(groupOf(row))) return false
  if (filters.minutes !== 0 && row.at < now - filters.minutes * 60_000) return false
  if (row.kind === 'event') {
    return (filters.peer === '' || row.subject === filters.peer) && contains([row.subject, row.text, row.type], filters.text)
  }
  return hasDirection(row, filters) &&
    contains([row.packetId, row.from, row.to ?? '', row.destination, row.code ?? '', row.message ?? ''], filters.text)
}

/** Parameters of `GET /api/events`. Text is asked for where it names a packet; otherwise the page looks for it in what it gets. */
export function historyQuery (filters: Filters, now: number, page: { limit: number, offset: number }): URLSearchParams {
  const query = new URLSearchParams({ limit: page.limit.toString(), offset: page.offset.toString() })
  query.set('types', historyTypes(filters.groups).join())
  if (filters.peer !== '') query.set('peerId', filters.peer)
  if (filters.direction !== '') query.set('direction', filters.direction)
  if (filters.minutes !== 0) query.set('since', (now - filters.minutes * 60_000).toString())
  if (PACKET_ID.test(filters.text.trim())) query.set('packetId', filters.text.trim().toLowerCase())
  return query
}

/** In the history a packet is one line, that of its answer; `flying` alone shows those that came. */
function historyTypes (groups: readonly Group[]): string[] {
  const answered = groups.includes('paid') || groups.includes('refused')
  return groups.flatMap((group): readonly string[] => group === 'flying' ? (answered ? [] : ['PACKET_RECEIVED']) : GROUPS[group])
}

export function contains (places: readonly string[], text: string): boolean {
  const wanted = text.trim().toLowerCase()
  return wanted === '' || places.some(place => place.toLowerCase().includes(wanted))
}

function groupOf (row: PacketRow | EventLine): Group {
  if (row.kind === 'packet') return row.outcome === 'fulfilled' ? 'paid' : row.outcome === 'rejected' ? 'refused' : 'flying'
  return (GROUPS.money as readonly string[]).includes(row.type) ? 'money' : 'network'
}

/** Received from the peer, or sent to it; without a peer, every packet is both. */
function hasDirection ({ from, to }: PacketRow, { peer, direction }: Filters): boolean {
  if (direction === 'internal') return false
  const came = direction !== 'sent' && (peer === '' || from === peer)
  const went = direction !== 'received' && (peer === '' ? to !== undefined : to === peer)
  return direction === '' ? came || went : direction === 'sent' ? went : came
}

function isGroup (name: string): name is Group {
  return Object.hasOwn(GROUPS, name)
}

function isDirection (name: string): name is Direction {
  return DIRECTIONS.includes(name)
}
