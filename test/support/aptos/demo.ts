/**
 * `npm run demo:aptos`: a chain on this machine, three nodes in a row that settle over payment channels of Aptos, and what the chain says
 * in the end. alice and bob pay each other over hub: 100 payments of 10 one way and 50 of 5 the other are a net of 750. The chain is a
 * stand-in for an Aptos node with the rules of the Move module in plugins/aptos/move; no Aptos node is used.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConnectorNode, type ConnectorConfig } from '../../../src/index.js'
import { max, owed, pay, say, settle } from '../../../examples/demo-steps.js'
import { freePort } from '../../../examples/free-port.js'
import { TOKENS, freshAccount, type Account } from './parties.js'
import { startAptos } from './index.js'

/** Octas, for gas. */
const COINS = 1_000_000_000n
/** Units of the asset that a channel is filled with. */
const DEPOSIT = 2000n
/** A node pays when it owes more than this. */
const THRESHOLD = '200'
const GIVE_UP_MS = 120_000

interface Party extends Account {
  name: string
  btpPort: number
  healthPort: number
}

const dataPath = await mkdtemp(join(tmpdir(), 'sluice-demo-aptos-'))
say('Starting a chain (a stand-in for an Aptos node) with three accounts ...')
const [alice, hub, bob] = await Promise.all([partyOf('alice'), partyOf('hub'), partyOf('bob')])
const all = [alice, hub, bob]
const chain = await startAptos()
const chainId = `aptos:${chain.chain.chainId}`
for (const { address } of all) {
  chain.fund(address, COINS)
  chain.fund(address, TOKENS, chain.asset)
}
setTimeout(giveUp, GIVE_UP_MS).unref()
const nodes: ConnectorNode[] = []
try {
  await run()
} finally {
  await Promise.all(nodes.map(node => node.stop()))
  await chain.stop()
  await rm(dataPath, { recursive: true })
}

async function run (): Promise<void> {
  for (const { name, address } of all) say(`  ${name.padEnd(6)}${address}, ${TOKENS} units of a test dollar`)

  say('Starting three nodes: alice - hub - bob ...')
  const [nodeA, nodeH, nodeB] = [nodeOf(alice, [hub]), nodeOf(hub, [alice, bob]), nodeOf(bob, [hub])]
  nodes.push(nodeA, nodeH, nodeB)
  await Promise.all(nodes.map(node => node.start()))
  const ways = [[nodeA, 'hub'], [nodeH, 'bob'], [nodeB, 'hub'], [nodeH, 'alice']] as const

  say('Paying: alice to bob 100 times 10, bob to alice 50 times 5 ...')
  await Promise.all([pay(nodeA, 'g.bob', 10n, 100), pay(nodeB, 'g.alice', 5n, 50)])
  const debts = await Promise.all(ways.map(([node, peerId]) => owed(node, peerId)))
  say(`  each that owed more than ${THRESHOLD} put ${DEPOSIT} units into a channel, and sent claims; now nobody owes more than ${max(debts)}`)

  say('Settling what is left, and ending all channels together, each in one transaction ...')
  for (const [node, peerId] of ways) await settle(node, peerId)
  for (const node of nodes) {
    for (const { channelId, status } of await node.channelManager.list()) {
      if (status === 'open') await node.channelManager.close(channelId).catch(() => undefined) // its other end was quicker
    }
  }
  await paidOut()
  report()
}

async function partyOf (name: string): Promise<Party> {
  return { ...freshAccount(), name, btpPort: await freePort(), healthPort: await freePort() }
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
      chainType: 'aptos',
      chainId,
      rpcUrl: chain.url,
      moduleAddress: chain.code,
      tokenAddress: chain.asset,
      keyId: key,
      settlementOptions: {
        threshold: THRESHOLD, pollingIntervalMs: 200, settlementTimeoutSecs: 3600, initialDeposit: String(DEPOSIT), redeemThreshold: '1000000'
      }
    }],
    peers: peers.map(peer => ({
      id: peer.name, url: `ws://127.0.0.1:${peer.btpPort}`, authToken: 'demo', chain: chainId, aptosAddress: peer.address
    })),
    routes: peers.map(peer => ({ prefix: peer.name === 'hub' ? 'g' : `g.${peer.name}`, nextHop: peer.name }))
  }
  const silent = (): void => undefined
  return new ConnectorNode(config, { debug: silent, info: silent, warn: silent, error: line => { say(`  [${name}] ${JSON.stringify(line)}`) } })
}

/** Each takes out what it was granted: the chain pushes nothing. */
async function paidOut (): Promise<void> {
  const total = (): bigint => all.reduce((sum, { address }) => sum + chain.balance(address, chain.asset), 0n)
  while (total() < BigInt(all.length) * TOKENS) await new Promise(resolve => { setTimeout(resolve, 100) })
}

/** In the words of the chain: what each account did there, and what came of it. */
function report (): void {
  say('')
  say('On the chain, when all channels are over:')
  for (const { name, address } of all) {
    let gas = 0n
    for (const { tx, outcome, version } of chain.chain.transactionsOf(address)) {
      gas += outcome.gasUsed * tx.gasPrice
      say(`  version ${String(version).padEnd(6)}${name.padEnd(6)}${tx.call.name}`)
    }
    const change = chain.balance(address, chain.asset) - TOKENS
    say(`  ${name}: ${change > 0n ? '+' : ''}${change} units, and ${gas} octas of gas (as the stand-in counts it)`)
  }
  say('150 payments, and each channel ended in one transaction that nets both ways.')
}

function giveUp (): never {
  process.stderr.write('the demo did not finish in time\n')
  process.exit(1)
}
