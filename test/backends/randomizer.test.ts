/** The randomizer varies its rate by no more than it was told, and warns that it is there. */
import { expect } from 'chai'
import sinon from 'sinon'
import RandomizerBackend from '../../backends/randomizer.js'
import { apiFor, RecordingLog } from '../support/backends.js'

const assets = { cents: { assetCode: 'USD', assetScale: 2 }, nano: { assetCode: 'USD', assetScale: 9 } }

describe('randomizer', () => {
  const rateAt = async (random: number, options: Record<string, unknown>): Promise<string> => {
    sinon.stub(Math, 'random').returns(random)
    try {
      return await new RandomizerBackend(options, apiFor(assets)).getRate('cents', 'cents')
    } finally {
      sinon.restore()
    }
  }

  it('varies by up to a tenth unless told otherwise', async () => {
    expect(await rateAt(0, {})).to.equal('1.1')
    expect(await rateAt(0.5, {})).to.equal('1')
    expect(await rateAt(0.75, { spread: 0.002 })).to.equal('0.948')
  })

  it('does not vary at all with a variation of 0', async () => {
    expect(await rateAt(0, { variation: 0, spread: 0.01 })).to.equal('0.99')
  })

  it('ignores the sign of the variation and takes more than 1 as 1', async () => {
    expect(await rateAt(0, { variation: -0.5 })).to.equal('1.5')
    expect(await rateAt(0, { variation: 20 })).to.equal('2')
  })

  it('never goes below nothing', async () => {
    expect(await rateAt(1, { variation: 1, spread: 0.002 })).to.equal('0')
  })

  it('refuses a variation that is no number, and warns that it is there', () => {
    expect(() => new RandomizerBackend({ variation: 'much' }, apiFor(assets))).to.throw(/option=variation found='much'/)
    const log = new RecordingLog()
    expect(new RandomizerBackend({}, apiFor(assets, log))).to.be.an('object')
    expect(log.text()).to.equal('warn using the randomizer backend. variation=0.1')
  })
})
