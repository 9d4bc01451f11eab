/** Keys are those of BIP-32 and SLIP-0010: their own test vectors. */
import { expect } from 'chai'
import type { Curve } from '../../../../src/contracts/signer.js'
import { deriveKey } from '../../../../plugins/lib/keys/derive.js'

const ONE = '000102030405060708090a0b0c0d0e0f'
const TWO = 'fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542'

const VECTORS: ReadonlyArray<readonly [curve: Curve, seed: string, path: string, privateKey: string]> = [
  ['secp256k1', ONE, "m/0'", 'edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea'],
  ['secp256k1', ONE, "m/0'/1", '3c6cb8d0f6a264c91ea8b5030fadaa8e538b020f0a387421a12de9319dc93368'],
  ['secp256k1', ONE, "m/0'/1/2'", 'cbce0d719ecf7431d88e6a89fa1483e02e35092af60c042b1df2ff59fa424dca'],
  ['secp256k1', ONE, "m/0'/1/2'/2/1000000000", '471b76e389e528d6de6d816857e012c5455051cad6660850e58372a6c3e6e7c8'],
  ['ed25519', ONE, "m/0'", '68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3'],
  ['ed25519', ONE, "m/0'/1'/2'/2'/1000000000'", '8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793'],
  ['ed25519', TWO, "m/0'/2147483647'/1'/2147483646'/2'", '551d333177df541ad876a60ea71f00447931c0a9da16f227c11ea080d7391b8d']
]
const PUBLIC_KEYS: ReadonlyArray<readonly [curve: Curve, path: string, publicKey: string]> = [
  ['secp256k1', "m/0'", '035a784662a4a20a65bf6aab9ae98a6c068a81c52e4b032c0fb5400c706cfccc56'],
  ['ed25519', "m/0'", '8c8a13df77a28f3445213a0f432fde644acaa215fc72dcdf300d5efaa85d350c']
]

describe('Keys from a seed', () => {
  for (const [curve, seed, path, privateKey] of VECTORS) {
    it(`are those of the standard: ${curve} ${path}`, () => {
      expect(deriveKey(Buffer.from(seed, 'hex'), curve, path).privateKey.toString('hex')).to.equal(privateKey)
    })
  }

  for (const [curve, path, publicKey] of PUBLIC_KEYS) {
    it(`come with their public keys: ${curve} ${path}`, () => {
      expect(deriveKey(Buffer.from(ONE, 'hex'), curve, path).publicKey.toString('hex')).to.equal(publicKey)
    })
  }

  it('do not change the seed, and stay when it is filled with zeros', () => {
    const seed = Buffer.from(ONE, 'hex')
    for (const curve of ['secp256k1', 'ed25519'] as const) {
      const before = deriveKey(seed, curve, "m/0'")
      expect(seed.toString('hex')).to.equal(ONE)
      const text = before.privateKey.toString('hex')
      seed.fill(0)
      expect(before.privateKey.toString('hex')).to.equal(text)
      seed.set(Buffer.from(ONE, 'hex'))
    }
  })

  it('are not made of a path that the curve does not have', () => {
    const seed = Buffer.from(ONE, 'hex')
    for (const path of ['', 'm', '0/1', 'm/', 'm/x', 'm/-1', "m/0''", 'm/2147483648', 'm/0 ', "m/99999999999'"]) {
      for (const curve of ['secp256k1', 'ed25519'] as const) expect(() => deriveKey(seed, curve, path), path).to.throw(/not a path/)
    }
    expect(() => deriveKey(seed, 'ed25519', "m/0'/1")).to.throw(/hardened/)
  })
})
