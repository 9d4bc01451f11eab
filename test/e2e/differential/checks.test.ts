/** Every check that a Prepare has to pass, in the same order and with the same answer as in ilp-connector. */
import { expect } from 'chai'
import { serializeIlpPrepare } from 'ilp-packet'
import { Mode, serializeCcpRouteControlRequest, serializeCcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { between, bigNumber, modulePath, useArena, type Account, type Duel, type Options } from '../../support/differential/harness.js'
import type { Script } from '../../support/differential/modules/scripted-backend.js'
import { PEER_FULFILLMENT, START, fulfillWith, preparePacket, preimage, readPrepare, rejectPacket, type PacketFields } from '../../support/differential/packets.js'

interface Fault {
  name: string
  answer: { reject: string, message: string | RegExp }
  alice?: Account
  bob?: Account
  options?: Partial<Options>
  backend?: Script
  packet?: Partial<PacketFields>
  before?: (duel: Duel) => Promise<void> | void
  respond?: () => unknown
}

const TOO_SHORT = 'source transfer expires too soon to complete payment. actualSourceExpiry=2026-05-17T12:00:01.999Z ' +
  'requiredSourceExpiry=2026-05-17T12:00:02.000Z currentTime=2026-05-17T12:00:00.000Z'

/** In the order in which they are looked for. A packet of 100 units from alice to bob meets none of them. */
const faults: Fault[] = [
  {
    name: 'too many packets',
    answer: { reject: 'T05', message: 'too many requests, throttling.' },
    alice: { rateLimit: { refillPeriod: 1000, refillCount: 1 } },
    before: async duel => { await duel.sendSame('alice', Buffer.from([99])) }
  },
  {
    name: 'packet above maxPacketAmount',
    answer: { reject: 'F08', message: 'packet size too large. maxAmount=99 actualAmount=100' },
    alice: { maxPacketAmount: '99' }
  },
  {
    name: 'above the incoming bandwidth',
    answer: { reject: 'T04', message: 'exceeded money bandwidth, throttling.' },
    alice: { throughput: { incomingAmount: '99' } }
  },
  {
    name: 'above the maximum balance',
    answer: { reject: 'T04', message: 'exceeded maximum balance.' },
    alice: { balance: { maximum: '99' } }
  },
  {
    name: 'an echo request that is none',
    answer: { reject: 'F01', message: 'packet data too short for echo request. length=5' },
    packet: { destination: 'test.connie', data: Buffer.from('hello') }
  },
  {
    name: 'no route',
    answer: { reject: 'F02', message: 'no route found.' },
    packet: { destination: 'test.nobody.x' }
  },
  {
    name: 'back to the sender',
    answer: { reject: 'F02', message: 'refusing to route payments back to sender.' },
    options: { reflectPayments: false },
    packet: { destination: 'test.alice.x' }
  },
  {
    name: 'no rate, says the backend in ILP terms',
    answer: { reject: 'T99', message: 'market closed' },
    backend: { getRate: () => Promise.reject(Object.assign(new Error('market closed'), { ilpErrorCode: 'T99' })) }
  },
  {
    name: 'next hop not connected',
    answer: { reject: 'T01', message: 'no connection to account.' },
    before: async duel => { await duel.each(side => side.plugin('bob').setConnected(false)) }
  },
  {
    name: 'expired',
    answer: {
      reject: 'R02',
      message: 'source transfer has already expired. sourceExpiry=2026-05-17T11:59:59.999Z currentTime=2026-05-17T12:00:00.000Z'
    },
    packet: { expiresIn: -1 }
  },
  {
    name: 'expires too soon',
    answer: { reject: 'R02', message: TOO_SHORT },
    packet: { expiresIn: 1999 }
  },
  {
    name: 'above the outgoing bandwidth',
    answer: { reject: 'T04', message: 'exceeded money bandwidth, throttling.' },
    bob: { throughput: { outgoingAmount: '99' } }
  },
  {
    name: 'plugin that cannot send',
    answer: { reject: 'F02', message: 'failed to send packet.' },
    respond: () => { throw new Error('cable cut') }
  },
  {
    name: 'wrong fulfillment',
    answer: { reject: 'F05', message: 'fulfillment did not match expected value.' },
    respond: () => fulfillWith(preimage('another'))
  },
  {
    name: 'reject of the next hop',
    answer: { reject: 'F99', message: 'no.' },
    respond: () => rejectPacket()
  }
]

/** Whether a packet can meet both. */
function compatible (a: Fault, b: Fault): boolean {
  const shared = (x?: object, y?: object): boolean => Object.keys(x ?? {}).some(key => key in (y ?? {}))
  return !shared(a.packet, b.packet) && !shared(a.alice, b.alice) && !(a.respond && b.respond)
}

describe('a Prepare is checked as in ilp-connector', () => {
  const arena = useArena()

  async function meet (found: Fault[]): Promise<Record<string, unknown>> {
    const backend = found.find(fault => fault.backend)?.backend
    const duel = await arena.start({
      routes: ['alice', 'bob'].map(id => ({ targetPrefix: `test.${id}`, peerId: id })),
      ...backend && { backend: modulePath('scripted-backend.js'), backendConfig: { ...backend } },
      ...Object.assign({}, ...found.map(fault => fault.options)) as object,
      accounts: {
        alice: Object.assign({}, ...found.map(fault => fault.alice)) as Account,
        bob: Object.assign({}, ...found.map(fault => fault.bob)) as Account
      }
    }, found.find(fault => fault.respond)?.respond)
    for (const { before } of found) await before?.(duel)
    const fields = Object.assign({ destination: 'test.bob.x' }, ...found.map(fault => fault.packet)) as PacketFields
    const answer = await duel.sendSame('alice', preparePacket(fields))
    duel.expectSame()
    return answer
  }

  it('when nothing is wrong', async () => {
    expect(await meet([])).to.include({ fulfill: preimage('any').toString('hex') })
  })

  for (const [index, fault] of faults.entries()) {
    it(`${fault.name}: ${fault.answer.reject}, whatever else is wrong`, async () => {
      expect(await meet([fault])).to.include(fault.answer)
      for (const later of faults.slice(index + 1)) {
        if (compatible(fault, later)) expect(await meet([fault, later]), `and ${later.name}`).to.include(fault.answer)
      }
    })
  }
})

describe('expiries are the same to the millisecond', () => {
  const arena = useArena()
  const accounts = { alice: {}, bob: {} }
  const routes = [{ targetPrefix: 'test.bob', peerId: 'bob' }]

  for (const expiresIn of [-1000, -1, 0, 1, 999, 1000, 1999, 2000, 2001, 30_999, 31_000, 31_001, 3_600_000]) {
    it(`for a packet that expires in ${expiresIn} ms`, async () => {
      const duel = await arena.start({ accounts, routes })
      await duel.sendSame('alice', preparePacket({ destination: 'test.bob.x', expiresIn }))
      duel.expectSame()
    })
  }

  for (const [minMessageWindow, maxHoldTime] of [[0, 30_000], [1, 1], [1, 2], [5000, 5000], [5000, 4999], [5000, 100_000]] as const) {
    it(`with a window of ${minMessageWindow} ms and a hold time of ${maxHoldTime} ms`, async () => {
      const duel = await arena.start({ accounts, routes, minMessageWindow, maxHoldTime })
      for (const expiresIn of [0, 1, 2, 3, 9999, 10_000, 10_001, 60_000]) {
        await duel.sendSame('alice', preparePacket({ destination: 'test.bob.x', expiresIn, fulfillment: preimage(String(expiresIn)) }))
      }
      duel.expectSame()
    })
  }

  it('also when the configuration changes while running', async () => {
    const duel = await arena.start({ accounts, routes })
    await duel.each(side => { Object.assign(side.app.config, { minMessageWindow: 100, maxHoldTime: 500, reflectPayments: false }) })
    for (const expiresIn of [150, 200, 600, 700]) {
      await duel.sendSame('alice', preparePacket({ destination: 'test.bob.x', expiresIn, fulfillment: preimage(String(expiresIn)) }))
    }
    await duel.sendSame('bob', preparePacket({ destination: 'test.bob.x' }))
    duel.expectSame()
  })
})

describe('amounts are the same to the unit', () => {
  const arena = useArena()
  const amounts = ['0', '1', '2', '999', '10700', '123456789', '18446744073709551615']

  it('between scales, with a spread', async () => {
    for (const [from, to, spread] of [[9, 9, 0.002], [9, 2, 0], [2, 4, 0.01], [6, 6, 0.1234567], [18, 0, 0.3], [0, 1, 0]] as const) {
      const duel = await arena.start({
        spread,
        accounts: { alice: { assetScale: from }, bob: { assetScale: to } },
        routes: [{ targetPrefix: 'test.bob', peerId: 'bob' }]
      })
      const somethingArrives = (amount: string): boolean => amount === '0' || Number(amount) * (1 - spread) * 10 ** (to - from) > 1
      for (const amount of amounts.filter(amount => BigInt(amount) < 2n ** 60n && somethingArrives(amount))) {
        await duel.sendSame('alice', preparePacket({ destination: 'test.bob.x', amount, fulfillment: preimage(amount) }))
      }
      duel.expectSame()
    }
  })

  for (const rate of [1, 0.3333333333333333, '0.1', '0.94208', 1e-7, 1.5e-10, '1e-3', bigNumber('0.99999999999999999999')]) {
    it(`at a rate of ${String(rate)}`, async () => {
      const duel = await arena.start({
        accounts: { alice: {}, bob: {} },
        routes: [{ targetPrefix: 'test.bob', peerId: 'bob' }],
        backend: modulePath('scripted-backend.js'),
        backendConfig: { rate }
      })
      for (const amount of amounts.filter(amount => amount === '0' || rate === 1 || Number(amount) * Number(String(rate)) > 1)) {
        await duel.sendSame('alice', preparePacket({ destination: 'test.bob.x', amount, fulfillment: preimage(amount) }))
      }
      duel.expectSame()
    })
  }
})

describe('packets for peer.* are answered alike', () => {
  const arena = useArena()
  const accounts = { kid: { relation: 'child', assetCode: 'EUR', assetScale: 4 }, bob: {} } as const

  for (const [name, from, fields] of [
    ['IL-DCP for a child', 'kid', {}],
    ['IL-DCP for one who is not a child', 'bob', {}],
    ['IL-DCP with money, and data', 'kid', { amount: 7, data: Buffer.from('what?') }],
    ['an expired IL-DCP request of one who is not a child', 'bob', { expiresIn: -1 }],
    ['an IL-DCP request that expires now', 'kid', { expiresIn: 0 }],
    ['another condition', 'kid', { fulfillment: preimage('other') }],
    ['another condition, and an unknown protocol', 'kid', { fulfillment: preimage('other'), destination: 'peer.settle' }],
    ['an unknown protocol', 'kid', { destination: 'peer.settle' }],
    ['a longer name', 'kid', { destination: 'peer.config.x' }],
    ['almost a name', 'kid', { destination: 'peer.confi' }]
  ] as const) {
    it(name, async () => {
      const duel = await arena.start({ accounts })
      await duel.sendSame(from, preparePacket({ destination: 'peer.config', amount: 0, fulfillment: PEER_FULFILLMENT, ...fields }))
      duel.expectSame()
    })
  }

  const control = serializeCcpRouteControlRequest({
    mode: Mode.MODE_SYNC, lastKnownRoutingTableId: '00000000-0000-0000-0000-000000000000', lastKnownEpoch: 0, features: []
  })
  const update = serializeCcpRouteUpdateRequest({
    routingTableId: '21e55f8e-eabd-4bf8-9e2a-2f6b6a4d3e2a', currentEpochIndex: 0, fromEpochIndex: 0, toEpochIndex: 0, holdDownTime: 30_000,
    speaker: 'test.bob', newRoutes: [], withdrawnRoutes: []
  })
  for (const [name, routes] of [['neither', {}], ['one way', { receiveRoutes: true }], ['the other way', { sendRoutes: true }]] as const) {
    it(`route messages of an account with which routes are exchanged ${name}`, async () => {
      const duel = await arena.start({ accounts: { bob: routes } }, () => fulfillWith(PEER_FULFILLMENT))
      for (const message of [control, update]) {
        for (const expiresIn of [60_000, -1]) await duel.sendSame('bob', withExpiry(message, expiresIn))
      }
      await duel.sendSame('bob', preparePacket({ destination: 'peer.route.talk', amount: 0, fulfillment: PEER_FULFILLMENT }))
      await duel.sendSame('bob', preparePacket({ destination: 'peer.routes', amount: 0, fulfillment: PEER_FULFILLMENT }))
      await duel.sendSame('bob', preparePacket({ destination: 'peer.route.control', amount: 0 }))
    })
  }

  it('under all limits of the account', async () => {
    const limits: Account[] = [
      { maxPacketAmount: '6' }, { throughput: { incomingAmount: '6' } }, { balance: { maximum: '6' } }, { balance: { maximum: '7' } }
    ]
    for (const limit of limits) {
      const duel = await arena.start({ accounts: { kid: { relation: 'child', ...limit } } })
      await duel.sendSame('kid', preparePacket({ destination: 'peer.config', amount: 7, fulfillment: PEER_FULFILLMENT }))
      await duel.sendSame('kid', preparePacket({ destination: 'peer.nothing', amount: 7, fulfillment: PEER_FULFILLMENT }))
      duel.expectSame()
    }
  })
})

/** A message with another expiry, in ms after START. */
function withExpiry (message: Buffer, expiresIn: number): Buffer {
  return serializeIlpPrepare({ ...readPrepare(message), expiresAt: new Date(START + expiresIn) })
}

describe('what is not a Prepare is refused alike', () => {
  const arena = useArena()

  for (const [name, bytes] of [['a Fulfill', fulfillWith(preimage('any'))], ['a Reject', rejectPacket()], ['an unknown type', Buffer.from([1, 0])], ['nothing', Buffer.alloc(0)]] as const) {
    it(name, async () => {
      const duel = await arena.start({ accounts: { alice: { balance: { maximum: '0' }, maxPacketAmount: '1', throughput: { incomingAmount: '1' } } } })
      expect(await duel.sendSame('alice', bytes)).to.include({ reject: 'F01', message: `invalid packet type received. type=${String(bytes[0])}` })
      duel.expectSame()
    })
  }
})

describe('the answer of the next hop is handed on', () => {
  const arena = useArena()
  const options = { accounts: { alice: {}, bob: {} }, routes: [{ targetPrefix: 'test.bob', peerId: 'bob' }] }

  for (const [name, packet] of [
    ['any code', rejectPacket({ code: 'Z42' })],
    ['no triggeredBy', rejectPacket({ triggeredBy: '' })],
    ['text beyond ASCII, and data', rejectPacket({ message: 'zu spät ✗', data: Buffer.alloc(300, 7) })]
  ] as const) {
    it(`a Reject with ${name}`, async () => {
      const duel = await arena.start(options, () => packet)
      expect(await duel.sendSame('alice', preparePacket({ destination: 'test.bob' }))).to.include({ bytes: packet.toString('hex') })
      duel.expectSame()
    })
  }

  it('as the very Buffer that the plugin gave', async () => {
    const duel = await arena.start(options)
    for (const answer of [rejectPacket(), fulfillWith(preimage('paid'), Buffer.from('thanks'))]) {
      await duel.each(side => { side.plugin('bob').respond = () => answer })
      const packet = preparePacket({ destination: 'test.bob', fulfillment: preimage(answer[0] === 13 ? 'paid' : 'refused') })
      expect(await duel.same(async side => await side.plugin('alice').receive(packet) === answer)).to.equal(true)
    }
  })
})

describe('the backend is told the same', () => {
  const arena = useArena()

  for (const [name, respond] of [['a fulfilled packet', undefined], ['a rejected packet', () => rejectPacket()], ['a packet that was not sent', () => { throw new Error() }]] as const) {
    it(`about ${name}`, async () => {
      const calls = { reference: [] as unknown[], sluice: [] as unknown[] }
      const duel = await arena.start(side => ({
        accounts: { alice: {}, bob: {} },
        routes: [{ targetPrefix: 'test.bob', peerId: 'bob' }],
        backend: modulePath('scripted-backend.js'),
        backendConfig: { calls: calls[side], rate: 0.5 }
      }), respond)
      await duel.sendSame('alice', preparePacket({ destination: 'test.bob.x', amount: 101, data: Buffer.from('hello') }))
      expect(calls.sluice).to.deep.equal(calls.reference)
      expect(calls.sluice).to.have.lengthOf.at.least(2)
    })
  }

  it('also where it comes with the container', async () => {
    const told: unknown[][] = []
    class Override {
      private readonly mine: unknown[] = []
      constructor (deps: unknown) { told.push([typeof deps, this.mine]) }
      connect (): Promise<void> { return Promise.resolve(void this.mine.push('connect')) }
      getRate (source: string, destination: string): Promise<number> {
        this.mine.push([source, destination])
        return Promise.resolve(3)
      }

      submitPacket (packet: object): Promise<void> { return Promise.resolve(void this.mine.push(packet)) }
      submitPayment (payment: object): Promise<void> { return Promise.resolve(void this.mine.push(payment)) }
    }
    const duel = await arena.start({ ...between(), backend: 'nowhere-to-be-found' }, undefined, Override)
    await duel.sendSame('alice', preparePacket({ destination: 'test.bob.x', amount: 101 }))
    duel.expectSame()
    expect(told[1]).to.deep.equal(told[0])
    expect(told[0]?.[1]).to.have.length(4)
  })
})
