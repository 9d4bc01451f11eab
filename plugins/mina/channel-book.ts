/**
 * What is known of channels beyond what the chain says of them: which addresses are ours to look at, which of them were over once, and what
 * the node's chain was. Kept in the store of the account.
 */
import { z } from 'zod'
import type { PluginStore } from '../../src/contracts/plugin.js'

const Known = z.object({
  payer: z.string(),
  payee: z.string(),
  /** The height of the block in which it was seen first: tells older channels from newer ones. */
  since: z.int(),
  /** It was over: the amounts of then, nanomina. What comes in later does not belong to it. */
  over: z.object({ challengeSlots: z.int(), paid: z.string() }).optional()
})

export type Known = z.infer<typeof Known>

/** Of channels that are over, the latest are remembered. */
const MAX_OVER = 200
/** So many of a peer's channels are looked at; others cost it the fee of an account each, and us nothing. */
export const MAX_OF_A_PEER = 4

export class ChannelBook {
  readonly #known = new Map<string, Known>()
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

  get (channelId: string): Known | undefined {
    return this.#known.get(channelId)
  }

  all (): Array<[channelId: string, known: Known]> {
    return [...this.#known]
  }

  /** Those with the peer that are not over. */
  with (peer: string): string[] {
    const isWith = ({ payer, payee }: Known): boolean => payer === peer || payee === peer
    return this.all().filter(([, known]) => known.over === undefined && isWith(known)).map(([channelId]) => channelId)
  }

  /** Whether as many channels of this payer are looked at as there may be. */
  isFull (payer: string): boolean {
    return this.all().filter(([, known]) => known.over === undefined && known.payer === payer).length >= MAX_OF_A_PEER
  }

  /** Resolves when it is kept, also for after a power cut. */
  async put (channelId: string, known: Known): Promise<void> {
    this.#known.delete(channelId)
    this.#known.set(channelId, known)
    const over = this.all().filter(([, { over }]) => over !== undefined)
    for (const [oldest] of over.slice(0, Math.max(0, over.length - MAX_OVER))) this.#known.delete(oldest)
    const result = this.#writing.then(async () => {
      const text = JSON.stringify([...this.#known])
      await (this.store.putAll?.({ [this.key]: text }) ?? this.store.put(this.key, text))
    })
    this.#writing = result.catch(() => undefined)
    await result
  }

  async #load (): Promise<void> {
    const text = await this.store.get(this.key)
    if (text === undefined) return
    for (const [channelId, known] of z.array(z.tuple([z.string(), Known])).parse(JSON.parse(text))) this.#known.set(channelId, known)
  }
}
