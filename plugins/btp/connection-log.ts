/**
 * Says which peers come and go. When thousands do at once, because a network was away for a moment, it names the first ones and counts the
 * others: a line for each would keep packets waiting. Strangers are counted apart, so that they cannot hide who else is here.
 */
import type { Logger } from '../../src/contracts/logger.js'
import type { ListenSettings } from './options.js'

/** Lines at info in one second, from all accounts of the process with peers that have shown who they are. */
export const LINES_PER_SECOND = 50
/** The same from all accounts that anyone may connect to. */
const STRANGER_LINES_PER_SECOND = 10
const SECOND_MS = 1000

export class ConnectionLog {
  #lines = 0
  #connected = 0
  #lost = 0
  #second: NodeJS.Timeout | undefined

  constructor (private readonly linesPerSecond: number) {}

  connected (log: Logger): void {
    if (this.#isNamed(log)) log.info('connected to the peer over BTP')
    else {
      this.#connected++
      log.debug('connected to the peer over BTP')
    }
  }

  lost (log: Logger): void {
    if (this.#isNamed(log)) log.info('lost the BTP connection to the peer')
    else {
      this.#lost++
      log.debug('lost the BTP connection to the peer')
    }
  }

  #isNamed (log: Logger): boolean {
    this.#second ??= setTimeout(() => { this.#endSecond(log) }, SECOND_MS).unref()
    return this.#lines++ < this.linesPerSecond
  }

  #endSecond (log: Logger): void {
    const [connected, lost] = [this.#connected, this.#lost]
    this.#lines = this.#connected = this.#lost = 0
    this.#second = undefined
    if (connected + lost > 0) log.info('more peers came and went than are named in the log. connected=%d lost=%d', connected, lost)
  }
}

const peers = new ConnectionLog(LINES_PER_SECOND)
const strangers = new ConnectionLog(STRANGER_LINES_PER_SECOND)

/** The one that an account shares with the others of its kind in this process. */
export function connectionLogFor (listener: ListenSettings | undefined): ConnectionLog {
  const isForAnyone = listener !== undefined && listener.secret === undefined && !listener.onlyFromServer
  return isForAnyone ? strangers : peers
}
