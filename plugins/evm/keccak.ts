/** The hash that addresses of EVM chains are made with. Here and not in the SDK, because a node reads its configuration without one. */

const LANES = 25
const RATE_BYTES = 136
const ROUNDS = 24
const MASK = 2n ** 64n - 1n
/** Where lane i goes, and by how much it is turned on the way. Source: FIPS 202, 3.2.2 and 3.2.3. */
const MOVES = moves()
const ROUND_CONSTANTS = roundConstants()

/** Keccak as it was before SHA-3 padded it otherwise. Source: the Keccak reference, and FIPS 202 for the permutation. */
export function keccak256 (message: Uint8Array): Buffer {
  const padded = Buffer.alloc((Math.floor(message.length / RATE_BYTES) + 1) * RATE_BYTES)
  padded.set(message)
  padded.writeUInt8(0x01, message.length)
  padded.writeUInt8(padded.readUInt8(padded.length - 1) | 0x80, padded.length - 1)
  let lanes: bigint[] = Array<bigint>(LANES).fill(0n)
  for (let block = 0; block < padded.length; block += RATE_BYTES) {
    lanes = permuted(lanes.map((lane, index) => index * 8 < RATE_BYTES ? lane ^ padded.readBigUInt64LE(block + index * 8) : lane))
  }
  const hash = Buffer.alloc(32)
  for (const [index, lane] of lanes.slice(0, 4).entries()) hash.writeBigUInt64LE(lane, index * 8)
  return hash
}

function permuted (given: readonly bigint[]): bigint[] {
  let lanes = [...given]
  const at = (x: number, y: number): bigint => lanes[x % 5 + 5 * (y % 5)] ?? 0n
  for (const constant of ROUND_CONSTANTS) {
    const columns = [0, 1, 2, 3, 4].map(x => at(x, 0) ^ at(x, 1) ^ at(x, 2) ^ at(x, 3) ^ at(x, 4))
    const column = (x: number): bigint => columns[x % 5] ?? 0n
    lanes = lanes.map((lane, index) => lane ^ column(index + 4) ^ turned(column(index % 5 + 1), 1))
    const moved = Array<bigint>(LANES).fill(0n)
    for (const [index, { to, by }] of MOVES.entries()) moved[to] = turned(lanes[index] ?? 0n, by)
    lanes = moved
    lanes = lanes.map((lane, index) => {
      const [x, y] = [index % 5, Math.floor(index / 5)]
      return lane ^ (~at(x + 1, y) & MASK & at(x + 2, y))
    })
    lanes[0] = at(0, 0) ^ constant
  }
  return lanes
}

function turned (lane: bigint, by: number): bigint {
  const bits = BigInt(by)
  return ((lane << bits) | (lane >> (64n - bits))) & MASK
}

function moves (): Array<{ to: number, by: number }> {
  const all = Array.from({ length: LANES }, (_, index) => {
    const [x, y] = [index % 5, Math.floor(index / 5)]
    return { to: y + 5 * ((2 * x + 3 * y) % 5), by: 0 }
  })
  let [x, y] = [1, 0]
  for (let t = 0; t < 24; t++) {
    const move = all[x + 5 * y]
    if (move !== undefined) move.by = (t + 1) * (t + 2) / 2 % 64
    ;[x, y] = [y, (2 * x + 3 * y) % 5]
  }
  return all
}

/** From a shift register of eight bits. Source: FIPS 202, 3.2.5. */
function roundConstants (): bigint[] {
  let register = 1
  return Array.from({ length: ROUNDS }, () => {
    let constant = 0n
    for (let j = 0; j <= 6; j++) {
      if ((register & 1) === 1) constant |= 1n << BigInt(2 ** j - 1)
      register = (register << 1) ^ ((register & 0x80) === 0 ? 0 : 0x171)
    }
    return constant
  })
}
