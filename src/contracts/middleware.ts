/** What a middleware is and what it is handed. Built-in middlewares get nothing that a user's own does not get. */
import type { AccountInfo } from './account.js'
import type { Notice } from './explorer-events.js'
import type { Ledger } from './ledger.js'
import type { Logger } from './logger.js'
import type { PacketTrace } from './packet-trace.js'
import type { PluginInstance, RunningTotal } from './plugin.js'
import type { Stats } from './stats.js'

/** A payment outside ILP. */
export interface Transfer {
  /** Makes a repeated payment the same payment. Absent for incoming money whose plugin gives none. */
  readonly id?: string | undefined
  /** Of incoming money that is a step of a running total. */
  readonly total?: RunningTotal | undefined
  /** Of incoming money that came with the packets that it pays for. */
  readonly withPackets?: boolean | undefined
}

/** What an account's plugin says about its `sendMoney`. */
export interface MoneyTerms {
  /** False: it pays nothing, and is not called. */
  readonly settles: boolean
  /** Repeating a payment under its id pays nothing again. */
  readonly settlesOnce: boolean
  /** What knows the ids of payments: the module, and where it pays. Undefined if it does not settle once. */
  readonly by: string | undefined
  /** The smallest amount that can be paid, in base units. */
  readonly unit: bigint
}

/** What goes with a value through a pipeline, whatever the steps make of the value. */
export interface Context extends Transfer {
  /** Of an outgoing packet: the account that it came from. Absent where a part of the connector sends it by itself. */
  readonly origin?: string | undefined
  /** Of an incoming packet: the plugin has asked `admits` about the request that it came in. */
  readonly isCounted?: boolean
  /** Of a packet that came in, all along its way: present if somebody follows packets. */
  readonly trace?: PacketTrace | undefined
}

export type Next<In, Out> = (value: In) => Promise<Out>
/** The context is there in the pipelines of money and of data. */
export type Method<In, Out> = (value: In, next: Next<In, Out>, context?: Context) => Promise<Out>

/** The built-in middlewares, by the names that they have in a configuration and in pipelines. */
export const BUILT_IN_MIDDLEWARES = [
  'errorHandler', 'rateLimit', 'maxPacketAmount', 'throughput', 'balance', 'deduplicate', 'expire', 'validateFulfillment',
  'echo', 'stats', 'alert'
] as const
export type BuiltInMiddleware = typeof BUILT_IN_MIDDLEWARES[number]

export interface Entry<In, Out> {
  name: string
  method: Method<In, Out>
}

/** An ordered list of named steps. Names need not be unique; insertBefore and insertAfter take the first match. */
export interface Pipeline<In, Out> {
  insertFirst (entry: Entry<In, Out>): void
  insertLast (entry: Entry<In, Out>): void
  /** Throws when no step has that name. */
  insertBefore (name: string, entry: Entry<In, Out>): void
  /** Throws when no step has that name. */
  insertAfter (name: string, entry: Entry<In, Out>): void
  getMethods (): Array<Method<In, Out>>
  /** The same steps with their names. */
  getEntries (): Array<Readonly<Entry<In, Out>>>
}

/** The six pipelines of one account. Data is raw ILP packets; money is a decimal string in base units. */
export interface Pipelines {
  startup: Pipeline<void, void>
  teardown: Pipeline<void, void>
  incomingData: Pipeline<Buffer, Buffer>
  outgoingData: Pipeline<Buffer, Buffer>
  incomingMoney: Pipeline<string, void>
  outgoingMoney: Pipeline<string, void>
}

export interface MiddlewareApi {
  /** Throws for an unknown account. */
  getInfo: (accountId: string) => AccountInfo
  getOwnAddress: () => string
  /** Sends a raw packet through the account's outgoing pipeline. */
  sendData: (data: Buffer, accountId: string, context?: Context) => Promise<Buffer>
  /**
   * Sends money (base units, decimal string) through the account's outgoing pipeline. Under a new id, if none is given. Rejects with
   * PaysNothingError for an account whose plugin pays nothing.
   */
  sendMoney: (amount: string, accountId: string, transfer?: Transfer) => Promise<void>
  /** Throws for an unknown account. */
  getMoneyTerms: (accountId: string) => MoneyTerms
  /**
   * The account's plugin, to look at its payment channels, or to close its connection. Throws for an unknown account. Absent where somebody
   * else than the connector makes the middleware.
   */
  getPlugin?: (accountId: string) => Pick<PluginInstance, 'channels' | 'connect' | 'disconnect'>
  /** Tells the explorer what has happened, if somebody listens. Absent where there is no explorer to be told. */
  tell?: (notice: Notice) => void
  stats: Stats
  ledger: Ledger
  log: Logger
}

export interface Middleware {
  /** Called once per account, before it connects. */
  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void>
  /** Whether the account's peer may make one more request, packet or not, which counts then. See `Admission.admits`. */
  admits? (accountId: string, client?: string): boolean
}

export type MiddlewareConstructor = new (options: Record<string, unknown>, api: MiddlewareApi) => Middleware
