/** What is kept or sent as JSON. It is read strictly: a number that is not what it should be would become money. */

const WHOLE = /^\d+$/
const SIGNED = /^-?\d+$/

/** With bigints as decimal strings. */
export function jsonOf (value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => typeof inner === 'bigint' ? String(inner) : inner)
}

/** @throws Error that names what is wrong */
export function fieldsOf (value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unusable(name, 'an object')
  return { ...value }
}

/** @throws Error that names what is wrong */
export function arrayOf (value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) throw unusable(name, 'a list')
  return value
}

/** @throws Error that names what is wrong */
export function amountOf (value: unknown, name: string): bigint {
  if (typeof value !== 'string' || !WHOLE.test(value)) throw unusable(name, 'a decimal string')
  return BigInt(value)
}

/** @throws Error that names what is wrong */
export function signedOf (value: unknown, name: string): bigint {
  if (typeof value !== 'string' || !SIGNED.test(value)) throw unusable(name, 'a decimal string')
  return BigInt(value)
}

/** @throws Error that names what is wrong */
export function textOf (value: unknown, name: string): string {
  if (typeof value !== 'string') throw unusable(name, 'a string')
  return value
}

function unusable (name: string, expected: string): Error {
  return new Error(`record or message of payment channels: ${name} is not ${expected}`)
}
