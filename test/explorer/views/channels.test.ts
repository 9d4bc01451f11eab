/** Channels and wallets of all peers, also while some chains do not answer, and with a bound on what is asked of them. */
import { expect } from 'chai'
import { channelsView } from '../../../src/explorer/views/channels.js'
import type { ChannelDetails, ChannelOperations, PluginChannel } from '../../../src/contracts/channels.js'
import type { ViewParts } from '../../../src/explorer/views/facts.js'

const plain = (channelId: string, createdAt = 1): PluginChannel =>
  ({ channelId, chain: 'evm:1', status: 'open', tokenId: 'USDC', createdAt: new Date(createdAt), lastActivityAt: new Date(2) })
const details = (channel: PluginChannel): ChannelDetails => ({
  ...channel, participants: ['0xus', '0xthem'], deposit: 10n, theirDeposit: 20n, transferred: 3n, nonce: 1n, spendable: 7n, theirTransferred: 9n, theirNonce: 1n, redeemed: 4n,
  settlementTimeout: 86_400, settleableAt: new Date(99)
})

function parts (holders: Record<string, Partial<ChannelOperations> | undefined>): Pick<ViewParts, 'accounts'> {
  const getPlugin = (id: string): object => ({ ...(holders[id] && { channels: () => holders[id] }) })
  const accounts = { getAccountIds: () => Object.keys(holders), getPlugin }
  return { accounts: accounts as unknown as ViewParts['accounts'] }
}

describe('channels in the explorer', () => {
  it('show what the chain and the claims say', async () => {
    const channel = plain('0xc')
    const { channels, wallets } = await channelsView(parts({
      plain: undefined,
      bob: {
        tokenId: 'USDC',
        list: () => Promise.resolve([channel]),
        get: () => Promise.resolve(details(channel)),
        claimSummary: () => Promise.resolve({ tokenScale: 6, sent: 0n, received: 0n, recent: [] }),
        states: () => Promise.resolve({ chain: 'evm:1', address: '0xus', reachable: true, token: 2n ** 70n, native: 0n, state: 'IDLE', prepaid: 0n, headroom: 0n })
      }
    }))
    expect(channels).to.deep.equal([{
      channelId: '0xc', peerId: 'bob', chain: 'evm:1', status: 'open', tokenId: 'USDC', tokenScale: 6, participants: ['0xus', '0xthem'], deposit: '10', theirDeposit: '20',
      transferred: '3', theirTransferred: '9', unredeemed: '5', spendable: '7', settleableAt: 99, createdAt: 1, lastActivityAt: 2
    }])
    expect(wallets).to.deep.equal([{ peerId: 'bob', chain: 'evm:1', address: '0xus', reachable: true, token: String(2n ** 70n), native: '0', state: 'IDLE', tokenId: 'USDC' }])
  })

  it('show the others where a chain does not answer, and say so', async () => {
    const { channels, wallets } = await channelsView(parts({
      bob: { list: () => Promise.reject(new Error('down')), states: () => Promise.reject(new Error('ECONNREFUSED')) },
      eve: { trouble: 'too many requests', list: () => Promise.resolve([plain('0xe')]), get: () => Promise.reject(new Error('down')) }
    }))
    expect(channels.map(({ channelId }) => channelId)).to.deep.equal(['0xe'])
    expect(channels[0]).to.not.have.any.keys('deposit', 'tokenScale')
    expect(wallets.map(({ peerId, reachable, error }) => [peerId, reachable, error])).to.deep.equal([['bob', false, 'ECONNREFUSED'], ['eve', false, 'too many requests']])
  })

  it('ask a few peers at a time, and about so many channels and no more', async () => {
    let [asking, most, asked] = [0, 0, 0]
    const list = async (): Promise<PluginChannel[]> => {
      most = Math.max(most, ++asking)
      await new Promise(resolve => { setImmediate(resolve) })
      asking--
      return Array.from({ length: 10 }, (_none, index) => plain(`0x${index}`, index))
    }
    const get = (): Promise<undefined> => {
      asked++
      return Promise.resolve(undefined)
    }
    const { channels } = await channelsView(parts(Object.fromEntries(Array.from({ length: 50 }, (_none, index) => [`p${index}`, { list, get }]))))
    expect(channels).to.have.length(500)
    expect(most).to.equal(8)
    expect(asked).to.equal(200)
    expect(channels[0]!.createdAt, 'the newest first').to.equal(9)
  })
})
