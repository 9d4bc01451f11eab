/** `connector top` and `connector explain`: what the explorer of a running node knows, in a terminal. */
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import type { ConnectorConfig, ConnectorNode } from '../../../src/index.js'
import { Workplace, type Result } from '../../support/cli.js'
import { outcome, packet, World } from '../../support/node.js'
import { eventually } from '../../support/waiting.js'

const PEER = { authToken: '', asset: { code: 'USD', scale: 2 } }
const KEY = 'hunter2-of-the-operator'

describe('the explorer in a terminal', function () {
  this.timeout(60_000)
  const world = new World()
  let place: Workplace
  let hub: ConnectorNode
  let url: string
  before(async () => {
    place = await Workplace.make()
    await start()
  })
  after(async () => {
    await world.end()
    await place.remove()
  })

  /** A node with a peer that pays it, and one that is away. */
  async function start (more: Partial<ConnectorConfig> = {}): Promise<void> {
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const [hubPort, shopPort] = [await freePort(), await freePort()]
    const asset = { code: 'USD', scale: 2 }
    const shop = await world.start('shop', {
      asset, btpServerPort: shopPort, peers: [{ ...PEER, id: 'hub', url: `ws://127.0.0.1:${hubPort}` }], routes: [{ prefix: 'g', nextHop: 'hub' }]
    })
    hub = await world.start('hub', {
      asset,
      btpServerPort: hubPort,
      environment: 'development',
      explorer: { enabled: true, port },
      settlement: { connectorFeePercentage: 0, creditLimits: { defaultLimit: '1000' } },
      peers: [{ ...PEER, id: 'shop', url: `ws://127.0.0.1:${shopPort}` }, { ...PEER, id: 'away', url: 'ws://127.0.0.1:9' }],
      routes: [{ prefix: 'g.shop', nextHop: 'shop' }, { prefix: 'g.shop', nextHop: 'away', priority: -1 }, { prefix: 'g', nextHop: 'away' }],
      ...more
    })
    await eventually('they are connected', () => hub.isPeerConnected('shop') && shop.isPeerConnected('hub'))
    hub.setPacketHandler(() => ({ accept: true }))
    for (let i = 0; i < 3; i++) expect(outcome(await shop.sendPacket(packet('g.hub', { amount: 300n })))).to.equal('fulfill')
    expect(outcome(await shop.sendPacket(packet('g.hub', { amount: 300n })))).to.equal('T04')
  }

  const run = (args: string[], env: Record<string, string> = {}): Promise<Result> => place.run(args, { env })

  it('shows what the node does: packets, money in its own unit, what needs a look, and how much room peers have', async () => {
    const { code, out, err } = await eventually('the seconds of the packets are over', async () => {
      const result = await run(['top', '--once', '--url', url])
      return result.out.includes(' 4 in the last minute') ? result : undefined
    })
    expect([code, err]).to.deep.equal([0, ''])
    expect(out).to.match(/^hub {2}g\.hub /)
    expect(out).to.match(/Packets .* 4 in the last minute, 75\.0 % fulfilled\n/)
    expect(out).to.include('Rejects  T04 1\n').and.include('In       9.00 USD in the last minute\n')
    expect(out).to.match(/\nNeeds a look:\n(.*\n)*.*away/)
    expect(out).to.match(/\nshop +here +9\.00 USD +1\.00 USD +/)
    expect(out).to.match(/\naway +away +/)
    const json = JSON.parse((await run(['top', '--json', '--url', url])).out) as { overview: { nodeId: string }, peers: unknown[] }
    expect([json.overview.nodeId, json.peers.length >= 2]).to.deep.equal(['hub', true])
  })

  it('explains which way a packet would take, and says so when there is none', async () => {
    const there = await run(['explain', 'g.shop.till', '--url', url])
    expect(there.code).to.equal(0)
    expect(there.out).to.include('shop').and.include('Routes for g.shop').and.include('Shorter prefixes that match, and are passed over: g\n')
    expect(there.out).to.match(/\n {2}shop +configured, priority 0\n {2}away +configured, priority -1 \(not connected\)\n/)
    const nowhere = await run(['explain', 'test.nowhere', '--url', url])
    expect(nowhere.code).to.equal(1)
    expect(JSON.parse((await run(['explain', 'g.shop', '--json', '--url', url])).out)).to.include({ destination: 'g.shop' })
  })

  it('says what to do when there is no explorer, and when something else answers', async () => {
    const free = await freePort()
    const nobody = await run(['top', '--url', `localhost:${free}`])
    expect([nobody.code, nobody.out]).to.deep.equal([1, ''])
    expect(nobody.err).to.include(`Cannot reach http://localhost:${free}/ (connection refused). Is the connector running, with its explorer?`)
    const other = await run(['top', '--url', `localhost:${hub.config.healthCheckPort}`])
    expect([other.code, other.out]).to.deep.equal([1, ''])
    for (const [args, words] of [
      [['explain'], 'Say which destination'], [['top', '--interval', '0'], '--interval takes whole seconds'], [['top', '--url', 'ftp://x'], '--url takes the http:// URL']
    ] as const) {
      const { code, err } = await run([...args])
      expect([code, err.includes(words)], err).to.deep.equal([1, true])
    }
  })

  it('asks with the key of the admin API where there is one, also over the health port', async () => {
    await world.end()
    await start({ environment: 'staging', adminApi: { enabled: true, port: await freePort(), host: '127.0.0.1', apiKey: KEY } })
    const health = `http://127.0.0.1:${hub.config.healthCheckPort}/explorer`
    for (const at of [url, health]) {
      const refused = await run(['explain', 'g.shop', '--url', at])
      expect([refused.code, refused.out], at).to.deep.equal([1, ''])
      expect(refused.err).to.include('Invalid or missing API key').and.include('Error code: ')
      expect((await run(['explain', 'g.shop', '--url', at], { ADMIN_API_KEY: KEY })).code, at).to.equal(0)
    }
  })
})
