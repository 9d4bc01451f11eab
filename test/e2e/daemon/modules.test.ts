/** A project of its user's own: plugin, middleware, backend and store from its folder are used, in every form that npm modules have. */
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { deserializeIlpReply } from 'ilp-packet'
import { freePort } from '../../../examples/free-port.js'
import { encodeFulfill } from '../../../src/index.js'
import { Daemon, temporaryFolder } from '../../support/daemon.js'
import { BUILT } from '../../support/package-root.js'
import { FULFILLMENT, partyAccount, connectParty, prepareFor, type Party } from '../../support/two-parties.js'

const KINDS = ['plugin', 'middleware', 'backend', 'store'] as const
type Kind = typeof KINDS[number]

/** Each shows from outside that it is used, and that it was given its options. */
const CLASSES: Record<Kind, string> = {
  // Keeps its greeting, and answers with the amount that it was sent.
  plugin: `class {
    static version = 2
    constructor (options, services) { this.greeting = options.greeting; this.store = services.store }
    async connect () { await this.store.put('greeting', this.greeting); this.connected = true }
    async disconnect () { this.connected = false }
    isConnected () { return this.connected === true }
    async sendData (packet) {
      const amount = Buffer.from(String(packet.readBigUInt64BE(2)))
      return Buffer.concat([Buffer.of(13, 33 + amount.length), Buffer.alloc(32, 7), Buffer.of(amount.length), amount])
    }
    async sendMoney () {}
    registerDataHandler () {}
    deregisterDataHandler () {}
    registerMoneyHandler () {}
    deregisterMoneyHandler () {}
    on () {}
    removeListener () {}
  }`,
  middleware: `class {
    constructor (options) { this.refused = options.refused }
    async applyToPipelines (pipelines) {
      pipelines.incomingData.insertLast({ name: 'refuse', method: async (data, next) => {
        if (data.includes(this.refused)) throw Object.assign(new Error('not to ' + this.refused), { ilpErrorCode: 'F96' })
        return next(data)
      } })
    }
  }`,
  backend: `class {
    constructor (options) { this.rate = options.rate }
    async connect () {}
    async getRate () { return this.rate }
    async submitPayment () {}
  }`,
  store: `class {
    constructor (options) { this.path = options.path; this.values = {} }
    async get (key) { return this.values[key] }
    async put (key, value) { this.values[key] = value; this.write() }
    async del (key) { delete this.values[key]; this.write() }
    write () { process.getBuiltinModule('fs').writeFileSync(this.path, JSON.stringify(this.values)) }
  }`
}

const commonJs = (source: string): string => `module.exports = ${source}`
const transpiled = (source: string): string => `Object.defineProperty(exports, '__esModule', { value: true })\nexports.default = ${source}`
const esModule = (source: string): string => `export default ${source}`

interface Form {
  form: string
  /** How the configuration names it. */
  nameOf: (kind: Kind, project: string) => string
  /** Where the source goes in the project, and what is written there. */
  fileOf: (kind: Kind) => string
  write: (source: string) => string
  manifest?: object
}

const FORMS: Form[] = [
  {
    form: 'CommonJS packages',
    nameOf: kind => `acme-${kind}`,
    fileOf: kind => `node_modules/acme-${kind}/lib/main.js`,
    write: commonJs,
    manifest: { main: 'lib/main.js' }
  },
  {
    form: 'packages that were TypeScript once',
    nameOf: kind => `@acme/${kind}`,
    fileOf: kind => `node_modules/@acme/${kind}/index.js`,
    write: transpiled,
    manifest: {}
  },
  {
    form: 'ES module packages',
    nameOf: kind => `acme-${kind}`,
    fileOf: kind => `node_modules/acme-${kind}/index.js`,
    write: esModule,
    manifest: { type: 'module', exports: './index.js' }
  },
  {
    form: 'packages for `import` only',
    nameOf: kind => `acme-${kind}`,
    fileOf: kind => `node_modules/acme-${kind}/index.mjs`,
    write: esModule,
    manifest: { exports: { '.': { import: './index.mjs' } } }
  },
  { form: 'CommonJS files by a relative path', nameOf: kind => `./lib/${kind}`, fileOf: kind => `lib/${kind}.js`, write: commonJs },
  { form: 'ES modules by a relative path', nameOf: kind => `./lib/${kind}.mjs`, fileOf: kind => `lib/${kind}.mjs`, write: esModule },
  { form: 'folders by an absolute path', nameOf: (kind, project) => join(project, 'lib', kind), fileOf: kind => `lib/${kind}/index.js`, write: commonJs }
]

describe("modules of the user's own", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let project: string
  let daemon: Daemon
  let alice: Party | undefined

  before(async () => { folder = await temporaryFolder() })
  beforeEach(async () => { project = await mkdtemp(join(folder.path, 'project-')) })
  afterEach(async () => {
    await alice?.disconnect()
    await daemon.stop()
  })
  after(() => folder.remove())

  async function write (path: string, text: string): Promise<void> {
    await mkdir(dirname(join(project, path)), { recursive: true })
    await writeFile(join(project, path), text)
  }

  async function writeModules ({ fileOf, write: wrap, nameOf, manifest }: Form): Promise<void> {
    for (const kind of KINDS) {
      await write(fileOf(kind), wrap(CLASSES[kind]))
      const name = nameOf(kind, project)
      if (manifest !== undefined) await write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', ...manifest }))
    }
  }

  function start (names: Record<Kind, string>, btpPort: number): Daemon {
    const bob = { relation: 'child', plugin: names.plugin, assetCode: 'EUR', assetScale: 9, options: { greeting: 'good evening' } }
    return new Daemon({
      CONNECTOR_ILP_ADDRESS: 'test.daemon',
      CONNECTOR_ACCOUNTS: JSON.stringify({ alice: partyAccount('alice', btpPort), bob }),
      CONNECTOR_MIDDLEWARES: JSON.stringify({ refuse: { type: names.middleware, options: { refused: 'test.daemon.bob.carol' } } }),
      CONNECTOR_BACKEND: names.backend,
      CONNECTOR_BACKEND_CONFIG: JSON.stringify({ rate: 3 }),
      CONNECTOR_STORE: names.store,
      CONNECTOR_STORE_PATH: 'kept.json'
    }, { cwd: project })
  }

  for (const form of FORMS) {
    it(`are used: ${form.form}`, async () => {
      await writeModules(form)
      const btpPort = await freePort()
      daemon = start({
        plugin: form.nameOf('plugin', project),
        middleware: form.nameOf('middleware', project),
        backend: form.nameOf('backend', project),
        store: form.nameOf('store', project)
      }, btpPort)
      await daemon.prints('listening for BTP connections')
      alice = await connectParty('alice', btpPort)
      await daemon.prints('connector ready')

      const answer = await alice.sendData(prepareFor('test.daemon.bob', 1000n))
      expect(answer, 'plugin and backend').to.deep.equal(encodeFulfill(FULFILLMENT, Buffer.from('3000')))
      const refusal = deserializeIlpReply(await alice.sendData(prepareFor('test.daemon.bob.carol')))
      expect(refusal, 'middleware').to.include({ code: 'F96', message: 'not to test.daemon.bob.carol' })
      expect(await readFile(join(project, 'kept.json'), 'utf8'), 'store').to.include('good evening')
    })
  }

  const builtIns: Record<Kind, string> = { plugin: 'btp', middleware: 'stats', backend: 'one-to-one', store: 'memdown' }

  for (const kind of KINDS) {
    it(`are looked for everywhere before a ${kind} is missed, and the error says where`, async () => {
      daemon = start({ ...builtIns, [kind]: 'acme-nothing' }, 0)
      expect(await daemon.exited).to.deep.equal({ code: 78, signal: null })
      expect(daemon.errors).to.include(`${kind} not found`).and.to.include('moduleName=acme-nothing')
        .and.to.include(`looked in: the built-in ${kind}s; node_modules of the working directory ${project} and above; `)
        .and.to.include(`node_modules of this package in ${BUILT.replace(/\/$/, '')} and above. If it is an npm package, run: npm install acme-nothing.`)
    })
  }

  it('are looked for at their path only, where it is one', async () => {
    daemon = start({ ...builtIns, backend: './lib/nothing' }, 0)
    expect(await daemon.exited).to.deep.equal({ code: 78, signal: null })
    expect(daemon.errors).to.include(`moduleName=./lib/nothing looked in: ${join(project, 'lib', 'nothing')}. Check backend`)
  })
})
