/**
 * Whatever a disk, a crash or a stranger does to the files of the history, the rest of it is there, the loss is counted and said once in
 * the log, and nobody who adds an event notices.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import sinon from 'sinon'
import { SILENT_LOG, type Logger } from '../../src/contracts/logger.js'
import { History } from '../../src/explorer/history.js'
import { temporaryFolder } from '../support/daemon.js'
import { received, rejected, settled } from '../support/explorer/events.js'
import { rejection } from '../support/failures.js'
import { pause, until } from '../support/waiting.js'

const KILLS = Number(process.env.KILLS ?? 3)

describe('a damaged history', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let places = 0
  let warnings: string[] = []
  const log: Logger = { ...SILENT_LOG, warn: (message: string) => warnings.push(message) }
  before(async () => { folder = await temporaryFolder() })
  after(() => folder.remove())
  beforeEach(() => { warnings = [] })
  afterEach(() => sinon.restore())

  const newPlace = (): string => join(folder.path, `damaged-${places++}`)
  async function opened (path: string, maxEvents = 6400): Promise<History> {
    const history = new History({ path, maxEvents, log })
    await history.open()
    return history
  }
  async function numbersIn (history: History): Promise<number[]> {
    const { events, total } = await history.query({ limit: 10_000_000, offset: 0, order: 'oldest' })
    expect(total).to.equal(events.length)
    return events.map(({ amount }) => Number(amount)).sort((a, b) => a - b)
  }
  /** In files of 100; the last one is not full. */
  async function written (path: string, count: number, first = 0): Promise<void> {
    const history = await opened(path)
    for (let number = first; number < first + count; number++) history.add(received(number))
    await history.close()
  }
  const filesIn = (path: string): string[] => readdirSync(path).sort().map(file => join(path, file))
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, place) => from + place)

  it('goes on where a file ends in the middle of a write', async () => {
    for (const cut of [1, 10, 23, 24, 40, 200]) {
      const path = newPlace()
      await written(path, 32)
      const [file = ''] = filesIn(path)
      const whole = statSync(file).size
      await written(path, 18, 32)
      truncateSync(file, Math.max(whole + 1, statSync(file).size - cut))
      warnings = []
      const history = await opened(path)
      expect(await numbersIn(history)).to.deep.equal(range(0, 32))
      expect(warnings).to.have.length(1)
      history.add(received(50))
      await history.close()
      const again = await opened(path)
      expect(await numbersIn(again)).to.deep.equal([...range(0, 32), 50])
      expect(warnings).to.have.length(1)
      await again.close()
    }
  })

  it('goes on without the index of a full file', async () => {
    const path = newPlace()
    await written(path, 150)
    const [file = ''] = filesIn(path)
    truncateSync(file, statSync(file).size - 1)
    for (const expected of [1, 1]) {
      const history = await opened(path)
      expect(await numbersIn(history)).to.deep.equal(range(0, 150))
      await history.close()
      expect(warnings).to.have.length(expected)
    }
  })

  it('loses no more than a frame to a flipped byte, wherever it is, and never tells a wrong event', async () => {
    const path = newPlace()
    await written(path, 150)
    const originals = filesIn(path).map(file => ({ file, bytes: readFileSync(file) }))
    await fc.assert(fc.asyncProperty(fc.nat(1), fc.nat(100_000), fc.integer({ min: 1, max: 255 }), async (place, where, flip) => {
      for (const file of filesIn(path)) rmSync(file)
      for (const { file, bytes } of originals) writeFileSync(file, bytes)
      const { file, bytes } = originals[place]!
      const broken = Buffer.from(bytes)
      const at = where % bytes.length
      broken[at] = (broken[at] ?? 0) ^ flip
      writeFileSync(file, broken)
      const history = await opened(path)
      const numbers = await numbersIn(history)
      expect(range(0, 150)).to.include.members(numbers)
      expect(new Set(numbers).size).to.equal(numbers.length)
      expect(numbers.length).to.be.at.least(150 - 32)
      expect(history.status().eventCount).to.equal(numbers.length)
      history.add(received(150))
      await history.close()
      const again = await opened(path)
      expect(await numbersIn(again)).to.deep.equal([...numbers, 150])
      await again.close()
    }), { numRuns: Number(process.env.PROPERTY_RUNS ?? 100) })
  })

  it('says once what it left out, and counts it', async () => {
    const path = newPlace()
    await written(path, 1000)
    for (const file of filesIn(path)) {
      const bytes = readFileSync(file)
      bytes[30] = (bytes[30] ?? 0) ^ 1
      writeFileSync(file, bytes)
    }
    const history = await opened(path)
    const numbers = await numbersIn(history)
    expect(numbers).to.have.length(1000 - 32 * 10)
    expect(history.status()).to.deep.include({ lost: 320, eventCount: 680, trouble: undefined })
    expect(warnings.filter(line => line.includes('damaged'))).to.have.length(1)
    await history.close()
  })

  it('is what is left of it after a file was deleted, before the start and while it runs', async () => {
    const path = newPlace()
    await written(path, 350)
    rmSync(filesIn(path)[1] ?? '')
    const history = await opened(path)
    expect(await numbersIn(history)).to.deep.equal([...range(0, 100), ...range(200, 350)])
    rmSync(filesIn(path)[0] ?? '')
    expect(await numbersIn(history)).to.deep.equal(range(200, 350))
    expect(history.status()).to.include({ eventCount: 150, lost: 100 })
    for (const file of filesIn(path)) rmSync(file)
    history.add(received(350))
    expect(await numbersIn(history)).to.deep.equal([350])
    await history.close()
    expect(await numbersIn(await opened(path))).to.deep.equal([350])
  })

  it('keeps what comes after its last file was deleted, even if nobody asked meanwhile', async () => {
    const path = newPlace()
    const history = await opened(path)
    history.add(received(0))
    await until(() => filesIn(path).some(file => statSync(file).size > 0))
    for (const file of filesIn(path)) rmSync(file)
    for (let number = 1; number < 150; number++) history.add(received(number))
    await history.close()
    expect(await numbersIn(await opened(path))).to.deep.equal(range(1, 150))
  })

  it('is there again after its folder was deleted while it ran', async () => {
    const path = newPlace()
    const history = await opened(path)
    rmSync(path, { recursive: true })
    history.add(received(1))
    await until(() => existsSync(path))
    await history.close()
    expect(await numbersIn(await opened(path))).to.deep.equal([1])
  })

  it('does not take what is not a file of the history', async () => {
    const path = newPlace()
    await written(path, 10)
    writeFileSync(join(path, 'packets-000000007.events'), Buffer.alloc(5000, 'SLH1'))
    writeFileSync(join(path, 'changes-000000001.events'), '')
    writeFileSync(join(path, 'notes.txt'), 'SLH1')
    mkdirSync(join(path, 'lasting-000000001.events'))
    const history = await opened(path)
    expect(await numbersIn(history)).to.deep.equal(range(0, 10))
    history.add(settled(10))
    await history.close()
    expect(await numbersIn(await opened(path))).to.deep.equal(range(0, 11))
    expect(readdirSync(path)).to.include('notes.txt')
    expect(readdirSync(path)).not.to.include('packets-000000007.events')
  })

  it('cannot be opened: nobody is harmed, and it is opened later', async () => {
    const path = newPlace()
    writeFileSync(path, 'a file')
    const history = await opened(path, 100_000)
    expect(history.status().trouble).to.include(path).and.to.include('EEXIST')
    expect(String(await rejection(history.query({ limit: 1, offset: 0 })))).to.include('EEXIST')
    for (let number = 0; number < 12_000; number++) history.add(received(number))
    expect(history.status().lost).to.equal(2000)
    expect(warnings.filter(line => line.includes('cannot be kept'))).to.have.length(1)
    rmSync(path)
    await history.open()
    expect(await numbersIn(history)).to.deep.equal(range(0, 10_000))
    expect(history.status()).to.deep.include({ trouble: undefined, lost: 2000 })
    await history.close()
  })

  it('cannot be written: nobody waits, the loss is counted, and it goes on when the disk does', async () => {
    const path = newPlace()
    const history = await opened(path, 100_000)
    history.add(received(0))
    const write = await brokenWrites('ENOSPC')
    for (let number = 1; number < 20_000; number++) history.add(received(number))
    expect(history.status().lost).to.equal(10_000)
    await until(() => history.status().trouble !== undefined)
    expect(history.status().trouble).to.include('ENOSPC').and.to.include(path)
    expect(await numbersIn(history)).to.deep.equal(range(0, 10_000))
    expect(warnings.filter(line => line.includes('cannot be kept'))).to.have.length(1)
    write.restore()
    await history.close()
    expect(history.status()).to.deep.include({ trouble: undefined, lost: 10_000 })
    expect(await numbersIn(await opened(path, 100_000))).to.deep.equal(range(0, 10_000))
  })

  it('counts what a disk that stays read-only did not take, and keeps what was there', async () => {
    const path = newPlace()
    await written(path, 50)
    const history = await opened(path)
    await brokenWrites('EROFS')
    for (let number = 50; number < 80; number++) history.add(received(number))
    await history.close()
    expect(history.status()).to.include({ lost: 30 })
    expect(history.status().trouble).to.include('EROFS')
    sinon.restore()
    expect(await numbersIn(await opened(path))).to.deep.equal(range(0, 50))
  })

  it('takes neither what is too long nor what is no JSON', async () => {
    const history = await opened(newPlace())
    history.add(rejected(1, Date.now(), 'x'.repeat(300_000)))
    const circle = { ...rejected(2) }
    Object.assign(circle, { circle })
    history.add(circle)
    history.add(rejected(3, Date.now(), 'ü'.repeat(100_000)))
    history.add({ ...rejected(4), amount: '4' })
    expect(await numbersIn(history)).to.deep.equal([3, 4])
    expect(history.status().lost).to.equal(2)
    await history.close()
  })

  it('is whole up to the last second after its process was killed while writing', async function () {
    this.timeout(60_000)
    const path = newPlace()
    let next = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const writer = spawn(process.execPath, [new URL('../support/explorer/write-until-killed.js', import.meta.url).pathname, path, String(next)])
      let printed = ''
      writer.stdout.on('data', (data: Buffer) => { printed += data.toString() })
      await until(() => printed.includes('\n'))
      const ms = Math.floor(Math.random() * 1500)
      await pause(ms)
      writer.kill('SIGKILL')
      await once(writer, 'exit')
      const known = Number(printed.trim().split('\n').at(-1))
      const history = new History({ path, log })
      await history.open()
      const numbers = await numbersIn(history)
      expect(numbers.slice(0, known), `killed ${ms} ms after ${known} events`).to.deep.equal(range(0, known))
      expect(numbers, `killed ${ms} ms after ${known} events`).to.deep.equal(range(0, numbers.length))
      next = numbers.length
      await history.close()
    }
  })

  /** Half of what is written arrives, then the system refuses. */
  async function brokenWrites (code: string): Promise<sinon.SinonStub> {
    const handle = await open(join(folder.path, 'any'), 'w')
    const prototype = Object.getPrototypeOf(handle) as FileHandle
    await handle.close()
    const original = Reflect.get(prototype, 'write') as (...args: unknown[]) => Promise<unknown>
    return sinon.stub(prototype, 'write').callsFake(async function (this: unknown, ...args: unknown[]) {
      const [bytes, offset, length, position] = args
      await Reflect.apply(original, this, [bytes, offset, Math.floor(Number(length) / 2), position])
      throw Object.assign(new Error(`${code}: the disk refuses`), { code })
    })
  }
})
