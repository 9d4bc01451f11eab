/** The codec writes what btp-packet writes, and reads what btp-packet reads but for a few things it refuses on purpose. */
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import fc from 'fast-check'
import { ContentType } from '../../../../src/contracts/transport.js'
import {
  FrameError, FrameType, PEEK_BYTES, beginsWithPacket, decodeFrame, encodeFrame, packetFrameBytes, packetIn, requestIdAt, setRequestId,
  toGeneralizedTime, writePacketFrame
} from '../../../../plugins/btp/wire/frame.js'
import type { Frame } from '../../../../plugins/btp/wire/frame.js'

const numRuns = Number(process.env.FUZZ_RUNS ?? 1000)
const MAX_U64 = 2n ** 64n - 1n

const ascii = (length: { minLength?: number, maxLength: number }): fc.Arbitrary<string> =>
  fc.string({ unit: fc.integer({ min: 0, max: 127 }).map(code => String.fromCharCode(code)), ...length })

const octets = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(126, 127, 128, 129, 255, 256, 257, 65_535, 65_536).map(size => new Uint8Array(size).fill(size))
).map(bytes => Buffer.from(bytes))

const protocolData = fc.array(fc.record({
  protocolName: fc.oneof(fc.constant('ilp'), ascii({ maxLength: 200 })),
  contentType: fc.integer({ min: 0, max: 255 }),
  data: octets
}), { maxLength: 5 })

const requestId = fc.integer({ min: 0, max: 0xffff_ffff })

const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ type: fc.constantFrom(FrameType.RESPONSE, FrameType.MESSAGE), requestId, protocolData }),
  fc.record({ type: fc.constant(FrameType.TRANSFER), requestId, protocolData, amount: fc.bigInt({ min: 0n, max: MAX_U64 }) }),
  fc.record({
    type: fc.constant(FrameType.ERROR),
    requestId,
    protocolData,
    error: fc.record({
      code: ascii({ minLength: 3, maxLength: 3 }),
      name: ascii({ maxLength: 200 }),
      triggeredAt: fc.date({ min: new Date(0), max: new Date('2999-12-31'), noInvalidDate: true }).map(toGeneralizedTime),
      data: fc.string({ unit: 'grapheme', maxLength: 200 })
    })
  })
)

/** What btp-packet makes of a frame of ours, brought into our form. */
function viaBtpPacket (bytes: Buffer): Frame {
  const { type, requestId, data } = BtpPacket.deserialize(bytes)
  const protocolData = [...data.protocolData]
  if (type === BtpPacket.TYPE_TRANSFER && 'amount' in data) {
    return { type: FrameType.TRANSFER, requestId, protocolData, amount: BigInt(data.amount) }
  }
  if (type === BtpPacket.TYPE_ERROR && 'code' in data) {
    const { code, name, data: text } = data
    const triggeredAt = Number.isNaN(data.triggeredAt.getTime()) ? 'unreadable' : toGeneralizedTime(data.triggeredAt)
    return { type: FrameType.ERROR, requestId, protocolData, error: { code, name, triggeredAt, data: text } }
  }
  return { type: type === BtpPacket.TYPE_MESSAGE ? FrameType.MESSAGE : FrameType.RESPONSE, requestId, protocolData }
}

function writtenByBtpPacket (frame: Frame): Buffer {
  const protocolData = [...frame.protocolData]
  switch (frame.type) {
  case FrameType.RESPONSE: return BtpPacket.serializeResponse(frame.requestId, protocolData)
  case FrameType.MESSAGE: return BtpPacket.serializeMessage(frame.requestId, protocolData)
  case FrameType.TRANSFER: return BtpPacket.serializeTransfer({ amount: frame.amount.toString() }, frame.requestId, protocolData)
  case FrameType.ERROR: {
    const [, year, month, day, hour, minute, rest] = /^(....)(..)(..)(..)(..)(.*)$/.exec(frame.error.triggeredAt)!
    const triggeredAt = `${year}-${month}-${day}T${hour}:${minute}:${rest}`
    return BtpPacket.serializeError({ ...frame.error, triggeredAt }, frame.requestId, protocolData)
  }
  }
}

/** Without the time of an error: btp-packet makes a Date of any text, this codec leaves it as it is. */
function comparable (frame: Frame): Frame {
  return frame.type === FrameType.ERROR ? { ...frame, error: { ...frame.error, triggeredAt: '' } } : frame
}

type Outcome = { frame: Frame } | { error: Error }

function attempt (decode: () => Frame): Outcome {
  try {
    return { frame: decode() }
  } catch (error) {
    if (error instanceof Error) return { error }
    throw error
  }
}

/** Everything that btp-packet reads and this codec refuses. */
const REFUSED_ON_PURPOSE = /too many entries|is not ASCII|impossible length of a length/

function compare (bytes: Buffer): void {
  const ours = attempt(() => decodeFrame(bytes))
  const theirs = attempt(() => viaBtpPacket(bytes))
  if ('error' in ours) {
    expect(ours.error).to.be.instanceOf(FrameError)
    if ('frame' in theirs) expect(ours.error.message).to.match(REFUSED_ON_PURPOSE)
  } else if ('error' in theirs) {
    expect.fail(`read what btp-packet refuses: ${bytes.toString('hex')}, ${theirs.error.message}`)
  } else {
    expect(comparable(ours.frame)).to.deep.equal(comparable(theirs.frame))
  }
}

describe('BTP frames', () => {
  it('are written as btp-packet writes them', () => {
    fc.assert(fc.property(anyFrame, frame => {
      expect(encodeFrame(frame).equals(writtenByBtpPacket(frame))).to.equal(true)
    }), { numRuns })
  })

  it('are read as they were written', () => {
    fc.assert(fc.property(anyFrame, frame => {
      const bytes = encodeFrame(frame)
      expect(decodeFrame(bytes)).to.deep.equal(frame)
      expect(viaBtpPacket(bytes)).to.deep.equal(frame)
    }), { numRuns })
  })

  it('are refused exactly where btp-packet refuses them, or for a reason on the list, when bytes are changed', () => {
    const change = fc.record({ at: fc.nat(200), to: fc.oneof(fc.constantFrom(0, 1, 127, 128, 129, 130, 131, 132, 133, 255), fc.nat(255)) })
    fc.assert(fc.property(anyFrame, fc.array(change, { maxLength: 4 }), fc.nat(400), (frame, changes, cut) => {
      const bytes = encodeFrame(frame)
      for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to
      compare(bytes)
      compare(bytes.subarray(0, Math.max(0, bytes.length - cut)))
      compare(Buffer.concat([bytes, bytes.subarray(0, cut)]))
    }), { numRuns })
  })

  it('are refused exactly where btp-packet refuses them, or for a reason on the list, when bytes are random', () => {
    const type = fc.constantFrom(1, 2, 3, 6, 7)
    fc.assert(fc.property(type, fc.uint8Array({ maxLength: 100 }), (type, rest) => {
      compare(Buffer.from([type, ...rest]))
      compare(Buffer.from(rest))
    }), { numRuns })
  })

  it('share the bytes they were read from', () => {
    const bytes = encodeFrame({ type: FrameType.MESSAGE, requestId: 1, protocolData: [{ protocolName: 'ilp', contentType: 0, data: Buffer.from('abc') }] })
    expect(decodeFrame(bytes).protocolData[0]?.data.buffer).to.equal(bytes.buffer)
  })

  it('with more than 64 entries are refused, in both directions', () => {
    const protocolData = Array.from({ length: 65 }, () => ({ protocolName: '', contentType: 0, data: Buffer.alloc(0) }))
    expect(() => encodeFrame({ type: FrameType.MESSAGE, requestId: 1, protocolData })).to.throw(FrameError, 'count=65 maximum=64')
    expect(() => decodeFrame(BtpPacket.serializeMessage(1, protocolData))).to.throw(FrameError, 'count=65 maximum=64')
    expect(decodeFrame(BtpPacket.serializeMessage(1, protocolData.slice(1))).protocolData).to.have.length(64)
  })

  it('with names that are not ASCII are refused, in both directions: with the top bits cut off they would be other names', () => {
    const disguised = Buffer.from('ilp').map(byte => byte | 0x80)
    const bytes = BtpPacket.serializeMessage(1, [{ protocolName: 'ilp', contentType: 0, data: Buffer.alloc(0) }])
    Buffer.from(disguised).copy(bytes, bytes.indexOf('ilp'))
    expect(() => decodeFrame(bytes)).to.throw(FrameError, 'not ASCII')
    const protocolData = [{ protocolName: 'ïlp', contentType: 0, data: Buffer.alloc(0) }]
    expect(() => encodeFrame({ type: FrameType.MESSAGE, requestId: 1, protocolData })).to.throw(FrameError, 'ASCII')
  })

  it('cannot carry an amount beyond u64', () => {
    expect(() => encodeFrame({ type: FrameType.TRANSFER, requestId: 1, amount: MAX_U64 + 1n, protocolData: [] })).to.throw(RangeError)
    expect(() => encodeFrame({ type: FrameType.TRANSFER, requestId: 1, amount: -1n, protocolData: [] })).to.throw(RangeError)
  })
})

describe('a frame with an ILP packet and nothing else', () => {
  const type = fc.constantFrom(FrameType.RESPONSE, FrameType.MESSAGE)
  const lone = fc.record({ type, requestId, packet: octets })
  const frameOf = ({ type, requestId, packet }: { type: 1 | 6, requestId: number, packet: Buffer }): Buffer => {
    return encodeFrame({ type, requestId, protocolData: [{ protocolName: 'ilp', contentType: ContentType.OCTET_STREAM, data: packet }] })
  }

  it('is written as any frame', () => {
    fc.assert(fc.property(lone, frame => {
      const bytes = Buffer.alloc(3 + packetFrameBytes(frame.packet.length))
      writePacketFrame(bytes, 3, frame.type, frame.requestId, frame.packet)
      expect(bytes.subarray(3)).to.deep.equal(frameOf(frame))
    }), { numRuns })
  })

  it('is recognised, up to 64 KB', () => {
    fc.assert(fc.property(lone, frame => {
      expect(packetIn(frameOf(frame))).to.deep.equal(frame.packet.length < 65_000 ? frame.packet : undefined)
    }), { numRuns })
  })

  it('is never found where a frame is read in another way, or cannot be read', () => {
    const value = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0x7f, 0x80, 0x81, 0x82, 0x83))
    const changes = fc.array(fc.tuple(fc.nat(24), value), { maxLength: 3 })
    const size = fc.option(fc.nat(400), { nil: undefined })
    fc.assert(fc.property(lone, changes, size, (frame, list, cut) => {
      const bytes = Buffer.from(frameOf(frame)).subarray(0, cut)
      for (const [at, value] of list) if (at > 0 && at < bytes.length) bytes[at] = value
      const packet = packetIn(bytes)
      if (packet === undefined) return
      const { protocolData } = decodeFrame(bytes)
      expect(protocolData).to.deep.equal([{ protocolName: 'ilp', contentType: ContentType.OCTET_STREAM, data: packet }])
    }), { numRuns: numRuns * 5 })
  })
})

describe('the first bytes of a BTP frame', () => {
  it('say whether it is a MESSAGE with a packet first, and what its id is', () => {
    fc.assert(fc.property(anyFrame, fc.nat(5), (frame, start) => {
      const bytes = Buffer.concat([Buffer.alloc(start), encodeFrame(frame)])
      expect(requestIdAt(bytes, start)).to.equal(frame.requestId)
      const hasPacket = frame.type === FrameType.MESSAGE && frame.protocolData[0]?.protocolName === 'ilp'
      expect(beginsWithPacket(bytes, start, bytes.length)).to.equal(hasPacket)
      expect(beginsWithPacket(bytes, start, Math.min(bytes.length, start + PEEK_BYTES))).to.equal(hasPacket)
    }), { numRuns })
  })

  it('can be given another id', () => {
    fc.assert(fc.property(anyFrame, requestId, (frame, other) => {
      const bytes = encodeFrame(frame)
      setRequestId(bytes, other)
      expect(bytes).to.deep.equal(encodeFrame({ ...frame, requestId: other }))
    }), { numRuns })
  })
})
