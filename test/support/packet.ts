/** Packets for the tests of src/packet: valid ones of every shape, what a hostile or broken peer makes of them, and the oracle's view. */
import fc from 'fast-check'
import * as oracle from 'ilp-packet'
import type { PrepareFields } from '../../src/packet/prepare.js'
import type { RejectFields } from '../../src/packet/reply.js'

/** How many inputs each fuzzing test tries; FUZZ_RUNS raises it. */
export const FUZZ_RUNS = Number(process.env.FUZZ_RUNS ?? 3000)

const SCHEMES = ['g', 'private', 'example', 'peer', 'self', 'test', 'test1', 'test2', 'test3', 'local']
const SEGMENT_CHARACTERS = 'abcxyzABCXYZ0189_~-'.split('')
const FIRST_YEAR = Date.UTC(1970, 0, 1, 0, 0, 0, 1) // ilp-packet takes the epoch itself for an invalid date
const LAST_YEAR = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const MINUTE = 60_000

const segment = fc.string({ unit: fc.constantFrom(...SEGMENT_CHARACTERS), minLength: 1, maxLength: 40 })

export const address = fc.tuple(fc.constantFrom(...SCHEMES), fc.array(segment, { minLength: 1, maxLength: 24 }))
  .map(([scheme, segments]) => [scheme, ...segments].join('.'))

export const amount = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.constantFrom(0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n))

/** ms since the epoch; often just before, at, or after a full minute. */
export const time = fc.oneof(
  fc.integer({ min: FIRST_YEAR, max: LAST_YEAR }),
  fc.tuple(fc.integer({ min: 1, max: Math.floor(LAST_YEAR / MINUTE) }), fc.integer({ min: -2, max: 2 }))
    .map(([minute, ms]) => minute * MINUTE + ms)
)

export const bytes = (length: number): fc.Arbitrary<Buffer> => fc.uint8Array({ minLength: length, maxLength: length }).map(from)

/** Mostly short; also every length at which a length prefix grows. */
export const data = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 200 }).map(from) },
  { weight: 1, arbitrary: fc.constantFrom(127, 128, 255, 256, 32_767, 32_768).map(length => Buffer.alloc(length, 0x5a)) }
)

export const prepareFields: fc.Arbitrary<PrepareFields> =
  fc.record({ amount, expiresAt: time, executionCondition: bytes(32), destination: address, data })

export const rejectFields: fc.Arbitrary<RejectFields> = fc.record({
  code: fc.tuple(fc.constantFrom('F', 'T', 'R'), fc.nat(99)).map(([letter, number]) => letter + String(number).padStart(2, '0')),
  triggeredBy: fc.oneof(address, fc.constant('')),
  message: fc.string({ unit: 'grapheme', maxLength: 60 }),
  data
})

export function byOracle ({ amount, expiresAt, ...rest }: PrepareFields): Buffer {
  return oracle.serializeIlpPrepare({ ...rest, amount: String(amount), expiresAt: new Date(expiresAt) })
}

/** What can happen to bytes on their way: changed, put in, lost, cut off. */
const change = fc.record({
  kind: fc.constantFrom('set', 'insert', 'remove', 'cut', 'append'),
  /** Most offsets fall on the first 80 bytes, where everything but data stands. */
  at: fc.oneof({ weight: 4, arbitrary: fc.nat(80) }, { weight: 1, arbitrary: fc.nat(33_000) }),
  with: fc.oneof(
    fc.constantFrom(0, 12, 13, 14, 127, 128, 129, 255).map(byte => [byte]),
    fc.array(fc.nat(255), { minLength: 1, maxLength: 6 })
  )
})

export function damaged (packet: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc.tuple(packet, fc.array(change, { minLength: 1, maxLength: 4 })).map(([original, changes]) =>
    shownShort(changes.reduce((current, { kind, at, with: between }) => {
      const place = Math.min(at, current.length)
      const [before, behind] = [current.subarray(0, place), current.subarray(place)]
      switch (kind) {
      case 'append': return Buffer.concat([current, Buffer.from(between)])
      case 'insert': return Buffer.concat([before, Buffer.from(between), behind])
      case 'set': return Buffer.concat([before, Buffer.from(between), behind.subarray(between.length)])
      case 'remove': return Buffer.concat([before, behind.subarray(between.length)])
      case 'cut': return before
      }
    }, original)))
}

/** A length as peers may write it: in its shortest form, or with more bytes than needed. */
const lengthPrefix = (length: number): fc.Arbitrary<Buffer> => fc.integer({ min: 0, max: 7 }).map(count => {
  const shortest = prefixOf(length)
  if (count < shortest.length) return shortest
  const long = Buffer.alloc(1 + count)
  long[0] = 0x80 | count
  long.writeUIntBE(length, 1 + Math.max(0, count - 6), Math.min(6, count))
  return long
})

function prefixOf (length: number): Buffer {
  if (length < 128) return Buffer.from([length])
  const digits = Buffer.from(length.toString(16).padStart(2 * Math.ceil(length.toString(16).length / 2), '0'), 'hex')
  return Buffer.concat([Buffer.from([0x80 | digits.length]), digits])
}

export function octets (content: Buffer): Buffer {
  return Buffer.concat([prefixOf(content.length), content])
}

/** Parts joined to a packet of that type. A Buffer is taken as it is, `{ octets }` gets a length prefix in a form of chance. */
export function assembled (type: number, parts: ReadonlyArray<Buffer | { octets: Buffer }>): fc.Arbitrary<Buffer> {
  const content = fc.tuple(...parts.map(part => Buffer.isBuffer(part)
    ? fc.constant(part)
    : lengthPrefix(part.octets.length).map(prefix => Buffer.concat([prefix, part.octets]))))
  return content.map(list => Buffer.concat(list)).chain(joined => lengthPrefix(joined.length).map(prefix =>
    shownShort(Buffer.concat([Buffer.from([type]), prefix, joined]))))
}

/** A counterexample of 70,000 bytes tells nobody more than its beginning. */
function shownShort (packet: Buffer): Buffer {
  const text = `Buffer.from('${packet.toString('hex', 0, 200)}', 'hex'), ${packet.length} bytes in all`
  return Object.defineProperty(Buffer.from(packet), fc.toStringMethod, { value: () => text })
}

function from (array: Uint8Array): Buffer {
  return Buffer.from(array)
}
