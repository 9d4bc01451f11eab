/**
 * The promises every holder of a key keeps to the chains that it signs for, as a mocha suite for authors of their own:
 * `signerConformance('mine', 'secp256k1', () => openMine())`.
 */
import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { inspect } from 'node:util'
import { expect } from 'chai'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Curve, Signer } from '../../src/contracts/signer.js'

const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n
const MANY = 40
/** As long as the longest message of a chain that is signed as a whole. */
const LONGEST = 1232

/**
 * @param open called for each test; each call opens the same key
 * @param secret the private key, where the test knows it: nothing of the signer may show it
 */
export function signerConformance (name: string, curve: Curve, open: () => Promise<Signer>, secret?: Buffer): void {
  describe(`signer conformance: ${name}, ${curve}`, () => {
    let signer: Signer

    beforeEach(async () => { signer = await open() })

    const isGood = (bytes: Uint8Array, signature: Buffer): boolean => curve === 'ed25519'
      ? verify(null, bytes, createPublicKey({ key: Buffer.concat([SPKI, signer.publicKey]), format: 'der', type: 'spki' }), signature)
      : secp256k1.verify(signature.subarray(0, 64), bytes, signer.publicKey, { prehash: false })

    it('has a public key of its curve, the same each time', async () => {
      expect(signer.curve).to.equal(curve)
      expect(signer.publicKey).to.have.lengthOf(curve === 'ed25519' ? 32 : 33)
      expect((await open()).publicKey).to.deep.equal(signer.publicKey)
    })

    it('signs what it is given, many at once, each for itself', async () => {
      const all = Array.from({ length: MANY }, (_, i) => curve === 'ed25519' ? randomBytes(1 + i * 30) : randomBytes(32))
      const signatures = await Promise.all(all.map(bytes => signer.sign(bytes)))
      for (const [i, bytes] of all.entries()) expect(isGood(bytes, signatures[i] ?? Buffer.alloc(0)), `signature ${i}`).to.equal(true)
      expect(isGood(all[0] ?? Buffer.alloc(0), signatures[1] ?? Buffer.alloc(0)), 'of something else').to.equal(false)
    })

    if (curve === 'ed25519') {
      it('signs messages as long as transactions are', async () => {
        const message = randomBytes(LONGEST)
        const signature = await signer.sign(message)
        expect(signature).to.have.lengthOf(64)
        expect(isGood(message, signature)).to.equal(true)
      })
    } else {
      it('gives the lower s, and the recovery id that leads to its key', async () => {
        for (let i = 0; i < MANY; i++) {
          const digest = randomBytes(32)
          const signature = await signer.sign(digest)
          expect(signature).to.have.lengthOf(65)
          const s = BigInt(`0x${signature.subarray(32, 64).toString('hex')}`)
          expect(s > 0n && s <= HALF_ORDER, 'the lower s').to.equal(true)
          const { [64]: recovery = 9 } = signature
          const point = secp256k1.Signature.fromBytes(signature.subarray(0, 64)).addRecoveryBit(recovery).recoverPublicKey(digest)
          expect(Buffer.from(point.toBytes(true))).to.deep.equal(signer.publicKey)
        }
      })

      it('refuses what is not a digest of 32 bytes, and signs afterwards', async () => {
        for (const length of [0, 31, 33, 64]) {
          const refusal = await signer.sign(randomBytes(length)).then(() => undefined, (error: unknown) => error)
          expect(refusal, `${length} bytes`).to.be.instanceOf(Error)
        }
        const digest = randomBytes(32)
        expect(isGood(digest, await signer.sign(digest))).to.equal(true)
      })
    }

    if (secret !== undefined) {
      it('shows nothing of its key', () => {
        const shown = `${inspect(signer, { depth: 20, showHidden: true })} ${JSON.stringify(signer)}`.replaceAll(/[\s:]/g, '')
        for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const) expect(shown).not.to.contain(secret.toString(form))
        expect(shown).not.to.contain([...secret].join(','))
      })
    }
  })
}
