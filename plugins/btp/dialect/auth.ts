/**
 * The first frame of a client of the dialect: one entry `auth`, a JSON object with who it is and its secret. RFC 0023 has three entries,
 * and flags of settlement plugins beside them, for which the dialect has no place.
 */
import { ContentType } from '../../../src/contracts/transport.js'
import { authEntries, credentialsOf } from '../auth.js'
import { FrameError, FrameType } from '../wire/frame.js'
import type { Frame } from '../wire/frame.js'
import { decodeToonFrame, encodeToonFrame } from './frame.js'

/**
 * Where the first frame of RFC 0023 has the length of its contents, and then a count of one byte: one entry, whose name has four bytes, and
 * no content type. Contents of one byte cannot be a frame, so no frame of RFC 0023 begins like this.
 */
const HEAD = Buffer.from([1, 4, ...Buffer.from('auth')])
const HEAD_AT = 5

/** Whether a client begins with these bytes that speaks the dialect. */
export function isToonAuth (bytes: Buffer): boolean {
  return bytes[0] === FrameType.MESSAGE && bytes.subarray(HEAD_AT, HEAD_AT + HEAD.length).equals(HEAD)
}

/**
 * What the client says, as the first frame of RFC 0023.
 * @throws FrameError whose message never repeats what was found: it may be a secret
 */
export function fromToonAuth (bytes: Buffer): Frame {
  const { requestId, protocolData: [entry] } = decodeToonFrame(bytes)
  const { peerId, secret } = parse(entry?.data.toString() ?? '')
  if (typeof peerId !== 'string') throw new FrameError('Invalid auth data: missing peerId')
  if (typeof secret !== 'string') throw new FrameError('Invalid auth data: secret field missing')
  return { type: FrameType.MESSAGE, requestId, protocolData: authEntries(peerId, secret, []) }
}

/** The first frame of a client, in the dialect. */
export function toToonAuth (frame: Frame): Buffer {
  const { username, token } = credentialsOf(frame)
  const data = Buffer.from(JSON.stringify({ peerId: username, secret: token.toString() }))
  return encodeToonFrame({ ...frame, protocolData: [{ protocolName: 'auth', contentType: ContentType.OCTET_STREAM, data }] })
}

function parse (text: string): { peerId?: unknown, secret?: unknown } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Not JSON: said below, without the text.
  }
  if (typeof value !== 'object' || value === null) throw new FrameError('Invalid authentication message format')
  return value
}
