/**
 * The index of one file of the history: in memory, and at the end of the file. A column for each thing that can be filtered by, in rows of
 * 28 bytes an event (20 without packets), sorted by time and then id. Names and kinds are numbers into lists that go with the index: a
 * stranger's name is forgotten with the events that have it.
 */
import { randomInt } from 'node:crypto'
import type { Direction, EventType, ExplorerEvent } from '../contracts/explorer-events.js'
import { rowOf } from './event-row.js'

export interface Kind { type: EventType, direction: Direction }

/** What goes with the columns. */
export interface IndexLists {
  /** Ids in the columns are counted from here. */
  firstId: number
  kinds: Kind[]
  /** Numbers in the columns are one more than the place here. */
  names: string[]
  /** Of the hash of packet ids. Nobody who makes packets can know it, so nobody can make two ids look the same. */
  seed: number
}

export interface Columns {
  times: Float64Array
  ids: Uint32Array
  /** Two halves of a hash of the packet's id. Empty in files without packets. */
  hashesA: Uint32Array
  hashesB: Uint32Array
  /** The account that it is about, and the other one of a packet. */
  peers: Uint16Array
  others: Uint16Array
  /** Where the event is: which frame, which line in it. */
  frames: Uint16Array
  kinds: Uint8Array
  lines: Uint8Array
}

const NAME_OVERHEAD_BYTES = 24

/** Columns for so many rows, in the given bytes or in new ones. */
export function columnsIn (rows: number, hasPackets: boolean, bytes = new ArrayBuffer(columnBytes(rows, hasPackets))): Columns {
  const hashes = hasPackets ? rows : 0
  let at = 0
  const place = (length: number): number => {
    const from = at
    at += length
    return from
  }
  return {
    times: new Float64Array(bytes, place(8 * rows), rows),
    ids: new Uint32Array(bytes, place(4 * rows), rows),
    hashesA: new Uint32Array(bytes, place(4 * hashes), hashes),
    hashesB: new Uint32Array(bytes, place(4 * hashes), hashes),
    peers: new Uint16Array(bytes, place(2 * rows), rows),
    others: new Uint16Array(bytes, place(2 * rows), rows),
    frames: new Uint16Array(bytes, place(2 * rows), rows),
    kinds: new Uint8Array(bytes, place(rows), rows),
    lines: new Uint8Array(bytes, place(rows), rows)
  }
}

export function columnBytes (rows: number, hasPackets: boolean): number {
  return rows * (hasPackets ? 28 : 20)
}

function listOf (columns: Columns): Array<Columns[keyof Columns]> {
  const { times, ids, hashesA, hashesB, peers, others, frames, kinds, lines } = columns
  return [times, ids, hashesA, hashesB, peers, others, frames, kinds, lines]
}

export class HistoryIndex {
  readonly hasPackets: boolean
  /** Of the names, for their bound. */
  nameBytes: number
  #numbers: Map<string, number> | undefined

  constructor (public columns: Columns, readonly lists: IndexLists, public count: number) {
    this.hasPackets = columns.hashesA.length > 0
    this.nameBytes = lists.names.reduce((sum, name) => sum + name.length + NAME_OVERHEAD_BYTES, 0)
  }

  static empty (capacity: number, hasPackets: boolean, firstId: number): HistoryIndex {
    const lists = { firstId, kinds: [], names: [], seed: randomInt(2 ** 32) }
    return new HistoryIndex(columnsIn(capacity, hasPackets), lists, 0)
  }

  get capacity (): number {
    return this.columns.times.length
  }

  /** ms since the epoch. -Infinity of an empty one. */
  get newest (): number {
    return this.columns.times[this.count - 1] ?? -Infinity
  }

  /** ms since the epoch. Infinity of an empty one. */
  get oldest (): number {
    return this.count === 0 ? Infinity : this.columns.times[0] ?? 0
  }

  get lastId (): number {
    let last = 0
    for (let row = 0; row < this.count; row++) last = Math.max(last, this.columns.ids[row] ?? 0)
    return this.lists.firstId + last
  }

  idAt (row: number): number {
    return this.lists.firstId + (this.columns.ids[row] ?? 0)
  }

  /** Puts the event into its place by time: nearly always the last. There must be room, and `id` the greatest so far. */
  add (id: number, event: ExplorerEvent, frame: number, line: number): void {
    const { event_type: type, timestamp, direction, peer_id: peer, packet_id: packetId, from_address: from, to_address: to } = rowOf(event)
    const { columns } = this
    const row = this.firstAt(timestamp, true)
    if (row < this.count) for (const column of listOf(columns)) column.copyWithin(row + 1, row, this.count)
    columns.times[row] = timestamp
    columns.ids[row] = id - this.lists.firstId
    if (this.hasPackets) {
      const [a, b] = packetId === null ? [0, 0] : hashOf(packetId, this.lists.seed)
      columns.hashesA[row] = a
      columns.hashesB[row] = b
    }
    columns.peers[row] = this.#numberOf(peer)
    columns.others[row] = this.#numberOf(peer === to ? from : to)
    columns.frames[row] = frame
    columns.kinds[row] = this.#kindOf(type, direction)
    columns.lines[row] = line
    this.count++
  }

  /** One without the events of these frames, which cannot be read. This one stays as it is, for those who are reading it. */
  without (frames: ReadonlySet<number>): HistoryIndex {
    const rows = [...this.columns.frames.subarray(0, this.count)].flatMap((frame, row) => frames.has(frame) ? [] : [row])
    const kept = columnsIn(this.capacity, this.hasPackets)
    const former = listOf(this.columns)
    for (const [place, column] of listOf(kept).entries()) {
      if (column.length > 0) for (const [to, from] of rows.entries()) column[to] = former[place]?.[from] ?? 0
    }
    return new HistoryIndex(kept, this.lists, rows.length)
  }

  /** As it is now: what is added later does not move its rows. */
  snapshot (): HistoryIndex {
    const copy = columnsIn(this.count, this.hasPackets)
    const own = listOf(this.columns)
    for (const [place, column] of listOf(copy).entries()) column.set(own[place]?.subarray(0, column.length) ?? [])
    return new HistoryIndex(copy, this.lists, this.count)
  }

  /** The first row at `time` or later, or `count`. With `after`, the first that is later. */
  firstAt (time: number, after = false): number {
    const { times } = this.columns
    const isBefore = (row: number): boolean => after ? (times[row] ?? 0) <= time : (times[row] ?? 0) < time
    if (this.count === 0 || isBefore(this.count - 1)) return this.count
    let low = 0
    let high = this.count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(middle)) low = middle + 1
      else high = middle
    }
    return low
  }

  #numberOf (name: string | null): number {
    if (name === null) return 0
    const { names } = this.lists
    this.#numbers ??= new Map(names.map((known, place) => [known, place + 1]))
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    names.push(name)
    this.nameBytes += name.length + NAME_OVERHEAD_BYTES
    this.#numbers.set(name, names.length)
    return names.length
  }

  #kindOf (type: EventType, direction: Direction): number {
    const { kinds } = this.lists
    const known = kinds.findIndex(kind => kind.type === type && kind.direction === direction)
    return known === -1 ? kinds.push({ type, direction }) - 1 : known
  }

  /** No more is added: what only adding needs goes. */
  finish (): void {
    this.#numbers = undefined
    if (this.count < this.capacity) this.columns = this.snapshot().columns
  }
}

/** 64 bits of a string, mixed with the seed. Not cryptographic; a collision by chance takes billions of packets. */
export function hashOf (text: string, seed: number): [a: number, b: number] {
  let a = seed ^ 0x2545f491
  let b = Math.imul(seed, 0x9e3779b1) ^ 0x6c078965
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    a = Math.imul(a ^ unit, 0x85ebca6b)
    b = Math.imul(b ^ unit, 0xc2b2ae35)
    a ^= a >>> 15
    b ^= b >>> 13
  }
  return [(a ^ Math.imul(b, 0x27d4eb2f)) >>> 0, (b ^ Math.imul(a, 0x165667b1)) >>> 0]
}
