/** A node between its start and its stop: what passes while peers are still away, and what is said of them. */
import { expect } from 'chai'
import { freePort } from '../../examples/free-port.js'
import type { PeerConfig } from '../../src/index.js'
import { packet, World } from '../support/node.js'
import { until } from '../support/waiting.js'

describe('the session of a node', () => {
  const world = new World()
  afterEach(() => world.end())

  it('lets the handler pay on as soon as it is asked, while the start still waits for a peer that is away', async () => {
    const btpServerPort = await freePort()
    const linkTo = (id: string, port: number): PeerConfig => ({ id, url: `ws://127.0.0.1:${port}`, authToken: 'hunter2' })
    const shop = await world.make('shop', {
      adminApi: { enabled: true, port: await freePort(), host: '127.0.0.1' },
      peers: [linkTo('bank', btpServerPort), linkTo('away', 9)],
      routes: [{ prefix: 'g.bank', nextHop: 'bank' }]
    })
    const bank = await world.start('bank', {
      btpServerPort, peers: [linkTo('shop', shop.config.btpServerPort)], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
    })
    bank.setPacketHandler(() => Promise.resolve({ accept: true }))
    shop.setPacketHandler(async ({ data = '' }) => {
      const { type } = await shop.sendPacket(packet('g.bank.x'))
      const body = JSON.stringify({ destination: 'g.bank.y', amount: '1', data })
      const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
      const answer = await fetch(`http://127.0.0.1:${shop.config.adminApi.port}/admin/ilp/send`, request)
      return { accept: type === 13 && answer.status === 200, rejectReason: { code: 'application_error', message: `${type} ${answer.status}` } }
    })
    const starting = shop.start()
    await until(() => bank.isPeerConnected('shop'))
    expect(shop.getHealthStatus().status).to.equal('starting')
    expect(await bank.sendPacket(packet('g.shop.x'))).to.include({ type: 13 })
    expect(shop.getHealthStatus().status, 'it still starts').to.equal('starting')
    await starting
  })

  it('lets routes wait for peers that come later, which is said once and is nothing to warn of', async () => {
    const node = await world.start('agent', { routes: [{ prefix: 'g.late', nextHop: 'late' }] })
    node.addRoute('g.later', 'later')
    const waiting = (): unknown[] => world.log.lines.filter(({ message }) => message === 'route_waits_for_peer').map(({ level, fields }) => ({ level, ...fields }))
    expect(waiting()).to.deep.equal([
      { level: 'info', prefix: 'g.late', nextHop: 'late' }, { level: 'info', prefix: 'g.later', nextHop: 'later' }
    ])
    const late = { id: 'late', url: 'ws://127.0.0.1:9', authToken: 'hunter2', routes: [{ prefix: 'g.late.too' }] }
    await node.registerPeer(late)
    await node.registerPeer({ ...late, authToken: 'hunter3' })
    expect(waiting()).to.have.length(2)
    expect(world.log.lines.filter(({ level }) => level === 'warn')).to.deep.equal([])
  })
})
