/**
 * A business logic server that takes its time, and a peer that sends more than it can take: it gets few requests at a time, and all peers
 * get their turn.
 */
import type { ServerResponse } from 'node:http'
import { expect } from 'chai'
import type { ConnectorNode, PaymentRequest } from '../../../src/index.js'
import { BTPClient } from '../../../src/node/facades/btp-client.js'
import { World, urlOf } from '../../support/node.js'
import { sha256 } from '../../support/packets.js'
import { until } from '../../support/waiting.js'

const AT_A_TIME = 4

describe('a slow business logic server', () => {
  const world = new World()
  afterEach(() => world.end())

  /** Requests in the order in which they came, and how many were open at a time at most. */
  const asked: PaymentRequest[] = []
  const open: ServerResponse[] = []
  let most = 0
  let isSlow = true
  beforeEach(() => {
    asked.length = open.length = most = 0
    isSlow = true
  })

  async function shop (): Promise<ConnectorNode> {
    const handlerUrl = await world.server((request, response, body) => {
      if (request.url === '/health') return response.end('{}')
      asked.push(JSON.parse(body) as PaymentRequest)
      most = Math.max(most, open.push(response))
      if (!isSlow) open.shift()?.end('{"accept":true}')
      return undefined
    })
    return await world.start('shop', { localDelivery: { enabled: true, handlerUrl, maxConcurrentRequests: AT_A_TIME } })
  }

  async function enter (node: ConnectorNode, name: string): Promise<(text: string, livesMs?: number) => Promise<string>> {
    const client = new BTPClient({ id: 'shop', url: urlOf(node), authToken: '' }, name, { logger: world.log })
    world.after(() => client.disconnect())
    await client.connect()
    return async (text, livesMs = 60_000) => {
      const data = Buffer.from(`${name} ${text}`)
      const expiresAt = new Date(Date.now() + livesMs)
      const answer = await client.sendPacket({ type: 12, amount: 0n, destination: 'g.shop.x', executionCondition: sha256(sha256(data)), expiresAt, data })
      return answer.type === 13 ? 'fulfill' : answer.code
    }
  }

  async function answerOne (): Promise<void> {
    await until(() => open.length > 0)
    open.shift()?.end('{"accept":true}')
  }

  it('gets as many requests at a time as it is meant to, and a good peer\'s soon, whatever a stranger sends', async () => {
    const node = await shop()
    const [flood, good] = [await enter(node, 'flood'), await enter(node, 'good')]
    const flooding = Array.from({ length: 1000 }, (_, i) => flood(String(i)))
    await until(() => open.length === AT_A_TIME)
    const paying = Array.from({ length: 5 }, (_, i) => good(String(i)))
    const paid: string[] = []
    for (const payment of paying) void payment.then(outcome => paid.push(outcome))
    let answers = 0
    for (; paid.length < paying.length; answers++) {
      await answerOne()
      await until(() => open.length === AT_A_TIME)
    }
    expect(paid).to.deep.equal(Array(5).fill('fulfill'))
    expect(most, 'requests at a time').to.equal(AT_A_TIME)
    expect(answers, 'its five, and as many of the other peer').to.be.lessThan(30)
    expect(asked.filter(({ sourcePeer }) => sourcePeer === 'good')).to.have.length(5)
    isSlow = false
    for (const response of open.splice(0)) response.end('{"accept":true}')
    expect(new Set(await Promise.all(flooding)), 'all the others, in the end').to.deep.equal(new Set(['fulfill']))
    expect(most, 'requests at a time').to.equal(AT_A_TIME)
  })

  it('is not asked about packets whose time is over', async () => {
    const node = await shop()
    const peer = await enter(node, 'peer')
    const first = Array.from({ length: AT_A_TIME }, (_, i) => peer(`first ${i}`))
    await until(() => open.length === AT_A_TIME)
    const late = await Promise.all(Array.from({ length: 20 }, (_, i) => peer(`late ${i}`, 2500)))
    expect(new Set(late)).to.deep.equal(new Set(['R00']))
    const last = peer('last')
    for (let i = 0; i < AT_A_TIME + 1; i++) await answerOne()
    expect(await Promise.all([...first, last])).to.deep.equal(Array(AT_A_TIME + 1).fill('fulfill'))
    expect(asked.map(({ data }) => Buffer.from(data ?? '', 'base64').toString()).filter(text => text.includes('late'))).to.deep.equal([])
  })

  it('is told of packets in transit in the same few requests', async () => {
    const handler = await shop()
    const { handlerUrl } = handler.config.localDelivery
    const sink = await world.start('sink')
    sink.setPacketHandler(() => ({ accept: true }))
    const middle = await world.start('middle', {
      peers: [{ id: 'sink', url: urlOf(sink), authToken: '' }],
      routes: [{ prefix: 'g.sink', nextHop: 'sink' }],
      localDelivery: { enabled: true, handlerUrl, maxConcurrentRequests: 2, perHopNotification: true }
    })
    const client = new BTPClient({ id: 'middle', url: urlOf(middle), authToken: '' }, 'payer', { logger: world.log })
    world.after(() => client.disconnect())
    await client.connect()
    await until(() => middle.isPeerConnected('sink'))
    const answers = await Promise.all(Array.from({ length: 50 }, async (_, i) => {
      const data = Buffer.from(`transit ${i}`)
      const executionCondition = sha256(sha256(data))
      return await client.sendPacket({ type: 12, amount: 0n, destination: 'g.sink.x', executionCondition, expiresAt: new Date(Date.now() + 60_000), data })
    }))
    expect(new Set(answers.map(({ type }) => type)), 'the packets do not wait for it').to.deep.equal(new Set([13]))
    for (let i = 0; i < 10; i++) await answerOne()
    await until(() => open.length === 2)
    expect(most).to.equal(2)
    expect(asked.every(({ isTransit }) => isTransit === true)).to.equal(true)
  })
})
