/** Routes spread by CCP over real BTP sockets, with the reference connector in the middle or at the ends, and payments follow them. */
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type { StreamPlugin } from '../../../examples/stream-parties.js'
import { receive, send } from '../../../examples/stream-parties.js'
import { encodePrepare, rejectOf } from '../../../src/index.js'
import { Network, diallingAccount, listeningAccount, ports, type Connector, type Kind } from '../../support/network.js'
import { until } from '../../support/waiting.js'

const ROUTING = { routeBroadcastInterval: 1000 }
const peer = { relation: 'peer' }
const CONDITION = createHash('sha256').update('nobody knows the preimage').digest()

/** Whether a packet for `destination` gets as far as there: the connector that is the destination's own says that it has nobody there. */
async function reaches (sender: StreamPlugin, destination: string, owner: string): Promise<boolean> {
  const packet = encodePrepare({
    amount: 0n, expiresAt: Date.now() + 20_000, executionCondition: CONDITION, destination: `${destination}.nobody`, data: Buffer.alloc(0)
  })
  return rejectOf(await sender.sendData(packet)).triggeredBy === owner
}

describe('CCP with other connectors', function () {
  this.timeout(60_000)
  let network: Network
  beforeEach(() => { network = new Network() })
  afterEach(() => network.stop())

  const chains: Array<[Kind, Kind, Kind]> = [
    ['sluice', 'sluice', 'sluice'], ['sluice', 'reference', 'sluice'], ['reference', 'sluice', 'reference']
  ]
  for (const chain of chains) {
    it(`spreads routes and carries payments along ${chain.join(' - ')}, also after the middle was restarted`, async () => {
      const [alicePort = 0, leftPort = 0, rightPort = 0, carolPort = 0] = await ports(4)
      const middle = (): Promise<Connector> => network.connector(chain[1], {
        ...ROUTING, ilpAddress: 'test.b', accounts: { a: listeningAccount(leftPort, peer), c: listeningAccount(rightPort, peer) }
      })
      const first = await middle()
      await network.connector(chain[0], {
        ...ROUTING, ilpAddress: 'test.a', accounts: { b: diallingAccount(leftPort, peer), alice: listeningAccount(alicePort) }
      })
      await network.connector(chain[2], {
        ...ROUTING, ilpAddress: 'test.c', accounts: { b: diallingAccount(rightPort, peer), carol: listeningAccount(carolPort) }
      })
      const carol = await network.party(carolPort)
      const { credentials } = await receive(carol)
      const pay = async (): Promise<string> => {
        const alice = await network.party(alicePort) // a payment ends with her plugin's connection
        await until(() => reaches(alice, 'test.c', 'test.c'), 100)
        await until(() => reaches(carol, 'test.a', 'test.a'), 100)
        const { amountDelivered } = await send(alice, credentials, '1')
        return amountDelivered.toString()
      }
      expect(await pay()).to.equal('1')
      await first.shutdown()
      await middle()
      expect(await pay()).to.equal('1')
    })
  }
})
