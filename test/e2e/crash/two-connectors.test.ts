/**
 * Whatever happens between two connectors, their balances with each other sum to zero when all is quiet, and are what was fulfilled and
 * settled. Only what was on the way between them when one of them crashed can be booked at one end alone: nobody can say there whether
 * the other end still got the answer.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import sinon from 'sinon'
import { withoutLog } from '../../support/log.js'
import { FULFILL, reject } from '../../support/packets.js'
import { MiddlewareManager } from '../../../src/pipeline/middleware-manager.js'
import type { Operator } from '../../support/ledger/books.js'
import { Pair, otherSide, type Side } from '../../support/crash/two-connectors.js'
import { quiet } from '../../support/waiting.js'

const RUNS = Number(process.env.PROPERTY_RUNS ?? 40)

type Step =
  | { act: 'send', from: Side, amounts: bigint[], isFulfilled: boolean }
  | { act: 'settle', from: Side, amount: bigint }
  | { act: 'crash', side: Side }
  | { act: 'wait', turns: number }

const side = fc.constantFrom<Side>('A', 'B')
const amount = fc.bigInt(1n, 1000n)
const peaceful: Array<fc.Arbitrary<Step>> = [
  fc.record({ act: fc.constant('send' as const), from: side, amounts: fc.array(amount, { minLength: 1, maxLength: 4 }), isFulfilled: fc.boolean() }),
  fc.record({ act: fc.constant('settle' as const), from: side, amount }),
  fc.record({ act: fc.constant('wait' as const), turns: fc.integer({ min: 1, max: 12 }) })
]
const crash: fc.Arbitrary<Step> = fc.record({ act: fc.constant('crash' as const), side })

describe('two connectors', () => {
  withoutLog()
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] }) })
  afterEach(() => clock.restore())

  /** Time for payments that failed to be repeated, and for everything else to end. */
  async function calm (): Promise<void> {
    for (let i = 0; i < 50; i++) {
      await clock.tickAsync(100)
      await quiet(4)
    }
  }

  async function play (steps: Step[]): Promise<Pair> {
    const pair = new Pair()
    await pair.start()
    for (const step of steps) {
      if (step.act === 'wait') await quiet(step.turns)
      else if (step.act === 'crash') await pair.restart(step.side)
      else if (step.act === 'settle') operatorOf(pair, step.from).settle('peer', step.amount).catch(() => undefined)
      else for (const each of step.amounts) void pair.send(step.from, each, step.isFulfilled ? FULFILL : reject('F99'))
    }
    await calm()
    return pair
  }

  it('agree with each other and with their clients when nothing crashes', () => fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(...peaceful), { maxLength: 15 }), async steps => {
      const pair = await play(steps)
      check(pair)
      expect(balanceBetween(pair)).to.equal(0n)
      for (const from of ['A', 'B'] as const) {
        expect(pair.nodes[from].moved(pair.nodes[from].clientId, 'incoming')).to.equal(pair.acknowledged[from])
      }
      await pair.stop()
    }), { numRuns: RUNS }))

  it('lose nothing that was acknowledged and settle once, whatever crashes when', () => fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(...peaceful, crash), { maxLength: 15 }), async steps => {
      const pair = await play(steps)
      check(pair)
      await pair.stop()
    }), { numRuns: RUNS }))
})

function check ({ nodes, acknowledged, given, doubtful }: Pair): void {
  for (const from of ['A', 'B'] as const) {
    const [sending, receiving] = [nodes[from], nodes[otherSide(from)]]
    const booked = sending.moved(sending.clientId, 'incoming')
    expect(booked >= acknowledged[from], `${acknowledged[from]} acknowledged, ${booked} booked`).to.equal(true)
    expect(-sending.moved('peer', 'outgoing'), 'both legs or none').to.equal(booked)
    const claimed = receiving.moved('peer', 'incoming')
    expect(-receiving.moved(receiving.clientId, 'outgoing'), 'both legs or none').to.equal(claimed)
    expect(claimed <= given[from], `${given[from]} fulfilled, ${claimed} claimed`).to.equal(true)
    expect(claimed >= booked && claimed - booked <= doubtful[from], `${claimed} claimed, ${booked} admitted, ${doubtful[from]} doubtful`).to.equal(true)
    expect(sending.moved('peer', 'settled'), 'each settlement once').to.equal(-receiving.moved('peer', 'received'))
    for (const { incomingHolds, outgoingHolds, settling } of ['peer', sending.clientId].map(id => sending.ledger.balanceOf(id)!)) {
      expect([incomingHolds, outgoingHolds, settling]).to.deep.equal([0n, 0n, 0n])
    }
  }
}

function balanceBetween ({ nodes }: Pair): bigint {
  return nodes.A.ledger.balanceOf('peer')!.balance + nodes.B.ledger.balanceOf('peer')!.balance
}

function operatorOf ({ nodes }: Pair, side: Side): Operator {
  return nodes[side].connector.container(MiddlewareManager).getMiddleware('balance') as unknown as Operator
}
