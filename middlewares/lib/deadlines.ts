/**
 * One timer for all deadlines in the same millisecond, instead of one for each. The deadlines of a slot form a linked list, so that one
 * that is met can be removed without a trace: sets and maps whose entries come and go with every packet cost more than a timer.
 */

import { TIMER_LONGEST_MS } from '../../src/lib/timers.js'

export interface Deadline<Item> {
  readonly item: Item
  readonly slot: Slot<Item>
  hasPassed: boolean
  previous: Deadline<Item> | undefined
  next: Deadline<Item> | undefined
}

interface Slot<Item> {
  readonly time: number
  readonly timer: NodeJS.Timeout
  first: Deadline<Item> | undefined
}

export class Deadlines<Item> {
  private readonly slots = new Map<number, Slot<Item>>()

  constructor (private readonly onPassed: (item: Item) => void) {}

  /** Calls `onPassed` with the item at `time` (ms since the epoch), or at once when that has passed, unless it is cleared before. */
  set (time: number, item: Item): Deadline<Item> {
    const slot = this.slots.get(time) ?? this.open(time)
    const deadline = { item, slot, hasPassed: false, previous: undefined, next: slot.first }
    if (slot.first !== undefined) slot.first.previous = deadline
    return slot.first = deadline
  }

  /** Does nothing to one that has passed. */
  clear (deadline: Deadline<Item>): void {
    const { slot, previous, next } = deadline
    if (previous !== undefined) previous.next = next
    else if (slot.first === deadline) slot.first = next
    else return
    if (next !== undefined) next.previous = previous
    deadline.previous = deadline.next = undefined
    if (slot.first !== undefined) return
    clearTimeout(slot.timer)
    this.slots.delete(slot.time)
  }

  private open (time: number): Slot<Item> {
    const timer = setTimeout(() => this.fire(slot), Math.min(time - Date.now(), TIMER_LONGEST_MS))
    timer.unref()
    const slot: Slot<Item> = { time, timer, first: undefined }
    this.slots.set(time, slot)
    return slot
  }

  private fire (slot: Slot<Item>): void {
    this.slots.delete(slot.time)
    for (let deadline = slot.first; deadline !== undefined; deadline = slot.first) {
      slot.first = deadline.next
      if (deadline.next !== undefined) deadline.next.previous = undefined
      deadline.next = undefined
      deadline.hasPassed = true
      this.onPassed(deadline.item)
    }
  }
}
