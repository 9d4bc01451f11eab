/** Signatures count as on the chain: what only OpenSSL takes, nobody could redeem. The forged ones are real: OpenSSL is asked beside. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { canSign, isSignedBy, rawKey } from '../../../plugins/solana/ed25519.js'
import { bytesOf, encodeBase58 } from '../../../plugins/solana/formats.js'
import { rejectionError } from '../../support/failures.js'

const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n
const Y8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n
const SEED = createHash('sha256').update('seed of the test').digest()
const signer = rawKey(SEED)
const message = Buffer.concat([Buffer.from([0xff]), Buffer.from('what the payer promises')])

const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
const encode = (n: bigint): Buffer => Buffer.from(n.toString(16).padStart(64, '0'), 'hex').reverse()
const sha512 = (...parts: Uint8Array[]): Buffer => createHash('sha512').update(Buffer.concat(parts)).digest()

function secret (): bigint {
  const hash = sha512(SEED).subarray(0, 32)
  hash.writeUInt8(hash.readUInt8(0) & 248, 0)
  hash.writeUInt8((hash.readUInt8(31) & 63) | 64, 31)
  return number(hash)
}

function opensslTakes (address: string, signature: Buffer): boolean {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytesOf(address)])
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  return verify(null, message, key, signature)
}

describe('Ed25519 as the chain verifies it', () => {
  it('takes what a signer signs, and nothing that was altered', async () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
    await fc.assert(fc.asyncProperty(bytes, fc.uint8Array({ maxLength: 200 }), fc.nat(63), async (seed, rest, at) => {
      const one = rawKey(Buffer.from(seed))
      const text = Buffer.concat([Buffer.from([0xff]), rest])
      const signature = await one.signMessage(text)
      expect(isSignedBy(one.address, text, signature)).to.equal(true)
      signature.writeUInt8(signature.readUInt8(at) ^ 1, at)
      expect(isSignedBy(one.address, text, signature)).to.equal(false)
    }), { numRuns: 50 })
  })

  it('refuses a signature with a nonce point of small order, which OpenSSL takes', () => {
    const identity = encode(1n)
    const hash = number(sha512(identity, bytesOf(signer.address), message)) % L
    const forged = Buffer.concat([identity, encode(hash * secret() % L)])
    expect([opensslTakes(signer.address, forged), isSignedBy(signer.address, message, forged)]).to.deep.equal([true, false])
  })

  it('refuses all points of small order and all encodings that are not the shortest, as key and as nonce point', async () => {
    const good = await signer.signMessage(message)
    for (const y of [0n, 1n, P - 1n, P, P + 1n, Y8, P - Y8, P + 5n, 2n ** 255n - 1n]) {
      for (const sign of [0n, 2n ** 255n]) {
        const point = encode(y + sign)
        expect(canSign(encodeBase58(point)), `key ${y}`).to.equal(false)
        expect(isSignedBy(encodeBase58(point), message, good), `key ${y}`).to.equal(false)
        expect(isSignedBy(signer.address, message, Buffer.concat([point, good.subarray(32)])), `point ${y}`).to.equal(false)
      }
    }
    expect(canSign(signer.address)).to.equal(true)
  })

  it('refuses an S that is not below the order of the group, and what is no signature', async () => {
    const good = await signer.signMessage(message)
    const s = number(good.subarray(32))
    expect(isSignedBy(signer.address, message, Buffer.concat([good.subarray(0, 32), encode(s + L)]))).to.equal(false)
    for (const length of [0, 63, 65]) expect(isSignedBy(signer.address, message, Buffer.alloc(length)), String(length)).to.equal(false)
  })

  it('signs no transaction as a claim, and no claim as a transaction', async () => {
    expect((await rejectionError(signer.signMessage(Buffer.from([0x80, 1, 0, 0])))).message).to.contain('not a message')
    expect((await rejectionError(signer.signTransaction(message))).message).to.contain('not a transaction')
  })
})
