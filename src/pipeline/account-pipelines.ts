/**
 * The pipelines of one account, from its plugin to the routes and back. Each is composed when its first value comes: thousands of accounts
 * may wait for theirs, and hold no more until then than the steps that middlewares have put there.
 */
import type { AccountInfo } from '../contracts/account.js'
import type { Context, Entry, Method, Pipelines } from '../contracts/middleware.js'
import type { PluginInstance } from '../contracts/plugin.js'
import { sendThrough } from './checked-plugin.js'
import { compose, type Run } from './compose.js'
import { composeFollowed } from './followed.js'
import { SEND } from './packet-observers.js'

type Named = ReadonlyArray<Readonly<Entry<Buffer, Buffer>>>
type Money = ReadonlyArray<Method<string, void>>
type Once = ReadonlyArray<Method<void, void>>

/** What is at the end of the pipelines of every account. */
export interface Ends {
  /** Takes a packet of the account. */
  handle (data: Buffer, accountId: string, context?: Context): Promise<Buffer>
  /** Money has come in. */
  received (account: AccountPipelines, amount: string, context?: Context): Promise<void>
  /** Money is to be paid. */
  pay (account: AccountPipelines, amount: string, context?: Context): Promise<void>
}

export class AccountPipelines {
  private readonly incomingDataSteps: Named
  private readonly outgoingDataSteps: Named
  private readonly incomingMoneySteps: Money
  private readonly outgoingMoneySteps: Money
  /** Undefined once they have begun: they run once, and nothing of them is kept. */
  private startupSteps: Once | undefined
  private readonly teardownSteps: Once
  private incomingDataRun: Run<Buffer, Buffer> | undefined = undefined
  private outgoingDataRun: Run<Buffer, Buffer> | undefined = undefined
  private incomingMoneyRun: Run<string, void> | undefined = undefined
  private outgoingMoneyRun: Run<string, void> | undefined = undefined

  /** What is inserted into `pipelines` after this is not in them. */
  constructor (
    readonly accountId: string, readonly info: AccountInfo, readonly plugin: PluginInstance, pipelines: Pipelines,
    private readonly ends: Ends
  ) {
    this.incomingDataSteps = pipelines.incomingData.getEntries()
    this.outgoingDataSteps = pipelines.outgoingData.getEntries()
    this.incomingMoneySteps = pipelines.incomingMoney.getMethods()
    this.outgoingMoneySteps = pipelines.outgoingMoney.getMethods()
    this.startupSteps = pipelines.startup.getMethods()
    this.teardownSteps = pipelines.teardown.getMethods()
  }

  incomingData (data: Buffer, context?: Context): Promise<Buffer> {
    this.incomingDataRun ??= composeFollowed(
      this.incomingDataSteps, (data, _, context) => this.ends.handle(data, this.accountId, context), this.accountId
    )
    return this.incomingDataRun(data, context)
  }

  outgoingData (data: Buffer, context?: Context): Promise<Buffer> {
    this.outgoingDataRun ??= composeFollowed(
      this.outgoingDataSteps, (data, _, context) => sendThrough(this.plugin, data, context), this.accountId, SEND
    )
    return this.outgoingDataRun(data, context)
  }

  incomingMoney (amount: string, context: Context): Promise<void> {
    this.incomingMoneyRun ??= compose(this.incomingMoneySteps, (amount, _, context) => this.ends.received(this, amount, context))
    return this.incomingMoneyRun(amount, context)
  }

  outgoingMoney (amount: string, context: Context): Promise<void> {
    this.outgoingMoneyRun ??= compose(this.outgoingMoneySteps, (amount, _, context) => this.ends.pay(this, amount, context))
    return this.outgoingMoneyRun(amount, context)
  }

  /** Once, however often it is called. */
  async startup (): Promise<void> {
    const steps = this.startupSteps
    this.startupSteps = undefined
    if (steps !== undefined) await compose(steps, nothing)()
  }

  async teardown (): Promise<void> {
    await compose(this.teardownSteps, nothing)()
  }
}

function nothing (): Promise<void> {
  return Promise.resolve()
}
