/** A peer that is paused: by the operator over the admin API, by the application, and over a restart; what the world sees of it. */
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import type { ConnectorConfig, ConnectorNode } from '../../../src/index.js'
import { World, urlOf } from '../../support/node.js'
import { until } from '../../support/waiting.js'

describe('a peer that is paused', () => {
  const world = new World()
  afterEach(() => world.end())

  interface Two { shop: ConnectorNode, agent: ConnectorNode, restarted: () => Promise<ConnectorNode> }
  async function two (more: Partial<ConnectorConfig> = {}): Promise<Two> {
    const config = { btpServerPort: await freePort(), dataPath: await world.directory(), ...more }
    const shop = await world.make('shop', config)
    shop.setPacketHandler(() => ({ accept: true }))
    await shop.start()
    const agent = await world.start('agent', { peers: [{ id: 'shop', url: urlOf(shop), authToken: 'secret' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }] })
    await until(() => agent.isPeerConnected('shop'))
    const restarted = async (): Promise<ConnectorNode> => {
      await shop.stop()
      const next = await world.make('shop', { ...config, healthCheckPort: await freePort() })
      next.setPacketHandler(() => ({ accept: true }))
      await next.start()
      await until(() => agent.isPeerConnected('shop'))
      return next
    }
    return { shop, agent, restarted }
  }

  const pay = async (agent: ConnectorNode): Promise<string> => {
    const answer = await agent.sendPacket({ destination: 'g.shop.x', amount: 1n, expiresAt: new Date(Date.now() + 10_000), data: Buffer.from(String(Math.random())) })
    return answer.type === 13 ? 'fulfill' : `${answer.code} ${answer.message}`
  }

  it('is refused until it is resumed, also after a restart', async () => {
    world.setEnv('BTP_PEER_AGENT_SECRET', 'secret')
    const { shop, agent, restarted } = await two({ peers: [] })
    expect(await pay(agent)).to.equal('fulfill')
    shop.pausePeer('agent', 'it is odd')
    expect(await pay(agent)).to.match(/^T02 .*paused/)
    expect(shop.listPeers().find(({ id }) => id === 'agent')?.paused).to.equal(true)
    expect(shop.getHealthStatus()).to.include({ peersPaused: 1, status: 'healthy' })
    expect(await shop.getMetrics()).to.match(/^peers_paused 1$/m)
    const next = await restarted()
    expect(await pay(agent)).to.match(/^T02 /)
    expect(next.resumePeer('agent')).to.equal(true)
    expect(await pay(agent)).to.equal('fulfill')
    expect(() => { next.pausePeer('nobody') }).to.throw('nobody')
  })

  it('is forgotten with its connection if it has shown no secret: its name is anyone\'s', async () => {
    const { shop, agent } = await two()
    shop.pausePeer('agent', 'it is odd')
    expect(await pay(agent)).to.match(/^T02 /)
    await agent.stop()
    await until(() => !shop.hasPeer('agent'))
    expect(shop.pausedPeers()).to.deep.equal([])
  })

  it('is shown by the explorer, with the command that resumes it', async () => {
    const port = await freePort()
    const { shop } = await two({ explorer: { enabled: true, port } })
    shop.pausePeer('agent', 'it is odd')
    const ask = async (path: string): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}/api/${path}`)).json()
    const overview = await ask('overview') as { attention: Array<{ kind: string, text: string, action: { command: string } }> }
    const entry = overview.attention.find(({ kind }) => kind === 'paused')
    expect(entry?.text).to.include('agent is paused by the application').and.include('it is odd')
    expect(entry?.action.command).to.equal('connector security resume agent')
    await until(async () => JSON.stringify(await ask('events?types=PEER_PAUSED')).includes('it is odd'))
  })
})
