/** A start that cannot work, as its operator sees it: one line that says what to change, an exit code that tells a faulty
 * configuration (78) from what may pass (1), and nothing left running. */
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { createApp } from '../../../src/index.js'
import { Daemon, temporaryFolder } from '../../support/daemon.js'

const require = createRequire(import.meta.url)
const SECRET = 'hunter2-5f0c'

/** A start that works, with a secret wherever one can be; each row of the table changes one thing. */
const WORKING = {
  CONNECTOR_ILP_ADDRESS: 'test.daemon',
  CONNECTOR_ACCOUNTS: '{}',
  CONNECTOR_BACKEND: 'one-to-one',
  CONNECTOR_BACKEND_CONFIG: JSON.stringify({ token: SECRET }),
  CONNECTOR_STORE: 'memdown',
  CONNECTOR_STORE_CONFIG: JSON.stringify({ token: SECRET }),
  CONNECTOR_ADMIN_API_KEY: SECRET,
  CONNECTOR_ROUTING_SECRET: Buffer.from(SECRET).toString('base64')
}

/** Modules in the working directory that cannot be used. */
const MODULES = {
  'no-rates.cjs': `
    module.exports = class NoRates {
      constructor (options) { this.token = options.token }
      async connect () { throw new Error('feed refused token ' + this.token) }
      async getRate () { return 1 }
    }`,
  'throws.cjs': 'throw new Error("no licence\\nfound")',
  'throws.mjs': 'throw new Error("no licence")',
  'syntax-error.cjs': '\nmodule.exports = class {{',
  'needs-other.cjs': 'require("a-missing-dependency")',
  'needs-other.mjs': 'import "a-missing-dependency"\nexport default class {}',
  'waits.mjs': 'await 1\nexport default class {}',
  'exports-nothing.cjs': '',
  'arrow.cjs': 'module.exports = () => {}',
  'empty-class.cjs': 'module.exports = class { static version = 2 }',
  'quotes.cjs': 'module.exports = class { constructor (options) { throw new Error("cannot use\\n" + JSON.stringify(options)) } }',
  'apply-fails.cjs': 'module.exports = class { async applyToPipelines (p) { p.incomingData.insertBefore("nobody", { name: "me" }) } }'
}

type Env = Record<string, string | undefined>

interface Row {
  wrong: string
  env: Env
  /** Parts of the line: the variable or option, what was found, what to do. */
  says: string[]
  /** Unless it is that of a faulty configuration. */
  code?: number
}

function accounts (changes: object): Env {
  const options = { listener: { port: 0, secret: SECRET } }
  return { CONNECTOR_ACCOUNTS: JSON.stringify({ alice: { relation: 'child', plugin: 'btp', assetCode: 'USD', assetScale: 9, options, ...changes } }) }
}

function middleware (type: string): Env {
  return { ...accounts({}), CONNECTOR_MIDDLEWARES: JSON.stringify({ mine: { type, options: { token: SECRET } } }) }
}

function brokenJson (variable: string, text: string, place: string): Row {
  return { wrong: `broken JSON in ${variable}`, env: { [variable]: text }, says: [variable, 'is not valid JSON', place, 'Correct or unset it.'] }
}

function wrongValue (variable: string, value: string, expected: string): Row {
  return { wrong: `${variable}=${value}`, env: { [variable]: value }, says: [`${variable}: found`, value, `expected ${expected}`, 'Correct it'] }
}

function wrongAccount (wrong: string, changes: object, ...says: string[]): Row {
  return { wrong, env: accounts(changes), says: ['CONNECTOR_ACCOUNTS: alice', ...says] }
}

function wrongModule (wrong: string, type: string, ...says: string[]): Row {
  return { wrong, env: middleware(type), says: ['middleware', type, ...says] }
}

const PLUGIN_SETTINGS = "Check the account's plugin and options (CONNECTOR_ACCOUNTS)."
const BACKEND_SETTINGS = 'check backend and backendConfig (CONNECTOR_BACKEND, CONNECTOR_BACKEND_CONFIG)'
const STORE_SETTINGS = 'check store and storeConfig (CONNECTOR_STORE, CONNECTOR_STORE_CONFIG)'
const MIDDLEWARE_SETTINGS = 'heck middlewares (CONNECTOR_MIDDLEWARES).'

const TABLE: Row[] = [
  brokenJson('CONNECTOR_ACCOUNTS', `{"alice": {"options": {"secret": "${SECRET}"}}`, '(its end): expected a comma or }'),
  brokenJson('CONNECTOR_ROUTES', '[{"targetPrefix": "test.x"', 'expected a comma or }'),
  brokenJson('CONNECTOR_BACKEND_CONFIG', `{token: "${SECRET}"}`, 'line 1, column 2: expected a key in double quotes or }'),
  brokenJson('CONNECTOR_STORE_CONFIG', `{'token': '${SECRET}'}`, 'line 1, column 2: expected a key in double quotes or }'),
  brokenJson('CONNECTOR_MIDDLEWARES', '{"mine": {\n"type": ./mine.js}}', 'line 2, column 9: expected a value'),
  brokenJson('CONNECTOR_DISABLE_MIDDLEWARE', 'balance', 'line 1, column 1: expected a value'),

  brokenJson('CONNECTOR_ACCOUNTS', '{"alice": {},\n"alice": {}}', 'line 2, column 1: the key "alice" is in this object already'),

  { wrong: 'a variable with a near name', env: { CONNECTOR_SPRED: '0.01' }, says: ['CONNECTOR_SPRED', 'did you mean CONNECTOR_SPREAD?', 'Rename or unset it.'] },
  wrongValue('CONNECTOR_ENV', 'prod', '"production" or "test"'),
  wrongValue('CONNECTOR_ILP_ADDRESS', 'test..me', 'an ILP address'),
  wrongValue('CONNECTOR_ADMIN_API', 'yes', 'true or false'),
  wrongValue('CONNECTOR_ADMIN_API_PORT', '70000', 'a whole number from 0 to 65535'),
  wrongValue('CONNECTOR_SPREAD', 'NaN', 'a number of at least 0 and below 1'),
  wrongValue('CONNECTOR_SPREAD', '-0.1', 'a number of at least 0 and below 1'),
  wrongValue('CONNECTOR_MAX_HOLD_TIME', '30s', 'a whole number of milliseconds'),
  wrongValue('CONNECTOR_MAX_HOLD_TIME', '1.5', 'a whole number of milliseconds'),
  { wrong: 'a list of accounts', env: { CONNECTOR_ACCOUNTS: '[]' }, says: ['CONNECTOR_ACCOUNTS: found an array', 'expected an object', 'Correct it.'] },
  { wrong: 'a parent that is no account', env: { CONNECTOR_ILP_ADDRESS_INHERIT_FROM: 'dad' }, says: ['CONNECTOR_ILP_ADDRESS_INHERIT_FROM', '"dad"', 'Name an account'] },
  { wrong: 'no address and no parent', env: { CONNECTOR_ILP_ADDRESS: 'unknown' }, says: ['no parent', 'Set CONNECTOR_ILP_ADDRESS', 'relation "parent"'] },

  wrongAccount('an account without relation', { relation: undefined }, 'relation: is missing', 'Add it'),
  wrongAccount('an account without plugin', { plugin: undefined }, 'plugin: is missing', 'Add it'),
  wrongAccount('an account without asset code', { assetCode: undefined }, 'assetCode: is missing', 'Add it'),
  wrongAccount('an account without asset scale', { assetScale: undefined }, 'assetScale: is missing', 'Add it'),
  wrongAccount('an asset scale as text', { assetScale: '9' }, 'assetScale: found "9"', 'a whole number from 0 to 255', 'Correct it'),
  wrongAccount('an unknown key of an account', { maxPacketAmout: '5' }, 'maxPacketAmout', 'did you mean maxPacketAmount?'),
  wrongAccount('a negative amount', { maxPacketAmount: '-5' }, 'maxPacketAmount: found "-5"', 'whole number above 0', 'Correct it'),
  wrongAccount('a fraction of a base unit', { balance: { maximum: '1.5' } }, 'balance.maximum: found "1.5"', 'an integer as a string', 'Correct it'),
  wrongAccount('an amount as a number', { balance: { maximum: 15 } }, 'balance.maximum: found 15', 'an integer as a string', 'Correct it'),
  wrongAccount('a minimum above the maximum', { balance: { minimum: '5', maximum: '1' } }, 'minimum "5" is above maximum "1"', 'Change one'),
  wrongAccount('an invalid address segment', { ilpAddressSegment: 'a.b' }, 'ilpAddressSegment: found "a.b"', 'one ILP address segment', 'Correct it'),
  {
    wrong: 'two children with one address segment',
    env: { CONNECTOR_ACCOUNTS: accounts({ ilpAddressSegment: 'x' }).CONNECTOR_ACCOUNTS!.replace(/^\{(.*)\}$/, (_, alice: string) => `{${alice},${alice.replace('alice', 'bob')}}`) },
    says: ['CONNECTOR_ACCOUNTS: bob.ilpAddressSegment', '"x"', 'account "alice"', 'Choose another.']
  },

  { wrong: 'an unknown plugin', env: accounts({ plugin: 'ilp-plugin-nope' }), says: ['account alice: plugin not found', 'ilp-plugin-nope', 'npm install'] },
  { wrong: 'an unknown backend', env: { CONNECTOR_BACKEND: 'two-to-one' }, says: ['backend not found', 'moduleName=two-to-one', 'npm install', BACKEND_SETTINGS] },
  { wrong: 'an unknown store', env: { CONNECTOR_STORE: 'redis' }, says: ['store not found', 'moduleName=redis', 'npm install', STORE_SETTINGS] },
  wrongModule('an unknown middleware', 'anti-fraud', 'not found', 'npm install', MIDDLEWARE_SETTINGS),

  wrongModule('a module that throws while loading', './throws.cjs', 'error=no licence at ', '/throws.cjs:1:7', MIDDLEWARE_SETTINGS),
  wrongModule('an ES module that throws while loading', './throws.mjs', 'error=no licence at ', '/throws.mjs:1:7', MIDDLEWARE_SETTINGS),
  wrongModule('a module with a syntax error', './syntax-error.cjs', 'Unexpected token', '/syntax-error.cjs:2', MIDDLEWARE_SETTINGS),
  wrongModule('a module whose dependency is missing', './needs-other.cjs', "'a-missing-dependency' at ", '/needs-other.cjs', MIDDLEWARE_SETTINGS),
  wrongModule('an ES module whose dependency is missing', './needs-other.mjs', "'a-missing-dependency'", '/needs-other.mjs', MIDDLEWARE_SETTINGS),
  wrongModule('a module that awaits at its top level', './waits.mjs', 'await', MIDDLEWARE_SETTINGS),
  wrongModule('a module that exports nothing', './exports-nothing.cjs', 'does not export a constructor', MIDDLEWARE_SETTINGS),
  wrongModule('a module that exports an arrow function', './arrow.cjs', 'does not export a constructor', MIDDLEWARE_SETTINGS),
  wrongModule('a middleware without its method', './empty-class.cjs', 'it has no applyToPipelines', MIDDLEWARE_SETTINGS),
  wrongModule('a middleware whose constructor throws', './quotes.cjs', 'cannot use {"token":"<options.token>"}', MIDDLEWARE_SETTINGS),
  { wrong: 'a middleware that cannot be applied', env: middleware('./apply-fails.cjs'), says: ['middlewareName=mine', 'accountId=alice', 'name=nobody', 'present=errorHandler'], code: 1 },

  { wrong: 'a backend without its methods', env: { CONNECTOR_BACKEND: './empty-class.cjs' }, says: ['backend', './empty-class.cjs', 'it has no connect, getRate', 'CONNECTOR_BACKEND'] },
  { wrong: 'a backend whose constructor throws', env: { CONNECTOR_BACKEND: './quotes.cjs' }, says: ['backend', '"<options.token>"', 'CONNECTOR_BACKEND_CONFIG'] },
  { wrong: 'a store without its methods', env: { CONNECTOR_STORE: './empty-class.cjs' }, says: ['store', './empty-class.cjs', 'it has no get, put, del', 'CONNECTOR_STORE'] },
  { wrong: 'a store whose constructor throws', env: { CONNECTOR_STORE: './quotes.cjs' }, says: ['store', '"<options.token>"', 'CONNECTOR_STORE_CONFIG'] },

  { wrong: 'a plugin without its methods', env: accounts({ plugin: './empty-class.cjs' }), says: ['account alice', './empty-class.cjs', 'it has no connect,', PLUGIN_SETTINGS] },
  {
    wrong: 'a plugin whose constructor throws',
    env: accounts({ plugin: './quotes.cjs' }),
    says: ['account alice', './quotes.cjs', '"secret":"<options.listener.secret>"', PLUGIN_SETTINGS]
  },
  {
    wrong: "an npm plugin that quotes its peer's URL",
    env: accounts({ plugin: 'ilp-plugin-btp', options: { server: `ws://alice:${SECRET}@127.0.0.1` } }),
    says: ['account alice', 'ilp-plugin-btp', 'must start with "btp+"', '<options.server>', PLUGIN_SETTINGS]
  },
  { wrong: 'btp without a peer', env: accounts({ options: {} }), says: ['account alice', 'moduleName=btp', '"server"', '"listener"', PLUGIN_SETTINGS] },
  { wrong: 'btp without a secret', env: accounts({ options: { listener: { port: 0 } } }), says: ['account alice', '"listener.secret" is missing', '"listener.noAuth"'] },
  { wrong: 'btp with an impossible port', env: accounts({ options: { listener: { port: 99999, secret: SECRET } } }), says: ['account alice', 'listener.port', '65535'] },
  { wrong: 'btp with an unknown option', env: accounts({ options: { listener: { prot: 1, secret: SECRET } } }), says: ['account alice', 'listener', '"prot"'] },
  {
    wrong: "btp with a URL that is not BTP's",
    env: accounts({ options: { server: `wss://alice:${SECRET}@peer.example` } }),
    says: ['account alice', '"server" must start with "btp+"', 'btp+ws://username:token@host:port']
  },

  {
    wrong: 'an admin API open to the network without a key',
    env: { CONNECTOR_ADMIN_API: 'true', CONNECTOR_ADMIN_API_HOST: '0.0.0.0', CONNECTOR_ADMIN_API_KEY: undefined },
    says: ['"0.0.0.0" without a key', 'CONNECTOR_ADMIN_API_KEY', 'CONNECTOR_ADMIN_API_HOST']
  },
  {
    wrong: 'an admin API key that is set to nothing',
    env: { CONNECTOR_ADMIN_API: 'true', CONNECTOR_ADMIN_API_HOST: '0.0.0.0', CONNECTOR_ADMIN_API_KEY: '' },
    says: ['CONNECTOR_ADMIN_API_KEY', 'is set to nothing', 'Set it, or unset it']
  },
  {
    wrong: 'an admin API key that no client can send',
    env: { CONNECTOR_ADMIN_API: 'true', CONNECTOR_ADMIN_API_KEY: `${SECRET}\n` },
    says: ['CONNECTOR_ADMIN_API_KEY', 'cannot be sent in an HTTP header', 'without line breaks']
  },
  {
    wrong: 'an admin API on an address of another machine', // 192.0.2.0/24 is for documentation, RFC 5737
    env: { CONNECTOR_ADMIN_API: 'true', CONNECTOR_ADMIN_API_HOST: '192.0.2.1', CONNECTOR_ADMIN_API_PORT: '0' },
    says: ['192.0.2.1', 'does not have that address', 'CONNECTOR_ADMIN_API_HOST'],
    code: 1
  }
]

describe('the daemon with a configuration that cannot work', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  const daemons: Daemon[] = []
  const started = new Map<Row, Daemon>()

  before(async () => {
    folder = await temporaryFolder()
    for (const [name, source] of Object.entries(MODULES)) await writeFile(join(folder.path, name), source)
  })
  after(async () => {
    await Promise.all(daemons.map(daemon => daemon.stop()))
    await folder.remove()
  })

  function start (env: Env): Daemon {
    const daemon = new Daemon({ ...WORKING, ...env }, { cwd: folder.path })
    daemons.push(daemon)
    return daemon
  }

  function startRow (row: Row): Daemon {
    const daemon = started.get(row) ?? start(row.env)
    started.set(row, daemon)
    return daemon
  }

  /** The lines on stderr of a daemon that ends by itself. */
  async function linesOf (daemon: Daemon, code: number): Promise<string[]> {
    await daemon.prints('connector ready').then(() => { throw new Error('the daemon has started') }, () => undefined)
    expect(await daemon.exited).to.deep.equal({ code, signal: null })
    expect(daemon.output + daemon.errors).not.to.include(SECRET).and.not.to.match(/^\s+at /m)
    return daemon.errors.split(/(?<=\n)/)
  }

  async function expectOneLine (daemon: Daemon, code: number, ...says: string[]): Promise<void> {
    const lines = await linesOf(daemon, code)
    expect(lines).to.have.length(1)
    expect(lines[0]).to.match(/^sluice: .*\n$/)
    for (const part of says) expect(lines[0]).to.include(part)
  }

  for (const [index, row] of TABLE.entries()) {
    it(`refuses ${row.wrong}`, () => {
      const daemon = startRow(row)
      const next = TABLE[index + 1]
      if (next !== undefined) startRow(next) // starting takes a processor a while, and there are two
      return expectOneLine(daemon, row.code ?? 78, ...row.says)
    })
  }

  it('says one line for each of several faults', async () => {
    const lines = await linesOf(start({ CONNECTOR_SPREAD: '2', CONNECTOR_ROUTES: '[', ...accounts({ assetScale: undefined, assetCode: 5 }) }), 78)
    expect(lines.map(line => line.split(' ', 2).join(' '))).to.have.members([
      'sluice: CONNECTOR_SPREAD:', 'sluice: CONNECTOR_ROUTES:', 'sluice: CONNECTOR_ACCOUNTS:', 'sluice: CONNECTOR_ACCOUNTS:'
    ])
  })

  it('only warns of a CONNECTOR_ variable that resembles no option', async () => {
    const daemon = start({ CONNECTOR_SERVICE_PORT_80_TCP: `tcp://${SECRET}` })
    await daemon.prints('connector ready')
    expect(daemon.output).to.match(/warn unrecognized environment variable\. key=CONNECTOR_SERVICE_PORT_80_TCP\n/)
    expect(daemon.errors).to.equal('')
    expect(daemon.output).not.to.include(SECRET)
    await daemon.stop()
  })

  it('keeps what a plugin says of its options while it cannot connect out of the log', async () => {
    await writeFile(join(folder.path, 'no-connect.cjs'), `
      const Plugin = require(${JSON.stringify(require.resolve('ilp-plugin-btp'))})
      module.exports = class NoConnect extends Plugin {
        constructor (options) { super({}); this.options = options }
        async connect () { throw new Error('no connection with ' + JSON.stringify(this.options.server)) }
      }`)
    const daemon = start(accounts({ plugin: './no-connect.cjs', options: { server: `btp+ws://alice:${SECRET}@127.0.0.1:1` } }))
    await daemon.prints('could not connect account. accountId=alice error=no connection with "<options.server>"')
    expect(daemon.output + daemon.errors).not.to.include(SECRET)
    await daemon.stop()
  })

  it('ends in one line when a plugin of npm finds its port taken', async () => {
    const taken = createServer().listen(0)
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const daemon = start(accounts({ plugin: 'ilp-plugin-btp', options: { listener: { port, secret: SECRET } } }))
    await expectOneLine(daemon, 1, 'probably of a plugin', `EADDRINUSE: address already in use :::${port}.`)
    taken.close()
  })

  it('refuses a port of the quick start that is none', async () => {
    const daemon = new Daemon({ QUICKSTART_PORT: '77680' }, { cwd: folder.path, args: ['--quickstart'] })
    daemons.push(daemon)
    await expectOneLine(daemon, 78, 'QUICKSTART_PORT: found "77680"', 'from 1 to 65535')
  })

  it('says with --help how it is configured, and starts nothing', async () => {
    const daemon = new Daemon({}, { cwd: folder.path, args: ['--help'] })
    daemons.push(daemon)
    expect(await daemon.exited).to.deep.equal({ code: 0, signal: null })
    expect(daemon.output).to.include('environment variables').and.include('docs/configuration.md')
  })

  it('leaves no port open when it fails after it has opened some', async () => {
    const port = await freePort()
    const admin = { CONNECTOR_ADMIN_API: 'true', CONNECTOR_ADMIN_API_PORT: String(port) }
    const daemon = start({ ...admin, CONNECTOR_BACKEND: './no-rates.cjs' })
    await expectOneLine(daemon, 1, 'feed refused token')
    expect(daemon.output).to.include(`admin api listening. host=127.0.0.1 port=${port}`)
    const taken = createServer().listen(port, '127.0.0.1')
    await once(taken, 'listening')

    await expectOneLine(start(admin), 1, `127.0.0.1:${port}`, 'The port is in use', 'CONNECTOR_ADMIN_API_PORT')
    taken.close()
  })

  it('names the backend that cannot connect, not its options', async () => {
    await expectOneLine(start({ CONNECTOR_BACKEND: './no-rates.cjs' }), 1, 'backend ./no-rates.cjs: feed refused token <options.token>')
  })

  describe('and a store on disk', () => {
    let path: string
    const onDisk = (): Env => ({ CONNECTOR_STORE: 'leveldown', CONNECTOR_STORE_CONFIG: '{}', CONNECTOR_STORE_PATH: path })

    beforeEach(async () => { path = await mkdtemp(join(folder.path, 'store-')) })

    it('refuses a file in the place of the store', async () => {
      await writeFile(path += '/file', '')
      await expectOneLine(start(onDisk()), 1, `path=${path}`, 'is a file, not a directory', 'CONNECTOR_STORE_PATH')
    })

    it('refuses a path below a file', async () => {
      await writeFile(path += '/file', '')
      path += '/store'
      await expectOneLine(start(onDisk()), 1, `path=${path}`, 'is a file, not a directory', 'CONNECTOR_STORE_PATH')
    })

    it('refuses a store that another connector has open', async () => {
      const first = start(onDisk())
      await first.prints('connector ready')
      await expectOneLine(start(onDisk()), 1, `path=${path}`, 'another process has it open', 'stop the other connector', 'CONNECTOR_STORE_PATH')
      expect(first.running).to.equal(true)
      await first.stop()
    })

    it('lets go of it when the start fails, also in a process that goes on', async () => {
      const options = { ilpAddress: 'test.second', accounts: {}, storePath: path, adminApi: true, adminApiPort: await freePort() }
      const failure = await createApp({ ...options, backend: join(folder.path, 'no-rates.cjs') }).listen().catch((error: unknown) => error)
      expect(failure).to.be.an('error').with.property('message').that.includes('feed refused token')
      const second = createApp({ ...options, backend: 'one-to-one' })
      await second.listen()
      await second.shutdown()
    })

    it('refuses a damaged store', async () => {
      const first = start(onDisk())
      await first.prints('connector ready')
      first.kill('SIGTERM')
      await first.exited
      await writeFile(join(path, 'CURRENT'), 'not the name of a manifest')
      await expectOneLine(start(onDisk()), 1, `path=${path}`, 'the data is damaged: CURRENT does not name a manifest', 'restore the directory from a backup')
    })
  })
})
