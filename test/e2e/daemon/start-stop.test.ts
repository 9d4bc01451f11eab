/** The daemon's life: start from the environment, quick start, admin API, signals. */
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { deserializeIlpPacket } from 'ilp-packet'
import { freePort } from '../../../examples/free-port.js'
import type { StreamPlugin } from '../../../examples/stream-parties.js'
import { encodeFulfill, encodePrepare } from '../../../src/index.js'
import { Daemon, temporaryFolder } from '../../support/daemon.js'
import { until } from '../../support/waiting.js'

const BtpPlugin = createRequire(import.meta.url)('ilp-plugin-btp') as new (options: object) => StreamPlugin
const PAY = fileURLToPath(new URL('../../../examples/pay.js', import.meta.url))
const FULFILLMENT = Buffer.alloc(32, 7)
const CONDITION = createHash('sha256').update(FULFILLMENT).digest()

function prepareFor (destination: string): Buffer {
  return encodePrepare({ amount: 1000n, expiresAt: Date.now() + 20_000, executionCondition: CONDITION, destination, data: Buffer.alloc(0) })
}

describe('the daemon', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let daemon: Daemon
  const plugins: StreamPlugin[] = []

  beforeEach(async () => { folder = await temporaryFolder() })
  afterEach(async () => {
    await Promise.all(plugins.splice(0).map(plugin => plugin.disconnect()))
    await daemon.stop()
    await folder.remove()
  })

  async function party (url: string): Promise<StreamPlugin> {
    const plugin = new BtpPlugin({ server: url, responseTimeout: 10_000 })
    plugins.push(plugin)
    await plugin.connect()
    return plugin
  }

  /** Two accounts that npm's plugin connects to, one connector; resolves to the two connected parties. */
  async function startWithTwo (): Promise<[StreamPlugin, StreamPlugin]> {
    const port = await freePort()
    const account = (username: string): object => ({
      relation: 'child', plugin: 'btp', assetCode: 'USD', assetScale: 9, options: { listener: { port, username, secret: 's3cret' } }
    })
    daemon = new Daemon({
      CONNECTOR_ILP_ADDRESS: 'test.daemon',
      CONNECTOR_ACCOUNTS: JSON.stringify({ alice: account('alice'), bob: account('bob') }),
      CONNECTOR_BACKEND: 'one-to-one',
      CONNECTOR_SPREAD: '0',
      CONNECTOR_STORE_PATH: folder.path
    })
    await daemon.prints('listen called')
    return [await party(`btp+ws://alice:s3cret@127.0.0.1:${port}`), await party(`btp+ws://bob:s3cret@127.0.0.1:${port}`)]
  }

  it("starts from the seed's quick start command: no accounts, an address and a store path", async () => {
    daemon = new Daemon({ CONNECTOR_STORE_PATH: folder.path, CONNECTOR_ACCOUNTS: '{}', CONNECTOR_ILP_ADDRESS: 'test.quickstart' })
    // The default backend asks the European Central Bank, which a test does not.
    expect(await daemon.exited).to.deep.equal({ code: 1, signal: null })
    daemon = new Daemon({
      CONNECTOR_STORE_PATH: folder.path, CONNECTOR_ACCOUNTS: '{}', CONNECTOR_ILP_ADDRESS: 'test.quickstart', CONNECTOR_BACKEND: 'one-to-one'
    })
    await daemon.prints('connector ready (republic attitude). address=test.quickstart')
    expect(daemon.running).to.equal(true)
  })

  it('starts with nothing configured and says where to connect, with which secret, and keeps that over a restart', async () => {
    const adminPort = await freePort()
    const env = { CONNECTOR_ADMIN_API_PORT: String(adminPort), QUICKSTART_PORT: String(await freePort()) }
    daemon = new Daemon(env, { args: ['--quickstart'], cwd: folder.path })
    await daemon.prints('What to try next')
    const urls = daemon.output.match(/btp\+ws:\/\/\S+/g) ?? []
    expect(urls).to.have.length(2)

    const [alice, bob] = [await party(urls[0]!), await party(urls[1]!)]
    bob.registerDataHandler(() => Promise.resolve(encodeFulfill(FULFILLMENT, Buffer.alloc(0))))
    expect((await alice.sendData(prepareFor('test.quickstart.bob')))[0]).to.equal(13)
    const { accounts } = await (await fetch(`http://127.0.0.1:${adminPort}/balance`)).json() as { accounts: Record<string, { balance: string }> }
    expect(accounts.alice?.balance).to.equal('1000')

    daemon.kill('SIGINT')
    expect(await daemon.exited).to.deep.equal({ code: 0, signal: null })
    daemon = new Daemon(env, { args: ['--quickstart'], cwd: folder.path })
    await daemon.prints('What to try next')
    expect(daemon.output.match(/btp\+ws:\/\/\S+/g)).to.deep.equal(urls)
    await until(() => [alice, bob].every(plugin => plugin.isConnected())) // with the secret of before
  })

  it('lets a newcomer pay through it with one command, and see it; and its welcome is the last thing on the screen', async () => {
    const explorerPort = String(await freePort())
    const env = {
      CONNECTOR_ADMIN_API_PORT: String(await freePort()), QUICKSTART_PORT: String(await freePort()), CONNECTOR_EXPLORER: 'true', CONNECTOR_EXPLORER_PORT: explorerPort
    }
    daemon = new Daemon(env, { args: ['--quickstart'], cwd: folder.path })
    await daemon.prints('What to try next')
    expect(daemon.output).to.include(`\n  Explorer        http://127.0.0.1:${explorerPort} `)
    expect((await fetch(`http://127.0.0.1:${explorerPort}/`)).headers.get('content-type')).to.match(/^text\/html/)
    const pay = async (): Promise<string> => {
      const paying = new Daemon({}, { cwd: folder.path, program: process.execPath, args: [PAY] })
      expect(await paying.exited, paying.errors).to.deep.equal({ code: 0, signal: null })
      return paying.output
    }
    expect(await pay()).to.match(/alice +balance +0\.000000000 USD +-> +1\.500000000 USD\n +bob +balance +0\.000000000 USD +-> +-1\.497000000 USD/)
    expect(await pay()).to.match(/alice +balance +1\.500000000 USD +-> +3\.000000000 USD/)
    // A program of the newcomer's own is connected as bob.
    const shop = await party(daemon.output.match(/btp\+ws:\/\/bob\S+/g)![0])
    const crossed = new Daemon({}, { cwd: folder.path, program: process.execPath, args: [PAY] })
    expect(await crossed.exited).to.deep.equal({ code: 1, signal: null })
    expect(crossed.errors).to.match(/^Already connected: bob, and an account has one connection at a time\. Stop the program /)
    await shop.disconnect()
    const earned = async (): Promise<unknown> => (await (await fetch(`http://127.0.0.1:${explorerPort}/api/overview`)).json() as { earned: Array<{ amount: string }> }).earned[0]?.amount
    await until(async () => await earned() === '6000000') // counted at the end of the second
    daemon.kill('SIGINT')
    expect(await daemon.exited).to.deep.equal({ code: 0, signal: null })
    const [urls = []] = [daemon.output.match(/btp\+ws:\/\/\S+/g)?.map(String)]
    expect(daemon.output.startsWith('\nYour connector is running.'), daemon.output).to.equal(true)
    expect(daemon.output.trimEnd().endsWith(urls.at(-1)!), daemon.output).to.equal(true)
    expect(daemon.errors).to.equal('')

    const late = new Daemon({}, { cwd: folder.path, program: process.execPath, args: [PAY] })
    expect(await late.exited).to.deep.equal({ code: 1, signal: null })
    expect(late.errors).to.match(/^No connector answers at http:\/\/127\.0\.0\.1:\d+\. Start a connector first, in another terminal: npm start\n$/)
  })

  it('says how to run a second connector beside the first, once, and that works', async () => {
    const env = { CONNECTOR_ADMIN_API_PORT: String(await freePort()), QUICKSTART_PORT: String(await freePort()) }
    daemon = new Daemon(env, { args: ['--quickstart'], cwd: folder.path })
    await daemon.prints('What to try next')
    const spaced = join(folder.path, "it's a folder")
    await mkdir(spaced)
    const second = new Daemon(env, { args: ['--quickstart'], cwd: spaced })
    expect(await second.exited).to.deep.equal({ code: 1, signal: null })
    const [, beside = ''] = /run this one beside it: (.*) npm start\n$/.exec(second.errors) ?? []
    const shell = `${beside} node -p 'JSON.stringify({ ...process.env })'` // what a person's shell makes of it
    const proposed = JSON.parse(execFileSync('sh', ['-c', shell], { env: { PATH: process.env.PATH }, encoding: 'utf8' })) as Record<string, string>
    expect(proposed).to.include.keys('QUICKSTART_PORT', 'CONNECTOR_ADMIN_API_PORT').and.to.include({ CONNECTOR_STORE_PATH: join(await realpath(spaced), 'data-2') })
    const third = new Daemon(proposed, { args: ['--quickstart'], cwd: folder.path })
    try {
      await third.prints('What to try next')
    } finally {
      await third.stop()
    }
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`finishes the answers in flight on ${signal}, takes no new packets, and exits 0`, async () => {
      const [alice, bob] = await startWithTwo()
      let answer: (reply: Buffer) => void = () => undefined
      const arrived = new Promise<void>(resolve => bob.registerDataHandler(() => {
        resolve()
        return new Promise(settle => { answer = settle })
      }))
      const reply = alice.sendData(prepareFor('test.daemon.bob'))
      await arrived
      daemon.kill(signal)
      await daemon.prints(`shutting down. signal=${signal}`)
      const late = deserializeIlpPacket(await alice.sendData(prepareFor('test.daemon.bob')))
      expect(late.data).to.include({ code: 'T03', message: 'connector is shutting down.' })
      answer(encodeFulfill(FULFILLMENT, Buffer.from('paid')))
      expect((await reply)[0]).to.equal(13)
      expect(await daemon.exited).to.deep.equal({ code: 0, signal: null })
    })
  }

  it('ends at once on a second signal', async () => {
    const [alice, bob] = await startWithTwo()
    const arrived = new Promise<void>(resolve => bob.registerDataHandler(() => {
      resolve()
      return new Promise(() => undefined)
    }))
    alice.sendData(prepareFor('test.daemon.bob')).catch(() => undefined)
    await arrived
    daemon.kill('SIGTERM')
    await daemon.prints('shutting down. signal=SIGTERM')
    daemon.kill('SIGTERM')
    expect(await daemon.exited).to.deep.equal({ code: 1, signal: null })
  })

  it('says what is in the way of a quick start', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    daemon = new Daemon({ QUICKSTART_PORT: String(port) }, { args: ['--quickstart'], cwd: folder.path })
    expect(await daemon.exited).to.deep.equal({ code: 1, signal: null })
    expect(daemon.errors).to.match(/^sluice: .*port \d+.*QUICKSTART_PORT.*\n$/)
    taken.close()
    daemon = new Daemon({ CONNECTOR_STORE_PATH: process.execPath }, { args: ['--quickstart'], cwd: folder.path })
    expect(await daemon.exited).to.deep.equal({ code: 1, signal: null })
    expect(daemon.errors).to.match(/^sluice: .*data directory.*CONNECTOR_STORE_PATH.*\n$/)
  })

  it('leaves nothing half-started behind when its admin port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    daemon = new Daemon({
      CONNECTOR_ILP_ADDRESS: 'test.daemon', CONNECTOR_ACCOUNTS: '{}', CONNECTOR_BACKEND: 'one-to-one', CONNECTOR_STORE_PATH: folder.path,
      CONNECTOR_ADMIN_API: 'true', CONNECTOR_ADMIN_API_PORT: String(port)
    })
    expect(await daemon.exited).to.deep.equal({ code: 1, signal: null })
    expect(daemon.errors).to.match(/^sluice: .*127\.0\.0\.1:\d+.*CONNECTOR_ADMIN_API_PORT.*\n$/)
    taken.close()
  })
})
