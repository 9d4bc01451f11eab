/** What a node's audit log says of what was done to it: through its methods, and over the admin API. */
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../../examples/free-port.js'
import type { ConfigView } from '../../src/contracts/explorer.js'
import type { ConnectorConfig, ConnectorNode } from '../../src/index.js'
import { World } from '../support/node.js'

const API_KEY = 'an admin key'
const SECRET = 'hunter2-of-the-peer'

describe('a node with an audit log', () => {
  const world = new World()
  afterEach(() => world.end())

  let dataPath = ''
  let port = 0
  async function start (more: Partial<ConnectorConfig> = {}): Promise<ConnectorNode> {
    dataPath = await world.directory()
    port = await freePort()
    const adminApi = { enabled: true, port, host: '127.0.0.1', apiKey: API_KEY }
    return world.start('shop', { dataPath, adminApi, security: { audit: {} }, ...more })
  }

  async function entries (): Promise<Array<Record<string, unknown>>> {
    const folder = join(dataPath, 'audit-shop')
    const texts = await Promise.all((await readdir(folder)).sort().map(name => readFile(join(folder, name), 'utf8')))
    const text = texts.join('')
    expect(text).to.not.include(SECRET).and.not.include(API_KEY)
    return text.trimEnd().split('\n').map(line => JSON.parse(line) as Record<string, unknown>)
  }

  const post = (path: string, body: object, key = API_KEY): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', 'x-api-key': key, 'user-agent': 'the test' }
  })
  const PEER = { id: 'bob', url: 'ws://127.0.0.1:9', authToken: SECRET }

  it('has what the application did, and whether it worked, and all of it once the node has stopped', async () => {
    const node = await start()
    await node.registerPeer({ ...PEER, routes: [{ prefix: 'g.bob' }] })
    node.addRoute('g.bob.x', 'bob')
    expect(() => { node.removeRoute('g.nobody') }).to.throw('g.nobody')
    await node.removePeer('bob')
    await node.stop()
    const told = (await entries()).map(({ seq, action, subject, detail, outcome, by }) => ({ seq, action, subject, detail, outcome, by }))
    expect(told).to.deep.equal([
      { seq: 1, action: 'start', subject: undefined, detail: undefined, outcome: 'ok', by: { via: 'code' } },
      { seq: 2, action: 'registerPeer', subject: 'bob', detail: 'authToken, id, routes, url', outcome: 'ok', by: { via: 'code' } },
      { seq: 3, action: 'addRoute', subject: 'g.bob.x', detail: 'bob', outcome: 'ok', by: { via: 'code' } },
      { seq: 4, action: 'removeRoute', subject: 'g.nobody', detail: undefined, outcome: 'Route not found: g.nobody', by: { via: 'code' } },
      { seq: 5, action: 'removePeer', subject: 'bob', detail: undefined, outcome: 'ok', by: { via: 'code' } },
      { seq: 6, action: 'stop', subject: undefined, detail: undefined, outcome: 'ok', by: { via: 'code' } }
    ])
  })

  it('has who asked over the admin API, what for, and what came of it, and not who only looked', async () => {
    const node = await start()
    const by = { via: 'admin-api', address: '127.0.0.1', agent: 'the test', withKey: true }
    expect((await post('/admin/peers', PEER)).status).to.equal(201)
    expect((await post('/admin/routes', { prefix: '', nextHop: 'bob' })).status).to.equal(400)
    expect((await post('/admin/peers', PEER, 'a guess')).status).to.equal(401)
    await fetch(`http://127.0.0.1:${port}/admin/peers`, { headers: { 'x-api-key': API_KEY } })
    await node.audit!.flush()
    expect((await entries()).slice(1).map(({ action, subject, outcome, by }) => ({ action, subject, outcome, by }))).to.deep.equal([
      { action: 'registerPeer', subject: 'bob', outcome: 'ok', by },
      { action: 'POST /admin/peers', subject: undefined, outcome: 'ok', by },
      { action: 'POST /admin/routes', subject: undefined, outcome: 'HTTP 400', by }
    ])
    const shown = await (await fetch(`http://127.0.0.1:${port}/admin/security/audit`, { headers: { 'x-api-key': API_KEY } })).json()
    expect(shown).to.deep.equal(node.audit!.status())
    expect(await node.getMetrics()).to.match(/^audit_log_entries 4$/m)
    expect(await node.getMetrics()).to.include(`audit_log_head{hash="${String((await entries()).at(-1)!.hash)}"} 4\n`)
    expect(world.log.lines.find(({ message }) => message === 'audit_head')?.fields).to.have.keys('entries', 'head')
  })

  it('shows by what the node has told others that its end was cut off, whatever is written after that', async () => {
    const headsOf = (text: string): Array<[hash: string, entries: number]> =>
      [...text.matchAll(/^audit_log_head\{hash="(\w{64})"\} (\d+)$/gm)].map(([, hash = '', count]) => [hash, Number(count)])
    const node = await start({ explorer: { enabled: true, port: await freePort() } })
    await node.registerPeer({ ...PEER, routes: [{ prefix: 'g.stolen' }] })
    await node.audit!.flush()
    const [[told, count] = ['', 0], ...more] = headsOf(await node.getMetrics())
    const { audit } = await (await fetch(`http://127.0.0.1:${node.config.explorer.port}/api/config`)).json() as ConfigView
    expect([more, audit]).to.deep.equal([[], { entries: count, head: told }])
    await node.stop()
    const kept = await entries()
    expect(kept.find(({ hash }) => hash === told)?.seq).to.equal(count)

    const place = dataPath
    const [file = ''] = await readdir(join(place, 'audit-shop'))
    const [first = ''] = (await readFile(join(place, 'audit-shop', file), 'utf8')).split('\n')
    await writeFile(join(place, 'audit-shop', file), `${first}\n`)
    const again = await start({ dataPath: place })
    dataPath = place
    await again.registerPeer({ ...PEER, routes: [{ prefix: 'g.innocent' }] })
    await again.audit!.flush()
    expect(headsOf(await again.getMetrics())).to.deep.equal([[(await entries()).at(-1)!.hash, 3]])
    expect((await entries()).map(({ hash }) => hash)).to.not.include(told)
  })

  it('is there in production, and where the section is; not otherwise, or where it is off', async () => {
    const on = async (more: Partial<ConnectorConfig>): Promise<boolean> => (await world.make('shop', more)).audit !== undefined
    expect(await on({})).to.equal(false)
    expect(await on({ security: { audit: {} } })).to.equal(true)
    expect(await on({ environment: 'production' })).to.equal(true)
    expect(await on({ environment: 'production', security: { audit: { enabled: false } } })).to.equal(false)
  })
})
