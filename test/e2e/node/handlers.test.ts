/** Applications that are slow, broken or dishonest, in process and behind HTTP: the sender always gets the right ILP answer, in time. */
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type { ConnectorNode, LocalDeliveryResponse, PaymentResponse } from '../../../src/index.js'
import { World, outcome, owed, packet, urlOf } from '../../support/node.js'
import { until } from '../../support/waiting.js'

describe('the application of a node', () => {
  const world = new World()
  afterEach(() => world.end())

  describe('in process', () => {
    const cases: Array<[what: string, handler: () => unknown, code: string, message: string]> = [
      ['throws', () => { throw new Error('secret detail') }, 'T00', 'Internal error processing payment'],
      ['rejects', () => Promise.reject(new Error('secret detail')), 'T00', 'Internal error processing payment'],
      ['says nothing', () => undefined, 'T00', 'Internal error processing payment'],
      ['says neither yes nor no', () => ({ accept: 'yes' }), 'T00', 'Internal error processing payment'],
      ['says no', () => ({ accept: false }), 'F99', 'Payment rejected'],
      ['says no for a reason', () => ({ accept: false, rejectReason: { code: 'insufficient_funds', message: 'Balance 42' } }), 'T04', 'Balance 42'],
      ['says no with an ILP code', () => ({ accept: false, rejectReason: { code: 'F08', message: 'too much' } }), 'F08', 'too much'],
      ['says no with a code of its own', () => ({ accept: false, rejectReason: { code: 'mood', message: 'not today' } }), 'F99', 'not today'],
      ['says no with a code that is no code', () => ({ accept: false, rejectReason: { code: 7 } }), 'F99', 'Payment rejected']
    ]
    for (const [what, handler, code, message] of cases) {
      it(`that ${what} rejects with ${code}`, async () => {
        const node = await world.start('agent')
        node.setPacketHandler(handler as () => PaymentResponse)
        expect(await node.sendPacket(packet('g.agent'))).to.include({ type: 14, code, message, triggeredBy: 'g.agent' })
        expect(await owed(node, 'local')).to.equal(0n)
      })
    }

    it('that says yes to a condition which its data does not fulfil is not paid', async () => {
      const node = await world.start('agent')
      node.setPacketHandler(() => ({ accept: true }))
      const answer = await node.sendPacket(packet('g.agent', { executionCondition: Buffer.alloc(32, 1) }))
      expect(answer).to.include({ type: 14, code: 'T00', message: 'Invalid fulfillment from local delivery handler' })
    })

    it('that answers with unusable data is paid all the same, without the data', async () => {
      const node = await world.start('agent')
      for (const data of ['not base64!', Buffer.alloc(32_769).toString('base64'), 7 as unknown as string]) {
        node.setPacketHandler(() => ({ accept: true, data }))
        expect(await node.sendPacket(packet('g.agent'))).to.deep.include({ type: 13, data: Buffer.alloc(0) })
      }
      expect(world.log.has('response data dropped')).to.equal(true)
    })

    it('can be exchanged and taken away', async () => {
      const node = await world.start('agent', { environment: 'production' })
      const first = (): PaymentResponse => ({ accept: true, data: 'AQ==' })
      node.setPacketHandler(first)
      expect(await node.sendPacket(packet('g.agent'))).to.deep.include({ data: Buffer.from([1]) })
      node.setLocalDeliveryHandler(() => ({ reject: { code: 'F99', message: 'second' } }))
      expect(await node.sendPacket(packet('g.agent'))).to.deep.include({ message: 'second' })
      node.setPacketHandler(first)
      expect(await node.sendPacket(packet('g.agent'))).to.deep.include({ data: Buffer.from([1]) })
      node.setPacketHandler(null)
      expect(outcome(await node.sendPacket(packet('g.agent')))).to.equal('F02')
    })

    it('that nobody wrote is fulfilled in development, and only there', async () => {
      for (const [environment, expected] of [['development', 'fulfill'], ['staging', 'F02'], ['production', 'F02']] as const) {
        const node = await world.start('agent', { environment })
        expect(outcome(await node.sendPacket(packet('g.agent')))).to.equal(expected)
      }
    })

    describe('with a local delivery handler', () => {
      const preimage = Buffer.alloc(32, 5)
      const condition = createHash('sha256').update(preimage).digest()
      const good = { fulfillment: preimage.toString('base64') }

      it('fulfils conditions of its own', async () => {
        const node = await world.start('agent')
        let asked: unknown
        node.setLocalDeliveryHandler((request, sourcePeerId) => {
          asked = { ...request, expiresAt: '', sourcePeerId }
          return { fulfill: { ...good, data: 'AQI=' } }
        })
        const answer = await node.sendPacket(packet('g.agent.x', { executionCondition: condition, data: Buffer.from('hi') }))
        expect(answer).to.deep.equal({ type: 13, fulfillment: preimage, data: Buffer.from([1, 2]) })
        expect(asked).to.deep.equal({
          destination: 'g.agent.x', amount: '1000', executionCondition: condition.toString('base64'), expiresAt: '', data: 'aGk=',
          sourcePeer: 'local', sourcePeerId: 'local'
        })
      })

      const cases: Array<[what: string, handler: () => unknown, code: string, message: string]> = [
        ['throws', () => { throw new Error('no stock') }, 'T00', 'Local delivery handler error'],
        ['rejects', () => ({ reject: { code: 'F04', message: 'no', data: 'AQ==' } }), 'F04', 'no'],
        ['rejects without a word', () => ({ reject: {} }), 'F99', 'Rejected by agent'],
        ['says nothing', () => ({}), 'T00', 'Invalid response from local delivery handler'],
        ['fulfils with something else', () => ({ fulfill: { fulfillment: Buffer.alloc(32, 6).toString('base64') } }), 'T00', 'Invalid fulfillment'],
        ['fulfils with too little', () => ({ fulfill: { fulfillment: 'AQ==' } }), 'T00', 'Invalid fulfillment'],
        ['fulfils with no base64', () => ({ fulfill: { fulfillment: '***' } }), 'T00', 'Invalid fulfillment']
      ]
      for (const [what, handler, code, message] of cases) {
        it(`that ${what} rejects with ${code}`, async () => {
          const node = await world.start('agent')
          node.setLocalDeliveryHandler(handler as () => LocalDeliveryResponse)
          const answer = await node.sendPacket(packet('g.agent', { executionCondition: condition }))
          expect(answer).to.include({ type: 14, code }).and.to.have.property('message').that.includes(message)
        })
      }
    })
  })

  describe('behind HTTP', () => {
    const start = (handlerUrl: string, more: object = {}): Promise<ConnectorNode> =>
      world.start('shop', { localDelivery: { enabled: true, handlerUrl, ...more } })

    it('gets the packet as JSON, and the sender its data', async () => {
      let seen: unknown
      const url = await world.server((request, response, body) => {
        seen = { method: request.method, url: request.url, type: request.headers['content-type'], auth: request.headers.authorization, body: JSON.parse(body) as unknown }
        response.end(JSON.stringify({ accept: true, data: 'AQID' }))
      })
      const node = await start(`${url}/bls/`, { authToken: 'hunter2' })
      const expiresAt = new Date(Date.now() + 20_000)
      expect(await node.sendPacket(packet('g.shop.user-42', { data: Buffer.from('hi'), expiresAt }))).to.deep.include({ type: 13, data: Buffer.from([1, 2, 3]) })
      expect(seen).to.deep.include({ method: 'POST', url: '/bls/handle-packet', type: 'application/json', auth: 'Bearer hunter2' })
      const { body } = seen as { body: Record<string, string> }
      expect(Buffer.from(body.paymentId!, 'base64url')).to.have.lengthOf(16)
      expect(body).to.include({ destination: 'g.shop.user-42', amount: '1000', data: 'aGk=', sourcePeer: 'local' })
      expect(Object.keys(body)).to.have.members(['paymentId', 'destination', 'amount', 'expiresAt', 'data', 'sourcePeer'])
      expect(Date.parse(body.expiresAt!)).to.be.at.most(expiresAt.getTime())
    })

    const answers: Array<[what: string, status: number, body: string, code: string, message: string]> = [
      ['says no', 200, '{"accept":false,"rejectReason":{"code":"insufficient_funds","message":"Balance 42 < required 1000"}}', 'T04', 'Balance 42'],
      ['answers 500', 500, 'oops', 'T00', 'Business logic server returned status 500'],
      ['answers 404 at length', 404, 'x'.repeat(100_000), 'T00', 'Business logic server returned status 404'],
      ['answers no JSON', 200, '<html>', 'T00', 'Malformed response from business logic server'],
      ['answers nothing', 200, '', 'T00', 'Malformed response from business logic server'],
      ['answers null', 200, 'null', 'T00', 'Malformed response from business logic server'],
      ['answers yes as a string', 200, '{"accept":"true"}', 'T00', 'Malformed response from business logic server'],
      ['answers more than anybody reads', 200, `{"accept":true,"data":"${'A'.repeat(1024 * 1024)}"}`, 'T00', 'Malformed response from business logic server']
    ]
    for (const [what, status, body, code, message] of answers) {
      it(`that ${what} rejects with ${code}`, async () => {
        const url = await world.server((_request, response) => { response.writeHead(status).end(body) })
        const node = await start(url)
        const answer = await node.sendPacket(packet('g.shop'))
        expect(answer).to.include({ type: 14, code, triggeredBy: 'g.shop' }).and.to.have.property('message').that.includes(message)
        expect(answer).to.have.property('message').that.has.length.lessThan(300)
        if (status !== 200) expect(answer, 'what it says is not for the sender').to.have.property('message').that.not.includes(body.slice(0, 4))
        expect(await owed(node, 'local')).to.equal(0n)
      })
    }

    it('that sends us elsewhere is not followed there', async () => {
      const url = await world.server((request, response) => {
        if (request.url === '/handle-packet') response.writeHead(307, { location: '/elsewhere' }).end()
        else response.end('{"accept":true}')
      })
      const answer = await (await start(url)).sendPacket(packet('g.shop'))
      expect(answer).to.include({ code: 'T00', message: 'Business logic server is not reachable' })
    })

    for (const [business, code] of Object.entries({
      insufficient_funds: 'T04', expired: 'R00', invalid_request: 'F00', invalid_amount: 'F03', unexpected_payment: 'F06', application_error: 'F99',
      internal_error: 'T00', timeout: 'T00', whatever: 'F99', constructor: 'F99', __proto__: 'F99'
    })) {
      it(`maps ${business} to ${code}`, async () => {
        const { url } = await world.businessLogic(() => ({ accept: false, rejectReason: { code: business, message: 'no' } }))
        expect(outcome(await (await start(url)).sendPacket(packet('g.shop')))).to.equal(code)
      })
    }

    it('that nobody runs rejects with T00, and with nothing of its address', async () => {
      const node = await start('http://127.0.0.1:9')
      expect(await node.sendPacket(packet('g.shop'))).to.include({ code: 'T00', message: 'Business logic server is not reachable' })
      expect(await node.isHandlerHealthy()).to.equal(false)
    })

    it('that does not answer in its time rejects with R00', async () => {
      const node = await start(await world.server(() => undefined), { timeout: 50 })
      expect(await node.sendPacket(packet('g.shop'))).to.include({ code: 'R00', message: 'Business logic server request timed out' })
    })

    it('that answers byte by byte gets no more time for that', async () => {
      const url = await world.server((_request, response) => { response.writeHead(200).write('{"accept":') })
      expect(await (await start(url, { timeout: 50 })).sendPacket(packet('g.shop'))).to.include({ code: 'R00' })
    })

    it('that says yes to a condition which its data does not fulfil is not paid', async () => {
      const { url } = await world.businessLogic(() => ({ accept: true }))
      const answer = await (await start(url)).sendPacket(packet('g.shop', { executionCondition: Buffer.alloc(32, 1) }))
      expect(answer).to.include({ code: 'T00', message: 'Fulfillment/condition mismatch' })
    })

    it('tells whether it is ready', async () => {
      const { url } = await world.businessLogic(() => ({ accept: true }))
      expect(await (await start(url)).isHandlerHealthy()).to.equal(true)
      const ill = await world.server((_request, response) => { response.writeHead(503).end() })
      expect(await (await start(ill)).isHandlerHealthy()).to.equal(false)
    })

    it('steps back for a handler in process', async () => {
      const { url, requests } = await world.businessLogic(() => ({ accept: true }))
      const node = await start(url)
      node.setPacketHandler(() => ({ accept: false }))
      expect(outcome(await node.sendPacket(packet('g.shop')))).to.equal('F99')
      node.setPacketHandler(null)
      expect(outcome(await node.sendPacket(packet('g.shop')))).to.equal('fulfill')
      expect(requests).to.have.lengthOf(1)
    })
  })

  describe('at a hop on the way', () => {
    /** agent -> hop -> shop; `hop` as configured. */
    async function transit (hopConfig: object): Promise<[agent: ConnectorNode, hop: ConnectorNode]> {
      const shop = await world.start('shop')
      const hop = await world.start('hop', {
        peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }], ...hopConfig
      })
      const agent = await world.start('agent', { peers: [{ id: 'hop', url: urlOf(hop), authToken: '' }], routes: [{ prefix: 'g', nextHop: 'hop' }] })
      return [agent, hop]
    }

    it('is told of packets in transit when that is on, embedded', async () => {
      const [agent, hop] = await transit({ perHopNotification: true })
      const seen: object[] = []
      hop.setPacketHandler(({ amount, destination, isTransit, sourcePeer }) => {
        seen.push({ amount, destination, isTransit, sourcePeer })
        throw new Error('whatever it does')
      })
      expect(outcome(await agent.sendPacket(packet('g.shop.x')))).to.equal('fulfill')
      await until(() => seen.length === 1)
      expect(seen).to.deep.equal([{ amount: '1000', destination: 'g.shop.x', isTransit: true, sourcePeer: 'agent' }])
      await hop.sendPacket(packet('g.shop.mine')) // its own packets are no transit
      expect(seen).to.have.lengthOf(1)
    })

    it('is told of packets in transit when that is on, standalone', async () => {
      const { url, requests } = await world.businessLogic(() => ({ accept: false }))
      const [agent] = await transit({ localDelivery: { enabled: true, handlerUrl: url, perHopNotification: true } })
      expect(outcome(await agent.sendPacket(packet('g.shop.x')))).to.equal('fulfill')
      await until(() => requests.length === 1)
      expect(requests[0]).to.include({ amount: '1000', isTransit: true, sourcePeer: 'agent' })
    })

    it('is told nothing otherwise', async () => {
      const [agent, hop] = await transit({})
      let told = 0
      hop.setPacketHandler(() => {
        told++
        return { accept: true }
      })
      expect(outcome(await agent.sendPacket(packet('g.shop.x')))).to.equal('fulfill')
      expect(told).to.equal(0)
    })

    it('holds up no packet when it never answers, and is told of no more than fits', async () => {
      let told = 0
      const url = await world.server(() => { told++ })
      const [agent] = await transit({ localDelivery: { enabled: true, handlerUrl: url, perHopNotification: true } })
      const answers = await Promise.all(Array.from({ length: 1200 }, () => agent.sendPacket(packet('g.shop.x'))))
      expect(answers.every(answer => answer.type === 13)).to.equal(true)
      await until(() => told === 16)
    })
  })
})
