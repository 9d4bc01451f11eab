/** A second node, which has to show large deposits of the peer too before they count: one that lies cannot make money up. */
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import type { ChannelState } from '../../lib/channels/types.js'
import { channelsIn, sidesOf } from './channel-state.js'
import { CHANNEL_MODULE } from './payloads.js'
import { Rest } from './rest.js'

export interface SecondOpinionOptions {
  url: string
  socksProxy?: string | undefined
  network: number
  moduleAddress: string
  /** Deposits up to this count as the first node says, in token units. */
  above: bigint
  log: Logger
  timeoutMs?: number | undefined
}

/** Channels of which is kept what has counted. */
const MAX_KEPT = 1000

export class SecondOpinion {
  readonly #options: SecondOpinionOptions
  readonly #rest: Rest
  readonly #counted = new Map<string, bigint>()

  constructor (options: SecondOpinionOptions) {
    this.#options = options
    this.#rest = new Rest(options)
  }

  /** The state with what counts of the peer's deposit. */
  async on (state: ChannelState): Promise<ChannelState> {
    const { above, log } = this.#options
    const { channelId, theirs } = state
    const before = this.#counted.get(channelId) ?? above
    if (theirs.deposit <= before) return state
    const shown = await this.#depositOf(channelId, theirs.address).catch((error: unknown) => {
      log.warn('a deposit counts in part only: the second node cannot be asked. channelId=%s error=%s', channelId, describeError(error))
      return 0n
    })
    const counts = shown > before ? shown : before
    const deposit = counts < theirs.deposit ? counts : theirs.deposit
    if (deposit < theirs.deposit) {
      log.warn('a deposit counts in part only: the second node does not show all of it. channelId=%s deposit=%s counts=%s',
        channelId, String(theirs.deposit), String(deposit))
    }
    if (this.#counted.size >= MAX_KEPT) this.#counted.clear()
    this.#counted.set(channelId, deposit)
    return { ...state, theirs: { ...theirs, deposit } }
  }

  async #depositOf (channelId: string, party: string): Promise<bigint> {
    const { moduleAddress, network } = this.#options
    const answer = await this.#rest.post('/view', { function: `${moduleAddress}::${CHANNEL_MODULE}::states`, type_arguments: [], arguments: [[channelId]] })
    const [channel] = channelsIn(answer.body)
    if (channel?.channelId !== channelId || answer.network !== network) return 0n
    return sidesOf(channel, party)?.ours.deposit ?? 0n
  }
}
