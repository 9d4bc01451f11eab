import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { walletFileIn, walletPasswordIn } from '../../../src/lib/wallet/environment.js'
import { WalletError } from '../../../src/lib/wallet/wallet-file.js'

describe('The environment of a wallet', () => {
  it('names the file, or leaves it to the working folder', () => {
    expect([{}, { WALLET_FILE: '' }, { WALLET_FILE: '/run/w' }].map(walletFileIn)).to.deep.equal(['wallet.json', 'wallet.json', '/run/w'])
  })

  it('has the password, or a file that has it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wallet-password-'))
    const file = join(folder, 'password')
    try {
      writeFileSync(file, ' pass word \n')
      expect(walletPasswordIn({ WALLET_PASSWORD: ' a ' })).to.equal(' a ')
      expect(walletPasswordIn({ WALLET_PASSWORD_FILE: file })).to.equal(' pass word ')
      expect(walletPasswordIn({ WALLET_PASSWORD: '', WALLET_PASSWORD_FILE: '' })).to.equal(undefined)
      expect(() => walletPasswordIn({ WALLET_PASSWORD: 'a', WALLET_PASSWORD_FILE: file })).to.throw(WalletError, /not both/)
      expect(() => walletPasswordIn({ WALLET_PASSWORD_FILE: join(folder, 'nowhere') })).to.throw(WalletError, /Cannot read the password .*ENOENT/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
