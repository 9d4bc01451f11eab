/** The store on disk: where it is, who may use it, and what it says when it cannot be used. */
import { chmod, chown, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import LeveldownStore from '../../stores/leveldown.js'
import type { openLevelDb } from '../../stores/lib/open-leveldb.js'
import { failure, leveldown, nextLine, recordingLog, startStoreProcess, useWorkspace } from '../support/stores.js'
import type { StoreProcess } from '../support/stores.js'

const NOBODY = 65_534

describe('where the leveldown store is', () => {
  const workspace = useWorkspace()
  const { HOME } = process.env
  const workingDirectory = process.cwd()

  afterEach(() => {
    process.chdir(workingDirectory)
    process.env.HOME = HOME
  })

  const openAndClose = async (options: Record<string, unknown>): Promise<void> => {
    const store = new LeveldownStore(options, { log: recordingLog() })
    await store.open()
    await store.close()
  }

  it('makes its directory and those above it, for this user only', async () => {
    await openAndClose({ path: join(workspace.directory, 'deep', 'down') })
    for (const path of ['deep', 'deep/down']) {
      expect((await stat(join(workspace.directory, path))).mode & 0o777).to.equal(0o700)
    }
    expect(await readdir(join(workspace.directory, 'deep', 'down'))).to.include('CURRENT')
  })

  /** Opens and closes a store without a path in the test's folder. Resolves to what it has logged. */
  const inDefaultPlace = async (ilpAddress?: string, options: Record<string, unknown> = {}): Promise<string[]> => {
    const log = recordingLog()
    process.chdir(workspace.directory)
    const store = new LeveldownStore(options, { log, ...(ilpAddress !== undefined && { ilpAddress, owner: ilpAddress }) })
    process.chdir(workingDirectory) // it was decided when the store was made
    await store.open()
    await store.close()
    return log.lines
  }

  for (const options of [{}, { path: '' }, { path: undefined }]) {
    it(`is named after the connector, below connector-data in the working directory, for ${JSON.stringify(options)}`, async () => {
      for (const ilpAddress of ['test.alice', 'test.bob']) await inDefaultPlace(ilpAddress, options)
      expect(await readdir(workspace.directory)).to.deep.equal(['connector-data'])
      expect(await readdir(join(workspace.directory, 'connector-data'))).to.have.members(['test.alice', 'test.bob'])
      expect(await readdir(join(workspace.directory, 'connector-data', 'test.bob'))).to.include('CURRENT')
    })
  }

  it('is nowhere if neither a path nor an owner is given', async () => {
    expect(await failure(inDefaultPlace())).to.include('cannot open the store').and.include('storePath')
    expect(await readdir(workspace.directory)).to.deep.equal([])
  })

  it('is not where version 0.1 had it, if there is something', async () => {
    await openAndClose({ path: join(workspace.directory, 'connector-data') })
    const before = await readdir(join(workspace.directory, 'connector-data'))
    expect(await failure(inDefaultPlace('test.alice'))).to.include(`path=${join(workspace.directory, 'connector-data')} reason=`)
    expect(await readdir(join(workspace.directory, 'connector-data'))).to.deep.equal(before)
  })

  it('remembers who has used it last, and tools that open it do not count', async () => {
    const path = join(workspace.directory, 'connector-data', 'test.alice')
    await openAndClose({ path })
    await inDefaultPlace('test.alice')
    await openAndClose({ path })
    await inDefaultPlace('test.alice')
    const store = new LeveldownStore({ path }, { log: recordingLog(), owner: 'test.carl' })
    await store.open()
    await store.close()
    expect(await failure(inDefaultPlace('test.alice'))).to.include('found=test.carl expected=test.alice')
    expect(await failure(inDefaultPlace('test.alice')), 'again').to.include('found=test.carl expected=test.alice')
  })

  it('is new under a new address, and that is said', async () => {
    expect(await inDefaultPlace('test.alice')).to.have.length(1)
    expect(await inDefaultPlace('test.alice'), 'again').to.have.length(1)
    const lines = await inDefaultPlace('test.renamed')
    expect(lines.join()).to.match(/warn starting without balances, none are kept under this address\. path=%s others=%s/)
  })

  it('expands ~ to the home directory', async () => {
    process.env.HOME = workspace.directory
    await openAndClose({ path: '~/.connector-data' })
    await openAndClose({ path: '~' })
    expect(await readdir(workspace.directory)).to.include.members(['.connector-data', 'CURRENT'])
  })

  it('takes nothing but a string as path', () => {
    expect(() => new LeveldownStore({ path: 7 }, { log: recordingLog() })).to.throw('option=path found=number expected=a string')
  })
})

describe('a leveldown store that cannot be opened', () => {
  const workspace = useWorkspace()

  it('says that the path is a file, or leads through one', async () => {
    const file = join(workspace.directory, 'file')
    await writeFile(file, 'not a database')
    for (const path of [file, join(file, 'below')]) {
      expect(await failure(leveldown(path).open())).to.match(
        new RegExp(`^cannot open the store\\. path=${path} reason=it or a part of it is a file, not a directory .* remedy=set storePath \\(CONNECTOR_STORE_PATH\\), or dataPath of a node, to`))
    }
  })

  /** What a user without rights sees; root has all rights, so it steps back for a moment. */
  const openUnprivileged = async (path: string): Promise<string> => {
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(NOBODY)
    try {
      return await failure(leveldown(path).open())
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  }

  it('says that it may not write to the directory, read it, or make it', async () => {
    if (process.geteuid?.() === 0) await chown(workspace.directory, NOBODY, NOBODY)
    for (const { mode, path } of [{ mode: 0o500, path: '' }, { mode: 0o300, path: '' }, { mode: 0o000, path: '' }, { mode: 0o500, path: 'new' }]) {
      await chmod(workspace.directory, mode)
      expect(await openUnprivileged(join(workspace.directory, path))).to.match(/path=.* reason=no permission .* remedy=let this user read and write/)
      await chmod(workspace.directory, 0o700)
    }
  })

  it('says that it may not read a file of the database', async () => {
    const store = leveldown(workspace.directory)
    await store.open()
    await store.close()
    if (process.geteuid?.() === 0) await chown(workspace.directory, NOBODY, NOBODY)
    for (const name of ['CURRENT', 'LOCK']) {
      await chmod(join(workspace.directory, name), 0o000)
      expect(await openUnprivileged(workspace.directory)).to.match(/reason=no permission .*(CURRENT|LOCK)/)
      await chmod(join(workspace.directory, name), 0o666)
    }
  })

  it('opens after all once the reason is gone, and until then every use tells the reason', async () => {
    const path = join(workspace.directory, 'store')
    await writeFile(path, '')
    const store = leveldown(path)
    for (const use of [store.open(), store.get('key'), store.put('key', 'value'), store.batch([{ type: 'del', key: 'key' }])]) {
      expect(await failure(use)).to.match(/^cannot open the store\. path=.* reason=it or a part of it is a file/)
    }
    await rm(path)
    await store.put('key', 'value')
    expect(await store.get('key')).to.equal('value')
    await store.close()
  })
})

describe('a leveldown store in use', () => {
  const workspace = useWorkspace()
  let processes: StoreProcess[]

  beforeEach(() => { processes = [] })
  afterEach(() => Promise.all(processes.map(process => process.kill())))

  const hold = (): StoreProcess => {
    const holder = startStoreProcess('hold', workspace.directory)
    processes.push(holder)
    return holder
  }

  it('is refused to another process, until the first one ends', async () => {
    const holder = hold()
    expect(await nextLine(holder)).to.equal('open')
    const store = leveldown(workspace.directory)
    expect(await failure(store.open())).to.match(
      /^cannot open the store\. path=.* reason=another process has it open remedy=stop the other connector, or set storePath \(CONNECTOR_STORE_PATH\), or dataPath of a node, to/)
    await holder.kill()
    await store.open()
    await store.close()
  })

  it('is called in use, not damaged, when its files look damaged because another process is changing them', async () => {
    const holder = hold()
    expect(await nextLine(holder)).to.equal('open')
    for (const name of await readdir(workspace.directory)) {
      if (name.endsWith('.log')) await writeFile(join(workspace.directory, name), 'half of something')
    }
    expect(await failure(leveldown(workspace.directory).open())).to.contain('reason=another process has it open')
  })

  it('is refused a second time in this process to another copy of this package, too, and stays locked for others', async () => {
    const store = leveldown(workspace.directory)
    await store.open()
    const copy = await import(`${import.meta.resolve('../../stores/lib/open-leveldb.js')}?copy`) as { openLevelDb: typeof openLevelDb }
    expect(await failure(copy.openLevelDb(workspace.directory))).to.contain('reason=another connector in this process has it open')
    const other = startStoreProcess('hold', workspace.directory)
    processes.push(other)
    expect(await nextLine(other)).to.contain('reason=another process has it open')
    await store.close()
  })

  it('is refused a second time in this process, by whatever path, and stays locked for others', async () => {
    const path = join(workspace.directory, 'store')
    const link = join(workspace.directory, 'link')
    await mkdir(path)
    await symlink(path, link)
    const store = leveldown(path)
    await store.open()
    for (const other of [path, link, `${path}/../store/`]) {
      expect(await failure(leveldown(other).open())).to.contain('reason=another connector in this process has it open')
    }
    const other = startStoreProcess('hold', link)
    processes.push(other)
    expect(await nextLine(other)).to.contain('reason=another process has it open')
    await store.close()
    const second = leveldown(link)
    await second.open()
    await second.close()
  })
})
