/** A configured peer without a secret is the one at its address: nobody else gets its name, its payments or its credit. */
import { once } from 'node:events'
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { freePort } from '../../../examples/free-port.js'
import { BTPClient } from '../../../src/node/facades/btp-client.js'
import type { ConnectorNode } from '../../../src/index.js'
import { authMessage } from '../../support/btp.js'
import { withoutLog } from '../../support/log.js'
import { World, outcome, owed, packet, urlOf } from '../../support/node.js'
import { sha256 } from '../../support/packets.js'
import { until } from '../../support/waiting.js'

describe('a peer without a secret', () => {
  const world = new World()
  withoutLog()
  afterEach(() => world.end())

  let shopPort: number
  let bankPort: number
  let paid: string[]
  beforeEach(async () => {
    [shopPort, bankPort] = [await freePort(), await freePort()]
    paid = []
  })

  const startShop = (): Promise<ConnectorNode> => world.start('shop', {
    btpServerPort: shopPort, peers: [{ id: 'bank', url: `ws://127.0.0.1:${bankPort}`, authToken: '' }], routes: [{ prefix: 'g.bank', nextHop: 'bank' }]
  })
  const makeBank = async (isMutual = true): Promise<ConnectorNode> => {
    const bank = await world.make('bank', {
      btpServerPort: bankPort, ...isMutual && { peers: [{ id: 'shop', url: `ws://127.0.0.1:${shopPort}`, authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }] }
    })
    bank.setPacketHandler(() => {
      paid.push('bank')
      return { accept: true }
    })
    return bank
  }

  interface Knocked { type: number, entries: Array<{ protocolName: string, contentType: number, data: Buffer }> }

  /** Somebody says to be the bank. Resolves to what they are told. */
  async function knock (more: Knocked['entries'] = [], name = 'bank'): Promise<Knocked> {
    const socket = new WebSocket(`ws://127.0.0.1:${shopPort}`)
    world.after(() => {
      socket.terminate()
      return Promise.resolve()
    })
    await once(socket, 'open')
    const { data } = BtpPacket.deserialize(authMessage('', name))
    socket.send(BtpPacket.serializeMessage(1, [...data.protocolData, ...more]))
    const [answer] = await once(socket, 'message') as [Buffer]
    const frame = BtpPacket.deserialize(answer)
    return { type: frame.type, entries: frame.data.protocolData }
  }

  function impostor (): BTPClient {
    const client = new BTPClient({ id: 'shop', url: `ws://127.0.0.1:${shopPort}`, authToken: '' }, 'bank', {
      logger: world.log,
      handler: {
        handlePreparePacket: ({ data }) => {
          paid.push('impostor')
          return Promise.resolve({ type: 13, fulfillment: sha256(data), data: Buffer.alloc(0) })
        }
      }
    })
    world.after(() => client.disconnect())
    return client
  }

  const pay = async (from: ConnectorNode, to: string): Promise<string> => outcome(await from.sendPacket(packet(`g.${to}`)))

  it('that is away has no double: nobody gets in, is paid or has its credit', async () => {
    const shop = await startShop()
    const client = impostor()
    expect(await client.connect().then(() => 'in', () => 'out')).to.equal('out')
    expect([await pay(shop, 'bank'), paid, shop.isPeerConnected('bank')]).to.deep.equal(['T01', [], false])
  }).timeout(20_000)

  for (const first of ['shop', 'bank'] as const) {
    it(`is known by where it comes from when it dials us, too, whoever starts first (${first}), and whatever strangers say meanwhile`, async () => {
      const bank = await makeBank()
      const flood = setInterval(() => { knock([{ protocolName: 'auth_proof', contentType: 0, data: Buffer.alloc(32) }]).catch(() => undefined) }, 20)
      world.after(() => {
        clearInterval(flood)
        return Promise.resolve()
      })
      if (first === 'bank') await bank.start()
      const shop = await startShop()
      if (first === 'shop') await bank.start()
      await until(() => shop.isPeerConnected('bank') && bank.isPeerConnected('shop'))
      shop.setPacketHandler(() => ({ accept: true }))
      expect([await pay(shop, 'bank'), await pay(bank, 'shop'), paid]).to.deep.equal(['fulfill', 'fulfill', ['bank']])
      expect(await owed(shop, 'bank')).to.equal(0n)
      clearInterval(flood)
    }).timeout(30_000)
  }

  it('comes back after it was started anew, with nobody in its place meanwhile', async () => {
    const bank = await makeBank()
    const shop = await startShop()
    await bank.start()
    await until(() => shop.isPeerConnected('bank'))
    await bank.stop()
    await until(() => !shop.isPeerConnected('bank'))
    expect((await knock()).type).to.equal(BtpPacket.TYPE_ERROR)
    expect(await pay(shop, 'bank')).to.equal('T01')
    await bank.start()
    await until(() => shop.isPeerConnected('bank'))
    expect([await pay(shop, 'bank'), paid]).to.deep.equal(['fulfill', ['bank']])
  }).timeout(30_000)

  it('is connected by our dialling it, where it does not know us', async () => {
    const bank = await makeBank(false)
    await bank.start()
    const shop = await startShop()
    expect([await pay(shop, 'bank'), paid]).to.deep.equal(['fulfill', ['bank']])
    expect((await knock()).type, 'a second one').to.equal(BtpPacket.TYPE_ERROR)
    expect(shop.isPeerConnected('bank')).to.equal(true)
  })

  it('takes its name from a guest who has it when the peer is registered', async () => {
    const shop = await world.start('shop', { btpServerPort: shopPort })
    const client = impostor()
    await client.connect()
    await shop.registerPeer({ id: 'bank', url: `ws://127.0.0.1:${bankPort}`, authToken: '', routes: [{ prefix: 'g.bank' }] })
    expect([await pay(shop, 'bank'), paid]).to.deep.equal(['T01', []])
    await (await makeBank()).start()
    await until(() => shop.isPeerConnected('bank'))
    expect([await pay(shop, 'bank'), paid]).to.deep.equal(['fulfill', ['bank']])
  }).timeout(20_000)

  it('cannot be told from any other name by those who are refused', async () => {
    const shop = await world.start('shop', {
      btpServerPort: shopPort,
      peers: [{ id: 'bank', url: 'ws://127.0.0.1:9', authToken: '' }, { id: 'known', url: 'ws://127.0.0.1:9', authToken: 'hunter2' }],
      routes: [{ prefix: 'g.meant', nextHop: 'meant' }]
    })
    const answers = []
    for (const name of ['bank', 'known', 'meant', 'local', 'a b']) answers.push(await knock([], name))
    for (const answer of answers) expect(answer).to.deep.equal(answers[0])
    expect(urlOf(shop)).to.be.a('string')
  }).timeout(20_000)
})
