/** What the second node shows of a channel, and what has to be the same there: all that a claim of the peer rests on. */
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../../lib/channels/types.js'
import type { ChannelState } from '../../lib/channels/types.js'
import { JsonRpc } from '../../lib/rpc/json-rpc.js'
import type { NodeClientOptions } from '../../lib/rpc/node-client.js'
import { SecondOpinion as Opinion, type Ground } from '../../lib/rpc/second-opinion.js'
import { readChannelId } from '../formats.js'
import { decodeChannel, sideOf, type ChannelAccount } from './channel-account.js'
import { AccountReader, type RawAccount } from './reader.js'

export interface SecondOpinionOptions {
  node: Pick<NodeClientOptions, 'url' | 'socksProxy' | 'timeoutMs'>
  /** Deposits up to this count as the first node says, in token units. */
  above: bigint
  /** Ours. */
  address: string
  programId: string
  /** Of the cluster, in base58. Undefined: any, on a cluster of one's own. */
  genesis: string | undefined
  log: Logger
}

export class SecondOpinion {
  readonly #options: SecondOpinionOptions
  readonly #rpc: JsonRpc
  readonly #reader: AccountReader
  readonly #opinion: Opinion

  constructor (options: SecondOpinionOptions) {
    const { node, above, log } = options
    this.#options = options
    this.#rpc = new JsonRpc(node)
    this.#reader = new AccountReader(this.#rpc, log)
    this.#opinion = new Opinion({ above, log, look: channelId => this.#look(channelId) })
  }

  /** Ends what is under way. */
  close (): void {
    this.#rpc.close()
  }

  open (): void {
    this.#rpc.open()
  }

  /** The state with what counts of the peer's deposit. */
  async on (state: ChannelState, channel: ChannelAccount): Promise<ChannelState> {
    const { address, programId } = this.#options
    return await this.#opinion.on(state, groundOf(channel, address, programId)?.terms ?? {})
  }

  async #look (channelId: string): Promise<Ground | undefined> {
    await this.#checkCluster()
    const { account, instance } = readChannelId(channelId) ?? { account: '', instance: 0n }
    const reading = await this.#reader.read(account, 'finalized')
    return reading.account && groundIn(reading.account, instance, this.#options.address)
  }

  /** A node of another cluster shows nothing of ours, and that says nothing about the first node. */
  async #checkCluster (): Promise<void> {
    const { genesis } = this.#options
    if (genesis === undefined) return
    const found = await this.#rpc.call('getGenesisHash')
    if (found === genesis) return
    throw new ChainError(`the node at ${this.#rpc.host} belongs to another cluster: set verifyRpcUrl to a node of the same as rpcUrl. ` +
      `expected=${genesis}`, false)
  }
}

/** Undefined where none is configured. */
export function secondOf (
  { verifyRpcUrl: url, socksProxy, timeoutMs, verifyAbove: above = 0n, ...ours }: Omit<SecondOpinionOptions, 'node' | 'above'> &
  Omit<SecondOpinionOptions['node'], 'url'> & { verifyRpcUrl?: string | undefined, verifyAbove?: bigint | undefined }
): SecondOpinion | undefined {
  const { address, programId, genesis, log } = ours
  if (url === undefined) return undefined
  return new SecondOpinion({ node: { url, socksProxy, timeoutMs }, above, address, programId, genesis, log })
}

function groundIn ({ data, owner }: RawAccount, instance: bigint, address: string): Ground | undefined {
  const channel = decodeChannel(data)
  return channel?.instance === instance ? groundOf(channel, address, owner) : undefined
}

function groundOf (channel: ChannelAccount, address: string, program: string): Ground | undefined {
  const side = sideOf(channel, address)
  if (side === undefined) return undefined
  const other = side === 0 ? 1 : 0
  const { mint, status, parties, deposits, challengeSecs } = channel
  return { deposit: deposits[other], terms: { program, mint, status, peer: parties[other], challengeSecs: String(challengeSecs) } }
}
