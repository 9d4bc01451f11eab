/**
 * Whether the states of many channels are what they were: by their hashes, which one question gives for hundreds of channels. Nodes that do
 * not answer it are asked about a few channels at a time.
 */
import { Interface } from 'ethers'
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../../lib/channels/types.js'
import { abi, bytecode } from '../artifacts/StateProbe.js'
import type { Heads } from './heads.js'
import type { Network } from './network.js'
import { quantity, type Head, type Rpc } from './rpc.js'

export interface StateChecksOptions {
  rpc: Rpc
  heads: Heads
  network: Network
  log: Logger
}

/** When something was true of the chain. */
export interface Mark {
  look: number
  /** Grows when blocks are gone that counted before. */
  era: number
}

/** The hash of a state (undefined if the channel does not exist), and the time of the block, in ms since the epoch. */
export interface Seen { digest: string | undefined, readAtMs: number }

export interface Check { confirmed: Seen, latest: Seen, mark: Mark }

type Tell = (channelId: string, check: Check) => void

const probe = new Interface(abi)
/** In one question: a node gives no more than 24 KiB, and spends no more gas than a block has. */
const PER_CALL = 250
/** About half a minute. */
const EVERY_LOOKS = 7
/** What was not confirmed for so many looks does not count. */
const GOOD_LOOKS = 3 * EVERY_LOOKS
/** A node that fails so often in succession is asked about a few channels at a time... */
const FAILURES = 3
/** ...for so many looks, a quarter of an hour, in which each channel has its turn. */
const SINGLE_LOOKS = 225
const SINGLE_EVERY_LOOKS = 5
const SINGLE_TURNS = Math.floor(SINGLE_LOOKS / SINGLE_EVERY_LOOKS)
const WORD_DIGITS = 64

export class StateChecks {
  readonly #options: StateChecksOptions
  #mark: Mark = { look: 0, era: 0 }
  #checkedLook = -Infinity
  #failures = 0
  #singleUntil = 0
  #turn = 0

  constructor (options: StateChecksOptions) {
    this.#options = options
  }

  /** Of what is read now. */
  get mark (): Mark {
    return this.#mark
  }

  /** Whether what was true then is still, for all that is known. */
  isGood ({ look, era }: Mark): boolean {
    return era === this.#mark.era && this.#mark.look - look <= (this.#isSingle ? 2 * SINGLE_LOOKS : GOOD_LOOKS)
  }

  /** Asks at the next look. */
  hurry (): void {
    this.#checkedLook = -Infinity
  }

  /** Nothing that was seen before counts any more. */
  forget (): void {
    this.#mark = { look: this.#mark.look, era: this.#mark.era + 1 }
    this.hurry()
  }

  /** Tells of each channel that was asked about in this look. Never rejects. */
  async look (channelIds: ReadonlyMap<string, unknown>, head: Head, isBlind: boolean, tell: Tell): Promise<void> {
    this.#mark = { look: this.#mark.look + 1, era: this.#mark.era }
    if (channelIds.size === 0) return
    try {
      if (this.#isSingle) await this.#lookAtSome([...channelIds.keys()], head, isBlind, tell)
      else await this.#lookAtAll(channelIds, head, isBlind, tell)
      this.#failures = 0
    } catch (error) {
      if (this.#isSingle || ++this.#failures < FAILURES) return
      this.#failures = 0
      this.#singleUntil = this.#mark.look + SINGLE_LOOKS
      this.#options.log.info('the node does not tell of many channels at once, asking about a few at a time. host=%s error=%s',
        this.#options.rpc.host, describeError(error))
    }
  }

  get #isSingle (): boolean {
    return this.#mark.look <= this.#singleUntil
  }

  async #lookAtAll (channelIds: ReadonlyMap<string, unknown>, head: Head, isBlind: boolean, tell: Tell): Promise<void> {
    const { heads } = this.#options
    const every = isBlind ? Math.min(EVERY_LOOKS, Math.ceil(channelIds.size / PER_CALL)) : EVERY_LOOKS
    if (this.#mark.look - this.#checkedLook < every) return
    const ids = [...channelIds.keys()]
    const block = heads.confirmedAt(head)
    for (let first = 0; first < ids.length; first += PER_CALL) {
      const some = ids.slice(first, first + PER_CALL)
      const confirmed = await this.#probe(some, block)
      const latest = block === head.number ? confirmed : await this.#probe(some, 'latest')
      if (latest.some(({ readAtMs }) => readAtMs < head.timestampMs)) return // by a node that is behind: asked again at the next look
      some.forEach((channelId, i) => {
        const [before, now] = [confirmed[i], latest[i]]
        if (before !== undefined && now !== undefined) tell(channelId, { confirmed: before, latest: now, mark: this.#mark })
      })
    }
    this.#checkedLook = this.#mark.look
  }

  async #probe (channelIds: readonly string[], block: number | 'latest'): Promise<Seen[]> {
    const { rpc, network } = this.#options
    const data = bytecode + probe.encodeDeploy([network.address, channelIds]).slice(2)
    const answer = await rpc.call('eth_call', { data }, quantity(block))
    if (typeof answer !== 'string' || answer.length !== 2 + (channelIds.length + 1) * WORD_DIGITS) {
      throw new ChainError(`the node at ${rpc.host} does not run a probe that is not deployed`, false)
    }
    const word = (index: number): string => `0x${answer.slice(2 + index * WORD_DIGITS, 2 + (index + 1) * WORD_DIGITS)}`
    return channelIds.map((_, i) => ({ digest: word(i + 1), readAtMs: Number(word(0)) * 1000 }))
  }

  async #lookAtSome (ids: readonly string[], head: Head, isBlind: boolean, tell: Tell): Promise<void> {
    const { heads, network } = this.#options
    if (!isBlind && this.#mark.look % SINGLE_EVERY_LOOKS !== 0) return
    const first = this.#turn >= ids.length ? 0 : this.#turn
    this.#turn = first + Math.ceil(ids.length / SINGLE_TURNS)
    const block = heads.confirmedAt(head)
    const confirmedMs = await heads.confirmedTimeMs(head)
    for (const channelId of ids.slice(first, this.#turn)) {
      const { digest } = await network.reading(channelId, undefined, block)
      const latest = block === head.number ? digest : (await network.reading(channelId, undefined, 'latest')).digest
      const newest = { digest: latest, readAtMs: head.timestampMs }
      tell(channelId, { confirmed: { digest, readAtMs: confirmedMs }, latest: newest, mark: this.#mark })
    }
  }
}
