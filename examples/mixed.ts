/**
 * `npm run network mixed`: one node between four, each on a chain of its own: alice pays on an EVM chain, bob on Solana, carol on the XRP
 * Ledger, dave on Aptos. Each pays the next one in its own asset, and hub exchanges. In the end all channels are closed, and each chain
 * says who has won and lost what. The chains run on this machine; those of XRP and Aptos are stand-ins in processes of their own.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { ConnectorNode, type ConnectorConfig } from '../src/index.js'
import { accounts, CHAIN_ID, startChain } from './evm-chain.js'
import { fund, pay, say, settle } from './demo-steps.js'
import { freePort } from './free-port.js'
import { CHAIN as SOLANA, startSolanaChain } from './solana-chain.js'

const RIPPLED = fileURLToPath(new URL('../test/support/rippled/main.js', import.meta.url))
const APTOS = fileURLToPath(new URL('../test/support/aptos/main.js', import.meta.url))
const TOKENS = 10_000_000n
const DEPOSIT = 50_000n
const TIMES = 20
const AMOUNT = 1000n
const RATES = { 'EURC/USDC': '1.10', 'XRP/USDC': '0.50', 'TUSD/USDC': '0.99' }
const FEE_PERCENTAGE = 1
const SETTLEMENT = { threshold: '5000', pollingIntervalMs: 200, settlementTimeoutSecs: 3600, redeemThreshold: '10000000', initialDeposit: String(DEPOSIT) }

type Entry = NonNullable<ConnectorConfig['chainProviders']>[number]
type Peer = NonNullable<ConnectorConfig['peers']>[number]

/** A chain with accounts for hub and for one peer. */
interface Chain {
  id: string
  asset: { code: string, scale: number }
  peer: string
  /** Of whom it is: the entry of `chainProviders`, and how others name this account. */
  entries: Record<'hub' | 'peer', Entry>
  addresses: Record<'hub' | 'peer', Partial<Peer>>
  balances (): Promise<Record<'hub' | 'peer', bigint>>
  stop (): Promise<void> | void
}

/** The peer of a chain: its node, and what it has been paid by packets. */
interface Spoke {
  chain: Chain
  port: number
  node: ConnectorNode
  /** On its chain, before anything was paid. */
  before: Record<'hub' | 'peer', bigint>
  received: bigint
}

/** Starts everything, pays, settles, and says what came of it. Rejects when anything is not as it has to be. */
export async function runMixed (): Promise<void> {
  say('Starting an EVM chain (anvil), a Solana cluster (Surfpool), and stand-ins for servers of the XRP Ledger and of Aptos ...')
  const dataPath = await mkdtemp(join(tmpdir(), 'sluice-mixed-'))
  const chains: Chain[] = []
  const nodes: ConnectorNode[] = []
  try {
    for (const start of [evm, solana, xrp, aptos]) chains.push(await start())
    await run(chains, nodes, dataPath)
  } finally {
    await Promise.all(nodes.map(node => node.stop()))
    for (const chain of chains) await chain.stop()
    await rm(dataPath, { recursive: true, force: true })
  }
}

async function run (chains: readonly Chain[], nodes: ConnectorNode[], dataPath: string): Promise<void> {
  const hubPort = await freePort()
  const spokes = await Promise.all(chains.map(chain => spokeOf(chain, hubPort, dataPath)))
  const hub = await nodeOf('hub', hubPort, dataPath, {
    asset: { code: 'USDC', scale: 6 },
    rates: { fixed: RATES },
    settlement: { connectorFeePercentage: FEE_PERCENTAGE },
    chainProviders: chains.map(({ entries }) => entries.hub),
    peers: spokes.map(({ chain, port }) => peerOf(chain.peer, port, chain, 'peer')),
    routes: chains.map(({ peer }) => ({ prefix: `g.${peer}`, nextHop: peer }))
  })
  nodes.push(hub, ...spokes.map(({ node }) => node))
  await Promise.all(nodes.map(node => node.start()))

  say(`hub exchanges at ${Object.entries(RATES).map(([pair, rate]) => `${pair} ${rate}`).join(', ')}, and keeps ${FEE_PERCENTAGE} %.`)
  const seats = spokes.flatMap(({ node, chain: { peer } }) => [{ node, peerId: 'hub' }, { node: hub, peerId: peer }])
  for (const { node, peerId } of seats) await fund(node, peerId, DEPOSIT)
  await Promise.all(spokes.map((spoke, i) => {
    const { chain: { peer, asset: { code } } } = spoke
    const { chain: { peer: payee } } = spokes[(i + 1) % spokes.length] ?? spoke
    say(`  ${peer} pays ${payee} ${TIMES} times ${AMOUNT} ${code} (in the smallest unit)`)
    return pay(spoke.node, `g.${payee}`, AMOUNT, TIMES)
  }))

  say('Settling what is left, and closing all channels ...')
  for (const { node, peerId } of seats) await settle(node, peerId)
  for (const { node } of seats) {
    for (const { channelId, status } of await node.channelManager.list()) {
      if (status === 'open') await node.channelManager.close(channelId).catch(() => undefined) // its other end was quicker
    }
  }
  await report(spokes, hub)
}

async function spokeOf (chain: Chain, hubPort: number, dataPath: string): Promise<Spoke> {
  const port = await freePort()
  const node = await nodeOf(chain.peer, port, dataPath, {
    asset: chain.asset,
    settlement: { connectorFeePercentage: 0 },
    chainProviders: [chain.entries.peer],
    peers: [peerOf('hub', hubPort, chain, 'hub')],
    routes: [{ prefix: 'g', nextHop: 'hub' }]
  })
  const spoke: Spoke = { chain, port, node, before: await chain.balances(), received: 0n }
  node.setPacketHandler(({ amount }) => {
    spoke.received += BigInt(amount)
    return { accept: true }
  })
  return spoke
}

/** What the chains say, held against the packets. */
async function report (spokes: readonly Spoke[], hub: ConnectorNode): Promise<void> {
  say('\nOn the chains, when all channels are over:')
  for (const { chain, before, received } of spokes) {
    const { asset: { code }, peer } = chain
    const now = await settledBalances(chain, before)
    const [peers, hubs] = [now.peer - before.peer, now.hub - before.hub]
    const expected = received - BigInt(TIMES) * AMOUNT
    const fees = -(peers + hubs)
    say(`  ${code.padEnd(5)} ${peer.padEnd(6)}${signed(peers)}   hub ${signed(hubs)}${fees === 0n ? '' : `   fees ${fees}`}`)
    if (fees < 0n || peers > expected || peers < expected - fees) throw new Error(`${peer} should have ${expected} ${code} more, less its part of the fees`)
    const { balances: [balance] } = await hub.getBalance(peer)
    if (balance?.netBalance !== '0') throw new Error(`hub and ${peer} are not even: ${balance?.netBalance ?? 'no balance'}`)
  }
  say('Each asset has moved on its own chain only, and nobody owes anybody. What hub has of each has changed by what it exchanged and kept.')
}

/** The balances when nothing changes any more: the last payouts may be a block away. */
async function settledBalances (chain: Chain, before: Record<'hub' | 'peer', bigint>): Promise<Record<'hub' | 'peer', bigint>> {
  for (let i = 0; ; i++) {
    const now = await chain.balances()
    if (now.hub + now.peer + 1000n >= before.hub + before.peer || i === 100) return now
    await new Promise(done => setTimeout(done, 200))
  }
}

async function nodeOf (nodeId: string, btpServerPort: number, dataPath: string, more: Partial<ConnectorConfig>): Promise<ConnectorNode> {
  const silent = (): void => undefined
  const log = { debug: silent, info: silent, warn: silent, error: (line: unknown) => { process.stderr.write(`[${nodeId}] ${JSON.stringify(line)}\n`) } }
  return new ConnectorNode({ nodeId, btpServerPort, healthCheckPort: await freePort(), logLevel: 'error', dataPath, peers: [], ...more }, log)
}

function peerOf (id: string, port: number, { id: chain, addresses }: Chain, whose: 'hub' | 'peer'): Peer {
  return { id, url: `ws://127.0.0.1:${port}`, authToken: 'mixed', chain, ...addresses[whose] }
}

async function evm (): Promise<Chain> {
  const chain = await startChain()
  const { token } = await chain.createNetwork(6)
  const [minter, peer, hub] = accounts
  if (minter === undefined || peer === undefined || hub === undefined) throw new Error('the chain has no accounts')
  for (const { address } of [peer, hub]) await token.send(minter.address, 'mint', address, TOKENS)
  const asset = { code: 'USDC', scale: 6 }
  const entry = (keyId: string): Entry => ({
    chainType: 'evm', chainId: `evm:${CHAIN_ID}`, rpcUrl: chain.url, registryAddress: chain.registry.address, tokenAddress: token.address, asset,
    keyId, settlementOptions: { ...SETTLEMENT, confirmations: 1 }
  })
  return {
    id: `evm:${CHAIN_ID}`,
    asset,
    peer: 'alice',
    entries: { hub: entry(hub.privateKey), peer: entry(peer.privateKey) },
    addresses: { hub: { evmAddress: hub.address }, peer: { evmAddress: peer.address } },
    balances: async () => ({ hub: await token.read('balanceOf', hub.address), peer: await token.read('balanceOf', peer.address) }),
    stop: () => chain.stop()
  }
}

async function solana (): Promise<Chain> {
  const chain = await startSolanaChain()
  const mint = await chain.createToken(6)
  const [hub, peer] = [await chain.createWallet(mint, TOKENS), await chain.createWallet(mint, TOKENS)]
  const asset = { code: 'EURC', scale: 6 }
  const entry = (keyId: string): Entry => ({
    chainType: 'solana', chainId: SOLANA, rpcUrl: chain.rpcUrl, wsUrl: chain.wsUrl, programId: chain.programId, tokenMint: mint, asset, keyId,
    rpsLimit: 1000, settlementOptions: SETTLEMENT
  })
  return {
    id: SOLANA,
    asset,
    peer: 'bob',
    entries: { hub: entry(hub.key), peer: entry(peer.key) },
    addresses: { hub: { solanaAddress: hub.address }, peer: { solanaAddress: peer.address } },
    balances: async () => ({ hub: await chain.tokensOf(hub.address, mint), peer: await chain.tokensOf(peer.address, mint) }),
    stop: () => { chain.stop() }
  }
}

interface XrpStandIn {
  url: string
  networkId: number
  accounts: Array<{ address: string, seed: string }>
}

interface AptosStandIn {
  url: string
  chainId: number
  code: string
  asset: string
  accounts: Array<{ address: string, privateKey: string }>
}

async function xrp (): Promise<Chain> {
  const process = spawn('node', [RIPPLED, '--ledger-ms', '1000'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const { url, networkId, accounts: [hub, peer] } = await firstLineOf<XrpStandIn>(process)
  if (hub === undefined || peer === undefined) throw new Error('the stand-in has no accounts')
  const entry = (keyId: string): Entry => ({ chainType: 'xrp', chainId: `xrp:${networkId}`, rpcUrl: url, keyId, settlementOptions: SETTLEMENT })
  return {
    id: `xrp:${networkId}`,
    asset: { code: 'XRP', scale: 6 },
    peer: 'carol',
    entries: { hub: entry(hub.seed), peer: entry(peer.seed) },
    addresses: { hub: { xrpAddress: hub.address }, peer: { xrpAddress: peer.address } },
    balances: async () => ({ hub: await dropsOf(url, hub.address), peer: await dropsOf(url, peer.address) }),
    stop: () => { process.kill() }
  }
}

async function aptos (): Promise<Chain> {
  const process = spawn('node', [APTOS], { stdio: ['pipe', 'pipe', 'inherit'] })
  const { url, chainId: number, code, asset: token, accounts: [hub, peer] } = await firstLineOf<AptosStandIn>(process)
  if (hub === undefined || peer === undefined) throw new Error('the stand-in has no accounts')
  const id = `aptos:${number}`
  const asset = { code: 'TUSD', scale: 6 }
  const entry = (keyId: string): Entry => ({
    chainType: 'aptos', chainId: id, rpcUrl: url, moduleAddress: code, tokenAddress: token, asset, keyId, settlementOptions: SETTLEMENT
  })
  const balanceOf = (owner: string): Promise<bigint> => tokensOn(url, owner, token)
  return {
    id,
    asset,
    peer: 'dave',
    entries: { hub: entry(hub.privateKey), peer: entry(peer.privateKey) },
    addresses: { hub: { aptosAddress: hub.address }, peer: { aptosAddress: peer.address } },
    balances: async () => ({ hub: await balanceOf(hub.address), peer: await balanceOf(peer.address) }),
    stop: () => { process.kill() }
  }
}

async function firstLineOf<T> ({ stdout }: ChildProcess): Promise<T> {
  if (stdout === null) throw new Error('the stand-in has no output')
  for await (const line of createInterface({ input: stdout })) return JSON.parse(line) as T // what it prints is part of it
  throw new Error('a stand-in has ended')
}

/** What an owner has of a fungible asset on Aptos. */
async function tokensOn (url: string, owner: string, asset: string): Promise<bigint> {
  const response = await fetch(`${url.replace(/\/$/, '')}/view`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      function: '0x1::primary_fungible_store::balance', type_arguments: ['0x1::fungible_asset::Metadata'], arguments: [owner, asset]
    })
  })
  const [balance] = await response.json() as [string]
  return BigInt(balance)
}

/** What an account has, by the last validated ledger. */
async function dropsOf (url: string, account: string): Promise<bigint> {
  const socket = new WebSocket(url)
  try {
    return await new Promise((resolve, reject) => {
      socket.on('error', reject)
      socket.on('open', () => { socket.send(JSON.stringify({ id: 1, command: 'account_info', account, ledger_index: 'validated' })) })
      socket.on('message', (data: Buffer) => {
        const { result } = JSON.parse(data.toString()) as { result?: { account_data?: { Balance?: string } } }
        resolve(BigInt(result?.account_data?.Balance ?? 0))
      })
    })
  } finally {
    socket.terminate()
  }
}

function signed (amount: bigint): string {
  return String(amount > 0n ? `+${amount}` : amount).padStart(8)
}
