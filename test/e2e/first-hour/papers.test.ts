/**
 * A newcomer's first hour: every block of code in README.md and docs/ is run as it is printed, in an empty folder in which the packed
 * package is installed. What cannot be run here stands on a list, with the reason or with the test that runs it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { temporaryFolder } from '../../support/daemon.js'
import { PACKAGE_ROOT } from '../../support/package-root.js'
import { install, pack } from '../../support/packed.js'
import { blocksOf, type Block } from '../../support/papers.js'

const DOCS = readdirSync(join(PACKAGE_ROOT, 'docs'), { recursive: true }).map(path => `docs/${String(path)}`).filter(path => path.endsWith('.md'))
const PAPERS = ['README.md', ...DOCS, 'examples/business-logic-server/README.md']
/** Those that the commands take as they are printed. */
const PORTS = [3000, 3100, 4000, 7768, 7780, 7800, 7801, 8080, 8081]

/** For peers that are not there: by default a connector waits ten seconds for them. */
const SHORT_WAIT = { CONNECTOR_INITIAL_CONNECT_TIMEOUT: '1000' }

/** By how a block begins: why it is not run here. A path is that of the test that runs it. */
const NOT_HERE: ReadonlyArray<[paper: string, beginning: string, reason: string]> = [
  ['README.md', 'npm ci && npm start', 'test/e2e/daemon/start-stop.test.ts'],
  ['README.md', 'npm run pay', 'test/e2e/daemon/start-stop.test.ts'],
  ['README.md', 'npm run demo\n', 'test/e2e/connectors/stream.test.ts'],
  ['README.md', 'npm run network linear', 'test/e2e/node/topologies.test.ts'],
  ['README.md', 'npm run demo:evm', 'test/e2e/node/evm.test.ts'],
  ['README.md', 'npm run demo:xrp', 'test/e2e/settlement/xrp.test.ts'],
  ['README.md', 'npm run demo:mina', 'test/e2e/settlement/mina.test.ts'],
  ['README.md', 'npm run demo:aptos', 'test/e2e/settlement/aptos.test.ts'],
  ['README.md', 'npm run demo:solana', 'It downloads a cluster, which tests share: test/e2e/settlement/solana.test.ts'],
  ['README.md', 'npm ci && npm test', 'It is what runs this test.'],
  ['README.md', 'npm pack', 'test/e2e/daemon/package.test.ts'],
  ['README.md', 'npm install --global pm2', 'test/e2e/daemon/pm2.test.ts'],
  ['docs/assets.md', 'nodeId: exchange', 'test/config/node/assets.test.ts'],
  ['docs/backends.md', '{ "rates"', 'test/backends/fixed-rates.test.ts'],
  ['docs/backends.md', 'export CONNECTOR_BACKEND=market', 'It needs the services on the Internet: test/backends'],
  ['docs/backends.md', 'rates:', 'It needs the services on the Internet: test/e2e/node/market-prices.test.ts'],
  ['docs/backends.md', 'curl -X PUT', 'It needs a backend with prices: test/admin/connector/api.test.ts'],
  ['docs/balances.md', 'curl -H', 'It needs an account whose plugin pays: test/admin/connector/api.test.ts'],
  ['docs/balances.md', 'CONNECTOR_LEDGER=tigerbeetle', 'It needs a TigerBeetle cluster.'],
  ['docs/balances.md', 'import { ledgerConformance }', 'It needs a ledger of the reader; test/e2e/daemon/package.test.ts'],
  ['docs/explorer.md', 'connector top', 'test/commands/cli/explorer-client.test.ts'],
  ['docs/guides/add-a-backend.md', 'npm run build', 'It is for a backend of the reader.'],
  ['docs/guides/add-a-middleware.md', 'npm run build', 'It is for a middleware of the reader.'],
  ['docs/guides/add-a-chain.md', 'chainKindConformance', 'It needs a chain of the reader.'],
  ['docs/guides/add-a-store.md', 'storeConformance', 'It needs a store of the reader.'],
  ['docs/guides/add-a-transport.md', 'transportConformance', 'It needs a transport of the reader.'],
  ['docs/operating.md', 'pid=', 'test/e2e/daemon/backup.test.ts'],
  ['docs/operating.md', '# It is gone', 'test/metrics/alerts.test.ts'],
  ['docs/move-from-ilp-connector.md', '', 'test/e2e/first-hour/move.test.ts'],
  ['docs/metrics.md', 'scrape_configs', 'It needs Prometheus: test/admin/node/health.test.ts'],
  ['docs/node.md', 'npm run network', 'test/e2e/node/topologies.test.ts'],
  ['docs/node.md', 'docker', 'It needs Docker: test/e2e/node/docker.test.ts'],
  ['docs/security.md', '', 'test/config/node/security.test.ts'],
  ['docs/transport.md', '', 'It needs a proxy: test/config/node/transport.test.ts'],
  ['docs/settlement.md', '', 'test/e2e/node/settlement-docs.test.ts'],
  ['docs/settlement-xrp.md', '', 'test/e2e/settlement/xrp.test.ts'],
  ['docs/settlement-mina.md', '', 'test/e2e/settlement/mina.test.ts'],
  ['docs/settlement-aptos.md', '', 'test/e2e/settlement/aptos.test.ts'],
  ['docs/faucet.md', '', 'test/e2e/node/faucet.test.ts'],
  ['docs/keys.md', '', 'It needs a vault: test/plugins/evm/key-backend.test.ts'],
  ['docs/wallet.md', '', 'test/commands/cli/wallet.test.ts'],
  ['docs/aptos-module.md', 'npm install --no-save', 'It installs a compiler: test/plugins/aptos/move/bytecode.test.ts'],
  ['docs/solana-program.md', 'apt-get install clang-19', 'It installs a compiler: test/plugins/solana/program/binary.test.ts']
]

function isNotHere ({ paper, text }: Block): boolean {
  return NOT_HERE.some(([its, beginning]) => paper === its && text.startsWith(beginning))
}

describe('the first hour', () => {
  const used = new Set<string>()
  const background: ChildProcess[] = []
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let project: string

  before(async function () {
    this.timeout(120_000) // npm takes its time on a busy machine
    for (const port of PORTS) await refuseTaken(port)
    folder = await temporaryFolder()
    project = join(folder.path, 'project')
    await mkdir(project)
    await install(await pack(join(folder.path, 'package')), project)
  })
  afterEach(async () => { await Promise.all(background.splice(0).map(end)) })
  after(async () => { await folder.remove() })

  /** The block of a paper that begins so, with its lines. */
  function block (paper: string, beginning: string): string {
    const found = blocksOf(paper).filter(({ text }) => text.startsWith(beginning))
    expect(found.map(({ text }) => text.split('\n', 1)[0]), `${paper}: ${beginning}`).to.have.length(1)
    used.add(`${paper}\n${found[0]!.text}`)
    return found[0]!.text
  }

  function shell (script: string, env: Record<string, string> = {}): ChildProcess {
    return spawn('bash', ['-e', '-c', script], {
      cwd: project, stdio: 'pipe', detached: true, env: { PATH: process.env.PATH, HOME: folder.path, npm_config_offline: 'true', ...env }
    })
  }

  /** Resolves to what it printed. */
  async function run (script: string, env?: Record<string, string>): Promise<string> {
    const child = shell(script, env)
    const output = outputOf(child)
    const [code] = await once(child, 'close') as [number | null]
    expect(code, `${script}\n${output()}`).to.equal(0)
    return output()
  }

  /** Runs until the test ends; resolves when it has printed `text`. */
  async function start (script: string, text: string, env?: Record<string, string>): Promise<() => string> {
    const child = shell(script, env)
    background.push(child)
    const output = outputOf(child)
    await new Promise<void>((resolve, reject) => {
      const look = (): void => { if (output().includes(text)) resolve() }
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', look)
      child.once('close', () => { reject(new Error(`it ended without printing "${text}":\n${output()}`)) })
    })
    return output
  }

  it('starts a connector as README configures it, which says what it cannot reach', async () => {
    const output = await start(block('README.md', 'export CONNECTOR_STORE_PATH'), 'could not connect account. accountId=up', SHORT_WAIT)
    expect(output()).to.include('listening for BTP connections. host=127.0.0.1 port=7768')
  }).timeout(30_000)

  it('runs a node from the shell, command by command', async () => {
    const commands = block('README.md', 'npx connector setup').trim().split('\n')
    expect(commands.map(command => command.split(' ').slice(0, 3).join(' '))).to.deep.equal(
      ['setup', 'validate', 'start', 'health', 'send'].map(name => `npx connector ${name}`))
    const [setup = '', validate = '', run_ = '', health = '', send = ''] = commands
    expect(await run(setup)).to.include('Wrote config.yaml and .env').and.include('npx connector start')
    expect(await run(validate)).to.include('Configuration file is valid.')
    expect(await run('npx connector validate')).to.include('Configuration file is valid.')
    await start(run_, 'shop is running as g.shop')
    expect(await run(health)).to.include('Status: HEALTHY')
    expect(await run(send)).to.include('Fulfilled.')
  }).timeout(60_000)

  it('runs the same node in a program, and shows the books of stopped and running connectors', async () => {
    await write('agent.mjs', block('README.md', '// agent.mjs'))
    expect(await run('node --env-file=.env agent.mjs')).to.match(/^fulfilled$/m)
    const [running = '', audit = '', stopped = ''] = block('README.md', 'npx connector ledger balances').trim().split('\n')
    await run(stopped)
    const env = { CONNECTOR_ACCOUNTS: '{}', CONNECTOR_ILP_ADDRESS: 'test.x', CONNECTOR_BACKEND: 'one-to-one', CONNECTOR_ADMIN_API: 'true' }
    await start('npx ilp-connector', 'connector ready', { ...env, CONNECTOR_STORE_PATH: join(folder.path, '.connector-data') })
    expect(await run(running)).to.include('No account has a balance.')
    await Promise.all(background.splice(0).map(end))
    expect(await run(audit)).to.include('add up')
  }).timeout(60_000)

  it('embeds a connector', async () => {
    await write('embedded.mjs', block('README.md', '// embedded.mjs'))
    expect(await run('node embedded.mjs')).to.include('bob is connected: false')
  }).timeout(30_000)

  it('extends a connector by a middleware and a backend', async () => {
    await write('no-gambling.mjs', block('README.md', '// no-gambling.mjs'))
    await write('fixed-rate.mjs', block('README.md', '// fixed-rate.mjs'))
    const variable = block('README.md', 'CONNECTOR_MIDDLEWARES')
    const env = { CONNECTOR_ACCOUNTS: '{}', CONNECTOR_ILP_ADDRESS: 'test.x', CONNECTOR_STORE: 'memdown', CONNECTOR_BACKEND: './fixed-rate.mjs' }
    await start(`set -a; ${variable} npx ilp-connector`, 'connector ready', env)
  }).timeout(30_000)

  it('starts the connector of the page on configuration', async () => {
    await start(block('docs/configuration.md', 'CONNECTOR_ILP_ADDRESS'), 'connector ready')
  }).timeout(30_000)

  it('runs a business logic server, pays it, and lets it pay', async () => {
    const paper = 'examples/business-logic-server/README.md'
    const [server = '', connector = ''] = block(paper, 'CONNECTOR_ADMIN_URL').trim().split('\n')
    for (const name of ['server.mjs', 'connector.yaml']) await write(name, await readFile(join(PACKAGE_ROOT, 'examples/business-logic-server', name), 'utf8'))
    await start(server, 'business logic server on')
    await rm(join(project, '.env'), { force: true }) // that of the node before, with its key
    await start(connector, 'shop is running as g.shop')
    const output = await run(block(paper, 'npx connector send'))
    expect(output).to.include('Fulfilled.').and.include('Data: hi').and.include('"count":1').and.include('"fulfilled":true')
    const api = 'docs/admin-api.md'
    expect(await run(block(api, 'curl -X POST'))).to.include('"accept":true')
    expect(await run(block(api, 'curl \''))).to.include('"ilpAddressTo":"g.shop","amount":"1000","result":"fulfill"')
    const headers = { 'content-type': 'application/json' }
    const added = await fetch('http://localhost:8081/admin/peers', { method: 'POST', headers, body: block(api, '{') })
    expect(added.status, await added.text()).to.equal(201)
  }).timeout(60_000)

  it('imports the file of another connector, starts it, and runs the program of its library', async () => {
    const paper = 'docs/move-from-toon.md'
    await write('old-config.yaml', block(paper, '# old-config.yaml'))
    const said = await run(`${block(paper, 'npx connector import').trim()} || test $? = 2`)
    expect(said.split('\n')[0]).to.equal('old-config.yaml:2: nodeId: the node is called townhouse now. Peers that list it as g.townhouse have to rename it.')
    expect(said).to.match(/^old-config\.yaml:6: nip59: .*\n$/m)
    const [validate = '', start_ = ''] = block(paper, 'npx connector validate').trim().split('\n')
    expect(await run(validate)).to.include('Configuration file is valid.')
    await start(start_, 'townhouse is running as g.townhouse')
    await Promise.all(background.splice(0).map(end))
    await write('swap.mjs', block(paper, '// swap.mjs'))
    expect(await run('node swap.mjs')).to.match(/^fulfilled: thanks$/m)
  }).timeout(60_000)

  it('leaves no block out: each was run here, or stands on the list', () => {
    const blocks = PAPERS.flatMap(blocksOf)
    const commands = /^ {4}(npm|npx|node|docker|curl|pm2) /m
    for (const paper of PAPERS) {
      const prose = readFileSync(join(PACKAGE_ROOT, paper), 'utf8').replaceAll(/^( *)```.*?^\1```$/gms, '')
      expect(prose, `${paper} has commands that are not in a block with a language`).to.not.match(commands)
    }
    const forgotten = blocks.filter(found => !used.has(`${found.paper}\n${found.text}`) && !isNotHere(found))
    expect(forgotten.map(({ paper, text }) => `${paper}: ${text.split('\n', 1)[0] ?? ''}`)).to.deep.equal([])
    for (const [paper, beginning, reason] of NOT_HERE) {
      expect(blocks.some(({ paper: its, text }) => its === paper && text.startsWith(beginning)), `${paper}: ${beginning} is there`).to.equal(true)
      const [test] = /test\/\S+\.test\.ts/.exec(reason) ?? []
      if (test !== undefined) expect(existsSync(join(PACKAGE_ROOT, test)), test).to.equal(true)
    }
  })

  async function write (name: string, text: string): Promise<void> {
    await writeFile(join(project, name), text)
  }
})

function outputOf (child: ChildProcess): () => string {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => { output += text.toString() })
  return () => output
}

/** With all that it started. */
async function end (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const closed = once(child, 'close')
  process.kill(-child.pid, 'SIGTERM')
  await closed
}

async function refuseTaken (port: number): Promise<void> {
  const server = createServer().listen(port)
  await once(server, 'listening').catch(() => { throw new Error(`port ${port} is in use: the commands of the papers are run as they are printed, and need it`) })
  server.close()
  await once(server, 'close')
}
