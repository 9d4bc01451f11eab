/** A node whose rates come from a backend: what that does not know is found out at the start, and when a peer is added. */
import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConnectorConfig, ConnectorNode } from '../../src/index.js'
import { outcome, owed, packet, urlOf, World } from '../support/node.js'
import { eventually } from '../support/waiting.js'

const USD = { code: 'USD', scale: 6 }
const XRP = { code: 'XRP', scale: 6 }

/** A module of an operator: XRP at what `globalThis.priceOfXrp` says, in US dollars; all else is unknown to it. */
const MARKET = `module.exports = class Market {
  constructor (options, api) { this.api = api; this.key = options.apiKey }
  async connect () { globalThis.marketOpen = true }
  async disconnect () { globalThis.marketOpen = false }
  async getRate (source, destination) {
    const price = code => code === 'USD' ? 1 : code === 'XRP' ? globalThis.priceOfXrp : undefined
    const [from, to] = [this.api.getInfo(source), this.api.getInfo(destination)]
    const rate = price(from.assetCode) / price(to.assetCode) * 10 ** (to.assetScale - from.assetScale)
    if (Number.isNaN(rate)) throw new Error('nothing known with ' + this.key)
    return rate
  }
}`

interface Prices { priceOfXrp?: number | undefined, marketOpen?: boolean | undefined }
const prices = globalThis as unknown as Prices

describe('a node with rates of a backend', () => {
  const world = new World()
  let backend: string

  beforeEach(async () => {
    backend = join(await world.directory(), 'market.cjs')
    await writeFile(backend, MARKET)
    prices.priceOfXrp = 0.5
  })
  afterEach(async () => {
    await world.end()
    Reflect.deleteProperty(globalThis, 'priceOfXrp')
    Reflect.deleteProperty(globalThis, 'marketOpen')
  })

  const rates = (more: object = {}): Partial<ConnectorConfig> => ({ asset: USD, rates: { backend, options: { apiKey: 'k3y-of-mine' }, ...more } })

  async function startWith (
    asset: { code: string, scale: number }, more: Partial<ConnectorConfig>
  ): Promise<{ node: ConnectorNode, shop: ConnectorNode }> {
    const shop = await world.start('shop', { asset })
    const peers = [{ id: 'shop', url: urlOf(shop), authToken: '', asset }]
    const node = await world.start('agent', { peers, routes: [{ prefix: 'g.shop', nextHop: 'shop' }], ...more })
    await eventually('the shop is connected', () => node.isPeerConnected('shop'))
    return { node, shop }
  }

  it('exchanges at the rate of the moment, and rejects with T00, changing nothing, while there is none', async () => {
    const { node, shop } = await startWith(XRP, rates())
    const pay = async (): Promise<string> => outcome(await node.sendPacket(packet('g.shop', { amount: 1000n })))
    expect([await pay(), await owed(node, 'shop'), await owed(shop, 'agent')]).to.deep.equal(['fulfill', -2000n, 2000n])
    for (const price of [undefined, 0, -1, Infinity, NaN]) {
      prices.priceOfXrp = price
      expect([price, await pay(), await owed(node, 'shop'), await owed(node, 'local')]).to.deep.equal([price, 'T00', -2000n, 1000n])
    }
    prices.priceOfXrp = 0.25
    expect([await pay(), await owed(node, 'shop')]).to.deep.equal(['fulfill', -6000n])
    await node.stop()
    expect(prices.marketOpen).to.equal(false)
  })

  it('asks about the asset that another is priced in', async () => {
    const { node } = await startWith({ code: 'RLUSD', scale: 15 }, { ...rates({ fixed: { 'RLUSD/USD': '1', 'XRP-IOU/XRP': '0.9' } }) })
    expect(outcome(await node.sendPacket(packet('g.shop', { amount: 5n })))).to.equal('fulfill')
    expect(await owed(node, 'shop')).to.equal(-5_000_000_000n)
    await node.registerPeer({ id: 'iou', url: 'ws://127.0.0.1:1', authToken: '', asset: { code: 'XRP-IOU', scale: 6 } })
    expect(node.hasPeer('iou')).to.equal(true)
  })

  it('does not start with an asset that the backend does not know, and says so without secrets', async () => {
    const node = await world.make('agent', { peers: [{ id: 'shop', url: 'ws://127.0.0.1:1', authToken: '', asset: { code: 'GBP', scale: 2 } }], ...rates() })
    const error = await node.start().then(() => undefined, (found: unknown) => found)
    expect(error).to.include({ code: 'SLUICE_NO_RATE' })
    expect(String(error)).to.include('Peer shop counts in GBP and the node in USD, and there is no rate between them.')
      .and.include('says: nothing known with <options.apiKey>').and.not.include('k3y-of-mine')
    expect(prices.marketOpen).to.equal(false)
  })

  it('adds no peer in an asset that the backend does not know, and leaves one as it was that would change to it', async () => {
    const { node, shop } = await startWith(XRP, rates())
    const peer = { id: 'shop', url: urlOf(shop), authToken: '' }
    for (const id of ['shop', 'other']) {
      const error = await node.registerPeer({ ...peer, id, asset: { code: 'GBP', scale: 2 } }).then(() => undefined, (found: unknown) => found)
      expect(error).to.include({ code: 'SLUICE_NO_RATE', httpErrorCode: 400 })
    }
    expect(node.listPeers().map(({ id, connected, asset }) => ({ id, connected, asset }))).to.deep.equal([{ id: 'shop', connected: true, asset: XRP }])
    expect(outcome(await node.sendPacket(packet('g.shop', { amount: 10n })))).to.equal('fulfill')
  })

  it('does not start without a backend of the name', async () => {
    const node = await world.make('agent', { rates: { backend: 'no-such-backend' } })
    expect(String(await node.start().catch((error: unknown) => error))).to.include('backend not found').and.include('no-such-backend')
  })
})
