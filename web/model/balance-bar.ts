/**
 * Where things lie on the bar of a peer. The middle is nothing owed; to the left the peer owes us, to the right we owe the peer. Each
 * half is as long as the largest thing that can be on either side, so that lengths compare.
 */
import type { BalanceView } from '../../src/contracts/explorer.js'
import { baseUnits, share } from './money.js'

export interface BalanceBar {
  side: 'owed to us' | 'owed by us' | 'even'
  /** Lengths in parts of a half, from the middle. */
  owed: number
  /** On top of what is owed, if packets in flight are fulfilled: what the peer will owe, and what we will. */
  heldIn: number
  heldOut: number
  /** Places of the limits and of the settlement threshold, from the middle; undefined: there is none. */
  limitIn: number | undefined
  limitOut: number | undefined
  threshold: number | undefined
  /** Of the peer's limit, what is used, in flight included. */
  used: number
}

/** Without a limit the bar goes on so many times farther than what is owed: it never looks full. */
const UNLIMITED = 2n

export function barOf (view: BalanceView): BalanceBar {
  const balance = baseUnits(view.balance)
  const heldIn = magnitude(baseUnits(view.incomingHolds))
  const heldOut = magnitude(baseUnits(view.outgoingHolds))
  const maximum = limit(view.maximum)
  const minimum = limit(view.minimum)
  const owesUs = (balance > 0n ? balance : 0n) + heldIn
  const weOwe = (balance < 0n ? -balance : 0n) + heldOut
  const length = [maximum ?? owesUs * UNLIMITED, minimum ?? weOwe * UNLIMITED, owesUs, weOwe, 1n]
    .reduce((most, value) => value > most ? value : most)
  return {
    side: balance > 0n ? 'owed to us' : balance < 0n ? 'owed by us' : 'even',
    owed: share(magnitude(balance), length),
    heldIn: share(heldIn, length),
    heldOut: share(heldOut, length),
    limitIn: maximum === undefined ? undefined : share(maximum, length),
    limitOut: minimum === undefined ? undefined : share(minimum, length),
    threshold: view.settleThreshold === undefined ? undefined : share(magnitude(baseUnits(view.settleThreshold)), length),
    used: maximum === undefined || maximum <= 0n ? 0 : share(balance + heldIn, maximum)
  }
}

/** How far a limit lies from the middle. */
function limit (amount: string | undefined): bigint | undefined {
  return amount === undefined ? undefined : magnitude(baseUnits(amount))
}

function magnitude (value: bigint): bigint {
  return value < 0n ? -value : value
}
