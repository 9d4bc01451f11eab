/** Two nodes that list each other as peers: connected, paying in both directions, and silent about it. */
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { World, outcome, packet } from '../../support/node.js'
import { until } from '../../support/waiting.js'

describe('two nodes that list each other', () => {
  const world = new World()
  beforeEach(() => { world.log.lines.length = 0 })
  afterEach(() => world.end())

  for (const authToken of ['', 'hunter2']) {
    it(`${authToken === '' ? 'without' : 'with'} a secret are connected without a word of warning`, async () => {
      const [portA, portB] = [await freePort(), await freePort()]
      const peer = (id: string, port: number): object => ({
        logLevel: 'warn', peers: [{ id, url: `ws://127.0.0.1:${port}`, authToken }], routes: [{ prefix: `g.${id}`, nextHop: id }]
      })
      const a = await world.make('node-a', { btpServerPort: portA, ...peer('node-b', portB) })
      const b = await world.make('node-b', { btpServerPort: portB, ...peer('node-a', portA) })
      // The first waits longer and longer between its tries, so the second is the one who connects; then the first tries again.
      const later = Date.now() + 1000
      const starting = a.start()
      await until(() => Date.now() > later)
      await Promise.all([starting, b.start()])
      await until(() => a.getHealthStatus().status === 'healthy' && b.getHealthStatus().status === 'healthy')
      for (const node of [a, b]) node.setPacketHandler(() => ({ accept: true }))
      // Long enough for the one who was refused to try again a few times.
      const tries = Date.now() + 4000
      await until(() => Date.now() > tries)
      expect(outcome(await a.sendPacket(packet('g.node-b')))).to.equal('fulfill')
      expect(outcome(await b.sendPacket(packet('g.node-a')))).to.equal('fulfill')
      expect(world.log.inner('warn', 'error')).to.deep.equal([])
    }).timeout(20_000)
  }
})
