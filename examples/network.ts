/**
 * `npm run network linear`: a network in a minute. Starts the nodes of a topology as processes on this machine, sends one payment between
 * the two that are farthest apart, and shows from the books of each node who was paid what. Then it keeps the network running, so you can
 * try it.
 */
import { fileURLToPath } from 'node:url'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { NodeConfig } from '../src/contracts/node.js'
import { say } from './demo-steps.js'
import { Nodes, type Books } from './network-nodes.js'

const TOPOLOGIES = ['linear', 'mesh', 'hub-and-spoke']
const AMOUNT = 1000n
const MESSAGE = 'Hello through the network!'
/** Nodes on three chains, which bring their own: see mixed.ts. */
const MIXED = 'mixed'
const USAGE = `Usage: npm run network <${TOPOLOGIES.join(' | ')} | ${MIXED} | folder of YAML files> [-- --once --verbose]
  --once     end after the payment; without it the network stays until Ctrl-C
  --verbose  show what the nodes log`

/** One node on the payment's way. */
interface Hop {
  nodeId: string
  received: bigint
  passedOn: bigint
}

const { values, positionals } = parseArgs({
  allowPositionals: true, options: { once: { type: 'boolean' }, verbose: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } }
})
const [topology] = positionals
if (topology === undefined || positionals.length > 1 || values.help === true) {
  say(USAGE)
  process.exit(values.help === true ? 0 : 1)
}

let interrupted = (): void => undefined
const interruption = new Promise<void>(resolve => { interrupted = resolve })
let isInterrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    isInterrupted = true
    interrupted()
  })
}

process.exitCode = await (topology === MIXED ? mixed() : run(topology)).then(() => 0, (error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  return 1
})

/** Ends by itself. */
async function mixed (): Promise<void> {
  const { runMixed } = await import('./mixed.js') // with the SDKs of all chains
  await Promise.race([runMixed(), interruption])
}

async function run (name: string): Promise<void> {
  const nodes = await Nodes.of(folderOf(name), { anyPorts: TOPOLOGIES.includes(name) })
  process.once('exit', () => { nodes.kill() })
  try {
    say(`Starting ${nodes.configs.map(({ nodeId }) => nodeId).join(', ')} ...`)
    await Promise.race([nodes.start(values.verbose === true), interruption])
    if (!isInterrupted) await Promise.race([show(nodes), interruption])
    if (!isInterrupted && values.once !== true) {
      say('The network is yours until Ctrl-C.')
      await interruption
    }
  } finally {
    say('Stopping the nodes ...')
    await nodes.stop()
  }
}

/** A topology of ours, or a folder of the user's. */
function folderOf (name: string): string {
  // This file runs from the build, the configurations stand beside the source.
  if (TOPOLOGIES.includes(name)) return join(rootOf(fileURLToPath(new URL('.', import.meta.url))), 'examples', name)
  if (existsSync(name)) return name
  throw new Error(`There is no topology ${name}, and no such folder.\n${USAGE}`)
}

function rootOf (directory: string): string {
  return existsSync(join(directory, 'package.json')) ? directory : rootOf(join(directory, '..'))
}

async function show (nodes: Nodes): Promise<void> {
  say(`All ${nodes.configs.length} nodes are healthy and connected.\n`)
  const [sender, receiver] = farthest(nodes.configs)
  const destination = `${receiver.ilpAddress}.alice`
  say(`${sender.nodeId} pays ${AMOUNT} to ${destination} ...`)
  const before = await booksOf(nodes)
  const startedAt = performance.now()
  const answer = await nodes.pay(sender, destination, AMOUNT, MESSAGE)
  if (!answer.accepted) throw new Error(`The payment was rejected: ${answer.code ?? ''} ${answer.message ?? ''}`)
  say(`Fulfilled in ${Math.ceil(performance.now() - startedAt)} ms.\n`)
  for (const line of picture(wayOf(sender.nodeId, before, await booksOf(nodes)))) say(`  ${line}`)
  if (values.once === true) return
  say('')
  say('Watch them in a browser:')
  const width = Math.max(...nodes.configs.map(({ nodeId }) => nodeId.length))
  for (const { nodeId, explorer } of nodes.configs) if (explorer.enabled) say(`  ${nodeId.padEnd(width)}  http://localhost:${explorer.port}`)
  say('')
  say(`Try it yourself, in another terminal:
  npm run send-packet -- --destination ${destination} --amount ${AMOUNT} --data "Hello" --url http://localhost:${sender.adminApi.port}
  curl http://localhost:${sender.adminApi.port}/admin/peers
  curl http://localhost:${sender.healthCheckPort}/health
  http://localhost:${sender.adminApi.port}/admin/docs in a browser: everything that ${sender.nodeId} can be asked\n`)
}

async function booksOf (nodes: Nodes): Promise<Map<string, Books>> {
  return new Map(await Promise.all(nodes.configs.map(async config => [config.nodeId, await nodes.booksOf(config)] as const)))
}

/** Of the pairs with the longest way between them the first. A network of one pays itself. */
function farthest (configs: readonly NodeConfig[]): [NodeConfig, NodeConfig] {
  const [first] = configs
  if (first === undefined) throw new TypeError('unreachable: there is a node for each file')
  let best: { pair: [NodeConfig, NodeConfig], hops: number } = { pair: [first, first], hops: 0 }
  for (const from of configs) {
    for (const [to, hops] of distancesFrom(from, configs)) if (hops > best.hops) best = { pair: [from, to], hops }
  }
  return best.pair
}

function distancesFrom (from: NodeConfig, configs: readonly NodeConfig[]): Map<NodeConfig, number> {
  const distances = new Map([[from, 0]])
  for (const [node, hops] of distances) { // a Map's iteration goes on with what is added meanwhile
    for (const other of configs) if (!distances.has(other) && arePeers(node, other)) distances.set(other, hops + 1)
  }
  return distances
}

function arePeers (a: NodeConfig, b: NodeConfig): boolean {
  return a.peers.some(({ id }) => id === b.nodeId) || b.peers.some(({ id }) => id === a.nodeId)
}

/** Follows the money through the books: at each node to the peer that it owes more than before. */
function wayOf (sender: string, before: Map<string, Books>, after: Map<string, Books>): Hop[] {
  const hops: Hop[] = []
  let nodeId = sender
  let received = AMOUNT
  for (;;) {
    const owedBefore = before.get(nodeId)?.owedTo
    const owedNow = [...after.get(nodeId)?.owedTo ?? []]
    const [next, owed = 0n] = owedNow.find(([peerId, amount]) => amount > (owedBefore?.get(peerId) ?? 0n)) ?? []
    const passedOn = owed - (owedBefore?.get(next ?? '') ?? 0n)
    hops.push({ nodeId, received, passedOn })
    if (next === undefined) return hops
    const credited = (after.get(next)?.owedBy.get(nodeId) ?? 0n) - (before.get(next)?.owedBy.get(nodeId) ?? 0n)
    if (credited !== passedOn) throw new Error(`The books disagree: ${nodeId} owes ${next} ${passedOn} more, ${next} says ${credited}`)
    nodeId = next
    received = passedOn
  }
}

function picture (hops: readonly Hop[]): string[] {
  const width = Math.max(...hops.map(({ nodeId }) => nodeId.length))
  return hops.flatMap(({ nodeId, received, passedOn }, index) => {
    const isLast = index === hops.length - 1
    const part = index === 0 ? 'its application pays' : isLast ? 'its application is paid' : 'is owed'
    const line = `${nodeId.padEnd(width)}  ${part} ${received}`
    return isLast ? [line] : [`${line}, keeps ${received - passedOn}, and passes on ${passedOn}`, '    |']
  })
}
