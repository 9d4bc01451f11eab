/** A proxy that the node runs: it is there when the node is, comes back when it ends, and is never left behind. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../../examples/free-port.js'
import type { TransportConfig } from '../../src/contracts/node.js'
import type { ConnectorNode } from '../../src/index.js'
import { rejectionError } from '../support/failures.js'
import { World } from '../support/node.js'
import { HOSTNAME, isAlive, overlayProgram, type Behaviour } from '../support/overlay-program.js'
import { eventually } from '../support/waiting.js'

describe('a node that runs its proxy', () => {
  const world = new World()
  let directory = ''
  beforeEach(async () => { directory = await world.directory() })
  afterEach(() => world.end())

  interface Started { pid: number, env: string[] }

  const settings = (): string => join(directory, 'overlay/agent/settings')
  async function starts (): Promise<Started[]> {
    const text = await readFile(`${settings()}.starts`, 'utf8').catch(() => '')
    return text.split('\n').filter(line => line !== '').map(line => JSON.parse(line) as Started)
  }

  async function make (behaviour: Behaviour = 'good', more: TransportConfig['managedOptions'] = {}, service: TransportConfig['hiddenService'] = {}): Promise<ConnectorNode> {
    const transport: TransportConfig = {
      type: 'socks5', socksProxy: `socks5h://127.0.0.1:${await freePort()}`, managed: true,
      managedOptions: { ...await overlayProgram(directory, behaviour), hiddenServiceDir: join(directory, 'service'), startupTimeoutMs: 60_000, ...more },
      hiddenService: { enabled: true, ...service }
    }
    return await world.make('agent', { transport, dataPath: directory })
  }

  it('starts it first, knows the name of its hidden service once it is reached, and stops it last', async () => {
    world.setEnv('EVM_PRIVATE_KEY', 'hunter2')
    const node = await make()
    expect(node.overlay).to.equal(undefined)
    await node.start()
    const [started] = await starts()
    expect(started!.env).to.include('PATH').and.not.include('EVM_PRIVATE_KEY')
    expect((await stat(join(directory, 'service'))).mode & 0o777).to.equal(0o700)
    const text = await readFile(settings(), 'utf8')
    expect(text).to.include(`__OwningControllerProcess ${process.pid}`).and.include(`HiddenServicePort ${node.config.btpServerPort} 127.0.0.1:${node.config.btpServerPort}`)
    expect(text.startsWith('%include'), 'what the operator sets comes first').to.equal(true)
    await eventually('it is reached', () => node.overlay?.hiddenService?.hostname === HOSTNAME)
    expect(node.overlay!.hiddenService!.publishedAt).to.match(/^\d{4}-/)
    expect(node.overlay!.externalUrl).to.equal(`ws://${HOSTNAME}:${node.config.btpServerPort}`)
    expect(node.getHealthStatus().transport).to.deep.equal({ type: 'socks5', healthy: true })
    await node.stop()
    expect(isAlive(started!.pid)).to.equal(false)
    const lines = world.log.lines.filter(({ level }) => level !== 'debug').map(line => JSON.stringify(line)).join('\n')
    for (const event of ['managed_anon_started', 'managed_anon_bootstrapped', 'hidden_service_reachable', 'socks_transport_stopped']) expect(lines).to.include(event)
    expect(lines).to.not.include(HOSTNAME.slice(0, 56)).and.not.include('managed_anon_stop_timeout')
  }).timeout(60_000)

  it('tells nobody the name of a hidden service that it does not reach itself', async () => {
    const node = await make('reaches-nobody')
    await node.start()
    await eventually('it has tried', () => world.log.has('managed_anon_probe_failed'))
    expect(node.overlay).to.include({ externalUrl: undefined }).and.have.property('hiddenService').that.deep.equals({ hostname: null, publishedAt: null })
    await node.stop()
  }).timeout(60_000)

  it('starts it again when it ends, and counts that', async () => {
    const node = await make('ends-later')
    await node.start()
    await eventually('it is started again', async () => (await starts()).length > 1 && world.log.lines.filter(({ message }) => message === 'managed_anon_started').length > 1)
    expect(world.log.has('managed_anon_crash_detected')).to.equal(true)
    expect(await node.getMetrics()).to.match(/^connector_transport_restarts_total [1-9]$/m)
    await node.stop()
    for (const { pid } of await starts()) expect(isAlive(pid)).to.equal(false)
  }).timeout(60_000)

  it('stops one that does not want to', async () => {
    const node = await make('ignores-sigterm', { stopTimeoutMs: 100 })
    await node.start()
    await node.stop()
    expect(isAlive((await starts())[0]!.pid)).to.equal(false)
    expect(world.log.has('managed_anon_stop_timeout')).to.equal(true)
  }).timeout(60_000)

  for (const [behaviour, reason] of [['ends', 'it ended with code 3. It said: '], ['is-deaf', 'it did not answer within 700 ms'], ['no-service', 'no hidden service']] as const) {
    it(`does not start, and leaves nothing behind, when it ${behaviour.replaceAll('-', ' ')}`, async () => {
      const node = await make(behaviour, { startupTimeoutMs: 700 })
      const { message } = await rejectionError(node.start())
      expect(message).to.include(reason).and.not.include(HOSTNAME.slice(0, 56))
      for (const { pid } of await starts()) expect(isAlive(pid)).to.equal(false)
    }).timeout(60_000)
  }

  it('says which program cannot be started, and which package to install', async () => {
    const missing = await make('good', { binaryPath: join(directory, 'none') })
    expect((await rejectionError(missing.start())).message).to.include('does not start').and.include('ENOENT')
    const without = await make('good', { binaryPath: undefined })
    expect((await rejectionError(without.start())).message).to.include('npm install @anyone-protocol/anyone-client')
  }).timeout(60_000)

  it('does not take over what something else has at its port', async () => {
    const other = createServer(socket => { socket.on('error', () => undefined).on('data', () => socket.write(Buffer.from([5, 0]))) })
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    world.after(() => new Promise(resolve => { other.close(resolve) }))
    const node = await world.make('agent', {
      dataPath: directory,
      transport: { type: 'socks5', socksProxy: `socks5h://127.0.0.1:${(other.address() as AddressInfo).port}`, managed: true, managedOptions: await overlayProgram(directory) }
    })
    expect((await rejectionError(node.start())).message).to.include('something else is at 127.0.0.1')
    expect(await starts()).to.deep.equal([])
  })

  it('stops while it still starts the proxy', async () => {
    const node = await make('is-deaf', { startupTimeoutMs: 60_000 })
    const starting = rejectionError(node.start())
    await eventually('it is started', async () => (await starts()).length === 1)
    await node.stop()
    expect((await starting).message).to.include('the node stops')
    expect(isAlive((await starts())[0]!.pid)).to.equal(false)
  }).timeout(60_000)

  it('refuses a hidden service of another name than the configured one', async () => {
    const other = `${'b'.repeat(56)}.anon`
    const node = await make('good', {}, { hostname: other })
    expect((await rejectionError(node.start())).message).to.include('another name than transport.hiddenService.hostname').and.not.include('bbbb')
    expect(isAlive((await starts())[0]!.pid)).to.equal(false)
    const same = await make('good', {}, { hostname: HOSTNAME.replace('.onion', '.anyone') })
    await same.start()
  }).timeout(60_000)

  it('refuses a name that is not one', async () => {
    await mkdir(join(directory, 'service'))
    await writeFile(join(directory, 'service/hostname'), 'example.com\n')
    expect((await rejectionError((await make()).start())).message).to.include('does not hold the name of a hidden service')
  }).timeout(60_000)

  it('ends a process that a killed node has left behind, and no other', async () => {
    const { binaryPath } = await overlayProgram(directory)
    await mkdir(join(directory, 'overlay/agent'), { recursive: true })
    const port = await freePort()
    await writeFile(settings(), `PidFile "${join(directory, 'overlay/agent/pid')}"\nSocksPort 127.0.0.1:${port} IsolateSOCKSAuth\n`)
    const orphan = spawn(binaryPath, ['-f', settings()], { stdio: 'ignore' })
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' })
    world.after(() => killed(orphan))
    world.after(() => killed(bystander))
    await eventually('it runs', async () => (await starts()).length === 1)
    const gone = once(orphan, 'exit')
    const node = await make()
    await node.start()
    await gone
    await node.stop()
    await writeFile(join(directory, 'overlay/agent/pid'), String(bystander.pid))
    await node.start()
    expect(bystander.exitCode ?? bystander.signalCode).to.equal(null)
  }).timeout(60_000)
})

async function killed (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}
