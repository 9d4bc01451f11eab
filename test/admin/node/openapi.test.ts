/** The OpenAPI document is one, and says what the API does: no route more, no route less. */
import { expect } from 'chai'
import type { JsonSchema, OpenApiDocument, Operation } from '../../../src/http/openapi.js'
import { FakeChannels } from '../../support/admin-node/channels.js'
import { NodeFixture } from '../../support/admin-node.js'

const METHODS = ['get', 'post', 'put', 'delete', 'patch']
const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null']

describe('the OpenAPI document of the node', () => {
  let api: NodeFixture
  let document: OpenApiDocument
  before(async () => {
    api = await new NodeFixture().start()
    api.node.channels = new FakeChannels()
    document = (await api.get('/admin/openapi.json')).json as OpenApiDocument
  })
  after(() => api.stop())

  const operations = (): Array<[string, string, Operation]> => Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]): [string, string, Operation] => [path, method, operation]))
  const filledIn = (path: string): string => path.replaceAll(/\{\w+\}/g, 'x')

  it('has the parts that OpenAPI 3.1 asks for', () => {
    expect(document.openapi).to.equal('3.1.0')
    expect(document.info).to.include({ title: 'Sluice node: admin API', version: '1.2.3' })
    expect(document.components.securitySchemes).to.deep.equal({ apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' } })
    expect(operations().length).to.be.greaterThan(15)
    for (const [path, method, operation] of operations()) {
      const where = `${method} ${path}`
      expect(path, where).to.match(/^\/admin\//)
      expect(METHODS, where).to.include(method)
      expect(operation.summary, where).to.not.equal('')
      expect(operation.parameters.filter(each => each.in === 'path').map(each => `{${each.name}}`), where).to.deep.equal(path.match(/\{\w+\}/g) ?? [])
      expect(operation.parameters.every(each => each.required === (each.in === 'path') && each.description !== ''), where).to.equal(true)
      expect(Object.keys(operation.responses).every(status => /^[2-5]\d\d$/.test(status)), where).to.equal(true)
      expect(Object.keys(operation.responses), where).to.include.members(['401', '403', '500'])
      expect(Object.values(operation.responses).every(response => response.description !== ''), where).to.equal(true)
    }
    const ids = operations().map(([, , operation]) => operation.operationId)
    expect(new Set(ids).size, 'operation ids differ').to.equal(ids.length)
  })

  it('has schemas of JSON Schema 2020-12 whose references lead somewhere', () => {
    const schemas = operations().flatMap(([, , each]) => schemasOf(each))
    for (const schema of [...schemas, ...Object.values(document.components.schemas)]) checkSchema(schema)

    function schemasOf ({ requestBody, responses }: Operation): JsonSchema[] {
      return [...(requestBody === undefined ? [] : [requestBody]), ...Object.values(responses)].map(each => each.content['application/json'].schema)
    }

    function checkSchema (schema: unknown): void {
      if (Array.isArray(schema)) schema.forEach(checkSchema)
      if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return
      if ('$ref' in schema) expect(document.components.schemas).to.have.property(String(schema.$ref).replace('#/components/schemas/', ''))
      if ('type' in schema && typeof schema.type === 'string') expect(TYPES).to.include(schema.type)
      if ('required' in schema && 'properties' in schema) expect(schema.properties).to.include.keys(schema.required as string[])
      Object.values(schema).forEach(checkSchema)
    }
  })

  it('names only routes that exist', async () => {
    for (const [path, method] of operations()) {
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
    expect(operations().map(([path, method]) => `${method} ${path}`)).to.include.members(named)
  })

  it('has examples that the API takes', async () => {
    for (const [path, method, { requestBody }] of operations()) {
      const example = requestBody?.content['application/json'].example
      if (example === undefined) continue
      const { status, text } = await api.send(method.toUpperCase(), path.replace('{peerId}', 'peer-c').replace('{channelId}', '0x01'), example)
      expect(status, `${method} ${path}: ${text}`).to.be.within(200, 201)
    }
  })

  it('has a page for people that needs nothing from elsewhere', async () => {
    const { type, text, headers } = await api.get('/admin/docs')
    expect(type).to.equal('text/html; charset=utf-8')
    expect(headers['content-security-policy']).to.equal("default-src 'none'; style-src 'unsafe-inline'")
    expect(text).to.match(/^<!doctype html>/).and.to.not.match(/<script|src=|@import|url\(/)
    expect(text.match(/href="[^"]*"/g)).to.deep.equal(['href="openapi.json"'])
    for (const [path, method, { summary, operationId }] of operations()) {
      expect(text).to.contain(`<h2 id="${operationId}"><b>${method}</b> <code>${path}</code></h2>`).and.to.contain(summary.replaceAll("'", '&#39;'))
    }
    expect(text).to.contain('&quot;destination&quot;:&quot;g.peer.agent&quot;')
  })
})
