/** The plugin `local` in a connector of the classic kind: an account whose peer is a web server on this side. */
import { expect } from 'chai'
import PluginLocal from '../../../plugins/local/index.js'
import { MAX_DELIVERIES, MAX_DELIVERY_BYTES } from '../../../plugins/local/index.js'
import { computeConditionFromData, encodePrepare, isFulfill, rejectOf } from '../../../src/index.js'
import { account, startConnector } from '../../support/connector.js'
import { TestPlugin } from '../../support/test-plugin.js'
import { World } from '../../support/node.js'

describe('the plugin local', () => {
  const world = new World()
  afterEach(() => world.end())

  const prepare = (destination: string, data = Buffer.from('hi')): Buffer => encodePrepare({
    amount: 100n, destination, data, expiresAt: Date.now() + 20_000, executionCondition: computeConditionFromData(data).condition
  })

  it('is an account like any other, made from options alone', async () => {
    const { url, requests } = await world.businessLogic(({ data }) => ({ accept: true, data }))
    const balance = { maximum: '1000' }
    const sender = new TestPlugin()
    const connector = await startConnector({
      sender: account(sender, { balance }),
      shop: account('local', { balance, options: { handlerUrl: url, address: 'test.shop' } })
    })
    world.after(() => connector.app.shutdown())
    expect(isFulfill(await sender.receive(prepare('test.shop.x')))).to.equal(true)
    expect(requests[0]).to.include({ destination: 'test.shop.x', amount: '100', data: 'aGk=' })
    expect(connector.balances()).to.deep.equal({ sender: { balance: 100n, held: 0n }, shop: { balance: -100n, held: 0n } })
  })

  const faults: Array<[options: object, text: string]> = [
    [{ handlerUrl: 'ftp://x' }, 'handlerUrl: expected an http or https URL'],
    [{ handlerUrl: 'http://user:hunter2@x' }, 'handlerUrl: expected an http or https URL without user name and password'],
    [{ handlerUrl: 'http://x?key=hunter2' }, 'handlerUrl'],
    [{ timeout: 0 }, 'timeout'],
    [{ deliver: 'me' }, 'deliver: expected a function'],
    [{ authToken: '' }, 'authToken']
  ]
  for (const [options, text] of faults) {
    it(`refuses ${Object.keys(options).join()} when it cannot work, and repeats no secret`, () => {
      expect(() => new PluginLocal({ ...options })).to.throw(text).with.property('message').that.does.not.include('hunter2')
    })
  }

  it('is connected between connect and disconnect, and says so once', async () => {
    const plugin = new PluginLocal({})
    const events: string[] = []
    for (const event of ['connect', 'disconnect']) plugin.on(event, () => events.push(event))
    await Promise.all([plugin.connect(), plugin.connect()])
    expect(plugin.isConnected()).to.equal(true)
    await Promise.all([plugin.disconnect(), plugin.disconnect()])
    expect(plugin.isConnected()).to.equal(false)
    expect(events).to.deep.equal(['connect', 'disconnect'])
  })

  it('carries the packets of the application to the connector, once that takes them', async () => {
    const plugin = new PluginLocal({})
    const error = await plugin.sendPrepare(prepare('g.x')).catch((reason: unknown) => reason)
    expect(String(error)).to.include('does not accept packets')
    plugin.registerDataHandler(data => Promise.resolve(data.subarray(0, 1)))
    expect(() => { plugin.registerDataHandler(data => Promise.resolve(data)) }).to.throw('already registered')
    expect(await plugin.sendPrepare(prepare('g.x'))).to.deep.equal(Buffer.from([12]))
  })

  it('refuses with T03 what is too much at a time', async () => {
    let answer = (): void => undefined
    const answered = new Promise<void>(resolve => { answer = resolve })
    const plugin = new PluginLocal({ deliver: () => answered.then(() => ({ reject: { code: 'F99', message: 'done' } })) })
    const waiting = Array.from({ length: MAX_DELIVERIES }, () => plugin.sendData(prepare('g.x')))
    expect(rejectOf(await plugin.sendData(prepare('g.x'))).code).to.equal('T03')
    const other = new PluginLocal({ deliver: () => answered.then(() => ({ reject: { code: 'F99', message: 'done' } })) })
    const large = prepare('g.x', Buffer.alloc(32_000))
    for (let bytes = large.length; bytes <= MAX_DELIVERY_BYTES; bytes += large.length) waiting.push(other.sendData(large))
    expect(rejectOf(await other.sendData(large)).code, 'in bytes').to.equal('T03')
    answer()
    for (const reply of await Promise.all(waiting)) expect(rejectOf(reply).code).to.equal('F99')
    expect(rejectOf(await plugin.sendData(prepare('g.x'))).code).to.equal('F99')
  })

  it('waits for no handler longer than the packet lives', async () => {
    const plugin = new PluginLocal({ deliver: () => new Promise(() => undefined) })
    const data = Buffer.alloc(0)
    const short = encodePrepare({ amount: 1n, destination: 'g.x', data, expiresAt: Date.now() + 30, executionCondition: Buffer.alloc(32) })
    expect(rejectOf(await plugin.sendData(short))).to.include({ code: 'R00', message: 'Local delivery handler timed out' })
  })

  it('moves no money', async () => {
    await new PluginLocal({}).sendMoney()
  })
})
