/** Each access rule by itself; what an API makes of them is in test/admin. */
import { expect } from 'chai'
import type { MiddlewareHandler } from 'hono'
import { keyCheck, requireAddress, requireKey, requireLocalHost, requireLocalOrigin } from '../../src/http/access.js'
import { IpAllowlist } from '../../src/http/allowlist.js'
import { json, jsonError } from '../../src/http/responses.js'
import { createRouter } from '../../src/http/router.js'
import { MemoryLog } from '../support/admin-connector.js'

/** The code of the refusal of a request from `remoteAddress`, or `served`. */
async function ask (rule: MiddlewareHandler, headers: Record<string, string>, remoteAddress = '127.0.0.1'): Promise<string> {
  const app = createRouter({ name: 'test', log: new MemoryLog(), errorResponse: jsonError, noSuchPath: () => 'no' })
  app.use(rule)
  app.get('/', () => json(200, {}))
  const bindings: object = { incoming: { socket: { remoteAddress } } }
  const response = await app.request('/', { headers }, bindings)
  return response.status === 200 ? 'served' : response.headers.get('x-error-code') ?? 'no code'
}

describe('access rules', () => {
  it('take the key and nothing else', async () => {
    const rule = requireKey('right', { setting: 'x', message: 'no' })
    expect(await ask(rule, { 'x-api-key': 'right' })).to.equal('served')
    const wrong: Array<Record<string, string>> = [{}, { 'x-api-key': '' }, { 'x-api-key': 'Right' }, { authorization: 'Bearer right' }]
    for (const headers of wrong) {
      expect(await ask(rule, headers)).to.equal('SLUICE_API_KEY_WRONG')
    }
    expect(() => keyCheck(' padded', 'THE_SETTING')).to.throw('THE_SETTING').with.property('code', 'SLUICE_API_KEY_UNUSABLE')
  })

  it('take names of this machine for Host, of everybody or of clients on this machine', async () => {
    expect(await ask(requireLocalHost('no'), { host: 'localhost:1' }, '10.0.0.1')).to.equal('served')
    expect(await ask(requireLocalHost('no'), { host: 'evil.example' }, '10.0.0.1')).to.equal('SLUICE_HOST_REFUSED')
    const near = requireLocalHost('no', { onlyFromLoopback: true })
    expect(await ask(near, { host: 'node.example' }, '10.0.0.1')).to.equal('served')
    for (const client of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) expect(await ask(near, { host: 'node.example' }, client)).to.equal('SLUICE_HOST_REFUSED')
  })

  it('take pages of this machine, and programs, which have no Origin', async () => {
    const rule = requireLocalOrigin('no')
    expect([await ask(rule, {}), await ask(rule, { origin: 'http://localhost:3000' })]).to.deep.equal(['served', 'served'])
    expect(await ask(rule, { origin: 'https://localhost.evil.example' })).to.equal('SLUICE_ORIGIN_REFUSED')
  })

  it('take clients by their address; behind a proxy by the one that it says', async () => {
    const [direct, proxied] = [false, true].map(trustProxy => requireAddress(new IpAllowlist(['10.0.0.0/8']), { message: 'no', trustProxy }))
    const forwarded = { 'x-forwarded-for': '10.1.1.1, 8.8.8.8' }
    expect([await ask(direct!, {}, '10.0.0.1'), await ask(direct!, forwarded, '8.8.8.8')]).to.deep.equal(['served', 'SLUICE_CLIENT_REFUSED'])
    expect([await ask(proxied!, forwarded, '8.8.8.8'), await ask(proxied!, {}, '10.0.0.1')]).to.deep.equal(['served', 'served'])
    expect(await ask(proxied!, { 'x-forwarded-for': 'nonsense' }, '10.0.0.1')).to.equal('SLUICE_CLIENT_REFUSED')
  })
})
