/** The package as npm installs it: with its own dependencies and nothing else of this repository, for `import` and for `require`. */
import { execFile } from 'node:child_process'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, posix } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Daemon, temporaryFolder } from '../../support/daemon.js'
import { install, link, pack } from '../../support/packed.js'

const execute = promisify(execFile)
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const TSC_OPTIONS = ['--module', 'NodeNext', '--moduleResolution', 'NodeNext', '--target', 'ES2022', '--strict', '--skipLibCheck', '--types', 'node', '--noEmit']

const USE = `
const app = createApp({ accounts: {}, ilpAddress: 'test.project', backend: 'one-to-one', store: 'memdown' })
app.listen().then(() => app.shutdown()).then(() => console.log('used as', app.config.ilpAddress))
`
const TYPED_USE = `import { createApp, type App } from 'sluice'
export const app: App = createApp({ accounts: {}, ilpAddress: 'test.project' })
// @ts-expect-error the types are known, so this is no number
createApp({ accounts: {}, adminApiPort: '7780' })
`

describe('the package', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let project: string
  let contents: string[]

  before(async function () {
    this.timeout(120_000) // npm takes its time on a busy machine
    folder = await temporaryFolder()
    project = join(folder.path, 'project')
    const tarball = await pack(join(folder.path, 'package'))
    contents = (await execute('tar', ['-tzf', tarball])).stdout.trim().split('\n').map(path => path.replace(/^package\//, ''))
    await install(tarball, project)
  })
  after(() => folder.remove())

  async function run (script: string, source: string): Promise<{ stdout: string, stderr: string }> {
    await writeFile(join(project, script), source)
    return await execute(process.execPath, [script], { cwd: project })
  }

  it('brings the program, the built-in modules, the documentation and the conformance suites, and no other tests', () => {
    expect(contents).to.include.members([
      'LICENSE', 'README.md', 'launch.config.js', 'docs/configuration.md', 'dist/src/commands/daemon/main.js', 'dist/src/index.js', 'dist/src/index.d.ts',
      'dist/plugins/btp/index.js', 'dist/middlewares/balance.js', 'dist/backends/ecb.js', 'dist/stores/leveldown.js',
      'dist/test/conformance/ledger.js', 'dist/test/conformance/store.js', 'dist/test/conformance/backend.js',
      'dist/test/conformance/transport.js', 'dist/test/conformance/channel-provider.js', 'dist/test/conformance/chain-kind.js',
      'dist/test/conformance/signer.js'
    ])
    // With these anybody can check that what goes onto Solana and Aptos is made from the sources beside it.
    const allowed = /^(dist\/test\/conformance|examples)\/|^scripts\/(build-solana-program|sbf-linker|build-aptos-module|move-compiler)\.mjs$/
    const others = contents.filter(path => !allowed.test(path))
    expect(others.filter(path => /(^|\/)(test|tests|bench|examples|scripts|fixtures)\/|\.test\.|tsbuildinfo/.test(path))).to.deep.equal([])
  })

  it('has papers whose links lead to something that it brings', async () => {
    const dead: string[] = []
    for (const paper of contents.filter(path => path.endsWith('.md'))) {
      const text = await readFile(join(project, 'node_modules', 'sluice', paper), 'utf8')
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
        if (/^https?:/.test(target)) continue
        const place = posix.join(posix.dirname(paper), target).replace(/\/$/, '')
        if (!contents.some(path => path === place || path.startsWith(`${place}/`))) dead.push(`${paper}: ${target}`)
      }
    }
    expect(dead).to.deep.equal([])
  })

  it('can be imported', async () => {
    const { stdout, stderr } = await run('use.mjs', `import { createApp } from 'sluice'${USE}`)
    expect(stdout).to.include('used as test.project')
    expect(stderr).to.equal('')
  })

  it('can be required', async () => {
    const { stdout, stderr } = await run('use.cjs', `const { createApp } = require('sluice')${USE}`)
    expect(stdout).to.include('used as test.project')
    expect(stderr).to.equal('')
  })

  it('has types, for both', async function () {
    this.timeout(120_000)
    await writeFile(join(project, 'use.mts'), TYPED_USE)
    await writeFile(join(project, 'use.cts'), TYPED_USE)
    const { stdout } = await execute(process.execPath, [TSC, ...TSC_OPTIONS, 'use.mts', 'use.cts'], { cwd: project })
      .catch((failed: unknown) => failed as { stdout: string })
    expect(stdout).to.equal('')
  })

  describe('in the place of ilp-connector', () => {
    before(() => symlink('sluice', join(project, 'node_modules', 'ilp-connector')))

    const USE_OF_SERVICES = `
      const container = reduct(Constructor => Constructor.name === 'RateBackend' && rates)
      const rates = {
        connect: async () => {},
        disconnect: async () => {},
        getRate: async (from, to) => 10 ** (container(Accounts).getInfo(to).assetScale - container(Accounts).getInfo(from).assetScale) * (1 - container(Config).spread)
      }
      const account = assetScale => ({ relation: 'peer', plugin: 'btp', assetCode: 'USD', assetScale, options: { listener: { port: 0, secret: 's' + assetScale } } })
      const app = createApp({ ilpAddress: 'test.larry', store: 'memory', spread: 0.5, accounts: { alice: account(6), bob: account(9) } }, container)
      app.listen().then(() => container(RateBackend).getRate('alice', 'bob')).then(rate => app.shutdown().then(() => console.log('rate', rate)))
    `

    it('has the services that programs import from its folders, for import and for require', async () => {
      const names = { Accounts: 'accounts', Config: 'config', RateBackend: 'rate-backend' }
      const imports = Object.entries(names).map(([name, file]) => `import ${name} from 'ilp-connector/dist/services/${file}.js'`).join('\n')
      const requires = Object.entries(names).map(([name, file]) => `const ${name} = require('ilp-connector/dist/services/${file}').default`).join('\n')
      const imported = await run('services.mjs', `import { createApp } from 'ilp-connector'\nimport reduct from 'reduct'\n${imports}${USE_OF_SERVICES.replaceAll('reduct(', 'reduct.default(')}`)
      expect(imported.stdout).to.match(/^rate 500$/m)
      const required = await run('services.cjs', `const { createApp } = require('ilp-connector')\nconst reduct = require('reduct')\n${requires}${USE_OF_SERVICES}`)
      expect(required.stdout).to.match(/^rate 500$/m)
      const places = ['services/accounts', 'services/config', 'services/rate-backend', 'types/accounts', 'types/backend', 'types/plugin']
      const both = await run('both.cjs', `for (const place of ${JSON.stringify(places)}) {
        const path = 'ilp-connector/dist/' + place
        console.log(require(path) === require(path + '.js'))
      }`)
      expect(both.stdout).to.equal('true\n'.repeat(places.length))
    })

    it('has the types that programs import from its folders', async function () {
      this.timeout(120_000)
      const backend = `import type { BackendInstance } from 'ilp-connector/dist/types/backend'
import type { AccountInfo } from 'ilp-connector/dist/types/accounts'
import type { DataHandler, MoneyHandler, PluginInstance } from 'ilp-connector/dist/types/plugin'
import Accounts from 'ilp-connector/dist/services/accounts'
import Config from 'ilp-connector/dist/services/config'
import type { Injector } from 'reduct'

export class CustomBackend implements BackendInstance {
  constructor (private readonly deps: Injector) {}
  async connect (): Promise<void> {}
  async getRate (from: string, to: string): Promise<number> {
    const info = (id: string): AccountInfo => this.deps(Accounts).getInfo(id)
    return 10 ** (info(to).assetScale - info(from).assetScale) * (1 - this.deps(Config).spread)
  }

  async submitPayment (): Promise<void> {}
}
export const plugin = (handlers: [DataHandler, MoneyHandler], instance: PluginInstance): unknown => [handlers, instance]
`
      await writeFile(join(project, 'backend.mts'), backend)
      await writeFile(join(project, 'backend.cts'), backend)
      const { stdout } = await execute(process.execPath, [TSC, ...TSC_OPTIONS, 'backend.mts', 'backend.cts'], { cwd: project }).catch((failed: unknown) => failed as { stdout: string })
      expect(stdout).to.equal('')
    })
  })

  it('has suites for authors of ledgers and stores, who bring mocha, chai and fast-check', async () => {
    for (const name of ['chai', 'fast-check', 'mocha']) await link(name, project)
    await writeFile(join(project, 'mine.test.mjs'), `import { ledgerConformance } from 'sluice/conformance/ledger'
import { storeConformance } from 'sluice/conformance/store'
ledgerConformance('mine', () => { throw new Error('is not made yet') }, { persistent: true, ownHistory: true })
storeConformance('mine', () => { throw new Error('is not made yet') }, { batch: true, lifecycle: true, persistent: true })
`)
    const mocha = join(project, 'node_modules', 'mocha', 'bin', 'mocha.js')
    const { stdout } = await execute(process.execPath, [mocha, '--dry-run', 'mine.test.mjs'], { cwd: project })
    expect(stdout).to.match(/ledger conformance: mine/).and.match(/holds up to a limit and not one unit more/).and.match(/store conformance: mine/)
  })

  it('has a program that starts the connector', async () => {
    const daemon = new Daemon({
      CONNECTOR_ACCOUNTS: '{}', CONNECTOR_ILP_ADDRESS: 'test.program', CONNECTOR_BACKEND: 'one-to-one', CONNECTOR_STORE_PATH: join(project, 'data')
    }, { program: join(project, 'node_modules', '.bin', 'ilp-connector') })
    try {
      await daemon.prints('connector ready (republic attitude). address=test.program')
      daemon.kill('SIGTERM')
      expect(await daemon.exited).to.deep.equal({ code: 0, signal: null })
    } finally {
      await daemon.stop()
    }
  })
})
