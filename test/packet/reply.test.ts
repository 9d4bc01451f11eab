/** Fulfills and Rejects are written and read as ilp-packet does it. */
import { expect } from 'chai'
import fc from 'fast-check'
import * as oracle from 'ilp-packet'
import { InvalidPacketError } from '../../src/packet/errors.js'
import { encodeFulfill, encodeReject, fulfillmentOf, isFulfill, isReject, isRejectBy, rejectOf, shortReject, withUsableSignature } from '../../src/packet/reply.js'
import { bytes, data, rejectFields } from '../support/packet.js'

const reject = { code: 'T00', triggeredBy: 'test.alice', message: 'no', data: Buffer.alloc(0) }

describe('Fulfill packets', () => {
  it('are written and read as ilp-packet does it', () => {
    const anyData = fc.oneof(data, fc.constantFrom(65_535, 65_536).map(length => Buffer.alloc(length)))
    fc.assert(fc.property(bytes(32), anyData, data, (fulfillment, content, behind) => {
      const packet = encodeFulfill(fulfillment, content)
      expect(packet.equals(oracle.serializeIlpFulfill({ fulfillment, data: content }))).to.equal(true)
      expect(fulfillmentOf(Buffer.concat([packet, behind])).equals(fulfillment)).to.equal(true)
      expect(isFulfill(packet)).to.equal(true)
      expect(isReject(packet)).to.equal(false)
    }))
  })

  it('are not written with a fulfillment of another length', () => {
    for (const length of [0, 31, 33]) expect(() => encodeFulfill(Buffer.alloc(length), Buffer.alloc(0))).to.throw(RangeError)
  })
})

describe('Reject packets', () => {
  it('are written and read as ilp-packet does it', () => {
    fc.assert(fc.property(rejectFields, data, (fields, behind) => {
      const packet = encodeReject(fields)
      expect(packet.equals(oracle.serializeIlpReject(fields))).to.equal(true)
      expect(rejectOf(Buffer.concat([packet, behind]))).to.deep.equal(oracle.deserializeIlpReject(packet))
      expect(isReject(packet)).to.equal(true)
      expect(isFulfill(packet)).to.equal(false)
    }))
  })

  it('show who rejected why without being read', () => {
    fc.assert(fc.property(rejectFields, fields => {
      const packet = encodeReject(fields)
      expect(isRejectBy(packet, fields.code, fields.triggeredBy)).to.equal(true)
      expect(isRejectBy(packet, fields.code === 'T05' ? 'T00' : 'T05', fields.triggeredBy)).to.equal(false)
      expect(isRejectBy(packet, fields.code, `${fields.triggeredBy}x`)).to.equal(false)
    }))
    for (const other of [Buffer.alloc(0), Buffer.from([14]), encodeFulfill(Buffer.alloc(32), Buffer.alloc(0))]) {
      expect(isRejectBy(other, 'T05', 'test.alice')).to.equal(false)
    }
  })

  it('are not written with a code that is not three bytes long', () => {
    for (const code of ['', 'F0', 'F000']) expect(() => encodeReject({ ...reject, code })).to.throw('ILP error codes must be three bytes long')
  })

  it('are cut to the bytes there are: the message at the end of a character, then the data is left out', () => {
    fc.assert(fc.property(rejectFields, fc.nat(1000), (fields, bytes) => {
      const packet = encodeReject(fields)
      const least = encodeReject({ ...fields, message: '', data: Buffer.alloc(0) }).length
      const room = least + bytes
      const short = shortReject(packet, room)
      const { code, triggeredBy, message, data } = rejectOf(short)
      expect(short.length).to.be.at.most(room)
      expect({ code, triggeredBy }).to.deep.equal({ code: fields.code, triggeredBy: fields.triggeredBy })
      expect(fields.message.startsWith(message), `${fields.message} | ${message}`).to.equal(true)
      expect(data.equals(fields.data) || data.length === 0).to.equal(true)
      if (packet.length <= room) expect(short).to.equal(packet)
    }))
    const long = 'ä'.repeat(200)
    const messages = [1, 2].map(more => rejectOf(shortReject(encodeReject({ ...reject, message: long }), 100 + more)).message)
    for (const message of messages) expect(message).to.match(/^ä{30,}$/)
    const fulfill = encodeFulfill(Buffer.alloc(32), Buffer.alloc(100))
    expect(shortReject(fulfill, 10), 'it is no Reject').to.equal(fulfill)
  })

  it('name who rejected by an address or not at all', () => {
    expect(rejectOf(encodeReject({ ...reject, triggeredBy: '' })).triggeredBy).to.equal('')
    for (const triggeredBy of ['unknown', 'test', 'test..a', 'test.a b', 'nowhere.a', `test.${'a'.repeat(1019)}`]) {
      expect(() => rejectOf(encodeReject({ ...reject, triggeredBy })), triggeredBy).to.throw(InvalidPacketError)
    }
  })

  it('lose a triggeredBy that is not an address, and nothing else', () => {
    for (const triggeredBy of ['unknown', 'y', 'test..a', 'nowhere.a', `test.${'a'.repeat(1019)}`]) {
      const usable = withUsableSignature(encodeReject({ ...reject, triggeredBy }))
      expect(usable.equals(encodeReject({ ...reject, triggeredBy: '' })), triggeredBy).to.equal(true)
    }
    fc.assert(fc.property(rejectFields, fields => {
      const packet = encodeReject(fields)
      expect(withUsableSignature(packet)).to.equal(packet)
    }))
    for (const broken of [encodeReject({ ...reject, triggeredBy: 'y' }).subarray(0, -1), Buffer.from([14]), Buffer.alloc(0)]) {
      expect(withUsableSignature(broken)).to.equal(broken)
    }
  })
})

describe('replies', () => {
  for (const [name, read] of [['fulfillmentOf', fulfillmentOf], ['rejectOf', rejectOf]] as const) {
    it(`are refused with F01 by ${name} when they are not what it reads`, () => {
      for (const packet of [[], [12], [13], [14], [13, 0], [14, 0], [13, 0x80], [14, 0xff], [14, 3, 70, 48, 48], [14, 4, 70, 48, 48, 1]]) {
        expect(() => read(Buffer.from(packet)), packet.join()).to.throw(InvalidPacketError).with.property('ilpErrorCode', 'F01')
      }
      const other = name === 'rejectOf' ? encodeFulfill(Buffer.alloc(32), Buffer.alloc(0)) : encodeReject(reject)
      expect(() => read(other)).to.throw(InvalidPacketError, 'unexpected type')
    })
  }

  it('are neither when there are no bytes', () => {
    expect([isFulfill(Buffer.alloc(0)), isReject(Buffer.alloc(0))]).to.deep.equal([false, false])
  })
})
