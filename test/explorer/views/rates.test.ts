/** Rates as people read them, exact. */
import { expect } from 'chai'
import { perUnit } from '../../../src/explorer/views/rates.js'

describe('rates in the explorer', () => {
  const CASES: ReadonlyArray<[rate: string | number, from: number, to: number, perUnit: string]> = [
    [1, 0, 0, '1'], ['0.92', 9, 9, '0.92'], ['0.00092', 9, 6, '0.92'], ['920', 6, 9, '0.92'], ['10', 2, 0, '1000'], ['1e-9', 9, 0, '1']
  ]
  for (const [rate, from, to, text] of CASES) {
    it(`${rate} between scales ${from} and ${to} is ${text}`, () => { expect(perUnit(rate, from, to)).to.equal(text) })
  }

  it('have an end behind the point', () => {
    expect(perUnit('0.3333333333333333333333333', 0, 0)).to.equal('0.333333333333333333')
  })
})
