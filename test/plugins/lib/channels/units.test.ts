/** Between base units and token units no money is made or lost: what does not fit is left for later. */
import { expect } from 'chai'
import fc from 'fast-check'
import { Units } from '../../../../plugins/lib/channels/units.js'

const scale = fc.integer({ min: 0, max: 30 })
const amount = fc.bigInt(0n, 2n ** 128n)

describe('units', () => {
  it('pay at least what is owed, and less than one token unit more', () => fc.assert(fc.property(scale, scale, amount, (assetScale, decimals, owed) => {
    const units = new Units(assetScale, decimals)
    const paid = units.toAccount(units.toToken(owed))
    expect(paid >= owed && paid - owed < units.smallest).to.equal(true)
    if (owed % units.smallest === 0n) expect(paid).to.equal(owed)
  })))

  it('never credit more than was paid', () => fc.assert(fc.property(scale, scale, amount, (assetScale, decimals, tokens) => {
    const units = new Units(assetScale, decimals)
    expect(units.toToken(units.toAccount(tokens)) <= tokens).to.equal(true)
  })))

  it('are the same under their name', () => fc.assert(fc.property(scale, scale, amount, (assetScale, decimals, owed) => {
    const units = new Units(assetScale, decimals)
    expect(Units.named(units.name).toToken(owed)).to.equal(units.toToken(owed))
  })))

  for (const name of ['', '9', 'x/y', '9/1.5']) {
    it(`have no name ${JSON.stringify(name)}`, () => expect(() => Units.named(name)).to.throw('names no units'))
  }
})
