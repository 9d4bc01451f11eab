/** Times and spans as people read them. */

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `now`, `3 s ago`, `4 min ago`, `in 2 h`. */
export function relative (at: number, now: number): string {
  const distance = Math.abs(now - at)
  if (distance < SECOND) return 'now'
  return at <= now ? `${span(distance)} ago` : `in ${span(distance)}`
}

/** The largest unit that fits, and the next one where that says something: `12 s`, `4 min`, `3 h 20 min`, `12 d`. */
export function span (ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`
  if (ms < DAY) return two(ms, HOUR, 'h', MINUTE, 'min', 10)
  return two(ms, DAY, 'd', HOUR, 'h', 4)
}

/** How long a packet took: `0.4 ms`, `84 ms`, `1.20 s`. */
export function took (ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < SECOND ? `${Math.round(ms)} ms` : `${(ms / SECOND).toFixed(2)} s`
}

/** `14:05:31.042`, in the time zone of the reader. */
export function clock (at: number, withMs = false): string {
  const date = new Date(at)
  const pad = (value: number, digits = 2): string => value.toString().padStart(digits, '0')
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}${withMs ? `.${pad(date.getMilliseconds(), 3)}` : ''}`
}

/** For tooltips: date, time and zone. */
export function exactTime (at: number): string {
  return Number.isFinite(at) ? `${new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })} (${new Date(at).toISOString()})` : ''
}

/** ms since the epoch, of the number or ISO text that an event carries. 0 for an invalid one. */
export function timeOf (timestamp: number | string): number {
  const at = typeof timestamp === 'number' ? timestamp : Date.parse(timestamp)
  return Number.isFinite(at) ? at : 0
}

function two (ms: number, unit: number, name: string, small: number, smallName: string, until: number): string {
  const whole = Math.floor(ms / unit)
  const rest = Math.floor(ms % unit / small)
  return whole >= until || rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${smallName}`
}
