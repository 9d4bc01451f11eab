/** Whole connectors in a line, each pair of neighbours with an account that settles over payment channels of one real chain. */
import { createApp, type App } from '../../../src/connector/connector.js'
import { LedgerService } from '../../../src/ledger/service.js'
import type { AccountInfo } from '../../../src/contracts/account.js'
import type { PluginInstance } from '../../../src/contracts/plugin.js'
import { Accounts } from '../../../src/accounts/accounts.js'
import { freePort } from '../../../examples/free-port.js'
import reductModule, { type Injector } from 'reduct'
import { MEMORY_STORE } from '../connector.js'
import { TestPlugin } from '../test-plugin.js'
import { outcomeOf, prepare } from '../packets.js'
import { accounts, CHAIN_ID, type Chain, type Deployed } from '../../../examples/evm-chain.js'

const TOKENS = 10n ** 12n

export interface LineOptions {
  count: number
  /** Of each settling account. */
  options?: Record<string, unknown>
  balance?: AccountInfo['balance']
  assetScale?: number
  decimals?: number
}

/** What all nodes are configured with that settle on a chain of a test. `entries` is what is on disk. */
export function settlingNode (index: number, entries: Map<string, string>): Record<string, unknown> {
  return {
    ilpAddress: `test.n${index}`,
    backend: 'one-to-one',
    spread: 0,
    store: MEMORY_STORE,
    storeConfig: { entries },
    routeBroadcastEnabled: false,
    initialConnectTimeout: 10_000,
    maxHoldTime: 60_000
  }
}

/** An application at such a node. */
export function applicationAccount (plugin: TestPlugin, assetScale: number): AccountInfo {
  return { relation: 'child', plugin, assetCode: 'TOK', assetScale, balance: { maximum: '1000000000' } }
}

export class Node {
  readonly container: Injector = reductModule.default()
  readonly app: App
  readonly local = new TestPlugin()

  /** @param entries what is on disk: one that is started with the entries of another goes on where that one was */
  constructor (
    readonly index: number, accountsOf: Record<string, AccountInfo>, routes: Array<{ targetPrefix: string, peerId: string }>,
    readonly entries = new Map<string, string>()
  ) {
    const { assetScale } = (accountsOf.left ?? accountsOf.right)!
    this.app = createApp({
      ...settlingNode(index, entries),
      accounts: { ...accountsOf, local: applicationAccount(this.local, assetScale) },
      routes: [...routes, { targetPrefix: `test.n${index}.local`, peerId: 'local' }]
    }, this.container)
  }

  plugin (side: 'left' | 'right'): PluginInstance {
    return this.container(Accounts).getPlugin(side)
  }

  /** Positive: the neighbour owes us. */
  balance (side: 'left' | 'right' | 'local'): bigint {
    return this.container(LedgerService).ledger.balanceOf(side)?.balance ?? 0n
  }
}

export class Line {
  readonly nodes: Node[] = []
  token!: Deployed
  network!: Deployed
  readonly #ports: number[] = []

  #rpcUrl: string

  constructor (readonly chain: Chain, readonly options: LineOptions) {
    this.#rpcUrl = chain.url
  }

  async start (): Promise<this> {
    const { count, decimals = 9 } = this.options;
    ({ token: this.token, network: this.network } = await this.chain.createNetwork(decimals))
    for (const { address } of accounts.slice(1, count + 1)) await this.token.send(accounts[0]!.address, 'mint', address, TOKENS)
    for (let i = 0; i < count; i++) this.#ports.push(await freePort())
    for (let i = 0; i < count; i++) this.nodes.push(this.make(i))
    await Promise.all(this.nodes.map(({ app }) => app.listen()))
    return this
  }

  /**
   * A node's connections are cut in the middle of what they do; what it does afterwards is lost, and another node goes on with what was on
   * disk then, with the chain at `rpcUrl`.
   */
  async restart (index: number, rpcUrl = this.chain.url): Promise<void> {
    const old = this.nodes[index]!
    const settling = (['left', 'right'] as const).filter(side => old.container(Accounts).exists(side))
    await Promise.all(settling.map(side => old.plugin(side).disconnect()))
    const entries = new Map(old.entries)
    await old.app.shutdown()
    this.#rpcUrl = rpcUrl
    const node = this.nodes[index] = this.make(index, entries)
    await node.app.listen()
  }

  make (index: number, entries?: Map<string, string>): Node {
    const { count, balance = { maximum: '1000000', settleThreshold: '-1000', settleTo: '0' }, assetScale = 9 } = this.options
    const settling = (peer: number, options: Record<string, unknown>): AccountInfo => ({
      relation: 'peer', plugin: 'evm', assetCode: 'TOK', assetScale, balance, options: { ...this.#settlement(index, peer), ...options }
    })
    const left = index === 0 ? {} : {
      left: settling(index - 1, { server: `btp+ws://:token@127.0.0.1:${this.#ports[index]}`, reconnectIntervals: [0, 20] })
    }
    const right = index === count - 1 ? {} : { right: settling(index + 1, { listener: { port: this.#ports[index + 1]!, secret: 'token' } }) }
    const routes = Array.from({ length: count }, (_, i) => i).filter(i => i !== index)
      .map(i => ({ targetPrefix: `test.n${i}`, peerId: i < index ? 'left' : 'right' }))
    return new Node(index, { ...left, ...right }, routes, entries)
  }

  /** Resolves to how many were fulfilled. */
  async pay (from: number, to: number, amounts: readonly bigint[]): Promise<number> {
    const destination = `test.n${to}.local`
    const answers = await Promise.all(amounts.map(amount => this.nodes[from]!.local.receive(prepare({ destination, amount }))))
    return answers.filter(answer => outcomeOf(answer) === 'fulfill').length
  }

  /** What the chain says that a node has won or lost, when all its channels are over. */
  async won (index: number): Promise<bigint> {
    return await this.token.read('balanceOf', accounts[index + 1]!.address) - TOKENS
  }

  async stop (): Promise<void> {
    await Promise.all(this.nodes.map(({ app }) => app.shutdown()))
  }

  #settlement (index: number, peer: number): Record<string, unknown> {
    const { chain, token, options: { decimals = 9, options } } = this
    return {
      chain: {
        chainId: CHAIN_ID,
        rpcUrl: this.#rpcUrl,
        registryAddress: chain.registry.address,
        tokenAddress: token.address,
        keyId: accounts[index + 1]!.privateKey,
        tokenDecimals: decimals,
        confirmations: 1
      },
      peerAddress: accounts[peer + 1]!.address,
      initialDeposit: '100000',
      settlementTimeoutSecs: 3600,
      pollingIntervalMs: 100,
      idleCloseSecs: 0,
      ...options
    }
  }
}
