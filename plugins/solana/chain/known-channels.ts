/** The channels that the chain has had for good, under one key of the account's store: the chain deletes those that are over. */
import { z } from 'zod'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { channelIdOf } from '../formats.js'
import { decodeChannel, type ChannelAccount } from './channel-account.js'

const Amounts = z.tuple([z.string(), z.string()])

const Record = z.object({
  account: z.string(),
  /** What was read of the account last, in base64, and at which slot. */
  data: z.string(),
  slot: z.number(),
  /** Decimal strings: what each has put in, and what each has paid the other, when it was over. */
  ended: z.object({ deposits: Amounts, transferred: Amounts }).optional()
})

export interface KnownChannel {
  account: string
  channel: ChannelAccount
  slot: number
  isOver: boolean
}

/** Of those that are over, the latest are remembered. */
const MAX_OVER = 200

export class KnownChannels {
  readonly #channels = new Map<string, KnownChannel & { data: Buffer }>()
  #loading: Promise<void> | undefined
  #writing: Promise<unknown> = Promise.resolve()

  constructor (private readonly store: PluginStore, private readonly key: string) {}

  async get (channelId: string): Promise<KnownChannel | undefined> {
    await this.#load()
    return this.#channels.get(channelId)
  }

  /** What the chain has for good. Resolves when that is kept, if it is new. */
  async saw (account: string, data: Buffer, channel: ChannelAccount, slot: number): Promise<void> {
    await this.#load()
    const channelId = channelIdOf({ account, instance: channel.instance })
    const before = this.#channels.get(channelId)
    if (before?.isOver === true || before?.data.equals(data) === true) return // since the lower slot: one that is far too high is not kept
    if (before !== undefined && before.slot > slot) return
    this.#channels.set(channelId, { account, channel, slot, data, isOver: false })
    await this.#write()
  }

  /** The channel is over, and this is how it was then. */
  async ended (channelId: string, channel: ChannelAccount): Promise<void> {
    const before = this.#channels.get(channelId)
    if (before === undefined) return
    this.#channels.delete(channelId)
    this.#channels.set(channelId, { ...before, channel, isOver: true })
    const over = [...this.#channels].filter(([, { isOver }]) => isOver)
    for (const [id] of over.slice(0, Math.max(0, over.length - MAX_OVER))) this.#channels.delete(id)
    await this.#write()
  }

  #load (): Promise<void> {
    this.#loading ??= this.#read().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  async #read (): Promise<void> {
    const text = await this.store.get(this.key)
    if (text === undefined) return
    for (const { account, data, slot, ended } of z.array(Record).parse(JSON.parse(text))) {
      const bytes = Buffer.from(data, 'base64')
      const read = decodeChannel(bytes)
      if (read === undefined) throw new Error(`the record of a channel cannot be read. channel=${account}`)
      const channel = ended === undefined ? read
        : { ...read, status: 'settled' as const, deposits: amountsOf(ended.deposits), transferred: amountsOf(ended.transferred) }
      const channelId = channelIdOf({ account, instance: channel.instance })
      this.#channels.set(channelId, { account, channel, slot, data: bytes, isOver: ended !== undefined })
    }
  }

  async #write (): Promise<void> {
    const write = this.#writing.then(() => this.store.put(this.key, JSON.stringify([...this.#channels.values()].map(recordOf))))
    this.#writing = write.catch(() => undefined)
    await write
  }
}

function recordOf ({ account, channel, data, slot, isOver }: KnownChannel & { data: Buffer }): z.infer<typeof Record> {
  const ended = { deposits: textsOf(channel.deposits), transferred: textsOf(channel.transferred) }
  return { account, data: data.toString('base64'), slot, ...isOver && { ended } }
}

function textsOf ([a, b]: readonly [bigint, bigint]): [string, string] {
  return [String(a), String(b)]
}

function amountsOf ([a, b]: [string, string]): [bigint, bigint] {
  return [BigInt(a), BigInt(b)]
}
