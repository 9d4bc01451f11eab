/** What bytes look like that should have been the first frame of a peer, for the log of an operator who has to guess what dialled here. */
import { decodeToonFrame } from './frame.js'

/** So many bytes are shown: the head of a frame, in which no secret can be. */
const SHOWN_BYTES = 5

/** In words: the kind of message and its size, never its contents. */
export function inWords (bytes: Buffer, isBinary: boolean): string {
  if (!isBinary) return `a text message of ${bytes.length} bytes, and BTP is binary`
  if (bytes[0] === '{'.charCodeAt(0)) return `JSON of ${bytes.length} bytes`
  if (isToonFrame(bytes)) return 'a frame of the toon dialect, but not an auth message'
  return `${bytes.length} bytes that begin with ${bytes.toString('hex', 0, SHOWN_BYTES)}`
}

function isToonFrame (bytes: Buffer): boolean {
  try {
    decodeToonFrame(bytes)
    return true
  } catch {
    return false
  }
}
