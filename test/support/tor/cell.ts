/**
 * A node in a network namespace of its own, which has no way out: no interface but its loopback, and no route. Two sockets in the file
 * system, which namespaces do not part, lead to the proxy and from its onion service. The kernel counts whatever else is tried. This is the
 * program; `Cell` of cells.ts starts it, and says what it is to do.
 */
import dns from 'node:dns'
import { readFile } from 'node:fs/promises'
import { connect, createServer, type NetConnectOpts } from 'node:net'
import { ConnectorNode } from '../../../src/index.js'
import { TestLogger, outcome, packet } from '../node.js'
import type { Command, Start } from './cells.js'

/** Of documentation (RFC 5737, RFC 3849): nothing has them. */
const NOWHERE = ['192.0.2.1', '2001:db8::1']

let node: ConnectorNode | undefined

/** Whatever connects to `from` is connected to `to`. */
function forward (from: object, to: NetConnectOpts): Promise<void> {
  return new Promise((resolve, reject) => {
    createServer(incoming => {
      const outgoing = connect(to)
      incoming.pipe(outgoing).pipe(incoming)
      incoming.on('error', () => { outgoing.destroy() })
      outgoing.on('error', () => { incoming.destroy() })
    }).on('error', reject).listen(from, resolve)
  })
}

/** How often something was sent where no route leads: a question for a name, an attempt to connect. RFC 4293, ipSystemStatsOutNoRoutes. */
async function escapes (): Promise<number> {
  const [names = '', values = ''] = (await readFile('/proc/net/snmp', 'utf8')).split('\n').filter(line => line.startsWith('Ip: '))
  const [, six = 'not counted'] = /^Ip6OutNoRoutes\s+(\d+)$/m.exec(await readFile('/proc/net/snmp6', 'utf8')) ?? []
  return Number(values.split(' ')[names.split(' ').indexOf('OutNoRoutes')]) + Number(six)
}

async function dial (host: string): Promise<void> {
  await new Promise(resolve => { connect(80, host).on('error', resolve).on('connect', resolve) })
}

async function start ({ config, socksPort, socks, service }: Start): Promise<void> {
  await forward({ host: '127.0.0.1', port: socksPort }, { path: socks })
  node = new ConnectorNode(config, new TestLogger())
  await node.start()
  node.setPacketHandler(() => ({ accept: true }))
  await forward({ path: service }, { host: '127.0.0.1', port: node.config.btpServerPort })
}

/** As a mistake would: dials, over IPv4 and IPv6, and looks a name up. */
async function escape (): Promise<void> {
  for (const host of NOWHERE) await dial(host)
  await new Promise(resolve => { dns.lookup('example.com', resolve) })
}

async function run (command: Command): Promise<unknown> {
  switch (command.what) {
  case 'start': await start(command); return undefined
  case 'pay': return outcome(await node!.sendPacket(packet(command.destination)))
  case 'register': return await node!.registerPeer(command.peer)
  case 'escapes': return await escapes()
  case 'escape': await escape(); return undefined
  case 'stop': await node?.stop(); return undefined
  }
}

process.on('message', ({ id, command }: { id: number, command: Command }) => {
  run(command).then(
    answer => process.send?.({ id, answer }),
    (error: unknown) => process.send?.({ id, error: String(error) })
  )
})
process.on('disconnect', () => { process.exit() })
process.send?.('ready')
