/**
 * The end of a full file of the history: its index, so that a start reads a few bytes an event and no event. Behind the frames come the
 * columns, as they are in memory (little-endian, as all machines are that Node.js runs on), a JSON text, and a trailer:
 *
 *     columns | {"kinds", "names", ...} | "SLHX" | length of the columns | length of the text | rows | CRC of both | CRC of the trailer
 */
import { crc32 } from 'node:zlib'
import type { FileHandle } from 'node:fs/promises'
import { isObject } from '../lib/is-object.js'
import { HistoryIndex, columnBytes, columnsIn, type IndexLists } from './history-index.js'

const MAGIC = Buffer.from('SLHX')
const TRAILER_BYTES = 24
/** More than any index has: a damaged length must not take memory. */
const FOOTER_BYTES_MAX = 16 * 1024 * 1024

/** Where each frame begins, and how long it is, in bytes. */
export interface FrameTable { offsets: number[], lengths: number[] }

export interface Footer { index: HistoryIndex, frames: FrameTable }

/** Of an index that is finished. */
export function encodeFooter (index: HistoryIndex, frames: FrameTable): Buffer {
  const columns = Buffer.from(index.columns.times.buffer)
  const text = Buffer.from(JSON.stringify({ lists: index.lists, frames, hasPackets: index.hasPackets }))
  const trailer = Buffer.alloc(TRAILER_BYTES)
  MAGIC.copy(trailer)
  trailer.writeUInt32LE(columns.length, 4)
  trailer.writeUInt32LE(text.length, 8)
  trailer.writeUInt32LE(index.count, 12)
  trailer.writeUInt32LE(crc32(text, crc32(columns)), 16)
  trailer.writeUInt32LE(crc32(trailer.subarray(0, 20)), 20)
  return Buffer.concat([columns, text, trailer])
}

/** The footer of a file of `size` bytes; undefined if it has none, or a damaged one. Rejects if the file cannot be read. */
export async function readFooter (file: FileHandle, size: number): Promise<Footer | undefined> {
  if (size < TRAILER_BYTES) return undefined
  const trailer = Buffer.alloc(TRAILER_BYTES)
  await file.read(trailer, 0, TRAILER_BYTES, size - TRAILER_BYTES)
  if (!trailer.subarray(0, MAGIC.length).equals(MAGIC) || crc32(trailer.subarray(0, 20)) !== trailer.readUInt32LE(20)) return undefined
  const columnsLength = trailer.readUInt32LE(4)
  const textLength = trailer.readUInt32LE(8)
  const from = size - TRAILER_BYTES - textLength - columnsLength
  if (from < 0 || columnsLength + textLength > FOOTER_BYTES_MAX) return undefined
  const columns = new ArrayBuffer(columnsLength)
  const text = Buffer.alloc(textLength)
  await file.read(new Uint8Array(columns), 0, columnsLength, from)
  await file.read(text, 0, textLength, from + columnsLength)
  if (crc32(text, crc32(new Uint8Array(columns))) !== trailer.readUInt32LE(16)) return undefined
  const { lists, frames, hasPackets } = contentOf(JSON.parse(text.toString()))
  const rows = trailer.readUInt32LE(12)
  if (columnBytes(rows, hasPackets) !== columnsLength) return undefined
  return { index: new HistoryIndex(columnsIn(rows, hasPackets, columns), lists, rows), frames }
}

interface Content { lists: IndexLists, frames: FrameTable, hasPackets: boolean }

/** What passed the checksum is what this program wrote. */
function contentOf (parsed: unknown): Content {
  if (!isContent(parsed)) throw new Error('the index of a file of the history has another format')
  return parsed
}

function isContent (parsed: unknown): parsed is Content {
  return isObject(parsed) && isObject(parsed.lists) && isObject(parsed.frames) && typeof parsed.hasPackets === 'boolean'
}
