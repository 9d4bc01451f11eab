/** The header in front of a message is the one that `ws` writes and every WebSocket client reads. */
import { expect } from 'chai'
import { headerBytes, writeHeader } from '../../../../plugins/btp/wire/websocket-header.js'

describe('the header of a WebSocket message', () => {
  const headers: Array<[size: number, hex: string]> = [
    [0, '8200'], [125, '827d'], [126, '827e007e'], [65_535, '827effff'], [65_536, '827f0000000000010000'], [2 ** 32, '827f0000000100000000']
  ]
  for (const [size, hex] of headers) {
    it(`of ${size} bytes is ${hex}, at any place`, () => {
      expect(headerBytes(size)).to.equal(hex.length / 2)
      const bytes = Buffer.alloc(hex.length / 2 + 2, 0xee)
      writeHeader(bytes, 1, size)
      expect(bytes.toString('hex')).to.equal(`ee${hex}ee`)
    })
  }
})
