/** What the second node shows of a channel, and what has to be the same there: all that a claim of the peer rests on. */
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../../lib/channels/types.js'
import type { ChannelState } from '../../lib/channels/types.js'
import { SecondOpinion as Opinion, type Ground } from '../../lib/rpc/second-opinion.js'
import { chainIdOf } from '../formats.js'
import { channelsIn, sidesOf, stateOf, type ChannelData } from './channel-state.js'
import { CHANNEL_MODULE } from './payloads.js'
import { Rest } from './rest.js'

export interface SecondOpinionOptions {
  url: string
  socksProxy?: string | undefined
  network: number
  moduleAddress: string
  /** Ours. */
  address: string
  /** Deposits up to this count as the first node says, in token units. */
  above: bigint
  log: Logger
  timeoutMs?: number | undefined
}

export class SecondOpinion {
  readonly #options: SecondOpinionOptions
  readonly #rest: Rest
  readonly #opinion: Opinion

  constructor (options: SecondOpinionOptions) {
    const { above, log } = options
    this.#options = options
    this.#rest = new Rest(options)
    this.#opinion = new Opinion({ above, log, look: channelId => this.#look(channelId) })
  }

  /** The state with what counts of the peer's deposit. */
  async on (state: ChannelState, channel: ChannelData): Promise<ChannelState> {
    return await this.#opinion.on(state, this.#groundOf(channel)?.terms ?? {})
  }

  async #look (channelId: string): Promise<Ground | undefined> {
    const { moduleAddress, network } = this.#options
    const asked = { function: `${moduleAddress}::${CHANNEL_MODULE}::states`, type_arguments: [], arguments: [[channelId]] }
    const answer = await this.#rest.post('/view', asked)
    if (answer.network !== network) throw new ChainError(`the node at ${this.#rest.host} belongs to another network than ${chainIdOf(network)}`, false)
    const channel = channelsIn(answer.body).find(each => each.channelId === channelId)
    return channel && this.#groundOf(channel)
  }

  #groundOf (channel: ChannelData): Ground | undefined {
    const { address } = this.#options
    const [sides, state] = [sidesOf(channel, address), stateOf(channel, address, 0)]
    if (sides === undefined || state === undefined) return undefined
    const { network, asset, status, challengeSecs } = channel
    const { party: peer, key } = sides.theirs
    const terms = { asset, status, peer, key, network: String(network), challengeSecs: String(challengeSecs) }
    return { deposit: state.theirs.deposit, terms }
  }
}
