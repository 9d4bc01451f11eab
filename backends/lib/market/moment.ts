/**
 * How long ago something was, by whichever of two clocks says longer. The system's clock jumps when it is set, back as well as forward;
 * the steady clock stands still while the machine sleeps. A price that is old by either is not traded at.
 */
export class Moment {
  private readonly wall = Date.now()
  private readonly steady = performance.now()

  /** Whole milliseconds, never below 0. */
  ageMs (): number {
    return Math.max(Math.abs(Date.now() - this.wall), Math.floor(performance.now() - this.steady))
  }
}
