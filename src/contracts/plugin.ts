/**
 * The Ledger Plugin Interface, version 2 (RFC 0024), as deployed npm plugins speak it. A plugin carries ILP packets and money
 * to one peer (or, for a multi-user plugin, to many behind one account).
 */
import type { ChannelOperations } from './channels.js'
import type { Logger } from './logger.js'

/** Takes a raw ILP packet, resolves to the raw answer. `isCounted`: `Admission.admits` was asked about the request that it came in. */
export type DataHandler = (data: Buffer, request?: { isCounted: boolean }) => Promise<Buffer>

/** What a plugin may ask before it spends any work on what its peer sends: to refuse it here costs least. */
export interface Admission {
  /** Whether there is no room for a packet of so many bytes now. It is to be refused with T03. */
  isBusy (bytes: number): boolean
  /**
   * Counts a request against the rate limit of the account, whatever it carries, and tells whether it may go on; if not, it is to be
   * refused with T05. `client` is where a peer comes from that could have taken any name: all such peers of one client share one limit.
   */
  admits? (client?: string): boolean
}

/**
 * A sum that only grows, reported in steps: what `id` comes to has grown from `from` to `to` base units, both counted from its beginning.
 * The books take each part of the sum once, whatever is repeated, overlaps or comes in another order.
 */
export interface RunningTotal {
  readonly id: string
  readonly from: bigint
  readonly to: bigint
}

/**
 * Takes an amount in base units of the account's asset, as a decimal string. Resolves when it is in the books for good. A payment with an
 * `id` is credited once, however often it is reported; without one, every report is another payment. With a `total`, only that part of
 * `from` to `to` is credited that is not in the books yet; `amount` is all of it. Rejects with TypeError when it is not. `withPackets`: it
 * came with the packets that it pays for, and is not a settlement of its own.
 */
export type MoneyHandler = (
  amount: string, transfer?: { id?: string | undefined, total?: RunningTotal | undefined, withPackets?: boolean | undefined }
) => Promise<void>

export interface PluginInstance {
  connect (options: { timeout?: number }): Promise<unknown>
  disconnect (): Promise<unknown>
  isConnected (): boolean
  /** `origin` is the account that the packet came from; plugins that do not know it ignore it. */
  sendData (data: Buffer, context?: { origin?: string | undefined }): Promise<Buffer>
  /**
   * `id` makes a repeated settlement the same settlement; plugins that do not know it ignore it. A plugin that settles once for an id and
   * has not begun to may reject with an Error whose `isNotBegun` is true: then what is due is settled under a new id.
   */
  sendMoney (amount: string, settlement?: { id: string }): Promise<unknown>
  registerDataHandler (handler: DataHandler, admission?: Admission): void
  deregisterDataHandler (): void
  registerMoneyHandler (handler: MoneyHandler): void
  deregisterMoneyHandler (): void
  on (event: string, listener: (...args: unknown[]) => void): unknown
  removeListener (event: string, listener: (...args: unknown[]) => void): unknown
  /**
   * False declares that `sendMoney` pays nothing: the connector does not call it, and books no settlement. Absent or true: a `sendMoney`
   * that resolves has paid.
   */
  readonly settles?: boolean
  /**
   * Declares that `sendMoney` pays once for an id, however often it is called with it and whatever crashed between. Only then is a
   * payment of which nobody knows the outcome repeated; of other plugins, an operator is asked.
   */
  readonly settlesOnce?: boolean
  /**
   * Tells where `sendMoney` pays: a chain, a contract, an address. The same module that pays elsewhere does not know the ids of what it
   * paid here, and is not asked to repeat a payment that was begun here. Absent: the module always pays at the same place.
   */
  readonly settlesAt?: string
  /**
   * Whether only the peer can open the connection: this side listens. The connector passes a `timeout` of 0 to `connect` then, which
   * rejects with an Error whose `isListening` is true once the port is open. It neither waits for such a peer, nor warns that it is away.
   */
  readonly onlyListens?: boolean
  /**
   * The port that it opens, and the name by which its peer is told from others there; undefined where it alone may use the port. Of two
   * accounts that could never both listen, the second one is refused. Absent: it opens none, or one that nobody shares.
   */
  readonly listensOn?: { readonly host: string, readonly port: number, readonly username: string | undefined } | undefined
  /** The smallest amount that `sendMoney` can pay, in base units, as a decimal string. What is less waits for more. Absent: 1. */
  readonly settlementUnit?: string
  /**
   * Whom `sendMoney` pays, and where: chain, contract, address. Two accounts with the same one are refused: what that party pays once
   * could be credited on both.
   */
  readonly settlesWith?: string
  /** What would be lost if nobody looked after it, such as open payment channels; an account with such things is not removed. */
  unsettled? (): string[]
  /** Of a plugin that settles over payment channels. */
  channels? (): ChannelOperations
  getAdminInfo? (): Promise<unknown>
  sendAdminInfo? (info: unknown): Promise<unknown>
}

/** A key-value store of the account's own; keys of other accounts cannot be reached through it. */
export interface PluginStore {
  get (key: string): Promise<string | undefined>
  put (key: string, value: string): Promise<void>
  del (key: string): Promise<void>
  /** Writes all of it or nothing, and resolves when it is on disk. Where the configured store can do that. */
  putAll? (values: Readonly<Record<string, string>>): Promise<void>
}

/** The account's page in the books, as its plugin sees it. Where the account has no limits, there is no such page: nothing is kept. */
export interface PluginBooks {
  /**
   * Which books these are: other books (another ledger, another store, a fallback) have another id. They know nothing of what these were
   * told. Throws before the ledger is open.
   */
  readonly id: string
  /**
   * Books money that was paid to the peer ahead of packets. Raises `prepaid` by what is not taken yet of the total. Throws T04
   * InsufficientLiquidityError, with nothing changed, when prepaid money that no packet under way is for would be above `limit` (base
   * units), and T00 InternalError while the books cannot be kept. Without a limit it never does: that is for what was paid already.
   * A promise where the books are elsewhere.
   */
  prepay (total: RunningTotal, limit?: bigint): void | Promise<void>
  /** What was prepaid and not yet used by a fulfilled packet, in base units. */
  prepaid (): bigint
}

/**
 * Records of what is between us and others outside ILP. They belong to the parties and not to the account: whichever account settles with
 * them has them, whatever it is called.
 */
export interface SettlementRecords {
  /** @param parties what tells these from all others: chain, contract, both addresses */
  storeOf (parties: string): PluginStore
  /**
   * Says that the account settles with this party from now on, too, which is named as `settlesWith` names it.
   * @throws Error when another account does
   */
  settleWith (party: string): void
  /**
   * Says what is not settled between them; undefined: nothing is. A connector does not start without an account that looks after it.
   * Resolves when that is on disk.
   */
  setUnsettled (parties: string, what: string | undefined): Promise<void>
  /** What was said so of parties that this account settled with, and not taken back. */
  unsettled (): ReadonlyMap<string, string>
}

export interface PluginServices {
  store: PluginStore
  log: Logger
  /** False: the options come from somebody who may name no files, such as a client of the admin API. None that they name is opened. */
  mayOpenFiles?: boolean
  /** The account that it is created for. Absent if the plugin was not created by the connector. */
  account?: { id: string, assetCode: string, assetScale: number }
  /** The connector's ILP address, `unknown` as long as it has none. */
  getOwnAddress?: () => string
  /** Absent where somebody else than the connector makes the plugin. */
  books?: PluginBooks
  /** Absent where somebody else than the connector makes the plugin. */
  settlements?: SettlementRecords
  /**
   * Told of what the account's key was asked to sign for a chain: transactions, and the end of channels. Not of claims: there are as many
   * as packets.
   */
  signed?: (signed: Signed) => void
}

/** What a key was asked to sign. */
export interface Signed {
  /** Such as `close:<channelId>`. */
  operation: string
  /** Such as the id of the transaction. */
  detail?: string | undefined
  /** `ok`, or why it failed. */
  outcome: string
}

/** `_store` and `_log` repeat the services for plugins written before the second argument existed. */
export type PluginConstructor = new (
  options: Record<string, unknown> & { _store: PluginStore, _log: Logger },
  services: PluginServices
) => PluginInstance
