/**
 * Keeps what was handed to a module out of the messages the module fails with: options hold tokens and keys, and npm modules like to
 * quote them. In place of a value stands where the operator wrote it.
 */

/** Shorter text is no secret, and hiding it would take words apart. */
const LENGTH_MIN = 3
/** Options are read from JSON; what lies deeper than this belongs to some instance. */
const DEPTH_MAX = 8

/** `text` with each string found in `options`, and each password in a URL there, replaced by its place: `<options.listener.secret>`. */
export function hideSecrets (text: string, options: unknown): string {
  const places = new Map([...stringsIn(options, 'options', DEPTH_MAX)].filter(([value]) => value.length >= LENGTH_MIN))
  if (places.size === 0) return text
  // The longest first: a URL is hidden as a whole, not only the password in it.
  const values = [...places.keys()].sort((a, b) => b.length - a.length)
  return text.replace(new RegExp(values.map(literal).join('|'), 'g'), value => `<${places.get(value) ?? 'options'}>`)
}

function * stringsIn (value: unknown, place: string, depth: number): Generator<[value: string, place: string]> {
  if (typeof value === 'string') {
    yield [value, place]
    if (URL.canParse(value)) yield [new URL(value).password, `password in ${place}`]
  } else if (depth > 0 && isPlain(value)) {
    for (const [key, inner] of Object.entries(value)) yield * stringsIn(inner, `${place}.${key}`, depth - 1)
  }
}

function isPlain (value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Array.isArray(value)
}

function literal (text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
