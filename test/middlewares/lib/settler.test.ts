/** Money that we pay outside ILP: written down, paid, booked, each payment once, whatever the plugin does. Through a whole connector. */
import { expect } from 'chai'
import sinon from 'sinon'
import { ANSWER_LONGEST_MS } from '../../../middlewares/lib/settler.js'
import { withoutLog } from '../../support/log.js'
import { FULFILL, prepare } from '../../support/packets.js'
import { PayingPlugin, startBooks, type Books } from '../../support/ledger/books.js'
import { CrashableStore, Disk } from '../../support/ledger/crashable-store.js'
import { quiet } from '../../support/waiting.js'

const nothing: unknown = undefined
const THRESHOLD = { minimum: '-1000', maximum: '1000', settleThreshold: '-100', settleTo: '20' }

describe('settlement', () => {
  const lines = withoutLog()
  let clock: sinon.SinonFakeTimers
  let disk: Disk
  let store: CrashableStore
  let bob: PayingPlugin
  let books: Books

  const start = async (balance: object = THRESHOLD): Promise<void> => {
    store = new CrashableStore(disk)
    books = await startBooks(store, { bob: { balance: { ...THRESHOLD, ...balance } }, plugins: { bob } })
  }
  /** The process ends without a word; what it had under way never comes back. */
  const crashAndRestart = async (balance?: object): Promise<void> => {
    store.crashed = true
    bob = Object.assign(new PayingPlugin(), { settlesOnce: bob.settlesOnce, settlementUnit: bob.settlementUnit, pay: bob.pay })
    await start(balance)
    await quiet()
  }
  const owe = async (amount: number): Promise<void> => {
    await books.alice.receive(prepare({ amount }))
    await quiet()
  }
  const pass = async (ms: number): Promise<void> => {
    await clock.tickAsync(ms)
    await quiet()
  }
  const state = (): object => {
    const { balance, settling } = books.ledger.balanceOf('bob')!
    return { balance, settling, open: books.operator.getSettlements().map(({ state }) => state) }
  }

  beforeEach(async () => {
    clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
    disk = new Disk()
    bob = new PayingPlugin()
    await start()
  })
  afterEach(async () => {
    const stopped = books.app.shutdown()
    await clock.runToLastAsync() // it does not wait for ever for a payment under way
    await stopped
    clock.restore()
  })

  it('pays up to settleTo when the balance falls below the threshold, and only then', async () => {
    await owe(100)
    expect(bob.payments).to.deep.equal([])
    await owe(1)
    expect(bob.payments.map(({ amount }) => amount)).to.deep.equal(['121'])
    expect(state()).to.deep.equal({ balance: 20n, settling: 0n, open: [] })
  })

  it('gives each payment an id that is on disk before the plugin hears of it', async () => {
    let found: string | undefined
    bob.pay = (_amount, id) => { found = /"settlement":{"id":"([^"]+)"/.exec(disk.entries.get('ledger:account:bob') ?? '')?.[1] ?? `not ${id}` }
    await owe(101)
    expect(found).to.equal(bob.payments[0]!.id)
    await owe(200)
    expect(new Set(bob.payments.map(({ id }) => id)).size).to.equal(2)
  })

  it('pays one at a time, however many packets ask for it', async () => {
    let paid!: () => void
    bob.pay = () => new Promise<void>(resolve => { paid = resolve })
    await Promise.all(Array.from({ length: 5 }, () => owe(101)))
    expect(bob.payments).to.have.length(1)
    const open = state()
    expect(open).to.deep.include({ balance: -505n, open: ['sending'] })
    await books.operator.settle('bob', 5n).then(() => expect.fail('paid twice'), (error: unknown) => {
      expect((error as Error).message).to.contain('not finished')
    })
    paid()
    await quiet()
    expect(bob.payments, 'the rest follows').to.have.length(2)
    paid()
    await quiet()
    expect(state()).to.deep.equal({ balance: 20n, settling: 0n, open: [] })
  })

  it('undoes what was not paid and tries again later, ever less often', async () => {
    bob.pay = () => { throw new Error('no funds') }
    await owe(101)
    expect(state()).to.deep.equal({ balance: -101n, settling: 0n, open: [] })
    expect(lines.join('')).to.match(/error occurred during settlement. accountId=bob settleAmount=121 errInfo=no funds/)
    await pass(999)
    expect(bob.payments).to.have.length(1)
    await pass(1)
    expect(bob.payments).to.have.length(2)
    await pass(1999)
    expect(bob.payments).to.have.length(2)
    await owe(9)
    bob.pay = () => undefined
    await pass(1)
    expect(bob.payments.map(({ amount }) => amount)).to.deep.equal(['121', '121', '130'])
    expect(new Set(bob.payments.map(({ id }) => id)).size, 'each attempt is another payment').to.equal(3)
    expect(state()).to.deep.equal({ balance: 20n, settling: 0n, open: [] })
  })

  it('repeats a failed payment under its id where the plugin settles once for an id', async () => {
    bob.settlesOnce = true
    bob.pay = () => Promise.reject(new Error('the answer was lost'))
    await crashAndRestart()
    await owe(101)
    expect(state()).to.deep.equal({ balance: -101n, settling: 121n, open: ['unknown'] })
    await owe(9)
    bob.pay = () => undefined
    await pass(1000)
    expect(bob.payments.map(({ amount }) => amount)).to.deep.equal(['121', '121'])
    expect(new Set(bob.payments.map(({ id }) => id)).size).to.equal(1)
    expect(state()).to.deep.equal({ balance: 11n, settling: 0n, open: [] })
  })

  for (const [name, misbehave] of [
    ['throws', () => { throw new Error('broken') }],
    ['throws undefined', () => { throw undefined as unknown }],
    ['rejects with undefined', () => Promise.reject(nothing)]
  ] as const) {
    it(`survives a plugin that ${name}`, async () => {
      bob.pay = misbehave
      await owe(101)
      expect(state()).to.deep.equal({ balance: -101n, settling: 0n, open: [] })
    })
  }

  describe('of which nobody knows the outcome', () => {
    it('is not repeated after a crash, but shown, and decided by an operator: paid', async () => {
      bob.pay = () => new Promise(() => undefined)
      await owe(101)
      const { id } = bob.payments[0]!
      await crashAndRestart()
      expect(bob.payments).to.deep.equal([])
      expect(state()).to.deep.equal({ balance: -101n, settling: 121n, open: ['unknown'] })
      expect(lines.join('')).to.match(new RegExp(`nobody knows whether this settlement was paid.*accountId=bob id=${id!} amount=121`))
      await owe(50)
      await pass(100_000)
      expect(bob.payments, 'nothing else is paid meanwhile').to.deep.equal([])
      await books.operator.resolveSettlement(id!, 'paid')
      expect(state()).to.deep.equal({ balance: -30n, settling: 0n, open: [] })
      await crashAndRestart()
      expect(state()).to.deep.equal({ balance: -30n, settling: 0n, open: [] })
    })

    it('is settled anew once an operator has said that it was not paid', async () => {
      bob.pay = () => new Promise(() => undefined)
      await owe(101)
      const { id } = bob.payments[0]!
      bob.pay = () => undefined
      await crashAndRestart()
      await books.operator.resolveSettlement(id!, 'unpaid')
      await quiet()
      expect(bob.payments.map(({ amount }) => amount)).to.deep.equal(['121'])
      expect(bob.payments[0]!.id).to.not.equal(id)
      expect(state()).to.deep.equal({ balance: 20n, settling: 0n, open: [] })
    })

    it('is repeated under its id after a crash where the plugin settles once for an id', async () => {
      bob.settlesOnce = true
      bob.pay = () => new Promise(() => undefined)
      await crashAndRestart()
      await owe(101)
      const { id } = bob.payments[0]!
      bob.pay = () => undefined
      await crashAndRestart()
      expect(bob.payments).to.deep.equal([{ amount: '121', id }])
      expect(state()).to.deep.equal({ balance: 20n, settling: 0n, open: [] })
    })

    it('because the plugin does not answer: it is shown, and what the plugin says later still counts', async () => {
      let paid!: () => void
      bob.pay = () => new Promise<void>(resolve => { paid = resolve })
      await owe(101)
      await pass(ANSWER_LONGEST_MS)
      expect(state()).to.deep.equal({ balance: -101n, settling: 121n, open: ['unknown'] })
      await pass(100_000)
      expect(bob.payments).to.have.length(1)
      paid()
      await quiet()
      expect(state()).to.deep.equal({ balance: 20n, settling: 0n, open: [] })
    })

    it('is not booked twice when a plugin answers after an operator has decided', async () => {
      let paid!: () => void
      bob.pay = () => new Promise<void>(resolve => { paid = resolve })
      await owe(101)
      await pass(ANSWER_LONGEST_MS)
      await books.operator.resolveSettlement(bob.payments[0]!.id!, 'paid')
      paid()
      await quiet()
      expect(state()).to.deep.equal({ balance: 20n, settling: 0n, open: [] })
      expect(lines.join('')).to.match(/plugin paid a settlement that was closed meanwhile/)
    })

    it('cannot be decided while it is under way, or under an id that nobody has', async () => {
      bob.pay = () => new Promise(() => undefined)
      await owe(101)
      const codeOf = (id: string): Promise<unknown> => books.operator.resolveSettlement(id, 'paid')
        .then(() => 'decided', (error: unknown) => (error as { httpErrorCode: number }).httpErrorCode)
      expect(await codeOf(bob.payments[0]!.id!)).to.equal(409)
      expect(await codeOf('nobody-has-this')).to.equal(404)
    })

    it('is there and can be decided after its account was removed', async () => {
      bob.pay = () => new Promise(() => undefined)
      await owe(101)
      const { id } = bob.payments[0]!
      await crashAndRestart()
      await books.app.removePlugin('bob')
      expect(state()).to.deep.equal({ balance: -101n, settling: 121n, open: ['unknown'] })
      await books.operator.resolveSettlement(id!, 'paid')
      expect(state()).to.deep.equal({ balance: 20n, settling: 0n, open: [] })
    })
  })

  describe('by hand and by the clock', () => {
    it('pays what an operator says, or what is missing to settleTo', async () => {
      await owe(50)
      await books.operator.settle('bob', 30n)
      expect(state()).to.deep.equal({ balance: -20n, settling: 0n, open: [] })
      await books.operator.settle('bob')
      expect(bob.payments.map(({ amount }) => amount)).to.deep.equal(['30', '40'])
      const codeOf = (accountId: string): Promise<unknown> => books.operator.settle(accountId)
        .then(() => 'paid', (error: unknown) => (error as { httpErrorCode: number }).httpErrorCode)
      expect(await codeOf('bob')).to.equal(409)
      expect(await codeOf('nobody')).to.equal(404)
    })

    it('pays what is missing at every interval, however little', async () => {
      await books.app.shutdown()
      await crashAndRestart({ settleInterval: 60_000, settleTo: '0' })
      await owe(3)
      await pass(59_999)
      expect(bob.payments).to.deep.equal([])
      await pass(1)
      expect(bob.payments.map(({ amount }) => amount)).to.deep.equal(['3'])
      await pass(60_000)
      expect(bob.payments, 'nothing is due').to.have.length(1)
    })

    it('pays when an operator lowers the balance below the threshold', async () => {
      books.operator.modifyBalance('bob', -101n)
      await quiet()
      expect(bob.payments.map(({ amount }) => amount)).to.deep.equal(['121'])
    })

    it('pays at the start what became due before', async () => {
      bob.pay = () => { throw new Error('no funds') }
      await owe(101)
      bob.pay = () => undefined
      await crashAndRestart()
      expect(bob.payments.map(({ amount }) => amount)).to.deep.equal(['121'])
    })
  })

  it('carries over what the plugin cannot pay', async () => {
    bob.settlementUnit = '50'
    await crashAndRestart()
    await owe(101)
    expect(bob.payments.map(({ amount }) => amount)).to.deep.equal(['100'])
    expect(state()).to.deep.equal({ balance: -1n, settling: 0n, open: [] })
    await owe(130)
    expect(bob.payments.map(({ amount }) => amount)).to.deep.equal(['100', '150'])
    expect(state()).to.deep.equal({ balance: 19n, settling: 0n, open: [] })
  })

  it('pays no amount by hand of which the plugin would pay a part', async () => {
    bob.settlementUnit = '50'
    await crashAndRestart()
    const outcome = await books.operator.settle('bob', 75n).then(() => 'paid', (error: unknown) => (error as Error).message)
    expect(outcome).to.contain('multiples of 50 only')
    expect(bob.payments).to.deep.equal([])
  })

  it('does not start with a plugin whose smallest payment makes no sense', async () => {
    bob = Object.assign(new PayingPlugin(), { settlementUnit: '0.5' })
    await start().then(() => expect.fail('started'), (error: unknown) => {
      expect((error as Error).message).to.match(/unusable settlementUnit. accountId=bob found=0.5 expected=/)
    })
  })

  describe('what is due', () => {
    const refusal = async (action: Promise<unknown>): Promise<object> => await action.then(() => expect.fail('paid'), (error: unknown) => {
      const { httpErrorCode, due } = error as { httpErrorCode?: number, due?: bigint }
      return { httpErrorCode, due }
    })

    it('bounds an amount that is named, and is named in the refusal', async () => {
      await owe(50)
      expect(await refusal(books.operator.settle('bob', 71n))).to.deep.equal({ httpErrorCode: 409, due: 70n })
      await books.operator.settle('bob', 70n)
      expect(await refusal(books.operator.settle('bob', 1n))).to.deep.equal({ httpErrorCode: 409, due: 0n })
      expect(state()).to.deep.equal({ balance: 20n, settling: 0n, open: [] })
    })

    it('is up to 0 for an amount that is named where settleTo is below that', async () => {
      await crashAndRestart({ settleTo: '-30' })
      await owe(50)
      await books.operator.settle('bob')
      expect(state()).to.deep.equal({ balance: -30n, settling: 0n, open: [] })
      expect(await refusal(books.operator.settle('bob'))).to.deep.equal({ httpErrorCode: 409, due: 30n })
      expect(await refusal(books.operator.settle('bob', 31n))).to.deep.equal({ httpErrorCode: 409, due: 30n })
      await books.operator.settle('bob', 30n)
      expect(state()).to.deep.equal({ balance: 0n, settling: 0n, open: [] })
    })

    it('is less by what is being paid, and by what the peer still pays with packets under way', async () => {
      let paid!: () => void
      bob.pay = () => new Promise<void>(resolve => { paid = resolve })
      await owe(101)
      expect(await refusal(books.operator.settle('bob', 101n))).to.deep.equal({ httpErrorCode: 409, due: 0n })
      paid()
      await quiet()
      let fulfill!: () => void
      books.alice.answer = () => new Promise(resolve => { fulfill = () => resolve(FULFILL) })
      await owe(90)
      void bob.receive(prepare({ amount: 60, destination: 'test.alice' }))
      await quiet()
      expect(await refusal(books.operator.settle('bob', 31n))).to.deep.equal({ httpErrorCode: 409, due: 30n })
      fulfill()
    })

    it('is not what has just been received: a peer may pay ahead', async () => {
      await bob.receivePayment('101')
      await quiet()
      expect(bob.payments).to.deep.equal([])
    })
  })

  describe('of a plugin that settles once for an id', () => {
    beforeEach(async () => {
      bob.settlesOnce = true
      bob.pay = () => Promise.reject(new Error('peer is away'))
      await crashAndRestart()
      await owe(101)
    })
    const resolve = (outcome: 'paid' | 'unpaid'): Promise<unknown> => books.operator.resolveSettlement(books.operator.getSettlements()[0]!.id, outcome)
      .then(() => 'closed', (error: unknown) => (error as { httpErrorCode: number }).httpErrorCode)

    it('is not closed as unpaid: it would be paid twice', async () => {
      expect(await resolve('unpaid')).to.equal(409)
      await books.app.removePlugin('bob')
      expect(await resolve('unpaid'), 'its account may come back').to.equal(409)
      expect(state()).to.deep.equal({ balance: -101n, settling: 121n, open: ['unknown'] })
      expect(await resolve('paid')).to.equal('closed')
      expect(state()).to.deep.equal({ balance: 20n, settling: 0n, open: [] })
    })

    for (const [name, other] of [
      ['another module', new (class AnotherPlugin extends PayingPlugin {})()],
      ['the same module that pays elsewhere', Object.assign(new PayingPlugin(), { settlesAt: 'another chain' })]
    ] as const) {
      it(`is not paid by ${name}, which does not know the id, but decided by an operator`, async () => {
        store.crashed = true
        bob = Object.assign(other, { settlesOnce: true })
        await start()
        await pass(100_000)
        expect(bob.payments).to.deep.equal([])
        expect(lines.join('')).to.match(/nobody knows whether this settlement was paid/)
        expect(await resolve('unpaid')).to.equal('closed')
        await quiet()
        expect(bob.payments.map(({ amount }) => amount)).to.deep.equal(['121'])
      })
    }
  })

  it('is not repeated by a plugin that settles once where the one that began it did not', async () => {
    bob.pay = () => new Promise(() => undefined)
    await owe(101)
    bob.pay = () => undefined
    bob.settlesOnce = true
    await crashAndRestart()
    await pass(100_000)
    expect(bob.payments).to.deep.equal([])
  })

  it('finishes what is under way before the connector stops', async () => {
    let paid!: () => void
    bob.pay = () => new Promise<void>(resolve => { paid = resolve })
    await owe(101)
    const stopped = books.app.shutdown()
    await quiet()
    paid()
    await stopped
    await crashAndRestart()
    expect(state()).to.deep.equal({ balance: 20n, settling: 0n, open: [] })
  })
})
