/**
 * Reads LevelDB's log format, in which both its write-ahead logs and its manifest are written, to tell a damaged file from one whose last
 * write was cut short. LevelDB itself silently skips damaged records, and with them every balance in them.
 * Format: https://github.com/google/leveldb/blob/main/doc/log_format.md
 */

const BLOCK_BYTES = 32_768
/** Masked CRC-32C of type and data (4 bytes), length of the data (2), type (1). */
const HEADER_BYTES = 7
const FULL = 1
const FIRST = 2
const LAST = 4

interface Fragment {
  type: number
  data: Buffer
  end: number
}

/**
 * @returns the records in order. A last record that was not written to its end is left out: that is how a crash looks, and nobody was
 * told that it is on disk. Throws for everything else that does not match its checksum.
 */
export function readRecords (file: Buffer): Buffer[] {
  const records: Buffer[] = []
  let pending: Buffer[] = []
  for (let at = 0; at < file.length;) {
    const fragment = fragmentAt(file, at)
    if (fragment === undefined) {
      if (isUnwrittenTail(file, at)) break
      throw new Error(`a record at byte ${at} does not match its checksum`)
    }
    const begins = fragment.type === FULL || fragment.type === FIRST
    if (begins !== (pending.length === 0)) throw new Error(`a part of a record is missing before byte ${at}`)
    pending.push(fragment.data)
    if (fragment.type === FULL || fragment.type === LAST) {
      records.push(Buffer.concat(pending))
      pending = []
    }
    at = nextHeader(fragment.end)
  }
  return records
}

/** A block's last bytes stay empty when no header fits into them. */
function nextHeader (at: number): number {
  const left = BLOCK_BYTES - at % BLOCK_BYTES
  return left < HEADER_BYTES ? at + left : at
}

function fragmentAt (file: Buffer, at: number): Fragment | undefined {
  if (at + HEADER_BYTES > file.length) return undefined
  const type = file.readUInt8(at + 6)
  const end = at + HEADER_BYTES + file.readUInt16LE(at + 4)
  const blockEnd = at - at % BLOCK_BYTES + BLOCK_BYTES
  if (type < FULL || type > LAST || end > Math.min(file.length, blockEnd)) return undefined
  if (file.readUInt32LE(at) !== maskedCrc32c(file.subarray(at + 6, end))) return undefined
  return { type, data: file.subarray(at + HEADER_BYTES, end), end }
}

/**
 * Whether the unreadable bytes from `at` on are a write that was cut short: it runs past the end of the file (or into zeros, which file
 * systems leave where data never arrived), and nothing readable comes after it.
 */
function isUnwrittenTail (file: Buffer, at: number): boolean {
  let written = file.length
  while (written > at && file[written - 1] === 0) written--
  if (at + HEADER_BYTES > written) return true
  const type = file.readUInt8(at + 6)
  const end = at + HEADER_BYTES + file.readUInt16LE(at + 4)
  if (type < FULL || type > LAST || end <= written) return false
  for (let later = at + 1; later < written; later++) {
    if (fragmentAt(file, later) !== undefined) return false
  }
  return true
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc >>> 0
})

/** CRC-32C (Castagnoli), rotated and offset the way LevelDB stores it. */
function maskedCrc32c (data: Buffer): number {
  let crc = 0xffffffff
  for (const byte of data) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
