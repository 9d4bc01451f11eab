/** The fee of a node: a share of the amount, rounded up, and nothing for free accounts. */
import { expect } from 'chai'
import fc from 'fast-check'
import FlatFeeBackend from '../../backends/flat-fee.js'
import type { BackendApi } from '../../src/index.js'
import { fractionOf, applyRate } from '../../src/forwarding/rate.js'

describe('the fee of a node', () => {
  const scales: Record<string, number> = { local: 0, peer: 0, fine: 9 }
  const api = { getInfo: (id: string) => ({ assetScale: scales[id] }), accounts: {}, log: {} } as unknown as BackendApi

  it('is the percentage of the amount rounded up, and nothing for free accounts', () => fc.assert(fc.asyncProperty(
    fc.bigInt(0n, 2n ** 64n - 1n), fc.integer({ min: 0, max: 9999 }),
    async (amount, basisPoints) => {
      const backend = new FlatFeeBackend({ spread: basisPoints / 10_000, free: ['local'] }, api)
      await backend.connect()
      const fee = (amount * BigInt(basisPoints) + 9999n) / 10_000n
      expect(applyRate(amount, fractionOf(await backend.getRate('local', 'peer')))).to.equal(amount - fee)
      expect(applyRate(amount, fractionOf(await backend.getRate('peer', 'local')))).to.equal(amount)
    }
  )))

  it('keeps to the scales of the accounts', async () => {
    const backend = new FlatFeeBackend({ spread: 0.001, free: ['local'] }, api)
    expect(await backend.getRate('peer', 'fine')).to.equal('999000000')
    expect(await backend.getRate('fine', 'local')).to.equal('0.000000001')
  })

  it('is refused when it is none', () => {
    for (const options of [{ spread: 1 }, { spread: -0.1 }, { free: 'local' }]) expect(() => new FlatFeeBackend(options, api)).to.throw('invalid backend option')
  })
})
