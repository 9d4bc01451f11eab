/** Streams of the stand-in: the row `subscribe` of section 4, and the order of messages (D:subscribe). */
import { expect } from 'chai'
import { Client, type LedgerStream, type TransactionStream } from 'xrpl'
import { openChannelIn } from '../channels.js'
import { startLedgerWorld, type LedgerWorld } from '../parties.js'

describe('the stand-in for rippled: streams', () => {
  let world: LedgerWorld

  beforeEach(async () => { world = await startLedgerWorld() })

  afterEach(() => world.stop())

  /** All messages of the client so far: streams come before the answer to a later request. */
  function listen (client: Client): Array<LedgerStream | TransactionStream> {
    const messages: Array<LedgerStream | TransactionStream> = []
    client.on('ledgerClosed', message => { messages.push(message) })
    client.on('transaction', message => { messages.push(message) })
    return messages
  }

  const drained = (client = world.client): Promise<unknown> => client.request({ command: 'ping' })

  it('ledger: the present state at once, then one message for each validated ledger', async () => {
    const messages = listen(world.client)
    const { result } = await world.client.request({ command: 'subscribe', streams: ['ledger'] })
    const { index, hash, closeTime } = world.rippled.network.lastClosed
    expect(result).to.include({
      fee_base: 10, reserve_base: 1_000_000, reserve_inc: 200_000, ledger_hash: hash, ledger_index: index, ledger_time: closeTime,
      validated_ledgers: `${index}`
    })
    await world.send(world.payer, { TransactionType: 'AccountSet' })
    world.rippled.closeLedger(2)
    await drained()
    expect(messages.map(message => [message.type, message.ledger_index, (message as LedgerStream).txn_count])).to.deep.equal([
      ['ledgerClosed', index + 1, 1], ['ledgerClosed', index + 2, 0]
    ])
  })

  it('accounts: transactions that touch them, after the message of their ledger and in its order', async () => {
    const messages = listen(world.client)
    await world.client.request({ command: 'subscribe', streams: ['ledger'], accounts: [world.payee.address] })
    const channel = await openChannelIn(world)
    await world.send(world.payer, { TransactionType: 'PaymentChannelFund', Channel: channel.id, Amount: '1' })
    await world.send(world.payee, { TransactionType: 'AccountSet' })
    await world.send(world.stranger, { TransactionType: 'AccountSet' })
    const { transactions, hash, index } = world.rippled.closeLedger()
    await drained()
    expect(messages.map(({ type }) => type)).to.deep.equal(['ledgerClosed', 'transaction', 'ledgerClosed', 'transaction', 'transaction'])
    const told = messages.slice(3) as TransactionStream[]
    const ofPayee = transactions.filter(({ tx }) => tx.account !== world.stranger.address).map(({ tx }) => tx.hash)
    expect(told.map(message => message.hash)).to.deep.equal(ofPayee)
    for (const message of told) {
      expect(message).to.include({ validated: true, engine_result: 'tesSUCCESS', engine_result_code: 0, ledger_index: index, ledger_hash: hash })
      expect(message).to.have.any.keys('tx_json').and.to.have.any.keys('meta').and.to.have.any.keys('close_time_iso')
      expect(message).not.to.have.any.keys('transaction')
    }
  })

  it('version 1: `transaction` in place of tx_json, the hash inside it', async () => {
    const messages = listen(world.client)
    await world.ask({ command: 'subscribe', accounts: [world.payer.address], api_version: 1 })
    const { tx_json: { hash } } = await world.send(world.payer, { TransactionType: 'AccountSet' })
    world.rippled.closeLedger()
    await drained()
    expect(messages).to.have.length(1)
    expect(messages[0]).to.have.nested.property('transaction.hash', hash)
    expect(messages[0]).not.to.have.any.keys('tx_json', 'hash')
  })

  it('tells nothing of what is closed and not validated yet, and all of it in order when it is', async () => {
    const messages = listen(world.client)
    await world.client.request({ command: 'subscribe', streams: ['ledger', 'transactions'] })
    const { index } = world.rippled.network.lastClosed
    world.rippled.faults.standStill(index)
    await world.send(world.payer, { TransactionType: 'AccountSet' })
    world.rippled.closeLedger(3)
    await drained()
    expect(messages).to.deep.equal([])
    world.rippled.faults.clear()
    world.rippled.server.tell()
    await drained()
    expect(messages.map(({ type, ledger_index }) => `${type} ${ledger_index ?? ''}`)).to.deep.equal([
      `ledgerClosed ${index + 1}`, `transaction ${index + 1}`, `ledgerClosed ${index + 2}`, `ledgerClosed ${index + 3}`
    ])
  })

  it('repeats nothing after a reconnect, and xrpl.js does not subscribe again (JS)', async () => {
    const client = new Client(world.rippled.url)
    await client.connect()
    const messages = listen(client)
    await client.request({ command: 'subscribe', streams: ['ledger'] })
    await client.disconnect()
    world.rippled.closeLedger(2)
    await client.connect()
    world.rippled.closeLedger()
    await drained(client)
    expect(messages).to.deep.equal([])
    await client.request({ command: 'subscribe', streams: ['ledger'] })
    world.rippled.closeLedger()
    await drained(client)
    expect(messages).to.have.length(1)
    await client.disconnect()
  })

  it('unsubscribe ends it', async () => {
    const messages = listen(world.client)
    await world.client.request({ command: 'subscribe', streams: ['ledger'], accounts: [world.payer.address] })
    await world.client.request({ command: 'unsubscribe', streams: ['ledger'], accounts: [world.payer.address] })
    await world.send(world.payer, { TransactionType: 'AccountSet' })
    world.rippled.closeLedger()
    await drained()
    expect(messages).to.deep.equal([])
  })

  it('actMalformed, malformedStream, invalidParams', async () => {
    expect(await world.ask({ command: 'subscribe', accounts: ['x'] })).to.include({ error: 'actMalformed' })
    expect(await world.ask({ command: 'subscribe', streams: ['weather'] })).to.include({ error: 'malformedStream' })
    expect(await world.ask({ command: 'subscribe', streams: 'ledger' })).to.include({ error: 'invalidParams' })
  })
})
