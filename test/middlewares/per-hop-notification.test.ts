/** The application hears of packets in transit, as fast as it can take it, and never keeps one waiting. */
import { expect } from 'chai'
import PerHopNotification, { MAX_TELLING, MAX_WAITING } from '../../middlewares/per-hop-notification.js'
import {

  encodePrepare } from '../../src/index.js'
import type { Method, MiddlewareApi, Pipelines } from '../../src/index.js'

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
