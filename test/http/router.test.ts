/** The router of both admin APIs: whatever a handler throws becomes an answer with a code, and bodies are bounded. */
import { expect } from 'chai'
import { z } from 'zod'
import { SluiceError } from '../../src/contracts/errors.js'
import { json, jsonError, nothing } from '../../src/http/responses.js'
import { createRouter, serveRoutes, type RoutesOptions } from '../../src/http/router.js'
import { param, route, type Route } from '../../src/http/route.js'
import { MemoryLog } from '../support/admin-connector.js'

const described = { summary: 'x', responses: { 200: z.looseObject({}) }, errors: {} }

describe('the HTTP router', () => {
  let log: MemoryLog

  /** Asks a router with these routes, without a socket. */
  async function ask (
    routes: Route[], method: string, path: string, body?: string, options: RoutesOptions = { maxBodySize: 20 }
  ): Promise<Response> {
    log = new MemoryLog()
    const app = createRouter({ name: 'test api', log, errorResponse: jsonError, noSuchPath: (method, path) => `nothing at ${method} ${path}` })
    serveRoutes(app, routes, options)
    return app.request(path, { method, ...(body !== undefined && { body }) })
  }

  const throwing = (thrown: unknown): Route[] => [route({ ...described, method: 'get', path: '/x' }, () => { throw thrown })]
  const codeOf = (response: Response): string | null => response.headers.get('x-error-code')

  it('answers a refusal with its status, its code and its words, and says so at debug', async () => {
    const response = await ask(throwing(new SluiceError('SLUICE_PEER_UNKNOWN', 'no such peer')), 'GET', '/x')
    expect([response.status, codeOf(response), await response.json()])
      .to.deep.equal([404, 'SLUICE_PEER_UNKNOWN', { error: 'Not found', message: 'no such peer' }])
    expect(log.lines).to.deep.equal(['debug test api request refused. path=/x status=404 code=SLUICE_PEER_UNKNOWN error=no such peer'])
  })

  it('answers what nobody expected with 500, one line and no stack, and logs the rest', async () => {
    const response = await ask(throwing(new Error('broken\n at /srv/secret.js')), 'GET', '/x')
    expect([response.status, codeOf(response), await response.json()])
      .to.deep.equal([500, 'SLUICE_UNEXPECTED', { error: 'Internal server error', message: 'broken' }])
    expect(log.lines.join()).to.match(/^warn error in test api request handler. error=.*secret.* path=\/x$/s)
  })

  it('lets a plugin or middleware choose a status, which has no code', async () => {
    const response = await ask(throwing(Object.assign(new Error('not now'), { httpErrorCode: 409 })), 'GET', '/x')
    expect([response.status, codeOf(response)]).to.deep.equal([409, null])
  })

  it('answers 409 for a balance at its limit, and survives what is no Error', async () => {
    const limit = await ask(throwing(Object.assign(new Error('exceeded maximum balance.'), { ilpErrorCode: 'T04' })), 'GET', '/x')
    expect([limit.status, codeOf(limit)]).to.deep.equal([409, 'SLUICE_BALANCE_LIMIT'])
    for (const thrown of [undefined, 'oops', { message: 'oops' }]) expect((await ask(throwing(thrown), 'GET', '/x')).status).to.equal(500)
  })

  it('answers 404 where there is no route', async () => {
    const response = await ask([], 'PUT', '/y')
    expect([response.status, codeOf(response), await response.json()])
      .to.deep.equal([404, 'SLUICE_PATH_UNKNOWN', { error: 'Not found', message: 'nothing at PUT /y' }])
  })

  it('hands a checked body, decoded parameters and the query to the handler', async () => {
    const echo = route({
      ...described, method: 'post', path: '/x/{id}/y', params: { id: 'x' }, body: { schema: z.strictObject({ a: z.int('a must be a whole number') }), example: {} }
    }, request => json(200, { id: param(request, 'id'), query: request.query, body: request.body }))
    expect(await (await ask([echo], 'POST', '/x/a%2Fb/y?q=1', '{"a":5}')).json()).to.deep.equal({ id: 'a/b', query: { q: '1' }, body: { a: 5 } })
    const refused = async (body: string): Promise<unknown[]> => {
      const response = await ask([echo], 'POST', '/x/1/y', body)
      return [response.status, codeOf(response), (await response.json() as { message: string }).message]
    }
    expect(await refused('{"a":"5"}')).to.deep.equal([400, 'SLUICE_BODY_INVALID', 'a must be a whole number'])
    expect(await refused('{"a":5,"b":1}')).to.deep.equal([400, 'SLUICE_BODY_INVALID', 'Unknown field: b. Known are: a.'])
    expect(await refused('{')).to.deep.equal([400, 'SLUICE_BODY_NOT_JSON', 'the request body is not valid JSON.'])
    expect(await refused(`{"a":${'5'.repeat(20)}}`)).to.deep.equal([413, 'SLUICE_BODY_TOO_LARGE', 'the request body is larger than 20 bytes.'])
  })

  it('takes the whole rest of the path for a parameter where the API says so, and larger bodies where a route does', async () => {
    const rest = route({ ...described, method: 'get', path: '/x/{id}', params: { id: 'x' } }, request => json(200, { id: param(request, 'id') }))
    for (const id of ['', 'a', 'a/b']) {
      expect(await (await ask([rest], 'GET', `/x/${id}`, undefined, { maxBodySize: 1, parameter: '.*' })).json()).to.deep.equal({ id })
    }
    expect((await ask([rest], 'GET', '/x/a/b')).status).to.equal(404)
    const large = route({
      ...described, method: 'post', path: '/x', body: { schema: z.unknown(), example: {} }, maxBodySize: 100, responses: { 204: 'nothing' }
    }, () => nothing())
    expect((await ask([large], 'POST', '/x', JSON.stringify('x'.repeat(50)))).status).to.equal(204)
  })
})
