/** A network in a minute: the topologies under examples/ are right, run as processes, and one payment goes through each. */
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { run } from '../../support/node/processes.js'
import { ROOT, World } from '../../support/node.js'

const NETWORK = fileURLToPath(new URL('../../../examples/network.js', import.meta.url))
const CONNECTOR = fileURLToPath(new URL('../../../src/commands/cli/main.js', import.meta.url))
/** The ports of the examples: BTP, explorer, admin API, health. */
const PORTS = /\b(30[01][0-9]|808[0-9]|908[0-9])\b/g
const TIMEOUT_MS = 60_000

describe('the topologies', () => {
  const world = new World()
  afterEach(() => world.end())

  /** A copy of a topology whose ports are free here. */
  async function copyOf (topology: string): Promise<{ folder: string, ports: Map<string, number> }> {
    const folder = await world.directory()
    const ports = new Map<string, number>()
    for (const name of await readdir(join(ROOT, 'examples', topology))) {
      const text = await readFile(join(ROOT, 'examples', topology, name), 'utf8')
      for (const [port] of text.matchAll(PORTS)) if (!ports.has(port)) ports.set(port, await freePort())
      await writeFile(join(folder, name), text.replace(PORTS, port => String(ports.get(port))))
    }
    return { folder, ports }
  }

  async function isFree (port: number): Promise<boolean> {
    const server = createServer().listen(port)
    const free = await once(server, 'listening').then(() => true, () => false)
    if (free) await new Promise(resolve => { server.close(resolve) })
    return free
  }

  for (const topology of ['linear', 'mesh', 'hub-and-spoke']) {
    it(`${topology}: connector validate has nothing to say against it`, async () => {
      const program = run(world, process.execPath, [CONNECTOR, 'validate', join(ROOT, 'examples', topology)], await world.directory())
      expect(await program.ended).to.equal(0)
      expect(program.output()).to.match(/^Topology is valid: [34] nodes \(.*\)\.\n$/)
    })
  }

  for (const [topology, way] of [
    ['linear', [
      'connector-a  its application pays 1000, keeps 1, and passes on 999',
      'connector-b  is owed 999, keeps 1, and passes on 998',
      'connector-c  its application is paid 998'
    ]],
    ['mesh', ['connector-a  its application pays 1000, keeps 1, and passes on 999', 'connector-b  its application is paid 999']],
    ['hub-and-spoke', [
      'spoke-1  its application pays 1000, keeps 1, and passes on 999',
      'hub      is owed 999, keeps 1, and passes on 998',
      'spoke-2  its application is paid 998'
    ]]
  ] as const) {
    it(`${topology}: runs as processes, pays, says who was paid what, and ends without a trace`, async () => {
      const { folder, ports } = await copyOf(topology)
      const program = run(world, process.execPath, [NETWORK, folder, '--once'], await world.directory())
      expect(await program.ended, program.output()).to.equal(0)
      expect(program.output()).to.include(way.map(line => `  ${line}\n`).join('      |\n'))
      expect(program.output()).to.not.match(/ (warn|error) /)
      for (const port of ports.values()) expect(await isFree(port), `port ${port}`).to.equal(true)
    }).timeout(TIMEOUT_MS)
  }

  it('stays until Ctrl-C, can be tried meanwhile, and ends cleanly, also when Ctrl-C comes twice', async () => {
    const { folder, ports } = await copyOf('linear')
    const program = run(world, process.execPath, [NETWORK, folder], await world.directory())
    await program.says('until Ctrl-C')
    const [, send = ''] = /npm run send-packet -- (.*)/.exec(program.output()) ?? []
    const args = send.match(/"[^"]*"|\S+/g)!.map(arg => arg.replaceAll('"', ''))
    const sending = run(world, process.execPath, [CONNECTOR, 'send', ...args], await world.directory())
    expect(await sending.ended, sending.output()).to.equal(0)
    program.kill('SIGINT')
    program.kill('SIGINT')
    expect(await program.ended, program.output()).to.equal(0)
    for (const port of ports.values()) expect(await isFree(port), `port ${port}`).to.equal(true)
  }).timeout(TIMEOUT_MS)

  it('stops them all when one cannot start, and says why', async () => {
    const { folder, ports } = await copyOf('linear')
    const taken = createServer(socket => socket.destroy()).listen(ports.get('3001'))
    await once(taken, 'listening')
    const program = run(world, process.execPath, [NETWORK, folder], await world.directory())
    expect(await program.ended).to.equal(1)
    expect(program.output()).to.include('connector-b ended with exit code 1').and.to.include('EADDRINUSE')
    expect(program.output().match(/ended with exit code/g), 'one error').to.have.length(1)
    expect(program.output()).to.not.match(/^\[connector-/m)
    await new Promise(resolve => { taken.close(resolve) })
    for (const port of ports.values()) expect(await isFree(port), `port ${port}`).to.equal(true)
  }).timeout(TIMEOUT_MS)

  it('takes other ports than those of the examples where others listen on them', async () => {
    const taken = createServer(socket => socket.destroy()).listen(3000)
    await once(taken, 'listening').catch(() => undefined) // somebody else does
    const program = run(world, process.execPath, [NETWORK, 'linear', '--once'], await world.directory())
    expect(await program.ended, program.output()).to.equal(0)
    expect(program.output()).to.include('connector-c  its application is paid 998')
    await new Promise(resolve => { taken.close(resolve) })
  }).timeout(TIMEOUT_MS)

  for (const [args, complaint] of [[[], 'Usage: npm run network'], [['ring'], 'There is no topology ring']] as const) {
    it(`says what there is when it is asked for ${args[0] ?? 'nothing'}`, async () => {
      const program = run(world, process.execPath, [NETWORK, ...args], await world.directory())
      expect(await program.ended).to.equal(1)
      expect(program.output()).to.include(complaint).and.to.include('linear | mesh | hub-and-spoke')
    })
  }
})
