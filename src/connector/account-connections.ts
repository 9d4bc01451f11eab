/** Connects accounts and keeps an eye on them: a peer that is down or a plugin that fails is this account's trouble and no other's. */
import { SluiceError } from '../contracts/errors.js'
import type { Injector } from 'reduct'
import { backoffMs } from '../lib/backoff.js'
import { Config } from '../config/connector/config.js'
import { tearDown, type Step } from '../lib/teardown.js'
import type { Logger } from '../contracts/logger.js'
import { hideSecrets } from '../lib/hide-secrets.js'
import { describeError } from '../lib/describe-error.js'
import { Feed } from '../explorer/feed.js'
import { RoutingService } from '../routing/service.js'
import type { PluginInstance } from '../contracts/plugin.js'
import { Accounts } from '../accounts/accounts.js'
import { UNKNOWN_ADDRESS } from '../contracts/account.js'
import { withTimeout } from '../lib/timeout.js'

const RETRY_FIRST_MS = 1000
const RETRY_LONGEST_MS = 30_000
/** Attempts to connect. Thousands at once would hold up all else, and what they need would live long enough to be moved to old space. */
const BEGUN_PER_TURN = 100
/** A parent that has not told us our address by then is asked again. */
const ADDRESS_TIMEOUT_MS = 10_000

type Listener = (...args: unknown[]) => void

/** What is attached to one account's plugin. */
interface Watch {
  plugin: PluginInstance
  listeners: Record<string, Listener>
  retry: NodeJS.Timeout | undefined
  /** The attempts to connect that are going on; there is one series at a time. */
  attempts: Promise<void> | undefined
  /** We have begun to disconnect: attempts that end now do not count as failures, and no new ones are made. */
  leaving: boolean
  /** What follows a connection: learning our address, exchanging routes. Undefined while disconnected and after a failure. */
  ready: Promise<void> | undefined
  /** What the explorer was told last. */
  toldConnected: boolean
  /** Called when the account is let go: nobody waits for its plugin any more. Undefined while nobody waits. */
  waiting: Set<() => void> | undefined
}

export class AccountConnections {
  private readonly config: Config
  private readonly log: Logger
  private readonly accounts: Accounts
  private readonly routing: RoutingService
  private readonly feed: Feed
  private readonly watches = new Map<string, Watch>()

  constructor (deps: Injector) {
    this.config = deps(Config)
    this.log = this.config.createLogger('accounts')
    this.accounts = deps(Accounts)
    this.routing = deps(RoutingService)
    this.feed = deps(Feed)
  }

  /** Throws when there is neither an address nor a parent that would give one. */
  refuseNoAddress (): void {
    if (this.accounts.getOwnAddress() !== UNKNOWN_ADDRESS || this.accounts.getAddressSource() !== undefined) return
    throw new SluiceError('SLUICE_NO_ADDRESS', 'When there is no parent, ILP address must be specified in configuration. ' +
      'Set CONNECTOR_ILP_ADDRESS (ilpAddress), for example to test.mynode, or add an account with relation "parent".')
  }

  /**
   * Learns our address from the parent where it is not configured, then connects the other accounts. Waits `waitMs` for each of the
   * two at most, and not for accounts that only listen; what is not connected by then goes on trying.
   */
  async start (waitMs = this.config.initialConnectTimeout): Promise<void> {
    const ids = this.accounts.getAccountIds()
    const parent = this.accounts.getOwnAddress() === UNKNOWN_ADDRESS ? this.accounts.getAddressSource() : undefined
    if (parent !== undefined) await this.connectInTime([parent], waitMs)
    await this.connectInTime(ids.filter(id => id !== parent), waitMs) // the parent has had its time, and goes on trying
  }

  /** Attaches to the account's plugin. Without an `error` listener, that event would end the process for all accounts. */
  watch (accountId: string): void {
    const plugin = this.accounts.getPlugin(accountId)
    const listeners: Record<string, Listener> = {
      connect: () => this.connected(accountId),
      disconnect: () => this.disconnected(accountId),
      error: error => this.log.warn('plugin emitted an error. accountId=%s error=%s', accountId, this.describe(accountId, error))
    }
    for (const [event, listener] of Object.entries(listeners)) plugin.on(event, listener)
    this.watches.set(accountId, {
      plugin, listeners, retry: undefined, attempts: undefined, leaving: false, ready: undefined, toldConnected: false, waiting: undefined
    })
  }

  /** Lets go of the account's plugin, but for its errors: a socket may fail late, and nobody else listens any more. */
  unwatch (accountId: string): void {
    const watch = this.watches.get(accountId)
    if (watch === undefined) return
    this.watches.delete(accountId)
    clearTimeout(watch.retry)
    for (const letGo of watch.waiting ?? []) letGo()
    const { plugin, listeners } = watch
    plugin.removeListener('error', ignoreLateError) // from an earlier time with us
    plugin.on('error', ignoreLateError)
    for (const [event, listener] of Object.entries(listeners)) plugin.removeListener(event, listener)
  }

  /** Connects an account added while running. Rejects when its plugin does; one that takes longer than the timeout goes on trying. */
  async connectAdded (accountId: string): Promise<void> {
    const watch = this.watches.get(accountId)
    const connecting = this.connect(accountId, Infinity)
    const inTime = await withTimeout(untilGone(connecting, watch), this.config.initialConnectTimeout)
    if (watch?.leaving === true) throw new Error(`the account was removed, or the connector stopped, while it connected. accountId=${accountId}`)
    if (inTime) return
    this.log.warn('account is not connected yet, it goes on trying. accountId=%s', accountId)
    connecting.catch(() => this.keepConnecting(accountId))
  }

  /**
   * Connects one account once; one that only listens is left to its peer. Rejects when its plugin does. `timeout` in ms is the plugin's
   * to keep.
   */
  private async connect (accountId: string, timeout: number): Promise<void> {
    const plugin = this.accounts.getPlugin(accountId)
    if (!this.accounts.isConnected(accountId)) {
      const connecting = Promise.resolve(plugin.connect({ timeout: plugin.onlyListens === true ? 0 : timeout }))
      const watch = this.watches.get(accountId)
      if (watch !== undefined) this.disconnectLate(accountId, watch, connecting)
      await connecting.catch((error: unknown) => {
        if (!isListening(error)) throw error
        this.log.debug('waiting for the peer to connect. accountId=%s', accountId)
      })
      if (watch?.leaving === true) return
    }
    if (this.accounts.isConnected(accountId)) await (this.watches.get(accountId)?.ready ?? this.becomeReady(accountId))
  }

  /** A plugin that was told to disconnect while it connected may have heard of it too early: it is told once more when it is there. */
  private disconnectLate (accountId: string, watch: Watch, connecting: Promise<unknown>): void {
    connecting.then(async () => {
      if (!watch.leaving) return
      const disconnected = Promise.resolve(watch.plugin.disconnect())
      if (!await withTimeout(disconnected, this.config.initialConnectTimeout)) this.log.warn('plugin does not disconnect. accountId=%s', accountId)
    }).catch(() => undefined) // what fails to connect, or to disconnect again, is not here any more
  }

  /** Disconnects all accounts. A plugin that fails at that is only logged. */
  async stop (): Promise<void> {
    const ids = [...this.watches.keys()]
    await Promise.all(ids.map(accountId => this.disconnect(accountId)))
    await tearDown(ids.map((accountId): Step => [accountId, () => this.unwatch(accountId)]), (accountId, error) =>
      this.log.warn('could not let go of plugin. accountId=%s error=%s', accountId, this.describe(accountId, error)))
  }

  async disconnect (accountId: string): Promise<void> {
    const watch = this.watches.get(accountId)
    if (watch !== undefined) watch.leaving = true
    clearTimeout(watch?.retry)
    try {
      const disconnected = Promise.resolve(this.accounts.getPlugin(accountId).disconnect())
      if (!await withTimeout(disconnected, this.config.initialConnectTimeout)) this.log.warn('plugin does not disconnect. accountId=%s', accountId)
    } catch (error) {
      this.log.warn('could not disconnect account. accountId=%s error=%s', accountId, this.describe(accountId, error))
    }
  }

  private async connectInTime (accountIds: string[], waitMs: number): Promise<void> {
    if (accountIds.length === 0) return
    this.log.info('connecting accounts. count=%s waitingMsAtMost=%s', accountIds.length, waitMs)
    const attempts: Array<Promise<void>> = []
    for (const [i, accountId] of accountIds.entries()) {
      attempts.push(this.keepConnecting(accountId))
      if (i % BEGUN_PER_TURN === BEGUN_PER_TURN - 1) await new Promise(resolve => { setImmediate(resolve) })
    }
    if (await withTimeout(Promise.all(attempts), waitMs)) return
    const late = accountIds.filter(accountId => !this.accounts.isConnected(accountId))
    if (late.length > 0) {
      this.log.warn('one or more accounts failed to connect within the time limit, continuing anyway. accountIds=%s', late.join(','))
    }
  }

  /** Tries until the account is connected and, where it is the source of our address, has told us that. */
  private keepConnecting (accountId: string): Promise<void> {
    const watch = this.watches.get(accountId)
    if (watch === undefined) return Promise.resolve()
    return watch.attempts ??= untilGone(this.tryUntilConnected(accountId, watch), watch)
      .finally(() => { watch.attempts = undefined })
  }

  /** Says each reason once: a customer may be away for days, and there may be thousands of them. */
  private async tryUntilConnected (accountId: string, watch: Watch): Promise<void> {
    let said: string | undefined
    for (let failures = 0; this.isWanted(accountId, watch); failures++) {
      const delayMs = backoffMs(failures, RETRY_FIRST_MS, RETRY_LONGEST_MS)
      try {
        await this.connect(accountId, this.config.initialConnectTimeout)
        return
      } catch (error) {
        if (!this.isWanted(accountId, watch)) return
        const reason = this.describe(accountId, error)
        this.log[reason === said ? 'debug' : 'warn']('could not connect account. accountId=%s error=%s retryInMs=%s', accountId, reason, delayMs)
        said = reason
      }
      await new Promise<void>(resolve => {
        watch.retry = setTimeout(resolve, delayMs)
        watch.retry.unref()
      })
    }
  }

  private isWanted (accountId: string, watch: Watch): boolean {
    return !watch.leaving && this.watches.get(accountId) === watch
  }

  private connected (accountId: string): void {
    if (!this.accounts.isConnected(accountId)) {
      this.log.error('plugin emitted connect, but then returned false for isConnected, broken plugin. account=%s', accountId)
      setImmediate(() => { if (this.accounts.isConnected(accountId)) this.connected(accountId) })
      return
    }
    this.tell(accountId, true)
    this.becomeReady(accountId).catch((error: unknown) => {
      this.log.warn('could not get an address from the parent. accountId=%s error=%s', accountId, this.describe(accountId, error))
      void this.keepConnecting(accountId)
    })
  }

  /** Plugins may say the same many times. */
  private tell (accountId: string, isConnected: boolean): void {
    const watch = this.watches.get(accountId)
    if (watch === undefined || watch.toldConnected === isConnected) return
    watch.toldConnected = isConnected
    this.feed.emit({ type: isConnected ? 'PEER_CONNECTED' : 'PEER_DISCONNECTED', peerId: accountId })
  }

  /** Plugins like to quote their options, the secret ones too. */
  private describe (accountId: string, error: unknown): string {
    return hideSecrets(describeError(error), this.accounts.accounts.get(accountId)?.info.options)
  }

  private disconnected (accountId: string): void {
    const watch = this.watches.get(accountId)
    if (watch !== undefined) watch.ready = undefined
    this.tell(accountId, false)
    this.routing.accountDisconnected(accountId)
  }

  /** A parent may hand out another address after it was away, so it is asked at each connection. */
  private async becomeReady (accountId: string): Promise<void> {
    const watch = this.watches.get(accountId)
    if (watch === undefined) return
    const ready = watch.ready = this.introduce(accountId, watch)
    ready.catch(() => { if (watch.ready === ready) watch.ready = undefined })
    await ready
  }

  private async introduce (accountId: string, watch: Watch): Promise<void> {
    if (this.config.ilpAddress === UNKNOWN_ADDRESS && accountId === this.accounts.getAddressSource()) {
      const before = this.accounts.getOwnAddress()
      const isAnswered = await withTimeout(untilGone(this.accounts.loadIlpAddress(accountId), watch), ADDRESS_TIMEOUT_MS)
      if (!isAnswered) throw new Error(`parent does not answer. waitedMs=${ADDRESS_TIMEOUT_MS}`)
      if (this.watches.get(accountId) !== watch) return
      if (this.accounts.getOwnAddress() !== before) this.routing.reload()
    }
    this.routing.accountConnected(accountId)
  }
}

/** Settles with `promise`, or resolves when the account is let go. Afterwards nothing stays behind of having waited. */
async function untilGone (promise: Promise<void>, watch: Watch | undefined): Promise<void> {
  if (watch === undefined) return promise
  await new Promise<void>((resolve, reject) => {
    const waiting = watch.waiting ??= new Set()
    const settle = (done: () => void): void => {
      waiting.delete(letGo)
      if (waiting.size === 0 && watch.waiting === waiting) watch.waiting = undefined
      done()
    }
    const letGo = (): void => { settle(resolve) }
    waiting.add(letGo)
    promise.then(letGo, (error: unknown) => { settle(() => { reject(error) }) })
  })
}

/** Nothing has failed: the port is open, and the peer comes when it comes. */
function isListening (error: unknown): boolean {
  return error instanceof Error && 'isListening' in error && error.isListening === true
}

function ignoreLateError (): void {
  // The account is gone, so there is nothing left to do about its plugin.
}
