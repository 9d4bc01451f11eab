/** Expiry as it stands in a Prepare: 17 ASCII digits YYYYMMDDHHmmssfff, UTC (RFC 0027). Times are ms since the epoch. */
import { InvalidPacketError } from './errors.js'

export const TIME_LENGTH = 17
const ZERO = 0x30
const MS_PER_MINUTE = 60_000
/** Years of more than four digits make it longer. */
const ISO_LENGTH = 24

// Expiries that a connector sees lie close together: the first 12 digits are the same for a whole minute.
let readDigits = NaN
let readMinute = NaN
let cachedMinute = NaN
let cachedDigits = Buffer.alloc(12)

/** Throws F01 where the 17 bytes at `position` are not digits. */
export function readTime (buffer: Buffer, position: number): number {
  const digits = decimal(buffer, position, 12)
  const secondsAndMs = decimal(buffer, position + 12, 5)
  if (digits !== readDigits) {
    const [year, month, day, hour, minute] = [digits / 1e8, digits / 1e6 % 100, digits / 1e4 % 100, digits / 100 % 100, digits % 100]
    readMinute = Date.UTC(Math.floor(year), Math.floor(month) - 1, Math.floor(day), Math.floor(hour), minute)
    readDigits = digits
  }
  return readMinute + secondsAndMs
}

function decimal (buffer: Buffer, position: number, count: number): number {
  let value = 0
  for (let i = position; i < position + count; i++) {
    const digit = (buffer[i] ?? 0) - ZERO
    if (digit < 0 || digit > 9) throw new InvalidPacketError('expiry is not a time of 17 digits.')
    value = value * 10 + digit
  }
  return value
}

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
