/** `logLevel` (LOG_LEVEL) decides what a node writes, the connector inside it included. */
import { expect } from 'chai'
import { setLogLevel } from '../../src/lib/log.js'
import { withoutLog } from '../support/log.js'
import { World, outcome, packet } from '../support/node.js'

describe('the log level of a node', () => {
  const world = new World()
  const lines = withoutLog()
  afterEach(async () => {
    await world.end()
    setLogLevel()
  })

  const written: Array<[level: 'debug' | 'info' | 'warn' | 'error', levels: string[]]> = [
    ['debug', ['debug', 'info', 'warn']], ['info', ['info', 'warn']], ['warn', ['warn']], ['error', []]
  ]
  for (const [logLevel, levels] of written) {
    it(`${logLevel}: writes ${levels.length === 0 ? 'nothing of what is less' : `lines of ${levels.join(', ')}`}`, async () => {
      const node = await world.start('agent', { logLevel, localDelivery: { enabled: true, handlerUrl: 'http://127.0.0.1:9' } })
      for (const [to, code] of [['g.nowhere', 'F02'], ['g.agent', 'T00']] as const) expect(outcome(await node.sendPacket(packet(to)))).to.equal(code)
      await node.stop()
      const seen = new Set(lines.map(line => /^\S+Z connector:\S+ (\w+) /.exec(line)?.[1]))
      expect([...seen].sort()).to.deep.equal(levels)
    })
  }
})
