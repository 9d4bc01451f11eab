/**
 * The files of the history, in three streams: packets, changes that strangers can cause in numbers, and what an operator wants to find
 * after a week. Each has a share of the room. A stream may use what the others leave free, and gives it back when they need it; so a flood
 * of packets does not push out last week's settlements. The oldest file of the stream that is furthest over its share goes first.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventType, ExplorerEvent } from '../contracts/explorer-events.js'
import { FILE_EVENTS_MAX, HistoryFile } from './history-file.js'
import type { Source } from './history-query.js'

export interface HistoryBounds {
  /** Events in all. */
  events: number
  /** ms */
  age: number
}

type StreamName = 'packets' | 'changes' | 'lasting'
const SHARES: Readonly<Record<StreamName, number>> = { packets: 0.5, changes: 0.25, lasting: 0.25 }
const STREAMS: Readonly<Record<EventType, StreamName>> = {
  PACKET_RECEIVED: 'packets',
  PACKET_FORWARDED: 'packets',
  PACKET_FULFILLED: 'packets',
  PACKET_REJECTED: 'packets',
  PACKETS_LEFT_OUT: 'packets',
  ACCOUNT_BALANCE: 'changes',
  CLAIM_SENT: 'changes',
  CLAIM_RECEIVED: 'changes',
  PAYMENT_CHANNEL_BALANCE_UPDATE: 'changes',
  PEER_CONNECTED: 'changes',
  PEER_DISCONNECTED: 'changes',
  PEER_ADDED: 'changes',
  PEER_REMOVED: 'changes',
  ROUTE_ADDED: 'changes',
  ROUTE_REMOVED: 'changes',
  RATE_LIMIT_EXCEEDED: 'changes',
  NOTICES_LEFT_OUT: 'changes',
  SUSPICIOUS_ACTIVITY_DETECTED: 'lasting',
  PEER_PAUSED: 'lasting',
  PEER_RESUMED: 'lasting',
  NODE_STATUS: 'lasting',
  TRAFFIC: 'lasting',
  SETTLEMENT_TRIGGERED: 'lasting',
  SETTLEMENT_COMPLETED: 'lasting',
  PAYMENT_CHANNEL_OPENED: 'lasting',
  PAYMENT_CHANNEL_SETTLED: 'lasting',
  CLAIM_REDEEMED: 'lasting'
}
const FILE_NAME = /^(packets|changes|lasting)-(\d{9,15})\.events$/

/** Files that make up the bound of events, or of days. What goes at once is one of them. */
const FILES_A_BOUND = 64
/** Compressed, an event takes about 100 bytes with its index. */
const BYTES_AN_EVENT = 1024
const BYTES_MIN = 16 * 1024 * 1024
const NAME_BYTES_MAX = 32 * 1024 * 1024
/** Files that are read at the same time when the history is opened. */
const LOADS = 4

class Stream {
  readonly files: HistoryFile[] = []
  count = 0
  /** Of the next file. */
  number = 1

  constructor (readonly name: StreamName) {}

  get hasPackets (): boolean {
    return this.name === 'packets'
  }

  get share (): number {
    return SHARES[this.name]
  }

  get bytes (): number {
    return this.files.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get nameBytes (): number {
    return this.files.reduce((sum, { index }) => sum + index.nameBytes, 0)
  }
}

export class HistoryStreams {
  readonly #streams: Readonly<Record<StreamName, Stream>> = {
    packets: new Stream('packets'), changes: new Stream('changes'), lasting: new Stream('lasting')
  }

  readonly #fileEvents: number
  readonly #bytesMax: number
  /** Out of the history, and still on disk. */
  readonly #leaving: HistoryFile[] = []
  readonly #unwritten = new Set<HistoryFile>()
  #nextId = 1

  constructor (private readonly path: string, private readonly bounds: HistoryBounds) {
    this.#fileEvents = Math.max(1, Math.min(Math.floor(bounds.events / FILES_A_BOUND), FILE_EVENTS_MAX))
    this.#bytesMax = Math.max(BYTES_MIN, bounds.events * BYTES_AN_EVENT)
  }

  get #all (): Stream[] {
    return Object.values(this.#streams)
  }

  get count (): number {
    return this.#all.reduce((sum, { count }) => sum + count, 0)
  }

  get bytes (): number {
    return this.#all.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Reads the indexes of what is there. Calls `damaged` with each file that cannot be read whole. Rejects if the folder cannot be read. */
  async load (damaged: (file: string, bytes: number) => void): Promise<void> {
    const found = (await readdir(this.path)).flatMap(file => {
      const [, stream, number] = FILE_NAME.exec(file) ?? []
      return isStreamName(stream) ? [{ file, stream: this.#streams[stream], number: Number(number) }] : []
    }).sort((a, b) => a.number - b.number)
    for (const { stream, number } of found) stream.number = Math.max(stream.number, number + 1)
    const loaded = new Map<string, HistoryFile>()
    const queue = [...found]
    await Promise.all(Array.from({ length: LOADS }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { file: name, stream: { hasPackets } } = next
        try {
          const { file, damagedBytes } = await HistoryFile.load(join(this.path, name), this.#fileEvents, hasPackets)
          loaded.set(name, file)
          if (damagedBytes > 0) damaged(name, damagedBytes)
        } catch {
          damaged(name, 0)
        }
      }
    }))
    for (const { file: name, stream } of found) {
      const file = loaded.get(name)
      if (file === undefined) continue
      if (file.count === 0) this.#leaving.push(file)
      else this.#keep(stream, file)
    }
    this.#prune()
  }

  /** One that is not full goes on to be filled, if it is the last of its stream. */
  #keep (stream: Stream, file: HistoryFile): void {
    const former = stream.files.at(-1)
    if (former?.isFinished === false) this.#finish(former)
    stream.files.push(file)
    if (!file.isWritten) this.#unwritten.add(file)
    stream.count += file.count
    this.#nextId = Math.max(this.#nextId, file.index.lastId + 1)
  }

  /** `text`: the event in JSON. */
  add (event: ExplorerEvent, text: string): void {
    const stream = this.#streams[STREAMS[event.type]]
    let file = stream.files.at(-1)
    if (file === undefined || file.isFinished) {
      this.#prune()
      const name = `${stream.name}-${String(stream.number++).padStart(9, '0')}.events`
      file = HistoryFile.create(join(this.path, name), this.#fileEvents, stream.hasPackets, this.#nextId)
      stream.files.push(file)
    }
    file.add(this.#nextId++, event, text)
    this.#unwritten.add(file)
    stream.count++
    while (this.count > this.bounds.events) this.#dropOldest(({ count }) => count)
  }

  /** Forgets what is too old, and starts new files where the present ones have been filled for long. */
  expire (now: number): void {
    for (const stream of this.#all) {
      const last = stream.files.at(-1)
      if (last?.isFinished === false && last.begun < now - this.bounds.age / FILES_A_BOUND) this.#finish(last)
      for (const file of stream.files.filter(({ index }) => index.newest < now - this.bounds.age)) this.#drop(stream, file)
    }
  }

  #finish (file: HistoryFile): void {
    file.finish()
    this.#unwritten.add(file)
  }

  /** Bytes and names are looked at whenever a file begins. */
  #prune (): void {
    while (this.count > this.bounds.events) this.#dropOldest(({ count }) => count)
    while (this.bytes > this.#bytesMax) this.#dropOldest(({ bytes }) => bytes)
    while (this.#all.reduce((sum, { nameBytes }) => sum + nameBytes, 0) > NAME_BYTES_MAX) this.#dropOldest(({ nameBytes }) => nameBytes)
  }

  #dropOldest (measure: (stream: Stream) => number): void {
    const [stream] = this.#all.sort((a, b) => measure(b) / b.share - measure(a) / a.share)
    if (stream !== undefined) this.#drop(stream, stream.files[0])
  }

  #drop (stream: Stream, file: HistoryFile | undefined): void {
    if (file === undefined) return
    stream.files.splice(stream.files.indexOf(file), 1)
    stream.count -= file.count
    file.isGone = true
    this.#leaving.push(file)
    this.#unwritten.delete(file)
  }

  /** These frames of the file cannot be read: their events are out of the history. Returns how many they were. */
  forget (file: HistoryFile, frames: ReadonlySet<number>): number {
    const stream = this.#all.find(({ files }) => files.includes(file))
    if (stream === undefined) return 0
    const before = file.count
    file.index = file.index.without(frames)
    const removed = before - file.count
    stream.count -= removed
    if (file.count === 0) this.#drop(stream, file)
    else if (!file.isFinished) this.#finish(file)
    return removed
  }

  /** The indexes as they are now. What is added later does not change them. */
  sources (): Array<Source<HistoryFile>> {
    return this.#all.flatMap(({ files }) => files.map(file => ({ file, index: file.isFinished ? file.index : file.index.snapshot() })))
  }

  /** What is not on disk: events, and bytes of text. */
  get waiting (): { events: number, bytes: number } {
    let events = 0
    let bytes = 0
    for (const { waiting } of this.#unwritten) {
      events += waiting.events
      bytes += waiting.bytes
    }
    return { events, bytes }
  }

  /** Whether there is nothing to write or to delete. */
  get isWritten (): boolean {
    return this.#leaving.length === 0 && this.#unwritten.size === 0
  }

  /** Deletes what is out of the history, one file after the other, and writes what is new. Rejects at the first that fails. */
  async write (): Promise<void> {
    for (let file = this.#leaving[0]; file !== undefined; file = this.#leaving[0]) {
      await file.remove()
      this.#leaving.shift()
    }
    for (const file of this.#unwritten) {
      await file.write()
      if (file.isWritten || file.isGone) this.#unwritten.delete(file)
    }
  }

  /** Waits for the disk, and lets go of all files. Rejects with the first that fails. */
  async close (): Promise<void> {
    const files = [...this.#leaving, ...this.#all.flatMap(stream => stream.files)]
    for (const result of await Promise.allSettled(files.map(file => file.close()))) if (result.status === 'rejected') throw result.reason
  }
}

function isStreamName (name: string | undefined): name is StreamName {
  return name !== undefined && name in SHARES
}
