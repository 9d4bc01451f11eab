/** An answer that was sent survives; what cannot be kept is not answered. Through a whole connector. */
import { expect } from 'chai'
import sinon from 'sinon'
import { PATIENCE_MS } from '../../src/ledger/embedded/group-commit.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, outcomeOf, prepare, reject } from '../support/packets.js'
import { AccountStats } from '../../src/metrics/stats.js'
import { startBooks, type Books } from '../support/ledger/books.js'
import { CrashableStore, Disk } from '../support/ledger/crashable-store.js'
import { quiet } from '../support/waiting.js'

describe('durability', () => {
  withoutLog()

  describe('a fulfilled packet', () => {
    let disk: Disk
    let store: CrashableStore
    let books: Books

    const start = async (settings?: Parameters<typeof startBooks>[1]): Promise<void> => {
      disk = new Disk()
      store = new CrashableStore(disk)
      books = await startBooks(store, settings)
      await books.ledger.committed()
    }
    afterEach(async () => {
      store.failure = undefined
      store.hanging = undefined
      await books.app.shutdown()
    })

    /** What a connector would find that starts now. */
    const onDisk = (accountId: string): string | undefined =>
      (JSON.parse(disk.entries.get(`ledger:account:${accountId}`) ?? '{}') as { balance?: string }).balance

    it('is on disk, both legs, before its sender hears of it', async () => {
      await start()
      let go!: () => void
      store.hanging = new Promise(resolve => { go = resolve })
      let answer: Buffer | undefined
      const answered = books.alice.receive(prepare()).then(packet => { answer = packet })
      await quiet()
      expect(answer).to.equal(undefined)
      expect(books.balances()).to.deep.include({ alice: { balance: 100n, held: 0n } })
      expect([onDisk('alice'), onDisk('bob')]).to.deep.equal([undefined, undefined])
      go()
      await answered
      expect(outcomeOf(answer!)).to.equal('fulfill')
      expect([onDisk('alice'), onDisk('bob')]).to.deep.equal(['100', '-100'])
    })

    it('takes one write for both legs, and hundred packets at once take few', async () => {
      await start()
      const before = store.writes
      await books.alice.receive(prepare())
      expect(store.writes - before).to.equal(1)
      await Promise.all(Array.from({ length: 100 }, () => books.alice.receive(prepare())))
      expect(store.writes - before).to.be.at.most(4)
      expect(onDisk('alice')).to.equal('10100')
    })

    it('of an account without limits waits for the books of the other one', async () => {
      await start({ alice: { balance: undefined } })
      let go!: () => void
      store.hanging = new Promise(resolve => { go = resolve })
      let answer: Buffer | undefined
      const answered = books.alice.receive(prepare()).then(packet => { answer = packet })
      await quiet()
      expect(answer).to.equal(undefined)
      go()
      await answered
      expect(onDisk('bob')).to.equal('-100')
    })

    it('needs no write when nothing was paid', async () => {
      await start()
      books.bob.answer = () => Promise.resolve(reject('T00'))
      const before = store.writes
      await books.alice.receive(prepare())
      await books.alice.receive(prepare({ amount: 0 }))
      await books.ledger.committed()
      expect(store.writes).to.equal(before)
    })
  })

  describe('a store that does not work', () => {
    let clock: sinon.SinonFakeTimers
    let disk: Disk
    let store: CrashableStore
    let books: Books

    beforeEach(async () => {
      disk = new Disk()
      store = new CrashableStore(disk)
      books = await startBooks(store)
      await books.ledger.committed()
      clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    })
    afterEach(async () => {
      clock.restore()
      await books.app.shutdown().catch(() => undefined) // some leave a store that takes nothing
    })

    const faults: Array<{ name: string, begin: () => () => void }> = [
      {
        name: 'a full disk',
        begin: () => {
          store.failure = new Error('no space left on device')
          return () => { store.failure = undefined }
        }
      },
      {
        name: 'a sync that hangs',
        begin: () => {
          let end!: () => void
          store.hanging = new Promise(resolve => { end = resolve })
          return () => { store.hanging = undefined; end() }
        }
      }
    ]
    for (const { name, begin } of faults) {
      it(`lets no Fulfill leave that is not on disk, takes no packet in, and recovers by itself: ${name}`, async () => {
        const end = begin()
        const caught = books.alice.receive(prepare({ amount: 100 }))
        await quiet()
        clock.tick(PATIENCE_MS)
        expect(outcomeOf(await caught)).to.equal('T00')
        expect(books.balances(), 'the next hop was promised the money, the sender was not').to.deep.equal({
          alice: { balance: 0n, held: 0n }, bob: { balance: -100n, held: 0n }
        })
        expect(books.ledger.balanceOf('alice')!.reversals).to.deep.equal({ count: 1, amount: 100n })

        expect(outcomeOf(await books.alice.receive(prepare({ amount: 7 })))).to.equal('T00')
        expect(books.bob.sent, 'refused before it was sent').to.have.length(1)
        expect(outcomeOf(await books.alice.receive(prepare({ amount: 0 }))), 'no money, no trouble').to.equal('fulfill')

        end()
        for (let i = 0; i < 20 && outcomeOf(await books.alice.receive(prepare({ amount: 1 }))) !== 'fulfill'; i++) {
          clock.tick(500)
          await quiet()
        }
        expect(books.balances()).to.deep.equal({ alice: { balance: 1n, held: 0n }, bob: { balance: -101n, held: 0n } })
        const restarted = await startBooks(new CrashableStore(disk))
        expect(restarted.balances()).to.deep.equal(books.balances())
        await restarted.app.shutdown()
      })
    }

    it('that lasts until the end is told to the one that stops the connector, when all is closed', async () => {
      const full = new CrashableStore(new Disk())
      const own = await startBooks(full)
      await own.ledger.committed()
      full.failure = new Error('no space left on device')
      const caught = own.alice.receive(prepare({ amount: 100 }))
      await quiet()
      clock.tick(PATIENCE_MS)
      expect(outcomeOf(await caught)).to.equal('T00')
      const stopped = own.app.shutdown().then(() => 'silence', (error: unknown) => String(error))
      for (let i = 0; i < 10; i++) {
        await quiet()
        await clock.tickAsync(PATIENCE_MS)
      }
      expect(await stopped).to.include('the balances of the last packets are not in the store')
      expect([own.alice, own.bob].map(plugin => plugin.isConnected())).to.deep.equal([false, false])
    })

    it('that comes back within a second costs nobody anything', async () => {
      store.failure = new Error('no space left on device')
      const answer = books.alice.receive(prepare({ amount: 100 }))
      await quiet()
      expect(outcomeOf(await books.alice.receive(prepare({ amount: 7 })))).to.equal('T00')
      store.failure = undefined
      clock.tick(100)
      expect(outcomeOf(await answer)).to.equal('fulfill')
      expect(books.balances()).to.deep.equal({ alice: { balance: 100n, held: 0n }, bob: { balance: -100n, held: 0n } })
    })

    it('charges nobody after a crash for what was told T00, though the write had reached the disk', async () => {
      store.isMute = true
      const answers = [100, 20].map(amount => books.alice.receive(prepare({ amount })))
      await quiet()
      clock.tick(PATIENCE_MS)
      expect((await Promise.all(answers)).map(outcomeOf)).to.deep.equal(['T00', 'T00'])
      store.crashed = true
      const restarted = await startBooks(new CrashableStore(disk))
      expect(restarted.balances()).to.deep.equal({ alice: { balance: 0n, held: 0n }, bob: { balance: -120n, held: 0n } })
      expect(restarted.ledger.balanceOf('alice')!.reversals).to.deep.equal({ count: 2, amount: 120n })
      await restarted.app.shutdown()
    })

    it('charges nobody after a crash for what was told T00 later, while the same write did not end', async () => {
      let fulfill!: () => void
      books.bob.answer = packet => packet.includes('late') ? new Promise(resolve => { fulfill = () => resolve(FULFILL) }) : Promise.resolve(FULFILL)
      const late = books.alice.receive(prepare({ amount: 7, data: Buffer.from('late') }))
      store.isMute = true
      const early = books.alice.receive(prepare({ amount: 100 }))
      await quiet()
      clock.tick(PATIENCE_MS)
      fulfill()
      expect([outcomeOf(await early), outcomeOf(await late)]).to.deep.equal(['T00', 'T00'])
      store.crashed = true
      const restarted = await startBooks(new CrashableStore(disk))
      expect(restarted.balances()).to.deep.equal({ alice: { balance: 0n, held: 0n }, bob: { balance: -107n, held: 0n } })
      await restarted.app.shutdown()
    })

    it('lets no Fulfill leave after its packet has expired', async () => {
      let go!: () => void
      store.hanging = new Promise(resolve => { go = resolve })
      const expiresAt = Date.now() + 2000
      let fulfill!: () => void
      books.bob.answer = () => new Promise(resolve => { fulfill = () => resolve(FULFILL) })
      const answer = books.alice.receive(prepare({ amount: 100, expiresAt }))
      await quiet()
      clock.tick(900)
      fulfill()
      await quiet()
      clock.setSystemTime(expiresAt + 1) // the disk is slow, and no timer of ours has run
      go()
      expect(outcomeOf(await answer)).to.equal('R00')
      expect(books.balances()).to.deep.equal({ alice: { balance: 0n, held: 0n }, bob: { balance: -100n, held: 0n } })
      expect(books.ledger.balanceOf('alice')!.reversals).to.deep.equal({ count: 1, amount: 100n })
    })

    it('does not lose received money: with an id it is reported again, without it is taken', async () => {
      store.failure = new Error('no space left on device')
      const outcomes = ['payment-1', undefined].map(id => books.alice.receivePayment('50', id).then(() => 'taken', () => 'report it again'))
      await quiet()
      clock.tick(PATIENCE_MS)
      expect(await Promise.all(outcomes)).to.deep.equal(['report it again', 'taken'])
      store.failure = undefined
      for (let i = 0; i < 4; i++) { clock.tick(5000); await quiet() }
      await books.alice.receivePayment('50', 'payment-1')
      expect(books.balance('alice')).to.equal(-100n)
    })

    it('keeps a settlement from being paid: nobody would know of it after a crash', async () => {
      await books.alice.receive(prepare({ amount: 50 }))
      store.failure = new Error('no space left on device')
      const settled = books.operator.settle('bob', 50n).then(() => 'paid', (error: unknown) => (error as Error).message)
      await quiet()
      clock.tick(PATIENCE_MS)
      expect(await settled).to.contain('balances cannot be stored')
      expect(books.bob.payments).to.deep.equal([])
      expect(books.ledger.balanceOf('bob')).to.include({ balance: -50n, settling: 0n })
      store.failure = undefined
    })
  })

  describe('what does not go as it should', () => {
    let books: Books
    beforeEach(async () => { books = await startBooks(new CrashableStore(new Disk())) })
    afterEach(() => books.app.shutdown())

    it('nothing is sent that we may not owe: the minimum is looked at before, with all that is under way', async () => {
      await books.ledger.openAccount('bob', { minimum: -150n }, 'USD/9')
      const answers = await Promise.all([100, 100].map(amount => books.alice.receive(prepare({ amount }))))
      expect(answers.map(outcomeOf)).to.deep.equal(['fulfill', 'T04'])
      expect(books.bob.sent).to.have.length(1)
      expect(books.balances()).to.deep.equal({ alice: { balance: 100n, held: 0n }, bob: { balance: -100n, held: 0n } })
    })

    it('a Fulfill after our reject is not booked, but counted', async () => {
      const clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
      try {
        let fulfill!: (packet: Buffer) => void
        books.bob.answer = () => new Promise(resolve => { fulfill = resolve })
        const answer = books.alice.receive(prepare({ amount: 30, expiresAt: Date.now() + 5000 }))
        await quiet()
        await clock.tickAsync(6000)
        expect(outcomeOf(await answer)).to.equal('R00')
        fulfill(FULFILL)
        await quiet()
        expect(books.balances()).to.deep.equal({ alice: { balance: 0n, held: 0n }, bob: { balance: 0n, held: 0n } })
        expect(books.operator.getStatus().accounts.bob!.lateFulfills).to.deep.equal({ count: 1, amount: 30n })
      } finally {
        clock.restore()
      }
    })

    it('a refund is never refused: not after the peer has settled meanwhile, up to a tight minimum', async () => {
      let answer!: (packet: Buffer) => void
      books.bob.answer = () => new Promise(resolve => { answer = resolve })
      await books.ledger.openAccount('alice', { minimum: 0n, maximum: 100n }, 'USD/9')
      const answered = books.alice.receive(prepare({ amount: 100 }))
      await quiet()
      await books.alice.receivePayment('100')
      answer(reject('F02'))
      expect(outcomeOf(await answered)).to.equal('F02')
      expect(books.ledger.balanceOf('alice')).to.include({ balance: -100n, incomingHolds: 0n })
    })

    for (const { outcome, packet, left } of [
      { outcome: 'fulfill', packet: FULFILL, left: -100n },
      { outcome: 'F02', packet: reject('F02'), left: undefined }
    ]) {
      it(`an account that is removed with a packet under way keeps its books until that is answered: ${outcome}`, async () => {
        let answer!: (packet: Buffer) => void
        books.bob.answer = () => new Promise(resolve => { answer = resolve })
        const answered = books.alice.receive(prepare({ amount: 100 }))
        await quiet()
        await books.app.removePlugin('bob')
        expect(books.operator.getStatus().accounts.bob).to.include({ outgoingHolds: -100n, removed: true })
        answer(packet)
        expect(outcomeOf(await answered)).to.equal(outcome)
        expect(books.ledger.balanceOf('bob')?.balance).to.equal(left)
        expect(JSON.stringify(books.container(AccountStats).getStatus()), 'what is measured of it is gone').to.not.contain('bob')
        expect(books.balance('alice')).to.equal(outcome === 'fulfill' ? 100n : 0n)
      })
    }

    it('a removed account has its balance again when it comes back', async () => {
      await books.alice.receive(prepare({ amount: 100 }))
      const info = books.app.config.accounts.bob!
      await books.app.removePlugin('bob')
      await books.app.addPlugin('bob', info)
      expect(books.ledger.balanceOf('bob')).to.include({ balance: -100n, removed: false })
    })

    it('a report of money that is no whole amount is refused and books nothing', async () => {
      for (const amount of ['-5', '1.5', 'abc', '', '1e3']) {
        const outcome = await books.alice.receiveMoney(amount).then(() => 'taken', (error: unknown) => (error as Error).message)
        expect(outcome).to.contain('unusable amount of money')
      }
      expect(books.balance('alice')).to.equal(0n)
    })

    it('a payment that is reported twice is credited once, also across a restart', async () => {
      const disk = new Disk()
      const first = await startBooks(new CrashableStore(disk))
      await first.alice.receivePayment('50', 'payment-1')
      await first.alice.receivePayment('50', 'payment-1')
      await first.app.shutdown()
      const second = await startBooks(new CrashableStore(disk))
      await second.alice.receivePayment('50', 'payment-1')
      expect(second.balance('alice')).to.equal(-50n)
      await second.app.shutdown()
    })

    it('a damaged record keeps the connector from starting, and the message says where it is and what to do', async () => {
      const disk = new Disk()
      const first = await startBooks(new CrashableStore(disk))
      await first.app.shutdown()
      disk.entries.set('ledger:account:bob', '{')
      const outcome = await startBooks(new CrashableStore(disk)).then(() => 'started', (error: unknown) => (error as Error).message)
      expect(outcome).to.match(/record=ledger:account:bob reason=it is not JSON remedy=restore .*store=.*given-store\.js/)
    })

    it('an asset that changes under a balance keeps the connector from starting', async () => {
      const disk = new Disk()
      const first = await startBooks(new CrashableStore(disk))
      await first.alice.receive(prepare({ amount: 100 }))
      await first.app.shutdown()
      const outcome = await startBooks(new CrashableStore(disk), { bob: { assetScale: 6 } }).then(() => 'started', (error: unknown) => (error as Error).message)
      expect(outcome).to.match(/another unit.*accountId=bob balance=-100 unit=USD\/9 configured=USD\/6/)
    })
  })
})
