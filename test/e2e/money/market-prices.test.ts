/**
 * A connector that trades XRP for dollars at market prices, as its peers see it: a packet for which there is no price to trust is refused
 * with T00 and changes nothing, and the operator's own price is in force until it ends, also after a restart.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { deserializeIlpPrepare } from 'ilp-packet'
import { AccountStats } from '../../../src/metrics/stats.js'
import { RateBackend } from '../../../src/forwarding/rate-backend.js'
import { account, startConnector, type TestConnector } from '../../support/connector.js'
import { MarketServer } from '../../support/backends/market-server.js'
import { outcomeOf, prepare } from '../../support/packets.js'
import { TestPlugin } from '../../support/test-plugin.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually } from '../../support/waiting.js'

describe('a connector at market prices', function () {
  this.timeout(30_000)
  noRejectionLeft()
  let market: MarketServer
  let storePath: string
  let alice: TestPlugin
  let bob: TestPlugin
  let connector: TestConnector

  const start = async (): Promise<void> => {
    alice = new TestPlugin()
    bob = new TestPlugin()
    connector = await startConnector({
      alice: account(alice, { assetCode: 'XRP', assetScale: 6, balance: { maximum: '1000000000' } }),
      bob: account(bob, { assetCode: 'USD', assetScale: 9, balance: { maximum: '1000000000', minimum: '-1000000000000' } })
    }, {
      backend: 'market',
      backendConfig: { ...market.options, sources: ['kraken', 'coinbase'], refreshInterval: 1000, maxRateAge: 60_000 },
      spread: 0.01,
      store: 'leveldown',
      storePath
    })
  }

  beforeEach(async () => {
    market = await MarketServer.start()
    storePath = await mkdtemp(join(tmpdir(), 'sluice-market-'))
    await start()
  })

  afterEach(async () => {
    await connector.app.shutdown()
    await market.close()
    await rm(storePath, { recursive: true, force: true })
  })

  const pay = (): Promise<string> => alice.receive(prepare({ amount: 2_000_000n, destination: 'test.bob' })).then(outcomeOf)
  const received = (): string => deserializeIlpPrepare(bob.sent.at(-1)!).amount
  const prices = (): NonNullable<RateBackend['prices']> => connector.container(RateBackend).prices!

  it('forwards at the price less the spread', async () => {
    expect(await pay()).to.equal('fulfill')
    expect(received(), '2 XRP at 0.5 dollars, less 1 %').to.equal('990000000')
  })

  it('refuses packets while the sources disagree, and no balance changes', async () => {
    expect(await pay()).to.equal('fulfill')
    const before = connector.balances()
    market.says.kraken = { XRP: '0.6' }
    expect(await eventually('it refuses', async () => {
      const outcome = await pay()
      return outcome === 'fulfill' ? undefined : outcome
    })).to.equal('T00')
    const sent = bob.sent.length
    const after = connector.balances()
    for (let packets = 0; packets < 5; packets++) expect(await pay()).to.equal('T00')
    expect(connector.balances(), 'nothing is paid or on hold').to.deep.equal(after)
    expect(bob.sent.length).to.equal(sent)
    expect(after.alice!.balance * 990n, 'and what was forwarded before is in both books').to.equal(-after.bob!.balance * 2n)
    expect(before.alice!.held + before.bob!.held + after.alice!.held + after.bob!.held).to.equal(0n)
  })

  it('has its operator\'s price until that is taken back, and after a restart', async () => {
    await prices().set('XRP', '0.7', 3_600_000)
    expect(await pay()).to.equal('fulfill')
    expect(received()).to.equal('1386000000')
    expect(await connector.container(AccountStats).scrape()).to.contain('ilp_connector_price_manual{asset="XRP"} 1')
    await connector.app.shutdown()
    await start()
    expect(await pay()).to.equal('fulfill')
    expect(received()).to.equal('1386000000')
    expect(await prices().clear('XRP')).to.equal(true)
    expect(await pay()).to.equal('fulfill')
    expect(received()).to.equal('990000000')
  })

  it('does not start without any source', async () => {
    await connector.app.shutdown()
    await market.close()
    const failure = await start().then(() => undefined, (error: unknown) => error)
    expect(failure).to.have.property('code', 'SLUICE_BACKEND_UNUSABLE')
    expect(String(failure)).to.contain('backend market: could not load prices from any source. reason=Kraken: connect ECONNREFUSED')
    market = await MarketServer.start()
  })
})
