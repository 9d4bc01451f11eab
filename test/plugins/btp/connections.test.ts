/** Who comes without a secret may be somebody else each time: nobody answers for another, and nobody hears what another asked. */
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import type {
  HandPeer } from '../../support/btp.js'
import { authMessage, authenticated, closeAll, cut, dial, heardBy, holding, listening, makePlugin } from '../../support/btp.js'
import { rejectionError } from '../../support/failures.js'
import { turnsUntil } from '../../support/waiting.js'

const packet = Buffer.from('a packet')
const answer = Buffer.from('its answer')

/** A peer without a secret that is known by `session`. */
async function guest (port: number, session?: Buffer): Promise<HandPeer> {
  const peer = await dial(port)
  const { data } = BtpPacket.deserialize(authMessage('', 'guest'))
  const entries = session === undefined ? [] : [{ protocolName: 'auth_session', contentType: 0, data: session }]
  peer.ws.send(BtpPacket.serializeMessage(1, [...data.protocolData, ...entries]))
  await peer.next()
  return peer
}

describe('a BTP connection of a peer without a secret that breaks', () => {
  afterEach(closeAll)

  const noAuth = { secret: undefined, noAuth: true }

  it('lets nobody else answer what it was asked: that ends at once, with R00', async () => {
    const { plugin, port } = await listening(noAuth)
    const first = await guest(port)
    const sent = rejectionError(plugin.sendData(packet))
    const { requestId } = await first.next()
    await cut(first, plugin)
    expect(await sent).to.include({ ilpErrorCode: 'R00' })
    const second = await guest(port)
    second.respond(requestId, answer)
    await heardBy(second)
    expect(await plugin.getAdminInfo()).to.include({ unknownOutcomes: 1, pendingRequests: 0 })
  })

  it('lets nobody else answer it by taking its place, either', async () => {
    for (const session of [undefined, Buffer.alloc(16, 2), Buffer.alloc(0), Buffer.alloc(15, 1)]) {
      const { plugin, port } = await listening(noAuth)
      const held = holding(plugin)
      const first = await guest(port, Buffer.alloc(16, 1))
      const sent = rejectionError(plugin.sendData(packet))
      const { requestId } = await first.next()
      first.message(5, packet)
      await turnsUntil(() => held.count() === 1)
      const second = await guest(port, session)
      second.respond(requestId, answer)
      expect(await sent).to.include({ ilpErrorCode: 'R00' })
      held.release(answer)
      expect(await heardBy(second), 'nor hear what the other one asked').to.deep.equal([])
      // Nor can the first one speak for the second.
      const next = plugin.sendData(packet)
      const { requestId: secondId } = await second.next()
      second.respond(secondId, answer)
      expect(String(await next)).to.equal('its answer')
    }
  })

  it('goes on where it was when the peer shows that it is the same', async () => {
    const session = Buffer.alloc(16, 1)
    for (const keepFirst of [true, false]) {
      const { plugin, port } = await listening({ ...noAuth, keepFirst })
      const held = holding(plugin)
      const first = await guest(port, session)
      const sent = plugin.sendData(packet)
      const { requestId } = await first.next()
      first.message(5, packet)
      await turnsUntil(() => held.count() === 1)
      held.release(answer)
      if (keepFirst) expect((await rejectionError(authenticated(port, ''))).message, 'another one').to.include('connected already')
      const second = await guest(port, session) // the first has not been noticed to be dead
      second.respond(requestId, answer)
      expect(String(await sent)).to.equal('its answer')
      expect((await heardBy(second)).map(({ requestId }) => requestId)).to.deep.equal([5])
      await first.closed
    }
  })

  it('of ours shows a listener which one it is, each plugin another', async () => {
    const { plugin, port } = await listening({ ...noAuth, keepFirst: true })
    const client = makePlugin({ server: `btp+ws://127.0.0.1:${port}`, reconnectIntervals: [1] })
    await client.connect()
    await turnsUntil(() => plugin.isConnected())
    const held = holding(plugin)
    const sent = client.sendData(packet)
    await turnsUntil(() => held.count() === 1)
    const other = makePlugin({ server: `btp+ws://127.0.0.1:${port}`, reconnectIntervals: [1] })
    await rejectionError(other.connect({ timeout: 600 }))
    held.release(answer)
    expect(String(await sent)).to.equal('its answer')
    expect(client.isConnected()).to.equal(true)
  })
})
