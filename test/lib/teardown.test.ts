/** Every step of a teardown runs, in order and one after the other, whatever the steps before did. */
import { expect } from 'chai'
import { tearDown } from '../../src/lib/teardown.js'
import { pause } from '../support/waiting.js'

describe('a teardown', () => {
  it('takes every step, and tells of those that fail', async () => {
    const taken: string[] = []
    const failed: Array<[string, unknown]> = []
    await tearDown([
      ['throws', () => { taken.push('throws'); throw new Error('a') }],
      ['is slow', async () => { await pause(5); taken.push('is slow') }],
      ['rejects', () => Promise.reject(new Error('b'))],
      ['works', () => taken.push('works')]
    ], (step, error) => failed.push([step, (error as Error).message]))
    expect(taken).to.deep.equal(['throws', 'is slow', 'works'])
    expect(failed).to.deep.equal([['throws', 'a'], ['rejects', 'b']])
  })
})
