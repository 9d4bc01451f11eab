/** Channels that the chain is asked about because the peer names or opens them: no peer makes us look at more than so many. */
import { expect } from 'chai'
import { useFakeTimers } from 'sinon'
import { describeError } from '../../../../src/lib/describe-error.js'
import { SILENT_LOG } from '../../../../src/contracts/logger.js'
import { Channels, type ChannelsDeps } from '../../../../plugins/lib/channels/channels.js'
import { ChainError, type ChannelState } from '../../../../plugins/lib/channels/types.js'
import { closeAll } from '../../../support/btp.js'
import { PLAIN, TWO_WAY } from '../../../support/channels/fake-chain.js'
import { claimOf } from '../../../support/channels/fake-codec.js'
import { makeWorld, type Party, type World } from '../../../support/channels/world.js'
import { stoppedClock } from '../../../support/clock.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { nextTurn } from '../../../support/waiting.js'

const OPTIONS = { initialDeposit: '10000', settlementTimeoutSecs: 3600, redeemThreshold: '1000000', pollingIntervalMs: 100 }

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

describe('a look at the channels', () => {
  /** As many channels of which each holds something of the peer, of a chain's part that answers only what is not in `silent`. */
  function scene (silent: (call: string) => boolean, count = 3): { channels: Channels, seen: string[], heard: string[] } {
    const ids = Array.from({ length: count }, (_, index) => `channel-${index + 1}`)
    const answer = <T>(call: string, value: T): Promise<T> => silent(call) ? new Promise(() => undefined) : Promise.resolve(value)
    const deps = {
      provider: {
        findChannels: () => answer('find', ids.map(channelId => ({ ...STATE, channelId }))),
        getChannelState: (channelId: string) => answer(channelId, { ...STATE, channelId })
      },
      records: { define: () => undefined, save: () => Promise.resolve() },
      settings: { peerAddress: 'alice' },
      log: SILENT_LOG
    }
    return { channels: new Channels(deps as unknown as ChannelsDeps), seen: [], heard: [] }
  }

  /** Looks, while hours pass. */
  async function look ({ channels, seen, heard }: ReturnType<typeof scene>): Promise<void> {
    const clock = stoppedClock()
    try {
      const looking = channels.survey({
        each: ({ state }) => { seen.push(state.channelId) },
        hear: error => { heard.push(describeError(error)) }
      })
      await clock.tickAsync(3_600_000)
      await looking
    } finally {
      clock.restore()
    }
  }

  it('reads all others, where the chain never answers about one of them', async () => {
    const world = scene(call => call === 'channel-1')
    await look(world)
    expect(world.seen).to.deep.equal(['channel-2', 'channel-3'])
    expect(world.heard.join()).to.contain('has not answered')
  })

  it('comes within half a challenge to the last channel that a peer may have, where the chain answers about none before it', async () => {
    const { channels, seen, heard } = scene(call => call.startsWith('channel-') && call !== 'channel-100', 100)
    const clock = stoppedClock()
    try {
      const looking = channels.survey({
        each: ({ state }) => { seen.push(state.channelId) },
        hear: error => { heard.push(describeError(error)) }
      })
      await clock.tickAsync(1_800_000)
      const within = [...seen]
      await clock.tickAsync(36_000_000)
      await looking
      expect([within, heard.length]).to.deep.equal([['channel-100'], 99])
    } finally {
      clock.restore()
    }
  })

  it('is kept without what counts from each start anew', async () => {
    let record = (): unknown => undefined
    const deps = {
      provider: { findChannels: () => Promise.resolve([STATE]), getChannelState: () => Promise.resolve({ ...STATE, status: 'settled' }) },
      records: { define: (_name: string, make: () => unknown) => { record = make }, save: () => Promise.resolve() },
      settings: { peerAddress: 'alice' },
      log: SILENT_LOG
    }
    const channels = new Channels(deps as unknown as ChannelsDeps)
    await channels.survey()
    for (const channel of channels.all()) channel.redeemedBy = { txId: 'tx-1' }
    expect(channels.all()[0]?.overMs).to.be.a('number')
    expect((record() as { channels: object[] }).channels[0]).to.have.property('seenMs')
    expect((record() as { channels: object[] }).channels[0]).not.to.have.any.keys('overMs', 'redeemedBy')
  })

  it('reads those that are known, where the chain never answers which there are', async () => {
    let isSilent = false
    const world = scene(call => isSilent && call === 'find')
    await look(world)
    isSilent = true
    await look(world)
    expect(world.seen).to.have.lengthOf(6)
  })
})

/** Sends a claim by itself; resolves to `taken`, or to why not. */
async function tell ({ alice }: World, channelId: string, total: bigint): Promise<string> {
  const entry = { protocolName: 'payment-channel-claim', contentType: 1, data: Buffer.from(claimOf('alice', channelId, total, total).text) }
  return await alice.plugin.transport.sendMessage([entry]).then(() => 'taken', (error: unknown) => String(error))
}

describe('a peer that names channels', () => {
  noRejectionLeft()
  afterEach(closeAll)

  for (const [what, isRefused] of [['do not exist', false], ['cannot be read yet', true]] as const) {
    it(`that ${what} makes us ask the chain so often in a minute, and no more`, async () => {
      const world = await makeWorld(OPTIONS)
      const { chain } = world
      let questions = 0
      chain.fault = (call, address, channelId) => {
        if (call !== 'state confirmed' || address !== 'bob' || channelId?.startsWith('made-up') !== true) return
        questions++
        if (isRefused) throw new ChainError('the account is not confirmed yet', false)
      }
      let last = ''
      for (let name = 0; name < 60; name++) last = await tell(world, `made-up-${name}`, 1n)
      expect(questions).to.equal(20)
      expect(last, 'one that exists may be taken later').to.match(/asked about too many payment channels/)
    })
  }

  it('makes us ask about a known one for its end so often in a minute, and no more', async () => {
    const world = await makeWorld(OPTIONS)
    const { alice, chain } = world
    await alice.pay(1000n)
    await alice.settle()
    const { channelId } = (await alice.channels())[0]!
    let questions = 0
    chain.fault = (call, address) => { if (call === 'state confirmed' && address === 'bob') questions++ }
    const data = Buffer.from(JSON.stringify({ step: 'end', channelId, least: '0', pays: '1000', validUntil: 1, consent: 'x' }))
    for (let time = 0; time < 60; time++) {
      await alice.plugin.transport.sendMessage([{ protocolName: 'payment-channel', contentType: 2, data }]).catch(() => undefined)
    }
    expect(questions).to.be.within(20, 25) // looks add some
  })
})

describe('a peer that opens channels', () => {
  noRejectionLeft()
  afterEach(closeAll)

  const idsOf = async (party: Party): Promise<string[]> => (await party.channels()).map(({ channelId }) => channelId)

  async function look ({ chain }: World): Promise<void> {
    for (const listener of chain.listeners) listener({ type: 'opened', channelId: '' })
    for (let turn = 0; turn < 1000; turn++) await nextTurn()
  }

  /** Alice has paid Bob 1000, and opens many channels to him with nothing in them. */
  async function crowdedWorld (features = TWO_WAY): Promise<World & { channelId: string }> {
    const world = await makeWorld(OPTIONS, undefined, features)
    const { alice, bob, chain } = world
    await alice.pay(1000n)
    await alice.settle()
    const [channelId = ''] = chain.channels.keys()
    for (let name = 0; name < 120; name++) await chain.provider('alice').openChannel('bob', 3600, `empty ${name}`)
    while ((await bob.channels()).length < 100) await look(world)
    return { ...world, channelId }
  }

  it('has us look after a hundred, and still after those with our claims', async () => {
    const world = await crowdedWorld()
    const { alice, bob, chain, channelId } = world
    await look(world)
    const known = await idsOf(bob)
    expect(known).to.have.lengthOf(100).and.include(channelId)
    expect(bob.log.lines.filter(line => line.includes('too many payment channels'))).to.have.lengthOf(1)
    const refused = [...chain.channels.keys()].find(id => !known.includes(id)) ?? ''
    expect(await tell(world, refused, 1n)).to.match(/Unknown channel/)
    await alice.plugin.disconnect()
    await chain.provider('alice').close(channelId, 'at last')
    while (!chain.transactions.includes('redeem bob')) await nextTurn()
  })

  it('does not keep us from opening ours, nor itself from paying through one that holds something', async () => {
    const world = await crowdedWorld(PLAIN)
    const { bob, alice, chain, channelId } = world
    const clock = useFakeTimers({ now: Date.now() + 11 * 60_000, toFake: ['Date'], shouldAdvanceTime: true })
    try {
      await bob.pay(5n)
      await bob.settle()
      expect([alice.balance, bob.balance]).to.deep.equal([0n, 0n])
      const provider = chain.provider('alice')
      const { channelId: funded } = await provider.openChannel('bob', 3600, 'funded')
      await provider.deposit(funded, 500n, 'deposit')
      await look(world)
      expect(await tell(world, funded, 500n)).to.equal('taken')
      expect(await idsOf(bob)).to.have.length.below(103).and.include(channelId).and.include(funded)
    } finally {
      clock.restore()
    }
  })

  it('does not make us forget one with our claims for one of ours, though each of the others holds something', async () => {
    const world = await crowdedWorld(PLAIN)
    const { bob, chain, channelId } = world
    for (const { id, sides } of chain.channels.values()) if (id !== channelId) sides.alice!.deposit = 1n
    const clock = useFakeTimers({ now: Date.now() + 11 * 60_000, toFake: ['Date'], shouldAdvanceTime: true })
    try {
      await look(world)
      await bob.pay(5n)
      await bob.settle()
      expect(await idsOf(bob)).to.have.lengthOf(100).and.include(channelId)
    } finally {
      clock.restore()
    }
  })
})
