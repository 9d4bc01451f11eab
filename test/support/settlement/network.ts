/**
 * alice ─ hub ─ carol: three processes on a chain of their own, with payment channels between them, and an application at either end.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectorConfig } from '../../../src/index.js'
import { accounts, CHAIN_ID, startChain, type Chain, type Deployed } from '../../../examples/evm-chain.js'
import { freePort } from '../../../examples/free-port.js'
import type { Random } from '../simulator/random.js'
import { NodeProcess } from './node-process.js'
import { Traffic, type End } from './traffic.js'
import { until } from '../waiting.js'

export const NAMES = ['alice', 'hub', 'carol'] as const
export type Name = typeof NAMES[number]
/** Who has channels with whom. */
export const PAIRS = [['alice', 'hub'], ['hub', 'carol']] as const
/** What each node has in the beginning. */
const TOKENS = 10_000_000n
/** Of every hundred units that a node sends to a peer. */
const FEE_PERCENT = 1
export const CHALLENGE_SECS = 3600
const CHAIN = `evm:${CHAIN_ID}`
/** Blocks come by themselves, and two of them make a transaction final: time enough to be killed in between. */
const BLOCK_SECS = '0.1'
const CONFIRMATIONS = 2
/** So many looks at everything in a row have to show the same for it to be quiet. */
const QUIET_LOOKS = 3
const LOOK_MS = 300
/** Debts that go round and round never end. */
const MOST_LOOKS = 500

type SettlementOptions = NonNullable<NonNullable<ConnectorConfig['chainProviders']>[number]['settlementOptions']>

/** A channel as the admin API shows it. */
export interface Channel {
  channelId: string
  peerId: Name
  status: string
  deposit: string
  theirDeposit: string
  transferred: string
  nonce: string
  theirTransferred: string
  theirNonce: string
  redeemed: string
}

export interface State {
  peerId: Name
  state: string
  reachable: boolean
  prepaid: string
  headroom: string
}

/** What is left of an amount at each hop from its sender on: a node keeps its fee, rounded up. */
export function amountsOnTheWay (amount: bigint): [sent: bigint, first: bigint, second: bigint] {
  const kept = (of: bigint): bigint => of * BigInt(100 - FEE_PERCENT) / 100n
  return [amount, kept(amount), kept(kept(amount))]
}

export class Network {
  readonly traffic: Traffic
  chain!: Chain
  token!: Deployed
  contract!: Deployed
  nodes!: Record<Name, NodeProcess>
  readonly #cleanups: Array<() => Promise<unknown>> = []

  constructor (random: Random, private readonly options: SettlementOptions) {
    this.traffic = new Traffic(random)
  }

  /** @param chainOptions of anvil */
  async start (...chainOptions: string[]): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-settlement-'))
    this.#cleanups.push(() => rm(directory, { recursive: true, force: true }))
    const handlerUrl = await this.traffic.open()
    this.#cleanups.push(() => this.traffic.close())
    const chain = this.chain = await startChain('--block-time', BLOCK_SECS, ...chainOptions)
    this.#cleanups.push(() => chain.stop());
    ({ token: this.token, network: this.contract } = await this.chain.createNetwork(6))
    for (const name of NAMES) await this.token.send(accounts[0]!.address, 'mint', addressOf(name), TOKENS)
    const ports = { alice: await freePort(), hub: await freePort(), carol: await freePort() }
    const make = async (name: Name): Promise<NodeProcess> => {
      const config = await this.#configOf(name, ports, handlerUrl)
      const node = new NodeProcess(config, join(directory, name), { EVM_KEY: accountOf(name).privateKey })
      this.#cleanups.push(() => node.abandon())
      return node
    }
    this.nodes = { alice: await make('alice'), hub: await make('hub'), carol: await make('carol') }
    await this.startNodes()
  }

  async startNodes (change?: (config: ConnectorConfig) => void): Promise<void> {
    await Promise.all(NAMES.map(name => this.nodes[name].start(change)))
    await until(() => this.#isHealthy())
  }

  async stopNodes (): Promise<void> {
    await Promise.all(NAMES.map(name => this.nodes[name].stop()))
  }

  /** What the nodes have printed, for whoever looks into a failure. */
  get said (): string {
    return NAMES.map(name => `${name} said:\n${this.nodes[name].output}`).join('\n')
  }

  /** Of a test that is over, whatever its end. */
  async end (): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup()
  }

  /** Begins to pay, so many packets from each end at once. Neighbours pay the net: whoever is to send claims must send more packets. */
  pay (atOnce: Record<End, number>): void {
    const { alice, carol } = this.nodes
    this.traffic.start({ alice: alice.adminUrl, carol: carol.adminUrl }, atOnce)
  }

  /** The same until `count` more packets have come to their end. */
  async payFor (count: number, atOnce: Record<End, number>): Promise<void> {
    const before = this.traffic.done
    this.pay(atOnce)
    await until(() => this.traffic.done - before >= count)
    await this.traffic.stop()
  }

  async channelsOf (name: Name): Promise<Channel[]> {
    const listed = await this.nodes[name].get<Array<{ channelId: string }>>('/channels')
    return await Promise.all(listed.map(({ channelId }) => this.nodes[name].get<Channel>(`/channels/${channelId}`)))
  }

  async statesOf (name: Name): Promise<State[]> {
    return await this.nodes[name].get<State[]>('/settlement/states')
  }

  /** What the node has gained outside channels since the beginning. */
  async gained (name: Name): Promise<bigint> {
    return await this.token.read('balanceOf', addressOf(name)) - TOKENS
  }

  /** The same, with what it has put into a channel: that may be filled up at any time. */
  async gainedWith (name: Name, channelId: string): Promise<bigint> {
    const [{ deposit }, gained] = [await this.contract.readAll('participants', channelId, addressOf(name)), await this.gained(name)]
    return gained + (deposit as bigint)
  }

  /** Nodes are restarted so that they pay whatever they owe. Resolves when nobody owes anybody anything and each has the other's claims. */
  async settleUp (): Promise<void> {
    await this.stopNodes()
    await this.startNodes(({ chainProviders: [provider] = [] }) => {
      if (provider !== undefined) provider.settlementOptions = { ...provider.settlementOptions, timeBasedIntervalMs: 1000 }
    })
    let before = ''
    let quietLooks = 0
    let looks = 0
    await until(async () => {
      const [isEven, now] = await this.#look()
      quietLooks = isEven && now === before ? quietLooks + 1 : 0
      before = now
      if (looks++ > MOST_LOOKS) throw new Error(`the nodes do not come to rest, at last they said\n${now}`)
      return quietLooks >= QUIET_LOOKS
    }, LOOK_MS)
  }

  /** Closes all channels, each pair by another side. Resolves to how many there were. Rejects when one is not closed together. */
  async closeTogether (): Promise<number> {
    let count = 0
    for (const [name, peerId] of [['alice', 'hub'], ['hub', 'carol']] as const) {
      for (const channel of (await this.channelsOf(name)).filter(({ peerId: id, status }) => id === peerId && status === 'open')) {
        const { status, body } = await this.nodes[name].ask('POST', `/channels/${channel.channelId}/close`, {})
        const closed = Object(body) as { status?: string }
        if (status !== 200 || closed.status !== 'settled') throw new Error(`${name} did not close a channel with ${peerId}: ${JSON.stringify(body)}`)
        await until(async () => (await this.nodes[peerId].get<Channel>(`/channels/${channel.channelId}`)).status === 'settled')
        count++
      }
    }
    return count
  }

  /** How often the contract has said this. */
  async events (name: string): Promise<number> {
    const topics = [this.contract.iface.getEvent(name)?.topicHash ?? '']
    return (await this.chain.provider.getLogs({ address: this.contract.address, fromBlock: 0, topics })).length
  }

  /** Whether nobody owes more than it has paid ahead, or does anything, and what it all looks like. */
  async #look (): Promise<[boolean, string]> {
    const looks = await Promise.all(NAMES.map(async name => {
      const peers = peersOf(name)
      const [balances, states, channels] = await Promise.all([
        Promise.all(peers.map(peer => this.nodes[name].balance(peer))), this.statesOf(name), this.channelsOf(name)
      ])
      const ahead = (peer: string): bigint => BigInt(states.find(({ peerId }) => peerId === peer)?.prepaid ?? '0')
      const isEven = balances.every((balance, i) => balance + ahead(peers[i]!) >= 0n) && states.every(({ state, reachable }) => state === 'IDLE' && reachable)
      return { isEven, text: JSON.stringify([balances.map(String), states.map(({ prepaid }) => prepaid), channels.map(shown)]), channels }
    }))
    const all = looks.flatMap(({ channels }) => channels).filter(({ status }) => status !== 'settled')
    const isDelivered = all.every(channel => all.some(other =>
      other !== channel && other.channelId === channel.channelId && other.theirTransferred === channel.transferred))
    return [looks.every(({ isEven }) => isEven) && isDelivered, looks.map(({ text }) => text).join('\n')]
  }

  async #isHealthy (): Promise<boolean> {
    const peers = await Promise.all(NAMES.map(name => this.nodes[name].get<{ peers: Array<{ connected: boolean }> }>('/peers')))
    return peers.every(list => list.peers.every(({ connected }) => connected))
  }

  async #configOf (nodeId: Name, ports: Record<Name, number>, handlerUrl: string): Promise<ConnectorConfig> {
    return {
      nodeId,
      btpServerPort: ports[nodeId],
      healthCheckPort: await freePort(),
      adminApi: { enabled: true, port: await freePort(), host: '127.0.0.1' },
      localDelivery: { enabled: true, handlerUrl },
      logLevel: 'warn',
      settlement: { connectorFeePercentage: FEE_PERCENT, creditLimits: { defaultLimit: '20000' } },
      chainProviders: [{
        chainType: 'evm',
        chainId: CHAIN,
        rpcUrl: this.chain.url,
        registryAddress: this.chain.registry.address,
        tokenAddress: this.token.address,
        keyId: '${EVM_KEY}',
        settlementOptions: {
          threshold: '200', initialDeposit: '3000', redeemThreshold: '2500', pollingIntervalMs: 200, confirmations: CONFIRMATIONS,
          settlementTimeoutSecs: CHALLENGE_SECS, ...this.options
        }
      }],
      peers: peersOf(nodeId).map(id => ({
        id, url: `ws://127.0.0.1:${ports[id]}`, authToken: 'secret', chain: CHAIN, evmAddress: addressOf(id)
      })),
      routes: nodeId === 'hub'
        ? [{ prefix: 'g.alice', nextHop: 'alice' }, { prefix: 'g.carol', nextHop: 'carol' }]
        : [{ prefix: 'g', nextHop: 'hub' }]
    }
  }
}

export function peersOf (name: Name): Name[] {
  return name === 'hub' ? ['alice', 'carol'] : ['hub']
}

function addressOf (name: Name): string {
  return accountOf(name).address
}

function accountOf (name: Name): typeof accounts[number] {
  return accounts[NAMES.indexOf(name) + 1]!
}

function shown ({ channelId, status, deposit, theirDeposit, transferred, theirTransferred }: Channel): unknown {
  return { channelId, status, deposit, theirDeposit, transferred, theirTransferred }
}
