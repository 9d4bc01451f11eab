/** A wallet of words has the keys of Aptos where other wallets of it do. */
import { Account } from '@aptos-labs/ts-sdk'
import { expect } from 'chai'
import kind from '../../../plugins/aptos/chain-kind.js'
import { walletPlace } from '../../../plugins/aptos/wallet.js'
import { seedOf } from '../../../src/lib/wallet/words.js'

describe('the keys of Aptos in a wallet', () => {
  it('are those that the SDK derives from the same words', () => {
    const mnemonic = `${'abandon '.repeat(11)}about`
    for (const index of [0, 3]) {
      const { accountAddress } = Account.fromDerivationPath({ path: walletPlace.path(index), mnemonic })
      expect(kind.wallet?.accountAt(seedOf(Buffer.alloc(16)), index).address).to.equal(accountAddress.toStringLong())
    }
    expect(walletPlace.path(3)).to.equal("m/44'/637'/3'/0'/0'")
  })
})
