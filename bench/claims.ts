/**
 * What settlement costs per packet: `npm run bench:claims` (about two minutes). Measures the daemon with the plain BTP plugin, with the evm
 * plugin that settles now and then, and with one claim checked and one made for every packet, in turn, several times over; the figure is
 * the median. No chain is needed, because packets never query it. Before that, how many claims of each chain one core checks in a second.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CODECS, checkClaims } from './lib/codecs.js'
import { CHAIN, Claims, KEYS, PaidTemplate, signers, writeRecords } from './lib/claims.js'
import { Load, quantile } from './lib/load.js'
import { startSluice, type Sluice } from './lib/subjects.js'
import { Figures, tableOf } from './lib/table.js'
import { PrepareTemplate } from './lib/wire.js'

const REPEATS = Number(process.env.REPEATS ?? 7)
const ROUND_MS = Number(process.env.ROUND_MS ?? 1500)
const WINDOWS = [100, 1000]
/** More than a node makes of it. */
const CLAIMS_PER_MS = 8

type Kind = 'btp' | 'evm, at settlement' | 'evm, every packet'
type Subject = Sluice & { folder: string }

const KINDS: readonly Kind[] = ['btp', 'evm, at settlement', 'evm, every packet']

async function start (kind: Kind): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-claims-'))
  const env = { CONNECTOR_STORE_PATH: folder }
  if (kind === 'btp') return { ...await startSluice({ env }), folder }
  await writeRecords(folder)
  const claims = kind === 'evm, every packet' ? { claims: 'packet', requireClaims: true } : { claims: 'settlement' }
  const options = (peer: 'alice' | 'bob'): object => ({ chain: { ...CHAIN, keyId: KEYS.node }, peerAddress: signers[peer].address, ...claims })
  const accounts = { alice: { plugin: 'evm', options: options('alice') }, bob: { plugin: 'evm', options: options('bob') } }
  return { ...await startSluice({ env, accounts }), folder }
}

async function measure (subject: Subject, template: PrepareTemplate, window: number, figures: Figures): Promise<void> {
  const cpuBefore = subject.process.cpuUs()
  const { packets, seconds, outcomes, latencies } = await new Load(subject.alice, template).closedLoop(window, ROUND_MS)
  const cpuUs = subject.process.cpuUs() - cpuBefore
  const fulfilled = latencies.get('fulfill')
  if (fulfilled?.length !== packets) throw new Error(`not every packet was fulfilled: ${JSON.stringify([...outcomes])}\n${subject.process.printed}`)
  figures.add({
    'CPU us/packet': cpuUs / packets,
    'packets/s': packets / seconds,
    'p50 ms': quantile(fulfilled, 0.5),
    'p99 ms': quantile(fulfilled, 0.99)
  })
}

const checked: Record<string, Figures> = {}
for (const [chain, codec] of Object.entries(CODECS)) {
  const figures = checked[chain] = new Figures()
  await checkClaims(codec) // warm up
  for (let i = 0; i < REPEATS; i++) {
    const { perSecond, cpuUs } = await checkClaims(codec)
    figures.add({ 'claims/s of a core': perSecond, 'CPU us/claim': cpuUs })
  }
}
console.log(tableOf('claims checked', checked))

const claims = new Claims()
await claims.prepare(1)
const subjects = new Map<Kind, Subject>()
for (const kind of KINDS) subjects.set(kind, await start(kind))
const plain = new PrepareTemplate('test.bench.bob', 0)
const paid = new PaidTemplate(claims)

async function round (kind: Kind, window: number, figures: Figures): Promise<void> {
  const subject = subjects.get(kind)
  if (subject === undefined) return
  const isPaid = kind === 'evm, every packet'
  if (isPaid) await claims.prepare(CLAIMS_PER_MS * ROUND_MS)
  await measure(subject, isPaid ? paid : plain, window, figures)
}

for (const kind of KINDS) for (let i = 0; i < 2; i++) await round(kind, 100, new Figures()) // warm up
for (const window of WINDOWS) {
  const rows = new Map(KINDS.map(kind => [kind, new Figures()]))
  for (let i = 0; i < REPEATS; i++) for (const [kind, figures] of rows) await round(kind, window, figures)
  const [btp = new Figures(), settling = btp, paying = btp] = rows.values()
  const ratios = { 'at settlement / btp': settling.dividedBy(btp), 'every packet / btp': paying.dividedBy(btp) }
  console.log(tableOf(`${window} in flight`, { ...Object.fromEntries(rows), ...ratios }))
}
for (const subject of subjects.values()) {
  await subject.stop()
  await rm(subject.folder, { recursive: true, force: true })
}
