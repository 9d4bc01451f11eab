/**
 * Counts what it costs when one more comes, connects, disconnects and goes, beside as many as are asked for. Prints it as JSON.
 * `node dist/test/support/customers/count-work.js children|guests|peers COUNT`
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RawData } from 'ws'
import { startCounting, workOf } from './work.js'

await startCounting()
const { default: PluginBtp } = await import('../../../plugins/btp/index.js')
const { FrameType, decodeFrame, encodeFrame } = await import('../../../plugins/btp/wire/frame.js')
const { freePort } = await import('../../../examples/free-port.js')
const { ConnectorNode, createApp } = await import('../../../src/index.js')
const { WebSocketServer } = await import('ws')
const { until } = await import('../waiting.js')

type Work = Record<string, number>

/** The first is for what is made once. */
const ROUNDS = 3
const storePath = await mkdtemp(join(tmpdir(), 'sluice-work-'))
const ends: Array<() => Promise<unknown>> = [() => rm(storePath, { recursive: true, force: true })]

async function dialIn (port: number, name: string, token: string): Promise<{ leave: () => Promise<void> }> {
  const client = new PluginBtp({ server: `btp+ws://${name}:${token}@127.0.0.1:${port}` })
  ends.unshift(() => client.disconnect())
  await client.connect()
  return { leave: () => client.disconnect() }
}

/** Several times, and what it is at the least: now and then a timer of something else comes in between. */
async function least (round: (name: string) => Promise<Work>): Promise<Work> {
  const all: Work[] = []
  for (let i = 0; i < ROUNDS; i++) all.push(await round(`one-more-${i}`))
  return Object.fromEntries(Object.keys(all[0] ?? {}).map(what => [what, Math.min(...all.map(work => work[what] ?? NaN))]))
}

/** Accounts of a connector that listen, all on one port. */
async function children (count: number): Promise<Work> {
  const port = await freePort()
  const child = (username: string) => ({
    relation: 'child' as const,
    plugin: 'btp',
    assetCode: 'USD',
    assetScale: 9,
    balance: { maximum: '1000' },
    options: { listener: { port, username, secret: username } }
  })
  const names = Array.from({ length: count }, (_, i) => `child-${i}`)
  const app = createApp({ ilpAddress: 'test.work', backend: 'one-to-one', storePath, accounts: Object.fromEntries(names.map(name => [name, child(name)])) })
  ends.unshift(() => app.shutdown())
  const start = await workOf(() => app.listen())
  for (const name of names.slice(0, 10)) await dialIn(port, name, name)
  const work = await least(async name => {
    const comes = await workOf(() => app.addPlugin(name, child(name)))
    const plugin = app.getPlugin(name)
    let client = { leave: () => Promise.resolve() }
    const connects = await workOf(async () => { client = await dialIn(port, name, name) })
    const disconnects = await workOf(async () => {
      await client.leave()
      await until(() => !plugin.isConnected())
    })
    return { comes, connects, disconnects, goes: await workOf(() => app.removePlugin(name)) }
  })
  return { start: start / count, ...work }
}

/** Strangers that dial in to a node. */
async function guests (count: number): Promise<Work> {
  const { node, port } = await startNode()
  for (let i = 0; i < count; i++) await dialIn(port, `guest-${i}`, '')
  return await least(async name => {
    let guest = { leave: () => Promise.resolve() }
    const comes = await workOf(async () => {
      guest = await dialIn(port, name, '')
      await until(() => node.hasPeer(name))
    })
    const goes = await workOf(async () => {
      await guest.leave()
      await until(() => !node.hasPeer(name))
    })
    return { comes, goes }
  })
}

/** Peers that an application registers with its node, each with a route. */
async function peers (count: number): Promise<Work> {
  const { node } = await startNode()
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  ends.push(() => new Promise(resolve => { server.close(resolve) }))
  server.on('connection', socket => {
    socket.once('message', (data: RawData) => {
      const { requestId } = decodeFrame(data as Buffer)
      socket.send(encodeFrame({ type: FrameType.RESPONSE, requestId, protocolData: [] }))
    })
  })
  const register = async (id: string): Promise<unknown> =>
    await node.registerPeer({ id, url: `ws://127.0.0.1:${port}`, authToken: '', routes: [{ prefix: `g.${id}` }] })
  for (let i = 0; i < count; i++) await register(`peer-${i}`)
  return await least(async name => ({
    comes: await workOf(() => register(name)),
    goes: await workOf(() => node.removePeer(name))
  }))
}

async function startNode (): Promise<{ node: InstanceType<typeof ConnectorNode>, port: number }> {
  const port = await freePort()
  const node = new ConnectorNode({
    nodeId: 'work', btpServerPort: port, healthCheckPort: await freePort(), logLevel: 'error', peers: [], routes: [], dataPath: storePath
  })
  ends.unshift(() => node.stop())
  await node.start()
  return { node, port }
}

const [, , kind, count] = process.argv
const measure = { children, guests, peers }[String(kind)]
if (measure === undefined) throw new Error(`expected children, guests or peers, found ${kind ?? 'nothing'}`)
const work = await measure(Number(count))
console.log(`\nwork ${JSON.stringify(work)}`)
for (const end of ends) await end()
process.exit()
