/**
 * What routing costs a packet among many routes, and how long it takes to fill the tables: `npm run bench:routes`.
 * The bar: among 100,000 routes a forwarded packet costs at most 5% more than among 1, and filling takes seconds.
 *
 * A lookup is measured twice: with packets to 1,000 destinations at a time, as a busy connector sees them, and with packets to all of
 * the 100,000 in turn, where nearly every step is a miss of the processor's caches: the worst that can happen.
 */
import { PrefixTable } from '../src/routing/table/prefix-table.js'
import { RoutingTables } from '../src/routing/table/tables.js'

/** CPU of one forwarded packet with all default middlewares, in ns: the scale against which a lookup is judged. */
const FORWARDED_PACKET_NS = 15_000
const BAR_PERCENT = 5
const MANY = 100_000
const BUSY = 1_000
const LOOKUPS = 200_000
const ROUNDS = 25

interface Entry {
  prefix: string
  nextHop: string
}

const prefixesOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `test.region${i % 50}.connector${i}`)

/**
 * Best of some rounds: what a lookup costs when nothing else disturbs it. The addresses are visited in a scattered order and decoded
 * from bytes each time, as they come out of packets; decoding is measured alone as well and taken off.
 */
function lookupNs (table: PrefixTable<Entry>, prefixes: readonly string[]): number {
  const destinations = prefixes.map(prefix => Buffer.from(`${prefix}.alice.0123456789abcdef`, 'latin1'))
  const timed = (lookUp: boolean): number => {
    let best = Infinity
    for (let round = 0; round < ROUNDS; round++) {
      let found = 0
      const start = process.hrtime.bigint()
      for (let i = 0; i < LOOKUPS; i++) {
        const destination = destinations[(i * 7919) % destinations.length]?.toString('latin1') ?? ''
        if (lookUp ? table.resolve(destination)?.nextHop === 'peer' : destination.length > 0) found++
      }
      best = Math.min(best, Number(process.hrtime.bigint() - start) / LOOKUPS)
      if (found !== LOOKUPS) throw new Error(`the lookup missed. found=${found} of=${LOOKUPS}`)
    }
    return best
  }
  return timed(true) - timed(false)
}

function tableOf (prefixes: readonly string[]): PrefixTable<Entry> {
  const table = new PrefixTable<Entry>()
  for (const prefix of prefixes) table.set({ prefix, nextHop: 'peer' })
  return table
}

const timeMs = (action: () => void): string => {
  const start = performance.now()
  action()
  return (performance.now() - start).toFixed(0)
}

/** All a peer announces: candidates, the choice among them, and what others are to be told. */
function learn (prefixes: readonly string[]): void {
  const tables = new RoutingTables({
    ownAddress: () => 'test.bench',
    globalPrefix: () => 'test',
    relation: () => 'peer',
    isConnected: () => true,
    childAddress: () => '',
    routeOptions: () => ({})
  }, 'bench')
  const route = { nextHop: 'peer', path: ['test.peer', 'test.far'], auth: Buffer.alloc(32), source: 'learnt', priority: 0, order: 0 } as const
  for (const prefix of prefixes) tables.candidates.learn('peer', { prefix, ...route })
  tables.update(prefixes)
}

const prefixes = prefixesOf(MANY)
console.log(`fill the prefix table with ${MANY} routes: ${timeMs(() => tableOf(prefixes))} ms`)
console.log(`learn ${MANY} routes and prepare them for the other peers: ${timeMs(() => learn(prefixes))} ms`)

const table = tableOf(prefixes)
const one = lookupNs(tableOf(prefixes.slice(0, 1)), prefixes.slice(0, 1))
console.log(`resolve among 1 route: ${one.toFixed(0)} ns`)
const scattered = prefixes.filter((_, i) => i % (MANY / BUSY) === 0)
for (const [name, destinations] of [[`${BUSY} destinations`, scattered], ['all destinations in turn', prefixes]] as const) {
  const many = lookupNs(table, destinations)
  const percent = 100 * (many - one) / (FORWARDED_PACKET_NS + one)
  console.log(`resolve among ${MANY} routes, ${name}: ${many.toFixed(0)} ns; ` +
    `a forwarded packet (${FORWARDED_PACKET_NS / 1000} us) costs ${percent.toFixed(1)}% more (bar: ${BAR_PERCENT}%)`)
}
