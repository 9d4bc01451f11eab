/** Two whole connectors that settle over the stand-in's ledger while their processes run: the next ones go on with what is on disk. */
import reductModule, { type Injector } from 'reduct'
import { freePort } from '../../../examples/free-port.js'
import type SettlingPlugin from '../../../plugins/lib/channels/index.js'
import { Accounts } from '../../../src/accounts/accounts.js'
import { createApp, type App } from '../../../src/connector/connector.js'
import type { AccountInfo } from '../../../src/contracts/account.js'
import { LedgerService } from '../../../src/ledger/service.js'
import { applicationAccount, settlingNode } from '../evm/connectors.js'
import { outcomeOf, prepare } from '../packets.js'
import { TestPlugin } from '../test-plugin.js'
import { eventually } from '../waiting.js'
import type { Account, Parties } from './parties.js'

const SECRET = 'token'
const HOUR = 3600

export interface XrpSetting {
  account: string
  own: Account
  peerAddress: string
  assetScale: number
  options: Record<string, unknown>
  balance: AccountInfo['balance']
  /** Accounts beside that one and the application's, by id: what differs from that one's options. */
  others: Record<string, Record<string, unknown>>
}

export class XrpConnector {
  readonly app: App
  readonly container: Injector = reductModule.default()
  readonly local = new TestPlugin()

  constructor (readonly duo: XrpDuo, readonly index: number, readonly setting: XrpSetting, readonly entries: Map<string, string>) {
    const { account, assetScale, others } = setting
    const more = Object.fromEntries(Object.entries(others).map(([id, options]) => [id, this.info(options)]))
    this.app = createApp({
      ...settlingNode(index, entries),
      accounts: { [account]: this.info(), [`local${assetScale}`]: applicationAccount(this.local, assetScale), ...more },
      routes: [{ targetPrefix: `test.n${1 - index}`, peerId: account }, { targetPrefix: `test.n${index}.local`, peerId: `local${assetScale}` }]
    }, this.container)
  }

  get plugin (): SettlingPlugin {
    const plugin: unknown = this.container(Accounts).getPlugin(this.setting.account)
    return plugin as SettlingPlugin
  }

  /** Positive: it owes us. */
  get balance (): bigint {
    return this.container(LedgerService).ledger.balanceOf(this.setting.account)?.balance ?? 0n
  }

  /** `fulfill`, or the code of the Reject. */
  async pay (amount: bigint): Promise<string> {
    return outcomeOf(await this.local.receive(prepare({ destination: `test.n${1 - this.index}.local`, amount })))
  }

  info (more: Record<string, unknown> = {}): AccountInfo {
    const { duo, index, setting: { own, peerAddress, assetScale, options, balance } } = this
    const { rippled: { url }, network } = duo.parties
    const link = index === 0
      ? { server: `btp+ws://:${SECRET}@127.0.0.1:${duo.port}`, reconnectIntervals: [0, 20] }
      : { listener: { port: duo.port, host: '127.0.0.1', secret: SECRET } }
    return {
      relation: 'peer',
      plugin: 'xrp',
      assetCode: 'TOK',
      assetScale,
      balance,
      options: {
        chain: { chainId: `xrp:${network}`, rpcUrl: url, keyId: own.seed },
        peerAddress,
        initialDeposit: '20000000',
        redeemThreshold: '1000000000',
        settlementTimeoutSecs: HOUR,
        pollingIntervalMs: 100,
        idleCloseSecs: 0,
        ...link,
        ...options,
        ...more
      }
    }
  }
}

/** The first dials the second. */
export class XrpDuo {
  port = 0
  readonly nodes: XrpConnector[] = []
  readonly #settings: XrpSetting[]

  constructor (readonly parties: Parties, both: Partial<XrpSetting> = {}) {
    const usual = {
      account: 'peer', assetScale: 6, options: {}, others: {}, balance: { maximum: '1000000000000', settleThreshold: '-1000', settleTo: '0' }
    }
    const { alice, bob } = parties
    this.#settings = [[alice, bob], [bob, alice]].map(([own, peer]) => ({ ...usual, own: own!, peerAddress: peer!.address, ...both }))
  }

  get first (): XrpConnector {
    return this.nodes[0]!
  }

  get second (): XrpConnector {
    return this.nodes[1]!
  }

  async start (): Promise<this> {
    this.port = await freePort()
    for (const index of [0, 1]) this.make(index)
    await Promise.all(this.nodes.map(({ app }) => app.listen()))
    await this.connected()
    return this
  }

  /** Changes the configuration of a connector for good, and makes one that is not started. */
  make (index: number, entries = new Map<string, string>(), changes: Partial<XrpSetting> = {}): XrpConnector {
    const setting = this.#settings[index] = { ...this.#settings[index]!, ...changes }
    return this.nodes[index] = new XrpConnector(this, index, setting, entries)
  }

  /** Ends a connector in good order, and starts it with what is on disk and another configuration. */
  async restart (index: number, changes: Partial<XrpSetting> = {}): Promise<XrpConnector> {
    const old = this.nodes[index]!
    await old.app.shutdown()
    const node = this.make(index, new Map(old.entries), changes)
    await node.app.listen()
    return node
  }

  async connected (): Promise<void> {
    await eventually('the two are connected', () => this.nodes.every(({ plugin }) => plugin.isConnected()))
  }

  /** Resolves when nobody owes anybody. */
  async even (): Promise<void> {
    await eventually('nobody owes anybody', () => this.nodes.every(({ balance }) => balance === 0n))
  }

  async stop (): Promise<void> {
    await Promise.all(this.nodes.map(({ app }) => app.shutdown()))
  }
}
