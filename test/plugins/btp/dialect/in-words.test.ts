/** What an operator reads about a peer that speaks something else. */
import { expect } from 'chai'
import { inWords } from '../../../../plugins/btp/dialect/in-words.js'
import { MESSAGE, toonFrame } from '../../../support/toon-peer.js'

describe('a first message that is none of BTP', () => {
  it('is named by its kind, without its contents', () => {
    expect(inWords(Buffer.from('{"secret":"hunter2"}'), false)).to.equal('a text message of 20 bytes, and BTP is binary')
    expect(inWords(Buffer.from('{"secret":"hunter2"}'), true)).to.equal('JSON of 20 bytes')
    expect(inWords(toonFrame(MESSAGE, 1, []), true)).to.equal('a frame of the toon dialect, but not an auth message')
    expect(inWords(Buffer.from('0102030405060708', 'hex'), true)).to.equal('8 bytes that begin with 0102030405')
    expect(inWords(Buffer.alloc(0), true)).to.equal('0 bytes that begin with ')
  })
})
