/** Packets of the dialect, checked against bytes that such a connector was seen to write. */
import { expect } from 'chai'
import fc from 'fast-check'
import * as IlpPacket from 'ilp-packet'
import { toRfcPacket, toToonPacket } from '../../../../plugins/btp/dialect/packet.js'
import { toonFulfill, toonPrepare, toonReject } from '../../../support/toon-peer.js'

const numRuns = Number(process.env.FUZZ_RUNS ?? 1000)

const FULFILLMENT = Buffer.from('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824', 'hex')
const CONDITION = Buffer.from('9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50', 'hex')
const SEEN = {
  prepare: `0c8203e832303236303130323033303430352e3637385a${CONDITION.toString('hex')}13672e636f6e6e6563746f722d632e616c6963650568656c6c6f`,
  fulfill: `0d${FULFILLMENT.toString('hex')}00`,
  reject: '0e4630320d672e636f6e6e6563746f722d62084e6f20726f75746500'
}
const hex = (text: string): Buffer => Buffer.from(text, 'hex')

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes))
const data = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(new Uint8Array(32_768))).map(bytes => Buffer.from(bytes))
const amount = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.nat(300).map(BigInt))
const time = fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
const address = fc.stringMatching(/^(g|test|example)(\.[a-zA-Z0-9_~-]{1,20}){1,6}$/)
/** Fields of any bytes, which no codec writes: both dialects carry them. */
const withLength = (bytes: Uint8Array): Buffer => {
  const { length } = bytes
  return Buffer.from([...(length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]), ...bytes])
}
const octets = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 1023, maxLength: 1023 })).map(withLength)
const exactly = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map(bytes => Buffer.from(bytes))
const oddContents = fc.oneof(
  fc.tuple(fc.constant(12), exactly(8), fc.stringMatching(/^\d{17}$/).map(digits => Buffer.from(digits)), hash, octets, octets),
  fc.tuple(fc.constant(13), hash, octets),
  fc.tuple(fc.constant(14), exactly(3), octets, octets, octets)
)
const oddPacket = oddContents.map(([type, ...fields]) => Buffer.concat([Buffer.from([type]), withLength(Buffer.concat(fields))]))
const rfcPacket = fc.oneof(
  oddPacket,
  fc.record({ amount: amount.map(String), expiresAt: time, executionCondition: hash, destination: address, data })
    .map(fields => IlpPacket.serializeIlpPrepare(fields)),
  fc.record({ fulfillment: hash, data }).map(fields => IlpPacket.serializeIlpFulfill(fields)),
  fc.record({ code: fc.constantFrom('F00', 'T01', 'R02'), triggeredBy: fc.oneof(address, fc.constant('')), message: fc.string({ maxLength: 200 }), data })
    .map(fields => IlpPacket.serializeIlpReject(fields))
)
const toonPacket = fc.oneof(
  fc.record({
    amount, expiresAt: time.map(date => date.toISOString().replace(/[-:T]/g, '')), condition: hash, destination: fc.oneof(address, fc.constant('y')), data
  }).map(toonPrepare),
  fc.tuple(hash, data).map(([fulfillment, bytes]) => toonFulfill(fulfillment, bytes)),
  fc.tuple(fc.constantFrom('F00', 'T01'), fc.oneof(address, fc.constantFrom('', 'y', 'connector-b')), fc.string({ maxLength: 200 }))
    .map(([code, triggeredBy, message]) => toonReject(code, triggeredBy, message))
)

describe('an ILP packet of the toon dialect', () => {
  it('says the same as the packet of RFC 0027', () => {
    const prepare = IlpPacket.deserializeIlpPrepare(toRfcPacket(hex(SEEN.prepare)))
    expect(prepare).to.deep.include({ amount: '1000', destination: 'g.connector-c.alice' })
    expect(prepare.expiresAt.toISOString()).to.equal('2026-01-02T03:04:05.678Z')
    expect(prepare.executionCondition.equals(CONDITION)).to.equal(true)
    expect(String(prepare.data)).to.equal('hello')
    expect(IlpPacket.deserializeIlpFulfill(toRfcPacket(hex(SEEN.fulfill))).fulfillment.equals(FULFILLMENT)).to.equal(true)
    expect(IlpPacket.deserializeIlpReject(toRfcPacket(hex(SEEN.reject)))).to.deep.include({
      code: 'F02', triggeredBy: 'g.connector-b', message: 'No route'
    })
  })

  it('has the bytes that were seen', () => {
    for (const seen of Object.values(SEEN)) expect(toToonPacket(toRfcPacket(hex(seen))).toString('hex')).to.equal(seen)
  })

  for (const [value, bytes] of [
    [0n, '00'], [1n, '01'], [127n, '7f'], [128n, '8180'], [255n, '81ff'], [256n, '820100'], [65535n, '82ffff'], [65536n, '83010000'],
    [2n ** 64n - 1n, '88ffffffffffffffff']
  ] as const) {
    it(`writes an amount of ${value} as ${bytes}`, () => {
      const packet = IlpPacket.serializeIlpPrepare({
        amount: String(value), expiresAt: new Date(), executionCondition: CONDITION, destination: 'g.x', data: Buffer.alloc(0)
      })
      expect(toToonPacket(packet).toString('hex', 1, 1 + bytes.length / 2)).to.equal(bytes)
    })
  }

  it('comes back as it was, whatever it says', () => {
    fc.assert(fc.property(rfcPacket, packet => {
      const toon = toToonPacket(packet)
      expect(toon.equals(packet)).to.equal(false)
      expect(toRfcPacket(toon).toString('hex')).to.equal(packet.toString('hex'))
    }), { numRuns })
    fc.assert(fc.property(toonPacket, packet => {
      const rfc = toRfcPacket(packet)
      expect(rfc.equals(packet)).to.equal(false)
      expect(toToonPacket(rfc).toString('hex')).to.equal(packet.toString('hex'))
    }), { numRuns })
  })

  it('stays as it is when it is none', () => {
    const prepare = hex(SEEN.prepare)
    const broken = [
      Buffer.alloc(0), prepare.subarray(0, -1), Buffer.concat([prepare, Buffer.alloc(1)]), Buffer.from('0d00', 'hex'), Buffer.from('ff00', 'hex'),
      Buffer.concat([hex('0c89ffffffffffffffffff'), prepare.subarray(4)]), // an amount of nine bytes
      Buffer.concat([hex('0c820001'), prepare.subarray(4)]) // and one with a byte too many
    ]
    for (const bytes of broken) expect(toRfcPacket(bytes).toString('hex')).to.equal(bytes.toString('hex'))
    for (const bytes of [Buffer.alloc(0), hex('0c03000000'), hex('0d0100'), hex('0e00'), hex('0c'), hex('0c88')]) {
      expect(toToonPacket(bytes).toString('hex')).to.equal(bytes.toString('hex'))
    }
  })

  it('is translated or left alone, and never throws, whatever the bytes are', () => {
    const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 120 }).map(bytes => Buffer.from(bytes)), fc.tuple(
      fc.oneof(rfcPacket, toonPacket), fc.nat(120), fc.nat(255)
    ).map(([packet, at, to]) => {
      const bytes = Buffer.from(packet)
      bytes[at % bytes.length] = to
      return bytes
    }))
    fc.assert(fc.property(anyBytes, bytes => {
      const toon = toToonPacket(bytes)
      if (!toon.equals(bytes)) expect(toRfcPacket(toon).equals(bytes)).to.equal(true)
      const rfc = toRfcPacket(bytes)
      if (!rfc.equals(bytes)) expect(toToonPacket(rfc).equals(bytes)).to.equal(true)
    }), { numRuns })
  })
})
