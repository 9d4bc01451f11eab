/**
 * One file of the history: a few thousand events, in the order in which they came. It is appended to until it is full, then gets its index
 * at the end, and is deleted as a whole when its time has come. What is not written yet is in memory, and can be read.
 */
import { constants, type FileHandle, open, rm } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import type { ExplorerEvent } from '../contracts/explorer-events.js'
import { isObject } from '../lib/is-object.js'
import { encodeFooter, readFooter, type FrameTable } from './history-footer.js'
import { FRAME_EVENTS, FRAME_TEXT_BYTES, decodeFrame, encodeFrame, framesIn } from './history-frames.js'
import { HistoryIndex } from './history-index.js'

/** In a file at most. */
export const FILE_EVENTS_MAX = 4096
const FILE_BYTES_FULL = 4 * 1024 * 1024
/** A larger file is not one of ours. */
const FILE_BYTES_MAX = 4 * FILE_BYTES_FULL
/** So many frames are packed, or unpacked, in one turn of the event loop: about 2 ms. */
const FRAMES_A_TURN = 8

interface WaitingFrame { number: number, lines: string[], bytes: number }

export class HistoryFile {
  /** No more is added. */
  isFinished = false
  /** The index is at the end of the file. */
  isSealed = false
  /** Deleted, or about to be. */
  isGone = false
  /** What is not on disk: events, and bytes of text. */
  readonly waiting = { events: 0, bytes: 0 }
  #handle: FileHandle | undefined
  #frames: FrameTable = { offsets: [], lengths: [] }
  #waiting: WaitingFrame[] = []
  #open: WaitingFrame | undefined
  #size = 0

  /** ms since the epoch. */
  begun = Date.now()

  /** `capacity`: with so many events it is full. */
  private constructor (readonly path: string, public index: HistoryIndex, private readonly capacity: number) {}

  /** A new one, which is not on disk before something is written. */
  static create (path: string, capacity: number, hasPackets: boolean, firstId: number): HistoryFile {
    return new HistoryFile(path, HistoryIndex.empty(capacity, hasPackets, firstId), capacity)
  }

  /** What is in a file, and how much of it is damaged. Rejects if it cannot be read at all. */
  static async load (path: string, capacity: number, hasPackets: boolean): Promise<{ file: HistoryFile, damagedBytes: number }> {
    const handle = await open(path, 'r')
    try {
      const { size } = await handle.stat()
      const footer = await readFooter(handle, size)
      if (footer !== undefined && footer.index.hasPackets === hasPackets) {
        const file = new HistoryFile(path, footer.index, capacity)
        file.#frames = footer.frames
        file.#size = size
        file.isFinished = file.isSealed = true
        return { file, damagedBytes: 0 }
      }
      const file = new HistoryFile(path, HistoryIndex.empty(FILE_EVENTS_MAX, hasPackets, 0), capacity)
      const bytes = Buffer.alloc(Math.min(size, FILE_BYTES_MAX))
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
      const damagedBytes = size - bytes.length + await file.#scan(bytes, bytesRead)
      file.begun = Math.min(file.begun, file.index.oldest)
      const isDamagedWithin = damagedBytes > size - file.#size
      if (file.index.count >= capacity || isDamagedWithin) file.finish()
      return { file, damagedBytes }
    } finally {
      await handle.close()
    }
  }

  async #scan (bytes: Buffer, end: number): Promise<number> {
    let damagedBytes = 0
    let seen = 0
    for (const frame of framesIn(bytes, end)) {
      if (++seen % FRAMES_A_TURN === 0) await setImmediate()
      if ('damagedBytes' in frame) {
        damagedBytes += frame.damagedBytes
        continue
      }
      for (const [line, text] of frame.lines.entries()) {
        const found = parseLine(text)
        if (found === undefined || this.index.count === this.index.capacity) continue
        if (this.index.count === 0) this.index.lists.firstId = found.id
        if (found.id < this.index.lists.firstId) continue
        this.index.add(found.id, found.event, this.#frames.offsets.length, line)
      }
      this.#frames.offsets.push(frame.offset)
      this.#frames.lengths.push(frame.length)
      this.#size = frame.offset + frame.length
    }
    return damagedBytes
  }

  get count (): number {
    return this.index.count
  }

  /** Bytes on disk, and those that will soon be there. */
  get bytes (): number {
    return this.#size + this.waiting.bytes
  }

  get isWritten (): boolean {
    return this.#waiting.length === 0 && (this.isSealed || !this.isFinished)
  }

  /** `text`: the event in JSON. */
  add (id: number, event: ExplorerEvent, text: string): void {
    let frame = this.#open
    if (frame === undefined || frame.lines.length === FRAME_EVENTS || frame.bytes + text.length > FRAME_TEXT_BYTES) {
      frame = this.#open = { number: this.#frames.offsets.length + this.#waiting.length, lines: [], bytes: 0 }
      this.#waiting.push(frame)
    }
    this.index.add(id, event, frame.number, frame.lines.length)
    frame.lines.push(`${id} ${text}`)
    frame.bytes += text.length
    this.waiting.bytes += text.length
    this.waiting.events++
    if (this.index.count >= this.capacity || this.bytes > FILE_BYTES_FULL) this.finish()
  }

  finish (): void {
    this.isFinished = true
    this.#open = undefined
    this.index.finish()
  }

  /** Writes what waits now. Rejects if that fails; nothing is lost then, and it can be tried again. */
  async write (): Promise<void> {
    this.#open = undefined
    for (let left = this.#waiting.length; left > 0 && !this.isGone; left -= FRAMES_A_TURN) {
      const group = this.#waiting.slice(0, Math.min(left, FRAMES_A_TURN))
      const packed = group.map(({ lines }) => encodeFrame(lines))
      await this.#append(Buffer.concat(packed))
      for (const [place, { length }] of packed.entries()) {
        this.#frames.offsets.push(this.#size)
        this.#frames.lengths.push(length)
        this.#size += length
        this.waiting.bytes -= group[place]?.bytes ?? 0
        this.waiting.events -= group[place]?.lines.length ?? 0
      }
      this.#waiting.splice(0, group.length)
    }
    if (!this.isFinished || this.isSealed || this.isGone || this.#waiting.length > 0) return
    const footer = encodeFooter(this.index, this.#frames)
    await this.#append(footer)
    this.#size += footer.length
    this.isSealed = true
    await this.close()
  }

  /**
   * At the end of what is known to be there, so that a write that failed in the middle is written over. A file that was deleted meanwhile
   * begins with a hole.
   */
  async #append (bytes: Buffer): Promise<void> {
    if (this.#handle !== undefined && (await this.#handle.stat()).nlink === 0) await this.close()
    if (this.#handle === undefined) {
      this.#handle = await open(this.path, constants.O_RDWR | constants.O_CREAT, 0o600)
      await this.#handle.truncate(this.#size)
    }
    let written = 0
    while (written < bytes.length) {
      written += (await this.#handle.write(bytes, written, bytes.length - written, this.#size + written)).bytesWritten
    }
  }

  /**
   * The lines of these frames. Those that are damaged or gone are missing in the answer. Rejects if the system has another reason, such as
   * too many open files.
   */
  async read (numbers: Iterable<number>): Promise<Map<number, readonly string[]>> {
    const found = new Map<number, readonly string[]>()
    const written: number[] = []
    for (const number of numbers) {
      const waiting = this.#waiting.find(frame => frame.number === number)
      if (waiting === undefined) written.push(number)
      else found.set(number, waiting.lines)
    }
    let handle: FileHandle | undefined
    try {
      for (const number of written) {
        handle ??= await open(this.path, 'r')
        const bytes = Buffer.alloc(this.#frames.lengths[number] ?? 0)
        await handle.read(bytes, 0, bytes.length, this.#frames.offsets[number] ?? 0)
        const lines = decodeFrame(bytes, 0)?.lines
        if (lines !== undefined) found.set(number, lines)
      }
    } catch (error) {
      if (!isCode(error, 'ENOENT') && !isCode(error, 'EIO')) throw error
    } finally {
      await handle?.close()
    }
    return found
  }

  /** Waits until the disk has what was written, and lets go of the file. */
  async close (): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    try {
      await handle?.datasync()
    } finally {
      await handle?.close()
    }
  }

  /** Deletes it. */
  async remove (): Promise<void> {
    this.isGone = true
    await this.close()
    await rm(this.path, { force: true })
  }
}

/** An event and its id, from a line of a frame; undefined if it has none. */
export function parseLine (line = ''): { id: number, event: ExplorerEvent } | undefined {
  const space = line.indexOf(' ')
  if (space === -1) return undefined
  const id = Number(line.slice(0, space))
  const event: unknown = JSON.parse(line.slice(space + 1))
  return Number.isSafeInteger(id) && isEvent(event) ? { id, event } : undefined
}

/** What passed the checksum is an event that was given to us, even if a later version knows more kinds. */
function isEvent (value: unknown): value is ExplorerEvent {
  return isObject(value) && typeof value.type === 'string' && 'timestamp' in value
}

function isCode (error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
