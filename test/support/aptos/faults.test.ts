// What nodes of the stand-in do wrong when a test says so: and that they are well again afterwards.
import { expect } from 'chai'
import { address, u64 } from './bcs.js'
import { startAptos, type AptosStandIn } from './index.js'
import { Party, get, hashOf, post } from './raw-party.js'

const SOMEBODY = `0x${'5'.repeat(64)}`

describe('the faults of the Aptos stand-in', () => {
  let chain: AptosStandIn
  let alice: Party

  beforeEach(async () => {
    chain = await startAptos({ blockMs: undefined })
    alice = new Party(chain, 1)
    chain.fund(alice.address, 1_000_000_000n)
  })
  afterEach(() => chain.stop())

  const pay = (): Uint8Array => alice.signed('transfer', [address(SOMEBODY), u64(5n)], { code: '0x1', module: 'aptos_account' })
  const failed = async (answer: Promise<unknown>): Promise<boolean> => await answer.then(() => false, () => true)

  it('lose the answer to a transaction that is taken', async () => {
    chain.faults.add({ request: 'POST /transactions', does: 'loseAnswer', times: 1 })
    expect(await failed(alice.submit(pay()))).to.equal(true)
    chain.block()
    expect(chain.balance(SOMEBODY)).to.equal(5n)
  })

  it('lose a transaction before it is taken', async () => {
    chain.faults.add({ request: 'POST /transactions', does: 'loseRequest', times: 1 })
    const signed = pay()
    expect(await failed(alice.submit(signed))).to.equal(true)
    chain.block()
    expect(chain.balance(SOMEBODY)).to.equal(0n)
    expect((await alice.submit(signed)).status).to.equal(202)
  })

  it('swallow a transaction that they say they have taken', async () => {
    chain.faults.swallows = true
    const signed = pay()
    expect((await alice.submit(signed)).status).to.equal(202)
    chain.block()
    expect((await get(chain.url, `/transactions/by_hash/${hashOf(signed)}`)).status).to.equal(404)
  })

  it('have no time, and fail in other ways, for some requests or for all', async () => {
    for (const [status, code] of [[429, 'rate_limited'], [503, 'node_not_bootstrapped'], [507, 'mempool_is_full'], [500, 'internal_error']] as const) {
      chain.faults.add({ request: 'GET /accounts', does: status, times: 1 })
      expect((await get(chain.url, '/')).status).to.equal(200)
      const { status: found, body } = await get(chain.url, `/accounts/${alice.address}`)
      expect([found, body.error_code]).to.deep.equal([status, code])
      expect((await get(chain.url, `/accounts/${alice.address}`)).status).to.equal(200)
    }
  })

  it('never answer', async () => {
    chain.faults.add({ does: 'hang', times: 1 })
    expect(await failed(fetch(chain.url, { signal: AbortSignal.timeout(50) }))).to.equal(true)
    expect((await get(chain.url, '/')).status).to.equal(200)
  })

  it('are behind another node of the same chain', async () => {
    const other = await chain.anotherNode()
    chain.faults.behind = 2
    const signed = pay()
    expect((await post(other.url, '/transactions', signed)).status).to.equal(202)
    chain.block()
    const types = async (): Promise<unknown[]> => await Promise.all([chain.url, other.url].map(async url => (await get(url, `/transactions/by_hash/${hashOf(signed)}`)).body.type))
    expect(await types()).to.deep.equal(['pending_transaction', 'user_transaction'])
    expect((await get(chain.url, `/accounts/${SOMEBODY}/balance/0xa`)).body).to.equal(0)
    chain.block()
    chain.block()
    expect(await types()).to.deep.equal(['user_transaction', 'user_transaction'])
  })

  it('stand still, with their time', async () => {
    const before = (await get(chain.url, '/')).body
    chain.node.standStill()
    chain.advance(1000)
    expect((await get(chain.url, '/')).body).to.deep.equal(before)
    chain.faults.clear()
    expect((await get(chain.url, '/')).body.ledger_version).not.to.equal(before.ledger_version)
  })

  it('say that they are of another chain, show other bytecode, and lie in views', async () => {
    chain.faults.chainId = 1
    chain.faults.bytecode = Uint8Array.of(1, 2)
    chain.faults.lies.set('channel::version', ['7'])
    const { headers, body } = await get(chain.url, '/')
    expect([body.chain_id, headers.get('x-aptos-chain-id')]).to.deep.equal([1, '1'])
    expect((await get(chain.url, `/accounts/${chain.code}/module/channel`)).body.bytecode).to.equal('0x0102')
    const view = { function: `${chain.code}::channel::version`, type_arguments: [], arguments: [] }
    expect((await post(chain.url, '/view', view)).body).to.deep.equal(['7'])
    chain.faults.clear()
    expect((await post(chain.url, '/view', view)).body).to.deep.equal(['1'])
  })

  it('are told apart from an upgrade: the chain itself has another module, or another policy', async () => {
    chain.upgrade({ bytecode: Uint8Array.of(1), policy: 1 })
    expect((await get(chain.url, `/accounts/${chain.code}/module/channel`)).body.bytecode).to.equal('0x01')
    const { data } = (await get(chain.url, `/accounts/${chain.code}/resource/0x1::code::PackageRegistry`)).body as { data: { packages: [{ upgrade_policy: object }] } }
    expect(data.packages[0].upgrade_policy).to.deep.equal({ policy: 1 })
  })

  it('remember what was asked of them', async () => {
    await get(chain.url, '/estimate_gas_price')
    expect(chain.node.requests.map(({ request }) => request)).to.deep.equal(['GET /estimate_gas_price'])
  })
})
