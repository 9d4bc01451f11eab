/** The OpenAPI document is one, and says what the API does: no route more, no route less. */
import { expect } from 'chai'
import { nodeRoutes } from '../../../src/admin/node/api.js'
import type { OpenApiDocument } from '../../../src/http/openapi.js'
import { FakeChannels } from '../../support/admin-node/channels.js'
import { NodeFixture } from '../../support/admin-node.js'
import { METHODS, checkAnswers, checkPage, checkParts, checkSchemas, filledIn, operationsOf } from '../../support/openapi.js'

describe('the OpenAPI document of the node', () => {
  let api: NodeFixture
  let document: OpenApiDocument
  before(async () => {
    api = await new NodeFixture().start()
    api.node.channels = new FakeChannels()
    document = (await api.get('/admin/openapi.json')).json as OpenApiDocument
  })
  after(() => api.stop())

  it('has the parts that OpenAPI 3.1 asks for', () => {
    checkParts(document)
    expect(document.info).to.include({ title: 'Sluice node: admin API', version: '1.2.3' })
    const elsewhere = operationsOf(document).map(([path]) => path).filter(path => !path.startsWith('/admin/'))
    expect(elsewhere).to.have.members(['/packets', '/send-packet'])
  })

  it('has schemas of JSON Schema 2020-12 whose references lead somewhere', () => {
    checkSchemas(document)
    for (const [, , { responses }] of operationsOf(document)) {
      for (const { content } of Object.values(responses)) expect(content).to.have.keys('application/json')
    }
  })

  it('names only routes that exist', async () => {
    for (const [path, method] of operationsOf(document)) {
      const { status, text } = await api.send(method.toUpperCase(), filledIn(path))
      expect(text, `${method} ${path}: ${status}`).to.not.contain('No such route')
    }
  })

  it('names every method that a path has', async () => {
    for (const path of Object.keys(document.paths)) {
      for (const method of METHODS.filter(each => !(each in document.paths[path]!))) {
        expect((await api.send(method.toUpperCase(), filledIn(path))).text, `${method} ${path}`).to.contain('No such route')
      }
    }
  })

  it('names every route that the product documents name', () => {
    const named = [
      'get /admin/peers', 'post /admin/peers', 'delete /admin/peers/{peerId}', 'get /admin/routes', 'post /admin/routes', 'delete /admin/routes/{prefix}',
      'post /admin/ilp/send', 'get /admin/balances/{peerId}', 'get /admin/accounts/{peerId}', 'get /admin/channels', 'post /admin/channels'
    ]
    expect(operationsOf(document).map(([path, method]) => `${method} ${path}`)).to.include.members(named)
  })

  it('has examples that the API takes', async () => {
    for (const [path, method, { requestBody }] of operationsOf(document)) {
      const example = requestBody?.content['application/json']?.example
      if (example === undefined) continue
      const { status, text } = await api.send(method.toUpperCase(), path.replace('{asset}', 'XRP').replace('{peerId}', 'peer-c').replace('{channelId}', '0x01'), example)
      expect(status, `${method} ${path}: ${text}`).to.be.within(200, 201)
    }
  })

  it('has a page for people that needs nothing from elsewhere', async () => {
    const { type, text, headers } = await api.get('/admin/docs')
    expect(type).to.equal('text/html; charset=utf-8')
    expect(headers['content-security-policy']).to.equal("default-src 'none'; style-src 'unsafe-inline'")
    checkPage(text, document)
    checkAnswers(text, nodeRoutes(api.node, api.log))
    expect(text, 'this node').to.contain('&quot;destination&quot;:&quot;g.node-a.me&quot;').and.contain('This node is node-a, with the ILP address g.node-a.')
      .and.contain(`curl &#39;http://127.0.0.1:${api.admin}/admin/peers&#39;`).and.contain('&quot;nodeId&quot;: &quot;node-a&quot;')
  })

  it('writes JSON with line breaks for a browser, and without for programs', async () => {
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
    const url = `http://127.0.0.1:${api.admin}/admin/peers`
    const [read, plain] = [await (await fetch(url, { headers: { accept } })).text(), await (await fetch(url)).text()]
    expect(plain).to.not.include('\n')
    expect(read).to.equal(JSON.stringify(JSON.parse(plain), null, 2))
    const refused = await fetch(`${url}/nobody/x`, { headers: { accept } })
    expect([refused.status, refused.headers.get('x-error-code'), refused.headers.get('cache-control')]).to.deep.equal([404, 'SLUICE_PATH_UNKNOWN', 'no-store'])
    expect(await refused.text()).to.match(/^\{\n {2}"error": "Not found",\n/)
  })
})
