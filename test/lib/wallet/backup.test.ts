/** A backup brings back the wallet as it was, and damage is found when it is made or read, not when it is needed. */
import { expect } from 'chai'
import { backupOf, walletIn } from '../../../src/lib/wallet/backup.js'
import { seal, WalletError } from '../../../src/lib/wallet/wallet-file.js'

const PASSWORD = 'Correct-Horse-Battery-7'

describe('A backup of a wallet', () => {
  const wallet = seal(Buffer.alloc(16, 7), PASSWORD, 2 ** 14)
  const backup = backupOf(wallet, PASSWORD, 'w')
  const changed = (change: Record<string, unknown>): string => JSON.stringify({ ...JSON.parse(backup) as object, ...change })

  it('has a version, dates, the encrypted seed and its checksum, and brings the wallet back byte for byte', () => {
    expect(Object.keys(JSON.parse(backup) as object)).to.have.members(['version', 'createdAt', 'backupDate', 'encryptedSeed', 'checksum'])
    expect(walletIn(backup, PASSWORD, 'b')).to.equal(wallet)
  })

  it('is not made, and not restored, with a password that does not open it', () => {
    expect(() => backupOf(wallet, 'wrong', 'w')).to.throw(WalletError, /Cannot open the wallet w: the password is wrong/)
    expect(() => walletIn(backup, 'wrong', 'b')).to.throw(WalletError, /Cannot open the wallet b: the password is wrong/)
  })

  for (const [what, change, words] of [
    ['a changed seed', { encryptedSeed: Buffer.from(wallet.replace('scrypt', 'Scrypt')).toString('base64') }, /b is damaged: its checksum is wrong/],
    ['a changed date', { backupDate: '2020-01-01T00:00:00.000Z' }, /b is damaged: its checksum is wrong/],
    ['another checksum', { checksum: '0'.repeat(64) }, /b is damaged: its checksum is wrong/],
    ['another version', { version: '2.0' }, /b is not a backup of a wallet/],
    ['no seed', { encryptedSeed: undefined }, /b is not a backup of a wallet/]
  ] as const) {
    it(`is refused with ${what}`, () => {
      expect(() => walletIn(changed(change), PASSWORD, 'b')).to.throw(WalletError, words)
    })
  }

  it('is not any other file', () => {
    expect(() => walletIn(wallet, PASSWORD, 'b')).to.throw(WalletError, /b is not a backup of a wallet/)
    expect(() => walletIn(backup.slice(0, 100), PASSWORD, 'b')).to.throw(WalletError, /is not JSON/)
  })
})
