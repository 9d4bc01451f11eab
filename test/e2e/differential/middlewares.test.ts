/** Each built-in middleware does what the one of that name in ilp-connector does: by default, as configured, and at the edges. */
import { expect } from 'chai'
import { Gate, between, useArena, type Account, type Duel } from '../../support/differential/harness.js'
import { PEER_FULFILLMENT, fulfil, fulfillWith, preparePacket, preimage, rejectPacket, START, type Prepare } from '../../support/differential/packets.js'

const MAX_UINT64 = '18446744073709551615'
let count = 0

/** A packet to bob that no other packet resembles. */
function toBob (amount: number | string = 100, fields: Partial<Parameters<typeof preparePacket>[0]> = {}): Buffer {
  return preparePacket({ destination: 'test.bob.x', amount, fulfillment: preimage(`packet ${count++}`), ...fields })
}

const toAlice = (amount: number | string): Buffer => toBob(amount, { destination: 'test.alice' })

describe('the same middlewares: errorHandler', () => {
  const arena = useArena()

  for (const [name, makeThrown] of [
    ['an Error', () => new Error('cable cut')],
    ['a text', () => 'cable cut'],
    ['nothing', () => undefined],
    ['null', () => null],
    ['a number', () => 0],
    ['an error with an ILP code', () => Object.assign(new Error('busy'), { ilpErrorCode: 'T02' })],
    ['an error with an ILP code and data', () => Object.assign(new Error('busy'), { ilpErrorCode: 'T02', ilpErrorData: Buffer.from('later') })],
    ['an error with an empty ILP code', () => Object.assign(new Error('busy'), { ilpErrorCode: '' })],
    ['an object with a message', () => ({ message: 'odd' })],
    ['an error without a message', () => new Error()]
  ] as [string, () => unknown][]) {
    it(`answers for a plugin that throws ${name}`, async () => {
      const duel = await arena.start(between({ balance: { maximum: '1000' } }, {}), () => { throw makeThrown() })
      await duel.sendSame('alice', toBob())
      duel.expectSame()
    })
  }

  it('disabled, lets errors reach the plugin', async () => {
    const duel = await arena.start(between({ maxPacketAmount: '1' }, {}, { disableMiddleware: ['errorHandler'] }))
    expect(await duel.sendSame('alice', toBob())).to.deep.equal({ thrown: 'packet size too large. maxAmount=1 actualAmount=100' })
    await duel.sendSame('alice', preparePacket({ destination: 'test.nowhere' }))
    await duel.sendSame('alice', Buffer.from([1]))
    duel.expectSame()
  })
})

describe('the same middlewares: rateLimit', () => {
  const arena = useArena()

  it('lets 10000 packets of any kind through at once, then 1 every 6 ms', async () => {
    const duel = await arena.start(between({ relation: 'child' }))
    const question = preparePacket({ destination: 'peer.config', amount: 0, fulfillment: PEER_FULFILLMENT })
    await duel.each(async side => { for (let i = 0; i < 9998; i++) await side.plugin('alice').receive(question) })
    await duel.sendSame('alice', Buffer.from([99]))
    await duel.same(side => side.plugin('alice').receiveMoney('1'))
    for (const ms of [0, 5, 2, 1, 6, 13, 0, 0]) {
      await arena.tick(ms)
      await duel.sendSame('alice', toBob())
    }
    duel.expectSame()
  })

  for (const rateLimit of [
    { refillCount: 3 }, { capacity: 2 }, { capacity: 0, refillCount: 2 }, { refillCount: 1, capacity: 4, refillPeriod: 128 },
    { refillCount: 4, capacity: 1, refillPeriod: 128 }, { refillPeriod: 100 }, { refillPeriod: 128, refillCount: 2 }
  ]) {
    it(`counts alike with ${JSON.stringify(rateLimit)}`, async () => {
      const duel = await arena.start(between({ rateLimit }))
      for (const ms of [0, 0, 0, 0, 31, 1, 32, 64, 128, 0, 1000, 0, 0, 0, 0, 60_000, 0, 0, 0]) {
        await arena.tick(ms)
        await duel.sendSame('alice', toBob(1, { expiresIn: 100_000 }))
      }
      duel.expectSame()
    })
  }

  it('stands a clock that jumps back', async () => {
    const duel = await arena.start(between({ rateLimit: { refillPeriod: 128, refillCount: 1 } }))
    for (const time of [0, -1000, -872, -873, -745, 10_000, 10_001]) {
      arena.clock.setSystemTime(START + time)
      await duel.sendSame('alice', toBob(1, { expiresIn: 20_000 }))
    }
    duel.expectSame()
  })
})

describe('the same middlewares: maxPacketAmount', () => {
  const arena = useArena()

  for (const maxPacketAmount of ['1', '99', '100', '18446744073709551614', MAX_UINT64, '99999999999999999999999']) {
    it(`lets at most ${maxPacketAmount} in, and anything out`, async () => {
      const duel = await arena.start(between({ maxPacketAmount }, { maxPacketAmount: '1' }))
      for (const amount of [0, 1, 2, 99, 100, 101, '18446744073709551614', MAX_UINT64]) await duel.sendSame('alice', toBob(amount))
      duel.expectSame()
    })
  }
})

describe('the same middlewares: throughput', () => {
  const arena = useArena()
  const throughputs: [Account, Account][] = [
    [{ throughput: { incomingAmount: '100' } }, {}],
    [{}, { throughput: { outgoingAmount: '100' } }],
    [{ throughput: { incomingAmount: '256', refillPeriod: 2048 } }, {}],
    [{ throughput: { outgoingAmount: '1' } }, { throughput: { incomingAmount: '1' } }],
    [{ throughput: {} }, { throughput: { refillPeriod: 100 } }]
  ]

  for (const [alice, bob] of throughputs) {
    it(`lets the same through with ${JSON.stringify(alice)} and ${JSON.stringify(bob)}`, async () => {
      const duel = await arena.start(between(alice, bob))
      for (const [ms, amount] of [
        [0, 0], [0, 40], [0, 60], [0, 1], [0, 0], [10, 2], [10, 1], [500, 60], [0, 50], [5000, 101], [0, 100], [1000, 256],
        [3000, 256], [0, 257]
      ] as const) {
        await arena.tick(ms)
        await duel.sendSame('alice', toBob(amount, { expiresIn: 60_000 }))
      }
      duel.expectSame()
    })
  }
})

describe('the same middlewares: balance', () => {
  const arena = useArena()
  const status = async (duel: Duel): Promise<unknown> => await duel.same(side => side.balances())

  it('counts up to the maximum and not beyond', async () => {
    for (const maximum of ['0', '100', '101', '250', 'Infinity', '-5']) {
      const minimum = maximum.startsWith('-') ? '-Infinity' : '0'
      const duel = await arena.start(between({ balance: { minimum, maximum } }))
      for (const amount of [0, 100, 1, 149, 1, MAX_UINT64]) await duel.sendSame('alice', toBob(amount))
      duel.expectSame()
    }
  })

  it('takes back what was not paid in the end', async () => {
    const answers = [() => rejectPacket(), () => { throw new Error('cut') }, () => fulfillWith(preimage('wrong')), (prepare: Prepare) => fulfil(prepare)]
    const duel = await arena.start(between({ balance: { maximum: '100' } }, { balance: { maximum: '0' } }))
    for (const respond of answers) {
      await duel.each(side => { side.plugin('bob').respond = respond })
      await duel.sendSame('alice', toBob())
      await status(duel)
    }
    await duel.sendSame('alice', toBob(1))
    duel.expectSame()
  })

  it('counts packets that are under way', async () => {
    const gate = new Gate()
    const duel = await arena.start(between({ balance: { maximum: '250' } }, { balance: { maximum: '0' } }), async prepare => {
      await gate.pass()
      return Number(prepare.amount) > 90 ? fulfil(prepare) : rejectPacket()
    })
    const answers = [100, 80, 70, 71, 1].map(amount => duel.sendSame('alice', toBob(amount)))
    await arena.tick(0)
    await status(duel)
    gate.open()
    await Promise.all(answers)
    duel.expectSame()
  })

  it('is lowered by money that comes in and by adjustments, raised by money that goes out', async () => {
    const duel = await arena.start(between({ balance: { maximum: '1000', minimum: '-1000' } }))
    const adjust = (account: string, diff: number): Promise<unknown> =>
      duel.same(side => String(side.middleware('balance')?.modifyBalance(account, side.name === 'reference' ? String(diff) : BigInt(diff))))
    for (const amount of ['1', '250', '0', '749']) {
      await duel.same(side => side.plugin('alice').receiveMoney(amount))
      await status(duel)
    }
    for (const diff of [0, 1, -1, 2000, 1, -500]) await adjust('alice', diff)
    await adjust('bob', 1)
    await adjust('nobody', 1)
    duel.expectSame()
  })

  for (const [settleThreshold, settleTo] of [
    ['-100', undefined], ['-100', '20'], ['-100', '-50'], ['-100', '-99'], ['0', '0'], ['-1', '0'], ['0', '30'], ['-Infinity', '0'], [undefined, '10'], ['5', '10']
  ] as const) {
    it(`settles alike with settleThreshold ${String(settleThreshold)} and settleTo ${String(settleTo)}`, async () => {
      const balance = { maximum: '500', ...settleThreshold && { settleThreshold }, ...settleTo && { settleTo } }
      const duel = await arena.start(between({ balance }, { balance }))
      for (const amount of [0, 1, 99, 1, 100, 101, 300]) {
        await duel.sendSame('alice', toBob(amount))
        await duel.sendSame('bob', toAlice(amount))
        await arena.tick(1)
        await status(duel)
      }
      await duel.same(side => side.plugin('alice').receiveMoney('150'))
      await duel.same(side => { side.middleware('balance')?.modifyBalance('bob', side.name === 'reference' ? '-200' : -200n) })
      await arena.tick(1)
      duel.expectSame()
    })
  }

  it('settles once while a settlement is under way', async () => {
    const duel = await arena.start(between({}, { balance: { maximum: '10', settleThreshold: '-100' } }))
    const gate = new Gate()
    await duel.each(side => { side.plugin('bob').pay = () => gate.pass() })
    for (const amount of [100, 1, 50, 49, 1]) await duel.sendSame('alice', toBob(amount))
    expect(await duel.same(side => side.plugin('bob').money)).to.deep.equal(['101'])
    gate.open()
    await arena.tick(0)
    duel.expectSame()
  })

  it('disabled, lets everything through', async () => {
    const duel = await arena.start(between({ balance: { maximum: '0' } }, { balance: { maximum: '0', settleThreshold: '0' } }, { disableMiddleware: ['balance'] }))
    await duel.sendSame('alice', toBob())
    duel.expectSame()
  })
})

describe('the same middlewares: deduplicate', () => {
  const arena = useArena()
  const original = { amount: 100, expiresIn: 20_000, fulfillment: preimage('same') }

  for (const [name, second] of [
    ['the same packet', {}],
    ['a smaller amount', { amount: 99 }],
    ['an earlier expiry', { expiresIn: 19_999 }],
    ['a larger amount', { amount: 101 }],
    ['a later expiry', { expiresIn: 20_001 }],
    ['other data', { data: Buffer.from('x') }],
    ['another destination', { destination: 'test.bob.y' }],
    ['another condition', { fulfillment: preimage('other') }]
  ] as const) {
    it(`links ${name} or not`, async () => {
      const duel = await arena.start(between())
      for (const fields of [original, { ...original, ...second }, original]) await duel.sendSame('alice', preparePacket({ destination: 'test.bob', ...fields }))
      duel.expectSame()
    })
  }

  it('links a packet to one that is under way', async () => {
    const gate = new Gate()
    const duel = await arena.start(between(), async prepare => {
      await gate.pass()
      return fulfil(prepare, Buffer.from('thanks'))
    })
    const answers = [1, 2, 3].map(() => duel.sendSame('alice', preparePacket({ destination: 'test.bob', ...original })))
    await arena.tick(0)
    gate.open()
    await Promise.all(answers)
    duel.expectSame()
  })

  for (const deduplicate of [undefined, { cleanupInterval: 1000, packetLifetime: 5000 }]) {
    it(`remembers packets as long with ${JSON.stringify(deduplicate)}`, async () => {
      const duel = await arena.start(between({}, { deduplicate }))
      await duel.sendSame('alice', preparePacket({ destination: 'test.bob', ...original }))
      for (let second = 0; second < 100; second++) {
        await arena.tick(1000)
        // Expires when the original did, so that only what is forgotten is sent again; afterwards it is too late for any.
        if (second < 17) await duel.sendSame('alice', preparePacket({ destination: 'test.bob', ...original }))
      }
      duel.expectSame()
    })
  }

  it('disabled, sends every packet', async () => {
    const duel = await arena.start(between({}, {}, { disableMiddleware: ['deduplicate'] }))
    for (let i = 0; i < 3; i++) await duel.sendSame('alice', preparePacket({ destination: 'test.bob', ...original }))
    duel.expectSame()
  })
})

describe('the same middlewares: echo', () => {
  const arena = useArena()
  const PREFIX = 'ECHOECHOECHOECHO'
  const ping = (source: string, more = ''): Buffer => Buffer.from(`${PREFIX}\0${String.fromCharCode(source.length)}${source}${more}`, 'latin1')

  for (const [name, fields] of [
    ['a ping', { data: ping('test.bob.me') }],
    ['a ping of oneself', { data: ping('test.alice.me') }],
    ['a ping with bytes behind it', { data: ping('test.bob.me', 'and more') }],
    ['a ping of nobody', { data: ping('test.nobody.me') }],
    ['a ping for a neighbour protocol', { data: ping('peer.config') }],
    ['a ping that expires too soon', { data: ping('test.bob.me'), expiresIn: 1500 }],
    ['a ping without money', { data: ping('test.bob.me'), amount: 0 }],
    ['a pong', { data: Buffer.from(`${PREFIX}\x01`) }],
    ['an unknown type', { data: Buffer.from(`${PREFIX}\x02\0`) }],
    ['16 bytes', { data: Buffer.from(PREFIX) }],
    ['no data', { data: Buffer.alloc(0) }],
    ['other data', { data: Buffer.from('ECHOECHOECHOECHo\0') }],
    ['a longer address', { data: ping('test.bob.me'), destination: 'test.connie.x.y' }],
    ['a similar address', { data: ping('test.bob.me'), destination: 'test.connie2' }]
  ] as const) {
    it(`answers ${name}`, async () => {
      const duel = await arena.start(between({ balance: { maximum: '1000' } }, {}, { routes: ['alice', 'bob', 'connie.x'].map(to => ({ targetPrefix: `test.${to}`, peerId: to === 'alice' ? to : 'bob' })) }))
      await duel.sendSame('alice', preparePacket({ destination: 'test.connie', ...fields }))
      duel.expectSame()
    })
  }
})

describe('the same middlewares: expire', () => {
  const arena = useArena()

  it('gives up to the millisecond, and does not listen to what comes later', async () => {
    const gate = new Gate()
    const duel = await arena.start(between({ balance: { maximum: '100' } }, { balance: { maximum: '0' } }), async prepare => {
      await gate.pass()
      return fulfil(prepare)
    })
    const done: string[] = []
    const answers = ['a', 'b'].map(name => duel.sendSame('alice', toBob(50, { expiresIn: name === 'a' ? 5000 : 6000 })).then(reply => done.push(name, String(reply.reject))))
    await arena.tick(0)
    await arena.tick(3999)
    expect(done).to.deep.equal([])
    await arena.tick(1)
    expect(done).to.deep.equal(['a', 'R00'])
    await duel.same(side => side.balances())
    gate.open()
    await Promise.all(answers)
    await arena.tick(10_000)
    expect(done).to.deep.equal(['a', 'R00', 'b', 'undefined'])
    duel.expectSame()
  })
})

describe('the same middlewares: validateFulfillment', () => {
  const arena = useArena()

  it('disabled, believes any fulfillment', async () => {
    const duel = await arena.start(between({ balance: { maximum: '100' } }, {}, { disableMiddleware: ['validateFulfillment'] }), () => fulfillWith(preimage('wrong')))
    await duel.sendSame('alice', toBob())
    duel.expectSame()
  })
})

describe('the same middlewares: stats', () => {
  const arena = useArena()

  it('counts packets by result and code, and the last money', async () => {
    const codes = ['F00', 'F02', 'T00', 'R00', 'F99']
    const duel = await arena.start(between({ maxPacketAmount: '1000', balance: { maximum: '1000' } }, { balance: { maximum: '1000' } }), prepare =>
      Number(prepare.amount) < codes.length ? rejectPacket({ code: codes[Number(prepare.amount)]! }) : fulfil(prepare))
    for (const amount of [0, 1, 2, 3, 4, 4, 100, 200, 2000, 950]) await duel.sendSame('alice', toBob(amount))
    await duel.sendSame('alice', preparePacket({ destination: 'test.nowhere' }))
    await duel.same(side => side.plugin('alice').receiveMoney('7'))
    await duel.same(side => side.plugin('alice').receiveMoney('3'))
    duel.expectSame()
  })

  it('disabled, counts no packets', async () => {
    const duel = await arena.start(between({ balance: { maximum: '1000' } }, {}, { disableMiddleware: ['stats'] }))
    await duel.sendSame('alice', toBob())
    duel.expectSame()
  })
})

describe('the same middlewares: alert', () => {
  const arena = useArena()
  const full = { code: 'T04', message: 'exceeded maximum balance.' }

  it('raises one alert per peer that says who is full', async () => {
    const duel = await arena.start(between(), (_, accountId) => rejectPacket({ ...full, triggeredBy: `test.${accountId}` }))
    for (const [from, packet] of [['alice', toBob()], ['bob', toAlice(1)], ['alice', toBob()]] as const) {
      await duel.sendSame(from, packet)
      await arena.tick(250)
    }
    await duel.each(side => { side.plugin('bob').respond = () => rejectPacket({ ...full, triggeredBy: '' }) })
    await duel.sendSame('alice', toBob())
    const alerts = await duel.same(side => side.middleware('alert')?.getAlerts?.()) as { id: number }[]
    expect(alerts).to.have.length(3)
    duel.expectSame()
    await duel.same(side => side.middleware('alert')?.dismissAlert(alerts[1]!.id))
    await duel.same(side => side.middleware('alert')?.dismissAlert(1))
    await duel.sendSame('bob', toAlice(1))
    duel.expectSame()
  })

  for (const fields of [{ code: 'T05' }, { message: 'exceeded maximum balance' }, { message: 'insufficient funds' }]) {
    it(`raises none for ${JSON.stringify(fields)}`, async () => {
      const duel = await arena.start(between(), () => rejectPacket({ ...full, ...fields }))
      await duel.sendSame('alice', toBob())
      expect(duel.sluice.middleware('alert')?.getAlerts?.()).to.deep.equal([])
      duel.expectSame()
    })
  }
})
