/** Keys that the process has sign what the standards say, with the native library and without it. */
import { expect } from 'chai'
import { rawSigner } from '../../../../plugins/lib/keys/raw.js'
import { signerConformance } from '../../../conformance/signer.js'
import { rejectionError } from '../../../support/failures.js'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

const SECRET = Buffer.from('a secret of exactly 32 bytes, ok')

describe('raw keys', () => {
  for (const curve of ['secp256k1', 'ed25519'] as const) {
    signerConformance('raw', curve, async () => await Promise.resolve(rawSigner(curve, SECRET)), SECRET)
  }

  it('sign as RFC 8032 says', async () => {
    const signer = rawSigner('ed25519', hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'))
    expect(signer.publicKey.toString('hex')).to.equal('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
    expect((await signer.sign(hex('72'))).toString('hex')).to.equal('92a009a9f0d4cab8720e820b5f642540' +
      'a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00')
  })

  it('are no keys of their curve: this is said without showing them', async () => {
    const order = hex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')
    for (const key of [Buffer.alloc(32), order, Buffer.alloc(31, 0xab)]) {
      expect(() => rawSigner('secp256k1', key), key.toString('hex')).to.throw('not a private key of secp256k1')
    }
    expect(() => rawSigner('ed25519', Buffer.alloc(31, 0xab))).to.throw('not a private key of Ed25519').which.satisfies(
      ({ message }: Error) => !message.includes('abab'))
    expect((await rejectionError(rawSigner('secp256k1', Buffer.alloc(32, 1)).sign(Buffer.alloc(31)))).message).not.to.contain('0101')
  })
})
