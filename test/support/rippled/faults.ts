/** What a server of the stand-in does wrong, or has to suffer. Each field can be set at any time, and holds until it is set back. */

/** One misdeed at a request. */
export interface RequestFault {
  /** Of which command; of any when absent. */
  readonly command?: string
  /**
   * - `loseAnswer`: does what is asked, and never answers.
   * - `loseRequest`: does nothing, and never answers.
   * - `disconnectBefore`, `disconnectAfter`: cuts the connection before or after it has done what is asked, without an answer.
   * - any other text: answers with that error, such as `tooBusy` or `slowDown`.
   */
  readonly does: string
  /** How often; forever when absent. */
  times?: number
}

export class Faults {
  /** So many of the last ledgers are closed, but not validated yet. */
  unvalidated = 0
  /** The validated ledger stands still at this index. */
  validatedStandsAt: number | undefined
  /** The server is so many ledgers behind the network. */
  behind = 0
  /** Ranges of ledgers that it does not have, from and to included. */
  missing: ReadonlyArray<readonly [number, number]> = []
  /** What it says the network is. */
  networkId: number | undefined
  /** Its ledgers have other hashes than those of other servers. */
  hasOtherHashes = false
  amendmentBlocked = false
  serverState = 'full'
  /** It is Clio: no `build_version`, the network id as text or not at all, no state of its own. */
  clio: 'with network id' | 'without network id' | undefined
  /** Messages of streams are lost. */
  losesEvents = false
  private requests: RequestFault[] = []

  /** Adds a misdeed at requests; the first one that fits happens. */
  add (fault: RequestFault): void {
    this.requests.push(fault)
  }

  /** The validated ledger stands still from now on, until `validatedStandsAt` is set back. */
  standStill (index: number): void {
    this.validatedStandsAt = index
  }

  /** All is well again. */
  clear (): void {
    Object.assign(this, new Faults())
  }

  /** What happens to a request, if anything. */
  next (command: string): string | undefined {
    const fault = this.requests.find(each => each.command === undefined || each.command === command)
    if (fault === undefined) return undefined
    if (fault.times !== undefined && --fault.times <= 0) this.requests = this.requests.filter(each => each !== fault)
    return fault.does
  }
}
