/**
 * A day in the life of a connector, as its peers remember it: packets both ways that are fulfilled and rejected, settlements that work and
 * fail, received money. The process may end at any moment; from then on nothing it does reaches anybody.
 */
import { prepareOf } from '../../../src/packet/prepare.js'
import { FULFILL, outcomeOf, prepare, reject } from '../packets.js'
import { PayingPlugin, startBooks, type Books } from '../ledger/books.js'
import { CrashableStore, type Crash, type Disk } from '../ledger/crashable-store.js'
import { quiet } from '../waiting.js'

const never = (): Promise<never> => new Promise(() => undefined)
/** Amounts that bob rejects. */
const isRefused = (amount: bigint): boolean => amount % 5n === 0n

/** What bob and alice know, whatever became of the connector. */
export class Memory {
  /** Amounts of Fulfills by who got them from the connector: those are owed to it. */
  readonly acknowledged = { alice: 0n, bob: 0n }
  /** Amounts of Fulfills by who gave them to the connector: those it owes. */
  readonly given = { alice: 0n, bob: 0n }
  /** Payments that bob received, by id; one that comes again is the same where the plugin says so. */
  readonly paidToBob = new Map<string, bigint>()
  repeatedPayments = 0
  /** Payments that alice made, by id. */
  readonly paidByAlice = new Map<string, bigint>()
  readonly reportsTaken = new Set<string>()
}

export class Life {
  isOver = false
  books!: Books
  readonly store: CrashableStore
  private readonly ended: Promise<void>
  private refusePayment = false

  /** @param pass lets that many ms go by */
  constructor (
    readonly memory: Memory, disk: Disk, private readonly settlesOnce: boolean, private readonly pass: (ms: number) => Promise<unknown>,
    crash?: { at: number, how: Crash }
  ) {
    let end = (): void => undefined
    this.ended = new Promise(resolve => { end = resolve })
    const onCrash = (): void => {
      this.isOver = true
      end()
    }
    this.store = new CrashableStore(disk, crash && { ...crash, onCrash })
  }

  /** False when the process ended before it was up. */
  async start (): Promise<boolean> {
    const [alice, bob] = [this.peer('alice'), this.peer('bob')]
    const settling = { minimum: '-10000', maximum: '10000', settleThreshold: '-100', settleTo: '0' }
    const started = startBooks(this.store, { bob: { balance: settling }, plugins: { alice, bob } }).then(books => { this.books = books })
    await Promise.race([started, this.ended])
    return !this.isOver
  }

  /** Plays until the end, or until the process ends. */
  async play (): Promise<void> {
    for (const act of this.acts()) {
      await Promise.race([act(), this.ended])
      if (this.isOver) return
      await Promise.race([quiet(), this.ended])
    }
  }

  /** Ends the process properly. */
  async stop (): Promise<void> {
    await Promise.race([this.books.app.shutdown(), this.ended])
  }

  private acts (): Array<() => Promise<unknown>> {
    const send = (from: 'alice' | 'bob', ...amounts: number[]) => () => Promise.all(amounts.map(amount => this.send(from, amount)))
    return [
      send('alice', 11),
      send('alice', 1, 2, 3, 4, 5, 6, 7),
      send('bob', 21, 25),
      () => this.report('report-1', 40n),
      async () => { this.refusePayment = true; await send('alice', 101, 10)() },
      async () => { this.refusePayment = false; await this.pass(1000) },
      send('alice', 12),
      () => this.books.operator.settle('bob').catch(() => undefined), // nothing to settle, in some of these lives
      () => Promise.all([send('alice', 151, 12, 13)(), send('bob', 8, 9)(), this.report('report-2', 60n)]),
      () => this.report('report-2', 60n),
      send('alice', 121, 35),
      send('bob', 3),
      () => this.pass(10_000)
    ]
  }

  private async send (from: 'alice' | 'bob', amount: number): Promise<void> {
    const to = from === 'alice' ? 'bob' : 'alice'
    const answer = await this.books[from].receive(prepare({ destination: `test.${to}`, amount }))
    if (!this.isOver && outcomeOf(answer) === 'fulfill') this.memory.acknowledged[from] += BigInt(amount)
  }

  private async report (id: string, amount: bigint): Promise<void> {
    this.memory.paidByAlice.set(id, amount)
    await this.books.alice.receivePayment(String(amount), id)
    if (!this.isOver) this.memory.reportsTaken.add(id)
  }

  private peer (name: 'alice' | 'bob'): PayingPlugin {
    const plugin = new PayingPlugin(packet => {
      if (this.isOver) return never()
      const { amount } = prepareOf(packet)
      if (isRefused(amount)) return Promise.resolve(reject('F99'))
      this.memory.given[name] += amount
      return Promise.resolve(FULFILL)
    })
    plugin.settlesOnce = this.settlesOnce
    plugin.pay = (amount, id) => {
      if (this.isOver) return never()
      if (this.refusePayment) return Promise.reject(new Error('no funds'))
      if (this.memory.paidToBob.has(id)) this.memory.repeatedPayments++
      this.memory.paidToBob.set(id, BigInt(amount))
      return Promise.resolve()
    }
    return plugin
  }
}

export function sum (amounts: Iterable<bigint>): bigint {
  let total = 0n
  for (const amount of amounts) total += amount
  return total
}
