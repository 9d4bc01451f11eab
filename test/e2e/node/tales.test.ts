/** What a stranger reads in the Rejects of a node: why the packet did not go, and nothing about the inside. The log has the rest. */
import BtpPacket from 'btp-packet'
import { expect } from 'chai'
import { deserializeIlpReject, type IlpReject } from 'ilp-packet'
import type { ConnectorConfig, ConnectorNode, LocalDeliveryResponse, PaymentResponse } from '../../../src/index.js'
import { afterTest, authenticated, closeAll } from '../../support/btp.js'
import { prepare } from '../../support/packets.js'
import { World } from '../../support/node.js'

const INSIDE = 'connect ECONNREFUSED postgres://shop:hunter2@10.0.3.7'

describe('a stranger', () => {
  const world = new World()
  const logged = (): string => world.log.lines.map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`).join('\n')
  afterEach(async () => {
    await closeAll()
    await world.end()
  })

  async function shopWith (more: Partial<ConnectorConfig> = {}): Promise<ConnectorNode> {
    return await world.start('shop', { environment: 'production', adminApi: { enabled: false }, logLevel: 'info', ...more })
  }

  let requests = 1
  /** What the stranger gets for a packet. */
  async function answerTo (shop: ConnectorNode, destination: string): Promise<IlpReject> {
    const peer = await authenticated(shop.config.btpServerPort, '', `stranger-${requests}`)
    afterTest(() => peer.ws.terminate())
    peer.message(++requests, prepare({ destination, data: Buffer.from(`packet ${requests}`) }))
    const { type, data } = await peer.next()
    expect(type, JSON.stringify(data)).to.equal(BtpPacket.TYPE_RESPONSE)
    return deserializeIlpReject(data.protocolData[0]!.data)
  }

  it('learns no ids of accounts', async () => {
    const shop = await shopWith({
      peers: [{ id: 'customer-acme', url: 'ws://127.0.0.1:9', authToken: 'a secret of acme' }],
      routes: [{ prefix: 'g.acme', nextHop: 'customer-acme' }, { prefix: 'g.later', nextHop: 'customer-later' }]
    })
    const answers = [await answerTo(shop, 'g.acme.x'), await answerTo(shop, 'g.later'), await answerTo(shop, 'g.nobody')]
    expect(answers.map(({ code, message }) => `${code} ${message}`)).to.deep.equal([
      'T01 no connection to account.', 'F02 no route found.', 'F02 no route found.'
    ])
    expect(logged()).to.match(/rejected a packet\. .*"ilpErrorCode":"T01","reason":"no connection to account\. account=customer-acme"/)
  })

  it('learns nothing of what goes wrong inside the application', async () => {
    const shop = await shopWith()
    const broken = [
      () => shop.setPacketHandler(() => { throw new Error(INSIDE) }),
      () => shop.setLocalDeliveryHandler(() => { throw new Error(INSIDE) }),
      () => shop.setLocalDeliveryHandler(() => Promise.reject(Object.assign(new Error(INSIDE), { ilpErrorCode: 'F99' })))
    ]
    for (const set of broken) {
      set()
      const { code, message, data } = await answerTo(shop, 'g.shop.x')
      expect(message).to.be.oneOf(['Internal error processing payment', 'Local delivery handler error'])
      expect([code, data.length]).to.deep.equal(['T00', 0])
    }
    expect(logged()).to.match(/local delivery handler failed\. .*ECONNREFUSED/).and.match(/packet handler failed .*ECONNREFUSED/)
  })

  for (const length of [100_000, 1_000_000]) {
    it(`gets a Reject from an application whose message has ${length} characters`, async () => {
      const shop = await shopWith()
      const text = 'zu spät ✗ '.repeat(length / 10)
      const answer: PaymentResponse = { accept: false, data: Buffer.alloc(32_768, 7).toString('base64'), rejectReason: { code: 'F42', message: text } }
      shop.setPacketHandler(() => answer)
      const { code, message, data } = await answerTo(shop, 'g.shop.x')
      expect(code).to.equal('F42')
      expect(text.startsWith(message), 'cut at the end of a character').to.equal(true)
      expect(message.length).to.be.greaterThan(10_000)
      expect(data.equals(Buffer.alloc(32_768, 7))).to.equal(true)
      const same: LocalDeliveryResponse = { reject: { code: 'F42', message: text } }
      shop.setLocalDeliveryHandler(() => same)
      expect((await answerTo(shop, 'g.shop.x')).code).to.equal('F42')
    })
  }
})
