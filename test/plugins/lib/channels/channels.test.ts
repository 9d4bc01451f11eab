/** A channel that the chain is asked about because a claim names it. */
import { expect } from 'chai'
import { SILENT_LOG } from '../../../../src/contracts/logger.js'
import { Channels, type ChannelsDeps } from '../../../../plugins/lib/channels/channels.js'
import type { ChannelState } from '../../../../plugins/lib/channels/types.js'

const STATE: ChannelState = {
  channelId: 'channel-1', readAtMs: 0, status: 'open', challengeSecs: 3600,
  ours: { address: 'bob', deposit: 0n, redeemed: 0n, nonce: 0n }, theirs: { address: 'alice', deposit: 1000n, redeemed: 0n, nonce: 0n }
}

describe('the lookup of a channel', () => {
  it('keeps the order of claims, also when somebody else finds the channel meanwhile', async () => {
    const answers: Array<(state: ChannelState) => void> = []
    const deps = {
      provider: { getChannelState: () => new Promise<ChannelState>(resolve => { answers.push(resolve) }) },
      records: { define: () => undefined, save: () => Promise.resolve() },
      settings: { peerAddress: 'alice' },
      log: SILENT_LOG
    }
    const channels = new Channels(deps as unknown as ChannelsDeps)
    const order: string[] = []
    const claim = async (name: string): Promise<void> => {
      await channels.lookup('channel-1')
      order.push(name)
    }
    const first = claim('first') // asks, and waits for a slow answer
    const look = channels.reread('channel-1')
    for (const at of [1, 2]) { // confirmed and latest
      while (answers[at] === undefined) await Promise.resolve()
      answers[at](STATE)
    }
    await look
    const second = claim('second')
    await Promise.resolve()
    expect(order).to.deep.equal([])
    answers[0]?.(STATE)
    while (answers[3] === undefined) await Promise.resolve()
    answers[3](STATE)
    await Promise.all([first, second])
    expect(order).to.deep.equal(['first', 'second'])
    expect(channels.lookup('channel-1'), 'then it is known').to.have.property('state')
  })
})
