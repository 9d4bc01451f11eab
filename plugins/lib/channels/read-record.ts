/** What is kept or sent as JSON. It is read strictly: a number that is not what it should be would become money. */
import { isObject } from '../../../src/lib/is-object.js'

const WHOLE = /^\d+$/
const SIGNED = /^-?\d+$/

/** @throws Error that names what is wrong */
export function fieldsOf (value: unknown, name: string): Record<string, unknown> {
  if (!isObject(value)) throw unusable(name, 'an object')
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
