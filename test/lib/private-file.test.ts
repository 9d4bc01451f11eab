import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createPrivately, writePrivately } from '../../src/lib/private-file.js'

// A secret is readable by its owner alone, whatever stood in its place before.
describe('A file with secrets', () => {
  let folder: string
  let file: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'private-file-'))
    file = join(folder, 'secret')
  })
  afterEach(() => { rmSync(folder, { recursive: true }) })

  it('is closed to others, also where an open file was', () => {
    writeFileSync(file, 'old')
    chmodSync(file, 0o644)
    writePrivately(file, 'new')
    expect(readFileSync(file, 'utf8')).to.equal('new')
    expect(lstatSync(file).mode & 0o777).to.equal(0o600)
  })

  it('replaces a link, and leaves alone what the link leads to', () => {
    const theirs = join(folder, 'theirs')
    writeFileSync(theirs, 'theirs')
    symlinkSync(theirs, file)
    writePrivately(file, 'ours')
    expect(readFileSync(theirs, 'utf8')).to.equal('theirs')
    expect(lstatSync(file).isSymbolicLink()).to.equal(false)
  })

  it('is new, or not written at all, where it must not replace anything', () => {
    createPrivately(file, 'new')
    expect([readFileSync(file, 'utf8'), lstatSync(file).mode & 0o777]).to.deep.equal(['new', 0o600])
    expect(() => { createPrivately(file, 'newer') }).to.throw().with.property('code', 'EEXIST')
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'))
    expect(() => { createPrivately(join(folder, 'link'), 'newer') }).to.throw().with.property('code', 'EEXIST')
    expect(readFileSync(file, 'utf8')).to.equal('new')
    expect(readdirSync(folder).sort()).to.deep.equal(['link', 'secret'])
  })

  it('leaves nothing beside it when it cannot be written', () => {
    mkdirSync(join(file, 'full'), { recursive: true })
    expect(() => { writePrivately(file, 'new') }).to.throw()
    expect(readdirSync(folder)).to.deep.equal(['secret'])
  })
})
