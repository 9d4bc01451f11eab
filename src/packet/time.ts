/** Expiry as it stands in a Prepare: 17 ASCII digits YYYYMMDDHHmmssfff, UTC (RFC 0027). Times are ms since the epoch. */
import { InvalidPacketError } from './errors.js'

export const TIME_LENGTH = 17
const ZERO = 0x30
const MS_PER_MINUTE = 60_000
/** Years of more than four digits make it longer. */
const ISO_LENGTH = 24

/** Throws F01 where the 17 bytes at `position` are not digits. */
export function readTime (buffer: Buffer, position: number): number {
  for (let i = position; i < position + TIME_LENGTH; i++) {
    const byte = buffer[i] ?? 0
    if (byte < ZERO || byte > ZERO + 9) throw new InvalidPacketError('expiry is not a time of 17 digits.')
  }
  const digits = (start: number, count: number): number => {
    let value = 0
    for (let i = position + start; i < position + start + count; i++) value = value * 10 + (buffer[i] ?? 0) - ZERO
    return value
  }
  return Date.UTC(digits(0, 4), digits(4, 2) - 1, digits(6, 2), digits(8, 2), digits(10, 2), digits(12, 2), digits(14, 3))
}

// Expiries of one connector lie close together: the first 12 digits are the same for a whole minute.
let cachedMinute = NaN
let cachedDigits = Buffer.alloc(12)

/** Writes the 17 digits. Throws RangeError for a time outside the years 0 to 9999. */
export function writeTime (buffer: Buffer, time: number, position: number): void {
  const minute = Math.floor(time / MS_PER_MINUTE)
  if (minute !== cachedMinute) {
    const iso = new Date(time).toISOString()
    if (iso.length !== ISO_LENGTH) throw new RangeError(`expiry is not in the years 0 to 9999. expiresAt=${iso}`)
    cachedDigits = Buffer.from(iso.slice(0, 16).replace(/[-T:]/g, ''), 'latin1')
    cachedMinute = minute
  }
  cachedDigits.copy(buffer, position)
  let rest = Math.floor(time) - minute * MS_PER_MINUTE
  for (let i = position + TIME_LENGTH - 1; i >= position + 12; i--) {
    buffer[i] = ZERO + rest % 10
    rest = Math.floor(rest / 10)
  }
}
