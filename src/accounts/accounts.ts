/** The registry of accounts: what each is configured to be, the plugin behind it, and the connector's own address. */
import { SluiceError } from '../contracts/errors.js'
import { EventEmitter } from 'node:events'
import { fetch as fetchIldcp } from 'ilp-protocol-ildcp'
import type { Injector } from 'reduct'
import { Config } from '../config/connector/config.js'
import type { Logger } from '../contracts/logger.js'
import { UNKNOWN_ADDRESS, type AccountInfo } from '../contracts/account.js'
import type { Ledger } from '../contracts/ledger.js'
import type { PluginInstance } from '../contracts/plugin.js'
import { StoreService } from './store-service.js'
import { AccountBooks } from './account-books.js'
import { createPlugin } from './create-plugin.js'
import { Listeners } from './listeners.js'
import { Notices } from './notices.js'

interface Account {
  info: AccountInfo
  plugin: PluginInstance
}

/** Emits `add` and `remove` with (accountId, plugin). */
export class Accounts extends EventEmitter {
  readonly accounts = new Map<string, Account>()
  /** The account that has a thing which no second one may have. Looked up: an account that comes must not cost more among many. */
  private readonly pluginOwners = new Map<PluginInstance, string>()
  private readonly partyOwners = new Map<string | undefined, string>()
  private readonly segmentOwners = new Map<string, string>()
  /** In the order in which they came. */
  private readonly parents = new Set<string>()
  private readonly ports = new Listeners()
  private readonly config: Config
  private readonly log: Logger
  private readonly store: StoreService
  private readonly notices: Notices
  private address: string
  private ledger: () => Ledger = () => { throw new Error('there is no ledger yet.') }

  constructor (deps: Injector) {
    super()
    this.config = deps(Config)
    this.log = this.config.createLogger('accounts')
    this.store = deps(StoreService)
    this.notices = deps(Notices)
    this.address = this.config.ilpAddress
  }

  /** Says where balances are kept, for the plugins. The ledger may be another one once it is open. */
  keepBalancesIn (ledger: () => Ledger): void {
    this.ledger = ledger
  }

  /**
   * Constructs the plugin and registers the account. Throws, and registers nothing, when the configuration or the plugin is unusable.
   * `mayOpenFiles`: whether the plugin opens files that its options name.
   */
  add (accountId: string, info: AccountInfo, { mayOpenFiles = true }: { mayOpenFiles?: boolean } = {}): void {
    if (this.accounts.has(accountId)) throw new Error(`account exists already. accountId=${accountId}`)
    this.refuseSharedSegment(accountId, info)
    if (keepsSomething(info)) this.store.refuseToKeep(accountId)
    this.log.info('add account. accountId=%s', accountId)
    const plugin = createPlugin(accountId, info, {
      createLog: (name, options) => this.config.createLogger(name, options),
      store: this.store.getPluginStore(accountId),
      mayOpenFiles,
      getOwnAddress: () => this.address,
      books: new AccountBooks(accountId, () => this.ledger()),
      settlements: this.store.settlements.recordsOf(accountId, () => this.accounts.get(accountId)?.plugin, party => {
        if (!this.accounts.has(accountId)) throw new Error(`the account was removed. accountId=${accountId}`)
        this.refuseSharedParty(accountId, party)
        this.partyOwners.set(party, accountId)
      }),
      signed: signed => { this.notices.signed?.(accountId, signed) }
    })
    this.refuseSharedPlugin(accountId, plugin)
    if (plugin.settlesWith !== undefined) this.refuseSharedParty(accountId, plugin.settlesWith)
    this.ports.add(accountId, plugin)
    this.accounts.set(accountId, { info, plugin })
    this.pluginOwners.set(plugin, accountId)
    if (plugin.settlesWith !== undefined) this.partyOwners.set(plugin.settlesWith, accountId)
    if (info.relation === 'child') this.segmentOwners.set(segmentOf(accountId, info), accountId)
    if (info.relation === 'parent') this.parents.add(accountId)
    this.emit('add', accountId, plugin)
  }

  /** Whether an account has something in the store. */
  needStore (): boolean {
    return Array.from(this.accounts.values()).some(({ info }) => keepsSomething(info))
  }

  /** Throws, with `httpErrorCode` 409, when money would be lost if nobody looked after the account any more. */
  refuseUnsettled (accountId: string): void {
    const unsettled = this.getPlugin(accountId).unsettled?.() ?? []
    if (unsettled.length === 0) return
    throw new SluiceError('SLUICE_ACCOUNT_UNSETTLED', `account ${accountId} cannot be removed before it is settled: ${unsettled.join('; ')}. ` +
      'Close its payment channels, and remove it when they are settled: connector channels close <channel> with a node, ' +
      `POST /accounts/${accountId} {"action": "close", "channelId": "<channel>"} with the admin API of a connector.`)
  }

  /** Throws when money is not settled with accounts that are not here any more. */
  refuseOrphans (): void {
    const plugins = Array.from(this.accounts.values(), ({ plugin }) => plugin)
    this.store.settlements.refuseOrphans(plugins, accountId => this.accounts.get(accountId)?.plugin)
  }

  remove (accountId: string): PluginInstance | undefined {
    const account = this.accounts.get(accountId)
    if (account === undefined) return undefined
    const { info, plugin } = account
    this.log.info('remove account. accountId=%s', accountId)
    this.accounts.delete(accountId)
    this.pluginOwners.delete(plugin)
    for (const [party, owner] of this.partyOwners) if (owner === accountId) this.partyOwners.delete(party)
    if (info.relation === 'child') this.segmentOwners.delete(segmentOf(accountId, info))
    this.parents.delete(accountId)
    this.ports.delete(accountId, plugin)
    this.emit('remove', accountId, plugin)
    return plugin
  }

  exists (accountId: string): boolean {
    return this.accounts.has(accountId)
  }

  getAccountIds (): string[] {
    return [...this.accounts.keys()]
  }

  /** Throws for an unknown account. */
  getInfo (accountId: string): AccountInfo {
    return this.account(accountId).info
  }

  /** Throws for an unknown account. */
  getPlugin (accountId: string): PluginInstance {
    return this.account(accountId).plugin
  }

  getAssetCode (accountId: string): string | undefined {
    return this.accounts.get(accountId)?.info.assetCode
  }

  getOwnAddress (): string {
    return this.address
  }

  setOwnAddress (address: string): void {
    if (address === this.address) return
    this.log.info('setting ilp address. oldAddress=%s newAddress=%s', this.address, address)
    this.address = address
  }

  /** Throws for an account that is not a child. */
  getChildAddress (accountId: string): string {
    const info = this.getInfo(accountId)
    if (info.relation !== 'child') throw new Error("Can't generate child address for account that is isn't a child")
    return `${this.address}.${segmentOf(accountId, info)}`
  }

  /** Whether the plugin says that it is connected; one that cannot say is not. */
  isConnected (accountId: string): boolean {
    try {
      return this.accounts.get(accountId)?.plugin.isConnected() ?? false
    } catch {
      return false
    }
  }

  /** The account whose address we take ours from: the one that is configured, else the first parent. */
  getAddressSource (): string | undefined {
    const [firstParent] = this.parents
    return this.config.ilpAddressInheritFrom || firstParent
  }

  /** Asks the parent for our address over IL-DCP (RFC 0031). Rejects when it does not answer with one. */
  async loadIlpAddress (parentId: string): Promise<void> {
    const { clientAddress } = await fetchIldcp(data => this.getPlugin(parentId).sendData(data))
      .catch((error: unknown) => { throw skewed(error) })
    if (clientAddress === UNKNOWN_ADDRESS) throw new Error(`parent has no address yet. accountId=${parentId}`)
    this.setOwnAddress(clientAddress)
  }

  private account (accountId: string): Account {
    const account = this.accounts.get(accountId)
    if (account === undefined) throw new Error(`unknown account id. accountId=${accountId}`)
    return account
  }

  private refuseSharedPlugin (accountId: string, plugin: PluginInstance): void {
    const otherId = this.pluginOwners.get(plugin)
    if (otherId === undefined) return
    throw new SluiceError('SLUICE_CONFIG_INVALID', `two accounts cannot share a plugin instance. accountIds=${otherId},${accountId}`)
  }

  /** Both would take its claims, and the chain pays each of them once. */
  private refuseSharedParty (accountId: string, settlesWith: string): void {
    const otherId = this.partyOwners.get(settlesWith)
    if (otherId === undefined || otherId === accountId) return
    throw new SluiceError('SLUICE_CONFIG_INVALID', `two accounts cannot settle with the same party: what it pays once would be credited twice. accountIds=${otherId},${accountId} ` +
      `settlesWith=${settlesWith}. Use one account, or another address of the peer.`)
  }

  private refuseSharedSegment (accountId: string, info: AccountInfo): void {
    if (info.relation !== 'child') return
    const segment = segmentOf(accountId, info)
    const otherId = this.segmentOwners.get(segment)
    if (otherId === undefined) return
    throw new SluiceError('SLUICE_CONFIG_INVALID', `two children cannot share an address. ilpAddressSegment=${segment} accountIds=${otherId},${accountId}`)
  }
}

/** A packet that is new here has expired there: one of two clocks is wrong. */
function skewed (error: unknown): unknown {
  if (!(error instanceof Error) || !/expired/.test(error.message)) return error
  const now = new Date().toISOString()
  return new Error(`${error.message} We asked just now, at ${now} by our clock: our clock or the parent's is wrong.`, { cause: error })
}

/** A plugin that was made elsewhere cannot have our store. */
function keepsSomething ({ balance, plugin }: AccountInfo): boolean {
  return balance !== undefined || typeof plugin === 'string'
}

function segmentOf (accountId: string, info: AccountInfo): string {
  return info.ilpAddressSegment ?? accountId
}
