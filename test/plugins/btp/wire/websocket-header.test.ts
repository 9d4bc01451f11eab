/** Headers are what `ws` writes and reads, for messages of every size, masked or not. */
import { expect } from 'chai'
import * as ws from 'ws'
import {
  MASK_BYTES, headerBytes, isClose, isControl, isFinal, isMaskedAt, isWholeBinary, lengthEndAt, payloadBytesAt, writeHeader
} from '../../../../plugins/btp/wire/websocket-header.js'

/** Which the package exports, and its types do not say. */
const { Sender } = ws as unknown as { Sender: { frame (data: Buffer, options: object): Buffer[] } }
const SIZES = [0, 1, 125, 126, 127, 0xffff, 0x1_0000, 100_000]
const [TEXT, BINARY, CLOSE, PING] = [1, 2, 8, 9]

/** The header of a message of zeros, as `ws` writes it. */
function byWs (size: number, { mask = false, opcode = BINARY, fin = true } = {}): Buffer {
  const [header] = Sender.frame(Buffer.alloc(size), { fin, mask, opcode, readOnly: false, rsv1: false })
  return (header ?? Buffer.alloc(0)).subarray(0, headerBytes(size) + (mask ? MASK_BYTES : 0))
}

describe('WebSocket headers', () => {
  for (const size of SIZES) {
    it(`are written as ws writes them, of ${size} bytes`, () => {
      const bytes = Buffer.alloc(3 + headerBytes(size))
      writeHeader(bytes, 3, size)
      expect(bytes.subarray(3)).to.deep.equal(byWs(size))
    })

    it(`are read as ws writes them, of ${size} bytes`, () => {
      for (const mask of [false, true]) {
        const bytes = Buffer.concat([Buffer.alloc(3), byWs(size, { mask })])
        expect(payloadBytesAt(bytes, 3)).to.equal(size)
        expect(isMaskedAt(bytes, 3)).to.equal(mask)
        expect(lengthEndAt(bytes, 3)).to.equal(bytes.length - (mask ? MASK_BYTES : 0))
      }
    })
  }

  it('say what kind of frame they begin', () => {
    const kindOf = (opcode: number, fin = true): boolean[] => {
      const [first = 0] = byWs(0, { opcode, fin })
      return [isWholeBinary, isFinal, isControl, isClose].map(is => is(first))
    }
    expect(kindOf(BINARY)).to.deep.equal([true, true, false, false])
    expect(kindOf(BINARY, false)).to.deep.equal([false, false, false, false])
    expect(kindOf(TEXT)).to.deep.equal([false, true, false, false])
    expect(kindOf(PING)).to.deep.equal([false, true, true, false])
    expect(kindOf(CLOSE)).to.deep.equal([false, true, true, true])
  })
})
