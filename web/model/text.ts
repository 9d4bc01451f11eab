/** Short forms of long names, and numbers as people read them. */

/** The middle of a long address or id is left out: `g.acme.…alice.7`, `9f3c41…e0a2`. What stands in the clipboard is always the whole. */
export function shortened (text: string, length = 24): string {
  if (text.length <= length) return text
  const head = Math.ceil((length - 1) * 0.6)
  return `${text.slice(0, head)}…${text.slice(text.length - (length - 1 - head))}`
}

/** `1,284`; and one digit behind the point below ten, where there is one: `3.4`. */
export function count (value: number): string {
  if (!Number.isFinite(value)) return '–'
  const digits = value < 10 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value).toString()
  const [whole = '', fraction] = digits.split('.')
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`)
}

/** Of a whole, cut so that only all of it is 100 %: `99.9 %`. */
export function percent (part: number, whole: number): string {
  if (whole <= 0) return '–'
  if (part >= whole) return '100 %'
  const tenths = Math.floor(part / whole * 1000)
  return `${Math.floor(tenths / 10)}.${tenths % 10} %`
}

/** `12.4 MB`. */
export function bytes (value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let at = 0
  for (; value >= 1000 && at < units.length - 1; at++) value /= 1000
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at] ?? ''}`
}
