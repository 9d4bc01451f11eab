/** The log of a connector goes where the program that makes it says, in the level and format that it asks for, without secrets. */
import { expect } from 'chai'
import { ConfigError, createApp, createLogger } from '../../src/index.js'
import type { ConnectorInput } from '../../src/config/connector/schema.js'
import { withLogLevel, withoutLog } from '../support/log.js'
import { TestLogger } from '../support/node.js'
import { TestPlugin } from '../support/test-plugin.js'

const SECRET = 'hunter2-hunter2'

describe('the log of an embedded connector', () => {
  const lines = withoutLog()

  /** Starts and stops a connector that warns of its store, and of a plugin that fails with a stack and a secret. */
  async function run (more: Partial<ConnectorInput>): Promise<void> {
    const plugin = new TestPlugin()
    const app = createApp({
      ilpAddress: 'test.us', backend: 'one-to-one', store: 'memdown',
      accounts: { bob: { relation: 'peer', assetCode: 'USD', assetScale: 9, plugin, options: { secret: SECRET } } }, ...more
    })
    await app.listen()
    plugin.emit('error', new Error(`refused ${SECRET}\n    at somewhere`))
    await app.shutdown()
  }

  it('goes to a logger that is handed in, every line of it', async () => {
    const logger = new TestLogger()
    await run({ logger })
    expect(lines).to.deep.equal([])
    expect(new Set(logger.lines.map(({ fields }) => (fields as { logger: string }).logger))).to.include.all.keys(
      'connector:app', 'connector:accounts', 'connector:memdown-store', 'connector:route-broadcaster')
    const failed = logger.lines.find(({ fields }) => (fields as { event: string }).event === 'plugin_emitted_an_error')
    expect(failed).to.deep.include({ level: 'warn' })
    expect(JSON.stringify(logger.lines)).to.not.include(SECRET)
  })

  it('follows a log that createLogger has made', async () => {
    await run({ logger: createLogger('mine', 'error') })
    expect(lines).to.deep.equal([])
  })

  it('has the level of the options, one line for each call', async () => {
    await run({ logLevel: 'warn' })
    expect(new Set(lines.map(line => line.split(' ')[2]))).to.deep.equal(new Set(['warn']))
    expect(lines.find(line => line.includes('plugin emitted'))).to.match(/^\S+Z connector:accounts warn plugin emitted an error\. accountId=bob error=refused <options\.secret> \| at somewhere\n$/)
  })

  it('is refused where it is none', () => {
    const options = { ilpAddress: 'test.us', accounts: {} }
    expect(() => createApp({ ...options, logger: { info () { /* and nothing else */ } } as never })).to.throw(ConfigError, 'options: logger: has no method debug, warn, error')
    expect(() => createApp({ ...options, logLevel: 'loud' as never })).to.throw(ConfigError, 'options: logLevel: found "loud", expected one of debug, info, warn, error')
  })

  describe('where LOG_LEVEL is set and the program says nothing', () => {
    withLogLevel('error')
    it('has the level of the environment', async () => {
      await run({})
      expect(lines).to.deep.equal([])
    })
  })
})
