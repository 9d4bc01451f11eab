/** Counts the packets and payments that are not answered yet, so that a shutdown can wait for them. */
export class InFlight {
  private count = 0
  private readonly waiting = new Set<() => void>()

  track<T> (answer: Promise<T>): Promise<T> {
    this.count++
    const done = (): void => {
      if (--this.count > 0) return
      for (const resolve of this.waiting) resolve()
      this.waiting.clear()
    }
    answer.then(done, done)
    return answer
  }

  /** Resolves to true when nothing is under way, or to false after `timeoutMs`. */
  settled (timeoutMs: number): Promise<boolean> {
    if (this.count === 0) return Promise.resolve(true)
    return new Promise(resolve => {
      const quiet = (): void => {
        clearTimeout(timer)
        resolve(true)
      }
      const timer = setTimeout(() => {
        this.waiting.delete(quiet)
        resolve(false)
      }, timeoutMs)
      this.waiting.add(quiet)
    })
  }
}
