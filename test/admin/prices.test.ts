/** Prices behind the rates, over both admin APIs: shown, set by hand, taken back; and refused without the key, or for what cannot be. */
import { expect } from 'chai'
import { pricesOf } from '../../src/forwarding/rate-backend.js'
import { Fixture } from '../support/admin-connector.js'
import { ask, NodeFixture } from '../support/admin-node.js'

const KEY = 's3cret'

interface Door {
  port: number
  path: string
  /** Of the answer to something wrong. */
  textOf (answer: { text: string, json: unknown }): string
  stop (): Promise<unknown>
}

async function connectorDoor (): Promise<Door> {
  const fixture = await new Fixture({ apiKey: KEY }).start()
  return { port: fixture.port, path: '/prices', textOf: ({ text }) => text, stop: () => fixture.server.stop() }
}

async function nodeDoor (): Promise<Door> {
  const fixture = await new NodeFixture({ apiKey: KEY }).start()
  return { port: fixture.admin, path: '/admin/prices', textOf: ({ json }) => (json as { message: string }).message, stop: () => fixture.stop() }
}

for (const [name, open] of Object.entries({ connector: connectorDoor, node: nodeDoor })) {
  describe(`prices in the admin API of a ${name}`, () => {
    let door: Door
    beforeEach(async () => { door = await open() })
    afterEach(() => door.stop())

    const send = (method: string, asset = '', body?: unknown): ReturnType<typeof ask> =>
      ask(door.port, method, door.path + (asset && `/${asset}`), body, { 'x-api-key': KEY })

    it('are shown', async () => {
      const { status, text } = await send('GET')
      expect(status).to.equal(200)
      expect(JSON.parse(text)).to.deep.equal({
        quote: 'USD',
        assets: { EUR: { price: '1.25', from: 'rates' }, USD: { price: '1', from: 'quote' }, XRP: { price: '0.5', from: 'rates' } },
        sources: {}
      })
    })

    it('are set by hand for an hour, or as long as is said, and taken back', async () => {
      const before = Date.now()
      const { status, text } = await send('PUT', 'XRP', { price: '0.52' })
      expect(status).to.equal(200)
      const { until, ageMs, ...told } = JSON.parse(text) as { until: string, ageMs: number }
      expect(told).to.deep.equal({ price: '0.52', from: 'manual', otherwise: { price: '0.5', from: 'rates' } })
      expect(ageMs).to.be.at.least(0)
      expect(Date.parse(until)).to.be.at.least(before + 3_600_000).and.at.most(Date.now() + 3_600_000)
      const longer = JSON.parse((await send('PUT', 'XRP', { price: '0.53', lifetimeMs: 86_400_000 })).text) as { until: string }
      expect(Date.parse(longer.until)).to.be.at.least(before + 86_400_000)
      expect((JSON.parse((await send('GET')).text) as { assets: object }).assets).to.have.nested.property('XRP.from', 'manual')
      const cleared = await send('DELETE', 'XRP')
      expect({ status: cleared.status, body: JSON.parse(cleared.text) as unknown }).to.deep.equal({ status: 200, body: { asset: 'XRP', cleared: true } })
      expect((await send('DELETE', 'XRP')).status).to.equal(404)
    })

    it('are neither shown nor set without the key', async () => {
      for (const [method, path, body] of [['GET', door.path], ['PUT', `${door.path}/XRP`, { price: '9' }], ['DELETE', `${door.path}/XRP`]] as const) {
        expect((await ask(door.port, method, path, body)).status, method).to.equal(401)
        expect((await ask(door.port, method, path, body, { 'x-api-key': 'guess' })).status, method).to.equal(401)
      }
      expect((await send('GET')).text).not.to.contain('manual')
    })

    it('are refused where they are none, and nothing is changed', async () => {
      const bodies: unknown[] = [
        {}, [], '{"price":', { price: 0.52 }, { price: '0' }, { price: '0.00' }, { price: '-1' }, { price: '1e3' }, { price: 'NaN' }, { price: '1,5' }, { price: '' },
        { price: '1'.repeat(21) }, { price: `0.${'1'.repeat(21)}` }, { price: '1', lifetimeMs: 0 }, { price: '1', lifetimeMs: 31 * 86_400_000 },
        { price: '1', lifetimeMs: '1h' }, { price: '1', until: 'tomorrow' }
      ]
      for (const body of bodies) expect((await send('PUT', 'XRP', body)).status, JSON.stringify(body)).to.equal(400)
      const unknown = await send('PUT', 'XPR', { price: '1' })
      expect(unknown.status).to.equal(404)
      expect(door.textOf(unknown)).to.contain('no account has the asset XPR. Accounts have EUR, USD, XRP.')
      expect((await send('PUT', 'USD', { price: '2' })).status).to.equal(409)
      expect((await send('GET')).text).not.to.contain('manual')
    })
  })
}

describe('a backend without prices', () => {
  it('says so', () => {
    expect(() => pricesOf({})).to.throw('the backend has no prices').with.property('code', 'SLUICE_NO_PRICES')
  })
})
