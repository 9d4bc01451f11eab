/** The explorer of a connector: off unless it is asked for, on this machine, and behind the key of the admin API. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ConfigView, Overview, PeerView, RouteView } from '../../src/contracts/explorer.js'
import type { App } from '../../src/connector/connector.js'
import { describeError } from '../../src/lib/describe-error.js'
import { account, makeConnector, startConnector, type Options } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { TestPlugin } from '../support/test-plugin.js'

describe('the explorer of a connector', () => {
  withoutLog()
  let folder: string
  const running: App[] = []
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'sluice-explorer-')) })
  afterEach(async () => {
    for (const app of running.splice(0)) await app.shutdown()
    await rm(folder, { recursive: true })
  })

  async function start (options: Options = {}): Promise<{ app: App, url: string }> {
    const alice = account(new TestPlugin(), { balance: { maximum: '1000' }, options: { secret: 'hunter2' } })
    const { app } = await startConnector({ alice, bob: account() }, { explorer: true, explorerPort: 0, storePath: join(folder, 'store'), ...options })
    running.push(app)
    return { app, url: `http://127.0.0.1:${app.explorer?.port ?? 0}` }
  }

  const get = async <T>(url: string): Promise<T> => await (await fetch(url)).json() as T

  it('is not there unless it is asked for', async () => {
    const { app } = await start({ explorer: false })
    expect(app.explorer).to.equal(undefined)
  })

  it('shows accounts, routes and the settings, and no secret', async () => {
    const { url } = await start({ adminApiKey: '', routingSecret: Buffer.from('hunter2hunter2').toString('base64') })
    const { peers } = await get<{ peers: PeerView[] }>(`${url}/api/peers`)
    expect(peers.map(({ peerId, relation, ilpAddress, plugin }) => [peerId, relation, ilpAddress, plugin])).to.deep.equal([
      ['alice', 'peer', 'test.alice', 'an instance'], ['bob', 'peer', 'test.bob', 'an instance']
    ])
    expect(peers[0]!.balance).to.deep.include({ maximum: '1000', roomIn: '1000' })
    const { routes } = await get<{ routes: RouteView[] }>(`${url}/api/routes?prefix=test.alice`)
    expect(routes.map(({ prefix, nextHop }) => [prefix, nextHop])).to.deep.equal([['test.alice', 'alice']])
    const overview = await get<Overview>(`${url}/api/overview`)
    expect(overview).to.deep.include({ nodeId: 'test.connector', ilpAddress: 'test.connector', status: 'healthy', peersTotal: 2 })
    const { settings } = await get<ConfigView>(`${url}/api/config`)
    expect(settings).to.deep.include({ name: 'explorerRetentionDays', value: '7', source: 'default' })
    expect(JSON.stringify(settings)).to.not.include('hunter2').and.not.include(Buffer.from('hunter2hunter2').toString('base64'))
  })

  it('needs the key of the admin API if there is one, and does not open itself to a network without', async () => {
    const { url } = await start({ adminApiKey: 'sesame' })
    expect((await fetch(`${url}/api/events`)).status).to.equal(401)
    expect((await fetch(`${url}/api/events`, { headers: { 'x-api-key': 'sesame' } })).status).to.equal(200)
    expect(() => makeConnector({ alice: account() }, { explorer: true, explorerHost: '0.0.0.0' })).to.throw('explorer refuses to listen on "0.0.0.0" without a key')
  })

  it('stops the start over a port that is taken, and leaves nothing open', async () => {
    const { app } = await start()
    const { app: other } = makeConnector({ alice: account() }, { explorer: true, explorerPort: app.explorer!.port, storePath: join(folder, 'other') })
    const refusal = await other.listen().then(() => '', (error: unknown) => describeError(error))
    expect(refusal).to.include('EADDRINUSE').and.include('explorerPort (CONNECTOR_EXPLORER_PORT)')
  })

  it('answers until its connector has stopped, and not any more', async () => {
    const { app, url } = await start()
    expect((await fetch(`${url}/api/health`)).status).to.equal(200)
    await app.shutdown()
    expect(await fetch(`${url}/api/health`).then(() => 'answers', () => 'gone')).to.equal('gone')
  })
})
