/**
 * Guests that come to a node and go again, each under a name of its own, a few at a time: so many to warm up, then as many as are asked
 * for. Prints what was alive in the process and what it had open, before and after those, as JSON.
 * `node dist/test/support/customers/come-and-go.js WARM_UP COUNT`
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { freePort } from '../../../examples/free-port.js'
import { authEntries } from '../../../plugins/btp/auth.js'
import { FrameType, encodeFrame } from '../../../plugins/btp/wire/frame.js'
import { ConnectorNode, createLogger } from '../../../src/index.js'
import { aliveBytes } from '../alive.js'
import { until } from '../waiting.js'

const AT_A_TIME = 8
/** Sockets are closed for good a little after they are closed. */
const SETTLING_MS = 1500

const dataPath = await mkdtemp(join(tmpdir(), 'sluice-guests-'))
const btpServerPort = await freePort()
const node = new ConnectorNode({
  nodeId: 'inn', btpServerPort, healthCheckPort: await freePort(), logLevel: 'error', peers: [], routes: [], dataPath
}, createLogger('inn', 'error'))
await node.start()

let guests = 0

async function visit (name: string): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${btpServerPort}`, { perMessageDeflate: false })
  await once(socket, 'open')
  socket.send(encodeFrame({ type: FrameType.MESSAGE, requestId: 1, protocolData: authEntries(name, '', []) }))
  await once(socket, 'message')
  if (!node.isPeerConnected(name)) throw new Error(`a guest was let in, and is not there. name=${name}`)
  const closed = once(socket, 'close')
  socket.close()
  await closed
  await until(() => !node.hasPeer(name))
}

async function welcome (count: number): Promise<void> {
  const end = guests + count
  const lane = async (): Promise<void> => {
    while (guests < end) await visit(`guest-${guests++}`)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, lane))
}

async function present (): Promise<{ alive: number, resources: number, descriptors: number }> {
  await wait(SETTLING_MS)
  const alive = await aliveBytes()
  return { alive, resources: process.getActiveResourcesInfo().length, descriptors: (await readdir('/proc/self/fd')).length }
}

const [, , warmUp, count] = process.argv.map(Number)
await welcome(warmUp ?? 0)
const before = await present()
await welcome(count ?? 0)
const after = await present()
console.log(`\nfigures ${JSON.stringify({ before, after })}`)
await node.stop()
await rm(dataPath, { recursive: true, force: true })
process.exit()
