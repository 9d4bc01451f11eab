/**
 * The lines of an audit log: JSON, each with the hash of the one before, so that none can be changed, left out or put in unnoticed.
 * Somebody who rewrites the whole file can make new hashes: with a key (HMAC, RFC 2104) they need the key for it, and without one the last
 * hash, noted anywhere else, gives them away.
 */
import { createHash, createHmac } from 'node:crypto'
import type { AuditEntry } from '../contracts/audit.js'
import { isObject } from './is-object.js'

/** Before the first line. */
export const NO_HASH = '0'.repeat(64)
const HASH_AT = ',"hash":"'
const END = '"}'
const TEXT_LENGTH_MAX = 500

export interface Link {
  /** From 1 on. */
  seq: number
  hash: string
}

/** The next line, without its line break, and where the chain is then. */
export function nextLine (
  entry: AuditEntry & { at: string }, { seq, hash: prev }: Link, key: string | undefined
): { line: string, link: Link } {
  const { at, action, subject, detail, by, outcome } = entry
  const content = JSON.stringify({
    seq: seq + 1, at, action: cut(action), subject: cut(subject), detail: cut(detail), by: { ...by, agent: cut(by.agent) },
    outcome: cut(outcome), keyed: key !== undefined, prev
  }).slice(0, -1)
  const hash = hashOf(content, key)
  return { line: content + HASH_AT + hash + END, link: { seq: seq + 1, hash } }
}

export interface ReadLine extends Link {
  prev: string
  /** ms since the epoch. */
  at: number
  keyed: boolean
}

/** What a line says of itself, believed or not. Undefined for anything else. */
export function readLine (line: string): ReadLine | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (!isObject(value)) return undefined
    const { seq, hash, prev, at, keyed } = value
    if (typeof seq !== 'number' || typeof hash !== 'string' || typeof prev !== 'string' || typeof at !== 'string') return undefined
    return { seq, hash, prev, at: Date.parse(at), keyed: keyed === true }
  } catch {
    return undefined
  }
}

/** What is wrong with a line that comes after `before` (undefined: it is the first one that is kept). Undefined: nothing. */
export function faultOf (line: string, before: Link | undefined, key: string | undefined): string | undefined {
  const read = readLine(line)
  if (read === undefined) return 'it is not an entry'
  if (before !== undefined && read.seq !== before.seq + 1) return `it is entry ${read.seq}, and entry ${before.seq + 1} belongs there`
  if (before !== undefined && read.prev !== before.hash) return `it does not follow entry ${before.seq}: one of the two is not what was written`
  if (read.keyed && key === undefined) return 'its hash was made with a key. Set AUDIT_LOG_KEY to that key'
  const at = line.lastIndexOf(HASH_AT)
  if (at < 0 || hashOf(line.slice(0, at), read.keyed ? key : undefined) !== read.hash || line.slice(at) !== HASH_AT + read.hash + END) {
    return 'it was changed after it was written, or the key is another one'
  }
  return key !== undefined && !read.keyed ? 'it was written without the key' : undefined
}

function hashOf (content: string, key: string | undefined): string {
  return (key === undefined ? createHash('sha256') : createHmac('sha256', key)).update(content).digest('hex')
}

function cut (text: string | undefined): string | undefined {
  return text === undefined || text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}...`
}
