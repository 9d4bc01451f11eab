/** A peer that lies in each way: no bad claim counts, whether it comes with a packet, by itself, or among good ones. */
import { expect } from 'chai'
import { useFakeTimers } from 'sinon'
import { CLAIM_PROTOCOL } from '../../../../plugins/lib/channels/messages.js'
import { encodePrepare } from '../../../../src/packet/prepare.js'
import { isFulfill, rejectOf } from '../../../../src/packet/reply.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import PluginBtp from '../../../../plugins/btp/index.js'
import { afterTest, closeAll, portOf, serverUrl } from '../../../support/btp.js'
import { FakeChain } from '../../../support/channels/fake-chain.js'
import { claimOf } from '../../../support/channels/fake-codec.js'
import { Party } from '../../../support/channels/world.js'
import { ChainError } from '../../../../plugins/lib/channels/types.js'

const NO_DATA = Buffer.alloc(0)
/** Of a challenge of an hour. */
const QUARTER_MS = 15 * 60_000

interface Scene {
  chain: FakeChain
  bob: Party
  /** Mallory's, under which Bob knows her. */
  channelId: string
  /** Sends Bob a packet with this claim text; resolves to `fulfilled` or to why not. */
  pay: (amount: bigint, claim: string) => Promise<string>
  /** Sends Bob a claim by itself. */
  tell: (claim: string) => Promise<string>
}

/** Bob, and Mallory who says what she wants. She has a channel with a deposit of 1000 with Bob. */
async function makeScene (): Promise<Scene> {
  const chain = new FakeChain()
  chain.balances.set('mallory', 1_000_000n)
  const bob = new Party(chain, 'bob', 'mallory', { listener: { port: 0, secret: 'token' } }, { requireClaims: true, settlementTimeoutSecs: 3600 })
  const connecting = bob.plugin.connect()
  const mallory = new PluginBtp({ server: serverUrl(await portOf(bob.plugin, connecting), 'token') })
  afterTest(() => mallory.disconnect())
  await mallory.connect()
  await connecting
  const provider = chain.provider('mallory')
  const { channelId } = await provider.openChannel('bob', 3600, 'open')
  await provider.deposit(channelId, 1000n, 'deposit')
  const entry = (claim: string): { protocolName: string, contentType: number, data: Buffer } =>
    ({ protocolName: CLAIM_PROTOCOL, contentType: 1, data: Buffer.from(claim) })
  return {
    chain,
    bob,
    channelId,
    pay: async (amount, claim) => {
      const data = encodePrepare({
        amount, expiresAt: Date.now() + 30_000, executionCondition: Buffer.alloc(32, 1), destination: 'test.bob', data: NO_DATA
      })
      const [answer] = await mallory.sendMessage([{ protocolName: 'ilp', contentType: 0, data }, entry(claim)])
      const reply = answer?.data ?? NO_DATA
      return isFulfill(reply) ? 'fulfilled' : `${rejectOf(reply).code} ${rejectOf(reply).message} by ${rejectOf(reply).triggeredBy}`
    },
    tell: claim => mallory.sendMessage([entry(claim)]).then(() => 'taken', (error: unknown) => String(error))
  }
}

describe('bad claims', () => {
  noRejectionLeft()
  afterEach(closeAll)

  const good = (channelId: string, nonce: bigint, amount: bigint): string => claimOf('mallory', channelId, nonce, amount).text

  const LIES: ReadonlyArray<[string, (channelId: string) => string, RegExp]> = [
    ['is no JSON', () => 'x', /Invalid claim structure/],
    ['is replayed', id => good(id, 5n, 100n), /Nonce not monotonically increasing/],
    ['has a lower nonce', id => good(id, 4n, 200n), /Nonce not monotonically increasing/],
    ['does not cover the packet', id => good(id, 6n, 105n), /Claim amount does not cover packet/],
    ['takes money back', id => good(id, 6n, 50n), /Claim amount does not cover packet/],
    ['is above the deposit', id => good(id, 6n, 1001n), /Claim exceeds channel deposit/],
    ['is for a channel that does not exist', () => good('channel-99', 6n, 200n), /Unknown channel/],
    ['is signed by somebody else', id => claimOf('eve', id, 6n, 200n).text, /Signature verification failed/],
    ['is signed by Bob himself', id => claimOf('bob', id, 6n, 200n).text, /Signature verification failed/],
    ['is signed for another amount', id => good(id, 6n, 100n).replace('"amount":"100"', '"amount":"200"'), /Signature verification failed/],
    ['is signed for another channel', id => good('channel-7', 6n, 200n).replace('channel-7', id), /Signature verification failed/]
  ]
  for (const [lie, make, message] of LIES) {
    it(`is refused with F06, and changes nothing, when one ${lie}`, async () => {
      const { bob, channelId, pay, tell } = await makeScene()
      expect(await pay(100n, good(channelId, 5n, 100n))).to.equal('fulfilled')
      const before = [bob.balance, bob.receivedPackets, (await bob.channels())[0]?.theirTransferred]
      const result = await pay(10n, make(channelId))
      expect(result).to.match(message).and.match(/^F06 .* by test\.bob$/)
      if (!/cover/.test(message.source)) expect(await tell(make(channelId))).to.match(message)
      expect([bob.balance, bob.receivedPackets, (await bob.channels())[0]?.theirTransferred]).to.deep.equal(before)
      expect(await pay(10n, good(channelId, 6n, 110n)), 'a good one is taken afterwards').to.equal('fulfilled')
      expect(bob.plugin.channels().claimCounts).to.include({ received: 2, failed: /cover/.test(message.source) ? 1 : 2 })
    })
  }

  for (const [lie, make, message] of LIES) {
    it(`is refused among good ones that come at the same time, when one ${lie}`, async () => {
      const { bob, channelId, pay } = await makeScene()
      expect(await pay(100n, good(channelId, 5n, 100n))).to.equal('fulfilled')
      const results = await Promise.all([pay(10n, make(channelId)), pay(10n, good(channelId, 7n, 110n)), pay(10n, make(channelId))])
      expect(results.slice(1)).to.deep.equal(['fulfilled', results[2]])
      expect(results[2]).to.match(/^F06/)
      if (results[0] !== 'fulfilled') expect(results[0]).to.match(message)
      expect(bob.balance <= 0n, 'all that was fulfilled is paid').to.equal(true)
    })
  }

  it('that take money back are refused without a packet, too', async () => {
    const { bob, channelId, pay, tell } = await makeScene()
    expect(await pay(100n, good(channelId, 5n, 100n))).to.equal('fulfilled')
    expect(await tell(good(channelId, 6n, 50n))).to.contain('Claim amount does not cover packet')
    expect((await bob.channels())[0]?.theirTransferred).to.equal(100n)
  })

  it('are refused as the last of a batch without help for forged ones before it', async () => {
    const { bob, channelId, pay } = await makeScene()
    const forged = claimOf('eve', channelId, 1n, 900n).text.replace('eve', 'mallory')
    const results = await Promise.all([pay(900n, forged), pay(10n, good(channelId, 2n, 1001n)), pay(900n, forged)])
    for (const result of results) expect(result).to.match(/^F06/)
    expect([bob.balance, (await bob.channels())[0]?.theirTransferred ?? 0n]).to.deep.equal([0n, 0n])
  })

  it('on a channel of others are refused', async () => {
    const { chain, pay } = await makeScene()
    const provider = chain.provider('mallory')
    const { channelId } = await provider.openChannel('carol', 3600, 'other')
    await provider.deposit(channelId, 1000n, 'other-deposit')
    expect(await pay(10n, good(channelId, 1n, 10n))).to.match(/^F06 Unknown channel/)
  })

  it('on a channel that is closing are refused as soon as the close is seen', async () => {
    const { chain, bob, channelId, pay } = await makeScene()
    expect(await pay(10n, good(channelId, 1n, 10n))).to.equal('fulfilled')
    await chain.provider('mallory').close(channelId, 'close')
    await bob.plugin.channels().get(channelId)
    expect(await pay(10n, good(channelId, 2n, 20n))).to.match(/^F06 Payment channel is not open/)
  })

  it('that name channels without end make the chain be asked a few times, not for each', async () => {
    const { chain, pay } = await makeScene()
    let questions = 0
    chain.fault = () => { questions++ }
    for (let i = 0; i < 200; i++) await pay(1n, good(`nowhere-${i}`, 1n, 1n))
    expect(questions).to.be.below(50)
  })

  it('do not pass on the packet while what was claimed cannot be kept, and count once when it can', async () => {
    const { bob, channelId, pay } = await makeScene()
    bob.store.fault = () => { throw new Error('disk full') }
    expect(await pay(10n, good(channelId, 1n, 10n))).to.match(/^T00/)
    expect([bob.receivedPackets, bob.balance]).to.deep.equal([0, 0n])
    bob.store.fault = () => undefined
    expect(await pay(10n, good(channelId, 2n, 20n))).to.equal('fulfilled')
    expect(bob.balance, 'the first claim was worth something, too').to.equal(-10n)
  })
})

describe('claims on a channel that the chain has not shown for a while', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('are taken for a quarter of its challenge, and no longer, until the chain shows it', async () => {
    const { bob, chain, channelId, pay, tell } = await makeScene()
    const clock = useFakeTimers({ now: Date.now(), toFake: ['Date'], shouldAdvanceTime: true })
    try {
      expect(await tell(claimOf('mallory', channelId, 1n, 100n).text)).to.equal('taken')
      chain.fault = call => { if (call.startsWith('state') || call === 'find') throw new ChainError('no answer', false) }
      clock.tick(QUARTER_MS - 30_000)
      expect(await pay(100n, claimOf('mallory', channelId, 2n, 200n).text)).to.equal('fulfilled')
      clock.tick(60_000)
      for (let nonce = 3n; nonce < 30n; nonce++) { // more often than the chain is asked
        expect(await pay(100n, claimOf('mallory', channelId, nonce, 300n).text)).to.match(/^T00 the chain has not shown this payment channel/)
      }
      expect(await tell(claimOf('mallory', channelId, 30n, 300n).text)).to.not.equal('taken')
      expect([bob.balance, bob.receivedPackets], 'nothing has changed').to.deep.equal([-100n, 1])
      clock.tick(QUARTER_MS)
      chain.fault = () => undefined
      expect(await tell(claimOf('mallory', channelId, 31n, 300n).text)).to.equal('taken')
      expect(await pay(100n, claimOf('mallory', channelId, 32n, 400n).text)).to.equal('fulfilled')
    } finally {
      clock.restore()
    }
  })
})
