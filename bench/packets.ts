/**
 * What a packet costs: `npm run bench` (about four minutes; `npm run bench -- --long` for more repeats). The reference, Sluice and the
 * floor in turn, several times over, so that whatever else the machine does hits all of them; the figure is the median. How to read it:
 * docs/performance.md.
 *
 * Needs Linux: the CPU of a connector is read from /proc.
 */
import { fileURLToPath } from 'node:url'
import { Load, quantile } from './lib/load.js'
import { Process } from './lib/processes.js'
import { starters, type Subject } from './lib/subjects.js'
import { Figures, ratios, tableOf } from './lib/table.js'
import { PrepareTemplate } from './lib/wire.js'

const NAMES = ['reference', 'sluice', 'floor'] as const
const WINDOWS = [1, 100, 1000]
const SIZES = [0, 1024]
const ACCOUNTS = [1, 10, 1000]
const ROUNDS_PER_REPEAT = 10
const IN_PROCESS = fileURLToPath(new URL('./in-process.js', import.meta.url))

interface Effort {
  repeats: number
  /** Per measurement, and per warm-up of a connector. ms. */
  roundMs: number
  warmUpMs: number
  starts: number
}

const EFFORTS: Readonly<Record<string, Effort>> = {
  '--quick': { repeats: 1, roundMs: 100, warmUpMs: 100, starts: 1 },
  '--default': { repeats: 3, roundMs: 1500, warmUpMs: 3000, starts: 3 },
  '--long': { repeats: 7, roundMs: 5000, warmUpMs: 10_000, starts: 7 }
}

type Row = Record<typeof NAMES[number], Figures>

async function measure ({ alice, process }: Subject, window: number, size: number, ms: number, figures: Figures): Promise<void> {
  const load = new Load(alice, new PrepareTemplate('test.bench.bob', size))
  const cpuBefore = process.cpuUs()
  const { packets, seconds, outcomes, latencies } = await load.closedLoop(window, ms)
  const cpuUs = process.cpuUs() - cpuBefore
  const fulfilled = latencies.get('fulfill')
  if (fulfilled?.length !== packets) throw new Error(`not every packet was fulfilled: ${JSON.stringify([...outcomes])}`)
  figures.add({
    'CPU us/packet': cpuUs / packets,
    'packets/s': packets / seconds,
    'p50 ms': quantile(fulfilled, 0.5),
    'p99 ms': quantile(fulfilled, 0.99),
    'RSS MiB': process.rssMiB()
  })
}

function emptyRow (): Row {
  return { reference: new Figures(), sluice: new Figures(), floor: new Figures() }
}

/** Over BTP: for each number in flight and each size of data, every connector in turn. */
async function overBtp ({ repeats, roundMs, warmUpMs }: Effort): Promise<void> {
  const subjects = { reference: await starters.reference(), sluice: await starters.sluice(), floor: await starters.floor() }
  for (const name of NAMES) await measure(subjects[name], 100, 0, warmUpMs, new Figures())
  for (const size of SIZES) {
    for (const window of WINDOWS) {
      const row = emptyRow()
      for (let i = 0; i < repeats; i++) for (const name of NAMES) await measure(subjects[name], window, size, roundMs, row[name])
      console.log(tableOf(`${window} in flight, ${size} bytes of data`, { ...row, ...ratios(row, 'reference'), ...ratios(row, 'floor') }))
    }
  }
  for (const name of NAMES) await subjects[name].stop()
}

/** With and without the explorer: the difference is small, so there are more and shorter rounds. */
async function withExplorer ({ repeats, roundMs, warmUpMs }: Effort): Promise<void> {
  const names = ['sluice', 'explored'] as const
  const subjects = { sluice: await starters.sluice(), explored: await starters.explored() }
  const row = { sluice: new Figures(), explored: new Figures() }
  for (const name of names) await measure(subjects[name], 100, 0, warmUpMs, new Figures())
  for (let i = 0; i < repeats * ROUNDS_PER_REPEAT; i++) {
    for (const name of i % 2 === 0 ? names : names.toReversed()) await measure(subjects[name], 100, 0, roundMs / 5, row[name])
  }
  console.log(tableOf('with the explorer, 100 in flight', { ...row, 'explored / sluice': row.explored.dividedBy(row.sluice) }))
  for (const name of names) await subjects[name].stop()
}

/** Without sockets, in a process of its own each: packets from each account to the next one. */
async function inProcess ({ repeats, roundMs, warmUpMs }: Effort): Promise<void> {
  for (const accounts of ACCOUNTS) {
    const row = { reference: new Figures(), sluice: new Figures() }
    for (let i = 0; i < repeats; i++) {
      for (const name of ['reference', 'sluice'] as const) {
        const child = new Process(IN_PROCESS, { args: [name, String(accounts), String(roundMs), String(warmUpMs / 2)] })
        const [, json = ''] = await child.prints(/^figures (.*)\n/m)
        row[name].add(JSON.parse(json) as Record<string, number>)
        await child.finished()
      }
    }
    console.log(tableOf(`in process, ${accounts} account${accounts > 1 ? 's' : ''}, 100 in flight`, { ...row, ...ratios(row, 'reference') }))
  }
}

/** From the start of the process until both peers are let in. */
async function startTime ({ starts }: Effort): Promise<void> {
  const row = emptyRow()
  for (let i = 0; i < starts; i++) {
    for (const name of NAMES) {
      const subject = await starters[name]()
      row[name].add({ 'start ms': subject.startMs, 'RSS MiB': subject.process.rssMiB() })
      await subject.stop()
    }
  }
  console.log(tableOf('start', { ...row, ...ratios(row, 'reference'), ...ratios(row, 'floor') }))
}

const [, , option = '--default'] = process.argv
const effort = EFFORTS[option]
if (effort === undefined) throw new Error(`unknown option ${option}: expected one of ${Object.keys(EFFORTS).join(', ')}`)
await overBtp(effort)
await withExplorer(effort)
await inProcess(effort)
await startTime(effort)
