/**
 * Our router and ilp-connector 23.0.2 tell each other routes: chains of both kinds in one process, with the wire's bytes in between
 * and plugins that hand them over.
 */
import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import type { Injector } from 'reduct'
import sinon from 'sinon'
import { SILENT_LOG } from '../../src/contracts/logger.js'
import { prepareOf } from '../../src/packet/prepare.js'
import { encodeReject } from '../../src/packet/reply.js'
import { Router } from '../../src/routing/router.js'

type Handler = (data: Buffer) => Promise<Buffer>

/** One end of a wire, as a plugin. */
class Plug extends EventEmitter {
  static readonly version = 2
  other: Plug | undefined
  handler: Handler | undefined
  #isConnected = false

  connect (): Promise<void> {
    if (!this.#isConnected) {
      this.#isConnected = true
      this.emit('connect')
    }
    return Promise.resolve()
  }

  disconnect (): Promise<void> {
    if (this.#isConnected) {
      this.#isConnected = false
      this.emit('disconnect')
      void this.other?.disconnect()
    }
    return Promise.resolve()
  }

  isConnected (): boolean {
    return this.#isConnected
  }

  registerDataHandler (handler: Handler): void {
    this.handler = handler
  }

  deregisterDataHandler (): void {
    this.handler = undefined
  }

  registerMoneyHandler (): void {}
  deregisterMoneyHandler (): void {}

  sendMoney (): Promise<void> {
    return Promise.resolve()
  }

  async sendData (data: Buffer): Promise<Buffer> {
    if (this.other?.handler === undefined || !this.other.isConnected()) throw new Error('nobody there')
    return await this.other.handler(data)
  }
}

interface TestNode {
  plugs: Record<string, Plug>
  start: () => Promise<void>
  stop: () => Promise<void>
  /** Paths by prefix. */
  table: () => Record<string, string>
}

const plugsFor = (accountIds: string[]): Record<string, Plug> => Object.fromEntries(accountIds.map(accountId => [accountId, new Plug()]))

const plugAt = (node: TestNode, accountId: string): Plug => {
  const plug = node.plugs[accountId]
  if (plug === undefined) throw new Error(`no such account. accountId=${accountId}`)
  return plug
}

function join (a: Plug, b: Plug): void {
  a.other = b
  b.other = a
}

function sluice (address: string, accountIds: string[]): TestNode & { router: Router } {
  const plugs = plugsFor(accountIds)
  const router = new Router({
    ownAddress: () => address,
    accountIds: () => accountIds,
    relation: () => 'peer',
    isConnected: accountId => plugs[accountId]?.isConnected() === true,
    childAddress: () => '',
    routeOptions: () => ({}),
    sendData: async (accountId, packet) => await (plugs[accountId]?.sendData(packet) ?? Promise.reject(new Error('no such account'))),
    log: SILENT_LOG
  }, () => ({
    globalPrefix: 'test', routingSecret: Buffer.alloc(32), defaultRoute: '', routes: [],
    routeBroadcastEnabled: true, routeBroadcastInterval: 30_000, routeExpiry: 45_000, routeCleanupInterval: 1000
  }))
  for (const [accountId, plug] of Object.entries(plugs)) {
    plug.on('connect', () => router.accountConnected(accountId))
    plug.on('disconnect', () => router.accountDisconnected(accountId))
    plug.registerDataHandler(async data => {
      await Promise.resolve()
      try {
        return router.handle(accountId, prepareOf(data))
      } catch (error) {
        return encodeReject({ code: 'F00', triggeredBy: address, message: String(error), data: Buffer.alloc(0) })
      }
    })
  }
  return {
    plugs,
    router,
    start: async () => {
      router.start()
      for (const plug of Object.values(plugs)) await plug.connect()
    },
    stop: async () => {
      for (const plug of Object.values(plugs)) await plug.disconnect()
      router.stop()
    },
    table: () => Object.fromEntries(Object.entries(router.localTable()).map(([prefix, { path }]) => [prefix, path]))
  }
}

/** Required, not imported: it starts itself when it is imported as an ES module. */
const require = createRequire(import.meta.url)
const { createApp } = require('ilp-connector') as {
  createApp: (options: object, container: Injector) => { listen: () => Promise<void>, shutdown: () => Promise<void> }
}
const { default: createContainer } = require('reduct') as { default: () => Injector }
interface ReferenceRoutes {
  getStatus: () => { localRoutingTable: Record<string, { path: string }> }
}
const { default: RouteBroadcaster } = require('ilp-connector/dist/services/route-broadcaster') as {
  default: new (container: Injector) => ReferenceRoutes
}
const { setOutputStream } = require('ilp-connector/dist/common/log') as { setOutputStream: (stream: NodeJS.WritableStream) => void }

function reference (address: string, accountIds: string[]): TestNode {
  const plugs = plugsFor(accountIds)
  const container = createContainer()
  const accounts = Object.fromEntries(Object.entries(plugs).map(([accountId, plugin]) =>
    [accountId, { relation: 'peer', assetCode: 'USD', assetScale: 2, plugin }]))
  const app = createApp({ ilpAddress: address, backend: 'one-to-one', spread: 0, store: 'memory', accounts }, container)
  return {
    plugs,
    start: () => app.listen(),
    stop: () => app.shutdown(),
    table: () => Object.fromEntries(
      Object.entries(container(RouteBroadcaster).getStatus().localRoutingTable).map(([prefix, { path }]) => [prefix, path]))
  }
}

describe('CCP with the reference connector', () => {
  let clock: sinon.SinonFakeTimers
  before(() => setOutputStream(new PassThrough().resume()))
  after(() => setOutputStream(process.stdout))
  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  })
  afterEach(() => clock.restore())

  for (const [name, make] of [
    ['Sluice - reference - Sluice', { ends: sluice, middle: reference }],
    ['reference - Sluice - reference', { ends: reference, middle: sluice }]
  ] as const) {
    it(`${name}: the ends learn each other's routes, and learn them again after the middle is restarted`, async () => {
      const left = make.ends('test.left', ['middle'])
      const right = make.ends('test.right', ['middle'])
      const startMiddle = async (): Promise<TestNode> => {
        const middle = make.middle('test.middle', ['left', 'right'])
        join(plugAt(left, 'middle'), plugAt(middle, 'left'))
        join(plugAt(right, 'middle'), plugAt(middle, 'right'))
        await middle.start()
        for (const end of [left, right]) await plugAt(end, 'middle').connect()
        return middle
      }
      const middle = await startMiddle()
      await left.start()
      await right.start()
      const learnt = (): void => {
        expect(left.table()).to.deep.equal({ 'test.left': '', 'test.middle': 'test.middle', 'test.right': 'test.middle test.right' })
        expect(right.table()).to.deep.equal({ 'test.right': '', 'test.middle': 'test.middle', 'test.left': 'test.middle test.left' })
      }
      await clock.tickAsync(40_000)
      learnt()
      await clock.tickAsync(200_000)
      learnt()

      await middle.stop()
      await clock.tickAsync(1000)
      expect(left.table()).to.deep.equal({ 'test.left': '' })
      const restarted = await startMiddle()
      await clock.tickAsync(40_000)
      learnt()
      for (const node of [left, right, restarted]) await node.stop()
    })
  }

  it('many routes get through in both directions, and so do changes and withdrawals', async () => {
    const ours = sluice('test.ours', ['theirs', 'customers'])
    const middle = reference('test.middle', ['ours', 'far'])
    const far = sluice('test.far', ['middle', 'customers'])
    join(plugAt(ours, 'theirs'), plugAt(middle, 'ours'))
    join(plugAt(far, 'middle'), plugAt(middle, 'far'))
    for (const node of [middle, ours, far]) await node.start()
    const COUNT = 500
    for (let i = 0; i < COUNT; i++) {
      ours.router.addRoute({ targetPrefix: `test.c${i}`, peerId: 'customers' })
      far.router.addRoute({ targetPrefix: `test.d${i}`, peerId: 'customers' })
    }
    await clock.tickAsync(60_000)
    expect(Object.keys(middle.table())).to.have.length(2 * COUNT + 3)
    expect(Object.keys(ours.table())).to.have.length(2 * COUNT + 3)
    expect(far.table()).to.deep.include({ 'test.c499': 'test.middle test.ours', 'test.d0': '' })

    for (let i = 0; i < COUNT; i++) ours.router.removeRoute({ targetPrefix: `test.c${i}` })
    await clock.tickAsync(60_000)
    expect(Object.keys(middle.table())).to.have.length(COUNT + 3)
    expect(Object.keys(far.table())).to.have.length(COUNT + 3)
    await Promise.all([ours, far, middle].map(node => node.stop()))
  })
})
