/** Each code of ILP has words and a fix, and so has whatever else stands in its place. */
import { expect } from 'chai'
import { wordsFor } from '../../src/explorer/reject-words.js'

/** RFC 0027. */
const CODES = [
  'F00', 'F01', 'F02', 'F03', 'F04', 'F05', 'F06', 'F07', 'F08', 'F99', 'T00', 'T01', 'T02', 'T03', 'T04', 'T05', 'T99', 'R00', 'R01', 'R02', 'R99'
]

describe('words for codes of Rejects', () => {
  it('say of each something else, and what to do', () => {
    const words = CODES.map(wordsFor)
    expect(new Set(words.map(each => each.words)).size).to.equal(CODES.length)
    for (const { words: said, fix } of words) expect(`${said} ${fix}`).to.match(/^[A-Z].+\. [A-Z].+\.$/)
  })

  it('are there for codes that nobody has heard of', () => {
    expect(wordsFor('T77').words).to.include('at the moment')
    expect(wordsFor('').words).to.equal('There was no answer at all.')
    for (const odd of ['X00', 'toString', '__proto__', 'F02 ', 'f02', '<b>']) expect(wordsFor(odd).words, odd).to.include('not one of ILP')
  })
})
