/** What a password of a wallet must have, and that a rule that is not kept is named. */
import { expect } from 'chai'
import { canonicalPassword, missingIn } from '../../../src/lib/wallet/password.js'

describe('A password of a wallet', () => {
  it('has 16 characters of four kinds', () => {
    for (const password of ['Correct-Horse-Battery-7', 'aaaaaaaaaaaaaA1 ', 'Größe ist 42, nicht wahr?']) expect(missingIn(password), password).to.deep.equal([])
  })

  for (const [password, missing] of [
    ['', ['at least 16 characters (it has 0)', 'a lower-case letter', 'an upper-case letter', 'a digit', 'a character that is neither a letter nor a digit']],
    ['Short-7', ['at least 16 characters (it has 7)']],
    ['correct-horse-battery-7', ['an upper-case letter']],
    ['CORRECT-HORSE-BATTERY-7', ['a lower-case letter']],
    ['Correct-Horse-Battery', ['a digit']],
    ['CorrectHorseBattery7', ['a character that is neither a letter nor a digit']],
    [`Aa1-${'x'.repeat(1021)}`, ['at most 1024 characters (it has 1025)']]
  ] as const) {
    it(`is refused with all that it does not have: ${missing.join(', ')}`, () => {
      expect(missingIn(password)).to.deep.equal(missing)
    })
  }

  it('is the same from a keyboard that writes its letters otherwise', () => {
    expect(canonicalPassword('Gro\u0308ße')).to.equal(canonicalPassword('Größe'))
  })
})
