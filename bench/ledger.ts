/**
 * What durable balances cost: packets per second and latency over BTP of the daemon as it is deployed, against the same daemon with its
 * ledger in memory. Both run at the same time and are measured in turn, many times over, so that whatever else the machine does hits
 * both. `npm run bench:ledger [-- rounds]`; Linux only.
 * The bar: at 100 in flight at least 85% of the packets per second of the ledger in memory.
 */
import { fileURLToPath } from 'node:url'
import { Load, median, quantile } from './lib/load.js'
import { startSluice, type Subject } from './lib/subjects.js'
import { Figures, tableOf } from './lib/table.js'
import { PrepareTemplate } from './lib/wire.js'

const WINDOWS = [1, 10, 100, 1000]
const WARM_UP_MS = 3000
const ROUND_MS = 700
const IN_MEMORY = fileURLToPath(new URL('./ledger-in-memory.js', import.meta.url))

interface Measured {
  perSecond: number
  latencyMs: number
}

async function measure ({ alice, process }: Subject, window: number, ms: number, figures: Figures): Promise<Measured> {
  const cpuBefore = process.cpuUs()
  const { packets, seconds, latencies } = await new Load(alice, new PrepareTemplate('test.bench.bob', 0)).closedLoop(window, ms)
  const cpuUs = process.cpuUs() - cpuBefore
  const fulfilled = latencies.get('fulfill')
  if (fulfilled?.length !== packets) throw new Error(`not every packet was fulfilled: ${JSON.stringify([...latencies.keys()])}`)
  const [perSecond, latencyMs] = [packets / seconds, quantile(fulfilled, 0.5)]
  figures.add({ 'packets/s': perSecond, 'p50 ms': latencyMs, 'p99 ms': quantile(fulfilled, 0.99), 'CPU us/packet': cpuUs / packets })
  return { perSecond, latencyMs }
}

const rounds = Number(process.argv[2] ?? 15)
const inMemory = await startSluice({ nodeArgs: ['--import', IN_MEMORY] })
const durable = await startSluice()
for (const subject of [inMemory, durable]) await measure(subject, 100, WARM_UP_MS, new Figures())
for (const window of WINDOWS) {
  const rows = { 'in memory': new Figures(), durable: new Figures() }
  const rates: number[] = []
  const added: number[] = []
  for (let round = 0; round < rounds; round++) {
    const memory = await measure(inMemory, window, ROUND_MS, rows['in memory'])
    const disk = await measure(durable, window, ROUND_MS, rows.durable)
    rates.push(disk.perSecond / memory.perSecond)
    added.push(disk.latencyMs - memory.latencyMs)
  }
  console.log(tableOf(`${window} in flight`, rows))
  console.log(`durable / in memory, median of ${rounds} pairs: ${(100 * median(rates)).toFixed(1)}% of the packets per second, ` +
    `${median(added).toFixed(2)} ms added`)
}
await Promise.all([inMemory.stop(), durable.stop()])
