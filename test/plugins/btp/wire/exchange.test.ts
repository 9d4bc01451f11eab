/** A request that comes again, as from a peer that sends it on the next connection too, is carried out once. */
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import { SECRET, authenticated, closeAll, cut, heardBy, holding, listening, makePlugin, portOf, textOf } from '../../../support/btp.js'
import { turnsUntil } from '../../../support/waiting.js'

const packet = Buffer.from('a packet')
const answer = Buffer.from('its answer')

describe('a request that comes again', () => {
  afterEach(closeAll)

  it('is carried out once, and gets the same answer, on the same connection and on the next', async () => {
    const { plugin, port } = await listening()
    let carriedOut = 0
    plugin.registerDataHandler(() => Promise.resolve(Buffer.from(`answer ${++carriedOut}`)))
    plugin.registerProtocolHandler('claim', () => Promise.resolve([{ protocolName: 'claim', contentType: 0, data: Buffer.from(`answer ${++carriedOut}`) }]))
    const transfer = BtpPacket.serializeTransfer({ amount: '5' }, 8, [{ protocolName: 'claim', contentType: 0, data: packet }])
    const first = await authenticated(port)
    for (let i = 0; i < 2; i++) {
      first.message(7, packet)
      first.ws.send(transfer)
      expect([await first.next(), await first.next()].map(textOf)).to.deep.equal(['answer 1', 'answer 2'])
    }
    await cut(first, plugin)
    const second = await authenticated(port)
    second.message(7, packet)
    second.ws.send(transfer)
    await turnsUntil(() => second.received.length >= 5)
    expect(new Set((await heardBy(second)).map(frame => `${frame.requestId} ${textOf(frame)}`))).to.deep.equal(new Set(['7 answer 1', '8 answer 2']))
    expect(carriedOut).to.equal(2)
  })

  it('while it is carried out gets one answer', async () => {
    const { plugin, port } = await listening()
    const held = holding(plugin)
    const first = await authenticated(port)
    first.message(7, packet)
    await turnsUntil(() => held.count() === 1)
    await cut(first, plugin)
    const second = await authenticated(port)
    second.message(7, packet)
    await heardBy(second)
    held.release(answer)
    expect(textOf(await second.next())).to.equal('its answer')
    expect(held.count()).to.equal(1)
    expect(await heardBy(second)).to.have.length(1)
  })

  it('is not refused as one too many: it may be under way', async () => {
    const { plugin, port } = await listening()
    let isBusy = false
    const resolvers: Array<(answer: Buffer) => void> = []
    plugin.registerDataHandler(() => new Promise(resolve => { resolvers.push(resolve) }), { isBusy: () => isBusy })
    const first = await authenticated(port)
    first.message(7, packet)
    await turnsUntil(() => resolvers.length === 1)
    await cut(first, plugin)
    isBusy = true
    const second = await authenticated(port)
    second.message(7, packet)
    await heardBy(second)
    resolvers[0]!(answer)
    expect(textOf(await second.next())).to.equal('its answer')
  })

  it('is another one when it says something else: ids that are random meet', async () => {
    const { plugin, port } = await listening()
    plugin.registerDataHandler(data => Promise.resolve(data))
    const peer = await authenticated(port)
    const long = Buffer.alloc(300, 1)
    for (const data of [packet, answer, long, Buffer.concat([long.subarray(1), packet])]) {
      peer.message(7, data)
      expect(textOf(await peer.next())).to.equal(String(data))
    }
  })

  it('from another account is another one', async () => {
    const { plugin, port } = await listening({ username: 'alice' })
    const bob = makePlugin({ listener: { port, username: 'bob', secret: SECRET } })
    await portOf(bob, bob.connect())
    for (const [account, username] of [[plugin, 'alice'], [bob, 'bob']] as const) {
      account.registerDataHandler(() => Promise.resolve(Buffer.from(`answer to ${username}`)))
      const peer = await authenticated(port, SECRET, username)
      peer.message(7, packet)
      expect(textOf(await peer.next())).to.equal(`answer to ${username}`)
    }
  })
})
