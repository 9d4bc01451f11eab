/** Keys of EVM chains from a wallet are those that ethers derives, and the addresses those that wallets show. */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { HDNodeWallet, Mnemonic } from 'ethers'
import { walletPlace } from '../../../plugins/evm/wallet.js'
import { deriveKey } from '../../../plugins/lib/keys/derive.js'
import { entropyOf, phraseOf, seedOf } from '../../../src/lib/wallet/words.js'

function addressAt (phrase: string, path: string): string {
  return walletPlace.addressOf(deriveKey(seedOf(entropyOf(phrase)), walletPlace.curve, path).publicKey)
}

describe('EVM keys from a wallet', () => {
  it('have the addresses that MetaMask shows, at its path', () => {
    expect(addressAt(`${'abandon '.repeat(11)}about`, "m/44'/60'/0'/0/0")).to.equal('0x9858EfFD232B4033E47d90003D41EC34EcaEda94')
    expect(addressAt(`${'test '.repeat(11)}junk`, "m/44'/60'/0'/0/0")).to.equal('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266')
  })

  it('are at paths of their own, where ethers finds them', () => {
    expect(walletPlace.path(7)).to.equal("m/44'/60'/1'/0/7")
    for (const phrase of [`${'abandon '.repeat(11)}about`, phraseOf(randomBytes(16)), phraseOf(randomBytes(32))]) {
      for (const index of [0, 1, 99]) {
        const path = walletPlace.path(index)
        expect(addressAt(phrase, path), `${phrase} ${path}`).to.equal(HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(phrase), path).address)
      }
    }
  })
})
