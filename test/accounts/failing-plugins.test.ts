/** A plugin that misbehaves, in every way there is: its packets get a reject, everybody else is served, and the process goes on. */
import { expect } from 'chai'
import type sinon from 'sinon'
import { Accounts } from '../../src/accounts/accounts.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import { endClock, runClock, stoppedClock } from '../support/clock.js'
import { account, makeConnector, startConnector, type TestConnector } from '../support/connector.js'
import { never, rejecting, rejection, throwing } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { NAMED_PLUGIN } from '../support/modules/named-plugin.js'
import { FULFILL, WRONG_FULFILL, outcomeOf, prepare } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'

const UNPRINTABLE = Object.create(null) as object
const THROWN: Array<[string, unknown]> = [['an error', new Error('broken')], ['undefined', undefined], ['an object that cannot be printed', UNPRINTABLE]]

interface Misbehaviour {
  name: string
  plugin: Partial<TestPlugin>
  /** What a packet to it comes to. */
  outcome: string
  /** Happens once the connector runs. */
  then?: (plugin: TestPlugin) => void
}

const misbehaviours: Misbehaviour[] = [
  ...THROWN.flatMap(([what, thrown]): Misbehaviour[] => [
    { name: `throws ${what} in connect`, plugin: { connect: throwing(thrown) }, outcome: 'T01' },
    { name: `rejects with ${what} in connect`, plugin: { connect: rejecting(thrown) }, outcome: 'T01' },
    { name: `throws ${what} in isConnected`, plugin: { isConnected: throwing(thrown) }, outcome: 'T01' },
    { name: `throws ${what} in sendData`, plugin: { sendData: throwing(thrown) }, outcome: 'F02' },
    { name: `rejects with ${what} in sendData`, plugin: { sendData: rejecting(thrown) }, outcome: 'F02' },
    { name: `throws ${what} in disconnect`, plugin: { disconnect: throwing(thrown) }, outcome: 'fulfill' },
    { name: `rejects with ${what} in disconnect`, plugin: { disconnect: rejecting(thrown) }, outcome: 'fulfill' },
    { name: `emits ${what} as an error`, plugin: {}, then: plugin => plugin.emit('error', thrown), outcome: 'fulfill' },
    {
      name: `emits ${what} as an error while it connects`,
      plugin: {
        connect () {
          this.emit?.('error', thrown)
          return Promise.resolve()
        }
      },
      outcome: 'T01'
    }
  ]),
  { name: 'never connects', plugin: { connect: never }, outcome: 'T01' },
  { name: 'says that it has connected, and has not', plugin: { connect: () => Promise.resolve() }, outcome: 'T01' },
  { name: 'does not know whether it is connected', plugin: { isConnected: (() => undefined) as unknown as () => boolean }, outcome: 'T01' },
  { name: 'returns no promise', plugin: { connect: (() => undefined) as unknown as TestPlugin['connect'] }, outcome: 'T01' },
  { name: 'never answers', plugin: { sendData: never }, outcome: 'R00' },
  { name: 'answers nothing', plugin: { sendData: (() => undefined) as unknown as TestPlugin['sendData'] }, outcome: 'F02' },
  {
    name: 'answers twice',
    plugin: {
      sendData: (() => ({
        then (resolve: (answer: Buffer) => void, reject: (error: Error) => void) {
          resolve(FULFILL)
          resolve(WRONG_FULFILL)
          reject(new Error('or not'))
        }
      })) as unknown as TestPlugin['sendData']
    },
    outcome: 'fulfill'
  },
  { name: 'never disconnects', plugin: { disconnect: never }, outcome: 'fulfill' },
  { name: 'says again and again that it has connected', plugin: {}, then: plugin => { for (let i = 0; i < 20; i++) plugin.emit('connect') }, outcome: 'fulfill' },
  {
    name: 'says that it has connected while it has not',
    plugin: {},
    then: plugin => {
      plugin.connected = false
      plugin.emit('connect')
    },
    outcome: 'T01'
  },
  { name: 'says that it has disconnected, and has not', plugin: {}, then: plugin => plugin.emit('disconnect'), outcome: 'fulfill' }
]

describe('a plugin that misbehaves hurts nobody else', () => {
  const lines = withoutLog()
  noRejectionLeft()
  let clock: sinon.SinonFakeTimers
  let alice: TestPlugin
  let bob: TestPlugin
  let bad: TestPlugin

  beforeEach(() => {
    clock = stoppedClock()
    alice = new TestPlugin()
    bob = new TestPlugin()
    bad = new TestPlugin()
  })
  afterEach(() => {
    endClock(clock)
  })

  const through = <T>(work: Promise<T>): Promise<T> => runClock(clock, work)

  async function expectOthersServed (): Promise<void> {
    for (const [from, destination] of [[alice, 'test.bob'], [bob, 'test.alice']] as const) {
      expect(await from.receive(prepare({ destination }))).to.equal(FULFILL)
    }
  }

  const toBad = (): Promise<string> => through(alice.receive(prepare({ destination: 'test.bad' })).then(outcomeOf))

  for (const { name, plugin, outcome, then = (): void => undefined } of misbehaviours) {
    it(`when it ${name}`, async () => {
      Object.assign(bad, plugin)
      const balance = { maximum: '1000' }
      const accounts = { bad: account(bad, { balance }), alice: account(alice, { balance }), bob: account(bob, { balance }) }
      const { app, balances } = await through(startConnector(accounts))
      then(bad)
      await expectOthersServed()
      expect(await toBad()).to.equal(outcome)
      const money = outcome === 'fulfill' ? 100n : 0n
      expect(balances()).to.deep.equal({
        alice: { balance: money, held: 0n }, bob: { balance: 0n, held: 0n }, bad: { balance: -money, held: 0n }
      })
      await expectOthersServed()
      await through(app.shutdown())
      expect([alice.disconnects, bob.disconnects]).to.deep.equal([1, 1])
    })

    it(`when it ${name}, and is added and removed while others are served`, async () => {
      Object.assign(bad, plugin)
      const routes = ['alice', 'bob', 'bad'].map(id => ({ targetPrefix: `test.${id}`, peerId: id }))
      const { app, container } = await startConnector({ alice: account(alice), bob: account(bob) }, { routes })
      const isRefused = await through(app.addPlugin('bad', account(bad)).then(() => false, () => true))
      if (!isRefused) {
        then(bad)
        expect(await toBad()).to.equal(outcome)
        await through(app.removePlugin('bad'))
      }
      expect(container(Accounts).getAccountIds()).to.deep.equal(['alice', 'bob'])
      await expectOthersServed()
      await through(app.shutdown())
    })
  }

  for (const [what, thrown] of THROWN) {
    it(`when it emits ${what} as an error after it was removed, and after the end`, async () => {
      const { app } = await startConnector({ alice: account(alice), bob: account(bob), bad: account(bad) })
      await app.removePlugin('bad')
      bad.emit('error', thrown)
      await expectOthersServed()
      await app.shutdown()
      alice.emit('error', thrown)
    })
  }

  it('when it comes and goes a hundred times: nothing is left on it', async () => {
    const { app } = await startConnector({ alice: account(alice), bob: account(bob) })
    for (let i = 0; i < 100; i++) {
      await app.addPlugin('bad', account(bad))
      await app.removePlugin('bad')
    }
    for (const event of bad.eventNames()) expect(bad.listenerCount(event), String(event)).to.be.at.most(1)
    await app.shutdown()
  })

  it('when it cannot be constructed: it is not added', async () => {
    const { app } = await startConnector({ alice: account(alice), bob: account(bob) })
    for (const [, thrown] of THROWN) {
      const made = throwing(thrown)
      expect(await rejection(app.addPlugin('bad', account(NAMED_PLUGIN, { options: { made } }))))
        .to.be.an.instanceof(Error).with.property('message').that.includes('account bad: could not create plugin')
    }
    await expectOthersServed()
    await app.shutdown()
  })

  it('but what cannot be constructed at the start is named, and the start refused', () => {
    const accounts: Record<string, AccountInfo> = {
      alice: account(alice), bad: account(NAMED_PLUGIN, { options: { made: throwing(new Error('no secret given')) } })
    }
    expect(() => makeConnector(accounts)).to.throw('account bad: could not create plugin').with.property('message').that.includes('no secret given')
  })

  it('and is tried again until it is there: after 1 s, 2 s, 4 s and so on up to 30 s', async () => {
    const times: number[] = []
    bad.connect = () => {
      times.push(Date.now())
      return Promise.reject(new Error('no route to host'))
    }
    const { app }: TestConnector = await through(startConnector({ bad: account(bad), alice: account(alice) }))
    for (let i = 0; i < 120; i++) await clock.tickAsync(1000)
    expect(lines.filter(line => line.includes('warn could not connect account. accountId=bad error=no route to host')), 'a reason is said once')
      .to.have.length(1)
    const pauses = times.slice(1).map((time, index) => time - times[index]!)
    expect(pauses.slice(0, 7)).to.deep.equal([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
    bad.connect = TestPlugin.prototype.connect.bind(bad)
    await clock.tickAsync(30_000)
    expect(await toBad()).to.equal('fulfill')
    await clock.tickAsync(120_000)
    expect(bad.connects, 'then it is left alone').to.equal(1)
    await through(app.shutdown())
  })

  it('and is not tried again, nor complained of, once it is told to disconnect', async () => {
    let attempts = 0
    let abort = (): void => undefined
    bad.connect = () => {
      attempts++
      return new Promise((_, reject) => { abort = () => reject(new Error('connection aborted')) })
    }
    bad.disconnect = async () => {
      abort()
      await new Promise(resolve => setTimeout(resolve, 900))
    }
    const { app }: TestConnector = await through(startConnector({ bad: account(bad), alice: account(alice) }))
    await through(app.shutdown())
    expect(attempts).to.equal(1)
    expect(lines.filter(line => line.includes('connection aborted'))).to.deep.equal([])
  })

  describe('a plugin that only listens', () => {
    const listening = (): Promise<void> => Promise.reject(Object.assign(new Error('the peer has not connected yet'), { isListening: true }))
    const warnings = (): string[] => lines.filter(line => line.includes('connector:accounts warn'))

    it('keeps nobody waiting, at the start and when it is added, and is no reason to warn', async () => {
      const customer = Object.assign(new TestPlugin(), { onlyListens: true, connect: listening })
      const other = Object.assign(new TestPlugin(), { onlyListens: true, connect: listening })
      const startedAt = Date.now()
      const { app }: TestConnector = await startConnector({ bad: account(customer), alice: account(alice) }) // the clock stands still
      await app.addPlugin('other', account(other))
      expect(Date.now()).to.equal(startedAt)
      expect(warnings()).to.deep.equal([])
      customer.connected = true
      customer.emit('connect')
      expect(await toBad(), 'the peer has come').to.equal('fulfill')
      await through(app.shutdown())
    })

    it('is complained of when it cannot listen', async () => {
      Object.assign(bad, { onlyListens: true, connect: rejecting(new Error('EADDRINUSE')) })
      const { app }: TestConnector = await through(startConnector({ bad: account(bad), alice: account(alice) }))
      expect(warnings().join('')).to.include('could not connect account. accountId=bad error=EADDRINUSE')
      await through(app.shutdown())
    })
  })
})
