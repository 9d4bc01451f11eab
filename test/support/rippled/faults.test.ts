/** The faults that the stand-in can play: the end of section 4 of the specification. Those of the ledger itself are in network.test.ts. */
import { expect } from 'chai'
import { Client, DisconnectedError, RippledError, TimeoutError } from 'xrpl'
import { startLedgerWorld, type LedgerWorld } from './parties.js'

describe('the stand-in for rippled: faults', () => {
  let world: LedgerWorld
  let client: Client

  beforeEach(async () => {
    world = await startLedgerWorld()
    client = new Client(world.rippled.url, { timeout: 500 })
    await client.connect()
  })

  afterEach(async () => {
    await client.disconnect()
    await world.stop()
  })

  const failure = async (tx_blob: string): Promise<unknown> => await client.request({ command: 'submit', tx_blob }).then(() => undefined, (error: unknown) => error)
  const sequence = (): number => world.rippled.network.sequencesOf(world.payer.address).next
  const blob = (): string => world.blobOf(world.payer, { TransactionType: 'AccountSet' })

  it('an answer that is lost after the transaction was applied', async () => {
    const before = sequence()
    world.rippled.faults.add({ command: 'submit', does: 'loseAnswer', times: 1 })
    expect(await failure(blob())).to.be.instanceOf(TimeoutError)
    expect(sequence()).to.equal(before + 1)
    expect((await world.send(world.payer, { TransactionType: 'AccountSet' })).engine_result, 'only once').to.equal('tesSUCCESS')
  })

  it('a request that is lost', async () => {
    const before = sequence()
    world.rippled.faults.add({ command: 'submit', does: 'loseRequest', times: 2 })
    expect(await failure(blob())).to.be.instanceOf(TimeoutError)
    expect(await failure(blob())).to.be.instanceOf(TimeoutError)
    expect(sequence()).to.equal(before)
    expect((await world.send(world.payer, { TransactionType: 'AccountSet' })).engine_result).to.equal('tesSUCCESS')
  })

  for (const [does, applied] of [['disconnectBefore', 0], ['disconnectAfter', 1]] as const) {
    it(`${does}: the connection is cut at a request`, async () => {
      const before = sequence()
      world.rippled.faults.add({ command: 'submit', does, times: 1 })
      const isBack = new Promise(resolve => { client.once('connected', resolve) })
      expect(await failure(blob())).to.be.instanceOf(DisconnectedError)
      expect(sequence()).to.equal(before + applied)
      await isBack
    })
  }

  it('disconnectAfter at the n-th request, whatever it is: so a test can cut at every step', async () => {
    await client.request({ command: 'ping' })
    world.rippled.faults.add({ does: 'disconnectAfter', times: 1 })
    const isBack = new Promise(resolve => { client.once('connected', resolve) })
    const error: unknown = await client.request({ command: 'ping' }).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(DisconnectedError)
    await isBack
    expect(world.rippled.server.requests.map(({ command }) => command)).to.deep.equal(['server_info', 'server_info', 'ping', 'ping'])
  })

  it('an error of the server, such as tooBusy', async () => {
    world.rippled.faults.add({ command: 'submit', does: 'tooBusy', times: 1 })
    const error = await failure(blob())
    expect(error).to.be.instanceOf(RippledError)
    expect((error as RippledError).data).to.include({ error: 'tooBusy', error_code: 9 })
  })

  it('a validated ledger that stands still, while ledgers close (attack 13)', async () => {
    const { index } = world.rippled.network.lastClosed
    world.rippled.faults.standStill(index)
    world.rippled.closeLedger(10)
    const { info } = (await world.client.request({ command: 'server_info' })).result
    expect(info.validated_ledger).to.include({ seq: index })
    expect(info.validated_ledger?.age).to.be.above(30)
    expect((await world.client.request({ command: 'ledger_current' })).result.ledger_current_index).to.equal(index + 11)
    const { tx_json: { hash = '' } } = await world.send(world.payer, { TransactionType: 'AccountSet' })
    world.rippled.closeLedger()
    expect((await world.client.request({ command: 'tx', transaction: hash })).result.validated).to.equal(false)
    world.rippled.faults.clear()
    expect((await world.client.request({ command: 'tx', transaction: hash })).result.validated).to.equal(true)
  })

  it('a gap in the history: the ledgers are not there, nor their transactions', async () => {
    const { tx_json: { hash = '' } } = await world.send(world.payer, { TransactionType: 'AccountSet' })
    const { index } = world.rippled.closeLedger()
    world.rippled.closeLedger(3)
    world.rippled.faults.missing = [[index, index + 1]]
    expect((await world.client.request({ command: 'server_info' })).result.info.complete_ledgers).to.equal(`1000,${index + 2}-${index + 3}`)
    expect(await world.ask({ command: 'ledger', ledger_index: index })).to.include({ error: 'lgrNotFound' })
    expect(await world.ask({ command: 'tx', transaction: hash, min_ledger: 1000, max_ledger: index + 3 })).to.include({ error: 'txnNotFound', searched_all: false })
  })

  it('a server that is a few ledgers behind', async () => {
    const another = await world.rippled.anotherServer()
    another.faults.behind = 3
    const old = world.rippled.closeLedger()
    await world.send(world.payer, { TransactionType: 'AccountSet', Fee: '500' })
    world.rippled.closeLedger(3)
    const late = new Client(another.url)
    await late.connect()
    const { result } = await late.request({ command: 'account_info', account: world.payer.address, ledger_index: 'validated' })
    expect(result).to.include({ ledger_index: old.index, ledger_hash: old.hash, validated: true })
    expect(result.account_data.Balance).to.equal('1000000000')
    expect((await late.request({ command: 'account_info', account: world.payer.address, ledger_index: 'current' })).result.account_data.Balance).to.equal('1000000000')
    expect((await world.client.request({ command: 'account_info', account: world.payer.address, ledger_index: 'validated' })).result.account_data.Balance)
      .to.equal('999999500')
    await late.disconnect()
  })

  it('a server of another network, or one that says so', async () => {
    world.rippled.faults.networkId = 0
    expect((await world.client.request({ command: 'server_info' })).result.info.network_id).to.equal(0)
  })

  it('two servers of one network agree on hashes, unless one lies (6.10)', async () => {
    const another = await world.rippled.anotherServer()
    const second = new Client(another.url)
    await second.connect()
    const hashes = async (): Promise<string[]> => await Promise.all([world.client, second].map(async each =>
      (await each.request({ command: 'ledger', ledger_index: 'validated' })).result.ledger_hash))
    expect(new Set(await hashes()).size).to.equal(1)
    another.faults.hasOtherHashes = true
    expect(new Set(await hashes()).size).to.equal(2)
    await second.disconnect()
  })

  it('messages of streams that are lost', async () => {
    const messages: unknown[] = []
    world.client.on('ledgerClosed', message => { messages.push(message.ledger_index) })
    await world.client.request({ command: 'subscribe', streams: ['ledger'] })
    world.rippled.faults.losesEvents = true
    world.rippled.closeLedger(2)
    world.rippled.faults.clear()
    const { index } = world.rippled.closeLedger()
    await world.client.request({ command: 'ping' })
    expect(messages).to.deep.equal([index])
  })

  it('a server that goes away, and comes back on its port with the same ledgers', async () => {
    const port = Number(new URL(world.rippled.url).port)
    await world.client.disconnect()
    await world.rippled.server.stop()
    const { index } = world.rippled.closeLedger()
    await world.rippled.server.start(port)
    await world.client.connect()
    expect((await world.client.request({ command: 'ledger', ledger_index: 'validated' })).result.ledger_index).to.equal(index)
  })
})
