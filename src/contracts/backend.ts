/** An exchange-rate backend: what one base unit of the source account's asset is worth in the destination's. */
import type { AccountInfo } from './account.js'
import type { Logger } from './logger.js'
import type { PluginStore } from './plugin.js'
import type { Prices } from './prices.js'

/** A decimal number; a string or an object that prints as one (BigNumber) keeps more digits than a JavaScript number. */
export type Rate = number | string | { toString (): string }

export interface PaymentReport {
  sourceAccount: string
  sourceAmount: string
  destinationAccount: string
  destinationAmount: string
}

export interface PacketReport extends PaymentReport {
  parsedPacket: unknown
  /** The raw answer. */
  result: Buffer
}

export interface Backend {
  connect (): Promise<void>
  /** Destination base units per source base unit, spread included. Rejects when it knows no rate. */
  getRate (sourceAccount: string, destinationAccount: string): Promise<Rate>
  /** Told of every fulfilled packet. Not awaited. */
  submitPayment? (payment: PaymentReport): Promise<void>
  /** Told of every answered packet. Not awaited. */
  submitPacket? (packet: PacketReport): Promise<void>
  /** Stops timers and connections. Called at shutdown where it exists. */
  disconnect? (): Promise<void>
  /** The prices behind the rates, which operators may look at and set by hand. Optional. */
  readonly prices?: Prices | undefined
}

export interface BackendApi {
  /** Throws for an unknown account. */
  getInfo (accountId: string): AccountInfo
  /** The account registry; given because the reference connector gives it. */
  accounts: unknown
  /** The accounts that there are now. Left out by hosts other than Sluice, as is `store`. */
  getAccountIds? (): string[]
  /** `socks5h://...`, through which alone services are to be asked. Undefined: directly, or there is an option that says it. */
  socksProxy?: string | undefined
  /** A store of the backend's own. It is open when `connect` is called. */
  store?: PluginStore
  log: Logger
}

export type BackendConstructor = new (options: Record<string, unknown> & { spread?: number | undefined }, api: BackendApi) => Backend
