/**
 * The headers of WebSocket messages (RFC 6455 section 5.2). Writes the header of a server's message: binary, unmasked, unfragmented. Reads
 * headers as far as needed to find such messages of a peer.
 *
 *     final 1 bit, reserved 3, opcode 4 | masked 1 bit, length 7: up to 125, else 126 and u16 or 127 and u64 | the mask, 4 bytes
 *
 * A header is written into the same Buffer as the BTP frame; `ws.send` would need another Buffer and another write, which is nearly half of
 * the cost of sending.
 */

const FINAL = 0x80
const BINARY = 2
const OPCODES = 0x0f
const FIRST_CONTROL_OPCODE = 8
const CLOSE = 8
const MASKED = 0x80
const U16_FOLLOWS = 126
const U64_FOLLOWS = 127
/** First byte and short length: what is always there. */
const SHORTEST_BYTES = 2
export const MASK_BYTES = 4

/** The size of the header of a message of `size` bytes that is not masked. */
export function headerBytes (size: number): number {
  if (size < U16_FOLLOWS) return SHORTEST_BYTES
  return size < 0x1_0000 ? SHORTEST_BYTES + 2 : SHORTEST_BYTES + 8
}

/** Writes the header of a binary message of `size` bytes into `bytes`, at `start`. */
export function writeHeader (bytes: Buffer, start: number, size: number): void {
  bytes[start] = FINAL | BINARY
  if (size < U16_FOLLOWS) {
    bytes[start + 1] = size
  } else if (size < 0x1_0000) {
    bytes[start + 1] = U16_FOLLOWS
    bytes.writeUInt16BE(size, start + 2)
  } else {
    bytes[start + 1] = U64_FOLLOWS
    bytes.writeBigUInt64BE(BigInt(size), start + 2)
  }
}

/** Where the length of the frame at `at` ends, and its mask or payload begins. That may be behind the end of `bytes`. */
export function lengthEndAt (bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] ?? 0) & ~MASKED
  return at + (length < U16_FOLLOWS ? SHORTEST_BYTES : length === U16_FOLLOWS ? SHORTEST_BYTES + 2 : SHORTEST_BYTES + 8)
}

/** The size of the payload of the frame at `at`, whose length is there. */
export function payloadBytesAt (bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] ?? 0) & ~MASKED
  if (length < U16_FOLLOWS) return length
  return length < U64_FOLLOWS ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6)
}

export function isMaskedAt (bytes: Buffer, at: number): boolean {
  return ((bytes[at + 1] ?? 0) & MASKED) !== 0
}

/** By the first byte of a frame: a whole binary message. */
export function isWholeBinary (first: number): boolean {
  return first === (FINAL | BINARY)
}

/** By the first byte of a frame: the last piece of a message, or all of it. */
export function isFinal (first: number): boolean {
  return (first & FINAL) !== 0
}

/** By the first byte of a frame: not a message. Such frames may come between the pieces of one. */
export function isControl (first: number): boolean {
  return (first & OPCODES) >= FIRST_CONTROL_OPCODE
}

/** By the first byte of a frame: nothing comes after it. */
export function isClose (first: number): boolean {
  return (first & OPCODES) === CLOSE
}
