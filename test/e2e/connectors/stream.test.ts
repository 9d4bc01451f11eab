/** Real payments: STREAM across connectors, npm plugins and sockets. What the sender paid is what the receiver got, less the spreads. */
import { expect } from 'chai'
import { receive, send, type StreamPlugin } from '../../../examples/stream-parties.js'
import { KINDS, Network, diallingAccount, listeningAccount, ports } from '../../support/network.js'

/** 1 USD at scale 9. */
const ONE_USD = 1_000_000_000n

interface Paid { sent: string, delivered: string, received: bigint, address: string }

async function pay (sender: StreamPlugin, receiver: StreamPlugin): Promise<Paid> {
  const shop = await receive(receiver)
  const { amountSent, amountDelivered, error } = await send(sender, shop.credentials, '1')
  expect(error).to.equal(undefined)
  return { sent: amountSent.toString(), delivered: amountDelivered.toString(), received: shop.received(), address: shop.address }
}

describe('real STREAM payments', () => {
  let network: Network
  beforeEach(() => { network = new Network() })
  afterEach(() => network.stop())

  it('cross one connector over ilp-plugin-btp, less its spread', async () => {
    const [a = 0, b = 0] = await ports(2)
    await network.connector('sluice', {
      ilpAddress: 'test.conn', spread: 0.002, accounts: { alice: listeningAccount(a), bob: listeningAccount(b) }
    })
    const paid = await pay(await network.party(a), await network.party(b))
    expect(paid).to.deep.equal({ sent: '1', delivered: '0.998', received: ONE_USD * 998n / 1000n, address: 'test.conn.bob' })
  })

  it('cross one connector over ilp-plugin-mini-accounts, both parties behind one account', async () => {
    const [port = 0] = await ports(1)
    const many = listeningAccount(port, { plugin: 'ilp-plugin-mini-accounts', options: { wsOpts: { host: '127.0.0.1', port } } })
    await network.connector('sluice', { ilpAddress: 'test.conn', accounts: { many } })
    const paid = await pay(await network.party(port, 'alice'), await network.party(port, 'bob'))
    expect(paid.received).to.equal(ONE_USD)
    expect(paid.address).to.match(/^test\.conn\.many\./)
  })

  for (const parent of KINDS) {
    for (const child of KINDS) {
      if (parent === 'reference' && child === 'reference') continue
      for (const direction of ['down', 'up']) {
        it(`go ${direction} through a ${parent} parent and a ${child} child that inherits its address`, async () => {
          const [top = 0, link = 0, bottom = 0] = await ports(3)
          await network.connector(parent, { ilpAddress: 'test.top', accounts: { alice: listeningAccount(top), kid: listeningAccount(link) } })
          await network.connector(child, { accounts: { up: diallingAccount(link, { relation: 'parent' }), bob: listeningAccount(bottom) } })
          const parties = [await network.party(top), await network.party(bottom)] as const
          const [sender, receiver] = direction === 'down' ? parties : [parties[1], parties[0]]
          const paid = await pay(sender, receiver)
          expect(paid.received).to.equal(ONE_USD)
          expect(paid.address).to.equal(direction === 'down' ? 'test.top.kid.bob' : 'test.top.alice')
        })
      }
    }
  }
})
