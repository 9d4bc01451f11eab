/** Payment channels and wallets, as the plugins know them. Some of it comes from chains: asked once in a while, however many look on. */
import type { ChannelDetails, ChannelOperations, PluginChannel } from '../../contracts/channels.js'
import type { ChannelView, WalletView } from '../../contracts/explorer.js'
import { describeError } from '../../lib/describe-error.js'
import type { ViewParts } from './facts.js'

/** Of all peers. Channels beyond are not looked at one by one. */
const DETAILED_MAX = 200
/** Plugins that are asked at a time. */
const AT_A_TIME = 8

export interface ChannelsView {
  channels: ChannelView[]
  wallets: WalletView[]
}

export async function channelsView ({ accounts }: Pick<ViewParts, 'accounts'>): Promise<ChannelsView> {
  const holders = accounts.getAccountIds().flatMap(peerId => {
    const operations = accounts.getPlugin(peerId).channels?.()
    return operations === undefined ? [] : [{ peerId, operations }]
  })
  const view: ChannelsView = { channels: [], wallets: [] }
  let detailed = 0
  const left = [...holders]
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { peerId, operations } = next
      view.wallets.push(await walletOf(peerId, operations))
      const tokenScale = (await operations.claimSummary?.().catch(() => undefined))?.tokenScale
      for (const channel of await operations.list().catch(() => [])) {
        const details = ++detailed <= DETAILED_MAX ? await operations.get?.(channel.channelId).catch(() => undefined) : undefined
        view.channels.push({ ...channelOf(peerId, channel, details), ...(tokenScale !== undefined && { tokenScale }) })
      }
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
  view.channels.sort((a, b) => b.createdAt - a.createdAt)
  view.wallets.sort((a, b) => a.peerId < b.peerId ? -1 : 1)
  return view
}

function channelOf (peerId: string, channel: PluginChannel, details: ChannelDetails | undefined): ChannelView {
  const { channelId, chain, status, tokenId, createdAt, lastActivityAt } = details ?? channel
  const plain = { channelId, peerId, chain, status, tokenId, createdAt: createdAt.getTime(), lastActivityAt: lastActivityAt.getTime() }
  if (details === undefined) return plain
  const { participants, deposit, theirDeposit, transferred, theirTransferred, redeemed, spendable, settleableAt } = details
  return {
    ...plain,
    participants,
    deposit: String(deposit),
    theirDeposit: String(theirDeposit),
    transferred: String(transferred),
    theirTransferred: String(theirTransferred),
    unredeemed: String(theirTransferred > redeemed ? theirTransferred - redeemed : 0n),
    spendable: String(spendable),
    ...(settleableAt !== undefined && { settleableAt: settleableAt.getTime() })
  }
}

async function walletOf (peerId: string, operations: ChannelOperations): Promise<WalletView> {
  const tokenId = operations.tokenId ?? ''
  try {
    const states = await operations.states?.()
    if (states === undefined) return { peerId, reachable: operations.trouble === undefined, state: 'IDLE', tokenId, ...withError(operations.trouble) }
    const { chain, address, reachable, error, token, native, state } = states
    return {
      peerId, chain, address, reachable, state, tokenId, ...withError(error),
      ...(token !== undefined && { token: String(token) }),
      ...(native !== undefined && { native: String(native) })
    }
  } catch (error) {
    return { peerId, reachable: false, error: describeError(error), state: 'IDLE', tokenId }
  }
}

function withError (error: string | undefined): { error?: string } {
  return error === undefined ? {} : { error }
}
