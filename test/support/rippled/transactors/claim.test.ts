/** PaymentChannelClaim on the stand-in: every row of section 2.4 of the specification (CLA, CRD, HLP), in the order of the checks. */
import { expect } from 'chai'
import { Wallet } from 'xrpl'
import { openChannelIn, tfClose, tfRenew, type OpenChannel } from '../channels.js'
import { accountIndex } from '../hashing.js'
import { signedClaim, startLedgerWorld, XRP, type LedgerWorld } from '../parties.js'

const TOKENS = { currency: 'USD', issuer: 'rGMTQpyhaDwWTqmw4dcYHj5NPJhtWNhtRW', value: '1' }
const DELAY = 3600

describe('the stand-in for rippled: PaymentChannelClaim', () => {
  let world: LedgerWorld
  let channel: OpenChannel

  beforeEach(async () => {
    world = await startLedgerWorld()
    channel = await openChannelIn(world)
  })

  afterEach(() => world.stop())

  const parentCloseTime = (): number => world.rippled.network.lastClosed.closeTime
  const drops = ({ address }: Wallet): bigint => world.rippled.state.account(address)?.Balance ?? 0n

  describe('without a look at the ledger', () => {
    it('temINVALID_FLAG: flags other than tfRenew and tfClose (CLA)', async () => {
      expect(await channel.claim(world.payer, { Flags: 0x00040000, Balance: '0' })).to.equal('temINVALID_FLAG')
      expect(await channel.claim(world.payer, { Flags: 0x40000000 })).to.equal('temINVALID_FLAG')
      expect(await channel.claim(world.payer, { Flags: 0x80000000 })).to.equal('tesSUCCESS')
    })

    it('temBAD_AMOUNT: Balance or Amount of a token, or 0; Balance > Amount (CLA)', async () => {
      const bad = [{ Balance: '0' }, { Amount: '0' }, { Balance: TOKENS }, { Amount: TOKENS }, { Balance: '2', Amount: '1', Flags: tfClose | tfRenew }]
      for (const fields of bad) expect(await channel.claim(world.payer, fields), JSON.stringify(fields)).to.equal('temBAD_AMOUNT')
    })

    it('temMALFORMED: tfClose and tfRenew (CLA)', async () => {
      expect(await channel.claim(world.payer, { Flags: tfClose | tfRenew, Balance: '1', Signature: '00' })).to.equal('temMALFORMED')
    })

    it('temMALFORMED: Signature without PublicKey or without Balance; PublicKey of no known type (CLA)', async () => {
      const { Balance, Signature, PublicKey } = channel.signed(XRP)
      expect(await channel.claim(world.payee, { Balance, Signature })).to.equal('temMALFORMED')
      expect(await channel.claim(world.payee, { Amount: Balance, Signature, PublicKey })).to.equal('temMALFORMED')
      expect(await channel.claim(world.payee, { Balance, Signature, PublicKey: `05${PublicKey.slice(2)}` })).to.equal('temMALFORMED')
    })

    it('temBAD_SIGNATURE: not good for channel and Amount, or Balance in its absence, under the key of the transaction (CLA)', async () => {
      const claim = channel.signed(XRP)
      const bad = [
        { ...claim, Amount: `${XRP + 1n}` },
        { ...claim, Balance: `${XRP - 1n}`, Amount: undefined },
        { ...claim, PublicKey: world.stranger.publicKey },
        { ...claim, Signature: signedClaim(world.payer, 'A'.repeat(64), XRP) }
      ]
      for (const fields of bad) expect(await channel.claim(world.payee, fields)).to.equal('temBAD_SIGNATURE')
      expect(await channel.claim(world.payer, { ...claim, Amount: `${XRP + 1n}` }), 'also from the source, who needs none').to.equal('temBAD_SIGNATURE')
      const forBalance = { Balance: claim.Balance, PublicKey: claim.PublicKey, Signature: claim.Signature }
      expect(await channel.claim(world.payee, forBalance)).to.equal('tesSUCCESS')
    })

    it('is judged before the channel is looked for: temBAD_SIGNATURE, not tecNO_TARGET (CLA)', async () => {
      expect(await channel.claim(world.payee, { ...channel.signed(XRP), Channel: 'A'.repeat(64) })).to.equal('temBAD_SIGNATURE')
    })
  })

  it('tecNO_TARGET: no such channel (CLA)', async () => {
    expect(await channel.claim(world.payer, { Channel: 'A'.repeat(64), Balance: '1' })).to.equal('tecNO_TARGET')
  })

  for (const [amendment, offset] of [[undefined, 0], ['fixCleanup3_2_0', 1]] as const) {
    it(`tesSUCCESS for an expired channel with ${amendment ?? 'mainnet rules'}: deleted, pays 0, whoever sends it (CLA, HLP, 0.2)`, async () => {
      if (amendment !== undefined) world.rippled.network.amendments.add(amendment)
      await channel.claim(world.payer, { Flags: tfClose })
      const expiration = channel.entry()?.Expiration ?? 0
      closeAt(expiration + offset - 1)
      expect(await channel.claim(world.payee), 'a moment before').to.equal('tesSUCCESS')
      expect(channel.entry()?.Balance).to.equal(0n)
      closeAt(expiration + offset)
      const [payee, payer] = [drops(world.payee), drops(world.payer)]
      expect(await channel.claim(world.payee, { ...channel.signed(10n * XRP) })).to.equal('tesSUCCESS')
      expect(channel.entry()).to.equal(undefined)
      expect(drops(world.payee)).to.equal(payee - 10n)
      expect(drops(world.payer)).to.equal(payer + 10n * XRP)
    })
  }

  it('tesSUCCESS for a channel whose CancelAfter has passed, also from a stranger (CLA)', async () => {
    const cancelled = await openChannelIn(world, { CancelAfter: parentCloseTime() + 100 })
    expect(await cancelled.claim(world.stranger)).to.equal('tecNO_PERMISSION')
    closeAt(parentCloseTime() + 100)
    expect(await cancelled.claim(world.stranger, { Balance: '1', Flags: tfRenew })).to.equal('tesSUCCESS')
    expect(cancelled.entry()).to.equal(undefined)
  })

  it('tecNO_PERMISSION: sender neither source nor destination (CLA)', async () => {
    expect(await channel.claim(world.stranger, channel.signed(XRP))).to.equal('tecNO_PERMISSION')
    expect(await channel.claim(world.stranger, { Flags: tfClose })).to.equal('tecNO_PERMISSION')
  })

  for (const [amendment, unsigned, otherKey] of [[undefined, 'temBAD_SIGNATURE', 'temBAD_SIGNER'], ['fixCleanup3_2_0', 'tecNO_PERMISSION', 'tecNO_PERMISSION']] as const) {
    describe(`with ${amendment ?? 'mainnet rules'}`, () => {
      beforeEach(() => { if (amendment !== undefined) world.rippled.network.amendments.add(amendment) })

      it(`${unsigned}: the destination sends a Balance without Signature (CLA)`, async () => {
        const before = drops(world.payee)
        expect(await channel.claim(world.payee, { Balance: '1' })).to.equal(unsigned)
        expect(drops(world.payee)).to.equal(unsigned.startsWith('tem') ? before : before - 10n)
        expect(await channel.claim(world.payee, { Amount: '1' }), 'an Amount alone is ignored').to.equal('tesSUCCESS')
      })

      it(`${otherKey}: a good signature of another key than the channel's (CLA)`, async () => {
        const other = Wallet.generate()
        const claim = { ...channel.signed(XRP), PublicKey: other.publicKey, Signature: signedClaim(other, channel.id, XRP) }
        expect(await channel.claim(world.payee, claim)).to.equal(otherKey)
        expect(await channel.claim(world.payer, claim), 'also from the source').to.equal(otherKey)
        expect(channel.entry()?.Balance).to.equal(0n)
      })
    })
  }

  it('tecUNFUNDED_PAYMENT: Balance above the Amount of the channel, or not above its Balance (CLA)', async () => {
    expect(await channel.claim(world.payee, channel.signed(10n * XRP + 1n))).to.equal('tecUNFUNDED_PAYMENT')
    expect(await channel.claim(world.payee, channel.signed(4n * XRP))).to.equal('tesSUCCESS')
    expect(await channel.claim(world.payee, channel.signed(4n * XRP))).to.equal('tecUNFUNDED_PAYMENT')
    expect(await channel.claim(world.payee, channel.signed(3n * XRP))).to.equal('tecUNFUNDED_PAYMENT')
    expect(channel.entry()?.Balance).to.equal(4n * XRP)
  })

  it('redeems a claim for more than the Amount up to the Amount: Balance is compared, not what is signed (2.4)', async () => {
    const claim = { ...channel.signed(12n * XRP), Balance: `${10n * XRP}` }
    expect(await channel.claim(world.payee, claim)).to.equal('tesSUCCESS')
    expect(channel.entry()?.Balance).to.equal(10n * XRP)
  })

  it('tecNO_DST: the destination is gone, of a channel of before 2020 (CLA)', async () => {
    world.rippled.network.place(view => { view.erase(accountIndex(world.payee.address)) })
    expect(await channel.claim(world.payer, { Balance: '1' })).to.equal('tecNO_DST')
  })

  it('stores Balance, and credits the destination with what it has grown by (CLA)', async () => {
    const before = drops(world.payee)
    await channel.claim(world.payee, channel.signed(3n * XRP))
    await channel.claim(world.payee, channel.signed(5n * XRP))
    expect(drops(world.payee)).to.equal(before + 5n * XRP - 20n)
    expect(channel.entry()).to.include({ Balance: 5n * XRP, Amount: 10n * XRP })
  })

  it('lets the source pay without any signature (2.4, attack 17)', async () => {
    const before = drops(world.payee)
    expect(await channel.claim(world.payer, { Balance: `${2n * XRP}` })).to.equal('tesSUCCESS')
    expect(drops(world.payee)).to.equal(before + 2n * XRP)
  })

  describe('tfRenew', () => {
    it('tecNO_PERMISSION: not by the source; the payment is undone, too (CLA)', async () => {
      const before = drops(world.payee)
      expect(await channel.claim(world.payee, { ...channel.signed(XRP), Flags: tfRenew })).to.equal('tecNO_PERMISSION')
      expect(drops(world.payee)).to.equal(before - 10n)
      expect(channel.entry()?.Balance).to.equal(0n)
    })

    it('by the source removes the Expiration (CLA)', async () => {
      await channel.claim(world.payer, { Flags: tfClose })
      expect(channel.entry()?.Expiration).to.be.a('number')
      expect(await channel.claim(world.payer, { Flags: tfRenew })).to.equal('tesSUCCESS')
      expect(channel.entry()?.Expiration).to.equal(undefined)
    })
  })

  describe('tfClose', () => {
    it('by the destination deletes the channel at once; with a claim in the same transaction it is paid first (CLA, 2.4)', async () => {
      const [payee, payer] = [drops(world.payee), drops(world.payer)]
      expect(await channel.claim(world.payee, { ...channel.signed(4n * XRP), Flags: tfClose })).to.equal('tesSUCCESS')
      expect(channel.entry()).to.equal(undefined)
      expect(drops(world.payee)).to.equal(payee + 4n * XRP - 10n)
      expect(drops(world.payer)).to.equal(payer + 6n * XRP)
    })

    it('by the source of an empty channel deletes it at once (CLA)', async () => {
      expect(await channel.claim(world.payer, { Balance: `${10n * XRP}`, Flags: tfClose })).to.equal('tesSUCCESS')
      expect(channel.entry()).to.equal(undefined)
    })

    it('by the source else sets Expiration to the parent close time + SettleDelay, unless an earlier one stands (CLA)', async () => {
      const parent = parentCloseTime()
      await channel.claim(world.payer, { Flags: tfClose })
      expect(channel.entry()?.Expiration).to.equal(parent + DELAY)
      world.rippled.skip(100)
      world.rippled.closeLedger()
      await channel.claim(world.payer, { Flags: tfClose })
      expect(channel.entry()?.Expiration).to.equal(parent + DELAY)
      await channel.fund(world.payer, { Expiration: parentCloseTime() + 10 * DELAY })
      const later = parentCloseTime()
      await channel.claim(world.payer, { Flags: tfClose })
      expect(channel.entry()?.Expiration, 'a later one is moved').to.equal(later + DELAY)
    })

    it('wraps around with a SettleDelay near 2^32, so that the next touch ends the channel; stops with fixCleanup3_2_0 (0.4, attack 2)', async () => {
      const long = await openChannelIn(world, { SettleDelay: 2 ** 32 - 1 })
      const parent = parentCloseTime()
      await long.claim(world.payer, { Flags: tfClose })
      expect(long.entry()?.Expiration).to.equal(parent - 1)
      expect(await long.claim(world.payee, long.signed(XRP)), 'the redeem comes too late').to.equal('tesSUCCESS')
      expect(long.entry()).to.equal(undefined)

      world.rippled.network.amendments.add('fixCleanup3_2_0')
      const longer = await openChannelIn(world, { SettleDelay: 2 ** 32 - 1 })
      await longer.claim(world.payer, { Flags: tfClose })
      expect(longer.entry()?.Expiration).to.equal(2 ** 32 - 1)
    })
  })

  it('tesSUCCESS from either side with neither Balance nor flag: nothing happens, the fee is paid (CLA)', async () => {
    const [before, entry] = [drops(world.payer), channel.entry()]
    expect(await channel.claim(world.payer)).to.equal('tesSUCCESS')
    expect(drops(world.payer)).to.equal(before - 10n)
    expect(channel.entry()).to.deep.equal(entry)
  })

  it('refuses to move tokens: a channel of tokens can be closed, and pays nothing (HLP, TokenPaychan)', async () => {
    const { network } = world.rippled
    network.amendments.add('TokenPaychan')
    network.place(view => {
      const entry = channel.entry()
      if (entry !== undefined) view.put(channel.id, { ...entry, Amount: { ...TOKENS, value: '10' }, Balance: { ...TOKENS, value: '0' } })
    })
    expect(await channel.claim(world.payee, channel.signed(XRP))).to.equal('temBAD_AMOUNT')
    const before = drops(world.payer)
    expect(await channel.claim(world.payee, { Flags: tfClose })).to.equal('tesSUCCESS')
    expect(channel.entry()).to.equal(undefined)
    expect(drops(world.payer)).to.equal(before)
  })

  /** Closes ledgers until the last one has exactly this close time. */
  function closeAt (time: number): void {
    const { network } = world.rippled
    network.skip(time - network.now())
    world.rippled.closeLedger()
    network.setCloseTime(time)
  }
})
