/** A wallet at rest: only the password opens it, no change goes unnoticed, and no file makes this machine work or remember without end. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readWalletText, seal, unseal, WALLET_FILE_BYTES_MAX, WalletError, writeNewWallet } from '../../../src/lib/wallet/wallet-file.js'

const PASSWORD = 'Correct-Horse-Battery-7'
const ENTROPY = Buffer.from('0123456789abcdef'.repeat(4), 'hex')
/** The least that is taken, so that the tests are fast. */
const COST = 2 ** 14

type Json = Record<string, Record<string, unknown>>

describe('A wallet file', () => {
  let text: string
  before(() => { text = seal(ENTROPY, PASSWORD, COST) })

  const changed = (change: (json: Json) => void): string => {
    const json = JSON.parse(text) as Json
    change(json)
    return JSON.stringify(json)
  }

  it('gives back what was put in, to the password alone', () => {
    for (const entropy of [ENTROPY, ENTROPY.subarray(0, 16)]) expect(unseal(seal(entropy, PASSWORD, COST), PASSWORD, 'w')).to.deep.equal(entropy)
    for (const wrong of ['', 'Correct-Horse-Battery-8', `${PASSWORD} `, PASSWORD.toLowerCase()]) {
      expect(() => unseal(text, wrong, 'my.json')).to.throw(WalletError, /^Cannot open the wallet my\.json: the password is wrong, or the file was changed\.$/)
    }
  })

  it('costs 128 MB to try a password on, by default', function () {
    this.timeout(60_000)
    const { kdf } = JSON.parse(seal(ENTROPY, PASSWORD)) as { kdf: { n: number, r: number, p: number } }
    expect([kdf.n, kdf.r, kdf.p]).to.deep.equal([131_072, 8, 1])
  })

  it('is another one each time, and shows neither the seed nor the password', () => {
    const other = seal(ENTROPY, PASSWORD, COST)
    const fieldsOf = (file: string): unknown[] => {
      const { kdf, cipher } = JSON.parse(file) as Json
      return [kdf?.salt, cipher?.nonce, cipher?.ciphertext]
    }
    for (const [index, field] of fieldsOf(other).entries()) expect(field).to.not.equal(fieldsOf(text)[index])
    for (const secret of [ENTROPY.toString('hex'), ENTROPY.toString('base64'), PASSWORD]) expect(text).to.not.contain(secret)
  })

  it('is refused when any bit of it has changed', () => {
    for (const [part, field] of [['kdf', 'salt'], ['cipher', 'nonce'], ['cipher', 'ciphertext'], ['cipher', 'tag']] as const) {
      const damaged = changed(json => {
        const bytes = Buffer.from(String(json[part]?.[field]), 'base64')
        bytes[3] = (bytes[3] ?? 0) ^ 0x10
        json[part] = { ...json[part], [field]: bytes.toString('base64') }
      })
      expect(() => unseal(damaged, PASSWORD, 'w'), field).to.throw(WalletError, /was changed/)
    }
    const older = changed(json => { Object.assign(json, { createdAt: '2020-01-01T00:00:00.000Z' }) })
    expect(() => unseal(older, PASSWORD, 'w')).to.throw(WalletError, /was changed/)
  })

  for (const [what, change] of [
    ['100 GB of memory', { n: 2 ** 30 }], ['more memory than the bound', { n: 2 ** 19 }], ['wide blocks', { r: 1024 }], ['many rounds', { p: 1000 }],
    ['a password that is cheap to guess', { n: 1024 }], ['a number that scrypt does not take', { n: 100_000 }], ['no number', { n: '131072' }],
    ['less than no memory', { n: -131_072 }], ['another function', { name: 'md5' }], ['a short salt', { salt: 'AAAA' }],
    ['an endless salt', { salt: 'A'.repeat(10_000) }], ['what nobody knows', { extra: 1 }]
  ] as const) {
    it(`is refused before anything is computed when it asks for ${what}`, () => {
      const hostile = changed(json => { json.kdf = { ...json.kdf, ...change } })
      expect(() => unseal(hostile, PASSWORD, 'w')).to.throw(WalletError, /w is damaged, or not a wallet: kdf(\.\w+)? is not as it was written/)
    })
  }

  it('of another version is left to the program that wrote it', () => {
    const newer = changed(json => { Object.assign(json, { version: 2 }) })
    expect(() => unseal(newer, PASSWORD, 'w')).to.throw(WalletError, 'w is a wallet of version 2, and this program reads version 1. Use the program that wrote it.')
  })

  for (const nonsense of ['', '{', 'null', '[]', '{}', '"x"', '{"version":1}', '\u0000\u0001']) {
    it(`is not this: ${JSON.stringify(nonsense)}`, () => {
      expect(() => unseal(nonsense, PASSWORD, 'w')).to.throw(WalletError, /w is damaged, or not a wallet/)
    })
  }

  describe('on disk', () => {
    let folder: string
    let path: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'wallet-file-'))
      path = join(folder, 'wallet.json')
    })
    afterEach(() => { rmSync(folder, { recursive: true }) })

    it('is readable by its owner alone, and alone in its folder', () => {
      writeNewWallet(path, text)
      expect(readWalletText(path)).to.equal(text)
      expect(statSync(path).mode & 0o777).to.equal(0o600)
      expect(readdirSync(folder)).to.deep.equal(['wallet.json'])
    })

    it('is never overwritten', () => {
      writeFileSync(path, 'money')
      expect(() => { writeNewWallet(path, text) }).to.throw(WalletError, /exists already, and nothing was changed/)
      expect(readFileSync(path, 'utf8')).to.equal('money')
      expect(readdirSync(folder)).to.deep.equal(['wallet.json'])
    })

    it('is asked for by name when it is not there, cannot be read, written, or is far too big', () => {
      expect(() => readWalletText(path)).to.throw(WalletError, /There is no wallet at .*wallet\.json\. Make one with: connector wallet create/)
      expect(() => readWalletText(folder)).to.throw(WalletError, /Cannot read the wallet/)
      expect(() => { writeNewWallet(join(folder, 'nowhere', 'w'), text) }).to.throw(WalletError, /Cannot write the wallet/)
      writeFileSync(path, Buffer.alloc(WALLET_FILE_BYTES_MAX + 1))
      expect(() => readWalletText(path)).to.throw(WalletError, /is not a wallet: it has 16385 bytes/)
    })
  })
})
