/** The queue and the escalation of fees on the stand-in: section 3 of the specification (TXQ, D:transaction-queue, D:transaction-cost). */
import { expect } from 'chai'
import { Wallet } from 'xrpl'
import { FeeMetrics, dropsFor, levelOf } from './fees.js'
import { startLedgerWorld, XRP, type LedgerWorld, type SubmitResult } from './parties.js'
import { accountOf, putAccount } from './view.js'

describe('the stand-in for rippled: fees and queue', () => {
  let world: LedgerWorld
  let pay: Record<string, unknown>

  beforeEach(async () => {
    world = await startLedgerWorld({ queueSize: 15 })
    pay = { TransactionType: 'Payment', Destination: world.payee.address, Amount: `${XRP}` }
    crowd()
  })

  afterEach(() => world.stop())

  /** The open ledger is full of transactions of others. */
  function crowd (count = 40): void {
    world.rippled.network.traffic = { count, fee: 10n }
  }

  type Fields = Record<string, unknown>
  const send = (fields: Fields = {}, wallet = world.payer): Promise<SubmitResult> => world.send(wallet, { ...pay, ...fields })
  const result = async (fields: Fields = {}, wallet = world.payer): Promise<string> => (await send(fields, wallet)).engine_result
  const next = (): number => world.rippled.network.sequencesOf(world.payer.address).next

  async function openLedgerFee (): Promise<bigint> {
    return BigInt((await world.client.request({ command: 'fee' })).result.drops.open_ledger_fee)
  }

  it('fee level = fee × 256 / base', () => {
    expect(levelOf(10n, 10n)).to.equal(256n)
    expect(levelOf(15n, 10n)).to.equal(384n)
    expect(dropsFor(257n, 10n)).to.equal(11n)
  })

  it('beyond what is expected a place costs multiplier × n² / expected²; multiplier: the median of the last ledger, at least 500 × 256', () => {
    const metrics = new FeeMetrics()
    expect(metrics.expected).to.equal(32)
    expect(metrics.levelFor(32)).to.equal(256n)
    expect(metrics.levelFor(33)).to.equal(500n * 256n * 33n ** 2n / 32n ** 2n)
    metrics.learn(Array.from({ length: 33 }, () => 600n * 256n))
    expect(metrics.multiplier).to.equal(600n * 256n)
    expect(metrics.expected, 'grows by a fifth').to.equal(39)
    metrics.learn([])
    expect(metrics.multiplier).to.equal(500n * 256n)
  })

  it('terQUEUED: cheaper than the open ledger; dearer gets in at once', async () => {
    const cost = await openLedgerFee()
    expect(cost).to.equal(7813n) // 10 × 500 × 40² / 32², rounded up
    const queued = await send({ Fee: `${cost - 1n}` })
    expect(queued).to.include({ engine_result: 'terQUEUED', queued: true, applied: false, kept: true, accepted: true, open_ledger_cost: `${cost}` })
    expect(queued).to.include({ account_sequence_next: next(), account_sequence_available: next() + 1 })
    expect(await result({ Fee: `${cost}` }, world.stranger)).to.equal('tesSUCCESS')
  })

  it('queued transactions get into the ledger when there is room, by themselves', async () => {
    const hashes = [(await send()).tx_json.hash, (await send()).tx_json.hash]
    world.rippled.closeLedger()
    expect(hashes.map(hash => world.rippled.network.transaction(hash ?? ''))).to.deep.equal([undefined, undefined])
    crowd(0)
    world.rippled.closeLedger(2)
    expect(hashes.map(hash => world.rippled.network.transaction(hash ?? '')?.result)).to.deep.equal(['tesSUCCESS', 'tesSUCCESS'])
  })

  it('telCAN_NOT_QUEUE: AccountTxnID, fail_hard, or LastLedgerSequence < current + 2', async () => {
    world.rippled.network.place(view => {
      const root = accountOf(view, world.payer.address)
      if (root !== undefined) putAccount(view, { ...root, AccountTxnID: 'A'.repeat(64) })
    })
    expect(await result({ AccountTxnID: 'A'.repeat(64) })).to.equal('telCAN_NOT_QUEUE')
    const hard = await world.client.request({ command: 'submit', tx_blob: world.blobOf(world.payer, pay), fail_hard: true })
    expect(hard.result.engine_result).to.equal('telCAN_NOT_QUEUE')
    const open = world.rippled.network.openIndex
    expect(await result({ LastLedgerSequence: open + 1 })).to.equal('telCAN_NOT_QUEUE')
    expect(await result({ LastLedgerSequence: open + 2 })).to.equal('terQUEUED')
  })

  it('forgets what has not got into a ledger by its LastLedgerSequence', async () => {
    world.rippled.network.metrics.storm = levelOf(1000n, 10n)
    await send({ LastLedgerSequence: world.rippled.network.openIndex + 2 })
    world.rippled.closeLedger(2)
    expect(world.rippled.network.queue.length).to.equal(1)
    world.rippled.closeLedger()
    expect(world.rippled.network.queue.length).to.equal(0)
  })

  it('telCAN_NOT_QUEUE_FULL: ten of the account are queued; one that fills the first gap is taken', async () => {
    const first = next()
    world.rippled.network.metrics.storm = levelOf(1000n, 10n)
    for (let queued = 0; queued < 10; queued++) {
      const expires = queued === 0 ? { LastLedgerSequence: world.rippled.network.openIndex + 2 } : {}
      expect(await result({ Sequence: first + queued, ...expires })).to.equal('terQUEUED')
    }
    expect(await result({ Sequence: first + 10 })).to.equal('telCAN_NOT_QUEUE_FULL')
    world.rippled.closeLedger(3)
    expect(await result({ Sequence: first + 10 }), 'a gap is before it').to.equal('telCAN_NOT_QUEUE')
    expect(await result({ Sequence: first })).to.equal('terQUEUED')
  })

  it('terPRE_SEQ, telCAN_NOT_QUEUE: a sequence that leaves a gap', async () => {
    expect(await result({ Sequence: next() + 1 })).to.equal('terPRE_SEQ')
    expect(await result({ Sequence: next() })).to.equal('terQUEUED')
    expect(await result({ Sequence: next() + 3 })).to.equal('telCAN_NOT_QUEUE')
  })

  it('telCAN_NOT_QUEUE_BALANCE: queued fees reach the base reserve', async () => {
    // The open ledger has to be dearer than such fees are.
    crowd(400)
    expect(await result({ Fee: '600000' })).to.equal('terQUEUED')
    expect(await result({ Fee: '600000' })).to.equal('terQUEUED')
    expect(await result({ Fee: '10' })).to.equal('telCAN_NOT_QUEUE_BALANCE')
  })

  it('keeps what the queue may spend out of the balance of the next one', async () => {
    const create = { TransactionType: 'PaymentChannelCreate', SettleDelay: 60, PublicKey: world.payer.publicKey, Amount: `${990n * XRP}` }
    expect(await result(create)).to.equal('terQUEUED')
    // A tec is likely to claim its fee, so it waits as well.
    expect(await result(create)).to.equal('terQUEUED')
    crowd(0)
    world.rippled.closeLedger(2)
    const results = world.rippled.network.lastClosed.transactions.map(each => each.result)
    expect(results).to.deep.equal(['tesSUCCESS', 'tecUNFUNDED'])
  })

  it('telCAN_NOT_QUEUE_BLOCKED, telCAN_NOT_QUEUE_BLOCKS: a change of keys is alone in the queue', async () => {
    const rotate = { TransactionType: 'SetRegularKey', RegularKey: Wallet.generate().address, Destination: undefined, Amount: undefined }
    expect(await result(rotate)).to.equal('terQUEUED')
    expect(await result()).to.equal('telCAN_NOT_QUEUE_BLOCKED')
    expect(await result({}, world.stranger)).to.equal('terQUEUED')
    expect(await result(rotate, world.stranger)).to.equal('telCAN_NOT_QUEUE_BLOCKS')
    const inItsPlace = { ...rotate, Fee: '20', Sequence: world.rippled.network.sequencesOf(world.stranger.address).next }
    expect(await result(inItsPlace, world.stranger)).to.equal('terQUEUED')
  })

  it('telCAN_NOT_QUEUE_FEE: a replacement of the same sequence must pay more than 1.25 times', async () => {
    const sequence = next()
    expect(await result({ Fee: '100' })).to.equal('terQUEUED')
    expect(await result({ Fee: '125', Sequence: sequence })).to.equal('telCAN_NOT_QUEUE_FEE')
    const better = await send({ Fee: '126', Sequence: sequence })
    expect(better.engine_result).to.equal('terQUEUED')
    expect(world.rippled.network.queue.of(world.payer.address).map(({ tx }) => tx.hash)).to.deep.equal([better.tx_json.hash])
  })

  it('a replacement that pays the open ledger gets in, and the queued one is gone: never both', async () => {
    const sequence = next()
    const cheap = await send({ Fee: '100' })
    const dear = await send({ Fee: '10000', Sequence: sequence })
    expect(dear.engine_result).to.equal('tesSUCCESS')
    expect(world.rippled.network.queue.length).to.equal(0)
    crowd(0)
    world.rippled.closeLedger(3)
    expect(world.rippled.network.transaction(dear.tx_json.hash ?? '')?.result).to.equal('tesSUCCESS')
    expect(world.rippled.network.transaction(cheap.tx_json.hash ?? '')).to.equal(undefined)
    expect(await result({ Sequence: sequence })).to.equal('tefPAST_SEQ')
  })

  it('telCAN_NOT_QUEUE_FULL: the queue is full, and the fee not better than the cheapest in it', async () => {
    for (let queued = 0; queued < 10; queued++) await send({ Fee: '20' })
    for (let queued = 0; queued < 5; queued++) await send({ Fee: '15', Destination: world.payer.address }, world.payee)
    expect(world.rippled.network.queue.length).to.equal(15)
    expect(await result({ Fee: '15' }, world.stranger)).to.equal('telCAN_NOT_QUEUE_FULL')
    expect(await result({ Fee: '16' }, world.stranger)).to.equal('terQUEUED')
    expect(world.rippled.network.queue.length).to.equal(15)
    expect(world.rippled.network.queue.of(world.payee.address)).to.have.length(4)
  })

  it('a ticket waits beside sequences', async () => {
    crowd(0)
    const ticket = next() + 1
    await world.settle(world.payer, { TransactionType: 'TicketCreate', TicketCount: 1 })
    crowd()
    expect(await result({ Sequence: 0, TicketSequence: ticket })).to.equal('terQUEUED')
    expect(await result({ Sequence: 0, TicketSequence: ticket + 5 })).to.equal('terPRE_TICKET')
    expect(await result({ Sequence: 0, TicketSequence: ticket - 1 })).to.equal('tefNO_TICKET')
    expect(await result()).to.equal('terQUEUED')
  })

  it('costs what a test decides in a storm, and less again after it', async () => {
    world.rippled.network.metrics.storm = levelOf(50_000n, 10n)
    expect(await openLedgerFee()).to.equal(50_000n)
    expect(await result({ Fee: '49999' })).to.equal('terQUEUED')
    world.rippled.closeLedger(10)
    expect(world.rippled.network.queue.length).to.equal(1)
    world.rippled.network.metrics.storm = undefined
    world.rippled.closeLedger(2)
    expect(world.rippled.network.queue.length).to.equal(0)
  })

  it('shows itself in account_info and in fee (D:account_info, D:fee)', async () => {
    await send({ Fee: '20' })
    const asked = { command: 'account_info', account: world.payer.address, ledger_index: 'current', queue: true } as const
    expect((await world.client.request(asked)).result.queue_data).to.deep.include({ txn_count: 1, lowest_sequence: next(), highest_sequence: next(), max_spend_drops_total: `${XRP + 20n}` })
    const { result: fees } = await world.client.request({ command: 'fee' })
    expect(fees).to.deep.include({ current_ledger_size: '40', current_queue_size: '1', expected_ledger_size: '32', max_queue_size: '15' })
    expect(fees.drops).to.deep.equal({ base_fee: '10', median_fee: '5000', minimum_fee: '10', open_ledger_fee: '7813' })
    expect(fees.levels).to.deep.equal({ reference_level: '256', minimum_level: '256', median_level: '128000', open_ledger_level: '200000' })
  })
})
