/** The connector's OpenAPI document says what its admin API does: no route more, no route less, and answers have the shape that it says. */
import { expect } from 'chai'
import type { z } from 'zod'
import { connectorRoutes } from '../../../src/admin/connector/api.js'
import type { OpenApiDocument } from '../../../src/http/openapi.js'
import { version } from '../../../src/lib/version.js'
import { FakeHost, Fixture } from '../../support/admin-connector.js'
import { METHODS, checkAnswers, checkPage, checkParts, checkSchemas, filledIn, operationsOf } from '../../support/openapi.js'

describe('the OpenAPI document of the connector', () => {
  let api: Fixture
  let document: OpenApiDocument
  beforeEach(async () => {
    api = await new Fixture().start()
    document = JSON.parse((await api.get('/openapi.json')).text) as OpenApiDocument
  })
  afterEach(() => api.server.stop())

  it('has the parts that OpenAPI 3.1 asks for, and valid schemas', () => {
    checkParts(document)
    checkSchemas(document)
    expect(document.info).to.include({ title: 'Sluice connector: admin API', version })
  })

  it('names only routes that exist', async () => {
    for (const [path, method] of operationsOf(document)) {
      expect((await api.send(method.toUpperCase(), filledIn(path))).text, `${method} ${path}`).to.not.match(/^Not Found/)
    }
  })

  it('names every method that a path has, and every route that ilp-connector has', async () => {
    for (const path of Object.keys(document.paths)) {
      for (const method of METHODS.filter(each => !(each in document.paths[path]!))) {
        expect((await api.send(method.toUpperCase(), filledIn(path))).text, `${method} ${path}`).to.match(/^Not Found/)
      }
    }
    expect(operationsOf(document).map(([path, method]) => `${method} ${path}`)).to.include.members([
      'get /status', 'get /routing', 'get /accounts', 'get /accounts/{id}', 'post /accounts/{id}', 'post /addAccount', 'get /balance', 'post /balance',
      'get /rates', 'get /stats', 'get /metrics', 'get /alerts', 'delete /alerts/{id}'
    ])
  })

  it('says which shape answers have', async () => {
    for (const { method, path, responses } of connectorRoutes(new FakeHost()).filter(each => each.method === 'get')) {
      const { status, text } = await api.send(method.toUpperCase(), path.replace('{id}', 'alice'))
      const shape = responses[status]
      expect(shape, `GET ${path}: ${status}`).to.not.equal(undefined)
      if (shape !== 'text') expect((shape as z.ZodType).safeParse(JSON.parse(text)).error?.issues ?? [], path).to.deep.equal([])
    }
    api.host.balanceMap = api.host.alertList = undefined
    for (const path of ['/status', '/balance', '/alerts', '/settlements']) expect((await api.get(path)).status, path).to.equal(200)
  })

  it('has examples that the API takes', async () => {
    for (const [path, method, { requestBody, responses }] of operationsOf(document)) {
      const example = requestBody?.content['application/json']?.example
      if (example === undefined) continue
      if (method === 'delete') await api.send('POST', path, example)
      const { status, text } = await api.send(method.toUpperCase(), path.replace('{asset}', 'XRP').replace('{id}', path.startsWith('/settlements') ? 'one' : 'alice'), example)
      expect(status, `${method} ${path}: ${text}`).to.be.within(200, 204)
      expect('content' in responses[status]!, `${method} ${path}`).to.equal(text !== '')
    }
  })

  it('has a page for people that needs nothing from elsewhere', async () => {
    const { type, text, headers } = await api.get('/docs')
    expect(type).to.equal('text/html; charset=utf-8')
    expect(headers['content-security-policy']).to.equal("default-src 'none'; style-src 'unsafe-inline'")
    checkPage(text, document)
    checkAnswers(text, connectorRoutes(api.host))
    expect(text, 'the address under which it was asked').to.contain(`curl &#39;http://127.0.0.1:${api.port}/status&#39;`)
      .and.contain('Its ILP address is test.connie.')
    expect((await api.get('/docs', { host: 'localhost' })).text).to.contain('curl &#39;http://localhost/status&#39;')
  })

  it('is behind the access rules, as everything here', async () => {
    const closed = await new Fixture({ apiKey: 'key' }).start()
    try {
      for (const path of ['/openapi.json', '/docs']) {
        expect((await closed.get(path)).status, path).to.equal(401)
        expect((await closed.get(path, { 'x-api-key': 'key' })).status, path).to.equal(200)
        expect((await api.get(path, { host: 'evil.example' })).status, path).to.equal(403)
      }
    } finally {
      await closed.server.stop()
    }
  })

  it('leads from / to its page', async () => {
    const { status, headers } = await api.get('/')
    expect([status, headers.location]).to.deep.equal([302, '/docs'])
    expect((await api.get('/docs')).status).to.equal(200)
  })

  it('answers 404 `Not Found` to anything else, and says which API this is', async () => {
    const others = [
      'GET /nope', 'GET /status/', 'GET /status$x', 'GET /status$', 'GET /Status', 'GET //status', 'GET /metrics/', 'GET /addAccount',
      'GET /accountsx', 'GET /alerts/1', 'POST /status', 'PUT /balance', 'DELETE /balance', 'POST /accounts', 'DELETE /accounts/alice',
      'DELETE /alerts', 'POST /addAccount/', 'POST /balance/', 'PATCH /routes', 'OPTIONS /status', 'POST /metrics', 'GET /__proto__'
    ]
    for (const other of others) {
      const [method = '', path = ''] = other.split(' ')
      const shown = new URL(path, 'http://x').pathname === path ? path : '' // clients and servers may write odd ones otherwise
      const { status, type, text, headers } = await api.send(method, path)
      expect({ status, type, code: headers['x-error-code'] }).to.deep.equal({ status: 404, type: 'text/plain', code: 'SLUICE_PATH_UNKNOWN' })
      expect(text).to.match(/^Not Found\. This is the admin API of a connector .* GET \/docs lists all that it has\.$/)
        .and.include(`it has no ${method} ${shown}`)
    }
    expect((await api.get(`/${'x'.repeat(2000)}`)).text.length).to.be.below(400)
    for (const path of ['/admin/peers', '/health']) expect((await api.get(path)).text).to.include('That belongs to a node')
    expect((await api.send('POST', '/admin/ilp/send', {})).text).to.include('connector send --url btp+ws://<account>:<secret>@<host>:<port>')
    for (const path of ['/status', '/nope']) {
      const { status, type } = await api.send('HEAD', path)
      expect({ status, type }).to.deep.equal({ status: 404, type: 'text/plain' })
    }
    expect(await api.send('HEAD', '/metrics')).to.include({ status: 200, text: '' })
  })
})
