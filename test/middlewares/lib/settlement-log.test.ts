/** Every settlement is one line at `info`, in either direction, whoever asked for it and whatever came of it. Through a whole connector. */
import { expect } from 'chai'
import sinon from 'sinon'
import type { AccountInfo } from '../../../src/contracts/account.js'
import type { MiddlewareApi } from '../../../src/contracts/middleware.js'
import { account, startConnector, type Options } from '../../support/connector.js'
import { rejection } from '../../support/failures.js'
import { PayingPlugin, startBooks, type Books } from '../../support/ledger/books.js'
import { CrashableStore, Disk } from '../../support/ledger/crashable-store.js'
import { withoutLog } from '../../support/log.js'
import { customMiddleware } from '../../support/modules/custom-middleware.js'
import { quiet } from '../../support/waiting.js'

const SETTLING = { minimum: '-1000', maximum: '1000', settleThreshold: '-50', settleTo: '0' }

describe('the line about a settlement', () => {
  const log = withoutLog()
  let clock: sinon.SinonFakeTimers
  let disk: Disk
  let store: CrashableStore
  let bob: PayingPlugin
  let books: Books

  const start = async (): Promise<void> => {
    store = new CrashableStore(disk)
    books = await startBooks(store, { bob: { balance: SETTLING }, plugins: { bob } })
  }
  const owe = async (amount: bigint): Promise<void> => {
    books.operator.modifyBalance('bob', -amount)
    await quiet()
  }
  /** At `info`, without the time. */
  const settlements = (): string[] => log.filter(line => / info settlement\. /.test(line)).map(line => line.replace(/^.* info /, '').trim())

  beforeEach(async () => {
    clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
    bob = new PayingPlugin()
    disk = new Disk()
    await start()
  })
  afterEach(async () => {
    const stopped = books.app.shutdown()
    await clock.runToLastAsync()
    await stopped
    clock.restore()
  })

  it('has account, amount, unit and outcome', async () => {
    await owe(60n)
    expect(settlements()).to.deep.equal([
      `settlement. accountId=bob direction=outgoing amount=60 inWords="0.000000060 USD" outcome=paid id=${bob.payments[0]!.id!}`
    ])
  })

  it('is there for what an operator pays', async () => {
    await owe(40n)
    await books.operator.settle('bob', 15n)
    expect(settlements()).to.have.length(1)
    expect(settlements()[0]).to.include('amount=15 ').and.include('outcome=paid')
  })

  it('says why nothing was paid, without secrets', async () => {
    await books.app.addPlugin('carl', account(Object.assign(new PayingPlugin(), {
      pay: () => { throw new Error('cannot open the wallet with wallet-s3cret') }
    }), { balance: SETTLING, options: { walletPassword: 'wallet-s3cret' } }))
    books.operator.modifyBalance('carl', -60n)
    await quiet()
    expect(settlements()).to.have.length(1)
    expect(settlements()[0]).to.match(/^settlement\. accountId=carl direction=outgoing amount=60 .*outcome=unpaid id=\S+ error=cannot open the wallet/)
    expect(settlements()[0]).to.not.include('wallet-s3cret')
  })

  it('says so when a payment cannot be written down, and so is not made', async () => {
    await owe(40n)
    store.failure = new Error('the disk is full')
    const refused = rejection(books.operator.settle('bob', 15n))
    await clock.tickAsync(5000)
    expect(await refused).to.be.an('error')
    store.failure = undefined
    expect(bob.payments).to.deep.equal([])
    expect(settlements()).to.have.length(1)
    expect(settlements()[0]).to.include('amount=15 ').and.include('outcome=unpaid')
  })

  it('is not there for what is refused before it begins', async () => {
    await owe(40n)
    expect(await rejection(books.operator.settle('bob', 41n))).to.have.property('code', 'SLUICE_NOT_DUE')
    expect(settlements()).to.deep.equal([])
  })

  it('waits until the outcome is known: a plugin that settles once pays at the third try', async () => {
    await books.app.shutdown()
    bob = Object.assign(new PayingPlugin(), { settlesOnce: true })
    await start()
    let tries = 0
    bob.pay = () => { if (++tries < 3) throw new Error('the answer was lost') }
    await owe(60n)
    expect(settlements()).to.deep.equal([])
    await clock.tickAsync(10_000)
    await quiet()
    expect(tries).to.equal(3)
    expect(settlements()).to.have.length(1)
    expect(settlements()[0]).to.include('amount=60 ').and.include('outcome=paid')
  })

  for (const outcome of ['paid', 'unpaid'] as const) {
    it(`is written when an operator decides, also about an account that is gone: ${outcome}`, async () => {
      bob.pay = () => new Promise(() => undefined)
      await owe(60n)
      store.crashed = true
      bob = new PayingPlugin()
      await start()
      await books.app.removePlugin('bob')
      expect(settlements()).to.deep.equal([])
      const { id } = books.operator.getSettlements()[0]!
      await books.operator.resolveSettlement(id, outcome)
      expect(settlements()).to.deep.equal([
        `settlement. accountId=bob direction=outgoing amount=60 inWords="0.000000060 USD" outcome=${outcome} id=${id}`
      ])
    })
  }

  it('is there for money from the peer, once, however often it is reported', async () => {
    for (let reports = 0; reports < 3; reports++) await bob.receivePayment('25', 'one')
    expect(settlements()).to.deep.equal(['settlement. accountId=bob direction=incoming amount=25 inWords="0.000000025 USD" outcome=received id=one'])
    await bob.receivePayment('25')
    expect(settlements()[1]).to.equal('settlement. accountId=bob direction=incoming amount=25 inWords="0.000000025 USD" outcome=received id=none')
  })

  it('says so when what a plugin reports cannot be booked', async () => {
    expect(await rejection(bob.receivePayment('2.5', 'odd'))).to.be.an('error')
    expect(await rejection(bob.moneyHandler!('5', { total: { id: 'sum', from: 0n, to: 3n } }))).to.be.an('error')
    expect(settlements()).to.have.length(2)
    expect(settlements()[0]).to.match(/direction=incoming amount=2\.5 inWords="2\.5" outcome=refused id=odd error=/)
    expect(settlements()[1]).to.match(/direction=incoming amount=5 .*outcome=refused id=none error=/)
  })

  it('is not there for claims that come with packets, which are as many as the packets', async () => {
    await bob.moneyHandler!('25', { total: { id: 'claims', from: 0n, to: 25n }, withPackets: true })
    expect(settlements()).to.deep.equal([])
    await bob.moneyHandler!('5', { total: { id: 'claims', from: 25n, to: 30n } })
    expect(settlements()).to.have.length(1)
  })

  for (const [where, more, options] of [
    ['the account has no balance', {}, {}], ['the middleware is disabled', { balance: SETTLING }, { disableMiddleware: ['balance'] }]
  ] satisfies Array<[string, Partial<AccountInfo>, Options]>) {
    it(`is there where no books are kept: ${where}`, async () => {
      let api: MiddlewareApi | undefined
      const plugin = new PayingPlugin()
      const { app } = await startConnector({ free: account(plugin, more) }, {
        ...options, middlewares: { mine: customMiddleware((_pipelines, _accountId, given) => { api = given }) }
      })
      await api!.sendMoney('7', 'free', { id: 'seven' })
      plugin.pay = () => { throw new Error('no') }
      expect(await rejection(api!.sendMoney('8', 'free', { id: 'eight' }))).to.be.an('error')
      await plugin.receivePayment('9', 'nine')
      await app.shutdown()
      expect(settlements()).to.deep.equal([
        'settlement. accountId=free direction=outgoing amount=7 inWords="0.000000007 USD" outcome=paid id=seven',
        'settlement. accountId=free direction=outgoing amount=8 inWords="0.000000008 USD" outcome=unpaid id=eight error=no',
        'settlement. accountId=free direction=incoming amount=9 inWords="0.000000009 USD" outcome=received id=nine'
      ])
    })
  }
})
