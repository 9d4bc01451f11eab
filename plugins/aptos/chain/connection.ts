/**
 * The connection to Aptos through one node, for all accounts of the process together. Before anything that a node says is believed, and
 * again after each time that it could not be reached, it has to be of the configured network, and the module has to be the one of this
 * package, which nobody can change. An answer that is older than what was acted on is none (lib/rpc/progress.ts): a node that lags must not
 * make a deposit look as if it had not been made. Of several nodes, the next one is asked once one does not answer, lags, or is another.
 */
import { pause } from '../../../src/lib/timers.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../../lib/channels/types.js'
import { recordOf } from '../../lib/rpc/json-rpc.js'
import { Progress } from '../../lib/rpc/progress.js'
import { chainIdOf } from '../formats.js'
import { channelsIn, type Reading } from './channel-state.js'
import { checkCode } from './code-check.js'
import { Fees } from './fees.js'
import { CHANNEL_MODULE } from './payloads.js'
import { Rest, RestError, type Moment, type RestAnswer } from './rest.js'
import { Watch } from './watch.js'

/** Accounts of which all but `log` is the same share a connection. */
export interface ConnectionOptions {
  rpcUrl: string | readonly string[]
  socksProxy?: string | undefined
  network: number
  moduleAddress: string
  /** Between two looks at the channels, ms. */
  everyMs: number
  timeoutMs?: number | undefined
  allowUnverifiedModule: boolean
  log: Logger
}

/** So long after the module was looked at it is looked at again. */
const CODE_AGAIN_MS = 60 * 60_000
/** Behind one URL there may be many nodes, and the next one may be further. */
const TRIES = 4
const TRY_AGAIN_MS = 300
/** One whose newest block is so old is left for the next one, and where all are, no sooner than after so long again. */
const OLD_MS = 45_000

export class Connection {
  readonly rest: Rest
  readonly fees: Fees
  readonly watch: Watch
  readonly #options: ConnectionOptions
  readonly #progress: Progress
  /** When the module was looked at, ms since the process began. */
  #codeMs: number | undefined
  #isUnsure = true
  /** When a node was left because its blocks were old, ms since the process began. */
  #leftMs = -Infinity
  #checking: Promise<void> | undefined
  #users = 0

  constructor (options: ConnectionOptions, private readonly ended: () => void) {
    const { rpcUrl, socksProxy, timeoutMs, everyMs, network, log } = options
    this.#options = options
    this.rest = new Rest({ url: rpcUrl, socksProxy, timeoutMs, lost: () => { this.#isUnsure = true } })
    this.fees = new Fees(this.rest)
    this.watch = new Watch({
      everyMs, chainId: chainIdOf(network), log, read: ids => this.readAll(ids), news: moment => { this.reached(moment) }
    })
    const { rest } = this
    this.#progress = new Progress({ get host () { return rest.host }, unit: 'version', log, startedOver: () => { this.#startOver() } })
  }

  join (): void {
    this.#users++
  }

  /** The last one that leaves ends it. */
  async leave (): Promise<void> {
    if (--this.#users > 0) return
    this.ended()
    this.rest.close()
    await this.watch.stop()
  }

  /** What was so at this moment was acted on: what is read from now on is not older. */
  reached ({ version, timeMs }: Moment): void {
    this.#progress.reached({ height: version, timeMs })
  }

  /** Whether a block was seen in the last `ms`: what happened before is known then. */
  isFresh (ms: number): boolean {
    return this.#progress.isFresh(ms)
  }

  /**
   * Rejects while the node is not to be believed: finally when it is of another network, or the module another. One that began before, and
   * fails, says nothing of now.
   */
  check (): Promise<void> {
    return this.#checking === undefined ? this.#checkNow() : this.#checking.catch(() => this.#checkNow())
  }

  #checkNow (): Promise<void> {
    return this.#checking ??= this.#check().finally(() => { this.#checking = undefined })
  }

  async read (channelId: string): Promise<Reading> {
    const [reading] = await this.readAll([channelId])
    return reading ?? { channel: undefined, version: 0n, timeMs: 0 }
  }

  /** At most IN_ONE_CALL of them, in their order. */
  async readAll (channelIds: readonly string[]): Promise<Reading[]> {
    await this.check()
    const { moduleAddress } = this.#options
    const answer = await this.view(`${moduleAddress}::${CHANNEL_MODULE}::states`, [channelIds])
    const { version, timeMs } = answer
    const found = new Map(channelsIn(answer.body).map(channel => [channel.channelId, channel]))
    return channelIds.map(id => {
      const reading = { version, timeMs, channel: found.get(id) }
      this.watch.took(id, reading)
      return reading
    })
  }

  /** What a view function of the chain says now. Rejects with RestError when it refuses, and with a ChainError while no node can say. */
  async view (name: string, args: readonly unknown[], typeArguments: readonly string[] = []): Promise<RestAnswer> {
    return await this.newest(() => this.rest.post('/view', { function: name, type_arguments: typeArguments, arguments: args }))
  }

  /** An answer that is neither older than what was acted on nor from the future. */
  async newest<T extends RestAnswer | undefined> (ask: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const { host } = this.rest
      const answer = await ask()
      if (answer === undefined) return answer
      const foreign = this.#foreign(answer, host)
      if (foreign !== undefined) {
        if (foreign.isFinal || tries === TRIES) throw foreign
        continue
      }
      const fault = this.#progress.faultOf({ height: answer.version, timeMs: answer.timeMs })
      if (fault === undefined) {
        this.#leaveOld(answer, host)
        return answer
      }
      if (tries === TRIES) throw new ChainError(fault, false)
      this.rest.next(host)
      await pause(TRY_AGAIN_MS)
    }
  }

  /** The sequence number of the next transaction of an account, and the chain's clock. An account that was never used has 0. */
  async account (address: string): Promise<Moment & { sequence: bigint }> {
    const answer = await this.newest(async () => {
      return await this.rest.get(`/accounts/${address}`).catch((error: unknown) => {
        if (error instanceof RestError && error.code === 'account_not_found') return { ...error.answer, body: { sequence_number: '0' } }
        throw error
      })
    })
    const sequence = recordOf(answer.body).sequence_number
    if (typeof sequence !== 'string' || !/^\d{1,20}$/.test(sequence)) throw new ChainError(`the node at ${this.rest.host} does not say the sequence number of an account`, false)
    return { version: answer.version, timeMs: answer.timeMs, sequence: BigInt(sequence) }
  }

  /** It may stand still, and would never show what became of a transaction. */
  #leaveOld ({ timeMs }: RestAnswer, host: string): void {
    const now = performance.now()
    if (Date.now() - timeMs < OLD_MS || now - this.#leftMs < OLD_MS) return
    this.#leftMs = now
    this.rest.next(host)
  }

  /** What was read before was read of a node that lied. */
  #startOver (): void {
    this.#isUnsure = true
    this.watch.forget()
  }

  async #check (): Promise<void> {
    const { moduleAddress, allowUnverifiedModule } = this.#options
    if (this.#isUnsure) {
      this.#isUnsure = false // trouble on the way makes it so again
      try {
        const { host } = this.rest
        const foreign = this.#foreign(await this.rest.get('/'), host)
        if (foreign !== undefined) throw foreign
      } catch (error) {
        this.#isUnsure = true
        throw error
      }
      if (this.#codeMs !== undefined) this.#codeMs = -Infinity
    }
    if (allowUnverifiedModule || (this.#codeMs !== undefined && performance.now() - this.#codeMs < CODE_AGAIN_MS)) return
    await this.#checkCode(moduleAddress)
    this.#codeMs = performance.now()
  }

  /** Where another node can be asked, one that shows another module is not the last word. */
  async #checkCode (moduleAddress: string): Promise<void> {
    const { host } = this.rest
    await checkCode(this.rest, moduleAddress).catch((error: unknown) => {
      const isOther = error instanceof ChainError && error.isFinal
      throw isOther && this.rest.next(host) ? new ChainError(error.message, false, { cause: error }) : error
    })
  }

  /** Undefined: the answer is of our network. It is not the last word where there is another node to ask. */
  #foreign ({ network }: RestAnswer, host: string): ChainError | undefined {
    const expected = this.#options.network
    if (network === expected) return undefined
    const isAlone = !this.rest.next(host)
    return new ChainError(`the node at ${host} belongs to another network than ${chainIdOf(expected)}. ` +
      `found=${network === 0 ? 'none' : chainIdOf(network)}. Set rpcUrl to a node of ${chainIdOf(expected)}.`, isAlone)
  }
}

/** Of this process, by what their accounts have in common. */
const connections = new Map<string, Connection>()

/** Joins the connection of all accounts with these options, which begins with the first. */
export function joinConnection (options: ConnectionOptions): Connection {
  const key = JSON.stringify({ ...options, log: undefined })
  const connection = connections.get(key) ?? new Connection(options, () => { connections.delete(key) })
  connections.set(key, connection)
  connection.join()
  return connection
}
