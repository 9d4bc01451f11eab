/** BTPClient and BTPServer, which applications of earlier versions use without a node. */
import { once } from 'node:events'
import { TYPE_RESPONSE } from 'btp-packet'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import {
  BTPClient, BTPConnectionError, BTPServer,
  computeConditionFromData, computeFulfillmentFromData
} from '../../../src/index.js'
import type { ILPFulfillPacket, ILPPreparePacket, PrepareHandler } from '../../../src/index.js'
import { MAX_GUESTS } from '../../../src/node/guest-places.js'
import { authMessage } from '../../support/btp.js'
import { World, outcome, owed, packet, urlOf } from '../../support/node.js'
import { until } from '../../support/waiting.js'

const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error)

function prepare (destination: string, text = ''): ILPPreparePacket {
  const data = Buffer.from(text)
  const { condition: executionCondition } = computeConditionFromData(data)
  return { type: 12, destination, amount: 1000n, executionCondition, expiresAt: new Date(Date.now() + 20_000), data }
}

/** Fulfils everything, and remembers it. */
class Acceptor implements PrepareHandler {
  readonly received: Array<[ILPPreparePacket, string]> = []

  handlePreparePacket (packet: ILPPreparePacket, peerId: string): Promise<ILPFulfillPacket> {
    this.received.push([packet, peerId])
    return Promise.resolve({ type: 13, fulfillment: computeFulfillmentFromData(packet.data), data: Buffer.from('thanks') })
  }
}

describe('the exported parts', () => {
  const world = new World()
  afterEach(() => world.end())

  describe('BTPClient and BTPServer', () => {
    it('speak to a node as a peer does, in both directions', async () => {
      const shop = await world.start('shop')
      shop.setPacketHandler(() => ({ accept: true, data: Buffer.from('a book').toString('base64') }))
      const own = new Acceptor()
      const client = new BTPClient({ id: 'shop', url: urlOf(shop), authToken: '' }, 'tool', { handler: own, logger: world.log })
      world.after(() => client.disconnect())
      const events: string[] = []
      for (const event of ['connected', 'disconnected']) client.on(event, () => events.push(event))
      await client.connect()
      expect(await client.sendPacket(prepare('g.shop.book'))).to.deep.include({ type: 13, data: Buffer.from('a book') })
      expect(await client.sendPacket(prepare('g.nowhere'))).to.include({ type: 14, code: 'F02' })
      expect(await owed(shop, 'tool')).to.equal(1000n)
      shop.addRoute('g.tool', 'tool')
      expect(outcome(await shop.sendPacket(packet('g.tool.me')))).to.equal('fulfill')
      expect(own.received.map(([{ amount, destination }, peerId]) => [amount, destination, peerId])).to.deep.equal([[1000n, 'g.tool.me', 'shop']])
      await client.disconnect()
      expect([client.isConnected, ...events]).to.deep.equal([false, 'connected', 'disconnected'])
      await until(() => shop.listPeers().length === 0)
    })

    it('take a node as a peer, with its secret or not at all', async () => {
      const handler = new Acceptor()
      const server = new BTPServer({
        port: 0, host: '127.0.0.1', secretOf: peerId => peerId === 'agent' ? 'hunter2' : undefined, mayEnter: peerId => peerId !== 'thief', logger: world.log
      }, handler)
      world.after(() => server.stop())
      await server.start()
      const agent = await world.start('agent')
      await agent.registerPeer({ id: 'till', url: `ws://127.0.0.1:${server.port}`, authToken: 'hunter2', routes: [{ prefix: 'g.till' }] })
      expect(await agent.sendPacket(packet('g.till.a', { data: Buffer.from('hi') }))).to.deep.include({ type: 13, data: Buffer.from('thanks') })
      expect(handler.received[0]).to.deep.include.members(['agent'])
      expect(server.peerIds).to.deep.equal(['agent'])
      agent.setPacketHandler(() => ({ accept: true }))
      expect(outcome(await server.sendPacket('agent', prepare('g.agent')))).to.equal('fulfill')
      expect(await failureOf(server.sendPacket('nobody', prepare('g.agent')))).to.include({ message: 'No active BTP connection to peer nobody' })

      const url = `ws://127.0.0.1:${server.port}`
      const guest = new BTPClient({ id: 'till', url, authToken: '' }, 'guest', { logger: world.log })
      world.after(() => guest.disconnect())
      await guest.connect()
      expect(outcome(await guest.sendPacket(prepare('g.till')))).to.equal('fulfill')
      const thief = new BTPClient({ id: 'till', url, authToken: '' }, 'thief', { logger: world.log })
      world.after(() => thief.disconnect())
      expect(await failureOf(thief.connect())).to.be.instanceOf(BTPConnectionError)
      await server.stop()
      await until(() => !guest.isConnected && agent.getHealthStatus().peersConnected === 0)
      expect(server.port).to.equal(0)
    }).timeout(20_000)

    it('leave room for others when one address takes all the places that it gets, and the one that gets none learns why', async () => {
      const server = new BTPServer({ port: 0, host: '0.0.0.0', secretOf: peerId => peerId === 'agent' ? 'hunter2' : undefined, logger: world.log }, new Acceptor())
      world.after(() => server.stop())
      await server.start()
      const url = `ws://127.0.0.1:${server.port}`
      const enter = async (name: string, secret = '', localAddress = '127.0.0.1'): Promise<number | undefined> => {
        const socket = new WebSocket(url, { localAddress })
        world.after(() => {
          socket.terminate()
          return Promise.resolve()
        })
        await once(socket, 'open')
        socket.send(authMessage(secret, name))
        const [answer] = await once(socket, 'message') as [Buffer]
        return answer[0]
      }
      for (let i = 0; i < MAX_GUESTS / 4; i += 50) await Promise.all(Array.from({ length: 50 }, (_, k) => enter(`guest-${i + k}`)))
      expect(server.peerIds).to.have.lengthOf(MAX_GUESTS / 4)
      const late = new BTPClient({ id: 'till', url, authToken: '' }, 'late', { logger: world.log })
      expect(await failureOf(late.connect())).to.be.instanceOf(BTPConnectionError).with.property('message').that.includes('it has no room for us at the moment')
      expect(await enter('agent', 'hunter2'), 'with a secret').to.equal(TYPE_RESPONSE)
      expect(await enter('elsewhere', '', '127.0.0.2'), 'from another address').to.equal(TYPE_RESPONSE)
    }).timeout(60_000)
  })

})
