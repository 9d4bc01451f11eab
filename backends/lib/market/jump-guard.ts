/**
 * Does not believe a price that jumps. Until the new level has been seen in enough rounds there is no price at all: the old one would be
 * wrong if the jump is real, the new one if it is not. No I/O, and no clock that could be set wrong: it counts rounds.
 */
import type { Fraction } from '../../../src/lib/fraction.js'
import { isWithin } from './agreement.js'

export interface JumpTerms {
  /** The largest change from one believed price to the next, as a part of the lower: 0.2 as a fraction is 20 %. */
  maxJump: Fraction
  /** In how many rounds, the first one included, the new level must be seen. */
  jumpRounds: number
}

export class JumpGuard {
  private believed: Fraction | undefined
  private waiting: { price: Fraction, rounds: number } | undefined

  constructor (private readonly terms: JumpTerms) {}

  /**
   * @param isNew whether the sources have said it again in this round, so that it counts as a confirmation
   * @returns 'believed', and otherwise how many more rounds have to confirm it
   */
  judge (price: Fraction, isNew: boolean): 'believed' | number {
    const { maxJump, jumpRounds } = this.terms
    if (this.believed === undefined || isWithin(price, this.believed, maxJump)) return this.believe(price)
    const isSameLevel = this.waiting !== undefined && isWithin(price, this.waiting.price, maxJump)
    const rounds = (isSameLevel ? this.waiting?.rounds ?? 0 : 0) + (isNew ? 1 : 0)
    if (rounds >= jumpRounds) return this.believe(price)
    this.waiting = { price, rounds }
    return jumpRounds - rounds
  }

  /** The price that a jump is measured from. */
  get last (): Fraction | undefined {
    return this.believed
  }

  private believe (price: Fraction): 'believed' {
    this.believed = price
    this.waiting = undefined
    return 'believed'
  }
}
