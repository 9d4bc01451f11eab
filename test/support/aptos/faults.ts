/** What a node of the stand-in does wrong. Each field can be set at any time, and holds until it is set back. */
import type { Arguments } from './arguments.js'

/** One misdeed at a request. */
export interface RequestFault {
  /** Of which requests: how method and path begin, such as `POST /transactions`; of any when absent. */
  readonly request?: string
  /**
   * - `loseAnswer`: does what is asked, and cuts the connection.
   * - `loseRequest`: does nothing, and cuts the connection.
   * - `hang`: does nothing, and never answers.
   * - a number: answers with this status, such as 429 or 500.
   */
  readonly does: 'loseAnswer' | 'loseRequest' | 'hang' | number
  /** How often; forever when absent. */
  times?: number
}

export class Faults {
  /** The node knows nothing of so many of the last blocks. */
  behind = 0
  /** The node stands still at this version: its ledger timestamp, too. */
  standsAt: number | undefined
  /** What it says that the chain's id is. */
  chainId: number | undefined
  /** It hides its modules' bytecode behind this one. */
  bytecode: Uint8Array | undefined
  /** It takes transactions, and passes none on. */
  swallows = false
  /** What its answers say of how far the chain has come, beside what they say otherwise: the version, and the time in microseconds. */
  head: { version?: bigint, timestamp?: bigint } = {}
  /** What views answer, by the function's name such as `channel::states`: a node that lies. By its arguments where that is a function. */
  readonly lies = new Map<string, unknown[] | ((args: Arguments) => unknown[] | undefined)>()
  private requests: RequestFault[] = []

  /** Adds a misdeed at requests; the first one that fits happens. */
  add (fault: RequestFault): void {
    this.requests.push({ ...fault })
  }

  /** All is well again. */
  clear (): void {
    this.lies.clear()
    this.head = {}
    Object.assign(this, { behind: 0, standsAt: undefined, chainId: undefined, bytecode: undefined, swallows: false, requests: [] })
  }

  /** What happens at a request, if anything. */
  next (request: string): RequestFault['does'] | undefined {
    const fault = this.requests.find(each => each.request === undefined || request.startsWith(each.request))
    if (fault === undefined) return undefined
    if (fault.times !== undefined && --fault.times <= 0) this.requests = this.requests.filter(each => each !== fault)
    return fault.does
  }
}
