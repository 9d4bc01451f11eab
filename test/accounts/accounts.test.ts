/** Accounts come, go and come back while the connector runs. What is refused changes nothing, and nobody else notices. */
import { expect } from 'chai'
import type sinon from 'sinon'
import { Accounts } from '../../src/accounts/accounts.js'
import { stoppedClock } from '../support/clock.js'
import { account, makeConnector, startConnector, type TestConnector } from '../support/connector.js'
import { customMiddleware } from '../support/modules/custom-middleware.js'
import { never, rejecting, rejection, throwing } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, fulfilling, outcomeOf, prepare } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { quiet } from '../support/waiting.js'

const NOT_A_PLUGIN = {} as unknown as TestPlugin
const BALANCE = { balance: { maximum: '1000' } }

/** Events somebody still listens to, apart from `error`, which nobody may leave unheard. */
function listeners (plugin: TestPlugin): unknown[] {
  return plugin.eventNames().filter(event => event !== 'error')
}

describe('accounts', () => {
  withoutLog()
  noRejectionLeft()
  let alice: TestPlugin
  let bob: TestPlugin
  let carol: TestPlugin
  let connector: TestConnector

  beforeEach(async () => {
    alice = new TestPlugin()
    bob = new TestPlugin()
    carol = new TestPlugin()
    connector = await startConnector({ alice: account(alice, BALANCE), bob: account(bob, BALANCE) }, {
      routes: ['alice', 'bob', 'carol'].map(id => ({ targetPrefix: `test.${id}`, peerId: id }))
    })
  })
  afterEach(() => connector.app.shutdown())

  const pay = async (from: TestPlugin, destination: string): Promise<string> => outcomeOf(await from.receive(prepare({ destination })))
  const ids = (): string[] => connector.container(Accounts).getAccountIds()

  /** Alice and Bob go on paying each other. */
  async function expectOthersUntouched (): Promise<void> {
    expect([await pay(alice, 'test.bob'), await pay(bob, 'test.alice')]).to.deep.equal(['fulfill', 'fulfill'])
    expect([alice.connects, bob.connects, alice.disconnects, bob.disconnects]).to.deep.equal([1, 1, 0, 0])
  }

  describe('that are added', () => {
    it('carry packets both ways as soon as they are', async () => {
      expect(await pay(alice, 'test.carol')).to.not.equal('fulfill')
      await connector.app.addPlugin('carol', account(carol, BALANCE))
      expect([await pay(alice, 'test.carol'), await pay(carol, 'test.alice')]).to.deep.equal(['fulfill', 'fulfill'])
      expect(connector.app.getPlugin('carol')).to.equal(carol)
      expect(ids()).to.deep.equal(['alice', 'bob', 'carol'])
      await expectOthersUntouched()
    })

    it('tell those who listen', async () => {
      const events: unknown[] = []
      const registry = connector.container(Accounts)
      for (const event of ['add', 'remove']) registry.on(event, (...args: unknown[]) => events.push([event, ...args]))
      await connector.app.addPlugin('carol', account(carol))
      await connector.app.removePlugin('carol')
      expect(events).to.deep.equal([['add', 'carol', carol], ['remove', 'carol', carol]])
    })

    for (const [what, id, info, reason] of [
      ['the id is taken', 'bob', () => account(carol), 'account exists already. accountId=bob'],
      ['the configuration is wrong', 'carol', () => account(carol, { assetScale: 256 }), 'assetScale'],
      ['the configuration has unknown parts', 'carol', () => ({ ...account(carol), currency: 'USD' }), 'currency'],
      ['the limits contradict each other', 'carol', () => account(carol, { balance: { minimum: '2', maximum: '1' } }), 'minimum'],
      ['a plugin is not found', 'carol', () => account('no-such-plugin'), 'no-such-plugin'],
      ['a plugin has no methods', 'carol', () => account(NOT_A_PLUGIN), 'connect'],
      ['a plugin is another account\'s', 'carol', () => account(alice), 'accountIds=alice,carol'],
      ['a plugin listens to somebody else', 'carol', () => {
        carol.registerDataHandler(fulfilling)
        return account(carol)
      }, 'already registered'],
      ['a plugin does not connect', 'carol', () => {
        carol.connect = rejecting(new Error('no route to host'))
        return account(carol)
      }, 'no route to host'],
      ['a plugin fails at once', 'carol', () => {
        carol.connect = throwing(new Error('no URL'))
        return account(carol)
      }, 'no URL']
    ] as Array<[string, string, () => ReturnType<typeof account>, string]>) {
      it(`are refused when ${what}, and nothing changes`, async () => {
        const error = await rejection(connector.app.addPlugin(id, info()))
        expect(error).to.be.an.instanceof(Error).with.property('message').that.includes(reason)
        expect(ids()).to.deep.equal(['alice', 'bob'])
        expect(await pay(bob, 'test.carol')).to.not.equal('fulfill')
        expect([listeners(carol), carol.dataHandler, carol.moneyHandler]).to.deep.equal([[], undefined, undefined])
        await expectOthersUntouched()
        await connector.app.addPlugin('carol', account(new TestPlugin()))
        expect(await pay(alice, 'test.carol')).to.equal('fulfill')
      })
    }

    it('may be children, each at an address of its own', async () => {
      const child = (plugin: TestPlugin, segment?: string): ReturnType<typeof account> =>
        account(plugin, { relation: 'child', ...(segment !== undefined && { ilpAddressSegment: segment }) })
      await connector.app.addPlugin('dave', child(carol))
      expect(await pay(alice, 'test.connector.dave')).to.equal('fulfill')
      for (const [id, segment] of [['erin', 'dave'], ['dave2', 'dave']] as const) {
        expect(await rejection(connector.app.addPlugin(id, child(new TestPlugin(), segment))))
          .to.have.property('message').that.includes('two children cannot share an address').and.includes('ilpAddressSegment=dave')
      }
      await connector.app.addPlugin('erin', child(new TestPlugin(), 'erin-2'))
      expect(await pay(alice, 'test.connector.erin-2.x')).to.equal('fulfill')
      expect(await pay(alice, 'test.connector.erin')).to.equal('F02')
      await connector.app.removePlugin('dave')
      await connector.app.addPlugin('frank', child(carol, 'dave'))
      expect(await pay(alice, 'test.connector.dave')).to.equal('fulfill')
    })

    it('may be there before the start, or at it', async () => {
      const plugins = [new TestPlugin(), new TestPlugin(), new TestPlugin()] as const
      const { app } = makeConnector({ a: account(plugins[0]) }, { routes: ['a', 'b', 'c'].map(id => ({ targetPrefix: `test.${id}`, peerId: id })) })
      await app.addPlugin('b', account(plugins[1]))
      expect(plugins[1].connects).to.equal(0)
      const starting = app.listen()
      const adding = app.addPlugin('c', account(plugins[2]))
      await Promise.all([starting, adding])
      for (const to of ['b', 'c']) expect(await pay(plugins[0], `test.${to}`)).to.equal('fulfill')
      expect(plugins.map(({ connects }) => connects)).to.deep.equal([1, 1, 1])
      await app.shutdown()
    })

    it('are refused when the connector has stopped', async () => {
      await connector.app.shutdown()
      expect(await rejection(connector.app.addPlugin('carol', account(carol)))).to.be.an.instanceof(Error)
      expect([carol.connects, listeners(carol)]).to.deep.equal([0, []])
    })
  })

  describe('that are removed', () => {
    it('get and send no packets any more', async () => {
      await connector.app.removePlugin('bob')
      expect(await pay(alice, 'test.bob')).to.equal('F02')
      expect([bob.dataHandler, bob.moneyHandler, bob.connected, listeners(bob)]).to.deep.equal([undefined, undefined, false, []])
      expect(() => connector.app.getPlugin('bob')).to.throw('unknown account id. accountId=bob')
      expect(ids()).to.deep.equal(['alice'])
    })

    it('come back with what they owe', async () => {
      await pay(alice, 'test.bob')
      await connector.app.removePlugin('alice')
      expect(connector.balances().alice!.balance, 'the money is still owed').to.equal(100n)
      await connector.app.addPlugin('alice', account(alice, BALANCE))
      expect(await pay(alice, 'test.bob')).to.equal('fulfill')
      expect(connector.balances()).to.deep.equal({ alice: { balance: 200n, held: 0n }, bob: { balance: -200n, held: 0n } })
      expect(await pay(bob, 'test.alice')).to.equal('fulfill')
    })

    it('come back with another plugin', async () => {
      await connector.app.removePlugin('bob')
      await connector.app.addPlugin('bob', account(carol, BALANCE))
      expect(await pay(alice, 'test.bob')).to.equal('fulfill')
      expect([bob.sent.length, carol.sent.length]).to.deep.equal([0, 1])
    })

    it('settle what is under way', async () => {
      let fulfill: (answer: Buffer) => void = () => undefined
      bob.answer = () => new Promise(resolve => { fulfill = resolve })
      const answer = alice.receive(prepare())
      await quiet()
      await connector.app.removePlugin('bob')
      await connector.app.removePlugin('alice')
      fulfill(FULFILL)
      expect(await answer).to.equal(FULFILL)
      expect(connector.balances()).to.deep.equal({ alice: { balance: 100n, held: 0n }, bob: { balance: -100n, held: 0n } })
    })

    it('must be there', async () => {
      for (const id of ['nobody', 'constructor', '__proto__']) {
        expect(await rejection(connector.app.removePlugin(id))).to.have.property('message', `unknown account id. accountId=${id}`)
      }
      await connector.app.removePlugin('bob')
      expect(await rejection(connector.app.removePlugin('bob'))).to.have.property('message', 'unknown account id. accountId=bob')
    })

    for (const [what, breakage] of [
      ['its plugin does not disconnect', { disconnect: rejecting(undefined) }],
      ['its plugin fails to disconnect at once', { disconnect: throwing(new Error('no')) }],
      ['its plugin does not let go of packets', { deregisterDataHandler: throwing(new Error('no')) }],
      ['its plugin does not let go of money', { deregisterMoneyHandler: throwing(undefined) }],
      ['its plugin does not let go of events', { removeListener: throwing(new Error('no')) }]
    ] as Array<[string, Partial<TestPlugin>]>) {
      it(`are gone also when ${what}`, async () => {
        Object.assign(bob, breakage)
        await connector.app.removePlugin('bob')
        expect(ids()).to.deep.equal(['alice'])
        expect(await pay(alice, 'test.bob')).to.equal('F02')
        await connector.app.addPlugin('bob', account(carol, BALANCE))
        expect(await pay(alice, 'test.bob')).to.equal('fulfill')
      })
    }
  })

  it('are gone also when a middleware fails to let go of them', async () => {
    const stubborn = customMiddleware(pipelines => pipelines.teardown.insertLast({ name: 'mine', method: rejecting(new Error('no')) }))
    const { app, container } = await startConnector({ alice: account(carol) }, { middlewares: { mine: stubborn } })
    await app.removePlugin('alice')
    expect(container(Accounts).getAccountIds()).to.deep.equal([])
    expect(carol.connected).to.equal(false)
    await app.shutdown()
  })
})

describe('an account that takes its time', () => {
  withoutLog()
  noRejectionLeft()
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = stoppedClock() })
  afterEach(() => { clock.restore() })

  it('is added all the same, and carries packets when it is there', async () => {
    const [alice, bob] = [new TestPlugin(), new TestPlugin()]
    const { app } = await startConnector({ alice: account(alice) }, { routes: [{ targetPrefix: 'test.bob', peerId: 'bob' }] })
    let come: () => void = () => undefined
    bob.connect = () => new Promise<void>(resolve => { come = resolve })
    let added = false
    const adding = app.addPlugin('bob', account(bob)).then(() => { added = true })
    await quiet()
    await clock.tickAsync(999)
    expect(added).to.equal(false)
    await clock.tickAsync(1)
    await adding
    expect(outcomeOf(await alice.receive(prepare()))).to.equal('T01')
    bob.connected = true
    bob.emit('connect')
    come()
    await quiet()
    expect(await alice.receive(prepare())).to.equal(FULFILL)
    await app.shutdown()
    expect(clock.countTimers(), 'no timer is left').to.equal(0)
  })

  it('keeps nobody from stopping', async () => {
    const { app } = await startConnector({})
    const bob = new TestPlugin()
    bob.connect = never
    const adding = app.addPlugin('bob', account(bob))
    const failure = rejection(adding)
    await quiet()
    await app.shutdown()
    expect(String(await failure)).to.include('the connector stopped, while it connected. accountId=bob')
    expect(listeners(bob)).to.deep.equal([])
    expect(clock.countTimers()).to.equal(0)
  })

  it('can be removed meanwhile', async () => {
    const { app } = await startConnector({})
    const bob = new TestPlugin()
    bob.connect = never
    const adding = app.addPlugin('bob', account(bob))
    await quiet()
    await clock.tickAsync(1000)
    await adding
    await app.removePlugin('bob')
    expect(listeners(bob)).to.deep.equal([])
    await app.shutdown()
    expect(clock.countTimers()).to.equal(0)
  })
})
