/** Who may use the node's admin API: first the address, then the key, and only then a body is looked at. */
import { expect } from 'chai'
import { httpServers } from '../../../src/admin/node/listen.js'
import { MemoryLog } from '../../support/admin-connector.js'
import { ADMIN_DEFAULTS, FakeNode, NodeFixture, type Answer } from '../../support/admin-node.js'

const KEY = 'correct horse battery staple'
const FORBIDDEN = { error: 'Forbidden', message: 'IP address not allowed' }
const WRONG_KEY = { error: 'Unauthorized', message: 'Invalid or missing API key' }

async function withNode (settings: ConstructorParameters<typeof NodeFixture>[0], run: (api: NodeFixture) => Promise<void>): Promise<void> {
  const api = await new NodeFixture(settings).start()
  try {
    await run(api)
  } finally {
    await api.stop()
  }
}

const statusAndBody = ({ status, json }: Answer): unknown[] => [status, json]

describe('node admin API access', () => {
  it('takes the key from the X-Api-Key header', () => withNode({ apiKey: KEY }, async api => {
    expect((await api.get('/admin/peers', { 'x-api-key': KEY })).status).to.equal(200)
  }))

  it('refuses a missing, empty, wrong, longer or shorter key with 401', () => withNode({ apiKey: KEY }, async api => {
    for (const key of [undefined, '', 'wrong', `${KEY}x`, KEY.slice(1), KEY.toUpperCase()]) {
      const answer = await api.get('/admin/peers', key === undefined ? {} : { 'x-api-key': key })
      expect(statusAndBody(answer), key).to.deep.equal([401, WRONG_KEY])
    }
    expect((await api.get('/admin/peers', { authorization: `Bearer ${KEY}` })).status).to.equal(401)
  }))

  it('refuses a key in the query, which ends in logs, even the right one beside the right header', () => withNode({ apiKey: KEY }, async api => {
    for (const path of ['/admin/peers?apiKey=', `/admin/peers?x=1&apiKey=${encodeURIComponent(KEY)}`]) {
      expect(statusAndBody(await api.get(path, { 'x-api-key': KEY }))).to.deep.equal([401, {
        error: 'Unauthorized', message: 'API key must be provided via X-Api-Key header, not query parameter'
      }])
    }
  }))

  it('asks for the key on every route but the health check, the document and its page', () => withNode({ apiKey: KEY }, async api => {
    for (const path of ['/admin/routes', '/admin/balances/peer-b', '/admin/ilp/send', '/admin/channels', '/admin/nothing', '/packets', '/send-packet']) {
      expect((await api.get(path)).status, path).to.equal(401)
    }
    for (const path of ['/health', '/admin/openapi.json', '/admin/docs']) expect((await api.get(path)).status, path).to.equal(200)
  }))

  it('serves only the addresses that are listed', async () => {
    await withNode({ allowedIPs: ['10.0.0.0/8', '127.0.0.1'] }, async api => {
      expect((await api.get('/admin/peers')).status).to.equal(200)
    })
    await withNode({ allowedIPs: ['10.0.0.0/8'] }, async api => {
      for (const path of ['/admin/peers', '/admin/openapi.json', '/admin/docs', '/admin/nothing', '/packets', '/send-packet']) {
        expect(statusAndBody(await api.get(path)), path).to.deep.equal([403, FORBIDDEN])
      }
      expect((await api.get('/health')).status).to.equal(200)
    })
  })

  it('checks the address before the key, and both before the body', () => withNode({ allowedIPs: ['10.0.0.0/8'], apiKey: KEY, trustProxy: true }, async api => {
    const post = (headers: Record<string, string>): Promise<Answer> => api.send('POST', '/admin/ilp/send', '{ not json', headers)
    expect((await post({ 'x-forwarded-for': '11.0.0.1', 'x-api-key': KEY })).status).to.equal(403)
    expect((await post({ 'x-forwarded-for': '11.0.0.1' })).status).to.equal(403)
    expect((await post({ 'x-forwarded-for': '10.0.0.1' })).status).to.equal(401)
    expect((await post({ 'x-forwarded-for': '10.0.0.1', 'x-api-key': KEY })).status).to.equal(400)
  }))

  it('believes X-Forwarded-For only where it is told to, and then its first entry', async () => {
    await withNode({ allowedIPs: ['203.0.113.5', '2001:db8::/32'], trustProxy: true }, async api => {
      const from = async (forwarded: string): Promise<number> => (await api.get('/admin/peers', { 'x-forwarded-for': forwarded })).status
      expect(await from('203.0.113.5')).to.equal(200)
      expect(await from(' ::ffff:203.0.113.5 , 10.0.0.1')).to.equal(200)
      expect(await from('2001:db8:1::9, 203.0.113.9')).to.equal(200)
      expect(await from('203.0.113.9, 203.0.113.5')).to.equal(403)
      for (const odd of ['', 'unknown', '203.0.113.5:80', ',203.0.113.5', 'localhost']) expect(await from(odd), odd).to.equal(403)
      expect((await api.get('/admin/peers')).status, 'no header: the socket counts').to.equal(403)
    })
    await withNode({ allowedIPs: ['203.0.113.5'] }, async api => {
      expect((await api.get('/admin/peers', { 'x-forwarded-for': '203.0.113.5' })).status).to.equal(403)
    })
  })

  it('without a key and a list serves private networks alone', () => withNode({ trustProxy: true }, async api => {
    const from = async (forwarded: string): Promise<Answer> => api.get('/admin/peers', { 'x-forwarded-for': forwarded })
    expect((await from('172.18.0.3')).status).to.equal(200)
    const refused = await from('198.51.100.7')
    expect(refused.status).to.equal(403)
    expect(refused.text).to.contain('ADMIN_API_KEY').and.to.contain('ADMIN_API_ALLOWED_IPS')
  }))

  it('with a key serves everybody who sends it', () => withNode({ apiKey: KEY, trustProxy: true }, async api => {
    expect((await api.get('/admin/peers', { 'x-forwarded-for': '198.51.100.7', 'x-api-key': KEY })).status).to.equal(200)
  }))

  it('without a key keeps out pages of other origins and rebound names, from whichever address they come', async () => {
    const near = ['127.0.0.1', '192.168.1.77', '172.17.0.1', '10.0.0.1', '::1']
    for (const settings of [{ trustProxy: true }, { trustProxy: true, allowedIPs: ['0.0.0.0/0', '::/0'] }]) {
      await withNode(settings, async api => {
        for (const client of near) {
          const status = async (headers: Record<string, string>): Promise<number> =>
            (await api.get('/admin/peers', { 'x-forwarded-for': client, ...headers })).status
          for (const origin of ['https://evil.example', 'http://localhost:3000', 'null']) expect(await status({ origin }), origin).to.equal(403)
          for (const host of ['evil.example', 'evil.example:8081', '127.0.0.1.nip.io', 'connector']) expect(await status({ host }), host).to.equal(403)
          for (const host of ['localhost:8081', '192.168.1.77:8081', '[fd00::7]']) expect(await status({ host, origin: `http://${host}` }), host).to.equal(200)
          expect(await status({ host: '127.999.999.999' })).to.equal(400)
        }
      })
    }
  })

  it('checks the page on the document and its page as well, which need no key', () => withNode({ apiKey: KEY }, async api => {
    for (const path of ['/admin/openapi.json', '/admin/docs']) {
      for (const headers of [{ host: 'evil.example' }, { origin: 'https://evil.example' }]) expect((await api.get(path, headers)).status, path).to.equal(403)
    }
  }))

  it('without a key answers under the names that are listed, such as that of a container', () => withNode({ allowedHosts: ['connector'] }, async api => {
    expect((await api.get('/admin/peers', { host: 'connector:8081' })).status).to.equal(200)
    expect((await api.get('/admin/peers', { host: 'connector.evil.example:8081' })).status).to.equal(403)
  }))

  it('without a key answers under the name that it is bound to', () => withNode({ host: 'localhost' }, async api => {
    expect((await api.get('/admin/peers', { host: 'localhost' })).status).to.equal(200)
  }))

  for (const apiKey of [undefined, KEY]) {
    it(`refuses a body that does not say that it is JSON, ${apiKey === undefined ? 'without' : 'also with'} a key`, () => withNode({ apiKey }, async api => {
      const body = { prefix: 'g.evil', nextHop: 'peer-b' }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
        const headers = { 'content-type': type, ...(apiKey !== undefined && { 'x-api-key': apiKey }) }
        for (const path of ['/admin/routes', '/admin/peers', '/admin/ilp/send', '/admin/channels', '/admin/nothing']) {
          expect((await api.send('POST', path, body, headers)).status, `${path} ${type}`).to.equal(415)
        }
      }
      expect(api.node.routes.map(({ prefix }) => prefix)).to.deep.equal(['g.peer-b'])
    }))
  }

  it('with a key does not care which page or name', () => withNode({ apiKey: KEY }, async api => {
    const headers = { 'x-api-key': KEY, origin: 'https://console.example', host: 'node.example' }
    expect((await api.get('/admin/peers', headers)).status).to.equal(200)
  }))

  it('never logs a key', () => withNode({ apiKey: KEY }, async api => {
    await api.get('/admin/peers', { 'x-api-key': KEY })
    await api.get(`/admin/peers?apiKey=${KEY.replaceAll(' ', '%20')}`)
    await api.get('/admin/peers', { 'x-api-key': `${KEY}!` })
    expect(api.log.lines.join('\n')).to.not.contain('horse')
  }))

  it('says at the start, without a key and without a list, who may ask', () => {
    const said = (adminApi: object): boolean => {
      const log = new MemoryLog()
      const settings = { ...ADMIN_DEFAULTS, enabled: true, ...adminApi }
      httpServers(new FakeNode(), { environment: 'development', healthCheckPort: 0, healthCheckHost: '127.0.0.1', adminApi: settings }, log)
      return log.lines.some(line => line.includes('the admin API has no key') && line.includes('ADMIN_API_HOST'))
    }
    expect(said({ host: '0.0.0.0' })).to.equal(true)
    for (const safe of [{ host: '127.0.0.1' }, { host: '0.0.0.0', apiKey: KEY }, { host: '0.0.0.0', allowedIPs: ['10.0.0.0/8'] }, { host: '0.0.0.0', enabled: false }]) {
      expect(said(safe), JSON.stringify(safe)).to.equal(false)
    }
  })

  it('does not start with an address or a key that cannot be one', () => {
    const start = (adminApi: object) => () => {
      const settings = { ...ADMIN_DEFAULTS, ...adminApi }
      httpServers(new FakeNode(), { environment: 'production', healthCheckPort: 0, healthCheckHost: '127.0.0.1', adminApi: settings }, new MemoryLog())
    }
    expect(start({ allowedIPs: ['10.0.0.0/40'] })).to.throw('Invalid CIDR notation in allowedIPs: "10.0.0.0/40"')
    expect(start({ apiKey: 'two\nlines' })).to.throw('adminApi.apiKey, ADMIN_API_KEY')
    expect(start({ apiKey: 'two\nlines' })).to.not.throw('lines\n')
  })
})
