/** The table of errors is complete: what is thrown is explained, what is explained is thrown, and the page says what the table does. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ERROR_TABLE, SluiceError, codeOf, statusOfCode, type ErrorCode } from '../../src/contracts/errors.js'
import { ConfigError } from '../../src/config/errors.js'
import { errorsReference } from '../../scripts/errors-reference.js'
import { PACKAGE_ROOT } from '../support/package-root.js'

const CODES = Object.values(ERROR_TABLE).flatMap(area => Object.keys(area)) as ErrorCode[]
const TABLE_FILE = join('src', 'contracts', 'errors.ts')

/** By code, the source files that name it. */
function mentions (): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const folder of ['src', 'plugins', 'middlewares', 'backends', 'stores']) {
    for (const file of readdirSync(join(PACKAGE_ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, file)
      if (!path.endsWith('.ts') || path === TABLE_FILE) continue
      for (const [code] of readFileSync(join(PACKAGE_ROOT, path), 'utf8').matchAll(/SLUICE_[A-Z_]+\b/g)) {
        found.set(code, [...found.get(code) ?? [], path])
      }
    }
  }
  return found
}

describe('the table of errors', () => {
  it('has every code once', () => {
    expect(CODES).to.have.lengthOf(new Set(CODES).size)
  })

  it('has every code that is thrown, and none that is not', () => {
    expect([...mentions().keys()]).to.have.members(CODES)
  })

  it('says in whole sentences when it happens and what to do', () => {
    for (const area of Object.values(ERROR_TABLE)) {
      for (const [code, { when, remedy }] of Object.entries<{ when: string, remedy: string }>(area)) {
        expect([when, remedy].every(text => /^[A-Z].*[.]$/.test(text)), code).to.equal(true)
      }
    }
  })

  it('is docs/errors.md: if not, run `npm run docs`', () => {
    expect(readFileSync(join(PACKAGE_ROOT, 'docs', 'errors.md'), 'utf8')).to.equal(errorsReference())
    for (const code of CODES) expect(errorsReference()).to.include(`| \`${code}\` |`)
  })
})

describe('SluiceError', () => {
  it('has the code, and the status that the admin API answers with', () => {
    const cause = new Error('why')
    const error = new SluiceError('SLUICE_PEER_UNKNOWN', 'Peer not found: x', { cause })
    expect(error).to.be.instanceOf(Error).and.include({ code: 'SLUICE_PEER_UNKNOWN', httpErrorCode: 404, message: 'Peer not found: x', cause })
    expect(statusOfCode('SLUICE_CANNOT_LISTEN'), 'one that no request meets').to.equal(500)
  })

  it('is told from errors with codes of others', () => {
    expect([new SluiceError('SLUICE_NOT_DUE', ''), new ConfigError([])].map(codeOf)).to.deep.equal(['SLUICE_NOT_DUE', 'SLUICE_CONFIG_INVALID'])
    const others = [Object.assign(new Error('no'), { code: 'ENOENT' }), { code: 'toString' }, undefined, null, 'SLUICE_NOT_DUE', { code: 5 }]
    expect(others.map(codeOf)).to.deep.equal(others.map(() => undefined))
  })
})
