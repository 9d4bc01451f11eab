/**
 * When a network goes away, thousands of peers hang up in one moment, and the system reports all of that in one turn of the event loop.
 * To close a socket takes a while, so only a few are closed in a turn, and packets of those who are still there do not wait for all.
 */
import type { Socket } from 'node:net'
import { endLongTurn } from './turn-end.js'

/** Sockets of all listeners that are closed in one turn of the event loop because their peers hung up. */
export const ENDS_PER_TURN = 16

/** At most as many as there are sockets. The oldest comes first. */
const waiting: Array<() => void> = []
let left = ENDS_PER_TURN
let isCounting = false

/** Call this when `ws` listens to the socket. From then on, what it does at the end of what the peer sends may come a few turns later. */
export function endInTurns (raw: Socket): void {
  const listeners = raw.listeners('end') as Array<() => void>
  for (const listener of listeners) raw.removeListener('end', listener)
  raw.once('end', () => {
    endLongTurn()
    inTurn(() => {
      if (!raw.destroyed) for (const listener of listeners) listener.call(raw)
    })
  })
}

function inTurn (end: () => void): void {
  countTurns()
  if (left === 0) {
    waiting.push(end)
    return
  }
  left--
  end()
}

function countTurns (): void {
  if (isCounting) return
  isCounting = true
  setImmediate(() => {
    isCounting = false
    left = ENDS_PER_TURN
    if (waiting.length === 0) return
    const ends = waiting.splice(0, ENDS_PER_TURN)
    left -= ends.length
    countTurns()
    for (const end of ends) end()
  })
}
