/** Transactions have the bytes, the signature and the hash that other code gives them. */
import { expect } from 'chai'
import { canonicalAddress } from '../../../../plugins/aptos/formats.js'
import { keysOf } from '../../../../plugins/aptos/keys.js'
import { redeem } from '../../../../plugins/aptos/chain/payloads.js'
import { signed, unsigned } from '../../../../plugins/aptos/chain/wire.js'

const { key } = keysOf('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')
const CLAIM = 'ffd50c355f1f8363068445075e58a825645aff28ed0a9f7bc9377e9410c51809bd52eae08399f986ab057c3f5d619ecef376378961308cfde0c0decd5c89940c'
/** Of a claim that is redeemed: made by hand from the description of BCS, and the same with the SDK. */
const HASH = '0xed547b0df0f5679119d59ab6db8c742a4c9aa617bb5f87704dcf67dca527ca68'
const SIGNATURE = '224e9b1c006f64f557be9b098cc94253a3e83b27e21f016bd84159e342eb624e4755c3ff0d9939ef360b8ce8781b3ec1c4f7bd239f0e8acd11fd7989f0498002'

describe('a transaction', () => {
  const payload = redeem({ network: 1, moduleAddress: canonicalAddress('0x511ce') }, canonicalAddress('0xc0ffee'), 1_234_567n, CLAIM)
  const envelope = { sender: key.address, network: 1, sequence: 7n, price: 100n, maxGas: 2000n, expiration: 1_900_000_000 }

  it('is signed over its bytes with their purpose in front, and named by its hash', async () => {
    const { bytes, hash } = await signed(payload, envelope, key.publicKey, message => key.sign(message))
    expect(hash).to.equal(HASH)
    expect(bytes.subarray(-64).toString('hex')).to.equal(SIGNATURE)
  })

  it('is simulated under no signature', async () => {
    const { bytes } = await signed(payload, envelope, key.publicKey, message => key.sign(message))
    const bare = unsigned(payload, envelope, key.publicKey)
    expect(bare.subarray(0, -64)).to.deep.equal(bytes.subarray(0, -64))
    expect(bare.subarray(-64)).to.deep.equal(Buffer.alloc(64))
  })
})
