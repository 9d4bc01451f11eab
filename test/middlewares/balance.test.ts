/**
 * Money on hold, under packets in both directions whose answers come in any order, late, wrong or never: at every moment the books are
 * what a model says, limits are kept, and each hold has exactly one end.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import type sinon from 'sinon'
import { LedgerService } from '../../src/ledger/service.js'
import type { Hold } from '../../src/contracts/ledger.js'
import { stoppedClock } from '../support/clock.js'
import { account, startConnector, type TestConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, WRONG_FULFILL, outcomeOf, prepare, reject } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { quiet } from '../support/waiting.js'

const RUNS = Number(process.env.FUZZ_RUNS ?? 60)
const IDS = ['alice', 'bob'] as const
type Id = typeof IDS[number]
const LIMITS = { alice: { minimum: -300n, maximum: 500n }, bob: { minimum: -400n, maximum: 200n } }
/** ms that a hop keeps to itself. */
const WINDOW = 1000

const ANSWERS = {
  fulfill: () => FULFILL,
  reject: () => reject('T00'),
  wrong: () => WRONG_FULFILL,
  garbage: () => Buffer.from([13, 5, 1]),
  nothing: () => undefined,
  error: () => new Error('lost')
}
type Answer = keyof typeof ANSWERS
const OUTCOMES: Record<Answer, string> = { fulfill: 'fulfill', reject: 'T00', wrong: 'F05', garbage: 'F01', nothing: 'F02', error: 'F02' }

type Command =
  | { kind: 'send', from: Id, amount: number, lifetimeMs: number }
  | { kind: 'answer', pick: number, how: Answer }
  | { kind: 'wait', ms: number }

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({
    kind: fc.constant('send' as const),
    from: fc.constantFrom(...IDS),
    amount: fc.oneof(fc.integer({ min: 0, max: 150 }), fc.constantFrom(0, 1, 500)),
    lifetimeMs: fc.integer({ min: 2 * WINDOW, max: 10_000 })
  }) },
  { weight: 5, arbitrary: fc.record({
    kind: fc.constant('answer' as const),
    pick: fc.nat(20),
    how: fc.constantFrom('fulfill', 'fulfill', 'fulfill', ...Object.keys(ANSWERS) as Answer[])
  }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 4000 }) }) }
)

/** A packet under way, in the model. */
interface UnderWay {
  from: Id
  to: Id
  amount: bigint
  expiresAt: number
  settle: (how: Answer) => void
  outcome: Promise<string>
  live: boolean
}

class Scenario {
  private readonly plugins = { alice: new TestPlugin(), bob: new TestPlugin() }
  private readonly balance = { alice: 0n, bob: 0n }
  private readonly packets: UnderWay[] = []
  private readonly ends = new Map<Hold, number>()
  private held = 0

  private constructor (private readonly clock: sinon.SinonFakeTimers) {}

  static async run (clock: sinon.SinonFakeTimers, commands: Command[]): Promise<void> {
    const scenario = new Scenario(clock)
    const connector = await scenario.start()
    for (const command of commands) {
      await scenario.apply(command)
      scenario.check(connector)
    }
    await clock.tickAsync(60_000)
    await quiet(5)
    for (const packet of scenario.live()) await scenario.ended(packet, 'R00')
    for (const packet of scenario.packets) packet.settle('fulfill') // late
    await quiet(5)
    scenario.check(connector)
    expect(Array.from(scenario.ends.values()), 'ends of each hold').to.deep.equal(Array.from({ length: scenario.held }, () => 1))
    await connector.app.shutdown()
  }

  private async start (): Promise<TestConnector> {
    const limits = (id: Id): object => ({ balance: { minimum: String(LIMITS[id].minimum), maximum: String(LIMITS[id].maximum) } })
    const connector = await startConnector(Object.fromEntries(IDS.map(id => [id, account(this.plugins[id], limits(id))])))
    const { ledger } = connector.container(LedgerService)
    const hold = ledger.hold.bind(ledger)
    ledger.hold = (...args) => {
      const opened = hold(...args)
      if ('then' in opened) throw new Error('the embedded ledger answers at once')
      this.held++
      this.ends.set(opened, 0)
      return opened
    }
    for (const end of ['post', 'void'] as const) {
      const original = ledger[end].bind(ledger)
      ledger[end] = opened => {
        original(opened)
        this.ends.set(opened, (this.ends.get(opened) ?? 0) + 1)
      }
    }
    return connector
  }

  private async apply (command: Command): Promise<void> {
    if (command.kind === 'send') await this.send(command)
    else if (command.kind === 'answer') await this.answer(command)
    else await this.wait(command.ms)
  }

  private async send ({ from, amount: number, lifetimeMs }: Command & { kind: 'send' }): Promise<void> {
    const to = from === 'alice' ? 'bob' : 'alice'
    const amount = BigInt(number)
    const expected = this.refusal(from, to, amount)
    let settle: UnderWay['settle'] = () => undefined
    const before = this.plugins[to].sent.length
    this.plugins[to].answer = () => new Promise((resolve, fail) => {
      settle = how => { (how === 'error' ? fail : resolve)(ANSWERS[how]()) }
    })
    const expiresAt = Date.now() + lifetimeMs
    const reply = this.plugins[from].receive(prepare({ destination: `test.${to}`, amount, expiresAt }))
    await quiet(2)
    expect(this.plugins[to].sent.length - before, 'sent on').to.equal(expected === undefined ? 1 : 0)
    if (expected !== undefined) expect(outcomeOf(await reply)).to.equal(expected)
    else this.packets.push({ from, to, amount, expiresAt: expiresAt - WINDOW, settle, outcome: reply.then(outcomeOf), live: true })
  }

  private async answer ({ pick, how }: Command & { kind: 'answer' }): Promise<void> {
    const packet = this.packets[pick % Math.max(1, this.packets.length)]
    if (packet === undefined) return
    packet.settle(how)
    await quiet(3)
    if (!packet.live) return // expired or answered before: nothing may happen
    await this.ended(packet, OUTCOMES[how])
    if (how !== 'fulfill') return
    this.balance[packet.from] += packet.amount
    this.balance[packet.to] -= packet.amount
  }

  private async wait (ms: number): Promise<void> {
    await this.clock.tickAsync(ms)
    await quiet(2)
    for (const packet of this.live()) if (packet.expiresAt <= Date.now()) await this.ended(packet, 'R00')
  }

  private async ended (packet: UnderWay, outcome: string): Promise<void> {
    packet.live = false
    expect(await packet.outcome).to.equal(outcome)
  }

  /** The code with which the limits refuse a packet now. */
  private refusal (from: Id, to: Id, amount: bigint): string | undefined {
    if (amount === 0n) return undefined
    const isOver = this.balance[from] + this.sum(packet => packet.from === from) + amount > LIMITS[from].maximum
    const isUnder = this.balance[to] - this.sum(packet => packet.to === to) - amount < LIMITS[to].minimum
    return isOver || isUnder ? 'T04' : undefined
  }

  private live (): UnderWay[] {
    return this.packets.filter(packet => packet.live)
  }

  private sum (test: (packet: UnderWay) => boolean): bigint {
    return this.live().filter(test).reduce((sum, { amount }) => sum + amount, 0n)
  }

  private check ({ container }: TestConnector): void {
    for (const id of IDS) {
      const { balance, incomingHolds, outgoingHolds } = container(LedgerService).ledger.balanceOf(id)!
      expect({ balance, incomingHolds, outgoingHolds }).to.deep.equal({
        balance: this.balance[id],
        incomingHolds: this.sum(packet => packet.from === id),
        outgoingHolds: -this.sum(packet => packet.to === id)
      })
      expect(balance >= LIMITS[id].minimum && balance <= LIMITS[id].maximum, 'within the limits').to.equal(true)
    }
  }
}

describe('money on hold', () => {
  withoutLog()
  noRejectionLeft()
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = stoppedClock() })
  afterEach(() => { clock.restore() })

  it('is what a model says at every moment, and ends exactly once', async function () {
    this.timeout(120_000)
    const commands = fc.array(command, { minLength: 5, maxLength: 40 })
    await fc.assert(fc.asyncProperty(commands, commands => Scenario.run(clock, commands)), { numRuns: RUNS })
  })
})
