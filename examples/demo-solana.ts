/**
 * `npm run demo:solana`: a cluster in this process, three nodes in a row that settle over payment channels, and what the chain says in the
 * end. alice and bob pay each other over hub: 100 payments of 10 one way and 50 of 5 the other are a net of 750, which every channel pays
 * out in one transaction.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConnectorNode, type ConnectorConfig } from '../src/index.js'
import { recordOf } from '../plugins/lib/rpc/json-rpc.js'
import { fund, pay, say, settle } from './demo-steps.js'
import { freePort } from './free-port.js'
import { CHAIN, startSolanaChain, type SolanaChain, type Wallet } from './solana-chain.js'

const TOKENS = 1_000_000n
const DEPOSIT = 2000n
/** A node pays when it owes more than this. */
const THRESHOLD = '200'
const GIVE_UP_MS = 180_000

interface Party extends Wallet {
  name: string
  btpPort: number
  healthPort: number
}

const dataPath = await mkdtemp(join(tmpdir(), 'sluice-demo-solana-'))
say('Starting a Solana cluster (Surfpool) and deploying the program of the channels ...')
const chain = await startSolanaChain()
setTimeout(giveUp, GIVE_UP_MS).unref()
const nodes: ConnectorNode[] = []
try {
  await run(chain)
} finally {
  await Promise.all(nodes.map(node => node.stop()))
  chain.stop()
  await rm(dataPath, { recursive: true })
}

async function run (chain: SolanaChain): Promise<void> {
  const mint = await chain.createToken(6)
  const [alice, hub, bob] = [await partyOf('alice', mint), await partyOf('hub', mint), await partyOf('bob', mint)] as const
  say(`  program ${chain.programId}, which nobody can change`)
  say(`  token ${mint}, ${TOKENS} units for each of alice, hub and bob`)

  say('Starting three nodes: alice - hub - bob ...')
  const start = (party: Party, ...peers: Party[]): ConnectorNode => nodeOf(party, peers, chain, mint)
  const [nodeA, nodeH, nodeB] = [start(alice, hub), start(hub, alice, bob), start(bob, hub)]
  nodes.push(nodeA, nodeH, nodeB)
  await Promise.all(nodes.map(node => node.start()))

  say('Opening a channel between neighbours, with 2000 units of each in it ...')
  for (const [node, peerId] of [[nodeA, 'hub'], [nodeH, 'bob'], [nodeB, 'hub'], [nodeH, 'alice']] as const) await fund(node, peerId, DEPOSIT)

  say('Paying: alice to bob 100 times 10, bob to alice 50 times 5 ...')
  await Promise.all([pay(nodeA, 'g.bob', 10n, 100), pay(nodeB, 'g.alice', 5n, 50)])

  say('Settling what is left, and closing both channels together, each in one transaction ...')
  for (const [node, peerId] of [[nodeA, 'hub'], [nodeH, 'bob'], [nodeB, 'hub'], [nodeH, 'alice']] as const) await settle(node, peerId)
  for (const [node, peerId] of [[nodeA, 'hub'], [nodeH, 'bob']] as const) {
    const { channelId } = await node.getChannelState(peerId)
    const { txId } = await node.channelManager.close(channelId)
    say(`  ${node.config.nodeId} and ${peerId}: ${await wordsOf(chain, txId)}`)
  }
  await report(chain, mint, [alice, hub, bob])
}

async function partyOf (name: string, mint: string): Promise<Party> {
  return { name, ...await chain.createWallet(mint, TOKENS), btpPort: await freePort(), healthPort: await freePort() }
}

function nodeOf ({ name, key, btpPort, healthPort }: Party, peers: readonly Party[], chain: SolanaChain, mint: string): ConnectorNode {
  const config: ConnectorConfig = {
    nodeId: name,
    btpServerPort: btpPort,
    healthCheckPort: healthPort,
    logLevel: 'error',
    dataPath,
    settlement: { connectorFeePercentage: 0 },
    chainProviders: [{
      chainType: 'solana',
      chainId: CHAIN,
      rpcUrl: chain.rpcUrl,
      wsUrl: chain.wsUrl,
      programId: chain.programId,
      tokenMint: mint,
      keyId: key,
      rpsLimit: 1000,
      settlementOptions: { threshold: THRESHOLD, pollingIntervalMs: 200, settlementTimeoutSecs: 3600, redeemThreshold: '1000000' }
    }],
    peers: peers.map(peer => ({ id: peer.name, url: `ws://127.0.0.1:${peer.btpPort}`, authToken: 'demo', chain: CHAIN, solanaAddress: peer.address })),
    routes: peers.map(peer => ({ prefix: peer.name === 'hub' ? 'g' : `g.${peer.name}`, nextHop: peer.name }))
  }
  const silent = (): void => undefined
  return new ConnectorNode(config, { debug: silent, info: silent, warn: silent, error: line => { say(`  [${name}] ${JSON.stringify(line)}`) } })
}

/** What the chain says of a transaction. */
async function wordsOf (chain: SolanaChain, txId: string | undefined): Promise<string> {
  if (txId === undefined) return 'made by the peer'
  const found = recordOf(await chain.rpc.call('getTransaction', txId, { encoding: 'json', commitment: 'confirmed', maxSupportedTransactionVersion: 0 }))
  const { fee, computeUnitsConsumed } = recordOf(found.meta)
  return `slot ${Number(found.slot)}, ${Number(computeUnitsConsumed)} compute units, fee ${Number(fee)} lamports, ${txId}`
}

async function report (chain: SolanaChain, mint: string, parties: readonly Party[]): Promise<void> {
  say('')
  say('On the chain, when all channels are over:')
  for (const { name, address } of parties) {
    const change = await chain.tokensOf(address, mint) - TOKENS
    say(`  ${name.padEnd(6)}${String(change > 0n ? `+${change}` : change).padStart(6)} units`)
  }
  say('150 payments, and one transaction for each channel that pays out the net.')
}

function giveUp (): never {
  process.stderr.write('the demo did not finish in time\n')
  chain.stop()
  process.exit(1)
}
