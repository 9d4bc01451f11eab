/** Time as the adversary makes it pass: it stands still but for steps between which everything happens that waits for nothing. */
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { useFakeTimers, type SinonFakeTimers } from 'sinon'

const FAKED = ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const
const STEP_MS = 20
/** So many steps without a sign of life are quiet. */
const QUIET_STEPS = 12
/** Where something outside of this process has a part in it. */
const PATIENT_STEPS = 30
const MOST_STEPS = 300
/** What has not come to an end in so much time hangs. */
const HANGS_AFTER_STEPS = 60_000
const SECOND_MS = 1000

const timers = createRequire(import.meta.url)('node:timers/promises') as Record<'setTimeout', unknown>
const realSleep = timers.setTimeout
const realTimeout = setTimeout

export class Clock {
  readonly #clock: SinonFakeTimers = useFakeTimers({ toFake: [...FAKED], shouldClearNativeTimers: true })

  /**
   * @param beginsMs the time at the beginning
   * @param activity grows when something happens
   * @param patienceMs real time that each step leaves to what is outside of this process
   * @param breathe each step waits for it, too
   */
  constructor (
    beginsMs: number, private readonly activity: () => number, private readonly patienceMs: number,
    private readonly breathe: () => Promise<void>
  ) {
    this.#clock.setSystemTime(beginsMs)
    timers.setTimeout = (ms: number, value: unknown, { signal }: { signal?: AbortSignal } = {}) => new Promise((resolve, reject) => {
      const abort = (): void => { reject(new Error('aborted')) }
      signal?.addEventListener('abort', abort)
      setTimeout(() => {
        signal?.removeEventListener('abort', abort)
        resolve(value)
      }, ms)
    })
    syncBuiltinESMExports()
  }

  /** Lets happen what happens by itself, until nothing does for a moment. */
  async quiet (): Promise<void> {
    const quietSteps = this.patienceMs > 0 ? PATIENT_STEPS : QUIET_STEPS
    let [last, since] = [this.activity(), 0]
    for (let step = 0; step < MOST_STEPS && since < quietSteps; step++) {
      await this.#step(STEP_MS)
      since = this.activity() === last ? since + 1 : 0
      last = this.activity()
    }
  }

  /** Lets time pass until `work` is through. Rejects when it hangs. */
  async until<T> (work: Promise<T>, what: string): Promise<T> {
    const state = { isOver: false }
    const over = (): void => { state.isOver = true }
    work.then(over, over)
    for (let step = 0; !state.isOver; step++) {
      if (step > HANGS_AFTER_STEPS) throw new Error(`it hangs: ${what}`)
      await this.#step(STEP_MS)
    }
    return await work
  }

  /** A jump, and then seconds in which whoever looks at the clock now and then does so. */
  async pass (ms: number, seconds: number): Promise<void> {
    this.#clock.setSystemTime(Date.now() + ms)
    for (let second = 0; second < seconds; second++) await this.#step(SECOND_MS)
  }

  restore (): void {
    this.#clock.restore()
    timers.setTimeout = realSleep
    syncBuiltinESMExports()
  }

  async #step (ms: number): Promise<void> {
    this.#clock.tick(ms)
    await new Promise(resolve => { setImmediate(resolve) })
    await this.breathe()
    if (this.patienceMs > 0) await new Promise(resolve => { realTimeout(resolve, this.patienceMs) })
  }
}
