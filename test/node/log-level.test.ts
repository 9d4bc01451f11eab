/** `logLevel` (LOG_LEVEL) decides what a node writes, the connector inside it included. */
import { expect } from 'chai'
import { freePort } from '../../examples/free-port.js'
import { ConnectorNode, createLogger } from '../../src/index.js'
import { withoutLog } from '../support/log.js'
import { World, outcome, packet } from '../support/node.js'

describe('the log level of a node', () => {
  const world = new World()
  beforeEach(() => { world.log.lines.length = 0 })
  afterEach(() => world.end())

  const written: Array<[level: 'debug' | 'info' | 'warn' | 'error', levels: string[]]> = [
    ['debug', ['debug', 'info', 'warn']], ['info', ['info', 'warn']], ['warn', ['warn']], ['error', []]
  ]
  for (const [logLevel, levels] of written) {
    it(`${logLevel}: writes ${levels.length === 0 ? 'nothing of what is less' : `lines of ${levels.join(', ')}`}`, async () => {
      const node = await world.start('agent', { logLevel, localDelivery: { enabled: true, handlerUrl: 'http://127.0.0.1:9' } })
      for (const [to, code] of [['g.nowhere', 'F02'], ['g.agent', 'T00']] as const) expect(outcome(await node.sendPacket(packet(to)))).to.equal(code)
      await node.stop()
      const inner = world.log.inner('debug', 'info', 'warn', 'error')
      expect([...new Set(inner.map(({ level }) => level))].sort()).to.deep.equal(levels)
      expect(inner.every(({ fields }) => 'event' in fields && 'logger' in fields && String(fields.logger).startsWith('connector:'))).to.equal(true)
    })
  }

  describe('with a log that createLogger makes', () => {
    const lines = withoutLog()

    for (const [level, logLevel, expected] of [['error', undefined, []], ['error', 'debug', []], [undefined, 'error', []], ['warn', 'info', ['warn']]] as const) {
      it(`of level ${level ?? 'none'} and the configuration's ${logLevel ?? 'none'}: writes ${expected.join() || 'nothing'}`, async () => {
        const config = { nodeId: 'x', btpServerPort: await freePort(), healthCheckPort: await freePort(), dataPath: await world.directory(), peers: [] }
        const node = new ConnectorNode({
          ...config, ...logLevel !== undefined && { logLevel }, localDelivery: { enabled: true, handlerUrl: 'http://127.0.0.1:9' }
        }, createLogger('x', level))
        world.after(() => node.stop())
        await node.start()
        for (const [to, code] of [['g.nowhere', 'F02'], ['g.x', 'T00']] as const) expect(outcome(await node.sendPacket(packet(to)))).to.equal(code)
        await node.stop()
        expect([...new Set(lines.map(line => /^\S+Z connector:\S+ (\w+) /.exec(line)?.[1]))]).to.deep.equal(expected)
      })
    }
  })
})
