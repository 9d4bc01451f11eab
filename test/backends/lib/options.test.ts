/** A wrong backend option stops the start with its name and what was found. */
import { expect } from 'chai'
import EcbBackend from '../../../backends/ecb.js'
import OneToOneBackend from '../../../backends/one-to-one.js'
import RandomizerBackend from '../../../backends/randomizer.js'
import { apiFor, RATES_2015 } from '../../support/backends.js'

const assets = { cents: { assetCode: 'USD', assetScale: 2 }, nano: { assetCode: 'USD', assetScale: 9 } }

describe('backend options', () => {
  for (const spread of [NaN, 1, 1.5, -0.001, Infinity, '0.002', null, {}]) {
    it(`refuses a spread of ${JSON.stringify(spread)}`, () => {
      for (const Backend of [OneToOneBackend, RandomizerBackend]) {
        expect(() => new Backend({ spread }, apiFor(assets))).to.throw(/^invalid backend option\. option=spread found=.+ expected=a number/)
      }
      expect(() => new EcbBackend({ spread, mockData: RATES_2015 }, apiFor(assets))).to.throw(/option=spread/)
    })
  }

  it('takes no spread as none', async () => {
    expect(await new OneToOneBackend({}, apiFor(assets)).getRate('nano', 'cents')).to.equal('0.0000001')
    expect(await new OneToOneBackend({ spread: undefined }, apiFor(assets)).getRate('cents', 'nano')).to.equal('10000000')
  })

  const wrong: Array<{ options: Record<string, unknown>, says: RegExp }> = [
    { options: { ratesApiUrl: 'www.ecb.europa.eu' }, says: /option=ratesApiUrl found='www\.ecb\.europa\.eu' expected=an http or https URL/ },
    { options: { ratesApiUrl: 'file:///etc/passwd' }, says: /option=ratesApiUrl found='file:/ },
    { options: { ratesApiUrl: 7 }, says: /option=ratesApiUrl found=7/ },
    { options: { ratesApiUrl: 'https://me:s3cret@example.com/' }, says: /option=ratesApiUrl found='\(not shown\)' expected=a URL without user name/ },
    { options: { refreshInterval: -1 }, says: /option=refreshInterval found=-1/ },
    { options: { refreshInterval: 2 ** 31 }, says: /option=refreshInterval found=2147483648/ },
    { options: { refreshInterval: '1h' }, says: /option=refreshInterval found='1h'/ },
    { options: { maxRateAge: 0.5 }, says: /option=maxRateAge found=0.5/ },
    { options: { maxRateAge: 3_600_000 }, says: /option=maxRateAge found=3600000 expected=whole milliseconds above refreshInterval, which is 3600000/ },
    { options: { mockData: 'EUR' }, says: /option=mockData found='EUR'/ },
    { options: { mockData: null }, says: /option=mockData found=null/ },
    { options: { mockData: { rates: {} } }, says: /option=mockData/ },
    { options: { mockData: { base: 'EUR', rates: { USD: 0 } } }, says: /option=mockData\.rates\.USD found=0/ },
    { options: { mockData: { base: 'EUR', rates: { USD: NaN } } }, says: /option=mockData/ },
    { options: { mockData: { base: 'EUR', rates: { USD: '-1' } } }, says: /option=mockData\.rates\.USD found='-1'/ }
  ]
  for (const { options, says } of wrong) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => new EcbBackend(options, apiFor(assets))).to.throw(says)
    })
  }

  it('does not repeat the query of a mistyped URL, which may hold a key', () => {
    expect(() => new EcbBackend({ ratesApiUrl: 'htps://example.com/?key=s3cret' }, apiFor(assets)))
      .to.throw(/found='htps:\/\/example\.com\/'/)
  })
})
