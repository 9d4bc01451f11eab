/**
 * What an account looks at: names that a peer makes up take the place of nothing else, and of several nodes none alone hides a close, or
 * has a claim forgotten.
 */
import { expect } from 'chai'
import type { MinaKey } from '../../../plugins/mina/keys.js'
import type { MinaProvider } from '../../../plugins/mina/provider.js'
import { Views, type ViewsDeps } from '../../../plugins/mina/views.js'
import { memoryStore } from '../../support/evm/life.js'
import { askMina } from '../../support/mina/parties.js'
import { CHALLENGE_SECS, MINA, MinaParties } from '../../support/mina/settling.js'
import { startMinaVictim, type MinaVictim } from '../../support/mina/victim.js'

function scene (): { views: Views, followed: Set<string> } {
  const followed = new Set<string>()
  const feed = { follow: (address: string) => followed.add(address), unfollow: (address: string) => followed.delete(address) }
  const deps = { feeds: () => [feed], expected: {}, address: 'us' }
  return { views: new Views(deps as unknown as ViewsDeps), followed }
}

describe('what an account looks at', () => {
  it('has room for what it opens itself, however many channels a peer names', () => {
    const { views, followed } = scene()
    views.follow(['ours'])
    for (let name = 0; name < 2000; name++) views.follow([`named-${name}`], true)
    expect(views.follow(['opening'])).to.equal(true)
    expect(views.followed()).to.include('ours').and.include('opening').and.include('named-1999')
    expect(followed.size, 'nodes are asked about no more').to.equal(22)
  })

  it('keeps what a peer has named once it is a channel of ours', () => {
    const { views } = scene()
    expect(views.follow(['found'], true)).to.equal(true)
    expect(views.follow(['found'])).to.equal(false)
    for (let name = 0; name < 50; name++) views.follow([`named-${name}`], true)
    expect(views.followed()).to.include('found').and.have.lengthOf(21)
  })
})

describe('two nodes that an account of Mina asks', function () {
  this.timeout(120_000) // on a busy machine
  const parties = new MinaParties()
  let us: MinaKey
  let peer: MinaKey
  let victim: MinaVictim | undefined
  let other: { node: number, url: string }
  before(() => parties.start())
  after(() => parties.stop())
  beforeEach(async () => {
    [us, peer] = [await parties.account(), await parties.account()]
    other = await parties.chain.anotherNode()
  })
  afterEach(async () => {
    await parties.chain.faults({}, other.node)
    await victim?.stop()
    victim = undefined
    await parties.end()
  })

  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    while (!await isSo()) await new Promise(resolve => { setTimeout(resolve, 20) })
  }
  const claim = async (channelId: string, total: bigint) => await parties.codec(peer, us).make({ channelId, nonce: total / MINA, total, senderId: 'peer' })

  const urls = (isFirst: boolean): string[] => isFirst ? [other.url, parties.chain.url] : [parties.chain.url, other.url]
  const redeemedOf = async (provider: MinaProvider, channelId: string): Promise<bigint | undefined> =>
    (await provider.getChannelState(channelId))?.ours.redeemed
  const open = async (hostile: MinaProvider): Promise<string> => (await hostile.openChannel(us.address, CHALLENGE_SECS, 'open', 100n * MINA)).channelId

  for (const isFirst of [false, true]) {
    it(`a close is seen and answered while the ${isFirst ? 'first' : 'second'} is away, and nothing counts that only one shows`, async () => {
      const provider = await parties.connected(us, { urls: urls(isFirst) })
      const hostile = await parties.connected(peer)
      const { channelId } = await hostile.openChannel(us.address, CHALLENGE_SECS, 'open', 100n * MINA)
      await until(async () => await provider.getChannelState(channelId).then(state => state !== undefined, () => false))
      await parties.chain.faults({ requests: [{ does: 'status' }] }, other.node)
      await hostile.deposit(channelId, 200n * MINA, 'more')
      expect((await provider.getChannelState(channelId))?.theirs.deposit).to.equal(100n * MINA)
      await hostile.close(channelId, 'close')
      expect((await provider.getChannelState(channelId, 'latest'))?.status).to.equal('closing')
      await provider.redeem(await claim(channelId, 20n * MINA), 'answer')
      expect((await hostile.getChannelState(channelId))?.ours.redeemed).to.equal(20n * MINA)
      const { channelId: unknown } = await hostile.openChannel(us.address, CHALLENGE_SECS, 'open again', 100n * MINA)
      expect(await provider.getChannelState(unknown).catch(String), 'a new channel needs all').to.match(/no answer of the node/)
    })
  }

  for (const isFirst of [false, true]) {
    it(`${isFirst ? 'the first' : 'the second'} alone has no claim forgotten by showing the channel as over${isFirst ? '' : ', nor hides a close'}`, async () => {
      const hostile = await parties.connected(peer)
      const { channelId } = await hostile.openChannel(us.address, CHALLENGE_SECS, 'open', 100n * MINA)
      victim = await startMinaVictim(parties, us, peer, { urls: urls(isFirst) })
      const { parts: { watcher, incoming }, provider } = victim
      const { text } = await claim(channelId, 60n * MINA)
      expect(await victim.refusalOf(text)).to.equal(undefined)
      const { account } = await askMina<{ account: { zkappState: string[] } }>(parties.chain.url, `query { account(publicKey: "${channelId}") { zkappState } }`)
      const zkappState = account.zkappState.map((field, i) => i === 5 ? '5' : field)
      await parties.chain.faults({ accounts: { [channelId]: { zkappState, balance: { total: '0' } } } }, other.node)
      await until(async () => (await provider.getChannelState(channelId).then(state => state?.status ?? 'none', String)).includes('do not agree'))
      for (let looks = 0; looks < 5; looks++) await watcher.look()
      expect(incoming.best(channelId)?.total).to.equal(60n * MINA)
      await hostile.close(channelId, 'close')
      await watcher.look()
      await until(async () => (await hostile.getChannelState(channelId))?.ours.redeemed === 60n * MINA)
    })
  }

  it('a close is answered by a node that was started again while the first is away', async () => {
    const [store, hostile] = [memoryStore(), await parties.connected(peer)]
    const channelId = await open(hostile)
    const life = { store, urls: urls(true) }
    victim = await startMinaVictim(parties, us, peer, life)
    expect(await victim.refusalOf((await claim(channelId, 60n * MINA)).text)).to.equal(undefined)
    await victim.stop()
    await parties.chain.faults({ requests: [{ does: 'loseRequest' }] }, other.node)
    await hostile.close(channelId, 'close')
    const starting = startMinaVictim(parties, us, peer, life)
    await until(async () => await redeemedOf(hostile, channelId) === 60n * MINA)
    await parties.chain.faults({}, other.node)
    victim = await starting
  })

  for (const [what, faults] of [
    ['acknowledges what is sent, and forgets it', () => ({ forgets: 1000 })],
    ['shows a nonce that the account has not come to', () => ({ accounts: { [us.address]: { nonce: '9', inferredNonce: '9' } } })],
    ['shows that another program uses the key', () => ({ accounts: { [us.address]: { inferredNonce: '9' } } })]
  ] as ReadonlyArray<[string, () => Parameters<typeof parties.chain.faults>[0]]>) {
    it(`a close is answered although the first one ${what}`, async () => {
      const hostile = await parties.connected(peer)
      const channelId = await open(hostile)
      victim = await startMinaVictim(parties, us, peer, { urls: urls(true) })
      expect(await victim.refusalOf((await claim(channelId, 60n * MINA)).text)).to.equal(undefined)
      await parties.chain.faults(faults(), other.node)
      await hostile.close(channelId, 'close')
      await until(async () => await redeemedOf(hostile, channelId) === 60n * MINA)
    })
  }

  it('nothing is taken for redeemed because the first one says so', async () => {
    const hostile = await parties.connected(peer)
    const channelId = await open(hostile)
    const provider = await parties.connected(us, { urls: urls(true) })
    await provider.getChannelState(channelId)
    const { account } = await askMina<{ account: { zkappState: string[] } }>(parties.chain.url, `query { account(publicKey: "${channelId}") { zkappState } }`)
    const zkappState = account.zkappState.map((field, i) => i === 4 ? String(60n * MINA) : field)
    await parties.chain.conditions({ crowded: true })
    let isOver = false
    const redeeming = provider.redeem(await claim(channelId, 60n * MINA), 'answer').then(() => { isOver = true })
    await until(async () => (await parties.chain.asked(other.node)).some(body => body.includes('sendZkapp')))
    await parties.chain.faults({ accounts: { [channelId]: { zkappState } } }, other.node)
    await parties.chain.block(4)
    for (let looks = 0; looks < 4; looks++) await provider.balances()
    expect(isOver, 'no block has it').to.equal(false)
    await parties.chain.conditions({ crowded: false })
    await redeeming
    expect(await redeemedOf(hostile, channelId)).to.equal(60n * MINA)
  })

  it('a deposit is made once although the first one forgets it, and then shows the chain as it was before', async () => {
    const hostile = await parties.connected(peer, { urls: urls(true) })
    const channelId = await open(hostile)
    const before = await parties.wallet(peer)
    const { height } = await parties.chain.block()
    await parties.chain.faults({ forgets: 1000 }, other.node)
    await hostile.deposit(channelId, 150n * MINA, 'more')
    await parties.chain.faults({ standsAt: height }, other.node)
    expect(await hostile.deposit(channelId, 150n * MINA, 'again').catch(String)).to.match(/has that much already/)
    expect(await parties.wallet(peer) - before).to.equal(-50n * MINA)
  })
})
