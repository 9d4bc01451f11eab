/** How a key and its token are named in a hardware module: by a label alone, or by a URI. RFC 7512. */
import { readFileSync } from 'node:fs'
import { VaultError } from './vault.js'

export interface Pkcs11Name {
  /** CKA_LABEL of the key. */
  object?: string | undefined
  /** CKA_ID of the key. */
  id?: Buffer | undefined
  /** Label of the token. */
  token?: string | undefined
  serial?: string | undefined
  slotId?: number | undefined
  modulePath?: string | undefined
  pin?: string | undefined
}

const KNOWN = ['object', 'id', 'token', 'serial', 'slot-id', 'type', 'module-path', 'pin-value', 'pin-source']

/** @param name what follows `pkcs11:`. @throws VaultError that never repeats it: there may be a PIN in it */
export function pkcs11NameIn (name: string): Pkcs11Name {
  const [path = '', query = ''] = name.split('?', 2)
  if (!path.includes('=') && query === '') return { object: path }
  const attributes = new Map<string, string>()
  for (const part of [...path.split(';'), ...query.split('&')].filter(part => part !== '')) {
    const [key = '', value = ''] = part.split(/=(.*)/s, 2)
    if (!KNOWN.includes(key)) throw wrong(`it has an attribute that is not known here. Known are ${KNOWN.join(', ')}`)
    attributes.set(key, value)
  }
  const textOf = (key: string): string | undefined => mapped(attributes.get(key), value => bytesIn(value).toString())
  const [slot, source] = [textOf('slot-id'), textOf('pin-source')]
  if (slot !== undefined && !/^\d{1,15}$/.test(slot)) throw wrong('slot-id is not a number')
  if (!attributes.has('object') && !attributes.has('id')) throw wrong('it has neither object nor id: it names no key')
  return {
    object: textOf('object'),
    id: mapped(attributes.get('id'), bytesIn),
    token: textOf('token'),
    serial: textOf('serial'),
    slotId: mapped(slot, Number),
    modulePath: textOf('module-path'),
    pin: textOf('pin-value') ?? mapped(source, pinIn)
  }
}

function bytesIn (value: string): Buffer {
  const bytes: number[] = []
  for (const [match] of value.matchAll(/%[0-9a-fA-F]{2}|[^%]|%/gs)) {
    if (match === '%') throw wrong('a % in it is not followed by two hexadecimal digits')
    bytes.push(...match.length === 3 && match.startsWith('%') ? [parseInt(match.slice(1), 16)] : Buffer.from(match))
  }
  return Buffer.from(bytes)
}

function pinIn (source: string): string {
  try {
    return readFileSync(source.replace(/^file:(\/\/)?/, ''), 'utf8').trim()
  } catch (error) {
    throw new VaultError('pin-source in keyId names a file that cannot be read', false, { cause: error })
  }
}

function wrong (why: string): VaultError {
  return new VaultError(`keyId is not a URI of a key in a hardware module: ${why}. Source: RFC 7512`, false)
}

function mapped<T, R> (value: T | undefined, change: (value: T) => R): R | undefined {
  return value === undefined ? undefined : change(value)
}
