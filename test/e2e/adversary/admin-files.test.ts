/** Any program on this machine may use an admin API without a key: nobody makes a connector run or read a file over HTTP. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { createApp, type App, type ConnectorInput } from '../../../src/index.js'
import { freePort } from '../../../examples/free-port.js'
import { withoutLog } from '../../support/log.js'

const EVIL = 'globalThis.evilHasRun = (globalThis.evilHasRun ?? 0) + 1\nmodule.exports = class {}\n'
const SECRET_FILE = 'root:hunter2:0:0\n'
const dialling = { server: 'btp+ws://me:secret@127.0.0.1:9' }

describe('files that requests to the admin API of a connector name', () => {
  withoutLog()
  const ends: Array<() => Promise<unknown>> = []
  let folder: string
  let evil: string
  let url: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'admin-files-'))
    ends.push(() => rm(folder, { recursive: true }))
    evil = join(folder, 'evil.cjs')
    const before = process.cwd()
    process.chdir(folder) // where plugins are looked for
    ends.push(() => {
      process.chdir(before)
      return Promise.resolve()
    })
    await writeFile(evil, EVIL)
    await writeFile(join(folder, 'passwd'), SECRET_FILE)
    Reflect.deleteProperty(globalThis, 'evilHasRun')
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  async function start (options: Partial<ConnectorInput> = {}): Promise<App> {
    const adminApiPort = await freePort()
    url = `http://127.0.0.1:${adminApiPort}`
    const app = createApp({
      ilpAddress: 'test.conn', backend: 'one-to-one', store: 'memory', accounts: {}, initialConnectTimeout: 100, adminApi: true, adminApiPort, ...options
    })
    ends.push(() => app.shutdown())
    await app.listen()
    return app
  }

  interface Answer { status: number, text: string, code: string | null }

  async function add (plugin: unknown, options: object = {}, more: object = {}): Promise<Answer> {
    const body = JSON.stringify({ id: 'mallory', options: { relation: 'child', assetCode: 'USD', assetScale: 9, plugin, options, ...more } })
    const answer = await fetch(`${url}/addAccount`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return { status: answer.status, text: await answer.text(), code: answer.headers.get('x-error-code') }
  }

  const hasRun = (): boolean => Reflect.has(globalThis, 'evilHasRun')

  it('do not run as plugins, however their path is written, and the answer is the same for files that are not there', async () => {
    const app = await start()
    const inPackage = join(folder, 'node_modules', 'ilp-evil-plugin')
    await mkdir(join(inPackage, 'lib'), { recursive: true })
    await writeFile(join(inPackage, 'package.json'), '{ "name": "ilp-evil-plugin", "version": "1.0.0" }')
    await writeFile(join(inPackage, 'lib', 'evil.js'), EVIL)
    const here = basename(evil)
    const ways: unknown[] = [
      evil, evil.replace('.cjs', ''), `./${here}`, here, `./././${here}`, pathToFileURL(evil).href, `file:${evil}`, `//${evil}`, ` ${evil}`, `${evil}\0`,
      `ilp-evil-plugin/../../${here}`, 'ilp-evil-plugin/lib/evil.js', 'ilp-evil-plugin/lib/evil', './node_modules/ilp-evil-plugin/lib/evil.js',
      '@x/../../evil', 'btp/../../evil', '.', '..', './', '~/evil', `C:${evil.replaceAll('/', '\\')}`, 'C:evil', '.\\evil.cjs', '..\\evil', '\\\\host\\share\\evil',
      'data:text/javascript,globalThis.evilHasRun=1', 'http://127.0.0.1:9/evil.js', 'node:child_process', 'child_process', 'fs/promises', 'module', '#evil', '',
      '%2e%2e/evil', 'ilp-evil-plugin?x', 'a'.repeat(300), {}, [evil], { toString: 'x' }, 5, null
    ]
    for (const plugin of ways) {
      const { status, text } = await add(plugin)
      expect(status, `${JSON.stringify(plugin)} ${text}`).to.equal(400)
      expect(hasRun(), JSON.stringify(plugin)).to.equal(false)
    }
    const [there, nowhere] = [await add(join(folder, 'passwd')), await add(join(folder, 'nowhere'))]
    expect(there).to.deep.equal({ ...nowhere, text: nowhere.text.replace('nowhere', 'passwd') })
    expect(there.text).to.include('CONNECTOR_ADMIN_API_ALLOW_PATHS').and.to.not.include('hunter2')
    expect(there.code).to.equal('SLUICE_FILE_REFUSED')
    expect(() => app.getPlugin('mallory')).to.throw()
  })

  it('are refused before anything else is looked at', async () => {
    await start()
    const { text } = await add(evil, {}, { relation: 'stranger', assetScale: -1 })
    expect(text).to.include('plugin').and.not.include('relation')
  })

  for (const plugin of ['btp', 'evm'] as const) {
    it(`are not opened by options of the plugin ${plugin}, and nobody learns whether they are there`, async () => {
      await start()
      const more = plugin === 'btp' ? {} : {
        peerAddress: `0x${'1'.repeat(40)}`,
        chain: {
          chainId: 8453, rpcUrl: 'http://127.0.0.1:9', registryAddress: `0x${'2'.repeat(40)}`, tokenAddress: `0x${'3'.repeat(40)}`, keyId: `0x${'4'.repeat(64)}`, tokenDecimals: 9
        }
      }
      const port = await freePort()
      const pem = (path: string): object[] => [
        { ...dialling, ca: path },
        { listener: { port, secret: 's', key: path, cert: path } },
        { listener: { port, secret: 's', key: '-----BEGIN PRIVATE KEY-----', cert: path } }
      ]
      const paths = [join(folder, 'passwd'), join(folder, 'nowhere'), folder, '/dev/zero', 'package.json', './package.json']
      for (const path of paths) {
        for (const options of pem(path)) {
          const { status, text, code } = await add(plugin, { ...options, ...more })
          expect({ status, code }, text).to.deep.equal({ status: 400, code: 'SLUICE_FILE_REFUSED' })
          expect(text).to.include('PEM').and.not.include('hunter2').and.not.include('ENOENT').and.not.include('EISDIR')
        }
      }
      const answers = await Promise.all(paths.slice(0, 3).map(path => add(plugin, { ...dialling, ca: path, ...more })))
      expect(new Set(answers.map(({ text }) => text)).size).to.equal(1)
    })
  }

  it('are taken where the operator says so, and of the operator itself', async () => {
    const app = await start({ adminApiAllowPaths: true })
    const { status } = await add(evil)
    expect([status, hasRun()]).to.deep.equal([400, true]) // it has run, and is not a plugin
    expect((await add('btp', { ...dialling, ca: join(folder, 'nowhere') })).text).to.include('ENOENT')
    expect((await add({})).status).to.equal(400)
    await app.shutdown()
    await start()
    expect(() => createApp({ ilpAddress: 'test.x', store: 'memory', accounts: { a: { relation: 'child', assetCode: 'USD', assetScale: 9, plugin: evil } } }))
      .to.throw('plugin is not a ledger plugin')
  })

  it('are not needed: built-ins and packages come by their names', async () => {
    const app = await start()
    expect((await add('btp', dialling)).status).to.equal(200)
    await app.removePlugin('mallory')
    expect((await add('ilp-plugin-btp', dialling)).status).to.equal(200)
    await app.removePlugin('mallory')
    for (const name of ['@sluice/nobody-has-this', 'nobody-has-this']) expect((await add(name)).text).to.include('plugin not found')
  })
})
