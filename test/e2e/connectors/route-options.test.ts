/** What an operator sets about routes and figures is what the running connector does: each option is seen at its work, from outside. */
import { createHash, createHmac } from 'node:crypto'
import { expect } from 'chai'
import {
  Mode, deserializeCcpRouteUpdateRequest, serializeCcpResponse, serializeCcpRouteControlRequest, serializeCcpRouteUpdateRequest
} from 'ilp-protocol-ccp'
import type { CcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import type { App } from '../../../src/connector/connector.js'
import { AccountStats } from '../../../src/metrics/stats.js'
import { prepareOf } from '../../../src/packet/prepare.js'
import { RoutingService } from '../../../src/routing/service.js'
import { stoppedClock } from '../../support/clock.js'
import { account, startConnector, type Options, type TestConnector } from '../../support/connector.js'
import { TestPlugin } from '../../support/test-plugin.js'

const SECRET = Buffer.alloc(32, 7)
const TABLE = 'b38e6e41-71a0-4088-baed-d2f09caa18ee'

describe('options of routes and figures', () => {
  let time: ReturnType<typeof stoppedClock>
  let app: App | undefined
  beforeEach(() => { time = stoppedClock() })
  afterEach(async () => {
    time.restore()
    await app?.shutdown()
    app = undefined
  })

  async function start (plugin: TestPlugin, options: Options): Promise<TestConnector> {
    const connector = await startConnector({ peer: account(plugin) }, { routeBroadcastEnabled: true, routes: [], ...options })
    app = connector.app
    return connector
  }

  const peer = (): TestPlugin => new TestPlugin(() => Promise.resolve(serializeCcpResponse()))
  const updatesTo = (plugin: TestPlugin): CcpRouteUpdateRequest[] => plugin.sent
    .filter(packet => prepareOf(packet).destination === 'peer.route.update').map(packet => deserializeCcpRouteUpdateRequest(packet))

  /** What the peer is told when it has asked, and until `ms` later. */
  async function told (options: Options, ms: number): Promise<CcpRouteUpdateRequest[]> {
    const plugin = peer()
    await start(plugin, options)
    const question = { mode: Mode.MODE_SYNC, lastKnownRoutingTableId: TABLE, lastKnownEpoch: 0, features: [] }
    await plugin.receive(serializeCcpRouteControlRequest(question))
    await time.tickAsync(ms)
    return updatesTo(plugin)
  }

  it('routeExpiry is what peers are told, and routingSecret makes what routes are known by', async () => {
    const [update] = await told({ routeExpiry: 12_345, routingSecret: SECRET.toString('base64') }, 1000)
    expect(update?.holdDownTime).to.equal(12_345)
    const [own] = update!.newRoutes
    expect(own?.prefix).to.equal('test.connector')
    expect(own?.auth).to.deep.equal(createHash('sha256').update(createHmac('sha256', SECRET).update('test.connector').digest()).digest())
  })

  it('routeBroadcastInterval is how often they are told when there is nothing new', async () => {
    expect(await told({ routeBroadcastInterval: 5000 }, 150 + 4 * 5000)).to.have.lengthOf(5)
  })

  for (const routeCleanupInterval of [1000, 50_000]) {
    it(`routeCleanupInterval: after ${routeCleanupInterval} ms the routes of a silent peer are looked for`, async () => {
      const plugin = peer()
      const { container } = await start(plugin, { routeCleanupInterval })
      const routes = (): string[] => Object.keys(container(RoutingService).status().localRoutingTable)
      await plugin.receive(serializeCcpRouteUpdateRequest({
        speaker: 'test.peer', routingTableId: TABLE, currentEpochIndex: 1, fromEpochIndex: 0, toEpochIndex: 1, holdDownTime: 10_000, withdrawnRoutes: [],
        newRoutes: [{ prefix: 'test.far', path: ['test.peer'], auth: Buffer.alloc(32), props: [] }]
      }))
      await time.tickAsync(9000)
      expect(routes()).to.include('test.far')
      await time.tickAsync(11_000)
      expect(routes().includes('test.far')).to.equal(routeCleanupInterval > 20_000)
      await time.tickAsync(35_000)
      expect(routes()).to.not.include('test.far')
    })
  }

  for (const collectDefaultMetrics of [false, true]) {
    it(`collectDefaultMetrics: ${collectDefaultMetrics} ${collectDefaultMetrics ? 'adds figures of' : 'says nothing about'} the process`, async () => {
      const { container } = await start(peer(), { collectDefaultMetrics })
      expect((await container(AccountStats).scrape()).includes('process_cpu_user_seconds_total')).to.equal(collectDefaultMetrics)
    })
  }
})
