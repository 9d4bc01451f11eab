/**
 * What claims have in common on every chain, as deployed nodes exchange them: JSON, version 1.0, that says which blockchain the claim is
 * for, and who sent it when. Each chain's codec reads its own fields of the same object. A claim for another blockchain is refused by the
 * name of that, before anything else of it is looked at.
 */
import { isObject } from '../../../src/lib/is-object.js'
import { ClaimError } from './types.js'

/** As it was read: each field still has to be checked. */
export type ClaimFields = Record<string, unknown>

const VERSION = '1.0'
/** Version 1.0 knows no others. */
const BLOCKCHAINS = ['evm', 'xrp', 'aptos', 'solana', 'mina']
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/
/** 78 digits are enough for 256 bits. */
const DECIMAL = /^\d{1,78}$/
/** What an honest claim takes is below 1 KiB. */
const MAX_BYTES = 8192
/** Of a channel's id, in the id of a message. */
const ID_LENGTH = 8
const SHOWN_LENGTH = 32

/** The text of a claim: the envelope, and `fields`, which are the chain's own. `channel` and `nonce` name the message. */
export function sealClaim (
  { blockchain, channel, nonce, senderId }: { blockchain: string, channel: string, nonce: bigint, senderId: string }, fields: ClaimFields
): string {
  const now = Date.now()
  const messageId = `${blockchain}-${channel.slice(0, ID_LENGTH)}-${nonce}-${now}`
  return JSON.stringify({ version: VERSION, blockchain, messageId, timestamp: new Date(now).toISOString(), senderId, ...fields })
}

/**
 * Reads a claim for `blockchain`: its envelope is right, and its own fields are still to be checked. `text` is all of it.
 * @throws ClaimError that says what is wrong, or for which blockchain it is
 */
export function openClaim (data: Buffer, blockchain: string): { claim: ClaimFields, text: string } {
  const text = data.length > MAX_BYTES ? '' : data.toString()
  const claim = objectIn(text)
  const { version, blockchain: found, messageId, timestamp, senderId } = claim
  if (version !== VERSION) throw invalid(`Invalid version (expected '${VERSION}', got '${shown(version)}')`)
  if (found === undefined) throw invalid('Missing blockchain field')
  if (found !== blockchain) {
    if (typeof found !== 'string' || !BLOCKCHAINS.includes(found)) throw invalid(`Unsupported blockchain type: ${shown(found)}`)
    throw new ClaimError(`Unknown channel: claim is for another chain. blockchain=${found} expected=${blockchain}`)
  }
  if (typeof messageId !== 'string' || messageId === '') throw invalid('Missing or invalid messageId (expected non-empty string)')
  if (typeof timestamp !== 'string') throw invalid('Missing or invalid timestamp (expected ISO 8601)')
  if (!TIMESTAMP.test(timestamp)) throw invalid('Invalid timestamp format (expected ISO 8601)')
  if (typeof senderId !== 'string' || senderId === '') throw invalid('Missing or invalid senderId (expected non-empty string)')
  return { claim, text }
}

/** @throws ClaimError unless the field is a text for which `isGood` holds; `expected` says of what form */
export function textIn (claim: ClaimFields, name: string, isGood: (text: string) => boolean, expected: string): string {
  const value = claim[name]
  if (typeof value !== 'string') throw invalid(`Missing or invalid ${name} (expected ${expected})`)
  if (!isGood(value)) throw invalid(`Invalid ${name} format (expected ${expected})`)
  return value
}

/** @throws ClaimError unless the field is a decimal text of a number that takes at most so many bits */
export function wholeIn (claim: ClaimFields, name: string, bits: number): bigint {
  const value = BigInt(textIn(claim, name, text => DECIMAL.test(text), 'non-negative integer string'))
  if (value >> BigInt(bits) !== 0n) throw invalid(`Invalid ${name} format (expected at most ${bits} bits)`)
  return value
}

/** A number in JSON. @throws ClaimError unless it is a whole one that JSON says exactly */
export function nonceIn ({ nonce }: ClaimFields): bigint {
  if (typeof nonce !== 'number' || !Number.isSafeInteger(nonce) || nonce < 0) throw invalid('Missing or invalid nonce (expected non-negative integer)')
  return BigInt(nonce)
}

export function invalid (why: string): ClaimError {
  return new ClaimError(`Invalid claim structure: ${why}`)
}

/** Something of the peer's in a message to the peer; never much of it. */
export function shown (value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, SHOWN_LENGTH) : typeof value
}

function objectIn (text: string): ClaimFields {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid('Claim message must be an object')
  }
  if (!isObject(value)) throw invalid('Claim message must be an object')
  return value
}
