/** `POST /admin/ilp/send`: what goes in, what comes out, and that nobody waits longer than they asked for. */
import { expect } from 'chai'
import sinon from 'sinon'
import { IlpSendHandler, MAX_SEND_BODY_SIZE, MAX_SEND_DATA_SIZE, validateIlpSendRequest } from '../../../src/admin/node/packets.js'
import { MemoryLog } from '../../support/admin-connector.js'
import { fulfill, NodeFixture, type Answer } from '../../support/admin-node.js'

const BODY = { destination: 'g.peer.agent', amount: '1000', data: 'aGVsbG8=' }
/** SHA-256 of `hello`. */
const FULFILLMENT = Buffer.from('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824', 'hex').toString('base64')

/** SHA-256 of that. */
const CONDITION = Buffer.from('9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50', 'hex')

describe('POST /admin/ilp/send', () => {
  let api: NodeFixture
  beforeEach(async () => { api = await new NodeFixture().start() })
  afterEach(() => api.stop())
  const send = (body: unknown): Promise<Answer> => api.send('POST', '/admin/ilp/send', body)

  it('sends the packet and shows how it was fulfilled', async () => {
    const before = Date.now()
    const { status, json } = await send(BODY)
    expect([status, json]).to.deep.equal([200, { accepted: true, fulfilled: true, fulfillment: FULFILLMENT }])
    const [packet] = api.node.sent
    expect(packet).to.deep.include({ destination: 'g.peer.agent', amount: 1000n, data: Buffer.from('hello') })
    expect(packet!.executionCondition).to.deep.equal(CONDITION)
    expect(packet!.expiresAt.getTime()).to.be.within(before + 30_000, Date.now() + 30_000)
  })

  it('shows data that comes back', async () => {
    api.node.answer = () => Promise.resolve({ type: 13, fulfillment: Buffer.alloc(32, 1), data: Buffer.from([0, 255]) })
    expect((await send(BODY)).json).to.deep.include({ accepted: true, data: 'AP8=' })
  })

  it('shows a reject as an answer, not as an error', async () => {
    const reject = { type: 14 as const, code: 'F02', triggeredBy: 'g.node-a', message: 'No route to destination: g.x' }
    api.node.answer = () => Promise.resolve({ ...reject, data: Buffer.alloc(0) })
    const { status, json } = await send({ ...BODY, amount: '0', data: '' })
    expect([status, json]).to.deep.equal([200, { accepted: false, fulfilled: false, code: 'F02', message: 'No route to destination: g.x' }])
    api.node.answer = () => Promise.resolve({ ...reject, data: Buffer.from('why') })
    expect((await send(BODY)).json).to.include({ accepted: false, data: 'd2h5' })
  })

  it('gives the packet the time that was asked for', async () => {
    const before = Date.now()
    expect((await send({ ...BODY, timeoutMs: 300_000 })).status).to.equal(200)
    expect(api.node.sent[0]!.expiresAt.getTime()).to.be.within(before + 300_000, Date.now() + 300_000)
  })

  it('answers 408 when nothing comes back in that time, also if something comes later', async () => {
    let late: () => void = () => undefined
    api.node.answer = () => new Promise((_resolve, reject) => { late = () => { reject(new Error('too late')) } })
    const { status, json } = await send({ ...BODY, timeoutMs: 20 })
    expect([status, json]).to.deep.equal([408, { error: 'Request timeout', message: 'No response received within 20ms' }])
    late()
    expect((await api.get('/admin/peers')).status).to.equal(200)
  })

  for (const status of ['starting', 'stopped'] as const) {
    it(`answers 503 and sends nothing while the node is ${status}`, async () => {
      api.node.status = status
      const answer = await send(BODY)
      expect([answer.status, answer.json]).to.deep.equal([503, { error: 'Service unavailable', message: 'Connector not ready' }])
      expect(api.node.sent).to.deep.equal([])
    })
  }

  it('sends while peers are away: some destinations need none of them', async () => {
    api.node.status = 'unhealthy'
    expect((await send(BODY)).status).to.equal(200)
  })

  it('answers 500 when the node cannot send, and goes on', async () => {
    api.node.answer = () => { throw new Error('no packets today') }
    const { status, json } = await send(BODY)
    expect([status, json]).to.deep.equal([500, { error: 'Internal server error', message: 'no packets today' }])
  })

  it('takes the largest amount and data, and fields it does not know', async () => {
    const data = Buffer.alloc(MAX_SEND_DATA_SIZE, 7).toString('base64')
    expect((await send({ ...BODY, amount: '18446744073709551615', data, note: 'for my own use' })).status).to.equal(200)
    expect(api.node.sent[0]!.amount).to.equal(2n ** 64n - 1n)
    expect(api.node.sent[0]!.data).to.have.length(MAX_SEND_DATA_SIZE)
  })

  it('refuses a body above 128 KiB with 413', async () => {
    const { status, json } = await send({ ...BODY, note: 'x'.repeat(MAX_SEND_BODY_SIZE) })
    expect([status, json]).to.deep.equal([413, { error: 'Payload too large', message: 'the request body is larger than 131072 bytes.' }])
  })

  const bad: Array<[string, unknown, string]> = [
    ['no body', undefined, 'Request body must be a JSON object'],
    ['null', 'null', 'Request body must be a JSON object'],
    ['a list', [], 'Request body must be a JSON object'],
    ['no destination', { ...BODY, destination: undefined }, 'Missing required field: destination'],
    ['an empty destination', { ...BODY, destination: '' }, 'Missing required field: destination'],
    ['a destination that is no address', { ...BODY, destination: 'g.a b' }, 'Invalid ILP address: g.a b'],
    ['a destination that is a number', { ...BODY, destination: 5 }, 'Missing required field: destination'],
    ['a destination that nothing can print', { ...BODY, destination: { toString: 1 } }, 'Missing required field: destination'],
    ['an amount that nothing can print', { ...BODY, amount: { toString: 1 } }, 'Missing required field: amount'],
    ['no amount', { ...BODY, amount: null }, 'Missing required field: amount'],
    ['an amount that is a number', { ...BODY, amount: 1000 }, 'Missing required field: amount'],
    ['an empty amount', { ...BODY, amount: '' }, 'Amount must be a non-negative integer string'],
    ['a negative amount', { ...BODY, amount: '-1' }, 'Amount must be a non-negative integer string'],
    ['an amount with a point', { ...BODY, amount: '1.5' }, 'Amount must be a non-negative integer string'],
    ['an amount in hexadecimal', { ...BODY, amount: '0x10' }, 'Amount must be a non-negative integer string'],
    ['an amount above 64 bits', { ...BODY, amount: '18446744073709551616' }, 'Amount must be at most 18446744073709551615, the largest of ILP'],
    ['an amount of many digits', { ...BODY, amount: '9'.repeat(50_000) }, 'Amount must be at most 18446744073709551615, the largest of ILP'],
    ['no data', { ...BODY, data: undefined }, 'Missing required field: data'],
    ['data that is no base64', { ...BODY, data: 'aGVsbG8' }, 'Data must be valid base64'],
    ['data in base64url', { ...BODY, data: '_-8=' }, 'Data must be valid base64'],
    ['data that is a number', { ...BODY, data: 5 }, 'Missing required field: data'],
    ['too much data', { ...BODY, data: Buffer.alloc(65_537).toString('base64') }, 'Data exceeds maximum size of 65536 bytes'],
    ['no time', { ...BODY, timeoutMs: 0 }, 'timeoutMs must be a positive integer'],
    ['half a millisecond', { ...BODY, timeoutMs: 0.5 }, 'timeoutMs must be a positive integer'],
    ['a time that is text', { ...BODY, timeoutMs: '30000' }, 'timeoutMs must be a positive integer'],
    ['more time than a packet may take', { ...BODY, timeoutMs: 300_001 }, 'timeoutMs must be at most 300000'],
    ['an expiry that is not a time', { ...BODY, expiresAt: 'soon' }, 'expiresAt must be a time in ISO 8601, such as 2026-01-31T12:00:00.000Z'],
    ['an expiry without a time zone', { ...BODY, expiresAt: '2100-01-31T12:00:00' }, 'expiresAt must be a time in ISO 8601, such as 2026-01-31T12:00:00.000Z'],
    ['an expiry in the past', { ...BODY, expiresAt: '2020-01-31T12:00:00Z' }, 'expiresAt must be in the future, and at most 300000 ms away'],
    ['an expiry that is too far away', { ...BODY, expiresAt: '2999-01-31T12:00:00Z' }, 'expiresAt must be in the future, and at most 300000 ms away'],
    ['two times', { ...BODY, expiresAt: '2999-01-31T12:00:00Z', timeoutMs: 1000 }, 'Set expiresAt or timeoutMs, not both'],
    ['a condition that is too short', { ...BODY, executionCondition: 'aGVsbG8=' }, 'executionCondition must be 32 bytes in base64'],
    ['a condition that is no base64', { ...BODY, executionCondition: 5 }, 'executionCondition must be 32 bytes in base64']
  ]
  for (const [what, body, message] of bad) {
    it(`refuses ${what} and sends nothing`, async () => {
      const { status, json } = await send(body)
      expect([status, json]).to.deep.equal([400, { error: 'Bad request', message }])
      expect(api.node.sent).to.deep.equal([])
    })
  }
})

describe('POST /send-packet', () => {
  let api: NodeFixture
  beforeEach(async () => { api = await new NodeFixture().start() })
  afterEach(() => api.stop())
  const send = (body: unknown): Promise<Answer> => api.send('POST', '/send-packet', body)

  it('is the same under the name that clients of other connectors call, and says accept as well', async () => {
    const { status, json } = await send(BODY)
    expect([status, json]).to.deep.equal([200, { accept: true, accepted: true, fulfilled: true, fulfillment: FULFILLMENT }])
    api.node.answer = () => Promise.resolve({ type: 14, code: 'F02', triggeredBy: 'g.node-a', message: 'No route', data: Buffer.alloc(0) })
    expect((await send(BODY)).json).to.deep.equal({ accept: false, accepted: false, fulfilled: false, code: 'F02', message: 'No route' })
  })

  it('gives the packet the expiry and the condition that were asked for', async () => {
    const expiresAt = new Date(Date.now() + 20_000)
    const executionCondition = Buffer.alloc(32, 7)
    await send({ ...BODY, expiresAt: expiresAt.toISOString(), executionCondition: executionCondition.toString('base64') })
    expect(api.node.sent[0]).to.deep.include({ expiresAt, executionCondition })
  })

  it('refuses what /admin/ilp/send refuses', async () => {
    expect((await send({ ...BODY, data: undefined })).json).to.deep.equal({ error: 'Bad request', message: 'Missing required field: data' })
  })
})

describe('validateIlpSendRequest', () => {
  it('says null for a good request, and the first fault of a bad one', () => {
    expect(validateIlpSendRequest({ ...BODY, data: '' })).to.equal(null)
    expect(validateIlpSendRequest({})).to.equal('Missing required field: destination')
  })
})

describe('IlpSendHandler, in an application\'s own server', () => {
  async function handled (handler: IlpSendHandler, body: unknown): Promise<unknown[]> {
    const answer: unknown[] = []
    await handler.handle({ body }, {
      status (code) {
        answer.push(code)
        return { json: value => answer.push(value) }
      }
    })
    return answer
  }
  const unavailable = (message: string): unknown[] => [503, { error: 'Service unavailable', message }]

  it('answers as the admin API does', async () => {
    const handler = new IlpSendHandler(({ data }) => Promise.resolve(fulfill(Buffer.from(data))), () => true, new MemoryLog())
    expect(await handled(handler, BODY)).to.deep.equal([200, { accepted: true, fulfilled: true, fulfillment: FULFILLMENT }])
    expect(await handled(handler, undefined)).to.deep.equal([400, { error: 'Bad request', message: 'Request body must be a JSON object' }])
  })

  it('answers 503 without a sender, and before the node is ready', async () => {
    expect(await handled(new IlpSendHandler(null, () => true, new MemoryLog()), BODY)).to.deep.equal(unavailable('Outbound sender not configured'))
    const never = (): never => { throw new Error('sent') }
    for (const isReady of [null, () => false]) {
      expect(await handled(new IlpSendHandler(never, isReady, new MemoryLog()), BODY)).to.deep.equal(unavailable('Connector not ready'))
    }
  })

  it('leaves no timer behind an answer', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      await new IlpSendHandler(({ data }) => Promise.resolve(fulfill(Buffer.from(data))), () => true, new MemoryLog()).send(BODY)
      expect(clock.countTimers()).to.equal(0)
    } finally {
      clock.restore()
    }
  })

  it('answers 500 and logs when the packet could not be sent', async () => {
    const log = new MemoryLog()
    const handler = new IlpSendHandler(() => Promise.reject(new Error('no packets today')), () => true, log)
    expect(await handled(handler, BODY)).to.deep.equal([500, { error: 'Internal server error', message: 'no packets today' }])
    expect(log.lines).to.deep.equal(['warn could not send a packet. error=no packets today'])
  })
})
