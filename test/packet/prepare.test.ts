/** The view on a Prepare says what ilp-packet says, is made once, and is forwarded as ilp-packet would write it again. */
import { expect } from 'chai'
import fc from 'fast-check'
import * as oracle from 'ilp-packet'
import { InvalidPacketError } from '../../src/packet/errors.js'
import { DATA_LENGTH_MAX, MAX_UINT64, amountIn, encodePrepare, fieldsOf, isPrepare, prepareOf } from '../../src/packet/prepare.js'
import { address, amount, byOracle, data, octets, prepareFields, time } from '../support/packet.js'

const BEFORE_YEAR_0 = -62_167_219_200_001
const example = {
  amount: 107n,
  expiresAt: Date.UTC(2030, 11, 31, 23, 59, 59, 999),
  executionCondition: Buffer.alloc(32, 7),
  destination: 'test.bob.account~1',
  data: Buffer.from('hello')
}

/** The packet with `inside` behind its fields within the envelope, and `behind` after it. */
function withTrailing (packet: Buffer, inside: Buffer, behind: Buffer): Buffer {
  const { type, contents } = oracle.deserializeEnvelope(packet)
  return Buffer.concat([Buffer.from([type]), octets(Buffer.concat([contents, inside])), behind])
}

describe('Prepare packets', () => {
  it('are written as ilp-packet writes them', () => {
    fc.assert(fc.property(prepareFields, fields => {
      expect(encodePrepare(fields).equals(byOracle(fields))).to.equal(true)
    }))
  })

  it('are read as ilp-packet reads them', () => {
    fc.assert(fc.property(prepareFields, fields => {
      expect(fieldsOf(prepareOf(byOracle(fields)))).to.deep.equal(fields)
    }))
  })

  it('are read as they are when bytes trail inside or behind the envelope', () => {
    fc.assert(fc.property(prepareFields, data, data, (fields, inside, behind) => {
      const packet = withTrailing(byOracle(fields), inside, behind)
      expect(oracle.deserializeIlpPrepare(packet).destination).to.equal(fields.destination)
      expect(fieldsOf(prepareOf(packet))).to.deep.equal(fields)
    }))
  })

  it('are read at any offset of a larger memory', () => {
    fc.assert(fc.property(prepareFields, fc.integer({ min: 0, max: 64 }), (fields, offset) => {
      const packet = byOracle(fields)
      const memory = Buffer.concat([Buffer.alloc(offset, 0x31), packet, Buffer.alloc(64, 0x31)])
      const within = memory.subarray(offset, offset + packet.length)
      expect(fieldsOf(prepareOf(within))).to.deep.equal(fields)
      const next = { amount: fields.amount, expiresAt: fields.expiresAt }
      expect(prepareOf(within).forwarded(next).equals(packet)).to.equal(true)
    }))
  })

  it('are forwarded as ilp-packet would write them with another amount and expiry', () => {
    fc.assert(fc.property(prepareFields, data, data, fc.boolean(), amount, time, (fields, inside, behind, trails, newAmount, newExpiry) => {
      const packet = trails ? withTrailing(byOracle(fields), inside, behind) : Buffer.concat([byOracle(fields), behind])
      const before = Buffer.from(packet)
      const forwarded = prepareOf(packet).forwarded({ amount: newAmount, expiresAt: newExpiry })
      expect(forwarded.equals(byOracle({ ...fields, amount: newAmount, expiresAt: newExpiry }))).to.equal(true)
      expect(packet.equals(before), 'the packet that came in is not changed').to.equal(true)
    }))
  })

  it('share condition, destination and data, and nothing else, in `invariant`', () => {
    fc.assert(fc.property(prepareFields, amount, time, data, (fields, otherAmount, otherExpiry, trailing) => {
      const { invariant } = prepareOf(byOracle(fields))
      const { executionCondition, destination } = fields
      expect(invariant).to.deep.equal(Buffer.concat([executionCondition, octets(Buffer.from(destination)), octets(fields.data)]))
      const later = withTrailing(byOracle({ ...fields, amount: otherAmount, expiresAt: otherExpiry }), trailing, trailing)
      expect(prepareOf(later).invariant.equals(invariant)).to.equal(true)
    }))
  })

  it('have one view however often they are asked for', () => {
    const packet = byOracle(example)
    expect(prepareOf(packet)).to.equal(prepareOf(packet))
    expect(prepareOf(Buffer.from(packet))).to.not.equal(prepareOf(packet))
  })

  it('are told from other packets by their first byte', () => {
    for (let type = 0; type < 256; type++) expect(isPrepare(Buffer.from([type])), String(type)).to.equal(type === 12)
    expect(isPrepare(Buffer.alloc(0))).to.equal(false)
  })

  for (const [what, packet, message] of [
    ['nothing at all', Buffer.alloc(0), 'truncated'],
    ['a lone type', Buffer.from([12]), 'truncated'],
    ['a Fulfill', oracle.serializeIlpFulfill({ fulfillment: Buffer.alloc(32), data: Buffer.alloc(0) }), 'not a prepare. type=13'],
    ['an empty envelope', Buffer.from([12, 0]), 'truncated'],
    ['a length of no bytes', Buffer.from([12, 0x80]), 'lengthBytes=0'],
    ['a length of 127 bytes', Buffer.from([12, 0xff]), 'lengthBytes=127'],
    ['a length beyond the packet', Buffer.from([12, 0x84, 0xff, 0xff, 0xff, 0xff]), 'needed=4294967295'],
    ['a length that is not in its shortest form', Buffer.concat([Buffer.from([12, 0x81, 5]), Buffer.alloc(5)]), 'shortest form'],
    ['no destination', Buffer.concat([Buffer.from([12]), octets(
      Buffer.concat([byOracle(example).subarray(2, 2 + 57), octets(Buffer.alloc(0)), octets(Buffer.alloc(0))]))]), 'missing destination'],
    ['data of one byte too many', encodePrepare({ ...example, data: Buffer.alloc(DATA_LENGTH_MAX + 1) }), 'maximum=32768']
  ] as const) {
    it(`are refused with F01 when there is ${what}`, () => {
      const read = (): unknown => prepareOf(packet)
      expect(read).to.throw(InvalidPacketError, message).with.property('ilpErrorCode', 'F01')
      expect(() => prepareOf(packet).forwarded({ amount: 1n, expiresAt: example.expiresAt })).to.throw(InvalidPacketError)
      expect(read, 'a refusal is not remembered as a view').to.throw(InvalidPacketError)
    })
  }

  it('take data of the greatest length', () => {
    expect(prepareOf(encodePrepare({ ...example, data: Buffer.alloc(DATA_LENGTH_MAX) })).data).to.have.lengthOf(DATA_LENGTH_MAX)
  })

  it('are not written with an amount, time or condition that does not fit', () => {
    const amounts = [-1n, MAX_UINT64 + 1n].map(amount => ({ amount }))
    const times = [NaN, Infinity, Date.UTC(10_000, 0), BEFORE_YEAR_0].map(expiresAt => ({ expiresAt }))
    const conditions = [0, 31, 33].map(length => ({ executionCondition: Buffer.alloc(length) }))
    for (const unfit of [...amounts, ...times, ...conditions]) {
      expect(() => encodePrepare({ ...example, ...unfit }), Object.entries(unfit).join()).to.throw(RangeError)
    }
    for (const unfit of [...amounts, ...times]) {
      expect(() => prepareOf(byOracle(example)).forwarded({ amount: 1n, expiresAt: example.expiresAt, ...unfit })).to.throw(RangeError)
    }
  })

  it('carry nothing when they cannot be read', () => {
    const packet = encodePrepare(example)
    expect(amountIn(packet)).to.equal(107n)
    const unreadable = [Buffer.alloc(0), packet.subarray(0, 40), Buffer.concat([Buffer.from([13]), packet.subarray(1)])]
    for (const other of unreadable) expect(amountIn(other)).to.equal(0n)
  })

  it('keep to addresses of RFC 0015', () => {
    fc.assert(fc.property(fc.oneof(address, fc.string({ unit: fc.constantFrom(...'gtest.a~_-/ \u00e9'.split('')), maxLength: 12 })), destination => {
      const read = (): unknown => prepareOf(encodePrepare({ ...example, destination }))
      if (oracle.isValidIlpAddress(destination)) expect(read).to.not.throw()
      else expect(read).to.throw(InvalidPacketError)
    }))
    const longest = `test.${'a'.repeat(1018)}`
    expect(prepareOf(encodePrepare({ ...example, destination: longest })).destination).to.equal(longest)
    expect(() => prepareOf(encodePrepare({ ...example, destination: `${longest}a` }))).to.throw(InvalidPacketError)
  })
})
