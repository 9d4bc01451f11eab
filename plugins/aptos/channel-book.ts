/**
 * The channels with one peer, as far as their lists on the chain were read: each party has a list of all channels that it has ever opened,
 * with anybody, and it only grows. Kept in the store of the account, so that no list is read twice.
 */
import { z } from 'zod'
import type { PluginStore } from '../../src/contracts/plugin.js'

const Side = z.object({
  /** Places of the list that were read, and what stood at the last of them. */
  read: z.int().min(0),
  last: z.string().optional(),
  /** Those with the other party that are not over, with their places. */
  open: z.array(z.tuple([z.string(), z.int().min(0)]))
})
const Record = z.object({ ours: Side, theirs: Side })

type Opener = keyof z.infer<typeof Record>

/** A peer can make us look at so many channels that it has opened; more of them are not looked for. */
const MAX_OPEN = 100

export class ChannelBook {
  #record: z.infer<typeof Record> = { ours: { read: 0, open: [] }, theirs: { read: 0, open: [] } }
  #loading: Promise<void> | undefined
  #writing: Promise<unknown> = Promise.resolve()

  constructor (private readonly store: PluginStore, private readonly key: string) {}

  /** Reads what was kept, the first time. Rejects when that cannot be read. */
  load (): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  /** How many places of a list were read, and the channel at the last of them. */
  readOf (opener: Opener): { read: number, last: string | undefined } {
    const { read, last } = this.#record[opener]
    return { read, last }
  }

  /**
   * Those that are not over, the oldest first: in the same order for both parties.
   * @param isFirst whether our address is before the peer's
   */
  open (isFirst: boolean): string[] {
    const rank = (opener: Opener): number => (opener === 'ours') === isFirst ? 0 : 1
    const all = (['ours', 'theirs'] as const).flatMap(opener =>
      this.#record[opener].open.map(([id, place]) => ({ id, place, rank: rank(opener) })))
    return all.sort((a, b) => a.place - b.place || a.rank - b.rank).map(({ id }) => id)
  }

  has (channelId: string): boolean {
    return (['ours', 'theirs'] as const).some(opener => this.#record[opener].open.some(([id]) => id === channelId))
  }

  /**
   * The places of a list from `start` on were read, and these channels of them are with the other party. Resolves when that is kept, to
   * whether all of them are looked for.
   */
  async took (opener: Opener, start: number, ids: readonly string[], found: ReadonlyArray<[id: string, place: number]>): Promise<boolean> {
    const side = this.#record[opener]
    const last = ids.at(-1)
    if (last === undefined || start !== side.read) return true
    const places = new Map([...side.open, ...found])
    const open = [...places]
    this.#record[opener] = { read: start + ids.length, last, open: opener === 'ours' ? open : open.slice(0, MAX_OPEN) }
    await this.#write()
    return opener === 'ours' || open.length <= MAX_OPEN
  }

  /** What stood in the list is not what was read: it is read again from its beginning. Those that are known stay. */
  async restart (opener: Opener): Promise<void> {
    this.#record[opener] = { read: 0, open: this.#record[opener].open }
    await this.#write()
  }

  /** It is over, and everything is taken out. */
  async done (channelId: string): Promise<void> {
    if (!this.has(channelId)) return
    for (const opener of ['ours', 'theirs'] as const) {
      const side = this.#record[opener]
      this.#record[opener] = { ...side, open: side.open.filter(([id]) => id !== channelId) }
    }
    await this.#write()
  }

  async #load (): Promise<void> {
    const text = await this.store.get(this.key)
    if (text === undefined) return
    const { ours, theirs } = Record.parse(JSON.parse(text))
    this.#record = { ours: anchored(ours), theirs: anchored(theirs) }
  }

  #write (): Promise<void> {
    const result = this.#writing.then(() => this.store.put(this.key, JSON.stringify(this.#record)))
    this.#writing = result.catch(() => undefined)
    return result
  }
}

/** Records of earlier versions do not say what was read last: then the list is read once more. */
function anchored (side: z.infer<typeof Side>): z.infer<typeof Side> {
  return side.last === undefined ? { ...side, read: 0 } : side
}
