// Two nodes that no address leads to pay each other through onion services of a real Tor network, where tor is installed. They lose their
// circuits, and their tor itself, and pay again. No connection of theirs goes anywhere but to their proxies, and no name is looked up.
import dns from 'node:dns'
import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import sinon from 'sinon'
import { freePort } from '../../../examples/free-port.js'
import type { ConnectorNode } from '../../../src/index.js'
import { World, outcome, packet } from '../../support/node.js'
import { isAlive } from '../../support/overlay-program.js'
import { closeCircuits, hasTor, TorNetwork } from '../../support/tor/network.js'
import { eventually } from '../../support/waiting.js'

/** A network of this size now and then takes minutes, or does not come about at all. Then another one is started, once. */
const PATIENCE_MS = 240_000
/** Also what takes longest: that circuits and processes are lost. `npm run test:tor` */
const WITH_LOSSES = process.env.TOR_LOSSES === '1'
const ROUND_TRIPS = 20

interface Hidden {
  node: ConnectorNode
  socksPort: number
  control: string
  pid: () => Promise<number>
}

describe('nodes without an open port, on a Tor network', () => {
  const world = new World()
  afterEach(() => world.end())
  afterEach(() => { sinon.restore() })

  it(`pay each other through onion services${WITH_LOSSES ? ', and do so again when circuits and processes are lost' : ''}`, async function () {
    this.retries(1)
    if (!hasTor()) {
      console.log('      tor is not installed: nothing is shown here')
      return
    }
    const network = await TorNetwork.start()
    world.after(() => network.stop())
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

      const lost = await alice!.pid()
      process.kill(lost, 'SIGKILL')
      await eventually('another process is in its place', async () => await alice!.pid() !== lost && alice!.node.getHealthStatus().transport.healthy, PATIENCE_MS)
      await pay('after the loss of a proxy')
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
          managedOptions: { binaryPath: 'tor', configFilePath: await network.clientSettings(name, control), hiddenServiceDir: join(dataPath, 'service') }
        }
      })
      expect(node.config.btpServerHost).to.equal('127.0.0.1')
      node.setPacketHandler(() => ({ accept: true }))
      return { node, socksPort, control, pid: async () => Number(await readFile(join(dataPath, 'overlay', name, 'pid'), 'utf8')) }
    }
  }).timeout(4 * PATIENCE_MS)
})

/** Where a call of `connect` goes: `host:port`, or nothing for what is no TCP connection. */
function placeOf (first: unknown): string {
  const [options] = Array.isArray(first) ? first as unknown[] : [first]
  const { host, port, path } = Object(options) as { host?: string, port?: number, path?: string }
  return path !== undefined && port === undefined ? '' : `${host ?? 'localhost'}:${port ?? ''}`
}
