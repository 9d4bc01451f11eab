/** What accounts of a node count in, read from its configuration: two assets are never worth the same because nobody said otherwise. */
import { expect } from 'chai'
import fc from 'fast-check'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigLoader, type ConnectorConfig } from '../../../src/index.js'
import { assetOf, creditLimitIn, rescaled } from '../../../src/config/node/assets.js'
import { ONE } from '../../../src/lib/fraction.js'
import { RateTable } from '../../../src/lib/rate-table.js'
import type { Asset } from '../../../src/contracts/account.js'
import type { NodeConfig } from '../../../src/contracts/node.js'
import { ROOT, World } from '../../support/node.js'
import { blocksOf } from '../../support/papers.js'

const BASE = { nodeId: 'agent', btpServerPort: 3000, peers: [] }
const USD = { code: 'USD', scale: 6 }
const EUR = { code: 'EUR', scale: 2 }

const TEST_CHAIN = `${ROOT}/dist/test/support/test-chain/index.js`.replace(/\/index\.js$/, '')

function peer (id: string, more: object = {}): ConnectorConfig['peers'][number] {
  return { id, url: `ws://${id}:3000`, authToken: '', ...more }
}

function chain (number: number, asset?: Asset): NonNullable<ConnectorConfig['chainProviders']>[number] {
  return { chainType: TEST_CHAIN, chainId: `test:${number}`, rpcUrl: 'memory://ledger', keyId: 'key-of-talice', ...(asset && { asset }) }
}

function read (more: Partial<ConnectorConfig>): { config: NodeConfig, warnings: string[] } {
  return ConfigLoader.read({ ...BASE, ...more }, {})
}

function refusal (more: object): string {
  try {
    ConfigLoader.read({ ...BASE, ...more }, {})
  } catch (error) {
    return String(error)
  }
  return 'accepted'
}

function assetsOf (config: NodeConfig): string[] {
  return [config.asset, ...config.peers.map(each => assetOf(each, config))].map(({ code, scale }) => `${code}/${scale}`)
}

describe('the assets of a node', () => {
  it('are all M2M with scale 0 unless something else is said', () => {
    expect(assetsOf(read({ peers: [peer('a'), peer('b')] }).config)).to.deep.equal(['M2M/0', 'M2M/0', 'M2M/0'])
    expect(assetsOf(read({ peers: [peer('a', { testAddress: 'tbob' })], chainProviders: [chain(1)] }).config)).to.deep.equal(['M2M/0', 'M2M/0'])
  })

  it('are those of peers, of their chains, and of the node, in this order', () => {
    const { config } = read({
      asset: USD,
      peers: [peer('a'), peer('b', { testAddress: 'tbob' }), peer('c', { asset: { code: 'USD', scale: 2 } }),
        peer('d', { testAddress: 'tdan', asset: { code: 'EUR', scale: 9 } })],
      chainProviders: [chain(1, EUR)],
      rates: { fixed: { 'EUR/USD': '1.1' } }
    })
    expect(assetsOf(config)).to.deep.equal(['USD/6', 'USD/6', 'EUR/2', 'USD/2', 'EUR/9'])
  })

  it('are what is paid in on the chains, if that is known and the same on all, in a node that says nothing', () => {
    const of = (...assets: Array<Asset | undefined>): string =>
      assetsOf(read({ chainProviders: assets.map((asset, i) => chain(i + 1, asset)) }).config).join()
    expect([of(USD), of(USD, USD), of(USD, EUR), of(USD, undefined), of(undefined)]).to.deep.equal(['USD/6', 'USD/6', 'M2M/0', 'M2M/0', 'M2M/0'])
  })

  describe('are refused', () => {
    it('when two of them have no rate, with both and what to write', () => {
      expect(refusal({ asset: USD, peers: [peer('a'), peer('b', { asset: EUR })] })).to.equal('ConfigurationError: peers[1]: ' +
        'Peer b counts in EUR and the node in USD, and there is no rate between them. Write what one EUR is worth: ' +
        'rates: { fixed: { EUR/USD: "<amount>" } }, or name a backend that knows both: rates: { backend: <name> }, ' +
        'or let the node count in EUR, too: asset: { code: EUR, scale: 2 }.')
    })

    it('for none of these when there is a rate, or a backend that may know one, or one code in two scales', () => {
      const two = { asset: USD, peers: [peer('b', { asset: EUR })] }
      const ways = [{ 'EUR/USD': '1' }, { 'USD/EUR': 0.9 }, { 'EUR/XYZ': '1', 'USD/XYZ': '2' }]
      for (const rates of [...ways.map(fixed => ({ fixed })), { backend: 'ecb' }]) {
        expect(refusal({ ...two, rates })).to.equal('accepted')
      }
      expect(refusal({ ...two, rates: { fixed: { 'EUR/GBP': '1' } } })).to.include('there is no rate between them')
      expect(refusal({ asset: USD, peers: [peer('b', { asset: { code: 'USD', scale: 255 } })] })).to.equal('accepted')
    })

    it('when they are not of the chain that a peer is paid on', () => {
      const rates = { fixed: { 'EUR/USD': '1' } }
      const of = (paidIn: Asset | undefined, asset: Asset): string =>
        refusal({ asset: USD, peers: [peer('b', { testAddress: 'tbob', asset })], chainProviders: [chain(1, paidIn)], rates })
      expect(of(USD, EUR)).to.include('Peer b counts in EUR, and settles on test:1, which pays in USD. Remove its asset, or its chain.')
      expect(of(undefined, EUR)).to.include('Write that there, with the decimals of the token: asset: { code: EUR, scale: <decimals> }.')
      expect(of(undefined, { code: 'USD', scale: 2 })).to.include('of which nothing says what it pays in')
      expect([of(EUR, { code: 'EUR', scale: 30 }), of(undefined, USD)]).to.deep.equal(['accepted', 'accepted'])
    })

    for (const asset of [null, 'USD', {}, { code: 'USD' }, { code: '', scale: 2 }, { code: 'A/B', scale: 2 }, { code: 'a b', scale: 2 },
      { code: 'x'.repeat(65), scale: 2 }, { code: 'USD', scale: -1 }, { code: 'USD', scale: 256 }, { code: 'USD', scale: 1.5 },
      { code: 'USD', scale: '2' }, { code: 'USD', scale: NaN }, { code: 'USD', scale: 2, decimals: 2 }]) {
      it(`when one is ${JSON.stringify(asset)}`, () => {
        expect(refusal({ asset })).to.match(/^ConfigurationError: .*asset/)
        expect(refusal({ peers: [peer('a', { asset })] })).to.match(/^ConfigurationError: .*asset/)
      })
    }
  })

  describe('have rates that are refused', () => {
    for (const [what, rates, words] of [
      ['a rate of zero', { fixed: { 'EUR/USD': '0' } }, 'rates.fixed["EUR/USD"]: expected what one EUR is worth in USD'],
      ['a negative rate', { fixed: { 'EUR/USD': '-1' } }, 'a decimal number above 0'],
      ['no number', { fixed: { 'EUR/USD': 'NaN' } }, 'a decimal number above 0'],
      ['a number with too many digits for JavaScript', { fixed: { 'EUR/USD': 1.0123456789012345 } }, 'in quotes'],
      ['a contradiction', { fixed: { 'EUR/USD': '1', 'USD/EUR': '1.1' } }, 'rates.fixed["USD/EUR"]: contradicts the rates before it'],
      ['one asset only', { fixed: { EUR: '1' } }, 'expected two asset codes'],
      ['options of no backend', { options: { a: 1 } }, 'rates.options: there is no backend that they are for'],
      ['a misspelt key', { fixd: {} }, 'fixed'],
      ['a list', [], 'rates']
    ] as const) {
      it(`for ${what}`, () => {
        expect(refusal({ rates })).to.include(words)
      })
    }

    it('without showing what may be a secret', () => {
      expect(refusal({ rates: { backend: 'ecb', options: 'my-api-key' } })).to.include('rates.options').and.not.include('my-api-key')
    })
  })

  describe('have limits of their own', () => {
    const limits = (creditLimits: object, more: object = {}): string => refusal({
      asset: USD, peers: [peer('b', { asset: EUR })], rates: { fixed: { 'EUR/USD': '1' } }, settlement: { creditLimits }, ...more
    })

    it('and are refused where a limit does not name them', () => {
      expect(limits({ defaultLimit: '1000' })).to.include('peers[0]: Peer b counts in EUR, and settlement.creditLimits.defaultLimit has no amount of that. ' +
        'Write one for each asset: defaultLimit: { USD: "1000", EUR: "<base units>" }.')
      expect(limits({ perPeerLimits: { b: '5' }, defaultLimit: '1000' })).to.equal('accepted')
      expect(limits({ perPeerLimits: { b: '5' }, globalCeiling: { USD: 1 } })).to.include('globalCeiling: { USD: "1", EUR: "<base units>" }')
      expect(limits({ defaultLimit: { USD: '1000', EUR: '7' } })).to.equal('accepted')
      expect(limits({ defaultLimit: { USD: '1000', EUR: '-7' } })).to.include('defaultLimit')
    })

    it('in the scale of each account, rounded down', () => {
      const { config } = read({
        asset: USD,
        rates: { fixed: { 'EUR/USD': '1' } },
        chainProviders: [chain(1, { code: 'EUR', scale: 4 })],
        settlement: { creditLimits: { defaultLimit: { USD: '1234567', EUR: '99' }, globalCeiling: { USD: '2000000', EUR: '50' }, perPeerLimits: { own: '3' } } }
      })
      const limit = (peerId: string, code: string, scale: number): bigint | undefined => creditLimitIn(peerId, config, { code, scale })
      expect([limit('b', 'USD', 6), limit('b', 'USD', 2), limit('b', 'USD', 8), limit('b', 'EUR', 4), limit('b', 'EUR', 2), limit('own', 'EUR', 4)])
        .to.deep.equal([1_234_567n, 123n, 123_456_700n, 50n, 0n, 3n])
      expect(limit('b', 'XYZ', 0), 'nobody has credit by mistake').to.equal(0n)
    })

    it('that never grow by a change of scale', () => fc.assert(fc.property(
      fc.bigInt(0n, 10n ** 78n), fc.nat(255), fc.nat(255),
      (amount, from, to) => { expect(rescaled(rescaled(amount, from, to), to, from) <= amount).to.equal(true) }
    )))
  })

  it('are written as docs/assets.md says', async () => {
    const world = new World()
    const [first, second, ...others] = blocksOf('docs/assets.md').filter(({ language }) => language === 'yaml')
    const readBlock = async (text: string | undefined): Promise<{ config: NodeConfig, warnings: string[] }> => {
      const file = join(await world.directory(), 'config.yaml')
      await writeFile(file, text ?? '')
      return ConfigLoader.read(file, { ALICE_SECRET: 'a', BOB_SECRET: 'b', CAROL_SECRET: 'c' })
    }
    try {
      const { config, warnings } = await readBlock(first?.text)
      expect([warnings, assetsOf(config)]).to.deep.equal([[], ['USD/6', 'USD/6', 'EUR/2', 'XRP/6']])
      const limits = config.peers.map(each => creditLimitIn(each.id, config, assetOf(each, config)))
      expect(limits).to.deep.equal([50_000_000n, 5000n, 100_000_000n])
      const rate = RateTable.read(config.rates.fixed ?? {}).table.between('USD', 'EUR') ?? ONE
      expect(1_000_000n * rate.numerator * 999n / (rate.denominator * 1000n * 10_000n), 'what the page says of a dollar').to.equal(92n)
      expect((await readBlock(second?.text)).config.rates.backend).to.equal('ecb')
      expect(others).to.have.length(0)
    } finally {
      await world.end()
    }
  })

  it('are not said to count the same on two chains that say what they pay in', () => {
    const peers = [peer('a', { testAddress: 'tann', chain: 'test:1' }), peer('b', { testAddress: 'tbob', chain: 'test:2' })]
    expect(read({ peers, chainProviders: [chain(1, USD), chain(2, USD)] }).warnings).to.deep.equal([])
    expect(read({ peers, chainProviders: [chain(1), chain(2)] }).warnings).to.deep.equal([
      'the node settles with its peers on several chains (test:1, test:2): one unit of the token counts the same on each.'])
  })
})
