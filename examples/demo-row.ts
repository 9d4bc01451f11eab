/**
 * What every demo of settlement shows, on its own chain: alice - hub - bob, three nodes in a row. alice and bob pay each other over hub,
 * 100 payments of 10 one way and 50 of 5 the other, which are a net of 750.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConnectorNode, type ConnectorConfig } from '../src/index.js'
import { fund, owed, pay, say, settle } from './demo-steps.js'
import { freePort } from './free-port.js'

export interface Party {
  name: string
  btpPort: number
  healthPort: number
}

type Provider = NonNullable<ConnectorConfig['chainProviders']>[number]
type Address = Partial<NonNullable<ConnectorConfig['peers']>[number]>

/** How the parties of a demo settle. */
interface Settling<P extends Party> {
  /** The entry of `chainProviders` of a node. */
  provider: (party: P) => Provider
  /** What the others know of it: `chain`, and its address there. */
  address: (party: P) => Address
}

/** Each with what it has on the chain of the demo. */
export async function threeParties<Own> (own: (name: string, place: number) => Own | Promise<Own>): Promise<Array<Own & Party>> {
  return Promise.all(['alice', 'hub', 'bob'].map(async (name, place) =>
    ({ ...await own(name, place), name, btpPort: await freePort(), healthPort: await freePort() })))
}

/**
 * Plays a demo, and takes away what it leaves: nodes, data, and what `atEnd` was told of. Ends the process when it takes too long.
 * @param play gets a folder for the data of its nodes
 */
export async function demo (name: string, giveUpMs: number, play: (stage: Stage) => Promise<void>): Promise<void> {
  const dataPath = await mkdtemp(join(tmpdir(), `sluice-demo-${name}-`))
  const stage = new Stage(dataPath)
  const late = setTimeout(() => {
    process.stderr.write('the demo did not finish in time\n')
    void stage.end().finally(() => process.exit(1))
  }, giveUpMs).unref()
  try {
    await play(stage)
  } finally {
    clearTimeout(late)
    await stage.end()
    await rm(dataPath, { recursive: true })
  }
}

class Stage {
  readonly #ends: Array<() => unknown> = []

  constructor (private readonly dataPath: string) {}

  /** The last to be added is the first to be called. */
  atEnd (end: () => unknown): void {
    this.#ends.push(end)
  }

  async end (): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end()
  }

  /** Starts the nodes of three parties, each of which peers with its neighbours. */
  async startRow<P extends Party> (parties: readonly P[], settling: Settling<P>): Promise<Row> {
    say('Starting three nodes: alice - hub - bob ...')
    const nodes = parties.map((party, place) => this.#nodeOf(party, parties.filter((_, other) => Math.abs(other - place) === 1), settling))
    this.atEnd(() => Promise.all(nodes.map(node => node.stop())))
    await Promise.all(nodes.map(node => node.start()))
    return new Row(nodes)
  }

  #nodeOf<P extends Party> (party: P, peers: readonly P[], { provider, address }: Settling<P>): ConnectorNode {
    const { name, btpPort: btpServerPort, healthPort: healthCheckPort } = party
    const config: ConnectorConfig = {
      nodeId: name,
      btpServerPort,
      healthCheckPort,
      logLevel: 'error',
      dataPath: this.dataPath,
      settlement: { connectorFeePercentage: 0 },
      chainProviders: [provider(party)],
      peers: peers.map(peer => ({ id: peer.name, url: `ws://127.0.0.1:${peer.btpPort}`, authToken: 'demo', ...address(peer) })),
      routes: peers.map(peer => ({ prefix: peer.name === 'hub' ? 'g' : `g.${peer.name}`, nextHop: peer.name }))
    }
    const silent = (): void => undefined
    return new ConnectorNode(config, { debug: silent, info: silent, warn: silent, error: line => { say(`  [${name}] ${JSON.stringify(line)}`) } })
  }
}

class Row {
  /** Each pays its neighbours. */
  readonly #ways: ReadonlyArray<readonly [node: ConnectorNode, peerId: string]>

  constructor (readonly nodes: readonly ConnectorNode[]) {
    const [alice, hub, bob] = nodes
    if (alice === undefined || hub === undefined || bob === undefined) throw new Error('a row has three nodes.')
    this.#ways = [[alice, 'hub'], [hub, 'bob'], [bob, 'hub'], [hub, 'alice']]
  }

  /** @param deposit what is put in for each way, base units */
  async fundChannels (deposit: bigint): Promise<void> {
    for (const [node, peerId] of this.#ways) await fund(node, peerId, deposit)
  }

  /** @param unit what the amounts are multiples of, base units */
  async payBothWays (unit = 1n): Promise<void> {
    const [alice, , bob] = this.nodes
    if (alice === undefined || bob === undefined) return
    say('Paying: alice to bob 100 times 10, bob to alice 50 times 5 ...')
    await Promise.all([pay(alice, 'g.bob', 10n * unit, 100), pay(bob, 'g.alice', 5n * unit, 50)])
  }

  /** The most that one owes another, base units. */
  async largestDebt (): Promise<bigint> {
    const debts = await Promise.all(this.#ways.map(([node, peerId]) => owed(node, peerId)))
    return debts.reduce((a, b) => a > b ? a : b, 0n)
  }

  async settleAll (): Promise<void> {
    for (const [node, peerId] of this.#ways) await settle(node, peerId)
  }

  /** Each node ends the channels that are its to end. */
  async closeAll (): Promise<void> {
    for (const node of this.nodes) {
      for (const { channelId, status } of await node.channelManager.list()) {
        if (status === 'open') await node.channelManager.close(channelId).catch(() => undefined) // its other end was quicker
      }
    }
  }

  /**
   * For channels that pay both ways: alice and bob's are each closed once, by the node before.
   * @param wordsOf what the chain says of the transaction; undefined where the peer has made it
   */
  async closeBoth (wordsOf: (txId: string | undefined) => Promise<string>): Promise<void> {
    for (const [node, peerId] of this.#ways.slice(0, 2)) {
      const { channelId } = await node.getChannelState(peerId)
      const { txId } = await node.channelManager.close(channelId)
      say(`  ${node.config.nodeId} and ${peerId}: ${await wordsOf(txId)}`)
    }
  }
}
