/** Somebody moves from ilp-connector, and does what docs/move-from-ilp-connector.md says, word by word and in its order. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect } from 'chai'
import { temporaryFolder } from '../../support/daemon.js'
import { install, pack } from '../../support/packed.js'
import { blocksOf } from '../../support/papers.js'
import { eventually } from '../../support/waiting.js'

/** For a peer that is not there: by default a connector waits ten seconds for it. */
const SHORT_WAIT = { CONNECTOR_INITIAL_CONNECT_TIMEOUT: '1000' }

describe('moving from ilp-connector', () => {
  const blocks = blocksOf('docs/move-from-ilp-connector.md').map(({ text }) => text)
  const running: ChildProcess[] = []
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let project: string

  before(async function () {
    this.timeout(120_000) // npm takes its time on a busy machine
    folder = await temporaryFolder()
    project = join(folder.path, 'project')
    await mkdir(project)
    const command = take('npm install ilp-connector@file:')
    expect(command.trim().split(' ')).to.have.length(3)
    await install(await pack(join(folder.path, 'package')), project, 'ilp-connector')
  })
  afterEach(async () => {
    for (const child of running.splice(0)) {
      if (child.exitCode !== null) continue
      process.kill(-child.pid!, 'SIGTERM')
      await once(child, 'close')
    }
  })
  after(() => folder.remove())

  /** The block that begins so. Each is taken once. */
  function take (beginning: string): string {
    const at = blocks.findIndex(text => text.startsWith(beginning))
    expect(at, `a block that begins with ${beginning}`).to.not.equal(-1)
    return blocks.splice(at, 1)[0]!
  }

  /** Resolves when the program has printed `text`, or has ended if there is none. Resolves to what it printed. */
  async function shell (script: string, text?: string, env: Record<string, string> = {}): Promise<string> {
    const child = spawn('bash', ['-e', '-c', script], {
      cwd: project, detached: true, env: { PATH: process.env.PATH, HOME: folder.path, npm_config_offline: 'true', ...env }
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', more => { output += String(more) })
    const ended = once(child, 'close')
    if (text === undefined) {
      const [code] = await ended as [number]
      expect(code, output).to.equal(0)
      return output
    }
    running.push(child)
    await eventually(`${text} after\n${script}`, () => {
      if (child.exitCode !== null) throw new Error(`it ended:\n${output}`)
      return output.includes(text)
    })
    return output
  }

  it('starts the connector with a middleware of its own and npm\'s plugin, and asks its admin API', async () => {
    await writeFile(join(project, 'audit.js'), take('// audit.js'))
    const output = await shell(take('export CONNECTOR_ILP_ADDRESS'), 'connector ready', SHORT_WAIT)
    expect(output).to.include('auditing test.mine').and.include('address=test.mine')
    const answers = await shell(take('curl').replaceAll('curl', 'curl --silent --fail'))
    expect(answers).to.include('ilp-plugin-btp').and.include('-1000000000').and.include('localRoutingTable')
  }).timeout(60_000)

  it('starts what the file for pm2 says', async () => {
    await writeFile(join(project, 'launch.config.js'), take('// launch.config.js'))
    const { apps: [app] } = createRequire(import.meta.url)(join(project, 'launch.config.js')) as
      { apps: [{ script: string, env: Record<string, string> }] }
    await shell(`exec node ${app.script}`, 'connector ready', app.env)
    expect(await shell('curl --silent --fail http://127.0.0.1:7780/accounts')).to.include('test.mine')
  }).timeout(60_000)

  it('runs the program', async () => {
    await writeFile(join(project, 'program.js'), take('// program.js'))
    expect(await shell('node program.js')).to.match(/^listening as test.program$/m)
  }).timeout(60_000)

  it('has followed the whole page', () => {
    expect(blocks).to.deep.equal([])
  })
})
