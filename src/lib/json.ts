/** Money as JSON: bigint has no form of its own there, and a JSON number would lose digits. */

/** The text of `value`, with bigints as decimal strings. */
export function jsonOf (value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => typeof inner === 'bigint' ? String(inner) : inner)
}

/** `value` as it comes out of its JSON: amounts as decimal strings, dates as text, no functions. */
export function plainOf (value: object): object {
  return JSON.parse(jsonOf(value)) as object
}
