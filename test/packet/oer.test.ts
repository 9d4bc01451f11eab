/** Length prefixes of OER (RFC 0030): what is written is read again, and only the shortest form of it. */
import { expect } from 'chai'
import fc from 'fast-check'
import { OctetReader, lengthSize, writeLength, writeOctets } from '../../src/packet/oer.js'

const readerOf = (bytes: number[] | Buffer): OctetReader => new OctetReader(Buffer.from(bytes), 0, bytes.length)
const faultOf = (read: () => unknown): unknown => {
  try {
    return read()
  } catch (error) {
    return error
  }
}

describe('octets', () => {
  it('are read as they were written', () => fc.assert(fc.property(fc.uint8Array({ maxLength: 70_000 }), octets => {
    const buffer = Buffer.alloc(octets.length + lengthSize(octets.length))
    expect(writeOctets(buffer, Buffer.from(octets), 0)).to.equal(buffer.length)
    const reader = readerOf(buffer)
    expect(reader.octets().equals(octets)).to.equal(true)
    expect(reader.position).to.equal(buffer.length)
  }), { numRuns: 30 }))

  const prefixes: Array<[length: number, bytes: number[]]> = [
    [0, [0]], [127, [127]], [128, [0x81, 128]], [255, [0x81, 255]],
    [256, [0x82, 1, 0]], [65_535, [0x82, 255, 255]], [65_536, [0x83, 1, 0, 0]],
    [16_777_216, [0x84, 1, 0, 0, 0]]
  ]
  for (const [length, bytes] of prefixes) {
    it(`of ${length} bytes begin with ${Buffer.from(bytes).toString('hex')}`, () => {
      const buffer = Buffer.alloc(bytes.length)
      expect(writeLength(buffer, length, 0)).to.equal(bytes.length).and.to.equal(lengthSize(length))
      expect([...buffer]).to.deep.equal(bytes)
    })
  }

  const faults: Array<[why: string, bytes: number[], message: RegExp]> = [
    ['nothing at all', [], /truncated/],
    ['fewer than announced', [3, 1, 2], /needed=3 available=2/],
    ['no length of the length', [0x80, 1], /unusable length prefix/],
    ['a length of five bytes', [0x85, 0, 0, 0, 0, 1], /unusable length prefix/],
    ['a long form of a short length', [0x81, 127, ...Buffer.alloc(127)], /not in its shortest form. length=127/],
    ['a leading zero', [0x82, 0, 255, ...Buffer.alloc(255)], /not in its shortest form. length=255/],
    ['a cut length', [0x82, 1], /truncated/]
  ]
  for (const [why, bytes, message] of faults) {
    it(`are refused with F01: ${why}`, () => {
      expect(faultOf(() => readerOf(bytes).octets())).to.be.an.instanceof(Error).with.property('ilpErrorCode', 'F01')
      expect(() => readerOf(bytes).octets()).to.throw(message)
    })
  }

  it('inside others end where those end', () => {
    const reader = readerOf([2, 1, 9, 9, 9])
    expect(reader.enter()).to.equal(3)
    expect([...reader.octets()]).to.deep.equal([9])
    expect(() => reader.byte()).to.throw('truncated')
  })
})
