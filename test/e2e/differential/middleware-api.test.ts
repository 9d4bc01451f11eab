/** A user's own middlewares: found, constructed, placed and served as by ilp-connector. */
import { expect } from 'chai'
import type { MiddlewareApi } from '../../../src/contracts/middleware.js'
import { between, modulePath, useArena, type Account, type Duel, type Name, type Options, type OptionsFor } from '../../support/differential/harness.js'
import type { InsertingOptions } from '../../support/differential/modules/inserting-middleware.js'
import { preparePacket, preimage, rejectPacket } from '../../support/differential/packets.js'

const inserting = modulePath('inserting-middleware.js')
const PIPELINES = ['startup', 'teardown', 'incomingData', 'outgoingData', 'incomingMoney', 'outgoingMoney'] as const
let count = 0

/** Plugins and middlewares in JavaScript throw anything. */
function throwing (reason: unknown): Promise<never> {
  return Promise.reject(reason)
}

function toBob (amount = 100): Buffer {
  return preparePacket({ destination: 'test.bob', amount, fulfillment: preimage(`api ${count++}`) })
}

/** Both sides with the middleware `mine`; `calls` is what it noted on each. */
function withMine (
  options: InsertingOptions, more: Partial<Options> = {}, alice: Account = {}, bob: Account = {}
): { options: OptionsFor, calls: Record<Name, unknown[]> } {
  const calls = { reference: [] as unknown[], sluice: [] as unknown[] }
  return {
    calls,
    options: side => between(alice, bob, {
      ...more, middlewares: { mine: { type: inserting, options: { ...options, calls: calls[side] } }, ...more.middlewares }
    })
  }
}

/** Balances are closed there as well, which ilp-connector does not do; a listed difference. */
function forgetTeardown (calls: unknown[]): void {
  for (const call of calls) delete (call as { steps?: { teardown?: unknown } }).steps?.teardown
}

/** `rateLimit` remembers the limit of an account that goes, which ilp-connector does not; a listed difference. */
function withoutRateLimitsTeardown (calls: unknown[]): unknown[] {
  return calls.map(call => {
    const { steps } = call as { steps?: Record<string, string[]> }
    if (steps?.teardown === undefined) return call
    return { ...call as object, steps: { ...steps, teardown: steps.teardown.filter(step => step !== 'rateLimit') } }
  })
}

async function exercise (duel: Duel): Promise<void> {
  await duel.sendSame('alice', toBob())
  await duel.sendSame('bob', preparePacket({ destination: 'test.alice', amount: 3 }))
  await duel.sendSame('alice', preparePacket({ destination: 'test.nowhere' }))
  await duel.same(side => side.plugin('alice').receiveMoney('9'))
}

describe('the same for middlewares of your own: construction', () => {
  const arena = useArena()

  it('gets its options and the api, and is applied once to each account in turn', async () => {
    const { options, calls } = withMine({}, { disableMiddleware: ['deduplicate', 'balance'] })
    await arena.start(options)
    expect(withoutRateLimitsTeardown(calls.sluice)).to.deep.equal(calls.reference)
    expect(calls.sluice).to.have.length(5)
  })

  it('gets an empty object where it has no options', async () => {
    const duel = await arena.start(between({}, {}, { middlewares: { mine: { type: inserting } } }))
    await exercise(duel)
    duel.expectSame()
  })

  it('is applied to accounts that are added later', async () => {
    const { options, calls } = withMine({ insert: [{ into: 'startup', where: 'last' }, { into: 'teardown', where: 'last' }] }, { disableMiddleware: ['deduplicate', 'balance'] })
    const duel = await arena.start(options)
    await duel.same(side => side.app.addPlugin('carl', side.account('carl', { assetCode: 'EUR' })))
    await duel.same(side => side.app.removePlugin('bob'))
    await duel.stop()
    expect(withoutRateLimitsTeardown(calls.sluice)).to.deep.equal(calls.reference)
  })

  for (const [name, middlewares] of [
    ['the name of a built-in one', { balance: { type: inserting } }],
    ['a module that does not exist', { mine: { type: 'no-such-middleware' } }],
    ['a module that exports no class', { mine: { type: modulePath('nothing.js') } }]
  ] as const) {
    it(`is refused with ${name}`, () => {
      const refusals = (['reference', 'sluice'] as const).map(side => {
        try {
          arena.prepareOne(side, between({}, {}, { middlewares }))
          return 'accepted'
        } catch (error) {
          return (error as Error).message
        }
      })
      expect(refusals[0]).to.match(/same name as built-in|not found as a module name|does not export a constructor/)
      expect(refusals[1]).to.satisfy((text: string) => text.startsWith(refusals[0]!.split(' module=')[0]!))
    })
  }

  it('may take the name of one that is disabled, and a built-in one may come twice', async () => {
    const duel = await arena.start(between({}, {}, { disableMiddleware: ['stats', 'alert'], middlewares: { stats: { type: 'stats' }, alert: { type: inserting }, again: { type: 'stats' } } }))
    await exercise(duel)
    duel.expectSame()
  })

  it('fails the account that it cannot be applied to', async () => {
    const { options } = withMine({ failFor: 'carl' })
    const duel = await arena.start(options)
    const { reference, sluice } = await duel.each(side => side.app.addPlugin('carl', side.account('carl', {})))
    expect(reference).to.deep.equal({ thrown: 'failed to apply middleware. middlewareName=mine' })
    expect((sluice as { thrown: string }).thrown).to.match(/^failed to apply middleware. middlewareName=mine/)
  })
})

describe('the same for middlewares of your own: places', () => {
  const arena = useArena()
  const full: Account = {
    balance: { maximum: '1000', settleThreshold: '-50' }, throughput: { incomingAmount: '1000', outgoingAmount: '1000' }, maxPacketAmount: '1000'
  }
  // What is sent twice costs nothing here, so deduplicate stands elsewhere among the outgoing steps; a listed difference.
  const disableMiddleware = ['deduplicate'] as const

  for (const into of PIPELINES) {
    it(`first and last in ${into}`, async () => {
      const { options, calls } = withMine({ insert: [{ into, where: 'first', step: 'a' }, { into, where: 'last', step: 'z' }, { into, where: 'first', step: 'b' }] },
        { disableMiddleware: [...disableMiddleware, 'balance'] }, full, full)
      const duel = await arena.start(options)
      await exercise(duel)
      duel.expectSame()
      await duel.same(side => side.app.removePlugin('bob'))
      expect(withoutRateLimitsTeardown(calls.sluice)).to.deep.equal(calls.reference)
    })
  }

  for (const [into, names] of [
    ['incomingData', ['errorHandler', 'rateLimit', 'maxPacketAmount', 'throughput', 'balance', 'echo', 'stats']],
    ['outgoingData', ['throughput', 'balance', 'expire', 'validateFulfillment', 'stats', 'alert']],
    ['incomingMoney', ['errorHandler', 'rateLimit', 'balance', 'stats']],
    ['outgoingMoney', ['balance', 'stats']]
  ] as const) {
    for (const name of names) {
      it(`before and after ${name} in ${into}`, async () => {
        const { options, calls } = withMine({ insert: [{ into, where: { before: name }, step: 'a' }, { into, where: { after: name }, step: 'z' }] }, { disableMiddleware: [...disableMiddleware] }, full, full)
        const duel = await arena.start(options)
        await exercise(duel)
        await arena.tick(1)
        for (const made of Object.values(calls)) forgetTeardown(made)
        expect(withoutRateLimitsTeardown(calls.sluice)).to.deep.equal(calls.reference)
        duel.expectSame()
      })
    }
  }

  for (const where of [{ before: 'nothing' }, { after: 'nothing' }] as const) {
    it(`nowhere ${Object.keys(where)[0]!} a step that is not there`, async () => {
      const { options } = withMine({ insert: [{ into: 'incomingMoney', where }] })
      for (const side of ['reference', 'sluice'] as const) {
        const one = arena.prepareOne(side, (options as (side: Name) => Options)(side))
        // ilp-connector only logs what went wrong at the start; asked to add one account more, it says so.
        const failure = await one.app.addPlugin('carl', one.account('carl', {})).then(() => one.app.listen()).then(() => undefined, (error: unknown) => error as Error)
        expect(failure?.message).to.match(/^failed to apply middleware. middlewareName=mine/)
      }
    })
  }
})

describe('the same for middlewares of your own: what they do', () => {
  const arena = useArena()
  const acts: [string, InsertingOptions['act']][] = [
    ['goes on', (value, next) => next(value)],
    ['calls next twice', async (value, next) => { await next(value); return next(value) }],
    ['calls next twice at once', async (value, next) => { const first = next(value); await next(value); return await first }],
    ['throws', () => { throw new Error('not today') }],
    ['throws a text', () => throwing('not today')],
    ['throws nothing', () => throwing(undefined)],
    ['throws an ILP error with data', () => { throw Object.assign(new Error('not today'), { ilpErrorCode: 'T42', ilpErrorData: Buffer.from('sorry') }) }],
    ['answers itself', () => rejectPacket({ code: 'F42', triggeredBy: '' })],
    ['changes the answer', async (value, next) => { await next(value); return rejectPacket() }]
  ]

  for (const into of ['incomingData', 'outgoingData'] as const) {
    for (const [name, act] of acts) {
      it(`${name} in ${into}`, async () => {
        const { options, calls } = withMine({ insert: [{ into, where: 'last' }], act: act! }, {}, { balance: { maximum: '1000' } }, { balance: { maximum: '1000' } })
        const duel = await arena.start(options)
        await duel.sendSame('alice', toBob())
        await duel.sendSame('alice', Buffer.from([12, 0]).subarray(0, 0))
        expect(calls.sluice.slice(5)).to.deep.equal(calls.reference.slice(5))
        duel.expectSame()
      })
    }
  }

  for (const [name, act] of acts.slice(0, 6)) {
    it(`${name} in incomingMoney`, async () => {
      const { options } = withMine({ insert: [{ into: 'incomingMoney', where: { after: 'errorHandler' } }], act: act! })
      const duel = await arena.start(options)
      await duel.same(side => side.plugin('alice').receiveMoney('5'))
      duel.expectSame()
    })
  }

  it('answers with something that is no packet', async () => {
    for (const answer of [undefined, null, 'no', 7, {}, new Uint8Array(3)]) {
      const { options } = withMine({ insert: [{ into: 'incomingData', where: { after: 'errorHandler' } }], act: () => answer })
      const duel = await arena.start(options)
      expect(await duel.sendSame('alice', toBob())).to.include({ reject: 'F00', message: 'handler did not return a value.' })
      duel.expectSame()
    }
  })

  it('changes the packet on its way', async () => {
    const { options } = withMine({ insert: [{ into: 'incomingData', where: { before: 'echo' } }], act: (_, next) => next(preparePacket({ destination: 'test.bob.other', amount: 1 })) })
    const duel = await arena.start(options)
    await duel.sendSame('alice', toBob())
    duel.expectSame()
  })

  const reaches: [string, (api: MiddlewareApi) => Promise<unknown>][] = [
    ['sends a packet to an account', api => api.sendData(preparePacket({ destination: 'test.bob.extra', amount: 5, expiresIn: 3000 }), 'bob')],
    ['sends a packet to nobody', api => api.sendData(preparePacket({ destination: 'test.bob' }), 'nobody')],
    ['pays an account', api => api.sendMoney('12', 'bob')],
    ['pays nobody', api => api.sendMoney('12', 'nobody')],
    ['asks about nobody', api => Promise.resolve(api.getInfo('nobody'))]
  ]
  for (const [name, reach] of reaches) {
    it(name, async () => {
      const { options } = withMine({
        insert: [{ into: 'incomingData', where: 'last' }],
        act: async (value, next, api, accountId) => {
          if (accountId === 'alice') await reach(api)
          return await next(value)
        }
      }, {}, {}, { balance: { maximum: '1000' } })
      const duel = await arena.start(options)
      await duel.sendSame('alice', toBob())
      duel.expectSame()
    })
  }

  it('feeds the metrics', async () => {
    const { options } = withMine({
      insert: [{ into: 'incomingData', where: 'last' }],
      act: (value, next, { stats, getInfo }, accountId) => {
        const account = { accountId, accountInfo: getInfo(accountId) }
        stats.incomingDataPackets.increment(account, { result: 'fulfilled' }, 2)
        stats.outgoingDataPackets.increment(account, { result: 'rejected', code: 'F07' })
        stats.rateLimitedMoney.increment(account, {})
        stats.balance.setValue(account, {}, -3.5)
        return next(value)
      }
    })
    const duel = await arena.start(options)
    for (let i = 0; i < 3; i++) await duel.sendSame('alice', toBob())
    duel.expectSame()
  })
})
