/** A name by which the operator means somebody is not for strangers: that of a route's next hop, and one with its own credit limit. */
import { expect } from 'chai'
import { BTPClient } from '../../../src/node/facades/btp-client.js'
import type { PrepareHandler } from '../../../src/node/facades/packet-handler.js'
import type { ConnectorConfig, ConnectorNode } from '../../../src/index.js'
import { askAdmin } from '../../support/admin.js'
import { World, outcome, packet, urlOf } from '../../support/node.js'
import { sha256 } from '../../support/packets.js'
import { until } from '../../support/waiting.js'
import { freePort } from '../../../examples/free-port.js'

const ROUTES = [{ prefix: 'g.bank', nextHop: 'bank' }]

describe('a name that is meant for somebody', () => {
  const world = new World()
  const lines = (): string[] => world.log.inner('warn', 'error').map(line => JSON.stringify(line))
  beforeEach(() => { world.log.lines.length = 0 })
  afterEach(() => world.end())

  let paid: string[]
  beforeEach(() => { paid = [] })
  const takesAll = (name: string): PrepareHandler => ({
    handlePreparePacket: ({ data, amount }) => {
      paid.push(`${name} ${amount}`)
      return Promise.resolve({ type: 13, fulfillment: sha256(data), data: Buffer.alloc(0) })
    }
  })

  /** Resolves to whether the node lets them in. */
  async function enter (shop: ConnectorNode, name: string, authToken = ''): Promise<BTPClient | undefined> {
    const client = new BTPClient({ id: 'shop', url: urlOf(shop), authToken }, name, { handler: takesAll(name), logger: world.log })
    world.after(() => client.disconnect())
    const entering = client.connect().then(() => client, () => undefined)
    // A refusal is tried again until the time is over: one is enough.
    const before = lines().length
    const refused = until(() => lines().slice(before).some(line => line.includes('refused a BTP connection'))).then(() => undefined)
    const result = await Promise.race([entering, refused])
    if (result === undefined) await client.disconnect()
    return result
  }

  async function start (more: Partial<ConnectorConfig>): Promise<ConnectorNode> {
    return await world.start('shop', { logLevel: 'warn', ...more })
  }

  async function payBank (shop: ConnectorNode): Promise<string> {
    return outcome(await shop.sendPacket(packet('g.bank.savings')))
  }

  it('because a route leads to it, is not given to a stranger, who is paid nothing', async () => {
    const shop = await start({ routes: ROUTES })
    expect(await enter(shop, 'bank')).to.equal(undefined)
    expect(await payBank(shop)).to.not.equal('fulfill')
    expect(lines().join('')).to.include('the name bank is reserved').and.include('BTP_PEER_BANK_SECRET')
    expect(await enter(shop, 'somebody')).to.not.equal(undefined)
    expect(paid).to.deep.equal([])
  })

  it('is given to the one with its secret', async () => {
    world.setEnv('BTP_PEER_BANK_SECRET', 'hunter2')
    const shop = await start({ routes: ROUTES })
    expect(await enter(shop, 'bank')).to.equal(undefined)
    expect(await enter(shop, 'BANK', 'hunter2')).to.equal(undefined)
    expect(await enter(shop, 'bank', 'hunter2')).to.not.equal(undefined)
    expect([await payBank(shop), paid]).to.deep.equal(['fulfill', ['bank 1000']])
  })

  it('because it has a credit limit of its own, is not given to a stranger', async () => {
    for (const perPeerLimits of [{ bank: 5000n }, new Map([['bank', 5000n]])]) {
      const shop = await start({ settlement: { creditLimits: { defaultLimit: 10n, perPeerLimits } } })
      expect(await enter(shop, 'bank')).to.equal(undefined)
      expect(await enter(shop, 'somebody')).to.not.equal(undefined)
      await shop.stop()
    }
  })

  it('is reserved by a route that is added while the node runs, and free again when that is removed', async () => {
    const shop = await start({})
    shop.addRoute('g.bank', 'bank')
    expect(await enter(shop, 'bank')).to.equal(undefined)
    shop.removeRoute('g.bank')
    expect(await enter(shop, 'bank')).to.not.equal(undefined)
  })

  it('stays reserved by the routes that a removed peer leaves', async () => {
    const shop = await start({ peers: [{ id: 'bank', url: 'ws://127.0.0.1:9', authToken: 'hunter2' }], routes: ROUTES })
    await shop.removePeer('bank', false)
    expect(await enter(shop, 'bank')).to.equal(undefined)
    expect(await payBank(shop)).to.not.equal('fulfill')
  })

  it('and that a stranger has already, gets a route only where nothing is at stake, with a warning, and for as long as the stranger stays', async () => {
    const adminPort = await freePort()
    const shop = await start({ adminApi: { enabled: true, host: '127.0.0.1', port: adminPort } })
    const stranger = await enter(shop, 'bank')
    const { status, body } = await askAdmin(`http://127.0.0.1:${adminPort}`, 'POST', '/admin/routes', { prefix: 'g.bank', nextHop: 'bank' })
    expect([status, body]).to.have.deep.nested.property('[1].warning').that.includes("Peer 'bank' has come without a secret")
    expect(world.log.lines.filter(({ message }) => message === 'route_to_stranger').map(({ fields }) => fields)).to.deep.equal([{ prefix: 'g.bank', nextHop: 'bank' }])
    expect(await payBank(shop)).to.equal('fulfill')
    await stranger!.disconnect()
    await until(() => shop.listPeers().length === 0)
    expect(await enter(shop, 'bank')).to.equal(undefined)
    expect(paid).to.deep.equal(['bank 1000'])
  })

  it('and that a stranger has already, gets no route in production', async () => {
    const adminPort = await freePort()
    const adminApi = { enabled: true, host: '127.0.0.1', port: adminPort, allowedIPs: ['127.0.0.1'] }
    const shop = await start({ environment: 'production', adminApi })
    expect(await enter(shop, 'bank')).to.not.equal(undefined)
    expect(() => { shop.addRoute('g.bank', 'bank') }).to.throw('nextHop bank has come without a secret').with.property('code', 'SLUICE_ROUTE_INVALID')
    for (const [method, path, body] of [
      ['POST', '/admin/routes', { prefix: 'g.bank', nextHop: 'bank' }], ['PUT', '/admin/peers/bank', { routes: [{ prefix: 'g.bank' }, { prefix: 'g.b' }] }]
    ] as const) expect((await askAdmin(`http://127.0.0.1:${adminPort}`, method, path, body)).status).to.equal(400)
    expect(shop.listRoutes()).to.deep.equal([])
    expect(await payBank(shop)).to.not.equal('fulfill')
    // The peer that is meant takes the place of the stranger.
    await shop.registerPeer({ id: 'bank', url: 'ws://127.0.0.1:9', authToken: 'hunter2', routes: [{ prefix: 'g.bank' }] })
    expect(await payBank(shop)).to.not.equal('fulfill')
    expect(await enter(shop, 'bank', 'hunter2')).to.not.equal(undefined)
    expect([await payBank(shop), paid]).to.deep.equal(['fulfill', ['bank 1000']])
  })

  it('is named at the start where nobody can come under it', async () => {
    await world.make('shop', { settlement: { creditLimits: { perPeerLimits: { bank: 5n } } } })
    expect(JSON.stringify(world.log.lines)).to.include("perPeerLimits names 'bank'").and.include('BTP_PEER_BANK_SECRET')
  })
})
