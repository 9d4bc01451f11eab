/** A daemon's operator sees which accounts are paused, and resumes them without a restart. */
import { expect } from 'chai'
import { Fixture } from '../../support/admin-connector.js'

describe('accounts that are paused', () => {
  let api: Fixture
  beforeEach(async () => { api = await new Fixture().start() })
  afterEach(() => api.server.stop())

  const paused = async (): Promise<unknown> => JSON.parse((await api.get('/paused')).text)

  it('are listed with the reason, and resumed', async () => {
    expect(await paused()).to.deep.equal({ paused: [] })
    expect((await api.send('POST', '/paused/alice', { reason: 'too loud' })).text).to.equal('{"account":"alice","paused":true}')
    expect(await paused()).to.deep.equal({
      paused: [{ accountId: 'alice', since: '1970-01-01T00:00:00.000Z', by: 'the admin API', reason: 'too loud', disconnected: false }]
    })
    expect((await api.send('DELETE', '/paused/alice')).text).to.equal('{"account":"alice","paused":false}')
    expect(await paused()).to.deep.equal({ paused: [] })
  })

  it('can be resumed when they are not configured any more, and once', async () => {
    api.host.guard?.pause('former', 'rule trafficSpike', 'ten times the usual')
    expect((await api.send('DELETE', '/paused/former')).status).to.equal(200)
    const again = await api.send('DELETE', '/paused/former')
    expect([again.status, again.text]).to.deep.equal([409, 'Error: account is not paused. accountId=former'])
  })

  it('have to exist to be paused, and a middleware that does it', async () => {
    expect((await api.send('POST', '/paused/nobody', {})).status).to.equal(404)
    expect((await api.send('POST', '/paused/alice', { reason: 1 })).status).to.equal(400)
    api.host.guard = undefined
    expect(await paused()).to.deep.equal({})
    const { status, text } = await api.send('POST', '/paused/alice', {})
    expect([status, text]).to.deep.equal([404, 'Error: there is no middleware "guard", which pauses accounts. Put it into CONNECTOR_MIDDLEWARES.'])
  })
})
