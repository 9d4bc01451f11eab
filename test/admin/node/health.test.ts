/** The health server says at each moment how the node is. */
import { expect } from 'chai'
import { httpServers } from '../../../src/admin/node/listen.js'
import { ConfigLoader } from '../../../src/config/node/config-loader.js'
import { HttpServer } from '../../../src/http/server.js'
import { MemoryLog } from '../../support/admin-connector.js'
import { ask, FakeNode, NodeFixture } from '../../support/admin-node.js'

describe('node health server', () => {
  let api: NodeFixture
  beforeEach(async () => { api = await new NodeFixture().start() })
  afterEach(() => api.stop())

  it('shows how the node is', async () => {
    const { status, json } = await api.healthOf('/health')
    expect(status).to.equal(200)
    expect(json).to.deep.include({
      status: 'healthy', uptime: 7, peersConnected: 1, totalPeers: 2, nodeId: 'node-a', version: '1.2.3', transport: { type: 'direct', healthy: true },
      dependencies: { ledger: { status: 'up' } }
    })
  })

  for (const [state, expected] of [['healthy', 200], ['degraded', 200], ['unhealthy', 503], ['starting', 503], ['stopped', 503]] as const) {
    it(`answers /health with ${expected} while it is ${state}`, async () => {
      api.node.status = state
      const { status, json } = await api.healthOf('/health')
      expect([status, (json as { status: string }).status]).to.deep.equal([expected, state])
    })
  }

  it('follows a peer that goes and comes', async () => {
    const connected = async (): Promise<unknown> => ((await api.healthOf('/health')).json as { peersConnected: number }).peersConnected
    expect(await connected()).to.equal(1)
    api.node.peers.set('peer-b', false)
    expect(await connected()).to.equal(0)
    api.node.peers.set('peer-b', true).set('peer-c', true)
    expect(await connected()).to.equal(2)
  })

  it('is alive as long as it answers', async () => {
    api.node.status = 'unhealthy'
    const { status, json } = await api.healthOf('/health/live')
    expect([status, (json as { status: string }).status]).to.deep.equal([200, 'alive'])
  })

  it('is ready while it runs, also without peers, and not before or after', async () => {
    for (const state of ['healthy', 'degraded', 'unhealthy'] as const) {
      api.node.status = state
      const { status, json } = await api.healthOf('/health/ready')
      expect([status, (json as { status: string }).status], state).to.deep.equal([200, 'ready'])
    }
    for (const state of ['starting', 'stopped'] as const) {
      api.node.status = state
      const { status, json } = await api.healthOf('/health/ready')
      expect(status).to.equal(503)
      expect(json).to.include({ status: 'not_ready', reason: state })
    }
  })

  it('serves the metrics as Prometheus text', async () => {
    const { status, type, text } = await api.healthOf('/metrics')
    expect([status, text]).to.deep.equal([200, '# HELP a_metric Something\na_metric 1\n'])
    expect(type).to.match(/^text\/plain; version=0\.0\.4/)
  })

  it('answers HEAD, which container health checks send', async () => {
    expect((await api.healthOf('/health', 'HEAD')).status).to.equal(200)
    api.node.status = 'unhealthy'
    expect((await api.healthOf('/health', 'HEAD')).status).to.equal(503)
  })

  it('answers what goes wrong as JSON', async () => {
    expect((await api.healthOf('/nothing')).json).to.deep.equal({
      error: 'Not found',
      message: "No such route: GET /nothing. This is a node's health port: it has /health, /health/live, /health/ready and /metrics. The admin API is on " +
        'adminApi.port (default 8081), if it is enabled.'
    })
    expect((await api.healthOf('/health', 'POST')).status).to.equal(404)
    api.node.trouble = () => { throw new Error('no figures') }
    const { status, json } = await api.healthOf('/metrics')
    expect([status, json]).to.deep.equal([500, { error: 'Internal server error', message: 'no figures' }])
  })
})

describe('the metrics on the health port', () => {
  const KEY = 'a key of the operator'
  let api: NodeFixture | undefined
  afterEach(() => api?.stop())

  /** `all`, `nameless`, or the status if it is not 200. */
  async function seen (settings: ConstructorParameters<typeof NodeFixture>[0], headers: Record<string, string> = {}, method = 'GET'): Promise<string> {
    await api?.stop()
    api = await new NodeFixture(settings).start()
    api.node.namedMetrics = '# HELP account_balance_units x\n# TYPE account_balance_units gauge\naccount_balance_units{peer_id="acme",token_id="USD"} 5\n'
    const { status, text } = await api.healthOf('/metrics', method, headers)
    if (status !== 200) return String(status)
    if (method === 'HEAD') return 'head'
    expect(text).to.contain('a_metric 1')
    const isNameless = text.includes('Series with the ids of accounts and peers are left out')
    expect(text.includes('acme')).to.equal(!isNameless)
    return isNameless ? 'nameless' : 'all'
  }

  it('name accounts and peers to whoever sends the key, where there is one', async () => {
    for (const environment of ['development', 'staging', 'production'] as const) {
      const settings = { environment, apiKey: KEY }
      expect(await seen(settings), environment).to.equal('nameless')
      expect(await seen(settings, { 'x-api-key': KEY })).to.equal('all')
      expect(await seen(settings, { authorization: `Bearer ${KEY}` }), 'as Prometheus sends it').to.equal('all')
      expect(await seen(settings, { authorization: `Bearer ${KEY}` }, 'HEAD')).to.equal('head')
      expect(await seen(settings, { authorization: 'Bearer wrong' })).to.equal('401')
      expect(await seen(settings, { 'x-api-key': '' })).to.equal('401')
      expect(await seen({ ...settings, enabled: false }), 'without an admin API').to.equal('nameless')
    }
  })

  it('name them in production without a key to this machine only, and neither to a page nor through a proxy', async () => {
    const settings = { environment: 'production', enabled: false } as const
    expect(await seen(settings)).to.equal('all')
    expect(await seen(settings, { host: 'localhost:8080' })).to.equal('all')
    for (const headers of [
      { host: 'evil.example' }, { host: '203.0.113.7' }, { origin: 'https://evil.example' }, { 'x-forwarded-for': '127.0.0.1' }, { via: '1.1 proxy' },
      { forwarded: 'for=127.0.0.1' }
    ]) expect(await seen(settings, headers), JSON.stringify(headers)).to.equal('nameless')
  })

  it('name them to everybody elsewhere', async () => {
    for (const environment of ['development', 'staging'] as const) expect(await seen({ environment }, { host: 'connector:8080' })).to.equal('all')
  })
})

describe('the admin API on the health port', () => {
  async function statusOn (settings: ConstructorParameters<typeof NodeFixture>[0]): Promise<number> {
    const api = await new NodeFixture(settings).start()
    const { status } = await api.healthOf('/admin/accounts/peer-b')
    await api.stop()
    return status
  }

  it('answers in development without a key, behind the same rules', async () => {
    expect(await statusOn({})).to.equal(200)
    expect(await statusOn({ allowedIPs: ['10.0.0.0/8'] })).to.equal(403)
    const api = await new NodeFixture().start()
    for (const [method, path, status] of [['GET', '/packets', 200], ['POST', '/send-packet', 400]] as const) {
      expect((await api.healthOf(path, method)).status, path).to.equal(status)
    }
    await api.stop()
  })

  it('is not there in production, in staging, with a key, or when it is disabled', async () => {
    expect(await statusOn({ environment: 'production', allowedIPs: ['127.0.0.1'] })).to.equal(404)
    expect(await statusOn({ environment: 'staging' })).to.equal(404)
    expect(await statusOn({ apiKey: 'key' })).to.equal(404)
    expect(await statusOn({ enabled: false })).to.equal(404)
  })

  it('is not there when the operator wrote where the admin API is to be', async () => {
    expect(await statusOn({ isHostGiven: true })).to.equal(404)
    for (const host of ['127.0.0.1', '0.0.0.0', '::1']) {
      const { adminApi, environment, healthCheckPort, healthCheckHost } = ConfigLoader.read(
        { nodeId: 'node-a', btpServerPort: 3000, peers: [], adminApi: { enabled: true, host } }, {}
      ).config
      const [health] = httpServers(new FakeNode(), { adminApi, environment, healthCheckPort: 0, healthCheckHost: '127.0.0.1' }, new MemoryLog())
      expect([healthCheckPort, healthCheckHost]).to.deep.equal([8080, '0.0.0.0'])
      await health!.start()
      expect((await ask(health!.port, 'GET', '/admin/peers')).status, host).to.equal(404)
      await health!.stop()
    }
  })

  it('keeps foreign pages out as it does on its own port', async () => {
    const api = await new NodeFixture().start()
    for (const headers of [{ host: 'evil.example' }, { origin: 'https://evil.example' }]) {
      expect((await api.healthOf('/admin/peers', 'GET', headers)).status).to.equal(403)
    }
    await api.stop()
  })
})

describe('the HTTP services of a node', () => {
  it('are the health server, and the admin API where it is enabled', () => {
    expect(new NodeFixture().services.map(service => service.name)).to.deep.equal(['health server', 'admin API'])
    expect(new NodeFixture({ enabled: false }).services.map(service => service.name)).to.deep.equal(['health server'])
  })

  it('say which setting to change when a port is in use', async () => {
    const api = await new NodeFixture().start()
    const second = new HttpServer(() => new Response(), {
      name: 'health server', host: '127.0.0.1', port: api.admin, settings: { host: 'the host', port: 'healthCheckPort (HEALTH_CHECK_PORT)' }
    }, new MemoryLog())
    const err = await second.start().then(() => undefined, (thrown: unknown) => thrown as Error)
    expect(err?.message).to.contain(`health server cannot listen on 127.0.0.1:${api.admin}`).and.to.contain('healthCheckPort (HEALTH_CHECK_PORT)')
    await second.stop()
    await api.stop()
  })

  it('listen for health where the operator says', async () => {
    const api = await new NodeFixture({ healthCheckHost: '127.0.0.2' }).start()
    expect(await ask(api.health, 'GET', '/health').then(() => 'answered', (err: unknown) => (err as { code: string }).code)).to.equal('ECONNREFUSED')
    expect((await fetch(`http://127.0.0.2:${api.health}/health`)).status).to.equal(200)
    await api.stop()
  })

  it('answer 400 to a Host that no host can have', async () => {
    const api = await new NodeFixture().start()
    expect((await api.healthOf('/health', 'GET', { host: '127.999.999.999' })).status).to.equal(400)
    await api.stop()
  })

  it('let go of their ports when they stop', async () => {
    const api = await new NodeFixture().start()
    const { health, admin } = api
    await api.stop()
    expect([api.health, api.admin]).to.deep.equal([0, 0])
    for (const port of [health, admin]) {
      expect(await ask(port, 'GET', '/health').then(() => 'answered', (err: unknown) => (err as { code: string }).code)).to.equal('ECONNREFUSED')
    }
  })
})
