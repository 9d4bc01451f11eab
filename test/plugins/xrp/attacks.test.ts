/**
 * What a hostile peer, or a server that lies, can try with channels of the XRP Ledger, and what becomes of it: nothing is credited that the
 * ledger would not pay, and what it would pay is redeemed in time. The parties are on a stand-in with the rules of the ledger.
 */
import { expect } from 'chai'
import sinon from 'sinon'
import { Wallet } from 'xrpl'
import type { KnownChannel } from '../../../plugins/lib/channels/channels.js'
import { Hostile, CLOSE, RENEW } from '../../support/xrp/hostile.js'
import { Parties, DAY, XRP } from '../../support/xrp/parties.js'
import { HOUR, startVictim, type Victim } from '../../support/xrp/victim.js'

const SMALL_ORDER = `ED01${'00'.repeat(31)}`
/** Seconds from 1970 to 2000. */
const EPOCH = 946_684_800

describe('attacks over channels of the XRP Ledger', function () {
  this.timeout(60_000)
  let parties: Parties
  let payer: Hostile
  let victim: Victim
  let us: string

  beforeEach(async () => {
    parties = new Parties()
    await parties.start()
    us = parties.bob.address
    payer = new Hostile(parties, parties.alice)
    victim = await startVictim(parties, parties.bob, parties.alice)
  })
  afterEach(async () => {
    sinon.restore()
    await payer.stop()
    await victim.stop()
    await parties.stop()
  })

  const now = (): number => parties.rippled.network.now()
  const gained = (): bigint => parties.wallet(parties.bob)
  const isThere = (channel: string): boolean => parties.rippled.state.channel(channel) !== undefined
  const until = async (check: () => boolean): Promise<void> => {
    while (!check()) await new Promise(resolve => { setTimeout(resolve, 20) })
  }
  const take = (channel: string, drops: bigint, more?: object): Promise<string | undefined> =>
    victim.refusalOf(payer.message(channel, drops, { ...more }))

  it('an honest channel counts, so that the others are refused for what they are', async () => {
    const channel = await payer.open(us)
    expect(await take(channel, 5n)).to.equal(undefined)
    expect(victim.credited).to.equal(5n)
  })

  for (const [what, fields] of [
    ['a delay of a minute', { SettleDelay: 60 }],
    ['no delay', { SettleDelay: 0 }],
    ['a delay that overflows the ledger\'s clock and ends at once', { SettleDelay: 4294967295 }],
    ['a delay of a year', { SettleDelay: 365 * DAY }],
    ['CancelAfter soon', { CancelAfter: Math.floor(Date.now() / 1000) - EPOCH + HOUR }],
    ['CancelAfter in years', { CancelAfter: 4294967295 }],
    ['a DestinationTag', { DestinationTag: 7 }],
    ['a key of small order', { PublicKey: SMALL_ORDER }],
    ['a key of the other kind', { PublicKey: Wallet.fromSeed('spvHRYpBKVWy8aYvjDrEJxG79mwN3').publicKey }]
  ] as ReadonlyArray<[string, object]>) {
    it(`a channel with ${what} pays nothing`, async () => {
      const channel = await payer.open(us, { ...fields })
      expect(channel).to.have.lengthOf(64)
      expect(await take(channel, 5n), 'refused').to.match(/ClaimError/)
      expect(victim.credited).to.equal(0n)
    })
  }

  it('channels beyond fifty of one payer are not kept, and pay nothing until others are over', async () => {
    const channels: string[] = []
    for (let i = 0; i < 51; i++) channels.push(await payer.open(us))
    for (const channel of channels.slice(0, 50)) expect(await victim.provider.getChannelState(channel)).to.have.property('status', 'open')
    expect(await victim.provider.getChannelState(channels[50] ?? '')).to.equal(undefined)
    expect(await take(channels[50] ?? '', 5n)).to.match(/ClaimError/)
    expect(await take(channels[0] ?? '', 5n)).to.equal(undefined)
    expect(victim.credited).to.equal(5n)
  })

  it('a channel that is over before it begins is not there', async () => {
    expect(await payer.open(us, { CancelAfter: 1 })).to.equal('tecEXPIRED')
  })

  it('channels of others, or to others, pay nothing', async () => {
    const stranger = new Hostile(parties, parties.stranger)
    try {
      const foreign = await stranger.open(us)
      const elsewhere = await payer.open(parties.stranger.address)
      expect(await victim.refusalOf(stranger.message(foreign, 5n)), 'of a third party').to.match(/ClaimError/)
      expect(await take(elsewhere, 5n), 'to a third party').to.match(/ClaimError/)
      const { channelId } = await victim.provider.openChannel(parties.alice.address, HOUR, 'open', XRP)
      expect(await take(channelId, 5n), 'of ours').to.match(/ClaimError/)
      expect(await take('AB'.repeat(32), 5n), 'of nobody').to.match(/ClaimError/)
    } finally {
      await stranger.stop()
    }
    expect(victim.credited).to.equal(0n)
  })

  it('a claim counts under the key of the ledger, up to the deposit that is validated, and once', async () => {
    const channel = await payer.open(us)
    const other = Wallet.generate()
    expect(await take(channel, 5n, { publicKey: other.publicKey }), 'another key in the message').to.match(/Signature/)
    expect(await take(channel, 1_000_001n), 'above the deposit').to.match(/exceeds/)
    for (const drops of [10n, 20n, 30n]) expect(await take(channel, drops)).to.equal(undefined)
    for (const drops of [10n, 20n]) expect(await take(channel, drops), 'an old one again').to.match(/ClaimError/)
    await take(channel, 30n) // the last one again: is no error, and no money
    expect(victim.credited).to.equal(30n)
  })

  it('a deposit that the server has taken, and no validated ledger has, is no money', async () => {
    const channel = await payer.open(us)
    parties.rippled.network.fateOf = tx => tx.type === 'PaymentChannelFund' ? 'forgotten' : undefined
    await payer.fund(channel)
    expect(await take(channel, 1_500_000n)).to.match(/exceeds/)
    expect(victim.credited).to.equal(0n)
  })

  it('an Expiration that is set without tfClose is seen: the claim is redeemed and the channel closed at once', async () => {
    const channel = await payer.open(us)
    await take(channel, 700_000n)
    const before = gained()
    expect(await payer.fund(channel, { Expiration: now() + 2 * HOUR })).to.equal('tesSUCCESS')
    await until(() => !isThere(channel))
    expect(gained() - before).to.equal(700_000n)
  })

  it('a channel that has shown an end is never used again, also when the payer takes the end back', async () => {
    const channel = await payer.open(us)
    await take(channel, 100_000n)
    // The payee cannot get in, so the payer has time to change its mind.
    parties.rippled.network.fateOf = tx => tx.account === us ? 'late' : undefined
    expect(await payer.claim(channel, { Flags: CLOSE })).to.equal('tesSUCCESS')
    await until(() => victim.parts.channels.get(channel)?.state.status === 'closing')
    expect(await payer.claim(channel, { Flags: RENEW })).to.equal('tesSUCCESS')
    expect(await take(channel, 200_000n)).to.match(/not open|being closed/)
    parties.rippled.network.fateOf = () => undefined
    await until(() => !isThere(channel))
    expect(victim.credited).to.equal(100_000n)
  })

  it('a redeem that comes too late pays nothing, whatever its result says, and is reported as lost', async () => {
    const channel = await payer.open(us)
    await take(channel, 700_000n)
    await victim.stop()
    expect(await payer.claim(channel, { Flags: CLOSE })).to.equal('tesSUCCESS')
    parties.rippled.skip(2 * HOUR)
    parties.rippled.closeLedger(2)
    const [claim] = victim.parts.incoming.all()
    await victim.provider.connect()
    const before = gained()
    const error = await victim.provider.redeem(claim!, 'late').catch((error: unknown) => error)
    expect(String(error)).to.match(/not paid: the time of the channel was over/)
    expect(gained()).to.equal(before)
    expect((await victim.provider.getChannelState(channel))?.status).to.equal('settled')
  })

  it('a third party that touches the expired channel first changes nothing of that', async () => {
    const channel = await payer.open(us)
    await take(channel, 700_000n)
    await victim.stop()
    await payer.claim(channel, { Flags: CLOSE })
    parties.rippled.skip(2 * HOUR)
    parties.rippled.closeLedger(2)
    const stranger = new Hostile(parties, parties.stranger)
    expect(await stranger.claim(channel)).to.equal('tesSUCCESS')
    await stranger.stop()
    await victim.provider.connect()
    const state = await victim.provider.getChannelState(channel)
    expect([state?.status, state?.theirs.redeemed]).to.deep.equal(['settled', 0n])
  })

  it('a payer that pushes the claim itself is paid for once: nothing is redeemed again', async () => {
    const channel = await payer.open(us)
    await take(channel, 300_000n)
    const before = gained()
    expect(await payer.claim(channel, { Balance: '300000' })).to.equal('tesSUCCESS')
    const [claim] = victim.parts.incoming.all()
    const error = await victim.provider.redeem(claim!, 'redeem').catch((error: unknown) => error)
    expect(String(error)).to.match(/paid out already/)
    expect(gained() - before).to.equal(300_000n)
    expect(await take(channel, 400_000n)).to.equal(undefined)
    expect(victim.credited).to.equal(400_000n)
  })

  it('a claim that comes when the payee has begun to end the channel is refused, and what counts is what is redeemed', async () => {
    const channel = await payer.open(us)
    await take(channel, 300_000n)
    const before = gained()
    const ending = victim.parts.closing.answer({ channelId: channel, claim: payer.message(channel, 350_000n) })
    const known = (): KnownChannel | undefined => victim.parts.channels.get(channel)
    await until(() => known()?.ending !== undefined || known()?.state.status === 'settled')
    expect(await take(channel, 400_000n)).to.match(/being closed|not open/)
    await ending
    await until(() => !isThere(channel))
    expect([gained() - before, victim.credited]).to.deep.equal([350_000n, 350_000n])
  })

  it('a server whose ledgers stand still shows no closes, so no claims are taken', async () => {
    const channel = await payer.open(us)
    expect(await take(channel, 5n)).to.equal(undefined)
    sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] })
    parties.rippled.faults.standStill(parties.rippled.network.lastClosed.index)
    parties.rippled.faults.losesEvents = true
    sinon.clock.setSystemTime(Date.now() + HOUR * 1000 / 4 + 60_000 + now() * 1000 + EPOCH * 1000 - Date.now())
    expect(await take(channel, 6n)).to.match(/cannot be checked now|no new ledger|not shown this payment channel for too long/)
    expect(victim.credited).to.equal(5n)
  })

  it('a server of another network is not believed, also under a node that runs', async () => {
    const channel = await payer.open(us)
    await take(channel, 5n)
    parties.rippled.faults.networkId = 1
    parties.rippled.server.disconnectAll()
    let answer: unknown
    while (!String(answer).includes('another network')) {
      answer = await victim.provider.getChannelState(channel).then(() => 'a state', (error: unknown) => error)
    }
    expect(await take('AB'.repeat(32), 6n)).to.not.equal(undefined)
  })

  for (const [what, misbehave] of [
    ['does not say which network it is of', () => { parties.rippled.faults.clio = 'without network id' }],
    ['is blocked by an amendment', () => { parties.rippled.faults.amendmentBlocked = true }],
    ['is not in step', () => { parties.rippled.faults.serverState = 'syncing' }]
  ] as ReadonlyArray<[string, () => void]>) {
    it(`a server that ${what} is not used`, async () => {
      misbehave()
      const provider = parties.provider(parties.stranger)
      expect(String(await provider.connect().catch((error: unknown) => error))).to.match(/ChainError/)
    })
  }

  it('a server that keeps history only is used where it names its network', async () => {
    parties.rippled.faults.clio = 'with network id'
    await parties.provider(parties.stranger).connect()
  })

  it('a peer that could never redeem gets no channel', async () => {
    const peer = new Hostile(parties, parties.alice)
    for (const [flag, what] of [[1, /destination tag/], [14, /does not take payment channels/]] as const) {
      expect((await peer.send({ TransactionType: 'AccountSet', SetFlag: flag })).result).to.equal('tesSUCCESS')
      const error = await victim.provider.openChannel(parties.alice.address, HOUR, `open-${flag}`, XRP).catch((error: unknown) => error)
      expect(String(error)).to.match(what)
      await peer.send({ TransactionType: 'AccountSet', ClearFlag: flag })
    }
    const nobody = Wallet.generate().address
    expect(String(await victim.provider.openChannel(nobody, HOUR, 'open-nobody', XRP).catch((error: unknown) => error))).to.match(/does not exist/)
    expect(parties.sent(parties.bob)).to.equal(0)
    await peer.stop()
  })
})
