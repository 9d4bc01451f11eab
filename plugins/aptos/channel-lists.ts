/**
 * Finds the channels with each peer: each party has a list of what it has opened on the chain, which is read page by page, and once as long
 * as it stays the same.
 */
import { z } from 'zod'
import { describeError } from '../../src/lib/describe-error.js'
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginStore } from '../../src/contracts/plugin.js'
import { ChainError } from '../lib/channels/types.js'
import type { AsOf } from '../lib/channels/types.js'
import { ChannelBook } from './channel-book.js'
import { IN_ONE_CALL, sidesOf, stateOf, type ChannelData, type Reading } from './chain/channel-state.js'
import type { Connection } from './chain/connection.js'
import { CHANNEL_MODULE } from './chain/payloads.js'
import { canonicalAddress, isAddress } from './formats.js'

export interface ChannelListsOptions {
  /** @throws ChainError while the account is disconnected */
  chain: () => Connection
  moduleAddress: string
  /** Ours. */
  address: string
  store: PluginStore
  /** What the names of records begin with. */
  recordName: string
  log: Logger
  /** Told of each channel that was read. */
  keep: (reading: Reading) => void
  isOurs: (channel: ChannelData) => boolean
  /** Told of each channel that the peer has opened, and that was found by looking now and then. */
  opened: (peer: string, channelId: string) => void
}

type Opener = 'ours' | 'theirs'

/** Pages of a list that are read at a time. */
const MAX_PAGES = 20

const List = z.tuple([z.array(z.string().refine(isAddress).transform(canonicalAddress))])

export class ChannelLists {
  readonly #options: ChannelListsOptions
  readonly #books = new Map<string, ChannelBook>()
  /** By peer, what the watch of the chain calls now and then. */
  readonly #followed = new Map<string, () => Promise<void>>()
  /** By peer, why its list could not be read the last time. */
  readonly #trouble = new Map<string, ChainError>()
  readonly #hasMany = new Set<string>()

  constructor (options: ChannelListsOptions) {
    this.#options = options
  }

  /** The channels with a peer, of which those lists were read: now, or since the first time whenever the watch came to it. */
  async bookWith (peer: string, asOf: AsOf): Promise<ChannelBook> {
    if (asOf === 'now' || !this.#followed.has(peer)) {
      await this.read(peer, 'ours')
      await this.read(peer, 'theirs')
      this.#follow(peer)
    }
    const trouble = asOf === 'watched' ? this.#trouble.get(peer) : undefined
    if (trouble !== undefined) throw trouble
    return await this.#bookOf(peer)
  }

  /** Reads what was not read yet of the list of what one of the parties has opened. Resolves to those of them that are with the other. */
  async read (peer: string, opener: Opener): Promise<string[]> {
    const { chain, address, isOurs, keep, log } = this.#options
    const book = await this.#bookOf(peer)
    const [owner, other] = opener === 'ours' ? [address, peer] : [peer, address]
    const all: string[] = []
    for (let page = 0; page < MAX_PAGES; page++) {
      const { read, last } = book.readOf(opener)
      // With what was read last in front: a list only grows, so an answer that has left something out shows at the next one.
      const listed = await this.#page(owner, last === undefined ? read : read - 1)
      if (last !== undefined && listed[0] !== last) {
        log.error('a node has left channels out of a list, or does so now: the list is read again. openedBy=%s place=%s', owner, String(read - 1))
        await book.restart(opener)
        continue
      }
      const ids = last === undefined ? listed : listed.slice(1)
      const readings = ids.length === 0 ? [] : await chain().readAll(ids)
      refuseOthers(readings, owner)
      const isWanted = (channel: ChannelData): boolean =>
        isOurs(channel) && sidesOf(channel, other) !== undefined && !isOver(channel, address)
      const found = readings.flatMap(({ channel }, i): Array<[string, number]> =>
        channel !== undefined && isWanted(channel) ? [[channel.channelId, read + i]] : [])
      const isAll = await book.took(opener, read, ids, found)
      for (const reading of readings) if (reading.channel !== undefined && book.has(reading.channel.channelId)) keep(reading)
      if (!isAll) this.#warn(peer)
      all.push(...found.map(([id]) => id))
      if (listed.length < IN_ONE_CALL) break
    }
    return all
  }

  /** Nobody looks any more. */
  leave (chain: Connection | undefined): void {
    for (const list of this.#followed.values()) chain?.watch.unfollowList(list)
    this.#followed.clear()
    this.#trouble.clear()
  }

  async #page (owner: string, start: number): Promise<string[]> {
    const { chain, moduleAddress } = this.#options
    const { body } = await chain().view(`${moduleAddress}::${CHANNEL_MODULE}::opened_by`, [owner, String(start), String(IN_ONE_CALL)])
    const { data } = List.safeParse(body)
    if (data === undefined) throw new ChainError('the node answers opened_by with something else', false)
    return data[0]
  }

  #follow (peer: string): void {
    if (this.#followed.has(peer)) return
    const list = async (): Promise<void> => {
      try {
        for (const channelId of await this.read(peer, 'theirs')) this.#options.opened(peer, channelId)
        this.#trouble.delete(peer)
      } catch (error) {
        this.#hear(peer, error)
      }
    }
    this.#followed.set(peer, list)
    this.#options.chain().watch.followList(list)
  }

  async #bookOf (peer: string): Promise<ChannelBook> {
    const { store, recordName } = this.#options
    const book = this.#books.get(peer) ?? new ChannelBook(store, `${recordName}:${peer}`)
    this.#books.set(peer, book)
    await book.load()
    return book
  }

  /** Says when trouble begins. It is over with the next reading that goes well. */
  #hear (peer: string, error: unknown): void {
    if (!this.#followed.has(peer)) return // nobody looks any more
    if (!this.#trouble.has(peer)) {
      this.#options.log.warn('cannot look for new payment channels of a peer now. peerAddress=%s error=%s', peer, describeError(error))
    }
    this.#trouble.set(peer, error instanceof ChainError ? error : new ChainError(describeError(error), false, { cause: error }))
  }

  #warn (peer: string): void {
    if (this.#hasMany.has(peer)) return
    this.#hasMany.add(peer)
    this.#options.log.warn('the peer has opened too many payment channels with us: the later ones are not looked for. peerAddress=%s', peer)
  }
}

/** Whether nothing can happen to it any more: it need not be looked at. */
function isOver (channel: ChannelData, address: string): boolean {
  const { status, payout } = stateOf(channel, address, 0) ?? {}
  return status === 'settled' && payout?.granted === payout?.taken
}

/** What is read is not read again, and a list with something else in it would move us past what is there. No channel is ever deleted. */
function refuseOthers (readings: readonly Reading[], owner: string): void {
  const theirs = new Set(readings.flatMap(({ channel }) => channel?.sides[0].party === owner ? [channel.channelId] : []))
  if (theirs.size < readings.length) {
    throw new ChainError(`the node answers opened_by with channels that were not opened by ${owner}. found=${readings.length}`, false)
  }
}
