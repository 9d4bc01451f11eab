/**
 * The process ends at each write of a day in its life, right before that write reaches the disk or right after, and starts again. Nothing
 * that was acknowledged is lost, nothing is there twice, no packet is there with one leg only.
 */
import { expect } from 'chai'
import sinon from 'sinon'
import { withoutLog } from '../../support/log.js'
import { Disk, type Crash } from '../../support/ledger/crashable-store.js'
import type { Ledger, MovementKind } from '../../../src/contracts/ledger.js'
import { Life, Memory, sum } from '../../support/crash/scenario.js'
import { quiet } from '../../support/waiting.js'

function moved (ledger: Ledger, accountId: string, kind: MovementKind): bigint {
  return sum(ledger.journalOf(accountId).map(({ movements }) => movements[kind].amount))
}

/** What the books say right after the restart, against what the peers remember. */
function checkPackets (ledger: Ledger, { acknowledged, given }: Memory): void {
  for (const [from, to] of [['alice', 'bob'], ['bob', 'alice']] as const) {
    const booked = moved(ledger, from, 'incoming')
    expect(booked >= acknowledged[from], `${from} was told of ${acknowledged[from]}, booked are ${booked}`).to.equal(true)
    expect(booked <= given[to], `${to} fulfilled ${given[to]}, booked are ${booked}`).to.equal(true)
    expect(-moved(ledger, to, 'outgoing'), 'both legs or none').to.equal(booked)
  }
}

/** What the books say when nothing is open any more. */
function checkMoney (ledger: Ledger, { paidToBob, paidByAlice }: Memory): void {
  expect(moved(ledger, 'bob', 'settled'), 'each payment once').to.equal(sum(paidToBob.values()))
  expect(-moved(ledger, 'alice', 'received'), 'each report once').to.equal(sum(paidByAlice.values()))
  for (const accountId of ['alice', 'bob']) {
    const { balance, incomingHolds, outgoingHolds, settling } = ledger.balanceOf(accountId)!
    const kinds: MovementKind[] = ['incoming', 'outgoing', 'settled', 'received', 'adjusted', 'reversed']
    expect(balance).to.equal(sum(kinds.map(kind => moved(ledger, accountId, kind))))
    expect([incomingHolds, outgoingHolds, settling]).to.deep.equal([0n, 0n, 0n])
  }
}

/** The operator asks bob, who knows. */
async function decideUnknown ({ books, memory }: Life): Promise<void> {
  for (const { id, state } of books.operator.getSettlements()) {
    if (state === 'unknown') await books.operator.resolveSettlement(id, memory.paidToBob.has(id) ? 'paid' : 'unpaid')
  }
}

describe('a crash at every write', () => {
  withoutLog()
  let clock: sinon.SinonFakeTimers
  /** In steps that leave the store time to write. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      await clock.tickAsync(100)
      await quiet(3)
    }
  }

  beforeEach(() => { clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] }) })
  afterEach(() => clock.restore())

  for (const settlesOnce of [false, true]) {
    describe(settlesOnce ? 'with a plugin that settles once for an id' : 'with a plugin that does not know ids', () => {
      let writesMax: number

      it('has books that agree with the peers\' when there is no crash', async () => {
        const life = new Life(new Memory(), new Disk(), settlesOnce, pass)
        await life.start()
        await life.play()
        await life.stop()
        checkPackets(life.books.ledger, life.memory)
        checkMoney(life.books.ledger, life.memory)
        expect(life.memory.paidToBob.size, 'settlements').to.be.at.least(3)
        writesMax = life.store.writes
        expect(writesMax).to.be.at.least(12)
      })

      for (const how of ['lost', 'kept'] satisfies Crash[]) {
        it(`loses nothing and repeats nothing, the write being ${how}`, async () => {
          for (let at = 1; at <= writesMax; at++) {
            const disk = new Disk()
            const memory = new Memory()
            const first = new Life(memory, disk, settlesOnce, pass, { at, how })
            if (await first.start()) await first.play()
            if (!first.isOver) await first.stop()
            if (!first.isOver) break // this time it took fewer writes

            const second = new Life(memory, disk, settlesOnce, pass)
            await second.start()
            checkPackets(second.books.ledger, memory)
            for (const id of memory.reportsTaken) expect(second.books.ledger.credit('alice', 1n, id), `${id} is remembered`).to.equal(false)
            for (const [id, amount] of memory.paidByAlice) await second.books.alice.receivePayment(String(amount), id)
            await decideUnknown(second)
            await second.play()
            await second.stop()
            checkMoney(second.books.ledger, memory)
            if (!settlesOnce) expect(memory.repeatedPayments, `crash at write ${at}`).to.equal(0)
          }
        })
      }
    })
  }
})
