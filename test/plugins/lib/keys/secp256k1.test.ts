/** What vaults give becomes what chains take: the lower s, the recovery id, one form. Checked against another library, ethers. */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { recoverAddress, Signature, SigningKey, computeAddress } from 'ethers'
import fc from 'fast-check'
import { compactOf, completed, compressed, derOf, publicKeyOf, signDigest } from '../../../../plugins/lib/keys/secp256k1.js'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const KEY = Buffer.alloc(32, 7)
const PUBLIC = publicKeyOf(KEY)
const hexOf = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })

/** The other of the two signatures that are good for the same digest. */
function upper (signature: Buffer): Buffer {
  const s = ORDER - BigInt(hexOf(signature.subarray(32, 64)))
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
}

describe('signatures on secp256k1', () => {
  it('are those of another library, bit for bit, with the native one and without', () => {
    fc.assert(fc.property(bytes32, digest => {
      const { r, s, yParity } = new SigningKey(KEY).sign(digest)
      for (const signature of [signDigest(digest, KEY), signDigest(digest, KEY, null)]) expect(hexOf(signature)).to.equal(`${r}${s.slice(2)}0${yParity}`)
    }), { numRuns: 20 })
    for (const length of [0, 31, 33]) expect(() => signDigest(Buffer.alloc(length), KEY, null)).to.throw(RangeError, 'not a digest')
  })

  it('get the lower s and the recovery id that leads to the key, whichever of the two forms a vault gives', () => {
    fc.assert(fc.property(bytes32, fc.boolean(), (digest, isUpper) => {
      const signature = signDigest(digest, KEY)
      const given = isUpper ? upper(signature) : signature.subarray(0, 64)
      const made = completed(digest, given, PUBLIC) ?? Buffer.alloc(0)
      expect(made).to.deep.equal(signature)
      const [r, s] = [made.subarray(0, 32), made.subarray(32, 64)].map(hexOf) as [string, string]
      expect(recoverAddress(digest, Signature.from({ r, s, v: 27 + (made[64] ?? 9) }))).to.equal(computeAddress(hexOf(PUBLIC)))
    }), { numRuns: 20 })
  })

  it('are not taken from another key, of another digest, or when they are none', () => {
    const digest = randomBytes(32)
    const signature = signDigest(digest, KEY).subarray(0, 64)
    expect(completed(digest, signature, publicKeyOf(Buffer.alloc(32, 8)))).to.equal(undefined)
    expect(completed(randomBytes(32), signature, PUBLIC)).to.equal(undefined)
    for (const none of [Buffer.alloc(64), Buffer.alloc(64, 0xff), Buffer.alloc(63, 1), Buffer.alloc(0)]) {
      expect(completed(digest, none, PUBLIC)).to.equal(undefined)
    }
  })

  it('are read from DER, and written in it', () => {
    for (let i = 0; i < 20; i++) {
      const signature = signDigest(randomBytes(32), KEY)
      expect(compactOf(derOf(signature))).to.deep.equal(signature.subarray(0, 64))
    }
    for (const none of [Buffer.alloc(0), Buffer.from('30060201', 'hex'), Buffer.alloc(70, 0x30)]) expect(compactOf(none)).to.equal(undefined)
  })

  it('come with a key in one form', () => {
    const { publicKey } = new SigningKey(KEY)
    expect(compressed(Buffer.from(publicKey.slice(2), 'hex'))).to.deep.equal(PUBLIC)
    expect(compressed(PUBLIC)).to.deep.equal(PUBLIC)
    expect(compressed(Buffer.alloc(65, 4))).to.equal(undefined)
  })
})
