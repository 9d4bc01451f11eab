/** PaymentChannelCreate on the stand-in: every row of section 2.2 of the specification (CRE, D:paychannel), in the order of the checks. */
import { expect } from 'chai'
import { lsf } from '../entries.js'
import { channelIndex } from '../hashing.js'
import { startLedgerWorld, XRP, type LedgerWorld } from '../parties.js'
import { accountOf, putAccount } from '../view.js'

const TOKENS = { currency: 'USD', issuer: 'rGMTQpyhaDwWTqmw4dcYHj5NPJhtWNhtRW', value: '1' }

describe('the stand-in for rippled: PaymentChannelCreate', () => {
  let world: LedgerWorld
  let good: Record<string, unknown>

  beforeEach(async () => {
    world = await startLedgerWorld()
    const { payer, payee } = world
    good = { TransactionType: 'PaymentChannelCreate', Destination: payee.address, Amount: `${XRP}`, SettleDelay: 3600, PublicKey: payer.publicKey }
  })

  afterEach(() => world.stop())

  const create = (fields: Record<string, unknown> = {}): Promise<string> => world.settle(world.payer, { ...good, ...fields })

  function change (address: string, fields: { Balance?: bigint, Flags?: number, AMMID?: string }): void {
    world.rippled.network.place(view => {
      const root = accountOf(view, address)
      if (root !== undefined) putAccount(view, { ...root, ...fields })
    })
  }

  it('temBAD_AMOUNT: Amount of a token, or 0 (CRE)', async () => {
    expect(await create({ Amount: TOKENS, Destination: world.payer.address })).to.equal('temBAD_AMOUNT')
    expect(await create({ Amount: '0' })).to.equal('temBAD_AMOUNT')
  })

  it('temBAD_AMOUNT also with the amendment TokenPaychan: the stand-in moves no tokens', async () => {
    world.rippled.network.amendments.add('TokenPaychan')
    expect(await create({ Amount: TOKENS })).to.equal('temBAD_AMOUNT')
  })

  it('temDST_IS_SRC: Destination is the Account (CRE)', async () => {
    expect(await create({ Destination: world.payer.address, PublicKey: `05${'0'.repeat(64)}` })).to.equal('temDST_IS_SRC')
  })

  it('temMALFORMED: PublicKey of no known type; the point itself is not looked at (CRE)', async () => {
    expect(await create({ PublicKey: `05${'0'.repeat(64)}` })).to.equal('temMALFORMED')
    expect(await create({ PublicKey: `ED${'0'.repeat(62)}` })).to.equal('temMALFORMED')
    expect(await create({ PublicKey: `02${'F'.repeat(64)}` })).to.equal('tesSUCCESS')
  })

  it('tecINSUFFICIENT_RESERVE, tecUNFUNDED: by the balance before the fee, for one object more (CRE)', async () => {
    const reserve = XRP + XRP / 5n
    change(world.payer.address, { Balance: reserve - 1n })
    expect(await create({ Destination: 'rrrrrrrrrrrrrrrrrrrrrhoLvTp' })).to.equal('tecINSUFFICIENT_RESERVE')
    change(world.payer.address, { Balance: reserve + XRP - 1n })
    expect(await create({ Destination: 'rrrrrrrrrrrrrrrrrrrrrhoLvTp' })).to.equal('tecUNFUNDED')
    change(world.payer.address, { Balance: reserve + XRP })
    expect(await create()).to.equal('tesSUCCESS')
    expect(world.rippled.state.account(world.payer.address)?.Balance, 'the fee comes out of the reserve').to.equal(reserve - 10n)
  })

  it('tecNO_DST: Destination does not exist (CRE)', async () => {
    expect(await create({ Destination: 'rrrrrrrrrrrrrrrrrrrrrhoLvTp' })).to.equal('tecNO_DST')
  })

  it('tecNO_PERMISSION: lsfDisallowIncomingPayChan, before the tag is asked for (CRE)', async () => {
    change(world.payee.address, { Flags: lsf.disallowIncomingPayChan | lsf.requireDestTag })
    expect(await create()).to.equal('tecNO_PERMISSION')
  })

  it('tecDST_TAG_NEEDED: lsfRequireDestTag and no DestinationTag (CRE)', async () => {
    change(world.payee.address, { Flags: lsf.requireDestTag })
    expect(await create()).to.equal('tecDST_TAG_NEEDED')
    expect(await create({ DestinationTag: 0 })).to.equal('tesSUCCESS')
  })

  it('tecNO_PERMISSION: Destination is a pseudo-account (CRE)', async () => {
    change(world.payee.address, { AMMID: 'A'.repeat(64) })
    expect(await create()).to.equal('tecNO_PERMISSION')
  })

  it('tecEXPIRED: CancelAfter has passed; without fixPayChanCancelAfter it is created, and gone at the next touch (CRE)', async () => {
    const { network } = world.rippled
    const CancelAfter = network.lastClosed.closeTime - 1
    expect(await create({ CancelAfter })).to.equal('tecEXPIRED')
    network.amendments.delete('fixPayChanCancelAfter')
    const sequence = network.sequencesOf(world.payer.address).next
    expect(await create({ CancelAfter })).to.equal('tesSUCCESS')
    const Channel = channelIndex(world.payer.address, world.payee.address, sequence)
    expect(world.rippled.state.channel(Channel)?.CancelAfter).to.equal(CancelAfter)
    expect(await world.settle(world.stranger, { TransactionType: 'PaymentChannelClaim', Channel })).to.equal('tesSUCCESS')
    expect(world.rippled.state.channel(Channel)).to.equal(undefined)
  })

  it('takes a CancelAfter that is the parent close time (CRE: `after`)', async () => {
    expect(await create({ CancelAfter: world.rippled.network.lastClosed.closeTime })).to.equal('tesSUCCESS')
  })

  it('DepositAuth and DisallowXRP of the destination do not matter (CRE)', async () => {
    change(world.payee.address, { Flags: lsf.depositAuth | lsf.disallowXrp })
    expect(await create()).to.equal('tesSUCCESS')
  })

  it('a tec costs the fee and the sequence, and nothing else (TRX reset)', async () => {
    const before = world.rippled.state.account(world.payer.address)
    await create({ Destination: 'rrrrrrrrrrrrrrrrrrrrrhoLvTp' })
    const after = world.rippled.state.account(world.payer.address)
    expect(after).to.include({ Balance: (before?.Balance ?? 0n) - 10n, Sequence: (before?.Sequence ?? 0) + 1, OwnerCount: 0 })
  })

  it('makes the entry with all its fields (section 1: D:paychannel, CRE)', async () => {
    const { next } = world.rippled.network.sequencesOf(world.payer.address)
    const CancelAfter = world.rippled.network.now() + 100_000
    await create({ DestinationTag: 7, SourceTag: 8, CancelAfter })
    const channel = world.rippled.state.channel(channelIndex(world.payer.address, world.payee.address, next))
    expect(channel).to.include({
      Account: world.payer.address, Destination: world.payee.address, Amount: XRP, Balance: 0n,
      PublicKey: world.payer.publicKey, SettleDelay: 3600,
      DestinationTag: 7, SourceTag: 8, CancelAfter, Flags: 0, OwnerNode: '0', DestinationNode: '0', Sequence: next,
      PreviousTxnLgrSeq: world.rippled.network.lastClosed.index
    })
    expect(channel?.Expiration).to.equal(undefined)
  })

  it('has Sequence in the entry only with fixIncludeKeyletFields (CRE)', async () => {
    world.rippled.network.amendments.delete('fixIncludeKeyletFields')
    const { next } = world.rippled.network.sequencesOf(world.payer.address)
    await create()
    expect(world.rippled.state.channel(channelIndex(world.payer.address, world.payee.address, next))?.Sequence).to.equal(undefined)
  })

  it('with a ticket, its number makes the id (D:paychannel)', async () => {
    const { next } = world.rippled.network.sequencesOf(world.payer.address)
    await world.settle(world.payer, { TransactionType: 'TicketCreate', TicketCount: 2 })
    expect(await create({ Sequence: 0, TicketSequence: next + 2 })).to.equal('tesSUCCESS')
    expect(world.rippled.state.channel(channelIndex(world.payer.address, world.payee.address, next + 2))?.Amount).to.equal(XRP)
    expect(world.rippled.state.account(world.payer.address), 'one ticket and one channel').to.include({ OwnerCount: 2, TicketCount: 1 })
  })
})
