/** The end of channels: together with the peer in one transaction, or by challenge; and what is done when the peer begins it. */
import { expect } from 'chai'
import { useFakeTimers } from 'sinon'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { closeAll } from '../../../support/btp.js'
import { jsonOf } from '../../../../src/lib/json.js'
import { ChainError } from '../../../../plugins/lib/channels/types.js'
import { EXACT, type FakeFeatures } from '../../../support/channels/fake-chain.js'
import { claimOf, consentSignatureOf } from '../../../support/channels/fake-codec.js'
import { expectAgreement, makeWorld } from '../../../support/channels/world.js'
import type { Party, World } from '../../../support/channels/world.js'
import { nextTurn } from '../../../support/waiting.js'

const HOUR_MS = 3_600_000
const OPTIONS = { initialDeposit: '10000', settlementTimeoutSecs: 3600 }

/** Alice has paid Bob 1000 and he her 250 through one channel. */
async function paidWorld (options: Record<string, unknown> = OPTIONS, features?: FakeFeatures): Promise<World & { channelId: string }> {
  const world = await makeWorld(options, options, features)
  const { alice, bob } = world
  await alice.pay(1000n)
  await alice.settle()
  await bob.pay(250n)
  await bob.settle()
  return { ...world, channelId: (await alice.channels())[0]?.channelId ?? '' }
}

/** What a party owns on the chain beyond what it began with. */
function won (world: World, { name }: Party): bigint {
  return (world.chain.balances.get(name) ?? 0n) - 1_000_000n
}

describe('closing payment channels', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('together pays out the net of both directions in one transaction', async () => {
    const world = await paidWorld()
    const { alice, bob, chain, channelId } = world
    const before = chain.transactions.length
    const { channel } = await alice.plugin.channels().close(channelId)
    expect(channel.status).to.equal('settled')
    expect(chain.transactions.slice(before), 'who answers brings it to the chain').to.deep.equal(['closeTogether bob'])
    expect([won(world, alice), won(world, bob)]).to.deep.equal([-750n, 750n])
    await expectAgreement(world)
  })

  it('settles 100 payments of 10 one way and 50 of 5 back as a net of 750', async () => {
    const world = await makeWorld({ ...OPTIONS, claims: 'packet', requireClaims: true })
    const { alice, bob, chain } = world
    for (const party of [alice, bob]) while (!(await party.channels()).some(({ spendable }) => spendable > 0n)) await nextTurn()
    await Promise.all([
      ...Array.from({ length: 100 }, () => alice.pay(10n)),
      ...Array.from({ length: 50 }, () => bob.pay(5n))
    ])
    for (const { channelId } of await alice.channels()) await alice.plugin.channels().close(channelId)
    expect(chain.transactions.filter(transaction => transaction.startsWith('redeem'))).to.deep.equal([])
    expect([won(world, alice), won(world, bob)]).to.deep.equal([-750n, 750n])
  })

  it('goes on through a new channel, and both books still agree', async () => {
    const world = await paidWorld()
    const { alice, bob, chain, channelId } = world
    await alice.plugin.channels().close(channelId)
    await bob.plugin.channels().get(channelId)
    await alice.pay(77n)
    await alice.settle()
    expect([chain.channels.size, bob.balance]).to.deep.equal([2, 0n])
    await expectAgreement(world)
  })

  it('by challenge redeems our best claim first, and pays out after the challenge', async () => {
    const world = await paidWorld()
    const { alice, bob, chain, channelId } = world
    const { channel } = await bob.plugin.channels().close(channelId, { cooperative: false })
    expect(channel.status).to.equal('closed')
    await alice.plugin.channels().get(channelId)
    chain.channel(channelId).closedMs -= 3_600_000
    await alice.plugin.channels().redeem(channelId).catch(() => undefined) // the watcher may have done it
    await bob.plugin.channels().settle(channelId).catch(() => undefined) // so may this
    while (chain.channel(channelId).status !== 'settled') await nextTurn()
    expect([won(world, alice), won(world, bob)]).to.deep.equal([-750n, 750n])
    await expectAgreement(world)
  })

  it('falls back to a challenge when the peer is not there', async () => {
    const { alice, bob, channelId } = await paidWorld()
    await bob.plugin.disconnect()
    const { channel } = await alice.plugin.channels().close(channelId)
    expect(channel.status).to.equal('closed')
  })

  it('by challenge does not wait for a claim that the chain refuses to redeem', async () => {
    const { bob, chain, channelId } = await paidWorld({ ...OPTIONS, pollingIntervalMs: 100 })
    chain.fault = (call, address) => { if (call === 'redeem' && address === 'bob') throw new ChainError('refused', true) }
    await bob.plugin.channels().close(channelId, { cooperative: false })
    expect(chain.transactions).to.include('close bob')
    chain.channel(channelId).closedMs -= 3_600_000
    while (chain.channel(channelId).status !== 'settled') await nextTurn()
  })

  it('of a channel that the peer closes is answered with our best claim, as soon as it is seen', async () => {
    const world = await paidWorld()
    const { alice, bob, chain, channelId } = world
    await chain.provider('alice').close(channelId, 'behind the back of her plugin')
    while (!chain.transactions.includes('redeem bob')) await nextTurn()
    chain.channel(channelId).closedMs -= 3_600_000
    while (!chain.transactions.includes('redeem alice')) await nextTurn()
    await chain.provider('alice').settle(channelId, 'settle')
    expect([won(world, alice), won(world, bob)]).to.deep.equal([-750n, 750n])
    await expectAgreement(world)
  })

  it('of a channel that the peer closed while we were down is answered when we are back', async () => {
    const { bob, chain, channelId } = await paidWorld()
    const { entries } = bob.store
    await bob.plugin.disconnect()
    await chain.provider('alice').close(channelId, 'close')
    expect(chain.transactions).to.not.include('redeem bob')
    expect(entries.size).to.be.above(0)
    await bob.crash()
    bob.plugin.connect().catch(() => undefined)
    while (!chain.transactions.includes('redeem bob')) await nextTurn()
  })

  it('cannot be done with an old claim', async () => {
    const { alice, chain, channelId } = await paidWorld()
    await alice.plugin.channels().close(channelId, { cooperative: false })
    const old = claimOf('alice', channelId, 1n, 10n)
    while (!chain.transactions.includes('redeem bob')) await nextTurn()
    const failure = await chain.provider('bob').redeem(old, 'old').catch((error: unknown) => error)
    expect(String(failure)).to.contain('claim')
  })

  it('stops payments through the channel while our consent is out, and lets them through when it is void by the clock of the chain', async () => {
    const world = await paidWorld()
    const { alice, bob, chain, channelId } = world
    chain.fault = call => { if (call === 'close' || call === 'redeem') throw new Error('no chain') }
    bob.plugin.transport.deregisterProtocolHandler('payment-channel')
    const failure = await alice.plugin.channels().close(channelId).catch((error: unknown) => error)
    expect(failure).to.have.property('httpErrorCode', 503)
    chain.fault = () => undefined
    await alice.pay(5n)
    expect(String(await alice.settle('one', 1).catch((error: unknown) => error))).to.contain('is being closed')
    const refused = await bob.plugin.sendMoney('5', { id: 'bobs' }).catch((error: unknown) => error)
    expect(String(refused), 'nor is anything taken').to.contain('is being closed')
    await alice.crash()
    await alice.plugin.connect()
    expect(String(await alice.settle('one', 1).catch((error: unknown) => error)), 'also after a crash').to.contain('is being closed')
    const clock = useFakeTimers({ now: Date.now() + 11 * 60_000, toFake: ['Date'], shouldAdvanceTime: true })
    try {
      await alice.plugin.channels().get(channelId)
      await alice.settle('one')
      expect([alice.balance, chain.channels.size]).to.deep.equal([0n, 1])
    } finally {
      clock.restore()
    }
  })

  it('signs nothing that is good for longer than some minutes by our clock, and agrees to nothing, whatever a node says of the time', async () => {
    const world = await paidWorld()
    const { alice, bob, chain, channelId } = world
    chain.aheadMs = 365 * 24 * HOUR_MS
    chain.fault = call => { if (call === 'close') throw new Error('no chain') }
    const yearSecs = chain.aheadMs / 1000
    let until = 0
    bob.plugin.transport.deregisterProtocolHandler('payment-channel')
    bob.plugin.transport.registerProtocolHandler('payment-channel', ({ data }) => {
      until = (JSON.parse(data.toString()) as { validUntil?: number }).validUntil ?? until
      return Promise.reject(new Error('not now'))
    })
    const nowSecs = Math.floor(Date.now() / 1000)
    const terms = { channelId, least: 1000n, pays: 250n, validUntil: nowSecs + yearSecs + 500 }
    const data = Buffer.from(jsonOf({ step: 'end', ...terms, consent: consentSignatureOf('bob', terms, false) }))
    const answer = await bob.plugin.transport.sendMessage([{ protocolName: 'payment-channel', contentType: 2, data }]).then(() => 'agreed', String)
    expect(answer, 'for a year').to.contain('within the next ten minutes')
    await alice.plugin.channels().close(channelId).catch(() => undefined)
    expect(until > nowSecs && until < nowSecs + yearSecs / 2, `until ${until}`).to.equal(true)
  })

  it('holds a consent for good until its last second is over, and whatever a node says of the time, until it is over by our clock', async () => {
    const world = await paidWorld()
    const { alice, bob, chain, channelId } = world
    chain.fault = call => { if (call === 'close' || call === 'redeem') throw new Error('no chain') }
    let until = 0
    bob.plugin.transport.deregisterProtocolHandler('payment-channel')
    bob.plugin.transport.registerProtocolHandler('payment-channel', ({ data }) => {
      until = (JSON.parse(data.toString()) as { validUntil?: number }).validUntil ?? until
      return Promise.reject(new Error('not now'))
    })
    await alice.plugin.channels().close(channelId).catch(() => undefined)
    const offer = async (): Promise<string> => await bob.plugin.sendMoney('5', { id: 'bobs' }).then(() => 'taken', String)
    chain.aheadMs = 365 * 24 * HOUR_MS
    await alice.plugin.channels().get(channelId)
    expect(await offer(), 'a node that is a year ahead').to.contain('is being closed')
    chain.aheadMs = 0
    const clock = useFakeTimers({ now: until * 1000 + 900, toFake: ['Date'] })
    try {
      await alice.plugin.channels().get(channelId)
      expect(await offer(), 'the chain counts whole seconds').to.contain('is being closed')
      clock.setSystemTime((until + 1) * 1000)
      await alice.plugin.channels().get(channelId)
      expect(await offer()).to.equal('taken')
    } finally {
      clock.restore()
    }
  })

  it('goes on as soon as a chain is back that was away when the peer had agreed, also after a crash', async () => {
    const world = await paidWorld({ ...OPTIONS, pollingIntervalMs: 100 })
    const { alice, bob, chain, channelId } = world
    const away = { is: false }
    chain.fault = call => {
      away.is ||= call === 'closeTogether'
      if (away.is) throw new Error('no chain')
    }
    alice.plugin.channels().close(channelId).catch(() => undefined) // by challenge she cannot close it either
    while (!away.is) await nextTurn()
    const before = chain.transactions.length
    await bob.crash()
    bob.plugin.connect().catch(() => undefined) // at another port, where alice does not look for him
    chain.fault = () => undefined
    while (chain.channel(channelId).status !== 'settled') await nextTurn()
    expect(chain.transactions.slice(before)).to.deep.equal(['closeTogether bob'])
    expect([won(world, alice), won(world, bob)]).to.deep.equal([-750n, 750n])
  })

  it('by challenge is done after a restart, too, when the peer has agreed to the end and has not brought it', async () => {
    const world = await paidWorld({ ...OPTIONS, pollingIntervalMs: 100 })
    const { alice, chain, channelId } = world
    const agreed = { is: false }
    chain.fault = call => {
      agreed.is ||= call === 'closeTogether'
      if (call === 'closeTogether') throw new Error('no chain')
    }
    alice.plugin.channels().close(channelId).catch(() => undefined)
    while (!agreed.is) await nextTurn()
    await alice.crash()
    alice.plugin.connect().catch(() => undefined)
    const clock = useFakeTimers({ now: Date.now() + 11 * 60_000, toFake: ['Date'], shouldAdvanceTime: true })
    try {
      while (chain.channel(channelId).status === 'open') await nextTurn()
      expect(chain.transactions.at(-1)).to.equal('close alice')
    } finally {
      clock.restore()
    }
  })

  it('goes on together when a challenge has begun because the peer was late', async () => {
    const world = await paidWorld({ ...OPTIONS, pollingIntervalMs: 100 })
    const { alice, bob, chain, channelId } = world
    let isAway = true
    chain.fault = call => { if (call === 'closeTogether' && isAway) throw new Error('no chain') }
    const together = alice.plugin.channels().close(channelId)
    await alice.plugin.channels().close(channelId, { cooperative: false })
    await together
    expect(chain.transactions).to.include('close alice')
    isAway = false
    while (chain.channel(channelId).status !== 'settled') await nextTurn()
    expect(chain.transactions.at(-1)).to.equal('closeTogether bob')
    expect([won(world, alice), won(world, bob)]).to.deep.equal([-750n, 750n])
  })

  it('when idle is done together, by who has a deposit in it', async () => {
    const { alice, bob, chain, channelId } = await paidWorld({ ...OPTIONS, idleCloseSecs: 1, pollingIntervalMs: 100 })
    while (chain.channel(channelId).status !== 'settled') await nextTurn()
    expect(chain.transactions.filter(transaction => transaction.startsWith('closeTogether'))).to.have.lengthOf(1)
    expect([alice.balance, bob.balance]).to.deep.equal([0n, 0n])
  })

  it('is agreed on in time where channels live only so long, and another channel takes its place', async () => {
    const world = await paidWorld({ ...OPTIONS, pollingIntervalMs: 100 })
    const { alice, chain, channelId } = world
    chain.lifetimeMs = 36 * 24 * HOUR_MS
    chain.aheadMs = 10 * 24 * HOUR_MS // so a node says
    for (let turn = 0; turn < 300; turn++) await nextTurn()
    expect(chain.channel(channelId).status, 'not before').to.equal('open')
    chain.aheadMs = 0
    chain.channel(channelId).openedMs -= 2 * 24 * HOUR_MS
    while (chain.channel(channelId).status !== 'settled') await nextTurn()
    expect(chain.transactions.filter(transaction => transaction.startsWith('close ')), 'no challenge').to.deep.equal([])
    await alice.pay(77n)
    await alice.settle()
    expect(chain.channels.size).to.equal(2)
    await expectAgreement(world)
  })

  it('of channel after channel by the peer draws no more than two deposits at a time', async () => {
    const world = await paidWorld()
    const { alice, bob, chain } = world
    const closeBehindHerBack = async (): Promise<void> => {
      const { channelId } = (await alice.channels()).find(({ status }) => status === 'open')!
      await chain.provider('bob').close(channelId, `close ${channelId}`)
      await alice.plugin.channels().get(channelId)
    }
    await closeBehindHerBack()
    await alice.pay(50n)
    await alice.settle()
    await closeBehindHerBack()
    await alice.pay(60n)
    for (let time = 0; time < 50; time++) {
      expect(await alice.settle('the third', 1).then(() => 'paid', String)).to.match(/2 payment channels with our money in them are not over yet/)
    }
    expect(chain.channels.size).to.equal(2)
    const [first] = chain.channels.keys()
    chain.channel(first!).closedMs -= HOUR_MS
    await alice.plugin.channels().settle(first!)
    await alice.settle('the third', 5, 60n)
    expect([chain.channels.size, bob.balance]).to.deep.equal([3, 0n])
    await expectAgreement(world)
  })

  it('is refused for channels that are not there or over', async () => {
    const { alice, channelId } = await paidWorld()
    const channels = alice.plugin.channels()
    expect(await channels.close('nowhere').catch((error: unknown) => error)).to.have.property('httpErrorCode', 404)
    await channels.close(channelId)
    expect(await channels.close(channelId).catch((error: unknown) => error)).to.have.property('httpErrorCode', 400)
    expect(await channels.deposit(channelId, 5n).catch((error: unknown) => error)).to.have.property('httpErrorCode', 400)
  })
})

describe('redeeming', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('is done when what is not redeemed passes the threshold, once', async () => {
    const world = await makeWorld({ ...OPTIONS, redeemThreshold: '500', pollingIntervalMs: 100 })
    const { alice, bob, chain } = world
    await alice.pay(499n)
    await alice.settle()
    await bob.plugin.channels().get((await bob.channels())[0]?.channelId ?? '')
    expect(chain.transactions).to.not.include('redeem bob')
    await alice.pay(1n)
    await alice.settle()
    while (won(world, bob) !== 500n) await nextTurn()
    await alice.pay(100n)
    await alice.settle()
    expect(chain.transactions.filter(transaction => transaction === 'redeem bob')).to.have.lengthOf(1)
    await expectAgreement(world)
  })

  it('waits until it is worth its fee', async () => {
    const price = String(10n ** 18n) // one unit of fee is worth one of the token; redeeming costs 100
    const world = await makeWorld({ ...OPTIONS, redeemThreshold: '1', nativePrice: price, redeemGasFactor: 3, pollingIntervalMs: 100 })
    const { alice, bob, chain } = world
    await alice.pay(299n)
    await alice.settle()
    for (let turn = 0; turn < 300; turn++) await nextTurn()
    expect(chain.transactions).to.not.include('redeem bob')
    await alice.pay(1n)
    await alice.settle()
    while (won(world, bob) !== 300n) await nextTurn()
  })

  it('weighs the fee in coins of the chain, however many decimals they have', async () => {
    const world = await makeWorld({ ...OPTIONS, redeemThreshold: '1', nativePrice: '1000000', redeemGasFactor: 3, pollingIntervalMs: 100 })
    const { alice, bob, chain } = world
    chain.nativeDecimals = 6
    await alice.pay(299n)
    await alice.settle()
    let looks = 0
    chain.fault = (call, address) => { if (call === 'find' && address === 'bob') looks++ }
    while (looks < 3) await nextTurn()
    expect(chain.transactions).to.not.include('redeem bob')
    await alice.pay(1n)
    await alice.settle()
    while (won(world, bob) !== 300n) await nextTurn()
  })

  it('is decided by what claims say more than the chain has recorded, not by their nonces', async () => {
    const { alice, bob, chain, channelId } = await paidWorld(OPTIONS, EXACT)
    chain.channel(channelId).sides.alice!.nonce = 2n ** 64n - 1n // the payer has brought a claim of her own with that
    await bob.plugin.channels().get(channelId)
    await bob.plugin.channels().close(channelId, { cooperative: false })
    expect(chain.channel(channelId).sides.bob?.claimed).to.equal(1000n)
    expect(alice.balance).to.equal(0n)
  })

  it('by hand takes what there is, and says when there is nothing', async () => {
    const world = await paidWorld()
    const { bob, channelId } = world
    const { channel } = await bob.plugin.channels().redeem(channelId)
    expect(channel).to.deep.include({ redeemed: 1000n, theirTransferred: 1000n })
    expect(String(await bob.plugin.channels().redeem(channelId).catch((error: unknown) => error))).to.contain('nothing to redeem')
    await expectAgreement(world)
  })
})
