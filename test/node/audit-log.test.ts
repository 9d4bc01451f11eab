/**
 * The audit log. The adversary first: somebody who can write to its files changes an entry, leaves one out, puts one in, cuts off the
 * end, or writes all of it anew. And the disk, which is full, slow, or gone in the middle of an entry.
 */
import { appendFile, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { AuditEntry } from '../../src/contracts/audit.js'
import { NO_HASH, nextLine, type Link } from '../../src/lib/audit-chain.js'
import { AuditLog, MAX_WAITING } from '../../src/node/audit-log.js'
import { Workplace, type Result } from '../support/cli.js'
import { TestLogger, World } from '../support/node.js'

const KEY = 'sixteen letters!'
const entry = (subject: string): AuditEntry => ({ action: 'test', subject, by: { via: 'code' }, outcome: 'ok' })

describe('an audit log', () => {
  const world = new World()
  let place: Workplace
  let folder: string
  before(async () => { place = await Workplace.make() })
  after(() => place.remove())
  beforeEach(async () => { folder = join(await world.directory(), 'audit-shop') })
  afterEach(() => world.end())

  const make = (key?: string, log = new TestLogger()): AuditLog => new AuditLog({ folder, key, retentionDays: 365 }, log)
  async function written (count: number, key?: string, audit = make(key)): Promise<AuditLog> {
    for (let i = 1; i <= count; i++) audit.record(entry(`entry ${i}`))
    await audit.flush()
    return audit
  }
  const files = async (): Promise<string[]> => (await readdir(folder)).sort().map(name => join(folder, name))
  const lines = async (): Promise<string[]> => (await readFile((await files()).at(-1)!, 'utf8')).trimEnd().split('\n')
  const rewrite = async (texts: string[]): Promise<void> => writeFile((await files()).at(-1)!, texts.map(text => `${text}\n`).join(''))
  const verify = (args: string[] = [], env: Record<string, string> = {}): Promise<Result> => place.run(['audit', 'verify', '--path', folder, ...args], { env })

  it('is a chain of entries that only its owner can read, and goes on over a restart', async () => {
    await written(3)
    const { entries, head } = (await written(2)).status()
    expect(entries).to.equal(5)
    const [file] = await files()
    expect((await stat(file!)).mode & 0o777).to.equal(0o600)
    const { code, out } = await verify(['--head', head])
    expect(out).to.include('Entries 1 to 5 are as they were written').and.include(head)
    expect(code).to.equal(0)
  })

  const attacks: Array<[what: string, attack: (lines: string[]) => string[], fault: RegExp]> = [
    ['changes an entry', ([a, b, ...rest]) => [a!, b!.replace('entry 2', 'entry 9'), ...rest], /:2: it was changed/],
    ['leaves one out', ([a, , ...rest]) => [a!, ...rest], /:2: it is entry 3, and entry 2 belongs there/],
    ['puts one in', ([a, ...rest]) => [a!, a!, ...rest], /:2: it is entry 1/],
    ['swaps two', ([a, b, c, d]) => [a!, c!, b!, d!], /:2: it is entry 3/],
    ['hides something behind the hash', ([a, ...rest]) => [a!.replace(/\}$/, ',"x":1}'), ...rest], /:1: it was changed/],
    ['makes a hash of its own for one', ([a, , ...rest]) => {
      const before = JSON.parse(a!) as Link
      return [a!, nextLine({ ...entry('another'), at: new Date().toISOString() }, before, undefined).line, ...rest]
    }, /:3: it does not follow entry 2/],
    ['writes nonsense', lines => [...lines, 'nonsense}'], /:5: it is not an entry/]
  ]
  for (const [what, attack, fault] of attacks) {
    it(`shows that somebody ${what}`, async () => {
      await written(4)
      await rewrite(attack(await lines()))
      const { code, out } = await verify()
      expect(out).to.match(fault)
      expect(code).to.equal(1)
    })
  }

  it('shows by a hash noted elsewhere that the end was cut off, or all of it written anew', async () => {
    const { head } = (await written(4)).status()
    const all = await lines()
    await rewrite(all.slice(0, 3))
    expect(await verify()).to.include({ code: 0 }).and.property('out').that.includes('shows only with --head')
    expect((await verify(['--head', head])).out).to.include('entries were cut off, or the whole log was written anew')
    let link: Link = { seq: 0, hash: NO_HASH }
    await rewrite(all.map(() => {
      const next = nextLine({ ...entry('innocent'), at: new Date().toISOString() }, link, undefined)
      link = next.link
      return next.line
    }))
    expect((await verify()).code).to.equal(0)
    expect((await verify(['--head', head])).code).to.equal(1)
  })

  it('cannot be written anew without its key', async () => {
    await written(2, KEY)
    expect((await verify([], { AUDIT_LOG_KEY: KEY })).code).to.equal(0)
    expect((await verify()).out).to.include('Set AUDIT_LOG_KEY')
    expect((await verify([], { AUDIT_LOG_KEY: 'another key, as long' })).out).to.include('the key is another one')
    await rewrite([nextLine({ ...entry('forged'), at: new Date().toISOString() }, { seq: 0, hash: NO_HASH }, undefined).line])
    expect((await verify([], { AUDIT_LOG_KEY: KEY })).out).to.include('written without the key')
  })

  it('goes on behind an entry that was only begun when the process was killed, and with an empty file', async () => {
    await written(2)
    await appendFile((await files())[0]!, '{"seq":3,"at":"20')
    await writeFile(join(folder, '000000000003.jsonl'), '')
    await written(1)
    expect((await verify(['--json'])).out).to.include('"ok": true').and.include('"last": 3')
  })

  it('begins a new chain behind what cannot be read, and that shows', async () => {
    await written(2)
    await rewrite([...(await lines()).slice(0, 1), 'nonsense}'])
    await written(1)
    expect((await verify()).code).to.equal(1)
    expect(await files()).to.have.length(2)
  })

  it('waits for a disk that cannot be written, loses nothing up to its bound, and counts what is beyond', async () => {
    const log = new TestLogger()
    const audit = make(undefined, log)
    await writeFile(folder, 'in the way')
    await written(MAX_WAITING + 5, undefined, audit)
    expect(audit.status().trouble).to.be.a('string')
    expect(audit.status()).to.include({ entries: 0, lost: 5 })
    expect(log.has('audit_log_not_written')).to.equal(true)
    await rm(folder)
    await audit.flush()
    expect(audit.status()).to.include({ entries: MAX_WAITING + 1, lost: 5 }).and.not.property('trouble')
    expect((await lines()).at(-1)).to.include('5 entries could not be written')
    expect((await verify()).code).to.equal(0)
  })

  it('has a file for each day, and removes those that are too old, one entry after the other in the rest', async () => {
    await written(2)
    const [old] = await files()
    const today = await readFile(old!, 'utf8')
    const longAgo = new Date(Date.now() - 366 * 86_400_000)
    const next = nextLine({ ...entry('of another day'), at: longAgo.toISOString() }, JSON.parse(today.trimEnd().split('\n')[1]!) as Link, undefined)
    await writeFile(join(folder, '000000000003.jsonl'), `${next.line}\n`)
    await utimes(old!, longAgo, longAgo)
    await utimes(join(folder, '000000000003.jsonl'), longAgo, longAgo)
    await written(1)
    expect((await files()).map(file => file.slice(-18))).to.deep.equal(['000000000004.jsonl'])
    expect((await verify()).out).to.include('Entries 4 to 4').and.include('Those before 4 are gone')
  })

  it('exports what is of a time', async () => {
    await written(2)
    const run = (...args: string[]): Promise<Result> => place.run(['audit', 'export', '--path', folder, ...args])
    expect((await run()).out.trimEnd().split('\n')).to.have.length(2)
    expect((await run('--until', '2020-01-01')).out).to.equal('')
    expect((await run('--since', '2020-01-01')).out.trimEnd().split('\n')).to.have.length(2)
    expect((await run('--since', 'yesterday')).err).to.include('--since takes a time')
    expect((await place.run(['audit', 'verify', '--path', join(folder, 'nowhere')])).err).to.include('Cannot read the log')
  })

  it('cuts what is too long, and no entry in two', async () => {
    const audit = make()
    audit.record({ ...entry('x'.repeat(10_000)), detail: 'line\nbreak' })
    await audit.flush()
    expect((await lines())[0]!.length).to.be.below(1000)
    expect(await lines()).to.have.length(1)
  })
})
