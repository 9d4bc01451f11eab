/** Keys of the XRP Ledger from a wallet are those that its SDK derives, and at the usual path those of Xaman and Trezor. */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { Wallet } from 'xrpl'
import { walletPlace } from '../../../plugins/xrp/wallet.js'
import { deriveKey } from '../../../plugins/lib/keys/derive.js'
import { entropyOf, phraseOf, seedOf } from '../../../src/lib/wallet/words.js'

function addressAt (phrase: string, path: string): string {
  return walletPlace.addressOf(deriveKey(seedOf(entropyOf(phrase)), walletPlace.curve, path).publicKey)
}

describe('XRP Ledger keys from a wallet', () => {
  it('have the addresses that other wallets show, at their path', () => {
    expect(addressAt(`${'abandon '.repeat(11)}about`, "m/44'/144'/0'/0/0")).to.equal('rHsMGQEkVNJmpGWs8XUBoTBiAAbwxZN5v3')
  })

  it('are at paths of their own, where the SDK finds them', () => {
    expect(walletPlace.path(3)).to.equal("m/44'/144'/1'/0/3")
    for (const phrase of [`${'abandon '.repeat(11)}about`, phraseOf(randomBytes(16)), phraseOf(randomBytes(32))]) {
      for (const index of [0, 5]) {
        const path = walletPlace.path(index)
        const { classicAddress } = Wallet.fromMnemonic(phrase, { derivationPath: path, mnemonicEncoding: 'bip39' })
        expect(addressAt(phrase, path), `${phrase} ${path}`).to.equal(classicAddress)
      }
    }
  })
})
