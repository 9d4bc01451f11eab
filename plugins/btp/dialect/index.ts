/**
 * The second dialect of BTP, which agent connectors speak (`@toon-protocol/connector` and its relatives), translated at the edge of the
 * plugin: all behind it sees frames of RFC 0023. Which dialect a connection has is told by its first frame.
 */
import { decodeFrame, encodeFrame } from '../wire/frame.js'
import type { Codec } from '../wire/fast-reader.js'
import { decodeToonFrame, encodeToonFrame, hasToonPacket } from './frame.js'

export { fromToonAuth, isToonAuth, toToonAuth } from './auth.js'
export { isComplaint } from './frame.js'
export { inWords } from './in-words.js'

/** For a connection that speaks the dialect. Both directions throw a FrameError for what they cannot translate. */
export const TOON: Codec = {
  beginsWithPacket: hasToonPacket,
  read: bytes => encodeFrame(decodeToonFrame(bytes)),
  write: bytes => encodeToonFrame(decodeFrame(bytes))
}
