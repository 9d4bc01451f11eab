/** The connector's own address: given by a parent over IL-DCP where it is not configured, given on to children, and kept up to date. */
import { expect } from 'chai'
import { deserializeIlpReject } from 'ilp-packet'
import { deserializeIldcpResponse, serializeIldcpRequest, serializeIldcpResponse } from 'ilp-protocol-ildcp'
import type sinon from 'sinon'
import { Accounts } from '../../src/accounts/accounts.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import { endClock, runClock, stoppedClock } from '../support/clock.js'
import { account, makeConnector, startConnector, type Options, type TestConnector } from '../support/connector.js'
import { never, rejecting, rejection } from '../support/failures.js'
import { LinkedPlugin, linkedPlugins } from '../support/linked-plugins.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, WRONG_FULFILL, outcomeOf, prepare, reject } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { quiet } from '../support/waiting.js'

const child = (plugin: TestPlugin, more: Partial<AccountInfo> = {}): AccountInfo => account(plugin, { relation: 'child', ...more })
const parent = (plugin: TestPlugin): AccountInfo => account(plugin, { relation: 'parent', sendRoutes: false, receiveRoutes: false })

/** A parent's answer to the question for an address. */
function addressed (clientAddress: string): () => Promise<Buffer> {
  return () => Promise.resolve(serializeIldcpResponse({ clientAddress, assetScale: 9, assetCode: 'USD' }))
}

describe('the address of a connector', () => {
  withoutLog()
  noRejectionLeft()
  let clock: sinon.SinonFakeTimers
  let running: TestConnector[]

  beforeEach(() => {
    clock = stoppedClock()
    running = []
  })
  afterEach(async () => {
    for (const { app } of running) await runClock(clock, app.shutdown())
    endClock(clock)
  })

  async function start (accounts: Record<string, AccountInfo>, options: Options = {}): Promise<TestConnector> {
    const connector = await runClock(clock, startConnector(accounts, { ilpAddress: 'unknown', routes: [], ...options }))
    running.push(connector)
    return connector
  }

  const addressOf = ({ container }: TestConnector): string => container(Accounts).getOwnAddress()

  describe('of a child', () => {
    it('is below its parent\'s, and its own children\'s below that', async () => {
      const [up, down] = linkedPlugins()
      const [leafUp, leafDown] = linkedPlugins()
      const leaf = new TestPlugin()
      await start({ alice: child(down) }, { ilpAddress: 'test.top' })
      const middle = await start({ up: parent(up), shop: child(leafDown, { ilpAddressSegment: 'Shop_1' }) })
      const bottom = await start({ up: parent(leafUp), leaf: child(leaf) })
      expect([addressOf(middle), addressOf(bottom)]).to.deep.equal(['test.top.alice', 'test.top.alice.Shop_1'])
      expect(bottom.container(Accounts).getChildAddress('leaf')).to.equal('test.top.alice.Shop_1.leaf')
    })

    it('routes packets as soon as it is known', async () => {
      const [up, down] = linkedPlugins()
      const [sender, leaf] = [new TestPlugin(), new TestPlugin()]
      await start({ alice: child(down), sender: account(sender) }, { ilpAddress: 'test.top' })
      await start({ up: parent(up), leaf: child(leaf) })
      expect(await sender.receive(prepare({ destination: 'test.top.alice.leaf.x' }))).to.equal(FULFILL)
      expect(outcomeOf(await sender.receive(prepare({ destination: 'test.top.alice.nobody' })))).to.equal('F02')
      expect(await leaf.receive(prepare({ destination: 'test.top.sender' })), 'the parent is the way to all others').to.be.an.instanceof(Buffer)
    })

    it('is not asked for where it is configured', async () => {
      const up = new TestPlugin(addressed('test.other'))
      const connector = await start({ up: parent(up) }, { ilpAddress: 'test.mine' })
      expect([addressOf(connector), up.sent.length]).to.deep.equal(['test.mine', 0])
    })

    for (const [what, answer] of [
      ['rejects', () => Promise.resolve(reject('T00'))],
      ['rejects without a name', () => Promise.resolve(reject('T01', 'no address yet', ''))],
      ['fails', rejecting(undefined)],
      ['never answers', never],
      ['answers nothing', () => Promise.resolve(undefined)],
      ['answers with garbage', () => Promise.resolve(Buffer.from([13, 1]))],
      ['fulfills something else', () => Promise.resolve(WRONG_FULFILL)],
      ['gives no address', addressed('nowhere')],
      ['gives a broken address', addressed('test.a b')]
    ] as Array<[string, () => unknown]>) {
      it(`is asked for again when the parent ${what}`, async () => {
        const up = new TestPlugin(answer)
        const connector = await start({ up: parent(up), leaf: child(new TestPlugin()) })
        expect(addressOf(connector)).to.equal('unknown')
        up.answer = addressed('test.top.alice')
        await clock.tickAsync(60_000)
        expect(addressOf(connector)).to.equal('test.top.alice')
        const asked = up.sent.length
        await clock.tickAsync(600_000)
        expect(up.sent.length, 'then it is not asked for any more').to.equal(asked)
      })
    }

    it('is learnt when a parent comes that was down at the start', async () => {
      const up = new TestPlugin(addressed('test.top.alice'))
      const leaf = new TestPlugin()
      let connects = 0
      up.connect = () => {
        connects++
        return Promise.reject(new Error('connection refused'))
      }
      const connector = await start({ up: parent(up), leaf: child(leaf), bob: account(new TestPlugin()) }, {
        routes: [{ targetPrefix: 'test.bob', peerId: 'bob' }]
      })
      expect(addressOf(connector)).to.equal('unknown')
      expect(await leaf.receive(prepare()), 'others are served').to.equal(FULFILL)
      expect(deserializeIlpReject(await leaf.receive(serializeIldcpRequest({})))).to.include({ code: 'T01', triggeredBy: '' })
      expect(connects, 'one attempt at a time').to.equal(2)

      up.connect = TestPlugin.prototype.connect.bind(up)
      await clock.tickAsync(60_000)
      expect(addressOf(connector)).to.equal('test.top.alice')
      expect(deserializeIldcpResponse(await leaf.receive(serializeIldcpRequest({}))).clientAddress).to.equal('test.top.alice.leaf')
      expect(await leaf.receive(prepare({ destination: 'test.top.alice.leaf' }))).to.equal(FULFILL)
    })

    it('is learnt when a parent connects that never said it failed', async () => {
      const up = new TestPlugin(addressed('test.top.alice'))
      up.connect = never
      const connector = await start({ up: parent(up) })
      up.connected = true
      up.emit('connect')
      await quiet()
      expect(addressOf(connector)).to.equal('test.top.alice')
    })
  })

  describe('that changes', () => {
    async function changed (answers: Array<() => unknown>): Promise<{ connector: TestConnector, leaf: TestPlugin, up: TestPlugin }> {
      const [up, leaf] = [new TestPlugin(addressed('test.top.alice')), new TestPlugin()]
      const connector = await start({ up: parent(up), leaf: child(leaf) })
      expect(addressOf(connector)).to.equal('test.top.alice')
      up.connected = false
      up.emit('disconnect')
      up.answer = () => {
        const [answer] = answers.length > 1 ? answers.splice(0, 1) : answers
        return answer!()
      }
      up.connected = true
      up.emit('connect')
      await quiet()
      return { connector, leaf, up }
    }

    it('is learnt when the parent comes back, and the children\'s routes go with it', async () => {
      const { connector, leaf, up } = await changed([addressed('test.top.alice-2')])
      expect(addressOf(connector)).to.equal('test.top.alice-2')
      expect(deserializeIldcpResponse(await leaf.receive(serializeIldcpRequest({}))).clientAddress).to.equal('test.top.alice-2.leaf')
      expect(await up.receive(prepare({ destination: 'test.top.alice-2.leaf' }))).to.equal(FULFILL)
      expect(leaf.sent).to.have.lengthOf(1)
      up.answer = () => Promise.resolve(reject('F02'))
      expect(outcomeOf(await up.receive(prepare({ destination: 'test.top.alice.leaf' })))).to.equal('F02')
      expect(leaf.sent, 'nobody is at the old address').to.have.lengthOf(1)
    })

    it('is asked for again when the parent is not ready at once', async () => {
      const { connector } = await changed([() => Promise.resolve(reject('T00')), rejecting(new Error('no')), addressed('test.top.alice-2')])
      await clock.tickAsync(10_000)
      expect(addressOf(connector)).to.equal('test.top.alice-2')
    })

    it('stays when the parent says the same', async () => {
      const { connector } = await changed([addressed('test.top.alice')])
      expect(addressOf(connector)).to.equal('test.top.alice')
    })
  })

  describe('with two parents', () => {
    const parents = (): Record<string, AccountInfo> => ({
      one: parent(new TestPlugin(addressed('test.one.alice'))), two: parent(new TestPlugin(addressed('test.two.alice')))
    })

    it('is the first one\'s', async () => {
      const accounts = parents()
      expect(addressOf(await start(accounts))).to.equal('test.one.alice')
      expect((accounts.two!.plugin as TestPlugin).sent).to.deep.equal([])
    })

    it('is that one\'s which is named', async () => {
      const accounts = parents()
      expect(addressOf(await start(accounts, { ilpAddressInheritFrom: 'two' }))).to.equal('test.two.alice')
      const one = accounts.one!.plugin as TestPlugin
      expect(one.sent).to.deep.equal([])
      one.emit('disconnect')
      one.emit('connect')
      await quiet()
      expect(one.sent, 'also later').to.deep.equal([])
    })

    it('is not the other one\'s while that which is named is away', async () => {
      const accounts = parents()
      const two = accounts.two!.plugin as TestPlugin
      two.connect = never
      const connector = await start(accounts, { ilpAddressInheritFrom: 'two' })
      expect(addressOf(connector)).to.equal('unknown')
      two.connected = true
      two.emit('connect')
      await quiet()
      expect(addressOf(connector)).to.equal('test.two.alice')
    })
  })

  it('must be configured where there is no parent', async () => {
    const { app } = makeConnector({ alice: account() }, { ilpAddress: 'unknown' })
    expect(await rejection(app.listen())).to.have.property('message')
      .that.includes('When there is no parent, ILP address must be specified in configuration.').and.includes('CONNECTOR_ILP_ADDRESS')
  })

  describe('is given to children', () => {
    const ask = async (plugin: TestPlugin, expiresAt?: Date): Promise<Buffer> =>
      plugin.receive(serializeIldcpRequest(expiresAt === undefined ? {} : { expiresAt }))

    it('with the asset of their account', async () => {
      const kid = new TestPlugin()
      await start({ kid: child(kid, { assetCode: 'EUR\u20ac', assetScale: 0 }) }, { ilpAddress: 'test.top' })
      expect(deserializeIldcpResponse(await ask(kid))).to.deep.equal({ clientAddress: 'test.top.kid', assetScale: 0, assetCode: 'EUR\u20ac' })
    })

    it('only, and only in time', async () => {
      const plugins = { kid: new TestPlugin(), peer: new TestPlugin(), up: new TestPlugin() }
      await start({ kid: child(plugins.kid), peer: account(plugins.peer), up: parent(plugins.up) }, { ilpAddress: 'test.top' })
      const late = new Date(Date.now() - 1)
      for (const [plugin, expiresAt] of [[plugins.peer, undefined], [plugins.up, undefined], [plugins.kid, late]] as const) {
        expect(deserializeIlpReject(await ask(plugin, expiresAt))).to.include({ code: 'F00', triggeredBy: 'test.top' })
      }
      expect(outcomeOf(await ask(plugins.kid, new Date(Date.now())))).to.equal('fulfill')
    })
  })

  it('of linked plugins: one whose peer is gone fails', async () => { // keeps the fixture honest
    const sent = Promise.resolve().then(() => new LinkedPlugin().sendData(FULFILL))
    expect(await rejection(sent)).to.have.property('message', 'the peer is not there')
  })
})
