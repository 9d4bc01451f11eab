/** Payment channels made by hand, for the HTTP services in front of them. */
import { SluiceError } from '../../../src/contracts/errors.js'
import type { ChannelDetails, ChannelOperations, ClaimSummary, SettlementStates } from '../../../src/contracts/channels.js'

/** One channel, `0x01`, that can be changed as one can, on a chain that answers until `trouble` is set. */
export class FakeChannels implements ChannelOperations {
  trouble: string | undefined
  readonly calls: unknown[][] = []
  claimed: unknown = { nonce: 7 }
  details: ChannelDetails[] = [{
    channelId: '0x01',
    chain: 'evm:8453',
    status: 'settled',
    tokenId: 'USDC',
    tokenAddress: `0x${'70'.repeat(20)}`,
    createdAt: new Date(0),
    lastActivityAt: new Date(1000),
    participants: ['0xa', '0xb'],
    deposit: 2n ** 70n,
    theirDeposit: 5n,
    transferred: 3n,
    nonce: 2n,
    spendable: 1n,
    theirTransferred: 4n,
    theirNonce: 1n,
    redeemed: 0n,
    settlementTimeout: 3600
  }]

  readonly tokenId = 'USDC'
  claims: ClaimSummary = {
    tokenScale: 6,
    received: 2n ** 70n,
    sent: 500n,
    lastAt: new Date(2000),
    recent: [{ direction: 'inbound', amount: 2n ** 65n, at: new Date(1000) }, { direction: 'outbound', amount: 500n, at: new Date(2000) }]
  }

  async claimSummary (): Promise<ClaimSummary> {
    this.#log()
    return Promise.resolve(this.claims)
  }

  async open (options: object): Promise<ChannelDetails> {
    this.#log('open', options)
    this.details[0]!.status = 'open'
    return Promise.resolve(this.#only())
  }

  async list (): Promise<ChannelDetails[]> {
    this.#log()
    return Promise.resolve(this.details)
  }

  async get (channelId: string): Promise<ChannelDetails | undefined> {
    return Promise.resolve(this.details.find(channel => channel.channelId === channelId))
  }

  async deposit (channelId: string, amount: bigint): Promise<ChannelDetails> {
    this.#log('deposit', channelId, amount)
    const channel = this.#only('open')
    channel.deposit += amount
    return Promise.resolve(channel)
  }

  async close (channelId: string, options?: { cooperative?: boolean | undefined }): Promise<{ channel: ChannelDetails, txId: string }> {
    this.#log('close', channelId, options)
    const channel = this.#only('open')
    channel.status = options?.cooperative === false ? 'closed' : 'settled'
    if (channel.status === 'closed') channel.settleableAt = new Date(7_200_000)
    return Promise.resolve({ channel, txId: '0xc1' })
  }

  async settle (channelId: string): Promise<{ channel: ChannelDetails, txId: string }> {
    this.#log('settle', channelId)
    const channel = this.#only('closed')
    channel.status = 'settled'
    return Promise.resolve({ channel, txId: '0x5e' })
  }

  async redeem (channelId: string): Promise<{ channel: ChannelDetails, txId: string }> {
    this.#log('redeem', channelId)
    return Promise.resolve({ channel: this.#only('open', 'closed'), txId: '0x4e' })
  }

  async claim (): Promise<unknown> {
    return Promise.resolve(this.claimed)
  }

  async states (): Promise<SettlementStates> {
    this.#log()
    return Promise.resolve({ chain: 'evm:8453', address: '0xa', reachable: true, state: 'IDLE', prepaid: 0n, headroom: 9n, token: 12n })
  }

  #log (...call: unknown[]): void {
    if (this.trouble !== undefined) throw new SluiceError('SLUICE_CHAIN_UNREACHABLE', this.trouble)
    if (call.length > 0) this.calls.push(call)
  }

  #only (...statuses: string[]): ChannelDetails {
    const [channel] = this.details
    if (channel === undefined) throw new SluiceError('SLUICE_CHANNEL_UNKNOWN', 'Channel not found')
    if (statuses.length > 0 && !statuses.includes(channel.status)) throw new SluiceError('SLUICE_CHANNEL_STATE', 'Channel is not in open state')
    return channel
  }
}
