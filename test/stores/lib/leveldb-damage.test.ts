/** A damaged store never starts: not empty, and not with what is left. A store that only crashed does. */
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { readRecords } from '../../../stores/lib/leveldb-log.js'
import { failure, leveldown, nextLine, startStoreProcess, useWorkspace } from '../../support/stores.js'

const KEYS = ['a', 'b', 'c', 'd', 'long']
const valueOf = (key: string): string => key === 'long' ? 'longer than two blocks '.repeat(4000) : `value of ${key} `.repeat(10)

/** A database with values both in a table and in its log. */
async function makeStore (directory: string): Promise<void> {
  for (const keys of [KEYS.slice(0, 2), KEYS.slice(2)]) {
    const store = leveldown(directory)
    for (const key of keys) await store.put(key, valueOf(key))
    await store.close()
  }
}

async function only (directory: string, pattern: RegExp): Promise<string> {
  const names = (await readdir(directory)).filter(name => pattern.test(name))
  if (names.length !== 1 || names[0] === undefined) throw new Error(`expected one file, found ${names.join()}`)
  return join(directory, names[0])
}

async function flipBit (path: string, at: number): Promise<void> {
  const content = await readFile(path)
  const index = at < 0 ? content.length + at : at
  content[index] = (content[index] ?? 0) ^ 0x10
  await writeFile(path, content)
}

const CURRENT = /^CURRENT$/
const MANIFEST = /^MANIFEST-/
const LOG = /\.log$/
const TABLE = /\.ldb$/

describe('a damaged leveldown store', () => {
  const workspace = useWorkspace()

  const damages: Record<string, (find: (pattern: RegExp) => Promise<string>) => Promise<void>> = {
    'CURRENT is missing': async find => rm(await find(CURRENT)),
    'CURRENT is empty': async find => writeFile(await find(CURRENT), ''),
    'CURRENT is garbage': async find => writeFile(await find(CURRENT), 'garbage\n'),
    'CURRENT names another manifest': async find => writeFile(await find(CURRENT), 'MANIFEST-000099\n'),
    'the manifest is missing': async find => rm(await find(MANIFEST)),
    'the manifest is empty': async find => writeFile(await find(MANIFEST), ''),
    'the manifest is garbage': async find => writeFile(await find(MANIFEST), 'garbage '.repeat(20)),
    'the manifest has a wrong bit': async find => flipBit(await find(MANIFEST), 20),
    'the manifest ends early': async find => truncate(await find(MANIFEST), 60),
    'the log is missing': async find => rm(await find(LOG)),
    'the log is garbage': async find => writeFile(await find(LOG), 'garbage '.repeat(20)),
    'the log has a wrong bit in its first record': async find => flipBit(await find(LOG), 30),
    'the log has a wrong bit in its last record': async find => flipBit(await find(LOG), -1),
    'the log has a wrong bit in a length': async find => flipBit(await find(LOG), 5),
    'the log lost its beginning': async find => {
      const path = await find(LOG)
      await writeFile(path, (await readFile(path)).subarray(40))
    },
    'the log lost its first block': async find => {
      const path = await find(LOG)
      await writeFile(path, (await readFile(path)).subarray(32_768))
    },
    'the log has a hole': async find => {
      const path = await find(LOG)
      const content = await readFile(path)
      await writeFile(path, content.fill(0, 40, 32_768))
    },
    'a table is missing': async find => rm(await find(TABLE)),
    'a table is empty': async find => writeFile(await find(TABLE), ''),
    'a table ends early': async find => truncate(await find(TABLE), 60)
  }
  for (const [name, damage] of Object.entries(damages)) {
    it(`does not start when ${name}`, async () => {
      await makeStore(workspace.directory)
      await damage(pattern => only(workspace.directory, pattern))
      const before = await readdir(workspace.directory)
      const store = leveldown(workspace.directory)
      for (const use of [() => store.open(), () => store.get('a')]) {
        expect(await failure(use())).to.match(/^cannot open the store\. path=.* reason=the data is damaged: .+ remedy=restore the directory from a backup; or/)
      }
      expect(await readdir(workspace.directory)).to.include.members(before)
      await store.close()
    })
  }

  it('says so when a value in a table cannot be read', async () => {
    await makeStore(workspace.directory)
    const table = await only(workspace.directory, TABLE)
    await writeFile(table, Buffer.alloc((await readFile(table)).length, 'x'))
    const store = leveldown(workspace.directory)
    expect(await failure(store.get('a'))).to.match(/^cannot read from the store\. path=.* reason=.+/)
    await store.close()
  })
})

describe('a leveldown store after a crash', () => {
  const workspace = useWorkspace()

  it('starts with everything but the write that was cut short, wherever it was cut', async () => {
    await makeStore(workspace.directory)
    const log = await readFile(await only(workspace.directory, LOG))
    const whole = readRecords(log)
    expect(whole).to.have.lengthOf(3)
    for (let length = 0; length < log.length; length += length < 500 || length % 32_768 < 20 ? 1 : 997) {
      const cut = log.subarray(0, length)
      const withZeros = Buffer.concat([cut, Buffer.alloc(log.length - length)]) // what some file systems leave after a power cut
      const records = readRecords(cut)
      expect(Buffer.concat(records).equals(Buffer.concat(whole.slice(0, records.length))), `cut at ${length}`).to.equal(true)
      expect(readRecords(withZeros)).to.have.lengthOf(records.length)
    }
  })

  it('never takes a wrong bit in one of its earlier writes for a write that was cut short', async () => {
    const store = leveldown(workspace.directory)
    for (const key of ['a', 'b', 'last']) await store.put(key, valueOf(key))
    await store.close()
    const log = await readFile(await only(workspace.directory, LOG))
    const headerOfLast = log.length - (readRecords(log).at(-1)?.length ?? 0) - 7
    for (let at = 0; at < headerOfLast; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const wrong = Buffer.from(log)
        wrong.writeUInt8(wrong.readUInt8(at) ^ (1 << bit), at)
        expect(() => readRecords(wrong), `bit ${bit} of byte ${at}`).to.throw('does not match its checksum')
      }
    }
  })

  it('starts when it was cut off while the database was being made', async () => {
    await writeFile(join(workspace.directory, 'MANIFEST-000001'), 'half')
    await writeFile(join(workspace.directory, '000001.dbtmp'), 'MANI')
    const store = leveldown(workspace.directory)
    await store.put('key', 'value')
    await store.close()
  })

  it('has every write that was done when it was killed, and both halves of each batch or neither', async () => {
    let last = -1
    for (let kill = 0; kill < 4; kill++) {
      const writer = startStoreProcess('write', workspace.directory)
      expect(await nextLine(writer)).to.equal('open')
      for (let line = 0; line < 50 + 400 * kill; line++) last = Math.max(last, Number((await nextLine(writer)).split(' ')[1]))
      await writer.kill()

      const store = leveldown(workspace.directory)
      for (let number = 0; number <= last; number++) {
        const value = String(number).repeat(1 + number % 5000)
        expect(await store.get(`a${number}`) === value && await store.get(`b${number}`) === value, `write ${number}`).to.equal(true)
      }
      expect(await store.get(`a${last + 1}`)).to.equal(await store.get(`b${last + 1}`))
      await store.close()
    }
  })

  // LevelDB by itself goes on after a failed write, says that the following ones are on disk, and does not find them after a restart.
  it('has every write that was done after one that failed', async () => {
    const writer = startStoreProcess('write-until-full', workspace.directory, "trap '' XFSZ; ulimit -f 8")
    const written: string[] = []
    let failed = 0
    for (let line = await nextLine(writer); line !== 'done'; line = await nextLine(writer)) {
      const [outcome, number] = line.split(' ')
      if (outcome === 'written') written.push(number!)
      if (outcome === 'failed') failed++
    }
    await writer.kill()
    expect(failed, 'the limit was felt').to.be.at.least(1)
    expect(written.length, 'it went on writing').to.be.at.least(20)
    const store = leveldown(workspace.directory)
    for (const number of written) expect(await store.get(`key ${number}`)).to.equal(`${number} `.repeat(200))
    await store.close()
  })
})
