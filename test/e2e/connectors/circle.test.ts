/** Three connectors whose routes run in a circle, over real sockets: a packet goes round once, is refused, and no money stays on hold. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { deserializeIlpReject } from 'ilp-packet'
import { account, makeConnector, type TestConnector } from '../../support/connector.js'
import { withoutLog } from '../../support/log.js'
import { prepare } from '../../support/packets.js'
import { TestPlugin } from '../../support/test-plugin.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { diallingAccount, listeningAccount, ports } from '../../support/network.js'

const peer = { relation: 'peer' }
const EVEN = { balance: 0n, held: 0n }

describe('routes that operators have set in a circle', () => {
  withoutLog()
  noRejectionLeft()
  const connectors: TestConnector[] = []
  afterEach(async () => {
    await Promise.all(connectors.splice(0).map(({ app }) => app.shutdown()))
  })

  it('lead a packet to no connector a second time: it is refused at once, and undone everywhere', async () => {
    const [ab = 0, bc = 0, ca = 0] = await ports(3)
    const alice = new TestPlugin()
    const to = (peerId: string): object => ({ routes: [{ targetPrefix: 'test.far', peerId }] })
    connectors.push(
      makeConnector({ alice: account(alice), c: listeningAccount(ca, peer), b: listeningAccount(ab, peer) }, { ilpAddress: 'test.a', ...to('b') }),
      makeConnector({ a: diallingAccount(ab, peer), c: listeningAccount(bc, peer) }, { ilpAddress: 'test.b', ...to('c') }),
      makeConnector({ b: diallingAccount(bc, peer), a: diallingAccount(ca, peer) }, { ilpAddress: 'test.c', ...to('a') })
    )
    await Promise.all(connectors.map(({ app }) => app.listen()))
    const areConnected = (): boolean =>
      connectors.every(({ app, balances }) => Object.keys(balances()).every(id => app.getPlugin(id).isConnected()))
    while (!areConnected()) await delay(10)

    for (let i = 0; i < 10; i++) {
      const answer = deserializeIlpReject(await alice.receive(prepare({ destination: 'test.far.away' })))
      expect(answer).to.include({
        code: 'T01',
        triggeredBy: 'test.a',
        message: 'packet is in a routing loop, try again when the routes have settled.'
      })
    }
    expect(connectors.map(({ balances }) => balances())).to.deep.equal([{ c: EVEN, b: EVEN }, { a: EVEN, c: EVEN }, { b: EVEN, a: EVEN }])
  })
})
