/** Keys, addresses and signatures are read and written as mina-signer does, each in one form, and nothing else is taken for one. */
import { expect } from 'chai'
import fc from 'fast-check'
import MinaSigner from 'mina-signer'
import { publicPointOf } from '../../../plugins/mina/crypto/pallas.js'
import { addressOf, FIELD, keyTextOf, networkOf, ORDER, pointOf, scalarOf, signatureOf, signatureTextOf, signatureWith } from '../../../plugins/mina/formats.js'
import { isAddress } from '../../../plugins/mina/entry-fields.js'

const client = new MinaSigner({ network: 'devnet' })

describe('what Mina writes', () => {
  it('is the same key, address and signature as of mina-signer', () => {
    for (let i = 0; i < 10; i++) {
      const { privateKey, publicKey } = client.genKeys()
      const scalar = scalarOf(privateKey) ?? 0n
      expect([keyTextOf(scalar), addressOf(publicPointOf(scalar))]).to.deep.equal([privateKey, publicKey])
      expect(isAddress(publicKey)).to.equal(true)
      const { signature } = client.signFields([1n, BigInt(i)], privateKey)
      expect(signatureTextOf(signatureOf(signature) ?? { r: 0n, s: 0n })).to.equal(signature)
    }
  })

  it('survives the way into text and back', () => {
    fc.assert(fc.property(fc.bigInt(1n, FIELD - 1n), fc.bigInt(1n, ORDER - 1n), fc.boolean(), (x, s, isOdd) => {
      expect(pointOf(addressOf({ x, isOdd }))).to.deep.equal({ x, isOdd })
      expect(scalarOf(keyTextOf(s))).to.equal(s)
      expect(signatureOf(signatureTextOf({ r: x, s }))).to.deep.equal({ r: x, s })
    }), { numRuns: 50 })
  })

  it('is not taken for something else, altered, or cut', () => {
    const { privateKey, publicKey } = client.genKeys()
    for (const text of ['', 'B62', `${publicKey}1`, `1${publicKey}`, publicKey.slice(0, -1), publicKey.replace(/.$/, last => last === 'x' ? 'y' : 'x'), privateKey]) {
      expect(pointOf(text), text).to.equal(undefined)
    }
    expect(scalarOf(publicKey)).to.equal(undefined)
    expect(signatureOf(publicKey)).to.equal(undefined)
    expect(scalarOf(keyTextOf(ORDER))).to.equal(undefined)
    for (const [r, s] of [[FIELD, 1n], [1n, ORDER], [-1n, 1n]] as const) expect(signatureWith(r, s)).to.equal(undefined)
  })

  it('is no address where no point of the curve has it: nobody could take what is sent there', () => {
    const xs = Array.from({ length: 20 }, (_, i) => addressOf({ x: BigInt(i + 2), isOdd: false }))
    const isPoint = xs.map(address => isAddress(address))
    expect(new Set(isPoint).size).to.equal(2)
    for (const [i, address] of xs.entries()) {
      const verifies = (): boolean => client.verifyFields({ data: [1n], signature: signatureTextOf({ r: 1n, s: 1n }), publicKey: address })
      if (isPoint[i] === true) expect(verifies()).to.equal(false)
      else expect(verifies, address).to.throw()
    }
  })

  it('names networks in one way', () => {
    for (const [id, network] of [['mina:mainnet', 'mainnet'], ['mina:devnet', 'devnet'], ['mina:testnet', 'devnet'], ['mina:berkeley', 'devnet'], ['mina:lightnet', 'lightnet'],
      ['mina:my-net1', 'my-net1']] as const) expect(networkOf(id)).to.equal(network)
    for (const id of ['mina:', 'mina', 'mina:Devnet', 'mina:abcdefghijklm', 'mina:1net', 'evm:1', 'mina:de vnet']) expect(networkOf(id), id).to.equal(undefined)
  })
})
