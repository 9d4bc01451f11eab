/**
 * Two whole connectors that settle over payment channels of a real chain, and whoever runs one of them: it says, signs and sends what it
 * likes. Stories about money are judged by what the chain paid out, by the books of both, and by what their applications got.
 */
import { expect } from 'chai'
import reductModule, { type Injector } from 'reduct'
import { accounts, CHAIN_ID, startChain, type Chain, type Deployed } from '../../examples/evm-chain.js'
import { freePort } from '../../examples/free-port.js'
import { EvmClaims } from '../../plugins/evm/claims.js'
import { rawKeyOf } from '../../plugins/evm/chain/signer.js'
import type SettlingPlugin from '../../plugins/lib/channels/index.js'
import { CHANNEL_PROTOCOL, CLAIM_PROTOCOL } from '../../plugins/lib/channels/messages.js'
import { Accounts } from '../../src/accounts/accounts.js'
import { createApp, type App } from '../../src/connector/connector.js'
import { LedgerService } from '../../src/ledger/service.js'
import { describeError } from '../../src/lib/describe-error.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import type { ChannelDetails } from '../../src/contracts/channels.js'
import type { Transport } from '../../src/contracts/transport.js'
import type { AccountBalance } from '../../src/contracts/ledger.js'
import { outcomeOf, prepare } from './packets.js'
import { TestPlugin } from './test-plugin.js'
import { applicationAccount, settlingNode } from './evm/connectors.js'
import { eventually, pause } from './waiting.js'

/** What each key has of a token before a story. */
export const TOKENS = 10n ** 12n
export const HOUR = 3600
const STARTING_MS = 120_000
const LOOK_EVERY_MS = 25
const SECRET = 'token'

/** What carries claims to the other side. */
export type ClaimCarrier = Pick<Transport, 'sendMessage'>

/** A claim by itself. `taken`, or why not. */
export async function tellClaim (transport: ClaimCarrier, claim: string): Promise<string> {
  const sending = transport.sendMessage([{ protocolName: CLAIM_PROTOCOL, contentType: 1, data: Buffer.from(claim) }])
  return await sending.then(() => 'taken', describeError)
}

/** A packet with a claim. `fulfill`, or the code of the Reject. */
export async function payWithClaim (transport: ClaimCarrier, claim: string, destination: string, amount: bigint): Promise<string> {
  const answer = await transport.sendMessage([
    { protocolName: 'ilp', contentType: 0, data: prepare({ destination, amount }) },
    { protocolName: CLAIM_PROTOCOL, contentType: 1, data: Buffer.from(claim) }
  ])
  return outcomeOf(answer.find(({ protocolName }) => protocolName === 'ilp')?.data ?? Buffer.alloc(1))
}

/** What a connector is configured with; a story says what differs from the usual. */
export interface Setting {
  /** Id of the account with the other connector. */
  account: string
  /** Index of our key, and of the one that we think the peer has, in `accounts`. */
  key: number
  peerKey: number
  assetScale: number
  decimals: number
  /** Another chain, contract or token than the story's. */
  chain: Record<string, unknown>
  options: Record<string, unknown>
  balance: AccountInfo['balance']
  /** Accounts beside that one and the application's. */
  others: Record<string, AccountInfo>
}

const USUAL: Omit<Setting, 'key' | 'peerKey'> = {
  account: 'peer',
  assetScale: 9,
  decimals: 9,
  chain: {},
  options: {},
  balance: { maximum: '1000000000', settleThreshold: '-1000', settleTo: '0' },
  others: {}
}

/** One connector as long as its process runs; the next one goes on with what is on disk. */
export class Connector {
  readonly app: App
  readonly container: Injector = reductModule.default()
  readonly local = new TestPlugin()
  /** With another scale it is another application: nobody converts what it is owed. */
  readonly localId: string

  constructor (readonly duo: Duo, readonly index: number, readonly setting: Setting, readonly entries: Map<string, string>) {
    const { account, assetScale, others } = setting
    this.localId = `local${assetScale}`
    this.app = createApp({
      ...settlingNode(index, entries),
      accounts: { [account]: this.info(), [this.localId]: applicationAccount(this.local, assetScale), ...others },
      routes: [{ targetPrefix: `test.n${1 - index}`, peerId: account }, { targetPrefix: `test.n${index}.local`, peerId: this.localId }]
    }, this.container)
  }

  get plugin (): SettlingPlugin {
    const plugin: unknown = this.container(Accounts).getPlugin(this.setting.account)
    return plugin as SettlingPlugin
  }

  book (account = this.setting.account): AccountBalance | undefined {
    return this.container(LedgerService).ledger.balanceOf(account)
  }

  /** Positive: it owes us. */
  get balance (): bigint {
    return this.book()?.balance ?? 0n
  }

  /** What our application was paid, less what it has paid. */
  get delivered (): bigint {
    return -(this.book(this.localId)?.balance ?? 0n)
  }

  /** Nothing is owed to the peer, and no settlement is under way. */
  get isEven (): boolean {
    return this.balance === 0n && this.book()?.settlement === undefined
  }

  /** The newest first. */
  async channels (): Promise<ChannelDetails[]> {
    return await this.plugin.channels().list()
  }

  /** What an application of ours pays one of the other's. `fulfill`, or the code of the Reject. */
  async pay (amount: bigint): Promise<string> {
    return outcomeOf(await this.local.receive(prepare({ destination: `test.n${1 - this.index}.local`, amount })))
  }

  /** A message about channels, as any peer can send it. Rejects with what the other says. */
  async say (message: Record<string, unknown>): Promise<Record<string, unknown>> {
    const data = Buffer.from(JSON.stringify(message, (_, value: unknown) => typeof value === 'bigint' ? String(value) : value))
    const answer = await this.plugin.transport.sendMessage([{ protocolName: CHANNEL_PROTOCOL, contentType: 2, data }])
    return JSON.parse(String(answer.find(({ protocolName }) => protocolName === CHANNEL_PROTOCOL)?.data)) as Record<string, unknown>
  }

  /** A claim by itself. `taken`, or why not. */
  async tell (claim: string): Promise<string> {
    return await tellClaim(this.plugin.transport, claim)
  }

  /** A packet with a claim. `fulfill`, or the code of the Reject. */
  async payWith (claim: string, amount: bigint): Promise<string> {
    return await payWithClaim(this.plugin.transport, claim, `test.n${1 - this.index}.local`, amount)
  }

  /** Answers messages about channels as whoever runs this connector likes. */
  answers (answer: (message: Record<string, unknown>) => Record<string, unknown> | Promise<Record<string, unknown>>): void {
    this.plugin.transport.deregisterProtocolHandler(CHANNEL_PROTOCOL)
    this.plugin.transport.registerProtocolHandler(CHANNEL_PROTOCOL, async ({ data }) => {
      const said = await answer(JSON.parse(data.toString()) as Record<string, unknown>)
      const text = JSON.stringify(said, (_, value: unknown) => typeof value === 'bigint' ? String(value) : value)
      return [{ protocolName: CHANNEL_PROTOCOL, contentType: 2, data: Buffer.from(text) }]
    })
  }

  /** The account as it is configured. */
  info (): AccountInfo {
    const { duo, index, setting: { key, peerKey, assetScale, decimals, chain, options, balance } } = this
    const link = index === 0
      ? { server: `btp+ws://:${SECRET}@127.0.0.1:${duo.port}`, reconnectIntervals: [0, 20] }
      : { listener: { port: duo.port, host: '127.0.0.1', secret: SECRET } }
    return {
      relation: 'peer',
      plugin: 'evm',
      assetCode: 'TOK',
      assetScale,
      balance,
      options: {
        chain: { ...duo.chainOptions(accounts[key]!.privateKey), tokenDecimals: decimals, ...chain },
        peerAddress: accounts[peerKey]!.address,
        initialDeposit: '100000',
        settlementTimeoutSecs: HOUR,
        pollingIntervalMs: 100,
        idleCloseSecs: 0,
        ...link,
        ...options
      }
    }
  }
}

/** Node 0 dials node 1. Where one of them is the villain it is node 0, with key 1. */
export class Duo {
  token!: Deployed
  network!: Deployed
  port = 0
  readonly nodes: Connector[] = []
  readonly #settings: [Setting, Setting]

  constructor (readonly chain: Chain, both: Partial<Setting> = {}, ...each: Array<Partial<Setting>>) {
    this.#settings = [
      { ...USUAL, key: 1, peerKey: 2, ...both, ...each[0] },
      { ...USUAL, key: 2, peerKey: 1, ...both, ...each[1] }
    ]
  }

  get first (): Connector {
    return this.nodes[0]!
  }

  get second (): Connector {
    return this.nodes[1]!
  }

  async start (): Promise<this> {
    const contracts = await this.chain.createNetwork(this.#settings[1].decimals)
    for (const { address } of accounts.slice(1, 5)) await contracts.token.send(accounts[0]!.address, 'mint', address, TOKENS)
    return await this.startWith(contracts, [new Map<string, string>(), new Map<string, string>()])
  }

  /** With contracts that are there, and with what is on the disks of both. */
  async startWith ({ token, network }: { token: Deployed, network: Deployed }, entries: Array<Map<string, string>>): Promise<this> {
    this.token = token
    this.network = network
    this.port = await freePort()
    for (const index of [0, 1]) this.make(index, entries[index])
    await Promise.all(this.nodes.map(({ app }) => app.listen()))
    await this.connected()
    return this
  }

  /** Changes the configuration of a connector for good, and makes one that is not started. */
  make (index: number, entries = new Map<string, string>(), changes: Partial<Setting> = {}): Connector {
    const setting = this.#settings[index] = { ...this.#settings[index]!, ...changes }
    return this.nodes[index] = new Connector(this, index, setting, entries)
  }

  /** Ends a connector in good order and starts it with what is on disk (or `entries`) and another configuration. */
  async restart (index: number, changes: Partial<Setting> = {}, entries?: Map<string, string>): Promise<Connector> {
    const old = this.nodes[index]!
    await old.app.shutdown()
    const node = this.make(index, entries ?? new Map(old.entries), changes)
    await node.app.listen()
    await this.connected()
    return node
  }

  async connected (): Promise<void> {
    await eventually('the two are connected', () => this.nodes.every(({ plugin }) => plugin.isConnected()))
  }

  /** Resolves when nobody owes anybody. */
  async even (): Promise<void> {
    await eventually('nobody owes anybody', () => this.nodes.every(({ isEven }) => isEven))
  }

  /** The claims and consents of a key. */
  codec (key: number, network = this.network, token = this.token): EvmClaims {
    return new EvmClaims({ chainId: BigInt(CHAIN_ID), tokenNetwork: network.address.toLowerCase(), token: token.address.toLowerCase() },
      rawKeyOf(accounts[key]!.privateKey))
  }

  async claim (key: number, channelId: string, nonce: bigint, amount: bigint): Promise<string> {
    return (await this.codec(key).make({ channelId, nonce, total: amount, senderId: 'somebody' })).text
  }

  /** The holder of a key opens a channel and puts something in, without any connector. */
  async openBy (key: number, peerKey: number, deposit: bigint, challengeSecs = HOUR): Promise<string> {
    const [own, peer] = [accounts[key]!.address, accounts[peerKey]!.address]
    const { events = [] } = await this.send(key, 'openChannel', peer, challengeSecs)
    const channelId = String(events.find(({ name }) => name === 'ChannelOpened')?.args[0])
    await this.token.send(own, 'approve', this.network.address, TOKENS)
    if (deposit > 0n) await this.send(key, 'setTotalDeposit', channelId, own, deposit)
    return channelId
  }

  /** The holder of a key calls the contract, and succeeds. */
  async send (key: number, method: string, ...args: unknown[]): Promise<{ events?: Array<{ name: string, args: ArrayLike<unknown> }> }> {
    const outcome = await this.network.send(accounts[key]!.address, method, ...args)
    expect(outcome.error, method).to.equal(undefined)
    return outcome.error === undefined ? { events: outcome.events } : {}
  }

  /** What the chain says that a key has won or lost. */
  async won (key: number, token = this.token): Promise<bigint> {
    return await token.read('balanceOf', accounts[key]!.address) - TOKENS
  }

  chainOptions (keyId: string): Record<string, unknown> {
    return {
      chainId: CHAIN_ID,
      rpcUrl: this.chain.url,
      registryAddress: this.chain.registry.address,
      tokenAddress: this.token.address,
      keyId,
      confirmations: 1
    }
  }

  /** A node closes all its channels by challenge, without anybody's help, and waits until the chain has paid out both. */
  async leave (node: Connector): Promise<void> {
    for (const { channelId, status } of await node.channels()) {
      if (status === 'open' || status === 'closing') await node.plugin.channels().close(channelId, { cooperative: false })
    }
    await eventually('all claims are redeemed, as there is time for', async () => {
      const channels = await Promise.all(this.nodes.map(each => each.channels()))
      return channels.flat().every(({ theirTransferred, redeemed }) => theirTransferred === redeemed)
    })
    const longest = Math.max(0, ...(await node.channels()).map(({ settlementTimeout }) => settlementTimeout))
    await this.chain.pass(longest + 60)
    await eventually('nothing of anybody is in any channel', () => this.nodes.every(({ plugin }) => plugin.unsettled().length === 0))
  }

  async stop (): Promise<void> {
    await Promise.all(this.nodes.map(({ app }) => app.shutdown()))
  }
}

interface OnOneChain {
  chain: () => Chain
  start: (...settings: Array<Partial<Setting>>) => Promise<Duo>
  /** The first has paid the second `amount` with a claim that is not redeemed. Nobody owes anybody. */
  startPaid: (amount: bigint) => Promise<Duo>
}

/** For the surrounding `describe`: one chain, and ways to make two connectors, which are stopped after the test. */
export function onOneChain (...args: string[]): OnOneChain {
  let chain: Chain | undefined
  const duos: Duo[] = []
  before(async function () {
    this.timeout(STARTING_MS)
    chain = await startChain(...args)
  })
  afterEach(async () => { for (const duo of duos.splice(0)) await duo.stop() })
  after(() => chain?.stop())
  const start = async (...settings: Array<Partial<Setting>>): Promise<Duo> => {
    const duo = new Duo(chain!, ...settings)
    duos.push(duo)
    return await duo.start()
  }
  return {
    chain: () => chain!,
    start,
    startPaid: async amount => {
      const duo = await start()
      expect(await duo.first.pay(amount)).to.equal('fulfill')
      await duo.even()
      return duo
    }
  }
}

/** Watches for something that must not come to be, for a few looks at the chain. */
export async function neverHappens (what: string, check: () => Promise<boolean> | boolean, forMs = 1500): Promise<void> {
  const end = Date.now() + forMs
  while (Date.now() < end) {
    if (await check()) throw new Error(`this has come to be: ${what}`)
    await pause(LOOK_EVERY_MS)
  }
}
