/** Each access rule by itself; what an API makes of them is in test/admin. */
import { expect } from 'chai'
import type { MiddlewareHandler } from 'hono'
import { keyCheck, refuseForeignPages, requireAddress, requireJson, requireKey } from '../../src/http/access.js'
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

  const messages = { host: 'no', origin: 'no' }

  it('take names of this machine for Host, and those that are listed, from every client', async () => {
    const rule = refuseForeignPages({ hosts: ['node.example'], messages })
    for (const client of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1', '172.17.0.1']) {
      expect(await ask(rule, { host: 'localhost:1' }, client)).to.equal('served')
      expect(await ask(rule, { host: 'node.example:1' }, client)).to.equal('served')
      for (const host of ['evil.example', '10.0.0.1', 'node']) expect(await ask(rule, { host }, client), host).to.equal('SLUICE_HOST_REFUSED')
    }
  })

  it('take any address for Host where other machines may come, because a page cannot move one', async () => {
    const rule = refuseForeignPages({ anyAddress: true, messages })
    for (const host of ['10.0.0.1', '192.168.1.77:8081', '[2001:db8::1]:8081', 'localhost']) expect(await ask(rule, { host }), host).to.equal('served')
    for (const host of ['10.0.0.1.evil.example', 'evil.example', '10-0-0-1.nip.io', 'connector']) expect(await ask(rule, { host }), host).to.equal('SLUICE_HOST_REFUSED')
  })

  it('take their own pages, and programs, which have no Origin', async () => {
    const rule = refuseForeignPages({ anyAddress: true, messages })
    const host = 'localhost:8081'
    expect([await ask(rule, { host }), await ask(rule, { host, origin: `http://${host}` })]).to.deep.equal(['served', 'served'])
    for (const origin of ['https://localhost.evil.example', 'http://localhost:3000', 'http://127.0.0.1:8081', 'null', '']) {
      expect(await ask(rule, { host, origin }), origin).to.equal('SLUICE_ORIGIN_REFUSED')
    }
  })

  it('take bodies that say that they are JSON, and requests without one', async () => {
    const lengths: Array<Record<string, string>> = [{ 'content-length': '2' }, { 'transfer-encoding': 'chunked' }]
    for (const length of lengths) {
      expect(await ask(requireJson, { ...length, 'content-type': 'application/json' })).to.equal('served')
      expect(await ask(requireJson, { ...length, 'content-type': 'text/plain' })).to.equal('SLUICE_BODY_TYPE_WRONG')
      expect(await ask(requireJson, length)).to.equal('SLUICE_BODY_TYPE_WRONG')
    }
    expect([await ask(requireJson, {}), await ask(requireJson, { 'content-length': '0' })]).to.deep.equal(['served', 'served'])
  })

  it('take clients by their address; behind a proxy by the one that it says', async () => {
    const [direct, proxied] = [false, true].map(trustProxy => requireAddress(new IpAllowlist(['10.0.0.0/8']), { message: 'no', trustProxy }))
    const forwarded = { 'x-forwarded-for': '10.1.1.1, 8.8.8.8' }
    expect([await ask(direct!, {}, '10.0.0.1'), await ask(direct!, forwarded, '8.8.8.8')]).to.deep.equal(['served', 'SLUICE_CLIENT_REFUSED'])
    expect([await ask(proxied!, forwarded, '8.8.8.8'), await ask(proxied!, {}, '10.0.0.1')]).to.deep.equal(['served', 'served'])
    expect(await ask(proxied!, { 'x-forwarded-for': 'nonsense' }, '10.0.0.1')).to.equal('SLUICE_CLIENT_REFUSED')
  })
})
