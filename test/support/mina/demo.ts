/**
 * `npm run demo:mina`: a chain on this machine, three nodes in a row that settle over payment channels of Mina, and what the chain says in
 * the end. alice and bob pay each other over hub: 100 payments of 10 one way and 50 of 5 the other are a net of 750. The chain is a
 * stand-in for a node of Mina, over the ledger of o1js; with `npm run demo:mina -- --proofs` every proof is made and verified, which takes
 * minutes.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConnectorNode, type ConnectorConfig } from '../../../src/index.js'
import { max, owed, pay, say, settle } from '../../../examples/demo-steps.js'
import { freePort } from '../../../examples/free-port.js'
import { startMina } from './index.js'
import { freshKey, historyOf, MINA, walletOf } from './settling.js'
import type { MinaKey } from '../../../plugins/mina/keys.js'

const FUNDS = 10_000n * MINA
/** What a channel is opened with. */
const DEPOSIT = 2000n * MINA
/** A node pays when it owes more than this. */
const THRESHOLD = 200n * MINA
/** On the real network, three minutes and more. */
const BLOCK_MS = 300
const CHAIN_ID = 'mina:lightnet'

const proofs = process.argv.includes('--proofs')
const GIVE_UP_MS = proofs ? 1_200_000 : 170_000

interface Party {
  name: string
  key: MinaKey
  btpPort: number
  healthPort: number
}

const dataPath = await mkdtemp(join(tmpdir(), 'sluice-demo-mina-'))
say(`Starting a chain (a stand-in for a node of Mina, ${proofs ? 'with proofs: this takes minutes' : 'without proofs'}) with three accounts ...`)
const [alice, hub, bob] = await Promise.all([partyOf('alice'), partyOf('hub'), partyOf('bob')])
const all = [alice, hub, bob]
const chain = await startMina({ networkId: CHAIN_ID, blockMs: BLOCK_MS, proofs })
for (const { key } of all) await chain.fund(key.text, FUNDS)
setTimeout(giveUp, GIVE_UP_MS).unref()
const nodes: ConnectorNode[] = []
try {
  await run()
} finally {
  await Promise.all(nodes.map(node => node.stop()))
  await chain.stop()
  await rm(dataPath, { recursive: true })
}
process.exit()

async function run (): Promise<void> {
  for (const { name, key } of all) say(`  ${name.padEnd(6)}${key.address}, ${FUNDS / MINA} MINA`)

  say('Starting three nodes: alice - hub - bob ...')
  const start = (party: Party, ...peers: Party[]): ConnectorNode => nodeOf(party, peers)
  const [nodeA, nodeH, nodeB] = [start(alice, hub), start(hub, alice, bob), start(bob, hub)]
  nodes.push(nodeA, nodeH, nodeB)
  await Promise.all(nodes.map(node => node.start()))
  const ways = [[nodeA, 'hub'], [nodeH, 'bob'], [nodeB, 'hub'], [nodeH, 'alice']] as const

  say('Paying: alice to bob 100 times 10, bob to alice 50 times 5 ...')
  await Promise.all([pay(nodeA, 'g.bob', 10n * MINA, 100), pay(nodeB, 'g.alice', 5n * MINA, 50)])
  const debts = await Promise.all(ways.map(([node, peerId]) => owed(node, peerId)))
  say(`  each that owed more than ${THRESHOLD / MINA} MINA opened a channel with ${DEPOSIT / MINA}, and sent claims; now nobody owes more than ${max(debts) / MINA}`)

  say('Settling what is left, and ending all channels, each in one transaction of the node that it pays ...')
  for (const [node, peerId] of ways) await settle(node, peerId)
  for (const node of nodes) {
    for (const { channelId, status } of await node.channelManager.list()) {
      if (status === 'open') await node.channelManager.close(channelId).catch(() => undefined) // its other end was quicker
    }
  }
  await report()
}

async function partyOf (name: string): Promise<Party> {
  return { name, key: freshKey(), btpPort: await freePort(), healthPort: await freePort() }
}

function nodeOf ({ name, key, btpPort, healthPort }: Party, peers: readonly Party[]): ConnectorNode {
  const config: ConnectorConfig = {
    nodeId: name,
    btpServerPort: btpPort,
    healthCheckPort: healthPort,
    logLevel: 'error',
    dataPath,
    settlement: { connectorFeePercentage: 0 },
    chainProviders: [{
      chainType: 'mina',
      chainId: CHAIN_ID,
      graphqlUrl: chain.url,
      keyId: key.text,
      confirmations: 2,
      prover: { proofs, cacheDir: join(tmpdir(), 'sluice-mina-circuits') },
      settlementOptions: {
        threshold: String(THRESHOLD),
        pollingIntervalMs: 200,
        settlementTimeoutSecs: 10_800,
        initialDeposit: String(DEPOSIT),
        topUpBelow: String(THRESHOLD),
        redeemThreshold: String(10_000n * MINA)
      }
    }],
    peers: peers.map(peer => ({
      id: peer.name, url: `ws://127.0.0.1:${peer.btpPort}`, authToken: 'demo', chain: CHAIN_ID, minaAddress: peer.key.address
    })),
    routes: peers.map(peer => ({ prefix: peer.name === 'hub' ? 'g' : `g.${peer.name}`, nextHop: peer.name }))
  }
  const silent = (): void => undefined
  return new ConnectorNode(config, { debug: silent, info: silent, warn: silent, error: line => { say(`  [${name}] ${JSON.stringify(line)}`) } })
}

/** In the words of the chain: what each account did there, and what came of it but fees. */
async function report (): Promise<void> {
  say('')
  say('On the chain, when all channels are over:')
  for (const { name, key } of all) {
    const { lines, fees, created } = await historyOf(chain.url, key.address)
    for (const line of lines) say(`  ${name.padEnd(6)}${line}`)
    const change = await walletOf(chain.url, key.address) - FUNDS
    say(`  ${name}: ${change > 0n ? '+' : ''}${change / MINA} MINA, and ${inMina(fees)} of fees, ${inMina(created)} for new accounts`)
  }
  say('150 payments, and for each channel one transaction that pays all of them out.')
}

function inMina (amount: bigint): string {
  return `${amount / MINA}.${String(amount % MINA).padStart(9, '0').slice(0, 2)}`
}

function giveUp (): never {
  process.stderr.write('the demo did not finish in time\n')
  process.exit(1)
}
