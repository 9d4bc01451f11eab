/** No secret is in the log, in either format, whoever writes it and however: of a daemon with a plugin that leaks, and of a node. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { Daemon, temporaryFolder } from '../../support/daemon.js'
import { until } from '../../support/waiting.js'
import { LEAKY_PLUGIN } from '../../support/modules/leaky-plugin.js'

const CLI = fileURLToPath(new URL('../../../src/commands/cli/main.js', import.meta.url))
const NEVER = 'ws://127.0.0.1:9'

/** As people write them, and as others do: in a URL, as bytes. */
function formsOf (secrets: readonly string[]): string[] {
  return secrets.flatMap(secret => {
    const bytes = Buffer.from(secret)
    return [secret, encodeURIComponent(secret), bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url'), bytes.toJSON().data.join(',')]
  })
}

function expectNone (text: string, secrets: readonly string[]): void {
  for (const form of formsOf(secrets)) expect(text).to.not.include(form)
}

/** Each line of JSON, which all of them have to be. */
function records (output: string): Array<Record<'time' | 'level' | 'logger' | 'event' | 'msg', string> & { fields: Record<string, unknown> }> {
  return output.split('\n').filter(line => line !== '').map(line => JSON.parse(line) as ReturnType<typeof records>[number])
}

for (const format of ['text', 'json'] as const) {
  describe(`the log of a daemon as ${format}`, () => {
    const secrets = ['p4ss/w0rd=of~url', 't0ken of auth', 'n3sted-private-key', 'sh4red+secret', '4pi.key.of.backend']
    const [password = '', authToken = '', privateKey = '', secret = '', apiKey = ''] = secrets
    let folder: Awaited<ReturnType<typeof temporaryFolder>>
    let daemon: Daemon
    before(async () => {
      folder = await temporaryFolder()
      daemon = new Daemon({
        LOG_FORMAT: format,
        DEBUG: 'connector:*',
        CONNECTOR_ILP_ADDRESS: 'test.us',
        CONNECTOR_BACKEND: 'one-to-one',
        CONNECTOR_BACKEND_CONFIG: JSON.stringify({ apiKey }),
        CONNECTOR_STORE_PATH: folder.path,
        CONNECTOR_INITIAL_CONNECT_TIMEOUT: '300',
        CONNECTOR_ACCOUNTS: JSON.stringify({
          bob: {
            relation: 'peer',
            plugin: LEAKY_PLUGIN,
            assetCode: 'USD',
            assetScale: 9,
            options: { server: `btp+ws://:${encodeURIComponent(password)}@127.0.0.1:9`, authToken, nested: { keys: [{ privateKey }] }, listener: { secret } }
          }
        })
      })
      await daemon.prints(format === 'json' ? '"event":"connector_ready"' : 'connector ready')
      daemon.kill('SIGTERM')
      expect(await daemon.exited).to.deep.include({ code: 0 })
    })
    after(async () => {
      await daemon.stop()
      await folder.remove()
    })

    it('has lines of everybody and no secret', () => {
      for (const text of ['dialling', 'options', 'could not connect account', 'plugin emitted an error']) expect(daemon.output).to.include(text)
      expect(daemon.output).to.include('[redacted]')
      expectNone(daemon.output + daemon.errors, secrets)
    })

    it('has its shape in every line', () => {
      if (format === 'text') {
        for (const line of daemon.output.trim().split('\n')) expect(line).to.match(/^\d{4}-\d\d-\d\dT\S+Z connector:\S+ (debug|info|warn|error) /)
        return
      }
      const lines = records(daemon.output)
      for (const line of lines) {
        expect(Object.keys(line)).to.deep.equal(['time', 'level', 'logger', 'event', 'msg', 'fields'])
        expect(new Date(line.time).toISOString()).to.equal(line.time)
        expect(line.level).to.match(/^(debug|info|warn|error)$/)
        expect(line.logger).to.match(/^connector:/)
        expect(line.event).to.match(/^[a-z\d_]+$/)
      }
      const failed = lines.find(({ event }) => event === 'could_not_connect_account')
      expect(failed).to.deep.include({ level: 'warn', logger: 'connector:accounts' })
      expect(failed?.fields).to.include({ accountId: 'bob' }).and.have.keys('accountId', 'error', 'retryInMs')
    })
  })

  describe(`the log of a node as ${format}`, () => {
    const secrets = ['t0ken.of.peer', '4dmin.api.key', 't0ken.of.delivery', 't0ken.by.request']
    const [authToken = '', apiKey = '', deliveryToken = '', requested = ''] = secrets

    it('has no secret, of its configuration and of requests', async () => {
      const folder = await temporaryFolder()
      const [btp, health, admin] = [await freePort(), await freePort(), await freePort()]
      await writeFile(join(folder.path, 'config.yaml'), `
nodeId: us
btpServerPort: ${btp}
healthCheckPort: ${health}
dataPath: ${folder.path}
peers:
  - { id: shop, url: '${NEVER}', authToken: '${authToken}' }
routes:
  - { prefix: g.shop, nextHop: shop }
localDelivery: { enabled: true, handlerUrl: 'http://127.0.0.1:9', authToken: '${deliveryToken}' }
adminApi: { enabled: true, host: 127.0.0.1, port: ${admin}, apiKey: '${apiKey}' }
`)
      const node = new Daemon({ LOG_FORMAT: format, LOG_LEVEL: 'debug', DEBUG: 'connector:*' }, {
        program: process.execPath, args: [CLI, 'start', 'config.yaml'], cwd: folder.path
      })
      try {
        await node.prints('connector_ready')
        const ask = (method: string, path: string, key: string, body?: object): Promise<Response> => fetch(`http://127.0.0.1:${admin}${path}`, {
          method,
          headers: { 'x-api-key': key, 'content-type': 'application/json' },
          ...body === undefined ? {} : { body: JSON.stringify(body) }
        })
        expect((await ask('GET', `/admin/peers?apiKey=${apiKey}`, `wrong-${apiKey}`)).status).to.equal(401)
        const peer = { id: 'other', url: NEVER, authToken: requested }
        expect((await ask('POST', '/admin/peers', apiKey, { ...peer, url: `ftp://:${requested}@127.0.0.1` })).status).to.equal(400)
        expect((await ask('POST', '/admin/peers', apiKey, peer)).status).to.equal(201)
        await ask('POST', '/admin/ilp/send', apiKey, { destination: 'g.us', amount: '1', data: '', authToken: requested })
        node.kill('SIGTERM')
        expect(await node.exited).to.deep.include({ code: 0 })
        expect(node.output).to.include('admin api request').and.include('connector_stopped')
        expectNone(node.output + node.errors, secrets)
        if (format === 'json') {
          expect(records(node.output).find(({ logger, event }) => logger === 'connector:us' && event === 'connector_ready')).to.deep.include({ level: 'info', fields: { connectedPeers: 0, totalPeers: 1 } })
          expect(node.errors, 'what is for people').to.include('us is running as g.us')
        } else {
          expect(node.output).to.include('us is running as g.us')
        }
      } finally {
        await node.stop()
        await folder.remove()
      }
    }).timeout(30_000)
  })
}

describe('CONNECTOR_LOG_LEVEL and CONNECTOR_LOG_FORMAT', () => {
  const env = { CONNECTOR_ILP_ADDRESS: 'test.us', CONNECTOR_BACKEND: 'one-to-one', CONNECTOR_ACCOUNTS: '{}', CONNECTOR_STORE: 'memdown' }

  async function outputOf (more: Record<string, string>): Promise<string> {
    const port = String(await freePort())
    const daemon = new Daemon({ ...env, ...more, CONNECTOR_ADMIN_API: 'true', CONNECTOR_ADMIN_API_PORT: port })
    await until(() => fetch(`http://127.0.0.1:${port}/status`).then(({ ok }) => ok, () => false))
    daemon.kill('SIGTERM')
    expect(await daemon.exited).to.deep.include({ code: 0 })
    return daemon.output
  }

  it('decide about the lines of the daemon, and win over LOG_LEVEL and LOG_FORMAT', async () => {
    for (const level of [{ LOG_LEVEL: 'warn' }, { LOG_LEVEL: 'debug', CONNECTOR_LOG_LEVEL: 'warn' }]) {
      for (const format of [{ LOG_FORMAT: 'json' }, { LOG_FORMAT: 'text', CONNECTOR_LOG_FORMAT: 'json' }]) {
        const found = records(await outputOf({ ...level, ...format }))
        expect(found.map(({ level, logger }) => [level, logger])).to.deep.equal([['warn', 'connector:memdown-store']])
      }
    }
    expect(await outputOf({ LOG_LEVEL: '', LOG_FORMAT: '' })).to.match(/^\S+Z connector:app info listen called$/m)
  }).timeout(240_000)

  for (const variable of ['CONNECTOR_LOG_LEVEL', 'LOG_LEVEL', 'CONNECTOR_LOG_FORMAT']) {
    it(`stops the start where ${variable} is none, with one line`, async () => {
      const daemon = new Daemon({ ...env, [variable]: 'loud' })
      await daemon.exited
      expect(daemon.errors).to.match(new RegExp(`^sluice: ${variable}: .*"loud".*\\n$`))
      expect(daemon.output).to.equal('')
    })
  }
})

describe('LOG_FORMAT', () => {
  it('has no part in a start that fails, and nor have secrets', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder.path, 'config.yaml'), 'nodeId: us\nbtpServerPort: 1\npeers: []\nlocalDelivery: { handlerUrl: "http://us:h4ndler@a" }\n')
    const node = new Daemon({ LOG_FORMAT: 'json' }, { program: process.execPath, args: [CLI, 'start', 'config.yaml'], cwd: folder.path })
    expect(await node.exited).to.deep.include({ code: 78 })
    expect(node.errors).to.include('config.yaml:4: localDelivery.handlerUrl: found "http://<credentials>@a"')
    expect(node.output).to.equal('')
    await folder.remove()
  })

  it('that is neither stops the daemon and the node with one line', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder.path, 'config.yaml'), `nodeId: us\nbtpServerPort: ${await freePort()}\npeers: []\nroutes: []\n`)
    const env = { LOG_FORMAT: 'xml', CONNECTOR_ILP_ADDRESS: 'test.us', CONNECTOR_BACKEND: 'one-to-one', CONNECTOR_ACCOUNTS: '{}' }
    for (const command of [new Daemon(env), new Daemon(env, { program: process.execPath, args: [CLI, 'start', 'config.yaml'], cwd: folder.path })]) {
      expect(await command.exited).to.deep.include({ code: 78 })
      expect(command.errors).to.include('LOG_FORMAT: must be one of text, json, found "xml". Set it to one of them or unset it.\n')
      expect(command.output).to.equal('')
    }
    await folder.remove()
  })
})
