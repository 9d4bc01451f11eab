/** The checksum is the one of the standard. Vectors: RFC 3720, B.4. */
import { expect } from 'chai'
import { crc32c } from '../../../../plugins/lib/keys/crc32c.js'

describe('CRC32C', () => {
  it('is that of RFC 3720', () => {
    expect(crc32c(Buffer.alloc(32))).to.equal(0x8a9136aa)
    expect(crc32c(Buffer.alloc(32, 0xff))).to.equal(0x62a8ab43)
    expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i)))).to.equal(0x46dd794e)
  })
})
