/**
 * `npm run demo:xrp`: a ledger on this machine, three nodes in a row that settle over payment channels of the XRP Ledger, and what the
 * ledger says in the end. alice and bob pay each other over hub: 100 payments of 10 one way and 50 of 5 the other are a net of 750. The
 * ledger is a stand-in for rippled, the server of the XRP Ledger, with its rules; a channel there pays one way, so each node opens its own.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Wallet } from 'xrpl'
import { ConnectorNode, type ConnectorConfig } from '../../../src/index.js'
import { max, owed, pay, say, settle } from '../../../examples/demo-steps.js'
import { freePort } from '../../../examples/free-port.js'
import { startRippled, type Rippled } from '../rippled/index.js'

const XRP = 1_000_000n
const FUNDS = 1000n * XRP
/** Drops that a channel is opened with. */
const DEPOSIT = 2000n
/** A node pays when it owes more than this. */
const THRESHOLD = '200'
/** On the real ledger it takes 3 to 5 seconds. */
const LEDGER_MS = 200
const GIVE_UP_MS = 120_000

interface Party {
  name: string
  wallet: Wallet
  btpPort: number
  healthPort: number
}

const dataPath = await mkdtemp(join(tmpdir(), 'sluice-demo-xrp-'))
say('Starting a ledger (a stand-in for rippled) with three accounts ...')
const [alice, hub, bob] = await Promise.all([partyOf('alice'), partyOf('hub'), partyOf('bob')])
const all = [alice, hub, bob]
const accounts = Object.fromEntries(all.map(({ wallet }) => [wallet.classicAddress, FUNDS]))
const ledger = await startRippled({ ledgerMs: LEDGER_MS, accounts })
const chainId = `xrp:${ledger.network.options.networkId}`
const client = new Client(ledger.url)
setTimeout(giveUp, GIVE_UP_MS).unref()
const nodes: ConnectorNode[] = []
try {
  await client.connect()
  await run()
} finally {
  await Promise.all(nodes.map(node => node.stop()))
  await client.disconnect()
  await ledger.stop()
  await rm(dataPath, { recursive: true })
}

async function run (): Promise<void> {
  for (const { name, wallet } of all) say(`  ${name.padEnd(6)}${wallet.classicAddress}, ${FUNDS / XRP} XRP`)

  say('Starting three nodes: alice - hub - bob ...')
  const start = (party: Party, ...peers: Party[]): ConnectorNode => nodeOf(party, peers, ledger)
  const [nodeA, nodeH, nodeB] = [start(alice, hub), start(hub, alice, bob), start(bob, hub)]
  nodes.push(nodeA, nodeH, nodeB)
  await Promise.all(nodes.map(node => node.start()))
  const ways = [[nodeA, 'hub'], [nodeH, 'bob'], [nodeB, 'hub'], [nodeH, 'alice']] as const

  say('Paying: alice to bob 100 times 10, bob to alice 50 times 5 ...')
  await Promise.all([pay(nodeA, 'g.bob', 10n, 100), pay(nodeB, 'g.alice', 5n, 50)])
  const debts = await Promise.all(ways.map(([node, peerId]) => owed(node, peerId)))
  say(`  each that owed more than ${THRESHOLD} opened a channel with ${DEPOSIT} drops, and sent claims; now nobody owes more than ${max(debts)}`)

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
  return { name, wallet: Wallet.generate(), btpPort: await freePort(), healthPort: await freePort() }
}

function nodeOf ({ name, wallet, btpPort, healthPort }: Party, peers: readonly Party[], { url }: Rippled): ConnectorNode {
  const config: ConnectorConfig = {
    nodeId: name,
    btpServerPort: btpPort,
    healthCheckPort: healthPort,
    logLevel: 'error',
    dataPath,
    settlement: { connectorFeePercentage: 0 },
    chainProviders: [{
      chainType: 'xrp',
      chainId,
      rpcUrl: url,
      keyId: wallet.seed ?? '',
      settlementOptions: {
        threshold: THRESHOLD, pollingIntervalMs: 200, settlementTimeoutSecs: 3600, initialDeposit: String(DEPOSIT), redeemThreshold: '1000000'
      }
    }],
    peers: peers.map(peer => ({
      id: peer.name, url: `ws://127.0.0.1:${peer.btpPort}`, authToken: 'demo', chain: chainId, xrpAddress: peer.wallet.classicAddress
    })),
    routes: peers.map(peer => ({ prefix: peer.name === 'hub' ? 'g' : `g.${peer.name}`, nextHop: peer.name }))
  }
  const silent = (): void => undefined
  return new ConnectorNode(config, { debug: silent, info: silent, warn: silent, error: line => { say(`  [${name}] ${JSON.stringify(line)}`) } })
}

/** In the words of the ledger: what each account did there, and what came of it but fees. */
async function report (): Promise<void> {
  say('')
  say('On the ledger, when all channels are over:')
  for (const { name, wallet: { classicAddress: account } } of all) {
    const { result: { transactions } } = await client.request({ command: 'account_tx', account, ledger_index_min: -1, ledger_index_max: -1, forward: true })
    let fees = 0n
    for (const { tx_json: tx, meta, ledger_index: index } of transactions) {
      if (tx?.Account !== account) continue
      fees += BigInt(tx.Fee ?? 0)
      const result = typeof meta === 'object' ? meta.TransactionResult : '?'
      say(`  ledger ${index}  ${name.padEnd(6)}${tx.TransactionType.padEnd(22)}${result}  ${amountIn(tx)}`)
    }
    const { result: { account_data: { Balance } } } = await client.request({ command: 'account_info', account, ledger_index: 'validated' })
    const change = BigInt(Balance) + fees - FUNDS
    say(`  ${name}: ${change > 0n ? '+' : ''}${change} drops, and ${fees} drops of fees`)
  }
  say('150 payments, and for each channel one transaction that pays all of them out.')
}

function amountIn (tx: object): string {
  const { Amount, Balance } = tx as { Amount?: unknown, Balance?: unknown }
  if (typeof Balance === 'string') return `pays out ${Balance} drops in all`
  return typeof Amount === 'string' ? `puts ${Amount} drops in` : ''
}

function giveUp (): never {
  process.stderr.write('the demo did not finish in time\n')
  process.exit(1)
}
