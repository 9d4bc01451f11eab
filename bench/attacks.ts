/**
 * What a good peer notices of a stranger's flood: `npm run bench:attacks`. A real node (`connector start`), a process; each flood of
 * bench/lib/floods.ts, another; and a peer with a secret that pays 100 packets a second through the node, while somebody asks for its
 * health. The row above each flood is the control: the same peer a moment before. Arguments: names of floods, to run only these.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../examples/free-port.js'
import { FLOODS } from './lib/floods.js'
import { Load, quantile } from './lib/load.js'
import { Party } from './lib/party.js'
import { Process } from './lib/processes.js'
import { PrepareTemplate } from './lib/wire.js'

const CLI = fileURLToPath(new URL('../src/commands/cli/main.js', import.meta.url))
const FLOOD = fileURLToPath(new URL('./flood.js', import.meta.url))
const DESTINATION = 'g.bench.bob'
const SECRET = 'secret'
const PER_SECOND = 100
const CONTROL_MS = 4000
const FLOOD_MS = 8000
/** The flood is under way for so long before it is measured. */
const LEAD_MS = 1000
const SOCKETS = [8, 30]
const HEALTH_INTERVAL_MS = 250
const HEALTH_TIMEOUT_MS = 3000

interface Node {
  process: Process
  port: number
  healthPort: number
  load: Load
  stop: () => Promise<void>
}

interface Figures {
  perSecond: number
  /** Of one core. */
  cpuPercent: number
  late: number
  p50: number
  p99: number
  health: string
}

async function startNode (): Promise<Node> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-attacks-'))
  const [port, healthPort] = [await freePort(), await freePort()]
  const file = join(folder, 'config.yaml')
  const nobody = 'ws://127.0.0.1:9' // they dial the node
  await writeFile(file, JSON.stringify({
    nodeId: 'bench',
    btpServerPort: port,
    healthCheckPort: healthPort,
    logLevel: 'error',
    dataPath: join(folder, 'data'),
    peers: ['alice', 'bob'].map(id => ({ id, url: nobody, authToken: SECRET })),
    routes: [{ prefix: DESTINATION, nextHop: 'bob' }]
  }))
  const child = new Process(CLI, { args: ['start', file], nodeArgs: ['--max-semi-space-size=32'] })
  await child.prints(/is running as/)
  const [alice] = await Promise.all(['alice', 'bob'].map(username => Party.connect({ port, username }, SECRET)))
  if (alice === undefined) throw new Error('alice is not connected')
  const stop = async (): Promise<void> => {
    await child.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { process: child, port, healthPort, load: new Load(alice, new PrepareTemplate(DESTINATION, 0)), stop }
}

async function measure ({ load, healthPort, process: child }: Node, ms: number): Promise<Figures> {
  const cpuBefore = child.cpuUs()
  const began = performance.now()
  const over = new AbortController()
  let asked = 0
  const answeredMs: number[] = []
  const asking = (async () => {
    while (!over.signal.aborted) {
      const startedAt = performance.now()
      asked++
      const answer = await fetch(`http://127.0.0.1:${healthPort}/health/live`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) }).catch(() => undefined)
      if (answer?.ok === true) answeredMs.push(performance.now() - startedAt)
      await new Promise(resolve => { setTimeout(resolve, HEALTH_INTERVAL_MS) })
    }
  })()
  const { packets, seconds, outcomes, latencies, unanswered } = await load.openLoop(PER_SECOND, ms).finally(() => { over.abort() })
  await asking
  const fulfilled = outcomes.get('fulfill') ?? 0
  return {
    perSecond: fulfilled / Math.max(seconds, ms / 1000),
    cpuPercent: (child.cpuUs() - cpuBefore) / 10 / (performance.now() - began),
    late: unanswered + packets - fulfilled,
    p50: quantile(latencies.get('fulfill'), 0.5),
    p99: quantile(latencies.get('fulfill'), 0.99),
    health: `${answeredMs.length} of ${asked}, ${Math.max(...answeredMs).toFixed(0)} ms`
  }
}

const COLUMNS = ['packets/s', 'kept', 'not paid', 'p50 ms', 'p99 ms', 'health, worst', 'CPU %', 'RSS MiB']
const WIDTHS = COLUMNS.map(column => Math.max(column.length, column.startsWith('health') ? 17 : 0))
const TITLE_WIDTH = 28

function row (title: string, { perSecond, late, p50, p99, health, cpuPercent }: Figures, kept: string, rssMiB: number): string {
  const cells = [perSecond.toFixed(1), kept, String(late), p50.toFixed(1), p99.toFixed(1), health, cpuPercent.toFixed(0), rssMiB.toFixed(0)]
  return `| ${title.padEnd(TITLE_WIDTH)} | ${cells.map((cell, i) => cell.padStart(WIDTHS[i] ?? 0)).join(' | ')} |`
}

async function attack (name: string, sockets: number): Promise<void> {
  const node = await startNode()
  const control = await measure(node, CONTROL_MS)
  console.log(row('control', control, '', node.process.rssMiB()))
  const attacker = new Process(FLOOD, { env: { FLOOD: name, PORT: String(node.port), SOCKETS: String(sockets), DESTINATION } })
  await new Promise(resolve => { setTimeout(resolve, LEAD_MS) })
  const flooded = await measure(node, FLOOD_MS).catch(() => undefined)
  await attacker.stop()
  const title = `${name}, ${sockets} sockets`
  if (flooded === undefined) console.log(`| ${title.padEnd(TITLE_WIDTH)} | the node cut the good peer's connection |`)
  else console.log(row(title, flooded, `${(100 * flooded.perSecond / control.perSecond).toFixed(1)}%`, node.process.rssMiB()))
  await node.stop()
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(FLOODS)
console.log(`| ${'good peer beside'.padEnd(TITLE_WIDTH)} | ${COLUMNS.map((column, i) => column.padStart(WIDTHS[i] ?? 0)).join(' | ')} |`)
console.log(`|${'-'.repeat(TITLE_WIDTH + 2)}|${WIDTHS.map(width => `${'-'.repeat(width + 1)}:`).join('|')}|`)
for (const name of names) {
  for (const sockets of SOCKETS) await attack(name, sockets)
}
process.exit()
