/** The small parts that a node is made of, where the whole cannot show all their cases: fee, routing table, notices, base64, log. */
import { expect } from 'chai'
import fc from 'fast-check'
import FlatFeeBackend from '../../backends/flat-fee.js'
import PerHopNotification, { MAX_TELLING, MAX_WAITING } from '../../middlewares/per-hop-notification.js'
import {
  REJECT_CODE_MAP, RoutingTable, computeConditionFromData, computeFulfillmentFromData, createPaymentHandlerAdapter,
  encodePrepare, generatePaymentId, mapRejectCode, validateResponseData
} from '../../src/index.js'
import type { BackendApi, Method, MiddlewareApi, Pipelines } from '../../src/index.js'
import { fractionOf, applyRate } from '../../src/forwarding/rate.js'
import { TestLogger } from '../support/node.js'

describe('the fee of a node', () => {
  const scales: Record<string, number> = { local: 0, peer: 0, fine: 9 }
  const api = { getInfo: (id: string) => ({ assetScale: scales[id] }), accounts: {}, log: {} } as unknown as BackendApi

  it('is the percentage of the amount rounded up, and nothing for free accounts', () => fc.assert(fc.asyncProperty(
    fc.bigInt(0n, 2n ** 64n - 1n), fc.integer({ min: 0, max: 9999 }),
    async (amount, basisPoints) => {
      const backend = new FlatFeeBackend({ spread: basisPoints / 10_000, free: ['local'] }, api)
      await backend.connect()
      const fee = (amount * BigInt(basisPoints) + 9999n) / 10_000n
      expect(applyRate(amount, fractionOf(await backend.getRate('local', 'peer')))).to.equal(amount - fee)
      expect(applyRate(amount, fractionOf(await backend.getRate('peer', 'local')))).to.equal(amount)
    }
  )))

  it('keeps to the scales of the accounts', async () => {
    const backend = new FlatFeeBackend({ spread: 0.001, free: ['local'] }, api)
    expect(await backend.getRate('peer', 'fine')).to.equal('999000000')
    expect(await backend.getRate('fine', 'local')).to.equal('0.000000001')
  })

  it('is refused when it is none', () => {
    for (const options of [{ spread: 1 }, { spread: -0.1 }, { free: 'local' }]) expect(() => new FlatFeeBackend(options, api)).to.throw('invalid backend option')
  })
})

describe('RoutingTable', () => {
  it('finds the longest prefix by whole segments, then the highest priority, then the first', () => {
    const table = new RoutingTable()
    table.addRoute('g', 'parent')
    table.addRoute('g.hub', 'local')
    table.addRoute('g.peer', 'first')
    table.addRoute('g.peer', 'second')
    table.addRoute('g.peer.charlie', 'low', -1)
    table.addRoute('g.peer.charlie', 'high', 1)
    const hops = ['g.hub.alice', 'g.peer.x', 'g.peer.charlie', 'g.peering', 'g', 'test.x'].map(address => table.getNextHop(address))
    expect(hops).to.deep.equal(['local', 'first', 'high', 'parent', 'parent', null])
    expect(table.removeRoute('g.peer', 'first')).to.deep.equal([{ prefix: 'g.peer', nextHop: 'first', priority: 0 }])
    expect(table.removeRoute('g.peer')).to.have.lengthOf(1)
    expect(table.removeRoute('g.peer')).to.deep.equal([])
    expect(table.getNextHop('g.peer.x')).to.equal('parent')
  })
})

describe('the per-hop notification', () => {
  const packet = (): Buffer => encodePrepare({ amount: 1n, destination: 'g.x', data: Buffer.alloc(0), expiresAt: Date.now() + 1e4, executionCondition: Buffer.alloc(32) })

  async function outgoing (notify: unknown, warnings: string[] = []): Promise<Method<Buffer, Buffer>> {
    const log = { warn: (message: string) => warnings.push(message) }
    const middleware = new PerHopNotification({ notify, local: 'local' }, { log } as unknown as MiddlewareApi)
    let method: Method<Buffer, Buffer> | undefined
    const outgoingData = { insertLast: (entry: { method: Method<Buffer, Buffer> }) => { method = entry.method } }
    await middleware.applyToPipelines({ outgoingData } as unknown as Pipelines, 'local')
    expect(method).to.equal(undefined)
    await middleware.applyToPipelines({ outgoingData } as unknown as Pipelines, 'peer')
    return method!
  }

  it('keeps so many notices and drops the rest, packets going on all the while', async () => {
    let told = 0
    let finish = (): void => undefined
    const finished = new Promise<void>(resolve => { finish = resolve })
    const warnings: string[] = []
    const send = await outgoing(() => {
      told++
      return finished
    }, warnings)
    let passed = 0
    const total = MAX_TELLING + MAX_WAITING + 500
    for (let i = 0; i < total; i++) {
      await send(packet(), data => {
        passed++
        return Promise.resolve(data)
      })
    }
    expect(passed).to.equal(total)
    expect(told).to.equal(MAX_TELLING)
    expect(warnings).to.have.lengthOf(1)
    finish()
    for (let i = 0; i < 5000; i++) await Promise.resolve()
    expect(told).to.equal(MAX_TELLING + MAX_WAITING)
  })

  it('goes on after a notice that failed, and is silent about the own packets of the application', async () => {
    let told = 0
    const send = await outgoing(() => {
      told++
      return Promise.reject(new Error('no'))
    })
    const next = (data: Buffer): Promise<Buffer> => Promise.resolve(data)
    for (let i = 0; i < 100; i++) {
      await send(packet(), next)
      await Promise.resolve()
    }
    const own = packet()
    await send(own, next, { origin: 'local' })
    await send(Buffer.from([13, 0]), next)
    for (let i = 0; i < 100; i++) await Promise.resolve()
    expect(told).to.equal(100)
  })

  it('needs somebody to tell', async () => {
    const error = await outgoing(undefined).catch((reason: unknown) => reason)
    expect(String(error)).to.include('needs the option "notify"')
  })
})

describe('the payment contract', () => {
  it('agrees with the published vectors', () => {
    const { condition, fulfillment } = computeConditionFromData(Buffer.from('hello'))
    expect(fulfillment.toString('hex')).to.equal('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824')
    expect(condition.toString('hex')).to.equal('9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50')
    expect(computeFulfillmentFromData(Buffer.alloc(0))).to.have.lengthOf(32)
  })

  it('knows the codes', () => {
    expect(Object.entries(REJECT_CODE_MAP).every(([code, ilp]) => mapRejectCode(code) === ilp)).to.equal(true)
    expect(['R00', 'F03', 'F123', 'toString', ''].map(mapRejectCode)).to.deep.equal(['R00', 'F03', 'F99', 'F99', 'F99'])
  })

  it('makes a new id each time', () => {
    const ids = new Set(Array.from({ length: 1000 }, generatePaymentId))
    expect(ids.size).to.equal(1000)
    for (const id of ids) expect(id).to.match(/^[A-Za-z0-9_-]{22}$/)
  })

  it('takes canonical base64 of up to 32 KiB and nothing else', () => {
    const log = new TestLogger()
    const largest = Buffer.alloc(32_768, 1).toString('base64')
    for (const good of ['AQ==', largest]) expect(validateResponseData(good, log)).to.equal(good)
    expect(log.lines).to.deep.equal([])
    for (const bad of ['AR==', 'A', 'A===', '_-8=', 'AQ==\n', Buffer.alloc(32_769).toString('base64'), 5, {}]) expect(validateResponseData(bad, log)).to.equal(undefined)
    expect(log.lines).to.have.lengthOf(8)
    expect(validateResponseData(undefined, log)).to.equal(undefined)
    expect(log.lines).to.have.lengthOf(8)
  })

  it('asks no handler about a packet that has expired', async () => {
    const deliver = createPaymentHandlerAdapter(() => { throw new Error('asked') }, new TestLogger())
    const request = { destination: 'g.x', amount: '1', executionCondition: '', data: '', sourcePeer: 'a', expiresAt: new Date(Date.now() - 1).toISOString() }
    expect(await deliver(request, 'a')).to.deep.equal({ reject: { code: 'R00', message: 'Payment has expired' } })
  })
})
