/** Frames of the dialect, checked against bytes that such a connector was seen to write. */
import { expect } from 'chai'
import fc from 'fast-check'
import { decodeToonFrame, encodeToonFrame, hasToonPacket, isComplaint } from '../../../../plugins/btp/dialect/frame.js'
import { TOON } from '../../../../plugins/btp/dialect/index.js'
import { FrameError, FrameType, decodeFrame, encodeFrame } from '../../../../plugins/btp/wire/frame.js'
import type { Frame } from '../../../../plugins/btp/wire/frame.js'

const numRuns = Number(process.env.FUZZ_RUNS ?? 1000)
const ERROR_SEEN = '020000000103463030084254504572726f7218323032362d30312d30325430333a30343a30352e3637385a00000000'

const entry = fc.record({
  protocolName: fc.stringMatching(/^[a-z-]{1,30}$/).filter(name => name !== 'ilp'),
  contentType: fc.nat(255),
  data: fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes))
})
const packetEntry = fc.uint8Array({ minLength: 1, maxLength: 100 }).map(bytes => [{ protocolName: 'ilp', contentType: 0, data: Buffer.from(bytes) }])
const protocolData = fc.tuple(fc.oneof(packetEntry, fc.constant([])), fc.array(entry, { maxLength: 5 }))
  .map(([packet, entries]) => [...packet, ...entries])
const requestId = fc.nat(0xffff_ffff)
const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ type: fc.constant(FrameType.MESSAGE), requestId, protocolData }),
  fc.record({ type: fc.constant(FrameType.RESPONSE), requestId, protocolData }),
  fc.record({ type: fc.constant(FrameType.TRANSFER), requestId, amount: fc.constant(0n), protocolData }),
  fc.record({
    type: fc.constant(FrameType.ERROR),
    requestId,
    protocolData: fc.constant([]),
    error: fc.record({
      code: fc.constantFrom('F00', 'T01'),
      name: fc.constantFrom('BTPError', 'NotAcceptedError'),
      triggeredAt: fc.constant('20260102030405.678Z'),
      data: fc.string()
    })
  })
)

describe('a BTP frame of the toon dialect', () => {
  it('is read as it was seen', () => {
    expect(decodeToonFrame(Buffer.from('01000000010000000000', 'hex'))).to.deep.equal({ type: FrameType.RESPONSE, requestId: 1, protocolData: [] })
    expect(decodeToonFrame(Buffer.from(ERROR_SEEN, 'hex'))).to.deep.equal({
      type: FrameType.ERROR, requestId: 1, protocolData: [], error: { code: 'F00', name: 'BTPError', triggeredAt: '20260102030405.678Z', data: '' }
    })
  })

  it('is written as it was seen', () => {
    expect(encodeToonFrame(decodeToonFrame(Buffer.from(ERROR_SEEN, 'hex'))).toString('hex')).to.equal(ERROR_SEEN)
    const claim = Buffer.from('060000000201157061796d656e742d6368616e6e656c2d636c61696d0001000000027b7d00000000', 'hex')
    expect(encodeToonFrame({
      type: FrameType.MESSAGE, requestId: 2, protocolData: [{ protocolName: 'payment-channel-claim', contentType: 1, data: Buffer.from('{}') }]
    }).toString('hex')).to.equal(claim.toString('hex'))
  })

  it('shows at a glance whether it is a MESSAGE with a packet', () => {
    fc.assert(fc.property(frames, frame => {
      const bytes = Buffer.concat([Buffer.alloc(3), encodeToonFrame(frame)])
      const has = frame.type === FrameType.MESSAGE && frame.protocolData.some(({ protocolName }) => protocolName === 'ilp')
      expect(hasToonPacket(bytes, 3, bytes.length)).to.equal(has)
    }), { numRuns })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), bytes => { hasToonPacket(Buffer.from(bytes), 0, bytes.length) }), { numRuns })
  })

  it('comes back as it was from RFC 0023', () => {
    fc.assert(fc.property(frames, frame => {
      const rfc = encodeFrame(frame)
      expect(TOON.read(TOON.write(rfc)).toString('hex')).to.equal(rfc.toString('hex'))
      expect(decodeFrame(rfc)).to.deep.equal(decodeToonFrame(encodeToonFrame(frame)))
    }), { numRuns })
  })

  it('is refused in whole when anything of it is missing, too much, or not to be translated', () => {
    const frame = encodeToonFrame({
      type: FrameType.MESSAGE, requestId: 7, protocolData: [{ protocolName: 'a', contentType: 1, data: Buffer.from('b') }]
    })
    for (let length = 0; length < frame.length; length++) expect(() => decodeToonFrame(frame.subarray(0, length)), `${length} bytes`).to.throw(FrameError)
    expect(() => decodeToonFrame(Buffer.concat([frame, Buffer.alloc(1)]))).to.throw(FrameError, 'bytes behind its end')
    expect(() => decodeToonFrame(Buffer.from('0600000001010161010000000000', 'hex'))).to.throw(FrameError)
    expect(() => decodeToonFrame(Buffer.from('03000000010000000000', 'hex'))).to.throw(FrameError, 'type=3')
    const packetAmongEntries = Buffer.from('06000000010103696c7000000000000000000000', 'hex')
    expect(() => decodeToonFrame(packetAmongEntries)).to.throw(FrameError, 'behind the entries')
  })

  it('is read or refused with a FrameError, whatever the bytes are', () => {
    const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 100 }), frames.map(encodeToonFrame))
    fc.assert(fc.property(anyBytes, fc.nat(100), fc.nat(255), (given, at, to) => {
      const bytes = Buffer.from(given)
      if (bytes.length > 0) bytes[at % bytes.length] = to
      try {
        TOON.read(bytes)
      } catch (err) {
        expect(err).to.be.instanceOf(FrameError)
      }
    }), { numRuns })
  })

  it('is a complaint when it is an Error that answers nothing', () => {
    const error = Buffer.from(ERROR_SEEN, 'hex')
    expect(isComplaint(error)).to.equal(false)
    error.writeUInt32BE(0, 1)
    expect(isComplaint(error)).to.equal(true)
    expect(isComplaint(error.subarray(1))).to.equal(false)
  })
})
