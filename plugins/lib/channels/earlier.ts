/**
 * Every address that the two sides of an account have had, and what was paid between those that are not opened any more, because all of
 * their channels are over. A settlement whose outcome is not known is repeated, whatever keys are there by then: what an earlier pair has
 * paid of it is not paid again. A key that is needed to say that need not be there: its record is enough.
 */
import { z } from 'zod'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import type { Pair } from './parties.js'
import { Payments } from './payments.js'
import { fieldsOf } from './read-record.js'
import { Records, putAll, recordKey } from './records.js'

/** A peer that hands over more often could have an address forgotten, and be paid again. */
const MAX_HANDED_OVER = 32
/** Of each side. Only operators get there, and the oldest is forgotten then. */
const MAX_KEPT = 2 * MAX_HANDED_OVER
const VERSION = 1
const record = z.strictObject({ version: z.literal(VERSION), ours: z.array(z.string()), theirs: z.array(z.string()) })

/** Rejects when what was kept cannot be read: settlements could be paid again. */
export async function openEarlier (store: PluginStore, place: string): Promise<Earlier> {
  const name = recordKey(`earlier:${place}`)
  const kept = await new Records(store).load(`earlier:${place}`)
  const { data, error } = record.safeParse(kept ?? { version: VERSION, ours: [], theirs: [] })
  if (data === undefined) {
    throw new Error(`the record ${name} of the account is broken, and money depends on it: restore it from a backup`, { cause: error })
  }
  return new Earlier(store, name, data.ours, data.theirs)
}

export class Earlier {
  #paid: Array<Pair & { payments: Payments }> = []

  constructor (private readonly store: PluginStore, private readonly name: string, private ours: string[], private theirs: string[]) {}

  /** Whether the peer has had so many addresses that one more would have another one forgotten. */
  get isFull (): boolean {
    return this.theirs.length >= MAX_HANDED_OVER
  }

  /** Resolves when they are kept, also for after a power cut. */
  async add ({ ours = [], theirs = [] }: { ours?: readonly string[], theirs?: readonly string[] }): Promise<void> {
    const now = { ours: joined(this.ours, ours), theirs: joined(this.theirs, theirs) }
    if (now.ours.join() === this.ours.join() && now.theirs.join() === this.theirs.join()) return
    await putAll(this.store, { [this.name]: JSON.stringify({ version: VERSION, ...now } satisfies z.input<typeof record>) })
    this.ours = now.ours
    this.theirs = now.theirs
  }

  /**
   * Reads what was paid between those that are not open.
   * @param storeOf undefined: the pair is open, and says so itself
   */
  async load (sentRecord: string, storeOf: (pair: Pair) => PluginStore | undefined): Promise<void> {
    this.#paid = []
    for (const pair of this.ours.flatMap(own => this.theirs.map(peer => ({ own, peer })))) {
      const store = storeOf(pair)
      const sent = store === undefined ? undefined : await new Records(store).load(sentRecord)
      if (sent === undefined) continue
      const payments = new Payments()
      payments.load(fieldsOf(sent, sentRecord).payments)
      this.#paid.push({ ...pair, payments })
    }
  }

  /**
   * What of a payment (token units) these have not paid, which is all of it where none of them knows it.
   * @param isOpen whether the pair was opened since
   * @throws Error when a claim of theirs may still pay it
   */
  leftOf (id: string, tokens: bigint, isOpen: (pair: Pair) => boolean): bigint {
    let left = tokens
    for (const { payments, ...pair } of this.#paid) {
      const missing = isOpen(pair) ? undefined : payments.missing(id)
      if (missing === undefined) continue
      const [part] = payments.open(id, () => undefined)
      if (part !== undefined) {
        throw new Error('a claim between addresses that are not configured any more may still pay this: put them back until the channel is settled. ' +
          `ownAddress=${pair.own} peerAddress=${pair.peer} channelId=${part.channelId}`)
      }
      if (missing < left) left = missing
    }
    return left
  }
}

function joined (before: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...before, ...more])].slice(-MAX_KEPT)
}
