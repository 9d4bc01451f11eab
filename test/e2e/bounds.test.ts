/**
 * What others can make us remember has a bound, here by what it takes of our memory. (Lists whose length can be seen are tested with what
 * they belong to.)
 */
import { expect } from 'chai'
import { Authenticator, authEntries } from '../../plugins/btp/auth.js'
import { FrameType } from '../../plugins/btp/wire/frame.js'
import type { Frame } from '../../plugins/btp/wire/frame.js'
import { LoopDetector } from '../../src/forwarding/loop-detector.js'
import { fractionOf } from '../../src/forwarding/rate.js'
import { AccountStats } from '../../src/metrics/stats.js'
import { prepareOf } from '../../src/packet/prepare.js'
import { encodeFulfill } from '../../src/packet/reply.js'
import { LoopGuard } from '../../src/routing/table/loop-guard.js'
import { MAX_GUARDED_PREFIXES } from '../../src/routing/table/limits.js'
import { aliveBytes } from '../support/alive.js'
import { account, startConnector } from '../support/connector.js'
import { FULFILLMENT, outcomeOf, prepare } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'

const MIB = 2 ** 20

describe('what others make us remember', function () {
  this.timeout(120_000)

  /** Does something ever new, `count` times, and expects that little of it stays. */
  async function expectBounded (count: number, bytesMax: number, once: (i: number) => void): Promise<void> {
    const before = await aliveBytes()
    for (let i = 0; i < count; i++) once(i)
    expect(await aliveBytes() - before).to.be.lessThan(bytesMax)
    once(count) // so that what remembers is still there when it is measured
  }

  it('large answers to packets that might come again', async () => {
    const large = encodeFulfill(FULFILLMENT, Buffer.alloc(32_000))
    const [alice, bob] = [new TestPlugin(), new TestPlugin(() => Promise.resolve(Buffer.from(large)))]
    const { app } = await startConnector({ alice: account(alice), bob: account(bob) }, { disableMiddleware: ['rateLimit'] })
    const pay = async (): Promise<void> => { expect(outcomeOf(await alice.receive(prepare()))).to.equal('fulfill') }
    await pay()
    const before = await aliveBytes()
    for (let i = 0; i < 20_000; i++) {
      await pay()
      bob.sent.length = 0
    }
    expect(await aliveBytes() - before).to.be.lessThan(16 * MIB) // of 640
    await app.shutdown()
  })

  it('packets that might come round', async () => {
    const arrivals = new LoopDetector()
    const packet = prepare({ data: Buffer.alloc(4) })
    await expectBounded(300_000, 4 * MIB, i => {
      packet.writeUInt32BE(i, packet.length - 4)
      arrivals.sent(prepareOf(Buffer.from(packet)), 'alice', Date.now())
    })
  })

  it('exchange rates', async () => {
    await expectBounded(200_000, 8 * MIB, i => fractionOf(`1.${i + 1}`))
  })

  it('addresses from which wrong tokens came', async () => {
    const authenticator = new Authenticator()
    authenticator.add({ username: 'alice', secret: 'right' })
    const frame: Frame = { type: FrameType.MESSAGE, requestId: 1, protocolData: authEntries('alice', 'wrong', []) }
    await expectBounded(40_000, 6 * MIB, i => expect(() => authenticator.authenticate(frame, `address ${i}`)).to.throw('invalid auth_token'))
  })

  it('accounts that are gone', async () => {
    const stats = new AccountStats()
    await expectBounded(100_000, 8 * MIB, i => stats.removeAccount(`account ${i}`))
  })

  it('prefixes that must not be used for a while', () => {
    const guard = new LoopGuard()
    const path = ['test.far']
    for (let epoch = 0; epoch <= MAX_GUARDED_PREFIXES + 1000; epoch++) {
      const prefix = `test.x${epoch}`
      const route = { nextHop: 'peer', path, auth: Buffer.alloc(32) }
      guard.changed({ prefix, epoch, route }, { prefix, epoch: epoch + 1, route: undefined }, undefined)
      guard.forget(0)
    }
    expect(guard.size).to.equal(MAX_GUARDED_PREFIXES)
  })
})
