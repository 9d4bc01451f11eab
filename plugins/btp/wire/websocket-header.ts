/**
 * The header of a WebSocket message as a server sends it: binary, unmasked, unfragmented (RFC 6455 section 5.2). It is written into the
 * same Buffer as the BTP frame; `ws.send` would need another Buffer and another write, which is nearly half of the cost of sending.
 */

const FINAL_BINARY = 0x82
const U16_FOLLOWS = 126
const U64_FOLLOWS = 127

/** The size of the header of a message of `size` bytes. */
export function headerBytes (size: number): number {
  if (size < U16_FOLLOWS) return 2
  return size < 0x1_0000 ? 4 : 10
}

/** Writes the header of a message of `size` bytes into `bytes`, at `start`. */
export function writeHeader (bytes: Buffer, start: number, size: number): void {
  bytes[start] = FINAL_BINARY
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
