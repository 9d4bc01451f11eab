/** A refused packet changes no balance, wherever on its way it was refused, and leaves no money on hold. */
import { expect } from 'chai'
import { Errors } from 'ilp-packet'
import sinon from 'sinon'
import type { AccountInfo } from '../../src/contracts/account.js'
import type { Next, Pipelines } from '../../src/contracts/middleware.js'
import { account, startConnector, type Options } from '../support/connector.js'
import { customBackend } from '../support/modules/custom-backend.js'
import { customMiddleware } from '../support/modules/custom-middleware.js'
import { never, rejecting, throwing } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, PEER_CONDITION, WRONG_FULFILL, fulfilling, outcomeOf, prepare, reject, type PrepareOptions } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { quiet } from '../support/waiting.js'

interface Refusal {
  name: string
  /** The code that the sender gets. */
  code: string
  alice?: Partial<AccountInfo>
  bob?: Partial<AccountInfo>
  options?: Options
  packet?: PrepareOptions | Buffer
  /** What Bob does with the refused packet; with those before and after it he fulfills. */
  answer?: () => unknown
  /** Happens before the packet is sent. */
  before?: (peers: { alice: TestPlugin, bob: TestPlugin }) => unknown
  /** Whether the packet went on to Bob. */
  reachesBob?: boolean
}

const T99 = Object.assign(new Error('own'), { ilpErrorCode: 'T99' })
const PING_FROM_US = Buffer.from('ECHOECHOECHOECHO\0\x0etest.connector', 'latin1')
/** ms. */
/** A bucket that nothing flows back into while a test runs, however slow the machine. */
const DAY = 86_400_000
const EXPIRY = 20_000
const FAKED = ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const

/** A user's middleware with one step, last in that pipeline, that acts on the packets of 100 units. */
function step (direction: 'incomingData' | 'outgoingData', act: (data: Buffer, next: Next<Buffer, Buffer>) => unknown): Options {
  const apply = (pipelines: Pipelines): void => pipelines[direction].insertLast({
    name: 'mine',
    method: (data, next) => data.includes('refuse') ? act(data, next) as Promise<Buffer> : next(data)
  })
  return { middlewares: { mine: customMiddleware(apply) } }
}

const afterNext = (then: () => unknown) => async (data: Buffer, next: Next<Buffer, Buffer>) => {
  await next(data)
  return then()
}

const refusals: Refusal[] = [
  { name: 'it is no ILP packet', code: 'F01', packet: Buffer.from('hello') },
  { name: 'it is empty', code: 'F01', packet: Buffer.alloc(0) },
  { name: 'it is a Fulfill', code: 'F01', packet: FULFILL },
  { name: 'it is cut off', code: 'F01', packet: prepare().subarray(0, 50) },
  { name: 'packets come too often', code: 'T05', alice: { rateLimit: { refillCount: 1, capacity: 1 } } },
  { name: 'it is too large', code: 'F08', alice: { maxPacketAmount: '99' } },
  { name: 'too much comes in', code: 'T04', alice: { throughput: { incomingAmount: '109', refillPeriod: DAY } } },
  { name: 'too much goes out', code: 'T04', bob: { throughput: { outgoingAmount: '109', refillPeriod: DAY } } },
  { name: 'the sender would owe too much', code: 'T04', alice: { balance: { maximum: '109' } } },
  { name: 'we would owe too much', code: 'T04', bob: { balance: { minimum: '-109', maximum: '1000' } } },
  { name: 'there is no route', code: 'F02', packet: { destination: 'test.nobody' } },
  { name: 'it is for an address below ours that nobody has', code: 'F02', packet: { destination: 'test.connector.nobody' } },
  { name: 'it would go back to the sender', code: 'F02', packet: { destination: 'test.alice' }, options: { reflectPayments: false } },
  { name: 'it has expired', code: 'R02', packet: { expiresAt: Date.now() - 1 } },
  { name: 'it expires too soon', code: 'R02', packet: { expiresAt: Date.now() + 1500 } },
  { name: 'the next hop is not connected', code: 'T01', before: ({ bob }) => { bob.connected = false } },
  { name: 'the next hop cannot say whether it is connected', code: 'T01', before: ({ bob }) => { bob.isConnected = throwing(new Error('no')) } },
  { name: 'it is a ping without an address', code: 'F01', packet: { destination: 'test.connector' } },
  { name: 'it is a ping from ourselves', code: 'F02', packet: { destination: 'test.connector', data: PING_FROM_US } },
  { name: 'it asks a neighbour under a condition of its own', code: 'F01', packet: { destination: 'peer.config' } },
  { name: 'it asks for an address and is no child', code: 'F00', packet: { destination: 'peer.config', condition: PEER_CONDITION } },
  { name: 'it asks something that nobody knows', code: 'F01', packet: { destination: 'peer.weather', condition: PEER_CONDITION } },

  ...([
    ['there is no rate: the backend rejects', rejecting(new Error('secret text')), 'T00'],
    ['there is no rate: the backend throws', throwing(undefined), 'T00'],
    ['there is no rate: the backend knows the ILP code', rejecting(new Errors.UnreachableError('no market')), 'F02'],
    ['there is no rate: the backend gives an impossible code', rejecting(Object.assign(new Error('x'), { ilpErrorCode: 'NOPE' })), 'T00'],
    ...[NaN, Infinity, 0, -1, '', 'many', null, '[]'].map(rate => [`the rate is ${String(rate)}`, () => rate, 'T00']),
    ['it would grow beyond what a packet can carry', () => 2n ** 58n, 'F08']
  ] as Array<[string, () => number, string]>).map(([name, rate, code]): Refusal => {
    let isLive = false
    return { name, code, options: customBackend({ rate: () => isLive ? rate() : 1 }), before: () => { isLive = true } }
  }),

  ...([
    ['throws', throwing(new Error('broken')), 'F02'],
    ['throws undefined', throwing(undefined), 'F02'],
    ['rejects', rejecting(new Error('broken')), 'F02'],
    ['rejects with undefined', rejecting(undefined), 'F02'],
    ['rejects with an ILP code', rejecting(T99), 'T99'],
    ['answers nothing', () => undefined, 'F02'],
    ['answers null', () => Promise.resolve(null), 'F02'],
    ['answers text', () => Promise.resolve('fulfilled'), 'F02'],
    ['answers an array of bytes', () => Promise.resolve(new Uint8Array(FULFILL)), 'F02'],
    ['answers no bytes', () => Promise.resolve(Buffer.alloc(0)), 'F01'],
    ['answers a Prepare', () => Promise.resolve(prepare()), 'F01'],
    ['answers half a Fulfill', () => Promise.resolve(FULFILL.subarray(0, 20)), 'F01'],
    ['answers half a Reject', () => Promise.resolve(reject('T00').subarray(0, 6)), 'F01'],
    ['answers a Reject from nowhere', () => Promise.resolve(reject('T00', 'x', 'not an address')), 'T00'],
    ['answers with the wrong fulfillment', () => Promise.resolve(WRONG_FULFILL), 'F05'],
    ['rejects the packet', () => Promise.resolve(reject('F99')), 'F99'],
    ['rejects with a code of its own', () => Promise.resolve(reject('X-7')), 'X-7']
  ] as Array<[string, () => unknown, string]>)
    .map(([what, answer, code]): Refusal => ({ name: `the next hop's plugin ${what}`, code, answer, reachesBob: true })),

  ...([
    ['throws', throwing(T99), 'T99', 'T99'],
    ['throws undefined', throwing(undefined), 'F00', 'F00'],
    ['rejects', rejecting(T99), 'T99', 'T99'],
    ['answers nothing', () => undefined, 'F00', 'F00'],
    ['answers text', () => Promise.resolve('x'), 'F00', 'F01'] // going out, it is taken for a malformed answer of the next hop
  ] as Array<[string, () => unknown, string, string]>).flatMap(([what, act, codeIn, codeOut]): Refusal[] => [
    { name: `a user's middleware ${what} on its way in`, code: codeIn, options: step('incomingData', act) },
    { name: `a user's middleware ${what} on its way out`, code: codeOut, options: step('outgoingData', act) },
    {
      name: `a user's middleware ${what} when the next hop has fulfilled`,
      code: codeOut,
      options: step('outgoingData', afterNext(act)),
      reachesBob: true
    }
  ]),
  {
    name: "a user's middleware sends it twice",
    code: 'F00',
    options: step('outgoingData', async (data, next) => {
      await next(data)
      return next(data)
    }),
    reachesBob: true
  }
]

describe('a refused packet changes no balance', () => {
  withoutLog()
  noRejectionLeft()

  for (const refusal of refusals) {
    it(`when ${refusal.name}`, async () => {
      const { code, options, packet = {}, answer = fulfilling, before, reachesBob = false } = refusal
      const [alice, bob] = [new TestPlugin(), new TestPlugin()]
      const { app, balances } = await startConnector({
        alice: account(alice, { balance: { maximum: '1000' }, ...refusal.alice }),
        bob: account(bob, { balance: { maximum: '1000' }, ...refusal.bob })
      }, options)
      try {
        expect(outcomeOf(await alice.receive(prepare({ amount: 10 }))), 'a packet before').to.equal('fulfill')
        const held = balances()
        expect(held).to.deep.equal({ alice: { balance: 10n, held: 0n }, bob: { balance: -10n, held: 0n } })
        await before?.({ alice, bob })
        bob.answer = answer
        const seen = bob.sent.length
        const refused = Buffer.isBuffer(packet) ? packet : prepare({ data: Buffer.from('refuse'), ...packet })

        expect(outcomeOf(await alice.receive(refused))).to.equal(code)

        expect(balances()).to.deep.equal(held)
        expect(bob.sent.length - seen, 'packets that reached the next hop').to.equal(reachesBob ? 1 : 0)
      } finally {
        await app.shutdown()
      }
    })
  }
})

describe('a packet that gets no answer changes no balance', () => {
  withoutLog()
  noRejectionLeft()
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = sinon.useFakeTimers({ now: Date.now(), toFake: [...FAKED] }) })
  afterEach(() => { clock.restore() })

  for (const [what, reply] of [
    ['never', never],
    ['too late, with a Fulfill', () => new Promise(resolve => { setTimeout(() => { resolve(FULFILL) }, EXPIRY + 5000) })],
    ['too late, with an error', () => new Promise((_resolve, fail) => { setTimeout(() => { fail(new Error('late')) }, EXPIRY + 5000) })]
  ] as Array<[string, () => unknown]>) {
    for (const balance of [{ maximum: '1000' }, undefined]) {
      it(`when it comes ${what}${balance === undefined ? ', of an account without a balance' : ''}`, async () => {
        const [alice, bob] = [new TestPlugin(), new TestPlugin(reply)]
        const { app, balances } = await startConnector({
          alice: account(alice, { balance: { maximum: '1000' } }), bob: account(bob, { balance })
        })
        const held = balances()
        const answer = alice.receive(prepare({ expiresAt: Date.now() + EXPIRY }))
        await quiet()
        expect(balances().alice!.held, 'held while it is under way').to.equal(100n)
        await clock.tickAsync(EXPIRY - 1001)
        expect(balances().alice!.held, 'held until the next hop\'s time is over').to.equal(100n)
        await clock.tickAsync(1)
        expect(outcomeOf(await answer)).to.equal('R00')
        expect(balances()).to.deep.equal(held)
        await clock.tickAsync(10_000)
        await quiet()
        expect(balances(), 'a Fulfill that comes now is not paid').to.deep.equal(held)
        const stopped = app.shutdown()
        await clock.tickAsync(1000)
        await stopped
      })
    }
  }
})

describe('a packet that is fulfilled changes both balances', () => {
  withoutLog()
  noRejectionLeft()

  it('once', async () => {
    const [alice, bob] = [new TestPlugin(), new TestPlugin()]
    const { app, balances } = await startConnector({
      alice: account(alice, { balance: { maximum: '1000' } }), bob: account(bob, { balance: { maximum: '0' } })
    })
    expect(await alice.receive(prepare({ amount: 7 }))).to.equal(FULFILL)
    expect(balances()).to.deep.equal({ alice: { balance: 7n, held: 0n }, bob: { balance: -7n, held: 0n } })
    expect(await bob.receive(prepare({ amount: 3, destination: 'test.alice' }))).to.equal(FULFILL)
    expect(balances()).to.deep.equal({ alice: { balance: 4n, held: 0n }, bob: { balance: -4n, held: 0n } })
    await app.shutdown()
  })

  it('of the next hop also when the answer is spoilt on its way back, for the next hop was promised the money', async () => {
    const [alice, bob] = [new TestPlugin(), new TestPlugin()]
    const { app, balances } = await startConnector({
      alice: account(alice, { balance: { maximum: '1000' } }), bob: account(bob, { balance: { maximum: '0' } })
    }, step('incomingData', afterNext(throwing(T99))))
    expect(outcomeOf(await alice.receive(prepare({ data: Buffer.from('refuse') })))).to.equal('T99')
    expect(balances()).to.deep.equal({ alice: { balance: 0n, held: 0n }, bob: { balance: -100n, held: 0n } })
    await app.shutdown()
  })
})
