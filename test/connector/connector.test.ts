/** A connector starts whole or not at all, and stops in good order: answers under way arrive, nothing new is taken, nothing stays open. */
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { expect } from 'chai'
import { createApp } from '../../src/connector/connector.js'
import { deserializeIlpReject } from 'ilp-packet'
import type sinon from 'sinon'
import { endClock, runClock, stoppedClock } from '../support/clock.js'
import { account, makeConnector, startConnector, type Options, type TestConnector } from '../support/connector.js'
import { customBackend } from '../support/modules/custom-backend.js'
import { customMiddleware } from '../support/modules/custom-middleware.js'
import { never, rejecting, rejection, throwing } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, outcomeOf, prepare } from '../support/packets.js'
import { SCRIPTED_STORE } from '../support/modules/scripted-store.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { quiet } from '../support/waiting.js'

type Script = Partial<Record<'open' | 'close' | 'backend' | 'startup' | 'teardown', () => unknown>>

/** Options of a connector that writes down what is opened and closed, and does what `script` says at each step. */
function traced (trace: string[], script: Script = {}): Options {
  const step = (name: keyof Script) => (): Promise<void> => {
    trace.push(name)
    return script[name]?.() as Promise<void>
  }
  return {
    store: SCRIPTED_STORE,
    storeConfig: { open: step('open'), close: step('close') },
    ...customBackend({ connect: step('backend') }),
    middlewares: {
      mine: customMiddleware(pipelines => {
        pipelines.startup.insertLast({ name: 'mine', method: step('startup') })
        pipelines.teardown.insertLast({ name: 'mine', method: step('teardown') })
      })
    }
  }
}

/** Events somebody still listens to, apart from `error`, which nobody may leave unheard. */
function heard (plugin: TestPlugin): unknown[] {
  return plugin.eventNames().filter(event => event !== 'error')
}

describe('a connector that is made from nothing', () => {
  it('is configured by the environment, whether the options are left out or null', () => {
    const environment = { CONNECTOR_ILP_ADDRESS: 'test.from.environment', CONNECTOR_ACCOUNTS: '{}' }
    Object.assign(process.env, environment)
    try {
      for (const app of [createApp(), createApp(null)]) expect(app.config.ilpAddress).to.equal('test.from.environment')
    } finally {
      for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name)
    }
  })
})

describe('a connector that stops', () => {
  withoutLog()
  noRejectionLeft()
  let clock: sinon.SinonFakeTimers
  let alice: TestPlugin
  let bob: TestPlugin

  beforeEach(() => {
    clock = stoppedClock()
    alice = new TestPlugin()
    bob = new TestPlugin()
  })
  afterEach(() => {
    endClock(clock)
  })

  const accounts = (): Parameters<typeof startConnector>[0] => ({ alice: account(alice, { balance: { maximum: '1000' } }), bob: account(bob) })

  it('lets answers under way arrive, and takes nothing new', async () => {
    const trace: string[] = []
    const { app, balances } = await startConnector(accounts(), traced(trace))
    let fulfill: (answer: Buffer) => void = () => undefined
    bob.answer = () => new Promise(resolve => { fulfill = resolve })
    const underWay = alice.receive(prepare())
    await quiet()
    const stopping = app.shutdown()
    const { code, triggeredBy } = deserializeIlpReject(await alice.receive(prepare()))
    expect({ code, triggeredBy }).to.deep.equal({ code: 'T03', triggeredBy: 'test.connector' })
    await clock.tickAsync(10_000)
    expect([bob.sent.length, bob.connected, trace]).to.deep.equal([1, true, ['open', 'backend', 'startup', 'startup']])
    fulfill(FULFILL)
    expect(await underWay).to.equal(FULFILL)
    await stopping
    expect(balances().alice).to.deep.equal({ balance: 100n, held: 0n })
    expect([alice.connected, bob.connected]).to.deep.equal([false, false])
    expect(trace.slice(4)).to.deep.equal(['teardown', 'teardown', 'close'])
  })

  it('waits for an answer no longer than money is held', async () => {
    const { app } = await startConnector(accounts(), { disableMiddleware: ['expire'], maxHoldTime: 5000 })
    bob.answer = never
    void alice.receive(prepare())
    await quiet()
    let hasStopped = false
    const stopping = app.shutdown().then(() => { hasStopped = true })
    await clock.tickAsync(4999)
    await quiet()
    expect(hasStopped).to.equal(false)
    await clock.tickAsync(1)
    await stopping
  })

  it('answers a packet under way that expires meanwhile', async () => {
    const { app, balances } = await startConnector(accounts())
    bob.answer = never
    const answer = alice.receive(prepare({ expiresAt: Date.now() + 5000 }))
    await quiet()
    await runClock(clock, app.shutdown())
    expect(outcomeOf(await answer)).to.equal('R00')
    expect(balances().alice).to.deep.equal({ balance: 0n, held: 0n })
  })

  it('does so once', async () => {
    const { app } = await startConnector(accounts())
    const stopping = app.shutdown()
    expect(app.shutdown()).to.equal(stopping)
    await stopping
    expect(app.shutdown()).to.equal(stopping)
    expect([alice.disconnects, bob.disconnects]).to.deep.equal([1, 1])
    expect(await rejection(app.listen())).to.have.property('message', 'a connector can be started once. state=stopped')
  })

  it('may not have been started', async () => {
    const trace: string[] = []
    const { app } = makeConnector(accounts(), traced(trace))
    await app.shutdown()
    expect(await rejection(app.listen())).to.be.an.instanceof(Error)
    expect([alice.connects, trace.includes('open')]).to.deep.equal([0, false])
  })

  for (const [what, breakage, script] of [
    ['a plugin does not disconnect', { disconnect: rejecting(undefined) }, {}],
    ['a plugin fails to disconnect', { disconnect: throwing(new Error('no')) }, {}],
    ['a plugin does not let go of events', { removeListener: throwing(new Error('no')) }, {}],
    ['a middleware fails to stop', {}, { teardown: rejecting(new Error('no')) }],
    ['a middleware throws when it should stop', {}, { teardown: throwing(undefined) }],
    ['the store does not close', {}, { close: rejecting(new Error('no')) }]
  ] as Array<[string, Partial<TestPlugin>, Script]>) {
    it(`closes the rest when ${what}`, async () => {
      const trace: string[] = []
      Object.assign(alice, breakage)
      const { app } = await startConnector(accounts(), traced(trace, script))
      await runClock(clock, app.shutdown())
      expect([bob.connected, heard(bob)]).to.deep.equal([false, []])
      expect(trace.slice(4)).to.deep.equal(['teardown', 'teardown', 'close'])
    })
  }

  describe('while it starts', () => {
    for (const [what, script, opened] of [
      ['the store', { open: () => new Promise(resolve => { setTimeout(resolve, 500) }) }, ['open']],
      ['the backend', { backend: () => new Promise(resolve => { setTimeout(resolve, 500) }) }, ['open', 'backend']]
    ] as Array<[string, Script, string[]]>) {
      it(`lets ${what} open first, opens nothing more, and closes what is open`, async () => {
        const trace: string[] = []
        const { app } = makeConnector(accounts(), traced(trace, script))
        const starting = rejection(app.listen())
        await quiet()
        await runClock(clock, app.shutdown())
        expect(await starting).to.have.property('message', 'the connector was stopped.')
        expect([trace.filter(step => step !== 'close' && step !== 'teardown'), trace.at(-1)]).to.deep.equal([opened, 'close'])
        expect([alice.connects, heard(alice)]).to.deep.equal([0, []])
      })
    }

    it('does not wait for a peer that does not come', async () => {
      const trace: string[] = []
      alice.connect = never
      const { app } = makeConnector(accounts(), { ...traced(trace), initialConnectTimeout: 60_000 })
      const starting = rejection(app.listen())
      await quiet()
      expect(bob.connected).to.equal(true)
      await app.shutdown()
      expect(bob.connected).to.equal(false)
      expect(trace).to.include('close').and.not.include('startup')
      expect(await starting).to.have.property('message', 'the connector was stopped.')
    })
  })
})

describe('a connector that cannot start', () => {
  withoutLog()
  noRejectionLeft()
  let alice: TestPlugin
  let trace: string[]

  beforeEach(() => {
    alice = new TestPlugin()
    trace = []
  })

  async function expectNothingOpen (connector: TestConnector, reason: string): Promise<void> {
    expect(await rejection(connector.app.listen())).to.be.an.instanceof(Error).with.property('message').that.includes(reason)
    expect(trace.at(-1)).to.equal('close')
    expect([alice.connected, heard(alice)]).to.deep.equal([false, []])
    expect(await rejection(connector.app.listen())).to.have.property('message', 'a connector can be started once. state=stopped')
  }

  for (const [what, script, reason] of [
    ['the store does not open', { open: rejecting(new Error('disk is gone')) }, 'disk is gone'],
    ['the backend knows no rates', { backend: rejecting(new Error('no rates today')) }, 'no rates today'],
    ['the backend throws', { backend: throwing(undefined) }, 'undefined'],
    ['a middleware fails to start', { startup: rejecting(new Error('no licence')) }, 'no licence']
  ] as Array<[string, Script, string]>) {
    it(`because ${what} says so and leaves nothing open`, async () => {
      await expectNothingOpen(makeConnector({ alice: account(alice) }, traced(trace, script)), reason)
    })
  }

  it('because a plugin takes no handlers says so and leaves nothing open', async () => {
    alice.registerDataHandler = throwing(new Error('handler is there already'))
    await expectNothingOpen(makeConnector({ alice: account(alice) }, traced(trace)), 'handler is there already')
  })

  it('because it has neither address nor parent says so and leaves nothing open', async () => {
    await expectNothingOpen(makeConnector({ alice: account(alice) }, { ...traced(trace), ilpAddress: 'unknown' }), 'CONNECTOR_ILP_ADDRESS')
  })

  describe('because of a port', () => {
    let other: Server
    const portOf = (server: Server): number => (server.address() as { port: number }).port

    beforeEach(async () => {
      other = createServer().listen(0, '127.0.0.1')
      await once(other, 'listening')
    })
    afterEach(() => { other.close() })

    it('that is taken says so and leaves nothing open', async () => {
      const options = { ...traced(trace), adminApi: true, adminApiPort: portOf(other) }
      await expectNothingOpen(makeConnector({ alice: account(alice) }, options), String(portOf(other)))
    })

    it('of its own gives that back when something later fails', async () => {
      const port = portOf(other)
      other.close()
      await once(other, 'close')
      const options = { ...traced(trace, { backend: rejecting(new Error('no rates today')) }), adminApi: true, adminApiPort: port }
      await expectNothingOpen(makeConnector({ alice: account(alice) }, options), 'no rates today')
      other = createServer().listen(port, '127.0.0.1')
      await once(other, 'listening')
    })
  })
})
