// Two nodes that no address leads to pay each other through onion services of a real Tor network, where tor is installed. In the long form
// they lose their circuits, relays on them, and their tor itself, and pay again. No connection of theirs goes anywhere but to their
// proxies, and no name is looked up: their own calls say so, and for nodes in namespaces of their own the kernel does.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import dns from 'node:dns'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import sinon from 'sinon'
import { freePort } from '../../../examples/free-port.js'
import type { ConnectorConfig, ConnectorNode } from '../../../src/index.js'
import { rejectionError } from '../../support/failures.js'
import { World, outcome, packet } from '../../support/node.js'
import { isAlive } from '../../support/overlay-program.js'
import { anonOfPackage } from '../../support/tor/anon.js'
import { Cell, noCells } from '../../support/tor/cells.js'
import { closeCircuits, relaysInUse } from '../../support/tor/control.js'
import { isThere, TOR, TorNetwork } from '../../support/tor/network.js'
import { eventually, pause } from '../../support/waiting.js'

/** A network of this size now and then takes minutes, or does not come about at all. Then another one is started, once. */
const PATIENCE_MS = 240_000
/** Also what takes longest: that circuits, processes and relays are lost. `npm run test:tor` */
const WITH_LOSSES = process.env.TOR_LOSSES === '1'
const ROUND_TRIPS = 20
const PAY_EVERY_MS = 20
/** `npm run test:anon`: the same on the software of the Anyone network. */
const PROGRAM = process.env.ONION_PROGRAM === 'anon' ? anonOfPackage() : TOR

interface Hidden {
  node: ConnectorNode
  socksPort: number
  control: string
  pid: () => Promise<number>
}

describe(`nodes without an open port, on a network of ${PROGRAM.name}`, () => {
  const world = new World()
  let network: TorNetwork | undefined
  afterEach(async function () {
    sinon.restore()
    await world.end()
    if (this.currentTest?.state === 'passed') return
    await network?.stop()
    network = undefined
  })
  after(() => network?.stop())

  it(`pay each other through onion services${WITH_LOSSES ? ', and do so again when circuits, processes and relays are lost' : ''}`, async function () {
    this.retries(1)
    if (!isThere(PROGRAM)) {
      console.log(`      ${PROGRAM.name} is not installed: nothing is shown here`)
      return
    }
    const relays = network ??= await TorNetwork.start(PROGRAM)
    const lookups = ['lookup', 'resolve', 'resolve4', 'resolve6'].map(name => sinon.spy(dns, name as 'lookup'))
    const connects = sinon.spy(Socket.prototype, 'connect')

    const [alice, bob] = await Promise.all(['alice', 'bob'].map(name => start(name)))
    for (const { node } of [alice!, bob!]) await eventually('it is reached by its name', () => node.overlay?.externalUrl, PATIENCE_MS)
    await alice!.node.registerPeer({ id: 'bob', url: bob!.node.overlay!.externalUrl!, authToken: 'shared', routes: [{ prefix: 'g.bob' }] })
    await bob!.node.registerPeer({ id: 'alice', url: alice!.node.overlay!.externalUrl!, authToken: 'shared', routes: [{ prefix: 'g.alice' }] })
    const pay = async (why: string): Promise<void> => {
      for (const [from, to] of [[alice, 'bob'], [bob, 'alice']] as const) {
        await eventually(`${to} is paid ${why}`, async () => outcome(await from!.node.sendPacket(packet(`g.${to}`))) === 'fulfill', PATIENCE_MS)
      }
    }
    await pay('over six hops')
    const times: number[] = []
    for (let trip = 0; trip < ROUND_TRIPS; trip++) {
      const began = performance.now()
      expect(outcome(await alice!.node.sendPacket(packet('g.bob')))).to.equal('fulfill')
      times.push(performance.now() - began)
    }
    console.log(`      round trips over six hops, ms: median ${times.toSorted((a, b) => a - b)[ROUND_TRIPS / 2]?.toFixed(1)}, longest ${Math.max(...times).toFixed(1)}`)

    if (WITH_LOSSES) {
      for (const { control } of [alice!, bob!]) expect(await closeCircuits(control)).to.be.greaterThan(0)
      await eventually('that is noticed', () => !alice!.node.isPeerConnected('bob') || !bob!.node.isPeerConnected('alice'), PATIENCE_MS)
      await pay('over new circuits')

      const dead = await alice!.pid()
      process.kill(dead, 'SIGKILL')
      await eventually('another process is in its place', async () => await alice!.pid() !== dead && alice!.node.getHealthStatus().transport.healthy, PATIENCE_MS)
      await pay('after the loss of a proxy')

      const killed: string[] = []
      const tally = await whilePaying(alice!.node, async () => {
        for (const { control } of [alice!, bob!]) {
          const relay = await eventually('it goes through relays', async () => {
            const now = await relaysInUse(control)
            return now.findLast(name => name.startsWith('relay')) ?? now.at(-1)
          }, PATIENCE_MS)
          await relays.kill(relay)
          killed.push(relay)
          await eventually('others are', async () => {
            const now = await relaysInUse(control)
            return now.length > 0 && !now.some(name => killed.includes(name))
          }, PATIENCE_MS)
          await pay('through other relays')
        }
      })
      console.log(`      when ${killed.join(' and ')} went away: ${tally.paid} packets paid, ${tally.refused} refused`)
    }

    const pids = [await alice!.pid(), await bob!.pid()]
    await Promise.all([alice!.node.stop(), bob!.node.stop()])
    expect(pids.map(isAlive)).to.deep.equal([false, false])
    expect(lookups.flatMap(({ args }) => args.map(([name]) => name)).filter(name => !/^[\d.:]+$/.test(name))).to.deep.equal([])
    const allowed = new Set([alice!.socksPort, bob!.socksPort].map(port => `127.0.0.1:${port}`))
    const beside = connects.args.map(([first]) => placeOf(first)).filter(place => place !== '' && !allowed.has(place))
    expect(beside).to.deep.equal([])
    expect(connects.args.map(([first]) => placeOf(first)).filter(place => allowed.has(place)).length).to.be.greaterThan(4)
    const log = world.log.lines.filter(({ level }) => level !== 'debug').map(line => JSON.stringify(line)).join('\n')
    expect(log).to.not.match(/[a-z2-7]{56}/)

    async function start (name: string): Promise<Hidden> {
      const dataPath = await world.directory()
      const socksPort = await freePort()
      const control = join(dataPath, 'control')
      const node = await world.start(name, {
        dataPath,
        transport: {
          type: 'socks5', socksProxy: `socks5h://127.0.0.1:${socksPort}`, managed: true, externalUrl: 'auto',
          managedOptions: { binaryPath: PROGRAM === TOR ? PROGRAM.binary : undefined, configFilePath: await relays.clientSettings(name, control), hiddenServiceDir: join(dataPath, 'service') }
        }
      })
      expect(node.config.btpServerHost).to.equal('127.0.0.1')
      node.setPacketHandler(() => ({ accept: true }))
      return { node, socksPort, control, pid: async () => Number(await readFile(join(dataPath, 'overlay', name, 'pid'), 'utf8')) }
    }
  }).timeout(4 * PATIENCE_MS)

  if (PROGRAM !== TOR) {
    it('do not start where nobody has agreed to the terms of the network, and say so', async () => {
      const node = await world.make('alice', { transport: { type: 'socks5', socksProxy: `socks5h://127.0.0.1:${await freePort()}`, managed: true } })
      expect((await rejectionError(node.start())).message).to.include('User has not agreed to the terms and conditions')
    }).timeout(PATIENCE_MS)
  }

  it('pay each other where nothing but a proxy is within reach, and the kernel sees nothing go anywhere else', async function () {
    this.retries(1)
    const why = isThere(PROGRAM) ? noCells() : `${PROGRAM.name} is not installed`
    if (why !== undefined) {
      console.log(`      ${why}: nothing is shown here`)
      return
    }
    const relays = network ??= await TorNetwork.start(PROGRAM)
    const cells = await Promise.all(['alice', 'bob'].map(async name => await hide(name)))
    const [alice, bob] = cells as [Closed, Closed]
    for (const [{ cell, config, socks, service }, other] of [[alice, bob], [bob, alice]] as const) {
      await cell.ask({
        what: 'start', socksPort: SOCKS_PORT, socks, service,
        config: { ...config, peers: [{ id: other.name, url: `ws://${other.hostname}:3000`, authToken: 'shared' }], routes: [{ prefix: `g.${other.name}`, nextHop: other.name }] }
      })
    }
    for (const [{ cell, name }, other] of [[alice, bob], [bob, alice]] as const) {
      await eventually(`${name} pays`, async () => await cell.ask({ what: 'pay', destination: `g.${other.name}` }) === 'fulfill', PATIENCE_MS)
    }
    expect(await Promise.all(cells.map(({ cell }) => cell.ask({ what: 'escapes' })))).to.deep.equal([0, 0])

    // A node that is told to goes past the proxy, and a name that is looked up is seen: so nothing of that kind has happened before.
    await alice.cell.ask({ what: 'register', peer: { id: 'past', url: 'ws://192.0.2.1:3000', authToken: 'x', transport: 'direct', routes: [] } })
    await eventually('the kernel sees that', async () => Number(await alice.cell.ask({ what: 'escapes' })) > 0)
    await bob.cell.ask({ what: 'escape' })
    expect(await bob.cell.ask({ what: 'escapes' })).to.be.greaterThan(2)
    for (const { cell } of cells) await cell.ask({ what: 'stop' })

    /** Its proxy is outside, as a service of the machine would be. */
    async function hide (name: string): Promise<Closed> {
      const directory = await world.directory()
      const place = (file: string): string => join(directory, file)
      await mkdir(place('onion'), { mode: 0o700 })
      await writeFile(place('torrc'), `%include ${await relays.clientSettings(name, place('control'))}
DataDirectory ${place('data')}
SocksPort unix:${place('socks')} IsolateSOCKSAuth
HiddenServiceDir ${place('onion')}
HiddenServicePort 3000 unix:${place('service')}
__OwningControllerProcess ${process.pid}
`)
      const proxy = spawn(PROGRAM.binary, ['-f', place('torrc'), '--quiet'], { stdio: 'ignore' })
      const exit = once(proxy, 'exit')
      world.after(async () => {
        proxy.kill('SIGKILL')
        await exit
      })
      const cell = await Cell.open(directory)
      world.after(() => cell.close())
      const hostname = await eventually('it has a name', async () => (await readFile(place('onion/hostname'), 'utf8').catch(() => '')).trim() || undefined)
      return {
        name, cell, hostname, socks: place('socks'), service: place('service'),
        config: {
          nodeId: name, btpServerPort: 3000, btpServerHost: '127.0.0.1', healthCheckPort: 8080, dataPath: place('books'), explorer: { enabled: false },
          transport: { type: 'socks5', socksProxy: `socks5h://127.0.0.1:${SOCKS_PORT}` }
        }
      }
    }
  }).timeout(2 * PATIENCE_MS)
})

const SOCKS_PORT = 9050

interface Closed {
  name: string
  cell: Cell
  hostname: string
  socks: string
  service: string
  config: Omit<ConnectorConfig, 'peers' | 'routes'>
}

/** Pays one packet after the other, from before `work` until it is done. */
async function whilePaying (node: ConnectorNode, work: () => Promise<void>): Promise<{ paid: number, refused: number }> {
  const tally = { paid: 0, refused: 0 }
  const done = new AbortController()
  const paying = (async () => {
    while (!done.signal.aborted) {
      tally[outcome(await node.sendPacket(packet('g.bob'))) === 'fulfill' ? 'paid' : 'refused']++
      await pause(PAY_EVERY_MS)
    }
  })()
  try {
    await eventually('it pays', () => tally.paid > 0)
    await work()
  } finally {
    done.abort()
    await paying
  }
  return tally
}

/** Where a call of `connect` goes: `host:port`, or nothing for what is no TCP connection. */
function placeOf (first: unknown): string {
  const [options] = Array.isArray(first) ? first as unknown[] : [first]
  const { host, port, path } = Object(options) as { host?: string, port?: number, path?: string }
  return path !== undefined && port === undefined ? '' : `${host ?? 'localhost'}:${port ?? ''}`
}
