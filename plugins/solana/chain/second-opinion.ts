/** A second node, which has to show large deposits of the peer too before they count: one that lies cannot make money up. */
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import type { ChannelState } from '../../lib/channels/types.js'
import { JsonRpc } from '../../lib/rpc/json-rpc.js'
import type { NodeClientOptions } from '../../lib/rpc/node-client.js'
import { readChannelId } from '../formats.js'
import { decodeChannel, sideOf } from './channel-account.js'
import { AccountReader } from './reader.js'

/** Channels of which is kept what has counted. */
const MAX_KEPT = 1000

export class SecondOpinion {
  readonly #rpc: JsonRpc
  readonly #reader: AccountReader
  readonly #counted = new Map<string, bigint>()

  /** @param above deposits up to this count as the first node says, in token units */
  constructor (
    node: Pick<NodeClientOptions, 'url' | 'socksProxy' | 'timeoutMs'>, private readonly above: bigint, private readonly log: Logger
  ) {
    this.#rpc = new JsonRpc(node)
    this.#reader = new AccountReader(this.#rpc)
  }

  /** Ends what is under way. */
  close (): void {
    this.#rpc.close()
  }

  open (): void {
    this.#rpc.open()
  }

  /** The state with what counts of the peer's deposit. */
  async on (state: ChannelState): Promise<ChannelState> {
    const { channelId, theirs } = state
    const before = this.#counted.get(channelId) ?? this.above
    if (theirs.deposit <= before) return state
    const shown = await this.#depositOf(channelId, theirs.address).catch((error: unknown) => {
      this.log.warn('a deposit counts in part only: the second node cannot be asked. channelId=%s error=%s', channelId, describeError(error))
      return 0n
    })
    const counts = shown > before ? shown : before
    const deposit = counts < theirs.deposit ? counts : theirs.deposit
    if (deposit < theirs.deposit) {
      this.log.warn('a deposit counts in part only: the second node does not show all of it. channelId=%s deposit=%s counts=%s',
        channelId, String(theirs.deposit), String(deposit))
    }
    if (this.#counted.size >= MAX_KEPT) this.#counted.clear()
    this.#counted.set(channelId, deposit)
    return { ...state, theirs: { ...theirs, deposit } }
  }

  async #depositOf (channelId: string, party: string): Promise<bigint> {
    const { account, instance } = readChannelId(channelId) ?? { account: '', instance: 0n }
    const reading = await this.#reader.read(account, 'finalized')
    const channel = reading.account === undefined ? undefined : decodeChannel(reading.account.data)
    const side = channel === undefined ? undefined : sideOf(channel, party)
    return channel === undefined || side === undefined || channel.instance !== instance ? 0n : channel.deposits[side]
  }
}
