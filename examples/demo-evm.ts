/**
 * `npm run demo:evm`: a chain on this machine, three nodes in a row that settle over payment channels, and what the chain says in the end.
 * alice and bob pay each other over hub: 100 payments of 10 one way and 50 of 5 the other are a net of 750, which every
 * channel pays out in one transaction.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConnectorNode, type ConnectorConfig } from '../src/index.js'
import { fund, max, owed, pay, say, settle } from './demo-steps.js'
import { accounts, CHAIN_ID, startChain, type Chain, type Deployed } from './evm-chain.js'
import { freePort } from './free-port.js'

const CHAIN = `evm:${CHAIN_ID}`
const TOKENS = 1_000_000n
const DEPOSIT = 2000n
/** A node pays when it owes more than this. */
const THRESHOLD = '200'
const GIVE_UP_MS = 120_000

interface Party {
  name: string
  address: string
  key: string
  btpPort: number
  healthPort: number
}

const dataPath = await mkdtemp(join(tmpdir(), 'sluice-demo-evm-'))
say('Starting a chain (anvil) and deploying a test token and the contracts ...')
const chain = await startChain()
setTimeout(() => { void giveUp() }, GIVE_UP_MS).unref()
const nodes: ConnectorNode[] = []
try {
  await run(chain)
} finally {
  await Promise.all(nodes.map(node => node.stop()))
  await chain.stop()
  await rm(dataPath, { recursive: true })
}

async function run (chain: Chain): Promise<void> {
  const { token, network } = await chain.createNetwork(6)
  const [alice, hub, bob] = await Promise.all([partyOf('alice', 1), partyOf('hub', 2), partyOf('bob', 3)])
  for (const { address } of [alice, hub, bob]) await token.send(accounts[0]?.address ?? '', 'mint', address, TOKENS)
  say(`  token ${token.address}, token network ${network.address}, ${TOKENS} units for each of alice, hub and bob`)

  say('Starting three nodes: alice - hub - bob ...')
  const start = (party: Party, ...peers: Party[]): ConnectorNode => nodeOf(party, peers, chain, token)
  const [nodeA, nodeH, nodeB] = [start(alice, hub), start(hub, alice, bob), start(bob, hub)]
  nodes.push(nodeA, nodeH, nodeB)
  await Promise.all(nodes.map(node => node.start()))

  say('Opening a channel for each way that money goes, with 2000 units in it ...')
  for (const [node, peerId] of [[nodeA, 'hub'], [nodeH, 'bob'], [nodeB, 'hub'], [nodeH, 'alice']] as const) await fund(node, peerId, DEPOSIT)

  say('Paying: alice to bob 100 times 10, bob to alice 50 times 5 ...')
  await Promise.all([pay(nodeA, 'g.bob', 10n, 100), pay(nodeB, 'g.alice', 5n, 50)])
  const claims = await Promise.all([owed(nodeA, 'hub'), owed(nodeB, 'hub'), owed(nodeH, 'alice'), owed(nodeH, 'bob')])
  say(`  claims went out whenever somebody owed more than ${THRESHOLD}; now nobody owes more than ${max(claims)}`)

  say('Settling what is left, and closing both channels together, each in one transaction ...')
  for (const [node, peerId] of [[nodeA, 'hub'], [nodeH, 'bob'], [nodeB, 'hub'], [nodeH, 'alice']] as const) await settle(node, peerId)
  for (const [node, peerId] of [[nodeA, 'hub'], [nodeH, 'bob']] as const) {
    const { channelId } = await node.getChannelState(peerId)
    const { txId } = await node.channelManager.close(channelId)
    const receipt = txId === undefined ? null : await chain.provider.getTransactionReceipt(txId)
    say(`  ${node.config.nodeId} and ${peerId}: block ${receipt?.blockNumber ?? '?'}, ${receipt?.gasUsed ?? '?'} gas, ${txId ?? 'made by the peer'}`)
  }
  await report(token, [alice, hub, bob])
}

async function partyOf (name: string, index: number): Promise<Party> {
  const { address = '', privateKey = '' } = accounts[index] ?? {}
  return { name, address, key: privateKey, btpPort: await freePort(), healthPort: await freePort() }
}

function nodeOf ({ name, key, btpPort, healthPort }: Party, peers: readonly Party[], chain: Chain, token: Deployed): ConnectorNode {
  const config: ConnectorConfig = {
    nodeId: name,
    btpServerPort: btpPort,
    healthCheckPort: healthPort,
    logLevel: 'error',
    dataPath,
    settlement: { connectorFeePercentage: 0 },
    chainProviders: [{
      chainType: 'evm',
      chainId: CHAIN,
      rpcUrl: chain.url,
      registryAddress: chain.registry.address,
      tokenAddress: token.address,
      keyId: key,
      settlementOptions: { threshold: THRESHOLD, pollingIntervalMs: 200, confirmations: 1, settlementTimeoutSecs: 3600, redeemThreshold: '1000000' }
    }],
    peers: peers.map(peer => ({ id: peer.name, url: `ws://127.0.0.1:${peer.btpPort}`, authToken: 'demo', chain: CHAIN, evmAddress: peer.address })),
    routes: peers.map(peer => ({ prefix: peer.name === 'hub' ? 'g' : `g.${peer.name}`, nextHop: peer.name }))
  }
  const silent = (): void => undefined
  return new ConnectorNode(config, { debug: silent, info: silent, warn: silent, error: line => { say(`  [${name}] ${JSON.stringify(line)}`) } })
}

async function report (token: Deployed, parties: readonly Party[]): Promise<void> {
  say('')
  say('On the chain, when all channels are over:')
  for (const { name, address } of parties) {
    const change = await token.read('balanceOf', address) - TOKENS
    say(`  ${name.padEnd(6)}${String(change > 0n ? `+${change}` : change).padStart(6)} units`)
  }
  say('150 payments, and one transaction for each channel that pays out the net.')
}

async function giveUp (): Promise<never> {
  process.stderr.write('the demo did not finish in time\n')
  await chain.stop()
  process.exit(1)
}
