/** Directories are made with those above them, and what cannot be made is said at once. */
import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeDirectory } from '../../src/lib/make-directory.js'
import { temporaryFolder } from '../support/daemon.js'
import { rejection } from '../support/failures.js'

describe('a directory that is to be there', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  before(async () => { folder = await temporaryFolder() })
  after(() => folder.remove())

  it('is made with those above it, for this user alone, and may exist', async () => {
    const path = join(folder.path, 'a', 'b', 'c')
    for (let again = 0; again < 2; again++) await makeDirectory(path)
    for (const made of [path, join(folder.path, 'a')]) expect(statSync(made).mode & 0o777).to.equal(0o700)
    await Promise.all(Array.from({ length: 5 }, () => makeDirectory(join(folder.path, 'x', 'y'))))
    await makeDirectory('/')
  })

  it('is refused by the system, with its reason, and not tried for ever', async () => {
    writeFileSync(join(folder.path, 'file'), '')
    symlinkSync(join(folder.path, 'nothing'), join(folder.path, 'dangling'))
    const reasonOf = async (path: string): Promise<string> => String(await rejection(makeDirectory(path)))
    expect(await reasonOf(join(folder.path, 'file'))).to.include('EEXIST')
    expect(await reasonOf(join(folder.path, 'file', 'below'))).to.include('ENOTDIR')
    expect(await reasonOf(join(folder.path, 'dangling'))).to.include('EEXIST')
    for (const path of ['/proc/nope', '/proc/nope/below', '/sys/nope']) {
      if (existsSync('/proc')) expect(await reasonOf(path)).to.match(/ENOENT|EPERM|EACCES|EROFS/)
    }
  })
})
