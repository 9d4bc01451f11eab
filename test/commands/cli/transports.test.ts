/** `connector send` with a ws:// URL: packets to a node's BTP port, as a peer called send-packet-client. */
import { expect } from 'chai'
import { World, owed, urlOf } from '../../support/node.js'
import { TestSocksProxy } from '../../support/socks-proxy.js'
import { freePorts, Workplace, type Result } from '../../support/cli.js'

const HIDDEN = 'shop-of-the-test.onion'

describe('connector send over BTP', () => {
  const world = new World()
  let place: Workplace
  beforeEach(async () => { place = await Workplace.make() })
  afterEach(async () => {
    await world.end()
    await place.remove()
  })

  const send = (args: string[], env: Record<string, string> = {}): Promise<Result> => place.run(['send', '-d', 'g.shop.book', '-a', '1000', ...args], { env })

  it('pays a node, once or often, as its peer', async () => {
    const shop = await world.start('shop')
    shop.setPacketHandler(({ amount }) => BigInt(amount) === 1000n
      ? { accept: true, data: Buffer.from('thanks').toString('base64') }
      : { accept: false, rejectReason: { code: 'invalid_amount', message: 'costs 1000' } })
    const { code, out, err } = await send(['--connector-url', urlOf(shop), '--data', 'one book', '--expiry', '20'])
    expect([code, err]).to.deep.equal([0, ''])
    expect(out).to.match(/^Fulfilled\.\nFulfillment: [\w+/]{43}=\nData: thanks\n$/)
    expect((await send(['-c', urlOf(shop), '--batch', '10'])).out).to.include('10 fulfilled, 0 rejected')
    expect(await owed(shop, 'send-packet-client')).to.equal(11_000n)
    expect(await place.run(['send', '-d', 'g.shop', '-a', '1', '-u', urlOf(shop)])).to.deep.include({ code: 1, err: 'Rejected: F03 costs 1000\n' })
    const rejected = await place.run(['send', '-d', 'g.nowhere', '-a', '1', '-u', urlOf(shop), '--json'])
    expect(JSON.parse(rejected.out)).to.include({ accepted: false, code: 'F02' })
    expect((await send(['-c', urlOf(shop), '--log-level', 'debug'])).out).to.include('connector:send-packet-client')
  }).timeout(30_000)

  it('shows its secret, from the environment or an option', async () => {
    world.setEnv('BTP_ALLOW_NOAUTH', 'false')
    world.setEnv('BTP_PEER_SEND_PACKET_CLIENT_SECRET', 'hunter2')
    const shop = await world.start('shop')
    shop.setPacketHandler(() => ({ accept: true }))
    expect(await send(['-u', urlOf(shop)], { BTP_PEER_SEND_PACKET_CLIENT_SECRET: 'hunter2' })).to.include({ code: 0 })
    expect(await send(['-u', urlOf(shop), '--auth-token', 'hunter2'])).to.include({ code: 0 })
    const { code, err } = await send(['-u', urlOf(shop), '--auth-token', 'wrong'])
    expect(code).to.equal(1)
    expect(err).to.include('may send-packet-client connect to it?').and.to.include('BTP_PEER_SEND_PACKET_CLIENT_SECRET')
    expect(err).to.not.include('hunter2').and.to.not.include('wrong')
  }).timeout(30_000)

  it('reaches a hidden service through a proxy, and in no other way', async () => {
    const shop = await world.start('shop')
    shop.setPacketHandler(() => ({ accept: true }))
    const proxy = await TestSocksProxy.start({ [HIDDEN]: Number(new URL(urlOf(shop)).port) })
    world.after(() => proxy.stop())
    const paid = await send(['-c', `ws://${HIDDEN}:3000`, '--proxy', proxy.url])
    expect([paid.code, paid.err]).to.deep.equal([0, ''])
    expect(proxy.asked).to.have.lengthOf(1)
    expect(proxy.asked[0]).to.include({ addressType: 3, host: HIDDEN, port: 3000 })
    expect(await send(['-c', `ws://${HIDDEN}:3000`])).to.include({ code: 1 }).with.property('err').that.includes('add --proxy socks5h://')
    expect(await send(['-u', `http://${HIDDEN}`])).to.include({ code: 1 }).with.property('err').that.includes('hidden service')
    expect((await send(['-u', 'http://127.0.0.1:1', '--proxy', proxy.url])).err).to.include('--proxy is for BTP')
    expect((await send(['-c', `ws://${HIDDEN}`, '--proxy', 'socks5://127.0.0.1:9'])).err).to.include('--proxy must use the "socks5h://" scheme')
    const { url } = proxy
    await proxy.stop()
    expect(await send(['-c', urlOf(shop), '--proxy', url, '--timeout', '2000'])).to.include({ code: 1 })
    expect(await owed(shop, 'send-packet-client')).to.equal(1000n)
  }).timeout(120_000)

  it('says that nothing answers', async () => {
    const [port] = await freePorts(1)
    const { code, out, err } = await send(['-u', `ws://127.0.0.1:${port!}`])
    expect([code, out]).to.deep.equal([1, ''])
    expect(err).to.equal(`Cannot reach ws://127.0.0.1:${port!} (connection refused). Is the connector running, and is this its BTP port?\n`)
  }).timeout(30_000)
})
