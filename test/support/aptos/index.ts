/**
 * A stand-in for an Aptos chain and its nodes, for tests and demos: it speaks the REST API over HTTP, so that the real SDK
 * (`@aptos-labs/ts-sdk` 3.1.3) works with it. No Aptos node has been used; its rules are those of the documents and sources of Aptos, and
 * of the Move module in `plugins/aptos/move`, which runs the same cases (`cases.json`).
 *
 *     const chain = await startAptos()                        // a block every 20 ms; with { blockMs: undefined } only by `chain.block()`
 *     chain.url                                               // `http://127.0.0.1:…/v1`
 *     chain.code                                              // where the channel module is published, immutable
 *     chain.fund(address, 100_000_000n)                       // APT, for gas; makes the account
 *     chain.fund(address, 5_000_000n, chain.asset)            // a plain asset with 6 decimals
 *     chain.balance(address, chain.asset)
 *     chain.channel(id)                                       // what the chain knows of it
 *     chain.advance(86_400)                                   // seconds; makes a block
 *     chain.newAsset({ decimals: 6, hooks: { fee: 1n, isBroken: false } })
 *     chain.freeze(address, chain.asset), chain.burn(store, chain.asset, 1n)
 *     chain.fateOf = tx => 'dropped'                          // or 'pending', 'aborts'
 *     chain.faults.add({ request: 'POST /transactions', does: 'loseAnswer', times: 1 })
 *     chain.faults.behind = 3; chain.node.standStill(); chain.faults.chainId = 2; chain.faults.clear()
 *     const other = await chain.anotherNode()                 // of the same chain, with faults of its own
 *     chain.storm(10_000n)                                    // price of a unit of gas from now on
 *     await chain.stop()
 *
 * Modelled: Ed25519 accounts, sequence numbers, expiration, gas, the mempool, blocks and versions, pruning, entry functions and views of
 * the channel module, publishing, plain and dispatchable fungible assets. Not modelled: other authenticators, orderless and script
 * transactions, the VM (rules are TypeScript), the real prices of gas, events by query, the indexer.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../package-root.js'
import { canonical, hexOf } from './bcs.js'
import { Chain, type Fate } from './chain.js'
import type { Asset, ChannelEntry, Package } from './ledger.js'
import { AptosNode, type NodeOptions } from './node.js'
import { sha3 } from './signatures.js'
import { APT, APT_COIN, balanceOf, burn, mint, primaryStoreOf } from './tokens.js'
import type { Transaction } from './transaction.js'

const TEST_CHAIN_ID = 147
const BLOCK_MS = 20
/** Where the module is published in tests: nodes print it without the zero in front. */
const CODE = `0x0${'511ce'.repeat(12)}511`
const PLACEHOLDER = Buffer.from('SLUICE-MODULE-ADDRESS-GOES-HERE!')
const PACKAGE: Package = { name: 'SluiceChannel', policy: 2, upgradeNumber: 0n, modules: ['core', 'channel'] }

export interface AptosOptions extends Partial<NodeOptions> {
  /** 1 mainnet, 2 testnet; 147 when absent. */
  chainId?: number
  /** A block by itself so often, in real ms (20); by `block` and `advance` alone when undefined. */
  blockMs?: number | undefined
  port?: number
  /** The module is not published yet. */
  isBare?: boolean
}

export class AptosStandIn {
  readonly node: AptosNode
  /** An account that has published the channel module. */
  readonly code = CODE
  /** A plain fungible asset with 6 decimals. */
  readonly asset: string
  private readonly nodes: AptosNode[] = []
  private assetsMade = 0
  private timer: NodeJS.Timeout | undefined

  constructor (readonly chain: Chain, private readonly options: NodeOptions) {
    this.node = this.newNode()
    chain.ledger.place(view => {
      view.set('asset', APT, { name: 'Aptos Coin', symbol: 'APT', decimals: 8 })
      view.set('paired', APT_COIN, APT)
    })
    this.asset = this.newAsset({ decimals: 6 })
  }

  get url (): string { return this.node.url }
  get faults (): AptosNode['faults'] { return this.node.faults }
  set fateOf (fateOf: (tx: Transaction) => Fate | undefined) { this.chain.fateOf = fateOf }

  async start ({ blockMs, port }: Pick<AptosOptions, 'blockMs' | 'port'>): Promise<void> {
    await this.node.start(port)
    if (blockMs !== undefined) this.timer = setInterval(() => { this.chain.block() }, blockMs)
  }

  /** Another node of the same chain. */
  async anotherNode (): Promise<AptosNode> {
    const node = this.newNode()
    await node.start()
    return node
  }

  async stop (): Promise<void> {
    clearInterval(this.timer)
    await Promise.all(this.nodes.map(node => node.stop()))
  }

  /** Makes a block now. */
  block (): void { this.chain.block() }

  /** The chain's clock jumps ahead. */
  advance (seconds: number): void { this.chain.advance(seconds) }

  /** Seconds, of the last block. */
  get now (): bigint { return this.chain.surroundings().now }

  /** Gives an address so many base units of APT, or of another asset, and an account. */
  fund (address: string, amount: bigint, asset = APT): void {
    const owner = canonical(address)
    this.chain.ledger.place(view => {
      view.set('account', owner, view.get('account', owner) ?? { sequence: 0n, authenticationKey: owner })
      mint(view, primaryStoreOf(owner, canonical(asset)), canonical(asset), amount)
    })
  }

  balance (address: string, asset = APT): bigint {
    return balanceOf(this.state, canonical(address), canonical(asset))
  }

  channel (id: string): ChannelEntry | undefined {
    return this.state.get('channel', canonical(id))
  }

  /** What a store holds: that of a channel has the channel's address. */
  inStore (store: string): bigint {
    return this.state.get('store', canonical(store))?.balance ?? 0n
  }

  /** @returns its address */
  newAsset ({ name = 'Test Dollar', symbol = 'TUSD', decimals = 6, hooks }: Partial<Asset>): string {
    const asset = hexOf(sha3(Buffer.from(`asset ${++this.assetsMade}`)))
    this.chain.ledger.place(view => { view.set('asset', asset, { name, symbol, decimals, hooks }) })
    return asset
  }

  /** Another behaviour of an asset's hooks, as hooks can have that depend on time. */
  setHooks (asset: string, hooks: Asset['hooks']): void {
    this.chain.ledger.place(view => {
      const former = view.get('asset', asset)
      if (former === undefined) throw new Error(`there is no asset ${asset}`)
      view.set('asset', asset, { ...former, hooks })
    })
  }

  /** An issuer freezes a store, or thaws it. */
  freeze (owner: string, asset: string, isFrozen = true): void {
    this.freezeStore(primaryStoreOf(canonical(owner), asset), asset, isFrozen)
  }

  freezeStore (store: string, asset: string, isFrozen = true): void {
    this.chain.ledger.place(view => {
      const former = view.get('store', canonical(store)) ?? { asset, balance: 0n }
      view.set('store', canonical(store), { ...former, isFrozen })
    })
  }

  /** An issuer burns what is in a store. */
  burn (store: string, asset: string, amount: bigint): void {
    this.chain.ledger.place(view => { burn(view, canonical(store), asset, amount) })
  }

  /** An account has another key from now on (`account::rotate_authentication_key`). */
  rotateKey (address: string, authenticationKey: string): void {
    this.chain.ledger.place(view => {
      const owner = canonical(address)
      view.set('account', owner, { sequence: view.get('account', owner)?.sequence ?? 0n, authenticationKey })
    })
  }

  /** Puts other bytecode or another policy in the place of the published, as an upgrade would. */
  upgrade ({ bytecode, policy = PACKAGE.policy }: { bytecode?: Uint8Array, policy?: number }): void {
    this.chain.ledger.place(view => {
      view.set('packages', CODE, [{ ...PACKAGE, policy, upgradeNumber: 1n }])
      if (bytecode !== undefined) view.set('module', `${CODE}::channel`, bytecode)
    })
  }

  /** The chain is busy: only transactions that pay so much for a unit of gas get into blocks, and nodes say so. */
  storm (gasPrice: bigint): void { this.chain.gasFloor = gasPrice }

  /** Publishes the committed bytecode at `code`. */
  publish (): void {
    const address = Buffer.from(CODE.slice(2), 'hex')
    this.chain.ledger.place(view => {
      for (const module of PACKAGE.modules) {
        const template = readFileSync(join(PACKAGE_ROOT, `plugins/aptos/move/${module}.mv`))
        view.set('module', `${CODE}::${module}`, replaced(template, address))
      }
      view.set('packages', CODE, [PACKAGE])
      view.set('account', CODE, { sequence: 0n, authenticationKey: CODE })
    })
  }

  private get state (): ReturnType<Chain['ledger']['at']> {
    return this.chain.ledger.at(this.chain.ledger.version)
  }

  private newNode (): AptosNode {
    const node = new AptosNode(this.chain, this.options)
    this.nodes.push(node)
    return node
  }
}

function replaced (template: Buffer, address: Uint8Array): Uint8Array {
  const bytecode = Buffer.from(template)
  for (let at = bytecode.indexOf(PLACEHOLDER); at !== -1; at = bytecode.indexOf(PLACEHOLDER)) bytecode.set(address, at)
  return bytecode
}

export async function startAptos (options: AptosOptions = {}): Promise<AptosStandIn> {
  const { chainId = TEST_CHAIN_ID, statelessAccounts = false, isBare = false, port } = options
  const standIn = new AptosStandIn(new Chain(chainId), { statelessAccounts })
  if (!isBare) standIn.publish()
  await standIn.start({ blockMs: 'blockMs' in options ? options.blockMs : BLOCK_MS, ...port === undefined ? {} : { port } })
  return standIn
}
