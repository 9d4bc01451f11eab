/** Keys of Solana from a wallet are those of Phantom and of `solana-keygen pubkey prompt://?key=0/0`. */
import { expect } from 'chai'
import { walletPlace } from '../../../plugins/solana/wallet.js'
import { deriveKey } from '../../../plugins/lib/keys/derive.js'
import { entropyOf, seedOf } from '../../../src/lib/wallet/words.js'

describe('Solana keys from a wallet', () => {
  it('have the addresses that Phantom shows', () => {
    const seed = seedOf(entropyOf(`${'abandon '.repeat(11)}about`))
    const addresses = [0, 1].map(index => walletPlace.addressOf(deriveKey(seed, walletPlace.curve, walletPlace.path(index)).publicKey))
    expect(addresses).to.deep.equal(['HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk', 'Hh8QwFUA6MtVu1qAoq12ucvFHNwCcVTV7hpWjeY1Hztb'])
    expect(walletPlace.path(1)).to.equal("m/44'/501'/1'/0'")
  })
})
