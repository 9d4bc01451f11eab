/** A start whose store never opens, or cannot be made, comes to an end: by itself with a message, and on SIGTERM. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { Daemon, temporaryFolder } from '../../support/daemon.js'
import { pause } from '../../support/waiting.js'

const CLI = fileURLToPath(new URL('../../../src/commands/cli/main.js', import.meta.url))

describe('a start that hangs', () => {
  const env = { CONNECTOR_ILP_ADDRESS: 'test.us', CONNECTOR_BACKEND: 'one-to-one', CONNECTOR_ACCOUNTS: '{}', CONNECTOR_INITIAL_CONNECT_TIMEOUT: '100' }
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  const started: Daemon[] = []
  beforeEach(async () => { folder = await temporaryFolder() })
  afterEach(async () => {
    await Promise.all(started.splice(0).map(daemon => daemon.stop()))
    await folder.remove()
  })

  function start (...args: ConstructorParameters<typeof Daemon>): Daemon {
    const daemon = new Daemon(...args)
    started.push(daemon)
    return daemon
  }

  /** A store whose first file never gives its contents, as on a disk that is gone. */
  async function silentStore (path: string): Promise<void> {
    await mkdir(path, { recursive: true })
    execFileSync('mkfifo', [join(path, 'CURRENT')])
  }

  for (const args of [[], ['--quickstart']]) {
    it(`does not, where a store can never be made${args.length > 0 ? ', at the quick start' : ''}`, async function () {
      if (!existsSync('/proc')) this.skip()
      const daemon = start({ ...args.length === 0 && env, CONNECTOR_STORE_PATH: '/proc/nope' }, { args })
      expect(await daemon.exited).to.deep.equal({ code: 1, signal: null })
      expect(daemon.errors).to.match(/^sluice: .*\/proc\/nope.*ENOENT.*CONNECTOR_STORE_PATH.*\n$/)
    }).timeout(30_000)
  }

  it('is ended by SIGTERM', async () => {
    await silentStore(join(folder.path, 'store'))
    const daemon = start({ ...env, CONNECTOR_STORE_PATH: join(folder.path, 'store') })
    await daemon.prints('listen called')
    await pause(300)
    daemon.kill('SIGTERM')
    expect((await daemon.exited).code).to.not.equal(0)
    expect(daemon.output).to.include('shutting down. signal=SIGTERM')
  }).timeout(30_000)

  it('of a node is ended by SIGTERM', async () => {
    await silentStore(join(folder.path, 'data', 'us'))
    await writeFile(join(folder.path, 'config.yaml'), `nodeId: us\nbtpServerPort: ${await freePort()}\nhealthCheckPort: ${await freePort()}\npeers: []\n`)
    const node = start({}, { program: process.execPath, args: [CLI, 'start', 'config.yaml'], cwd: folder.path })
    await node.prints('btp_server_started')
    await pause(300)
    node.kill('SIGTERM')
    expect((await node.exited).code).to.not.equal(0)
    expect(node.errors).to.include('still starts 10 seconds after it was told to stop')
  }).timeout(60_000)
})
