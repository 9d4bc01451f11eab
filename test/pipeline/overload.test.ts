/** A shutdown waits for what is under way, and not for ever. */
import { expect } from 'chai'
import sinon from 'sinon'
import {
  ACCOUNT_BYTES_MAX, ACCOUNT_PACKETS_MAX, ALL_BYTES_MAX, ALL_PACKETS_MAX, LEAST_SHARE_BYTES, Overload, type Entrance
} from '../../src/pipeline/overload.js'

interface Deferred { answer: Promise<Buffer>, resolve: (answer: Buffer) => void, reject: (error: Error) => void }

function deferred (): Deferred {
  const result = {} as Deferred
  result.answer = new Promise((resolve, reject) => Object.assign(result, { resolve, reject }))
  return result
}

describe('what is in flight', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = sinon.useFakeTimers() })
  afterEach(() => { clock.restore() })

  it('is idle when there is nothing', async () => {
    expect(await new Overload().idle(0)).to.equal(true)
  })

  it('is idle with the last answer, whether it is one or a failure', async () => {
    const overload = new Overload()
    const [one, two] = [deferred(), deferred()]
    for (const { answer } of [one, two]) overload.track(answer).catch(() => undefined)
    let idle: boolean | undefined
    const waiting = overload.idle(5000).then(value => { idle = value })
    one.resolve(Buffer.alloc(0))
    await clock.tickAsync(4000)
    expect(idle).to.equal(undefined)
    two.reject(new Error('no'))
    await waiting
    expect(idle).to.equal(true)
    expect(clock.countTimers(), 'no timer is left').to.equal(0)
  })

  it('is given up after the time', async () => {
    const overload = new Overload()
    const late = deferred()
    void overload.track(late.answer)
    const waiting = [overload.idle(100), overload.idle(10_000)]
    await clock.tickAsync(100)
    expect(await waiting[0]).to.equal(false)
    late.resolve(Buffer.alloc(0))
    expect(await waiting[1]).to.equal(true)
    expect(await overload.idle(0)).to.equal(true)
  })

  it('hands the answer on as it is', async () => {
    const answer = Buffer.from('x')
    expect(await new Overload().track(Promise.resolve(answer))).to.equal(answer)
  })

  describe('is bounded', () => {
    const never = new Promise<Buffer>(() => undefined)
    const fill = (entrance: Entrance): number => {
      let count = 0
      while (!entrance.isFullFor(0) && count < 2 * ALL_PACKETS_MAX) {
        void entrance.track(never, 0)
        count++
      }
      return count
    }

    it('for each account', async () => {
      const overload = new Overload(() => 2)
      const [one, other] = [overload.entrance(), overload.entrance()]
      const first = deferred()
      void one.track(first.answer, 0)
      expect(fill(one)).to.equal(ACCOUNT_PACKETS_MAX - 1)
      expect(other.isFullFor(0)).to.equal(false)
      first.resolve(Buffer.alloc(0))
      await clock.tickAsync(0)
      expect(one.isFullFor(0)).to.equal(false)
    })

    it('for all, with a share left for those who have little', () => {
      const accounts = 50
      const overload = new Overload(() => accounts)
      const entrances = Array.from({ length: accounts }, () => overload.entrance())
      const counts = entrances.map(fill)
      const full = ALL_PACKETS_MAX / ACCOUNT_PACKETS_MAX
      expect(counts.slice(0, full).every(count => count === ACCOUNT_PACKETS_MAX)).to.equal(true)
      expect(counts.slice(full).every(count => count === ALL_PACKETS_MAX / accounts)).to.equal(true)
    })

    describe('in bytes, too', () => {
      const size = 32 * 1024
      const fillWith = (entrance: Entrance): number => {
        let bytes = 0
        for (; !entrance.isFullFor(size) && bytes < 2 * ALL_BYTES_MAX; bytes += size) void entrance.track(never, size)
        return bytes
      }

      it('for each account, which has room again with each answer', async () => {
        const overload = new Overload(() => 2)
        const [one, other] = [overload.entrance(), overload.entrance()]
        const first = deferred()
        void one.track(first.answer, size)
        expect(fillWith(one)).to.equal(ACCOUNT_BYTES_MAX - size)
        expect([one.isFullFor(size), one.isFullFor(0), other.isFullFor(size)]).to.deep.equal([true, false, false])
        first.reject(new Error('no'))
        await clock.tickAsync(0)
        expect([one.isFullFor(size), one.isFullFor(2 * size)]).to.deep.equal([false, true])
      })

      it('for all, with a share left for those who have little, and room for a packet at least', () => {
        for (const accounts of [20, 10_000]) {
          const overload = new Overload(() => accounts)
          const entrances = Array.from({ length: 20 }, () => overload.entrance())
          const filled = entrances.map(fillWith)
          const full = ALL_BYTES_MAX / ACCOUNT_BYTES_MAX
          expect(filled.slice(0, full).every(bytes => bytes === ACCOUNT_BYTES_MAX)).to.equal(true)
          const share = Math.max(LEAST_SHARE_BYTES, ALL_BYTES_MAX / accounts)
          expect(filled.slice(full).every(bytes => bytes === Math.floor(share / size) * size)).to.equal(true)
        }
      })
    })
  })
})
