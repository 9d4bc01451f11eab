/** Keys of Mina from a wallet are those that the wallet Auro has for the same words, and mina-signer takes them. */
import { HDKey } from '@scure/bip32'
import { expect } from 'chai'
import MinaSigner from 'mina-signer'
import { keyTextOf } from '../../../plugins/mina/formats.js'
import { keyPlace, scalarFrom, walletAccounts } from '../../../plugins/mina/wallet.js'
import { entropyOf, seedOf } from '../../../src/lib/wallet/words.js'

const SEED = seedOf(entropyOf(`${'abandon '.repeat(11)}about`))

describe('Mina keys from a wallet', () => {
  it('are at the path of BIP-44, one account an index, without the two highest bits', () => {
    const client = new MinaSigner({ network: 'devnet' })
    for (const index of [0, 1, 7]) {
      const { path, address } = walletAccounts.accountAt(SEED, index)
      expect(path).to.equal(`m/44'/12586'/${index}'/0/0`)
      const key = HDKey.fromMasterSeed(SEED).derive(path).privateKey ?? new Uint8Array()
      expect(scalarFrom(key) >> 254n).to.equal(0n)
      expect(client.derivePublicKey(keyTextOf(scalarFrom(key)))).to.equal(address)
    }
    expect(keyPlace.curve).to.equal('secp256k1')
  })
})
