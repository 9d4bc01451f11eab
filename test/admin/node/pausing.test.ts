/** The admin API's routes for paused peers. */
import { expect } from 'chai'
import { NodeFixture } from '../../support/admin-node.js'

describe('the admin API, for peers that are paused', () => {
  let api: NodeFixture
  beforeEach(async () => { api = await new NodeFixture().start() })
  afterEach(() => api.stop())

  const ask = async (method: string, path: string, body?: object): Promise<{ status: number, body: unknown }> => {
    const response = await fetch(`http://127.0.0.1:${api.admin}${path}`, {
      method, ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
    })
    return { status: response.status, body: await response.json() }
  }

  it('pauses and resumes them, and lists those that are', async () => {
    expect(await ask('GET', '/admin/security/paused')).to.deep.equal({ status: 200, body: { paused: [] } })
    expect(await ask('POST', '/admin/peers/peer-b/pause', { reason: 'odd' })).to.deep.equal({ status: 200, body: { success: true, peerId: 'peer-b', paused: true } })
    const { body } = await ask('GET', '/admin/security/paused')
    expect(body).to.deep.equal({ paused: [{ peerId: 'peer-b', reason: 'odd', by: 'the admin API', since: '1970-01-01T00:00:00.000Z', isDisconnected: false }] })
    expect((await ask('POST', '/admin/peers/peer-b/resume')).status).to.equal(200)
    expect((await ask('POST', '/admin/peers/peer-b/resume')).status).to.equal(409)
  })

  it('says what it cannot do', async () => {
    expect((await ask('POST', '/admin/peers/nobody/pause', {})).status).to.equal(404)
    expect((await ask('POST', '/admin/peers/nobody/resume')).status).to.equal(404)
    expect((await ask('POST', '/admin/peers/peer-b/pause', { reason: 7 })).status).to.equal(400)
    expect((await ask('POST', '/admin/peers/peer-b/pause', { reason: 'x'.repeat(501) })).status).to.equal(400)
  })
})
