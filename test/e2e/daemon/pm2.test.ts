/** The connector under pm2, as operators run it: started by a launch file, stopped without losing what is under way. */
import { execFile } from 'node:child_process'
import { readFileSync, watch } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { deserializeIlpReply } from 'ilp-packet'
import { freePort } from '../../../examples/free-port.js'
import { encodeFulfill, isReject } from '../../../src/index.js'
import { MAIN, temporaryFolder } from '../../support/daemon.js'
import { BUILT, PACKAGE_ROOT } from '../../support/package-root.js'
import { FULFILLMENT, SECRET, partyAccount, balancesAt, connectParty, prepareFor, type Party } from '../../support/two-parties.js'

const run = promisify(execFile)
const PM2 = createRequire(import.meta.url).resolve('pm2/bin/pm2')
const PAID = encodeFulfill(FULFILLMENT, Buffer.alloc(0))

describe('under pm2', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let project: string
  let btpPort: number
  let adminPort: number
  const parties: Party[] = []

  before(async () => { folder = await temporaryFolder() })
  beforeEach(async () => {
    project = await mkdtemp(join(folder.path, 'project-'))
    btpPort = await freePort()
    adminPort = await freePort()
  })
  afterEach(async () => {
    await Promise.all(parties.splice(0).map(party => party.disconnect()))
    await pm2('delete', 'all').catch(() => undefined) // nothing is left after a test that passed
  })
  after(async () => {
    await pm2('kill')
    await folder.remove()
  })

  /** Runs a pm2 command in the project's folder and resolves to its output. Its daemon is one of this test's own. */
  async function pm2 (...args: string[]): Promise<string> {
    const env = {
      PATH: process.env.PATH,
      HOME: folder.path,
      PM2_HOME: join(folder.path, 'pm2'),
      BTP_PORT: String(btpPort),
      BTP_SECRET: SECRET,
      CONNECTOR_ADMIN_API_PORT: String(adminPort)
    }
    return (await run(process.execPath, [PM2, ...args], { cwd: project, env })).stdout
  }

  async function connect (username: string): Promise<Party> {
    const party = await connectParty(username, btpPort)
    parties.push(party)
    return party
  }

  function logOf (app: string, kind: 'out' | 'error' = 'out'): string {
    return readFileSync(join(folder.path, 'pm2', 'logs', `${app}-${kind}.log`), 'utf8')
  }

  /** Starts the project's launch file; resolves when peers can connect, rejects with what the connector says when it cannot start. */
  async function start (app: string): Promise<void> {
    await pm2('start', 'launch.config.js')
    await new Promise<void>((resolve, reject) => {
      const watcher = watch(join(folder.path, 'pm2', 'logs'), look)
      function look (): void {
        const failure = logOf(app, 'error')
        if (failure !== '') reject(new Error(failure))
        else if (logOf(app).includes('listening for BTP connections')) resolve()
        else return
        watcher.close()
      }
      look()
    })
  }

  it('starts from a copy of launch.config.js, carries packets, and stops when those under way are answered', async () => {
    await copyFile(join(PACKAGE_ROOT, 'launch.config.js'), join(project, 'launch.config.js'))
    const installed = join(project, 'node_modules', 'sluice')
    await mkdir(installed, { recursive: true })
    await copyFile(join(PACKAGE_ROOT, 'package.json'), join(installed, 'package.json'))
    await symlink(BUILT, join(installed, 'dist'))

    await start('connector')
    const [bob, alice] = [await connect('bob'), await connect('alice')]
    let answerLast: (reply: Buffer) => void = () => undefined
    bob.registerDataHandler(() => Promise.resolve(PAID))
    expect(await alice.sendData(prepareFor('test.example.bob'))).to.deep.equal(PAID)
    expect(await balancesAt(adminPort)).to.deep.equal({ alice: '1000', bob: '-998' }) // the spread is 0.2%
    expect(await readdir(join(project, 'data', 'connector'))).to.include('CURRENT')

    const arrived = new Promise<void>(resolve => {
      bob.deregisterDataHandler()
      bob.registerDataHandler(() => {
        resolve()
        return new Promise(settle => { answerLast = settle })
      })
    })
    const last = alice.sendData(prepareFor('test.example.bob'))
    await arrived
    const stopped = pm2('stop', 'connector')
    await refusesPackets(alice)
    answerLast(PAID)
    expect(await last).to.deep.equal(PAID)
    await stopped
    expect(logOf('connector')).to.match(/shutting down\. signal=SIGINT\n(.*\n)*.*completed graceful shutdown\.\n$/)

    await pm2('delete', 'connector')
    expect(JSON.parse(await pm2('jlist'))).to.deep.equal([])
  })

  it('starts from a CommonJS launch file with its own environment and a middleware beside it', async () => {
    await writeFile(join(project, 'no-small-change.js'), `
      module.exports = class NoSmallChange {
        constructor (options) { this.minimum = BigInt(options.minimum) }
        async applyToPipelines (pipelines) {
          pipelines.incomingData.insertLast({ name: 'noSmallChange', method: async (data, next) => {
            if (data[0] === 12 && data.readBigUInt64BE(2) < this.minimum) throw Object.assign(new Error('too small'), { ilpErrorCode: 'F96' })
            return next(data)
          } })
        }
      }`)
    const env = {
      CONNECTOR_ENV: 'test',
      CONNECTOR_ILP_ADDRESS: 'test.mine',
      CONNECTOR_ACCOUNTS: JSON.stringify({ alice: partyAccount('alice', btpPort), bob: partyAccount('bob', btpPort) }),
      CONNECTOR_BACKEND: 'one-to-one',
      CONNECTOR_STORE: 'memdown',
      CONNECTOR_MIDDLEWARES: JSON.stringify({ noSmallChange: { type: './no-small-change', options: { minimum: '500' } } })
    }
    await writeFile(join(project, 'launch.config.js'),
      `module.exports = { apps: [{ name: 'mine', script: ${JSON.stringify(MAIN)}, env: ${JSON.stringify(env)} }] }`)

    await start('mine')
    const [bob, alice] = [await connect('bob'), await connect('alice')]
    bob.registerDataHandler(() => Promise.resolve(PAID))
    expect(await alice.sendData(prepareFor('test.mine.bob', 500n))).to.deep.equal(PAID)
    const reply = deserializeIlpReply(await alice.sendData(prepareFor('test.mine.bob', 499n)))
    expect(reply).to.include({ code: 'F96', message: 'too small', triggeredBy: 'test.mine' })

    await pm2('stop', 'mine')
    expect(logOf('mine')).to.match(/completed graceful shutdown\.\n$/)
  })
})

/** Resolves when the connector has begun to shut down. */
async function refusesPackets (party: Party): Promise<void> {
  for (;;) {
    const reply = await party.sendData(prepareFor('test.example.nobody'))
    if (isReject(reply) && reply.includes('connector is shutting down.')) return
  }
}
