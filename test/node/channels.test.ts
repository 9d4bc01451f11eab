/** Payment channels through a node: there are none without a chain, and it says so; a plugin that has some is asked. */
import { expect } from 'chai'
import type { ChannelOpenOptions, ChannelOperations, PluginChannel } from '../../src/index.js'
import { ConnectorNotStartedError } from '../../src/index.js'
import { channelState, listChannels, openChannel, type ChannelHolders } from '../../src/node/channels.js'
import { World } from '../support/node.js'

const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error)

describe('payment channels of a node', () => {
  const world = new World()
  afterEach(() => world.end())

  it('are refused in clear words while no settlement chain is configured', async () => {
    const node = await world.make('shop')
    expect(await failureOf(node.openChannel('agent', 1000n))).to.be.instanceOf(ConnectorNotStartedError)
    await node.start()
    await node.registerPeer({ id: 'agent', url: 'ws://127.0.0.1:9', authToken: 'secret' })
    for (const call of [node.openChannel('agent', 1000n), node.openChannel({ peerId: 'agent', chain: 'evm:8453' })]) {
      expect(await failureOf(call)).to.include({
        httpErrorCode: 503, message: "Settlement infrastructure not enabled: no settlement chain is configured for peer 'agent'"
      })
    }
    expect(await failureOf(node.openChannel('nobody', '1'))).to.include({
      httpErrorCode: 404, message: "Peer 'nobody' must be registered before opening channels"
    })
    expect(await failureOf(node.getChannelState('agent'))).to.include({
      httpErrorCode: 503, message: 'Settlement infrastructure not enabled: no settlement chain is configured'
    })
  })

  /** Peers `a`, whose plugin has channels, and `b`, whose plugin has none. */
  function holders (opened: ChannelOpenOptions[], channels: PluginChannel[] = []): ChannelHolders {
    const operations: ChannelOperations = {
      open: options => {
        opened.push(options)
        channels.unshift({
          channelId: `0x${channels.length}`, chain: options.chain ?? 'evm:1', status: 'opening', tokenId: 'USDC', createdAt: new Date(), lastActivityAt: new Date()
        })
        return Promise.resolve(channels[0]!)
      },
      list: () => Promise.resolve(channels)
    }
    return { peerIds: () => ['a', 'b'], pluginOf: peerId => peerId === 'a' ? { channels: () => operations } : {}, assetOf: () => ({ code: 'M2M', scale: 0 }) }
  }

  it('are opened also where only the peer pays through one', async () => {
    const opened: ChannelOpenOptions[] = []
    const theirs: PluginChannel = {
      channelId: '0xff', chain: 'evm:1', status: 'open', tokenId: 'USDC', payer: 'them', createdAt: new Date(), lastActivityAt: new Date()
    }
    const all = holders(opened, [theirs])
    await openChannel({ peerId: 'a', initialDeposit: '1000' }, all)
    expect(opened).to.have.lengthOf(1)
    theirs.payer = 'us'
    expect(await failureOf(openChannel({ peerId: 'a' }, holders([], [theirs])))).to.include({ httpErrorCode: 409 })
  })

  it('are opened by the plugin of the peer, once per chain, and found by their id and by their peer', async () => {
    const opened: ChannelOpenOptions[] = []
    const all = holders(opened)
    expect(await failureOf(channelState('a', all))).to.include({ httpErrorCode: 404, message: 'Channel not found: a' })
    expect(await openChannel({ peerId: 'a', initialDeposit: '1000', settlementTimeout: 3600 }, all)).to.deep.equal({ channelId: '0x0', status: 'opening', chain: 'evm:1' })
    expect(opened).to.deep.equal([{ initialDeposit: 1000n, settlementTimeout: 3600 }])
    expect(await failureOf(openChannel({ peerId: 'a' }, all))).to.include({
      httpErrorCode: 409, message: 'Channel already exists for peer a with token USDC on chain evm:1'
    })
    await openChannel({ peerId: 'a', chain: 'evm:2' }, all)
    expect(await channelState('0x0', all)).to.include({ chain: 'evm:1' })
    expect(await channelState('a', all)).to.include({ chain: 'evm:2' })
    expect((await listChannels(all)).map(({ peerId, channelId }) => `${peerId} ${channelId}`)).to.deep.equal(['a 0x1', 'a 0x0'])
    expect(await failureOf(openChannel({ peerId: 'b' }, all))).to.include({ httpErrorCode: 503 })
  })

  it('may be opened anew when the last one is over', async () => {
    const opened: ChannelOpenOptions[] = []
    const old: PluginChannel = { channelId: '0xold', chain: 'evm:1', status: 'settled', tokenId: 'USDC', createdAt: new Date(), lastActivityAt: new Date() }
    expect(await openChannel({ peerId: 'a' }, holders(opened, [old]))).to.include({ status: 'opening' })
  })

  for (const amount of ['-1', '1.5', '', 0.5, -1n]) {
    it(`are not opened with a deposit of ${JSON.stringify(String(amount))}`, async () => {
      const opened: ChannelOpenOptions[] = []
      expect(await failureOf(openChannel({ peerId: 'a', initialDeposit: amount }, holders(opened)))).to.include({
        httpErrorCode: 400, message: `initialDeposit must be a non-negative integer, got: ${amount}`
      })
      expect(opened).to.deep.equal([])
    })
  }
})
