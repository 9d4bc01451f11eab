// Transactions are read, judged and named as Aptos does it: against vectors that ts-sdk 3.1.3 made.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { PACKAGE_ROOT } from '../package-root.js'
import { BcsError, BcsReader, bytesOf, canonical, hexOf, short } from './bcs.js'
import { claimBytes, consentBytes } from './rules.js'
import { TestKey, isGoodPoint, verifyStrict } from './signatures.js'
import { authenticationKeyOf, isSigned, readSigned } from './transaction.js'

interface Vectors {
  seed: string
  publicKey: string
  address: string
  claim: { amount: string, bytes: string, signature: string }
  consent: { least: string, validUntil: string, bytes: string, signature: string }
  refused: { signature: string }
  transaction: { signed: string, hash: string }
  smallOrderKeys: string[]
}

const VECTORS = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'test/support/aptos/vectors.json'), 'utf8')) as Vectors
const SIGNED = bytesOf(VECTORS.transaction.signed)
const DOMAIN = { chainId: 1, code: '0x511ce', id: '0xc0ffee' }
const KEY = new TestKey(bytesOf(VECTORS.seed))

describe('transactions in the Aptos stand-in', () => {
  it('are read field by field, and have the hash that the SDK gives them', () => {
    const tx = readSigned(SIGNED)
    expect(tx).to.include({ hash: VECTORS.transaction.hash, sender: VECTORS.address, sequence: 7n })
    expect(tx).to.include({ maxGas: 2000n, gasPrice: 100n, expiration: 1_900_000_000n, chainId: 1 })
    expect(tx.call).to.deep.include({ address: canonical('0x511ce'), module: 'channel', name: 'redeem', typeArguments: [] })
    expect(isSigned(tx)).to.equal(true)
    expect(authenticationKeyOf(tx.publicKey)).to.equal(VECTORS.address)
  })

  it('are not signed any more when any bit of theirs is changed', () => {
    for (const at of [0, 33, 45, 100, 200, SIGNED.length - 120, SIGNED.length - 5]) {
      const changed = Uint8Array.from(SIGNED)
      changed[at] = (changed[at] ?? 0) ^ 1
      let isGood = false
      try { isGood = isSigned(readSigned(changed)) } catch (error) { expect(error).to.be.instanceOf(BcsError) }
      expect(isGood, `byte ${at}`).to.equal(false)
    }
  })

  it('are refused when something is missing or left over', () => {
    const wrong = [SIGNED.subarray(0, -1), Buffer.concat([SIGNED, Uint8Array.of(0)]), new Uint8Array()]
    for (const bytes of wrong) expect(() => readSigned(bytes)).to.throw(BcsError)
  })

  it('have lengths in their shortest form only (BCS: canonical ULEB128)', () => {
    expect(new BcsReader(Uint8Array.of(0x80, 0x01)).uleb()).to.equal(128)
    expect(() => new BcsReader(Uint8Array.of(0x80, 0x00)).uleb()).to.throw(BcsError, 'shortest form')
    expect(() => new BcsReader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x01)).uleb()).to.throw(BcsError, '32 bits')
  })

  it('name addresses without leading zeros, and take them in any length (api/types/src/address.rs)', () => {
    expect(short(canonical('0x00A'))).to.equal('0xa')
    expect(short(canonical('0x0'))).to.equal('0x0')
    for (const wrong of ['', '0x', '0xg', `0x${'1'.repeat(65)}`]) expect(() => canonical(wrong)).to.throw(BcsError, 'invalid account address')
  })
})

describe('claims in the Aptos stand-in', () => {
  it('have the bytes of the vectors, and the signatures', () => {
    const claim = claimBytes(DOMAIN, '0xa11ce', BigInt(VECTORS.claim.amount))
    const consent = consentBytes(DOMAIN, '0xa11ce', BigInt(VECTORS.consent.least), BigInt(VECTORS.consent.validUntil))
    expect([hexOf(claim), hexOf(consent)]).to.deep.equal([`0x${VECTORS.claim.bytes}`, `0x${VECTORS.consent.bytes}`])
    expect([claim.length, consent.length]).to.deep.equal([121, 129])
    expect(hexOf(KEY.sign(claim))).to.equal(`0x${VECTORS.claim.signature}`)
    expect(hexOf(KEY.sign(consent))).to.equal(`0x${VECTORS.consent.signature}`)
    expect(verifyStrict(claim, KEY.publicKey, bytesOf(VECTORS.claim.signature))).to.equal(true)
  })

  it('are refused with a point of small order in their signature (ed25519.move, signature_verify_strict)', () => {
    expect(verifyStrict(bytesOf(VECTORS.claim.bytes), KEY.publicKey, bytesOf(VECTORS.refused.signature))).to.equal(false)
  })

  it('are refused with a key of small order, or one that is no point (ed25519.move, public_key_validate)', () => {
    for (const key of VECTORS.smallOrderKeys) expect(isGoodPoint(bytesOf(key)), key).to.equal(false)
    expect(isGoodPoint(bytesOf(`02${'00'.repeat(31)}`))).to.equal(false)
    expect(isGoodPoint(KEY.publicKey)).to.equal(true)
  })
})
