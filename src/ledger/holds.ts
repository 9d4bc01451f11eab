/** The rules that holds follow in all our ledgers: a ledger knows its own holds, each ends once, and a settlement can be resumed. */
import type { Hold, Settlement } from '../contracts/ledger.js'

interface StagedHold extends Hold {
  /** `asked`: where the books are elsewhere, and have not answered. */
  readonly stage: 'asked' | 'held' | 'posted' | 'ended'
}

/** The hold as the ledger knows it, whose holds are of that class. Throws TypeError for a stranger's, and Error at another stage. */
export function atStage<H extends StagedHold> (kind: abstract new (...args: never[]) => H, hold: Hold, stage: 'held' | 'posted'): H {
  const own = ownHold(kind, hold)
  if (own.stage === stage) return own
  const fault = stage === 'held' ? 'hold has ended already' : 'hold is not posted'
  throw new Error(`${fault}. accountId=${hold.accountId} amount=${hold.amount}`)
}

/** Throws TypeError for a hold that the ledger did not make. */
export function ownHold<H extends Hold> (kind: abstract new (...args: never[]) => H, hold: Hold): H {
  if (!(hold instanceof kind)) throw new TypeError('not a hold of this ledger')
  return hold
}

/** The account's open settlement, when it is the one that is asked for and nobody is at it. Throws otherwise. */
export function takeUpAgain<S extends Settlement & { state: Settlement['state'] }> (open: S, amount: bigint, id: string): S {
  if (open.state !== 'unknown' || open.id !== id || open.amount !== amount) {
    throw new Error('another settlement of the account is not finished. ' +
      `accountId=${open.accountId} id=${open.id} amount=${open.amount} state=${open.state}`)
  }
  open.state = 'sending'
  return open
}
