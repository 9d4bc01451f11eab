/** The rates of a node and its fee: nobody gains by splitting, or by going to and fro; a pair without a rate is not exchanged. */
import { expect } from 'chai'
import fc from 'fast-check'
import FixedRatesBackend from '../../backends/fixed-rates.js'
import { isErrorCode } from '../../src/packet/errors.js'
import type { Backend, BackendApi } from '../../src/index.js'
import { applyRate, fractionOf } from '../../src/forwarding/rate.js'

interface Asset { assetCode: string, assetScale: number }

function apiFor (accounts: Record<string, Asset>): BackendApi {
  return { getInfo: (id: string) => accounts[id] ?? fail(id), accounts: {}, log: {} } as unknown as BackendApi
}

function fail (id: string): never {
  throw new Error(`no account ${id}`)
}

async function through (backend: Backend, amount: bigint, ...hops: string[]): Promise<bigint> {
  let left = amount
  for (const [index, source] of hops.slice(0, -1).entries()) {
    left = applyRate(left, fractionOf(await backend.getRate(source, hops[index + 1]!)))
  }
  return left
}

async function reasonOf (asked: Promise<unknown>): Promise<string> {
  return asked.then(rate => `rate ${String(rate)}`, (error: unknown) => {
    expect(isErrorCode(Reflect.get(Object(error), 'ilpErrorCode')) ? Reflect.get(Object(error), 'ilpErrorCode') : undefined).to.equal('T00')
    return String(error)
  })
}

const amounts = fc.bigInt(0n, 2n ** 64n - 1n)
const scales = fc.integer({ min: 0, max: 255 })
const rates = fc.tuple(fc.bigInt(0n, 10n ** 40n - 1n), fc.bigInt(1n, 10n ** 40n - 1n))
  .map(([whole, part]) => `${whole}.${String(part).padStart(40, '0')}`)
const spreads = fc.integer({ min: 0, max: 9999 }).map(basisPoints => basisPoints / 10_000)

describe('the backend fixed-rates', () => {
  it('takes the percentage of the amount rounded up, and nothing for free accounts', () => fc.assert(fc.asyncProperty(
    amounts, fc.integer({ min: 0, max: 9999 }),
    async (amount, basisPoints) => {
      const api = apiFor({ local: { assetCode: 'M2M', assetScale: 0 }, peer: { assetCode: 'M2M', assetScale: 0 } })
      const backend = new FixedRatesBackend({ spread: basisPoints / 10_000, free: ['local'] }, api)
      await backend.connect()
      const fee = (amount * BigInt(basisPoints) + 9999n) / 10_000n
      expect(await through(backend, amount, 'local', 'peer')).to.equal(amount - fee)
      expect(await through(backend, amount, 'peer', 'local')).to.equal(amount)
    }
  )))

  it('gives the floor of the exact value, less the fee, between any scales', () => fc.assert(fc.asyncProperty(
    amounts, scales, scales, rates, fc.integer({ min: 0, max: 9999 }),
    async (amount, from, to, rate, basisPoints) => {
      const api = apiFor({ a: { assetCode: 'XRP', assetScale: from }, b: { assetCode: 'USD', assetScale: to } })
      const backend = new FixedRatesBackend({ spread: basisPoints / 10_000, rates: { 'XRP/USD': rate } }, api)
      const [whole = '', part = ''] = rate.split('.')
      const exact = amount * BigInt(whole + part) * BigInt(10_000 - basisPoints) * 10n ** BigInt(to)
      expect(await through(backend, amount, 'a', 'b')).to.equal(exact / (10n ** 44n * 10n ** BigInt(from)))
    }
  )))

  it('gives nobody more for an amount in parts, in either direction', () => fc.assert(fc.asyncProperty(
    fc.array(fc.bigInt(0n, 2n ** 60n), { minLength: 1, maxLength: 8 }), scales, scales, rates, spreads, fc.boolean(),
    async (parts, from, to, rate, spread, isBack) => {
      const api = apiFor({ a: { assetCode: 'XRP', assetScale: from }, b: { assetCode: 'USD', assetScale: to } })
      const backend = new FixedRatesBackend({ spread, rates: { 'XRP/USD': rate } }, api)
      const way = isBack ? ['b', 'a'] : ['a', 'b']
      let inParts = 0n
      for (const part of parts) inParts += await through(backend, part, ...way)
      expect(inParts <= await through(backend, parts.reduce((a, b) => a + b), ...way)).to.equal(true)
    }
  )))

  it('gives nobody more than they had after a way to and fro, or in a circle', () => fc.assert(fc.asyncProperty(
    amounts, fc.array(scales, { minLength: 3, maxLength: 3 }), rates, rates, spreads,
    async (amount, [a = 0, b = 0, c = 0], first, second, spread) => {
      const api = apiFor({ a: { assetCode: 'XRP', assetScale: a }, b: { assetCode: 'USD', assetScale: b }, c: { assetCode: 'EUR', assetScale: c } })
      const backend = new FixedRatesBackend({ spread, rates: { 'XRP/USD': first, 'USD/EUR': second } }, api)
      // Amounts between that do not fit into a packet are rejected before anybody has them.
      for (const way of [['a', 'b', 'a'], ['b', 'a', 'b'], ['a', 'c', 'a'], ['a', 'b', 'c', 'a'], ['a', 'c', 'b', 'a']]) {
        let left = amount
        let fits = true
        for (const [i, source] of way.slice(0, -1).entries()) {
          left = await through(backend, left, source, way[i + 1]!)
          fits &&= left < 2n ** 64n
        }
        if (fits) expect(left <= amount, way.join('')).to.equal(true)
      }
    }
  )))

  it('exchanges one asset in two scales without a rate, and two assets only with one', async () => {
    const api = apiFor({
      gwei: { assetCode: 'ETH', assetScale: 9 }, wei: { assetCode: 'ETH', assetScale: 18 }, drops: { assetCode: 'XRP', assetScale: 6 }
    })
    const backend = new FixedRatesBackend({}, api)
    expect(await backend.getRate('gwei', 'wei')).to.equal('1000000000')
    expect(await backend.getRate('wei', 'gwei')).to.equal('0.000000001')
    expect(await reasonOf(backend.getRate('wei', 'drops'))).to.include('no exchange rate available. from=ETH to=XRP')
    expect(await reasonOf(new FixedRatesBackend({ rates: { 'XRP/USD': '1' } }, api).getRate('wei', 'drops'))).to.include('from=ETH to=XRP')
  })

  describe('with another backend behind it', () => {
    const accounts = {
      tokens: { assetCode: 'M2M', assetScale: 0 }, cents: { assetCode: 'USDC', assetScale: 2 }, drops: { assetCode: 'XRP', assetScale: 6 }
    }

    /** Knows one rate: what a US dollar is worth in XRP. */
    function market (answer: unknown): (api: BackendApi) => Backend {
      return api => ({
        connect: () => Promise.resolve(),
        getRate: (source, destination) => {
          const [from, to] = [api.getInfo(source), api.getInfo(destination)]
          if (from.assetCode !== 'USD' || to.assetCode !== 'XRP') return Promise.reject(new Error(`unknown: ${from.assetCode} ${to.assetCode}`))
          return Promise.resolve(typeof answer === 'number' ? answer * 10 ** (to.assetScale - from.assetScale) : answer as string)
        }
      })
    }

    it('asks it about the assets that others are priced in', async () => {
      const backend = new FixedRatesBackend(
        { spread: 0.01, free: ['drops'], rates: { 'M2M/USDC': '0.5', 'USDC/USD': '0.98' }, otherwise: market(2) }, apiFor(accounts))
      expect(await backend.getRate('tokens', 'drops')).to.equal('980000')
      expect(await backend.getRate('cents', 'drops')).to.equal('19600')
      expect(await backend.getRate('tokens', 'cents')).to.equal('49.5')
      expect(await backend.getRate('drops', 'cents').catch(String)).to.include('unknown: XRP USD')
    })

    for (const answer of ['0', '-2', 'NaN', '', 'two', '1e100000', `${'9'.repeat(20)}e2000`]) {
      it(`gives no rate when that answers ${JSON.stringify(answer)}`, async () => {
        const backend = new FixedRatesBackend({ rates: { 'USDC/USD': '1' }, otherwise: market(answer) }, apiFor(accounts))
        expect(await backend.getRate('cents', 'drops').then(rate => `rate ${rate}`, () => 'none')).to.equal('none')
      })
    }
  })

  it('is refused with options that are not right', () => {
    const wrong = [{ spread: 1 }, { spread: -0.1 }, { free: 'local' }, { rates: 'XRP' }, { rates: { 'XRP/USD': 0 } }, { rates: { XRP: '1' } }]
    for (const options of wrong) expect(() => new FixedRatesBackend(options, apiFor({})), JSON.stringify(options)).to.throw('invalid backend option')
  })
})
