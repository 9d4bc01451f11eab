/**
 * The connection to a cluster through one RPC node, for all accounts of the process together. Before anything that a node says is believed,
 * and again after each time that it could not be reached, it has to be of the configured cluster, and the program has to be the one of this
 * package, which nobody can change.
 */
import { pause } from '../../../src/lib/timers.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../../lib/channels/types.js'
import { JsonRpc, RpcError } from '../../lib/rpc/json-rpc.js'
import { isAddress } from '../formats.js'
import { Fees } from './fees.js'
import { checkProgram, isAsDeployed } from './program-check.js'
import { AccountReader, type Commitment, type Reading } from './reader.js'
import { Watch } from './watch.js'

/** Accounts of which all but `log` is the same share a connection. */
export interface ConnectionOptions {
  rpcUrl: string
  wsUrl?: string | undefined
  socksProxy?: string | undefined
  chainId: string
  /** In base58. Undefined: that of the node, which is asked for once; only on a cluster of one's own. */
  genesis: string | undefined
  programId: string
  /** Between two looks at the channels, ms. */
  everyMs: number
  /** How long a question waits for others, ms. */
  gatherMs?: number | undefined
  timeoutMs?: number | undefined
  /** Calls in a second. */
  rpsLimit: number
  allowUnverifiedProgram: boolean
  log: Logger
}

/** So long after the deployment was looked at it is looked at again. */
const PROGRAM_AGAIN_MS = 60 * 60_000
/** Calls that may come at once when there were none for a while, in seconds of the limit. */
const BURST_SECS = 2

export class Connection {
  readonly rpc: JsonRpc
  readonly reader: AccountReader
  readonly fees: Fees
  readonly watch: Watch
  readonly #options: ConnectionOptions
  #genesis: string | undefined
  /** When the deployment was looked at, ms since the process began. */
  #programMs: number | undefined
  #isUnsure = true
  #checking: Promise<void> | undefined
  #users = 0

  constructor (options: ConnectionOptions, private readonly ended: () => void) {
    const { rpcUrl, socksProxy, timeoutMs, rpsLimit, gatherMs, programId, chainId, everyMs, log } = options
    this.#options = options
    this.#genesis = options.genesis
    this.rpc = new WatchedRpc({ url: rpcUrl, socksProxy, timeoutMs, turn: turnsOf(rpsLimit) }, () => { this.#isUnsure = true })
    this.reader = new AccountReader(this.rpc, log, gatherMs)
    this.fees = new Fees(this.rpc)
    const wsUrl = options.wsUrl ?? socketUrlOf(rpcUrl)
    this.watch = new Watch({ reader: this.reader, wsUrl, socksProxy, programId, chainId, everyMs, log, check: () => this.check() })
    this.reader.startedOver = () => {
      this.#isUnsure = true
      this.watch.forget()
    }
  }

  /** What claims are signed for. Known once the node was reached. */
  async genesis (): Promise<string> {
    if (this.#genesis === undefined) await this.check()
    return this.#genesis ?? ''
  }

  join (): void {
    this.#users++
  }

  /** The last one that leaves ends it. */
  async leave (): Promise<void> {
    if (--this.#users > 0) return
    this.ended()
    this.rpc.close()
    await this.watch.stop()
  }

  /** Rejects while the node is not to be believed: finally when it is of another cluster, or the program another. */
  check (): Promise<void> {
    return this.#checking ??= this.#check().finally(() => { this.#checking = undefined })
  }

  async read (address: string, commitment: Commitment): Promise<Reading> {
    await this.check()
    const reading = await this.reader.read(address, commitment)
    this.watch.took(address, commitment, reading)
    return reading
  }

  async #check (): Promise<void> {
    const { programId, allowUnverifiedProgram } = this.#options
    if (this.#isUnsure) {
      this.#isUnsure = false // trouble on the way makes it so again
      try {
        this.#genesis = await this.#genesisOfNode()
      } catch (error) {
        this.#isUnsure = true
        throw error
      }
    }
    if (this.#programMs !== undefined && performance.now() - this.#programMs < PROGRAM_AGAIN_MS) return
    if (allowUnverifiedProgram) return
    if (this.#programMs === undefined) await checkProgram(this.rpc, programId, this.#genesis ?? '')
    else await isAsDeployed(this.rpc, programId)
    this.#programMs = performance.now()
  }

  /** Rejects when it is not the one that is known; also when the node refuses to say. */
  async #genesisOfNode (): Promise<string> {
    const { chainId } = this.#options
    const found = await this.rpc.call('getGenesisHash')
    if (typeof found !== 'string' || !isAddress(found)) throw new ChainError(`the node at ${this.rpc.host} answers getGenesisHash with something else`, false)
    const expected = this.#genesis ?? found
    if (found === expected) return found
    throw new ChainError(`the node at ${this.rpc.host} belongs to another cluster than ${chainId}. ` +
      `genesis=${found} expected=${expected}. Set rpcUrl to a node of ${chainId}.`, true)
  }
}

/** Tells of each call that got no answer: the next node behind the URL may be another one. */
class WatchedRpc extends JsonRpc {
  constructor (options: ConstructorParameters<typeof JsonRpc>[0], private readonly lost: () => void) {
    super(options)
  }

  override async call (method: string, ...params: unknown[]): Promise<unknown> {
    try {
      return await super.call(method, ...params)
    } catch (error) {
      if (!(error instanceof RpcError)) this.lost()
      throw error
    }
  }
}

/** Lets so many through in a second, in the order in which they come. */
function turnsOf (perSecond: number): () => Promise<void> {
  const most = perSecond * BURST_SECS
  let left = most
  let countedMs = performance.now()
  let last: Promise<void> = Promise.resolve()
  const wait = async (): Promise<void> => {
    const now = performance.now()
    left = Math.min(most, left + (now - countedMs) * perSecond / 1000)
    countedMs = now
    if (--left >= 0) return
    await pause(-left * 1000 / perSecond)
  }
  return () => last = last.then(wait)
}

/** Where nodes listen by default: the same URL, and the next port where one is named. */
function socketUrlOf (rpcUrl: string): string {
  const url = new URL(rpcUrl)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  if (url.port !== '') url.port = String(Number(url.port) + 1)
  return url.href
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
