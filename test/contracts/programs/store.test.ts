/**
 * Stores of blobs: a service behind a connector that is called over HTTP, and asks its price for each byte. A customer has a node in its
 * own process, pays exactly the price, with the blob in the packet, and gets the blob's id in the answer.
 */
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { ConnectorNode, createLogger, type ILPFulfillPacket, type ILPRejectPacket, type PaymentRequest } from '../../../src/index.js'
import { World, owed, urlOf } from '../../support/node.js'

const PRICE_PER_BYTE = 10n
/** What fits into a packet. */
const LARGEST = 32_768

const idOf = (blob: Buffer): string => createHash('sha256').update(blob).digest('base64url')

describe('stores of blobs', () => {
  const world = new World()
  afterEach(() => world.end())

  /** The store behind its connector: its answers have the reasons in the fields of both the library and the SDK. */
  async function startStore (): Promise<{ connector: ConnectorNode, stored: Map<string, Buffer>, requests: PaymentRequest[] }> {
    const stored = new Map<string, Buffer>()
    const { url: handlerUrl, requests } = await world.businessLogic(({ data = '', amount }) => {
      const blob = Buffer.from(data, 'base64')
      const price = PRICE_PER_BYTE * BigInt(blob.length)
      const reject = { accept: false, code: 'F03', message: `the price is ${price}` }
      if (BigInt(amount) < price) return { ...reject, rejectReason: { code: 'invalid_amount', message: reject.message } }
      stored.set(idOf(blob), blob)
      return { accept: true, data: Buffer.from(idOf(blob)).toString('base64'), metadata: { size: blob.length } }
    })
    const adminApi = { enabled: true, port: await freePort(), host: '127.0.0.1' }
    const connector = await world.start('store', { deploymentMode: 'standalone', localDelivery: { enabled: true, handlerUrl, timeout: 5000 }, adminApi })
    connector.addRoute('g.toon.store', 'store', 100)
    return { connector, stored, requests }
  }

  async function startCustomer (connector: ConnectorNode): Promise<ConnectorNode> {
    const node = new ConnectorNode({
      nodeId: 'customer',
      btpServerPort: await freePort(),
      healthCheckPort: await freePort(),
      environment: 'development',
      deploymentMode: 'embedded',
      peers: [],
      routes: [],
      dataPath: await world.directory()
    }, createLogger('customer', 'error'))
    world.after(() => node.stop())
    await node.start()
    const info = await node.registerPeer({ id: 'store', url: urlOf(connector), authToken: '', routes: [{ prefix: 'g.toon.store', priority: 0 }] })
    expect(info).to.include({ id: 'store', connected: true, routeCount: 1 })
    return node
  }

  type Answer = ILPFulfillPacket | ILPRejectPacket
  function upload (customer: ConnectorNode, blob: Buffer, amount = PRICE_PER_BYTE * BigInt(blob.length)): Promise<Answer> {
    return customer.sendPacket({ destination: 'g.toon.store.blobs', amount, data: blob, expiresAt: new Date(Date.now() + 30_000) })
  }

  it('take a blob for its price, through the connectors of both, and answer with its id', async () => {
    const { connector, stored, requests } = await startStore()
    const customer = await startCustomer(connector)
    for (const blob of [Buffer.from('a picture'), Buffer.alloc(LARGEST, 7)]) {
      const answer = await upload(customer, blob)
      expect(answer).to.include({ type: 13 })
      expect(answer.data.toString()).to.equal(idOf(blob))
      expect(stored.get(idOf(blob))).to.deep.equal(blob)
    }
    const price = PRICE_PER_BYTE * BigInt(9 + LARGEST)
    expect([await owed(customer, 'store'), await owed(connector, 'customer')]).to.deep.equal([-price, price])
    expect(requests[0]).to.include({ destination: 'g.toon.store.blobs', amount: '90', sourcePeer: 'customer' })
    expect(Object.keys(requests[0]!)).to.have.members(['paymentId', 'destination', 'amount', 'expiresAt', 'data', 'sourcePeer'])
  })

  it('refuse a blob that is paid too little for, with the price, and are paid nothing', async () => {
    const { connector, stored } = await startStore()
    const customer = await startCustomer(connector)
    expect(await upload(customer, Buffer.from('a picture'), 89n)).to.include({ type: 14, code: 'F03', message: 'the price is 90' })
    expect([stored.size, await owed(connector, 'customer')]).to.deep.equal([0, 0n])
  })
})
