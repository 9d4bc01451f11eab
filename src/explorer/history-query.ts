/**
 * Finds the events that a filter wants, in the indexes. Each index is sorted; they overlap in time where clocks were set back, and because
 * kinds of events have files of their own. So the page is found by merging, and the rest is only counted. A million events take some
 * 10 ms, in turns of a few ms, so that packets do not wait.
 */
import { setImmediate } from 'node:timers/promises'
import type { EventFilter } from '../contracts/explorer-events.js'
import { hashOf, type HistoryIndex, type Kind } from './history-index.js'

/** After so many rows packets get their turn: about 1 ms. */
const ROWS_A_TURN = 50_000

/** An index, and whose it is. */
export interface Source<File> { file: File, index: HistoryIndex }

export interface Pick<File> { file: File, frame: number, line: number }

export interface Selection<File> { total: number, picks: Array<Pick<File>> }

/** What a row of one index must have, in the numbers of that index. Undefined: anything. */
interface Wanted {
  kinds: Uint8Array | undefined
  peer: number | undefined
  hash: readonly [number, number] | undefined
}

/** The rows of one index that are in the time that is wanted, and how far they have been looked at. */
class Cursor<File> {
  readonly #wanted: Wanted | undefined
  #row: number
  left: number

  constructor (readonly source: Source<File>, filter: EventFilter, private readonly step: 1 | -1) {
    const { index } = source
    const from = filter.since === undefined ? 0 : index.firstAt(filter.since)
    const to = filter.until === undefined ? index.count : index.firstAt(filter.until, true)
    this.#wanted = wantedOf(index, filter)
    this.left = this.#wanted === undefined ? 0 : Math.max(to - from, 0)
    this.#row = step === 1 ? from : to - 1
  }

  get #time (): number {
    return this.source.index.columns.times[this.#row] ?? 0
  }

  /** Below 0 if the next row here comes before the next one there. */
  compare (other: Cursor<File>): number {
    const { source: { index } } = this
    return this.step * (this.#time - other.#time || index.idAt(this.#row) - other.source.index.idAt(other.#row))
  }

  /** How many rows come before the next one there. At least one, which the caller knows of. */
  aheadOf (other: Cursor<File> | undefined): number {
    if (other === undefined) return this.left
    const { times } = this.source.index.columns
    const limit = other.#time * this.step
    let ahead = 1
    while (ahead < this.left && (times[this.#row + this.step * ahead] ?? 0) * this.step < limit) ahead++
    return ahead
  }

  /** Passes the next row. Returns it if it is wanted. */
  next (): number | undefined {
    const row = this.#row
    const isWanted = this.countNext(1) === 1
    this.skip(1)
    return isWanted ? row : undefined
  }

  skip (rows: number): void {
    this.#row += this.step * rows
    this.left -= rows
  }

  /** How many of the next rows are wanted. This is where a query spends its time. */
  countNext (rows: number): number {
    const { kinds, peer, hash } = this.#wanted ?? {}
    if (kinds === undefined && peer === undefined && hash === undefined) return rows
    const { columns } = this.source.index
    const from = this.step === 1 ? this.#row : this.#row - rows + 1
    let count = 0
    for (let row = from; row < from + rows; row++) {
      if (hash !== undefined && (columns.hashesA[row] !== hash[0] || columns.hashesB[row] !== hash[1])) continue
      if (peer !== undefined && columns.peers[row] !== peer && columns.others[row] !== peer) continue
      if (kinds === undefined || kinds[columns.kinds[row] ?? 0] === 1) count++
    }
    return count
  }
}

/** `filter.since` and `until` are as the contract has them. Does not read a file. */
export async function select<File> (sources: ReadonlyArray<Source<File>>, filter: EventFilter): Promise<Selection<File>> {
  const step = filter.order === 'oldest' ? 1 : -1
  const cursors = sources.map(source => new Cursor(source, filter, step))
  const later = cursors.filter(({ left }) => left > 0).sort((a, b) => b.compare(a))
  const opened: Array<Cursor<File>> = []
  const picks: Array<Pick<File>> = []
  let total = 0
  let rows = 0
  while (picks.length < filter.limit) {
    while (later.length > 0 && nearer(opened[0], later.at(-1)) !== opened[0]) place(opened, later.pop())
    const first = opened.shift()
    if (first === undefined) break
    const run = first.aheadOf(nearer(opened[0], later.at(-1)))
    rows += run
    const found = first.countNext(run)
    if (found === 0 || total + found <= filter.offset) {
      total += found
      first.skip(run)
    } else {
      for (const until = first.left - run; first.left > until && picks.length < filter.limit;) {
        const row = first.next()
        if (row === undefined || total++ < filter.offset) continue
        const { file, index } = first.source
        picks.push({ file, frame: index.columns.frames[row] ?? 0, line: index.columns.lines[row] ?? 0 })
      }
    }
    if (first.left > 0) place(opened, first)
    if (rows > ROWS_A_TURN) {
      rows = 0
      await setImmediate()
    }
  }
  for (const cursor of [...opened, ...later]) {
    rows += cursor.left
    total += cursor.countNext(cursor.left)
    if (rows > ROWS_A_TURN) {
      rows = 0
      await setImmediate()
    }
  }
  return { total, picks }
}

/** Into a short list that is sorted. */
function place<File> (opened: Array<Cursor<File>>, cursor: Cursor<File> | undefined): void {
  if (cursor === undefined) return
  const at = opened.findIndex(other => cursor.compare(other) < 0)
  opened.splice(at === -1 ? opened.length : at, 0, cursor)
}

/** The one whose next row comes first. */
function nearer<File> (a: Cursor<File> | undefined, b: Cursor<File> | undefined): Cursor<File> | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return b.compare(a) < 0 ? b : a
}

/** Undefined: no row of this index is wanted. */
function wantedOf ({ lists, hasPackets }: HistoryIndex, { types, peerId, packetId, direction }: EventFilter): Wanted | undefined {
  const isWanted = (kind: Kind): boolean => (types?.includes(kind.type) ?? true) && kind.direction === (direction ?? kind.direction)
  const kinds = Uint8Array.from(lists.kinds, kind => isWanted(kind) ? 1 : 0)
  const peer = peerId === undefined ? undefined : lists.names.indexOf(peerId) + 1
  if (!kinds.includes(1) || peer === 0 || (packetId !== undefined && !hasPackets)) return undefined
  const hash = packetId === undefined ? undefined : hashOf(packetId, lists.seed)
  return { kinds: kinds.includes(0) ? kinds : undefined, peer, hash }
}
