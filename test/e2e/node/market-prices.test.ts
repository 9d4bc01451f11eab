/** A node whose rates come from the backend `market`: a peer in an asset that is new to it, and its operator's own price. */
import { expect } from 'chai'
import type { ConnectorNode } from '../../../src/index.js'
import { MarketServer } from '../../support/backends/market-server.js'
import { rejectionError } from '../../support/failures.js'
import { World } from '../../support/node.js'

describe('a node at market prices', () => {
  const world = new World()
  let market: MarketServer
  let hub: ConnectorNode

  before(async () => {
    market = await MarketServer.start()
    hub = await world.start('hub', {
      asset: { code: 'USD', scale: 6 }, rates: { backend: 'market', options: { ...market.options, sources: ['kraken', 'coinbase'] } }
    })
  })

  after(async () => {
    await world.end()
    await market.close()
  })

  const peer = (code: string): Parameters<ConnectorNode['registerPeer']>[0] =>
    ({ id: code.toLowerCase(), url: 'ws://127.0.0.1:9', authToken: 'secret', asset: { code, scale: 6 } })

  it('asks for no prices while everybody counts in dollars', () => {
    expect(market.server.requests).to.deep.equal([])
    expect(hub.prices.report().assets).to.deep.equal({ USD: { price: '1', from: 'quote' } })
  })

  it('takes a peer in an asset that has a price, at once, and none in one that has not', async () => {
    await hub.registerPeer(peer('XRP'))
    expect(hub.prices.report().assets.XRP).to.deep.include({ price: '0.5', from: 'market' })
    const error = await rejectionError(hub.registerPeer(peer('SHOP')))
    expect(error).to.have.property('code', 'SLUICE_NO_RATE')
    expect(error.message).to.contain('no rate available. currency=SHOP')
  })

  it('has a price that was set by hand', async () => {
    await hub.prices.set('XRP', '0.7', 60_000)
    expect(hub.prices.report().assets.XRP).to.deep.include({ price: '0.7', from: 'manual' })
    expect(await hub.getMetrics()).to.contain('ilp_connector_price{asset="XRP",quote="USD"} 0.7')
    expect(await hub.prices.clear('XRP')).to.equal(true)
  })
})
