/** What servers of the stand-in say of themselves: rows of section 4 (D:server_info, D:server_state, D:ledger, D:server_info-clio). */
import { expect } from 'chai'
import { Client, type AccountSet } from 'xrpl'
import { startLedgerWorld, type LedgerWorld } from '../parties.js'

describe('the stand-in for rippled: server commands', () => {
  let world: LedgerWorld

  beforeEach(async () => { world = await startLedgerWorld() })

  afterEach(() => world.stop())

  it('server_info: the network, its ledgers, fees and reserves in XRP as numbers', async () => {
    world.rippled.closeLedger(2)
    const { info } = (await world.client.request({ command: 'server_info' })).result
    const { index, hash } = world.rippled.network.lastClosed
    expect(info).to.deep.include({ build_version: '3.0.0', network_id: 31_338, complete_ledgers: `1000-${index}`, server_state: 'full', load_factor: 1 })
    expect(info.validated_ledger).to.include({ seq: index, hash, base_fee_xrp: 0.00001, reserve_base_xrp: 1, reserve_inc_xrp: 0.2 })
    expect(info.validated_ledger?.age).to.be.within(0, 10)
    expect(info).not.to.have.any.keys('amendment_blocked', 'closed_ledger')
  })

  it('server_info: closed_ledger in place of validated_ledger while it is not synced', async () => {
    world.rippled.faults.serverState = 'connected'
    const { info } = (await world.client.request({ command: 'server_info' })).result
    expect(info).to.have.any.keys('closed_ledger').and.not.to.have.any.keys('validated_ledger')
    expect(info.server_state).to.equal('connected')
    expect(await world.ask({ command: 'account_info', account: world.payer.address })).to.include({ error: 'notSynced' })
    expect(await world.ask({ command: 'account_info', account: world.payer.address, api_version: 1 })).to.include({ error: 'noNetwork', error_code: 17 })
  })

  it('server_state: the same in drops', async () => {
    const { state } = (await world.client.request({ command: 'server_state' })).result
    const { index, closeTime } = world.rippled.network.lastClosed
    expect(state).to.include({ load_base: 256, load_factor: 256, server_state: 'full' })
    expect(state.validated_ledger).to.include({
      base_fee: 10, reserve_base: 1_000_000, reserve_inc: 200_000, seq: index, close_time: closeTime
    })
  })

  it('fees and reserves that validators have voted for show at once (D:reserves)', async () => {
    world.rippled.network.fees = { base: 20n, reserveBase: 2_000_000n, reserveIncrement: 500_000n }
    const { state } = (await world.client.request({ command: 'server_state' })).result
    expect(state.validated_ledger).to.include({ base_fee: 20, reserve_base: 2_000_000, reserve_inc: 500_000 })
    expect((await world.client.request({ command: 'fee' })).result.drops.base_fee).to.equal('20')
  })

  it('ledger: hash, parent, close times', async () => {
    const parent = world.rippled.network.lastClosed
    await world.send(world.payer, { TransactionType: 'AccountSet' })
    const closed = world.rippled.closeLedger()
    const { result } = await world.client.request({ command: 'ledger', ledger_index: 'validated', transactions: true })
    expect(result).to.include({ ledger_hash: closed.hash, ledger_index: closed.index, validated: true })
    expect(result.ledger).to.deep.include({
      ledger_hash: closed.hash, parent_hash: parent.hash, close_time: closed.closeTime, parent_close_time: parent.closeTime, closed: true,
      close_time_iso: new Date((closed.closeTime + 946_684_800) * 1000).toISOString().replace('.000Z', 'Z'),
      transactions: closed.transactions.map(({ tx }) => tx.hash)
    })
    expect(await world.ask({ command: 'ledger', ledger_index: closed.index + 5 })).to.include({ error: 'lgrNotFound', error_code: 21 })
    expect((await world.ask({ command: 'ledger', ledger_index: 'current' })).result).to.deep.include({ ledger_current_index: closed.index + 1, validated: false })
  })

  it('version, feature, ledger_current, ping', async () => {
    expect((await world.ask({ command: 'version' })).result).to.deep.equal({ version: { first: 1, good: 1, last: 2 } })
    expect((await world.ask({ command: 'feature' })).result).to.have.nested.property('features.Credentials.enabled', true)
    expect((await world.ask({ command: 'ledger_current' })).result).to.deep.equal({ ledger_current_index: world.rippled.network.openIndex })
    expect((await world.ask({ command: 'ping' })).result).to.deep.equal({})
  })

  describe('as Clio', () => {
    it('has no build_version and no state, and the network id as text or not at all', async () => {
      world.rippled.faults.clio = 'with network id'
      const { info } = (await world.ask({ command: 'server_info' })).result as { info: Record<string, unknown> }
      expect(info).to.include({ clio_version: '2.6.0', rippled_version: '3.0.0', network_id: '31338' })
      expect(info).not.to.have.any.keys('build_version', 'server_state')
      world.rippled.faults.clio = 'without network id'
      expect((await world.ask({ command: 'server_info' })).result).not.to.have.nested.property('info.network_id')
    })

    it('makes xrpl.js add no NetworkID, so that submit says telREQUIRES_NETWORK_ID (JS)', async () => {
      world.rippled.faults.clio = 'without network id'
      const client = new Client(world.rippled.url)
      await client.connect()
      expect(client.networkID).to.equal(undefined)
      const wanted: AccountSet = { TransactionType: 'AccountSet', Account: world.payer.address, Fee: '12' }
      const filled = await client.autofill(wanted)
      expect(filled.NetworkID).to.equal(undefined)
      const { result } = await client.submit(filled, { wallet: world.payer })
      expect(result.engine_result).to.equal('telREQUIRES_NETWORK_ID')
      await client.disconnect()
    })

    it('answers for the validated ledger unless another is named', async () => {
      world.rippled.faults.clio = 'with network id'
      const answer = await world.ask({ command: 'account_info', account: world.payer.address })
      expect(answer.result).to.include({ validated: true, ledger_index: world.rippled.network.lastClosed.index })
      expect(answer).to.have.nested.property('warnings[0].id', 2001)
    })
  })
})
