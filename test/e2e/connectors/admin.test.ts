/** What an operator sees of a running connector through the admin API: routes and why, books, metrics; and what it may change. */
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { receive, send } from '../../../examples/stream-parties.js'
import { Network, listeningAccount } from '../../support/network.js'

describe('the admin API of a running connector', () => {
  let network: Network
  let url: string
  let alicePort: number
  let bobPort: number

  beforeEach(async () => {
    network = new Network()
    alicePort = await freePort()
    bobPort = await freePort()
    const adminApiPort = await freePort()
    url = `http://127.0.0.1:${adminApiPort}`
    await network.connector('sluice', {
      ilpAddress: 'test.conn', adminApi: true, adminApiPort, accounts: { alice: listeningAccount(alicePort), bob: listeningAccount(bobPort) }
    })
  })
  afterEach(() => network.stop())

  async function get (path: string): Promise<Record<string, unknown>> {
    return await (await fetch(url + path)).json() as Record<string, unknown>
  }

  async function call (method: string, path: string, body: object): Promise<number> {
    return (await fetch(url + path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).status
  }

  it('shows for each prefix all candidates, which one won and why, and takes routes by hand', async () => {
    await network.party(alicePort)
    await network.party(bobPort)
    expect(await call('POST', '/routes', { targetPrefix: 'test.far', peerId: 'alice', priority: 1 })).to.equal(204)
    expect(await call('POST', '/routes', { targetPrefix: 'test.far', peerId: 'bob', priority: 2 })).to.equal(204)
    const { localRoutingTable, candidates } = await get('/routing') as {
      localRoutingTable: object, candidates: Record<string, { reason: string, candidates: Array<{ nextHop: string }> }>
    }
    expect(localRoutingTable).to.have.nested.property('test\\.far.nextHop', 'bob')
    expect(candidates['test.far']?.candidates.map(({ nextHop }) => nextHop)).to.deep.equal(['bob', 'alice'])
    expect(candidates['test.far']?.reason).to.match(/priority/)
    expect(await call('DELETE', '/routes', { targetPrefix: 'test.far', peerId: 'bob' })).to.equal(204)
    expect(await get('/status')).to.have.nested.property('localRoutingTable.test\\.far.nextHop', 'alice')
  })

  it('keeps the books of a payment and lets an operator correct them, within the limits', async () => {
    const [alice, bob] = [await network.party(alicePort), await network.party(bobPort)]
    await send(alice, (await receive(bob)).credentials, '1')
    expect(await get('/balance')).to.have.nested.include({ 'accounts.alice.balance': '1000000000', 'accounts.bob.balance': '-1000000000' })
    expect(await call('POST', '/balance', { accountId: 'alice', amountDiff: '-1000000000' })).to.equal(204)
    expect(await call('POST', '/balance', { accountId: 'alice', amountDiff: '10000000000001' })).to.equal(409)
    expect(await call('POST', '/balance', { accountId: 'alice', amountDiff: 'abc' })).to.equal(400)
    expect(await get('/balance')).to.have.nested.include({ 'accounts.alice.balance': '0' })
  })

  it('serves packets, balances and routes as metrics', async () => {
    const [alice, bob] = [await network.party(alicePort), await network.party(bobPort)]
    await send(alice, (await receive(bob)).credentials, '1')
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).to.match(/ilp_connector_incoming_ilp_packets\{result="fulfilled",account="alice",asset="USD",scale="9"\} [1-9]/)
    expect(metrics).to.match(/ilp_connector_balance\{account="bob",asset="USD",scale="9"\} -1000000000\n/)
    expect(metrics).to.match(/ilp_connector_prefixes 3\n/) // its own address and two children
  })
})
