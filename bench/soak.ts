/**
 * Checks that the connector does not grow: `npm run test:soak` pays, rejects and disturbs for an hour (SOAK_MINUTES), and fails if the
 * connector's resident memory, after a warm-up of a tenth of that, has grown by more than 5%. Prints a line a minute.
 */
import { fileURLToPath } from 'node:url'
import { median } from './lib/load.js'
import { startSluice } from './lib/subjects.js'
import { TRAFFIC_ACCOUNTS, Traffic } from './lib/traffic.js'

const MINUTE_MS = 60_000
const SAMPLES_PER_MINUTE = 12
const WARM_UP_PART = 0.1
const GROWTH_MAX = 1.05

const minutes = Number(process.env.SOAK_MINUTES ?? 60)
const probe = fileURLToPath(new URL('./lib/heap-probe.js', import.meta.url))
const sluice = await startSluice({ accounts: TRAFFIC_ACCOUNTS, nodeArgs: ['--expose-gc', '--import', probe] })
const traffic = await Traffic.start(sluice)
const samples: number[] = []
const startedAt = Date.now()

for (let minute = 1; minute <= minutes; minute++) {
  const taken: number[] = []
  for (let i = 1; i <= SAMPLES_PER_MINUTE; i++) {
    while (Date.now() - startedAt < (minute - 1 + i / SAMPLES_PER_MINUTE) * MINUTE_MS) await traffic.packets(1000)
    taken.push(sluice.process.rssMiB())
  }
  samples.push(median(taken))
  console.log(`minute ${minute}: ${traffic.answered} packets answered, RSS ${median(taken).toFixed(0)} MiB, ` +
    `alive after garbage collection ${(await sluice.process.alive() / 2 ** 20).toFixed(1)} MiB`)
}

const warm = samples.slice(Math.ceil(minutes * WARM_UP_PART))
const span = Math.max(1, Math.floor(warm.length / 4))
const [first, last] = [median(warm.slice(0, span)), median(warm.slice(-span))]
const growth = last / first
console.log(`RSS after warm-up: first quarter ${first.toFixed(0)} MiB, last quarter ${last.toFixed(0)} MiB: ${((growth - 1) * 100).toFixed(1)}% growth`)
await sluice.stop()
process.exit(growth <= GROWTH_MAX ? 0 : 1)
