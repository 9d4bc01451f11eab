/** Group commit: what is waited for is on disk, one write at a time, and nobody waits for a store that does not work. */
import { expect } from 'chai'
import sinon from 'sinon'
import { GroupCommit, PATIENCE_MS } from '../../../src/ledger/embedded/group-commit.js'
import { RecordingLog } from '../../support/ledger/recording-log.js'

/** Numbers that are to be written, in batches whose end the test decides. */
class Numbers {
  changed: number[] = []
  readonly writes: Array<{ batch: number[], resolve: () => void, reject: (error: Error) => void }> = []
  readonly written: number[] = []
  readonly log = new RecordingLog()
  readonly commit = new GroupCommit<number[]>({
    take: () => this.changed.splice(0),
    write: batch => new Promise<void>((resolve, reject) => {
      this.writes.push({ batch, reject, resolve: () => { this.written.push(...batch); resolve() } })
    }),
    giveBack: batch => { this.changed.unshift(...batch) }
  }, this.log)

  add (value: number): void {
    this.changed.push(value)
    this.commit.changed()
  }

  get last (): Numbers['writes'][number] {
    return this.writes.at(-1)!
  }
}

/** Where a promise stands once everything that needs no time has happened. */
async function standing (promise: Promise<void>): Promise<string> {
  let state = 'pending'
  promise.then(() => { state = 'resolved' }, (error: unknown) => { state = `rejected ${(error as { ilpErrorCode: string }).ilpErrorCode}` })
  await settle()
  return state
}

async function settle (): Promise<void> {
  await new Promise(resolve => { setImmediate(resolve) })
}

describe('group commit', () => {
  let clock: sinon.SinonFakeTimers
  let numbers: Numbers

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
    numbers = new Numbers()
  })
  afterEach(() => clock.restore())

  it('has nothing to wait for when nothing changed', async () => {
    expect(await standing(numbers.commit.committed())).to.equal('resolved')
    expect(numbers.writes).to.deep.equal([])
  })

  it('writes what came of one event in one batch, and lets those who wait go on when it is written', async () => {
    await settle().then(() => numbers.add(1)) // as at the end of a packet's way
    const committed = numbers.commit.committed()
    await Promise.resolve()
    numbers.add(2)
    await settle()
    expect(numbers.writes.map(({ batch }) => batch)).to.deep.equal([[1, 2]])
    expect(await standing(committed)).to.equal('pending')
    numbers.last.resolve()
    expect(await standing(committed)).to.equal('resolved')
  })

  it('collects for the next batch while one is being written', async () => {
    numbers.add(1)
    const first = numbers.commit.committed()
    await settle()
    numbers.add(2)
    const second = numbers.commit.committed()
    numbers.add(3)
    const third = numbers.commit.committed()
    expect(numbers.writes).to.have.length(1)
    numbers.last.resolve()
    expect(await standing(first)).to.equal('resolved')
    expect(await standing(second)).to.equal('pending')
    expect(numbers.writes.map(({ batch }) => batch)).to.deep.equal([[1], [2, 3]])
    numbers.last.resolve()
    expect(await standing(second)).to.equal('resolved')
    expect(await standing(third)).to.equal('resolved')
    expect(numbers.writes).to.have.length(2)
  })

  it('waits for the batch under way when nothing changed since', async () => {
    numbers.add(1)
    await settle()
    expect(numbers.writes).to.have.length(1)
    const committed = numbers.commit.committed()
    expect(await standing(committed)).to.equal('pending')
    numbers.last.resolve()
    expect(await standing(committed)).to.equal('resolved')
    expect(numbers.writes).to.have.length(1)
  })

  it('writes soon what nobody waits for', async () => {
    numbers.add(1)
    numbers.add(2)
    expect(numbers.writes).to.deep.equal([])
    await settle()
    expect(numbers.writes.map(({ batch }) => batch)).to.deep.equal([[1, 2]])
  })

  /** One batch for which a hundred wait is written within `ms`, and something changes meanwhile. */
  async function crowdedBatch (ms: number): Promise<void> {
    numbers.add(1)
    for (let i = 0; i < 100; i++) void numbers.commit.committed()
    await settle()
    numbers.add(2)
    clock.tick(ms)
    numbers.last.resolve()
    await settle()
    numbers.add(3)
    await settle()
  }

  it('lets the next batch grow where many wait and the disk is fast, as long as every turn of the event loop adds to it', async () => {
    await crowdedBatch(0)
    for (let value = 4; value <= 9; value++) {
      numbers.add(value)
      await settle()
    }
    expect(numbers.writes).to.have.length(1)
    const committed = numbers.commit.committed()
    await settle()
    await settle()
    expect(numbers.last.batch).to.deep.equal([2, 3, 4, 5, 6, 7, 8, 9])
    numbers.last.resolve()
    expect(await standing(committed)).to.equal('resolved')
  })

  it('lets it grow for a millisecond at most', async () => {
    await crowdedBatch(0)
    clock.tick(1)
    for (let value = 4; value <= 5; value++) {
      numbers.add(value)
      await settle()
    }
    expect(numbers.last.batch.slice(0, 2)).to.deep.equal([2, 3])
  })

  it('gives it none where the disk takes its time anyway', async () => {
    await crowdedBatch(2)
    expect(numbers.last.batch).to.deep.equal([2])
  })

  it('is not kept from closing by that moment', async () => {
    await crowdedBatch(0)
    const closed = numbers.commit.close()
    expect(numbers.last.batch).to.deep.equal([2, 3])
    numbers.last.resolve()
    expect(await standing(closed)).to.equal('resolved')
  })

  it('tries a failed batch again with what changed since, and lets everybody go on then', async () => {
    numbers.add(1)
    const first = numbers.commit.committed()
    await settle()
    numbers.add(2)
    const second = numbers.commit.committed()
    numbers.last.reject(new Error('disk full'))
    expect(await standing(first)).to.equal('pending')
    expect(numbers.commit.trouble).to.equal('disk full')
    expect(numbers.log.lines.join()).to.match(/error .*cannot write balances.*disk full/)
    clock.tick(100)
    expect(numbers.last.batch).to.deep.equal([1, 2])
    numbers.last.resolve()
    expect(await standing(first)).to.equal('resolved')
    expect(await standing(second)).to.equal('resolved')
    expect(numbers.commit.trouble).to.equal(undefined)
    expect(numbers.written).to.deep.equal([1, 2])
  })

  for (const fault of ['fails', 'hangs'] as const) {
    it(`gives up waiting when the store ${fault}, answers at once from then on, and recovers with it`, async () => {
      numbers.add(1)
      const first = numbers.commit.committed()
      await settle()
      clock.tick(PATIENCE_MS - 1)
      if (fault === 'fails') numbers.last.reject(new Error('disk full'))
      numbers.add(2)
      const second = numbers.commit.committed()
      expect(await standing(second)).to.equal('pending')
      clock.tick(1)
      expect(await standing(first)).to.equal('rejected T00')
      expect(await standing(second)).to.equal('rejected T00')
      expect(await standing(numbers.commit.committed())).to.equal('rejected T00')
      expect(numbers.commit.trouble).to.be.a('string')

      if (fault === 'fails') clock.tick(100)
      numbers.last.resolve()
      await settle()
      if (fault === 'hangs') numbers.last.resolve() // what was collected meanwhile
      await settle()
      expect(numbers.written).to.deep.equal([1, 2])
      expect(numbers.commit.trouble).to.equal(undefined)
      expect(await standing(numbers.commit.committed())).to.equal('resolved')
      numbers.add(3)
      const third = numbers.commit.committed()
      await settle()
      numbers.last.resolve()
      expect(await standing(third)).to.equal('resolved')
    })
  }

  it('is not given up when the store answered in time and the process was too busy to hear it', async () => {
    numbers.add(1)
    const committed = numbers.commit.committed()
    await settle()
    clock.tick(10 * PATIENCE_MS) // a turn of the event loop that took so long: first its timers, then the store
    numbers.last.resolve()
    expect(await standing(committed)).to.equal('resolved')
    expect(numbers.commit.trouble).to.equal(undefined)
    expect(numbers.log.lines).to.deep.equal([])
  })

  it('tries ever less often, but at least every five seconds', async () => {
    numbers.add(1)
    await settle()
    const pauses: number[] = []
    for (let i = 0; i < 9; i++) {
      numbers.last.reject(new Error('disk full'))
      await settle()
      const [writes, since] = [numbers.writes.length, clock.now]
      while (numbers.writes.length === writes) clock.tick(50)
      pauses.push(clock.now - since)
    }
    expect(pauses).to.deep.equal([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
    expect(numbers.log.lines.filter(line => line.includes('cannot write balances')), 'one line, not one for each attempt').to.have.length(1)
  })

  it('writes what is left when it is closed, and takes no more', async () => {
    numbers.add(1)
    const closed = numbers.commit.close()
    await settle()
    expect(numbers.last.batch).to.deep.equal([1])
    numbers.last.resolve()
    expect(await standing(closed)).to.equal('resolved')
    numbers.add(2)
    await settle()
    clock.tick(10_000)
    expect(numbers.writes).to.have.length(1)
    expect(await standing(numbers.commit.committed())).to.equal('rejected T00')
  })

  it('does not wait for a pause to end when it is closed, nor forever for a store that does not work', async () => {
    numbers.add(1)
    await settle()
    numbers.last.reject(new Error('disk full'))
    await settle()
    const closed = numbers.commit.close()
    expect(numbers.writes).to.have.length(2)
    clock.tick(PATIENCE_MS)
    expect(await standing(closed)).to.equal('rejected T00')
    numbers.last.reject(new Error('disk full'))
    await settle()
    clock.tick(60_000)
    expect(numbers.writes).to.have.length(2)
  })
})
