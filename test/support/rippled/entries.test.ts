/** The channel entry on the stand-in: section 1 of the specification (D:paychannel, D:deleting-accounts, HLP, CRE, FUN, CLA). */
import { expect } from 'chai'
import fc from 'fast-check'
import { openChannelIn, tfClose, tfRenew, type OpenChannel } from './channels.js'
import { channelIndex } from './hashing.js'
import { ALL_DROPS } from './network.js'
import { startLedgerWorld, XRP, type LedgerWorld } from './parties.js'
import { objectsOf } from './view.js'

const RUNS = 15

describe('the stand-in for rippled: channels in the ledger', () => {
  let world: LedgerWorld
  let channel: OpenChannel

  beforeEach(async () => {
    world = await startLedgerWorld()
    channel = await openChannelIn(world)
  })

  afterEach(() => world.stop())

  const state = { get: (index: string) => world.rippled.network.lastClosed.state?.get(index) }
  const objects = (address: string): readonly string[] => objectsOf(state, address)

  it('have an id that is known before the create is sent (D:paychannel)', () => {
    const { sequence } = world.rippled.network.lastClosed.transactions[0]?.tx ?? { sequence: 0 }
    expect(channel.id).to.equal(channelIndex(world.payer.address, world.payee.address, sequence))
    expect(channel.entry()).not.to.equal(undefined)
  })

  it('stand in the directories of both, and count in the OwnerCount of the source alone (CRE)', () => {
    expect(objects(world.payer.address)).to.deep.equal([channel.id])
    expect(objects(world.payee.address)).to.deep.equal([channel.id])
    expect(world.rippled.state.account(world.payer.address)?.OwnerCount).to.equal(1)
    expect(world.rippled.state.account(world.payee.address)?.OwnerCount).to.equal(0)
  })

  it('leave both directories when they are deleted, and give Amount - Balance to the source (HLP closeChannel)', async () => {
    await channel.claim(world.payee, { ...channel.signed(3n * XRP), Flags: tfClose })
    expect([objects(world.payer.address), objects(world.payee.address)]).to.deep.equal([[], []])
    expect(world.rippled.state.account(world.payer.address)).to.include({ OwnerCount: 0, Balance: 997n * XRP - 10n })
  })

  it('of before 2020 leave the directory of the source, the only one they are in (HLP)', async () => {
    const { network } = world.rippled
    await openChannelIn(world)
    network.place(view => {
      const entry = channel.entry()
      if (entry !== undefined) view.put(channel.id, { ...entry, DestinationNode: undefined })
    })
    await channel.claim(world.payee, { Flags: tfClose })
    expect(objects(world.payer.address)).not.to.include(channel.id)
    expect(objects(world.payee.address)).to.include(channel.id)
  })

  it('stay in the ledger after their time until a transaction touches them (CLA, HLP)', async () => {
    await channel.claim(world.payer, { Flags: tfClose })
    world.rippled.skip(10_000)
    world.rippled.closeLedger(3)
    expect(channel.entry()).not.to.equal(undefined)
    expect(await channel.claim(world.stranger)).to.equal('tesSUCCESS')
    expect(channel.entry()).to.equal(undefined)
  })

  it('never change but in Amount, Balance and Expiration, and the first two only grow (CRE FUN CLA)', async () => {
    const moving = new Set(['Amount', 'Balance', 'Expiration', 'PreviousTxnID', 'PreviousTxnLgrSeq'])
    const constant = Object.fromEntries(Object.entries(channel.entry() ?? {}).filter(([name]) => !moving.has(name)))
    const steps = [
      () => channel.fund(world.payer), () => channel.claim(world.payee, channel.signed(XRP)),
      () => channel.claim(world.payer, { Flags: tfClose }), () => channel.claim(world.payer, { Flags: tfRenew }), () => channel.claim(world.payer, { Balance: `${2n * XRP}` })
    ]
    for (const step of steps) {
      const before = channel.entry()
      expect(await step()).to.equal('tesSUCCESS')
      const after = channel.entry()
      expect(after).to.deep.include(constant)
      expect(after?.Amount).to.satisfy((amount: bigint) => amount >= (before?.Amount as bigint))
      expect(after?.Balance).to.satisfy((balance: bigint) => balance >= (before?.Balance as bigint))
    }
  })

  describe('and AccountDelete (D:deleting-accounts)', () => {
    const remove = (wallet = world.payer): Promise<string> =>
      world.settle(wallet, { TransactionType: 'AccountDelete', Destination: world.stranger.address, Fee: `${XRP / 5n}` })

    it('tecTOO_SOON: fewer than 255 ledgers after its sequence', async () => {
      expect(await remove(world.payee)).to.equal('tecTOO_SOON')
    })

    it('tecHAS_OBLIGATIONS: the account is the source, or the destination, of a channel', async () => {
      world.rippled.closeLedger(256)
      expect(await remove(world.payer)).to.equal('tecHAS_OBLIGATIONS')
      expect(await remove(world.payee)).to.equal('tecHAS_OBLIGATIONS')
      await channel.claim(world.payee, { Flags: tfClose })
      expect(await remove(world.payee)).to.equal('tesSUCCESS')
      expect(world.rippled.state.account(world.payee.address)).to.equal(undefined)
    })

    it('telINSUF_FEE_P: it costs the reserve of one object', async () => {
      const cheap = await world.send(world.payer, { TransactionType: 'AccountDelete', Destination: world.stranger.address })
      expect(cheap.engine_result).to.equal('telINSUF_FEE_P')
    })

    it('an id never comes back: a new account begins at the index of the ledger', async () => {
      await channel.claim(world.payee, { Flags: tfClose })
      const used = world.rippled.network.sequencesOf(world.payer.address).next
      world.rippled.closeLedger(256)
      expect(await remove(world.payer)).to.equal('tesSUCCESS')
      expect(await world.settle(world.stranger, { TransactionType: 'Payment', Destination: world.payer.address, Amount: `${50n * XRP}` })).to.equal('tesSUCCESS')
      const { Sequence = 0 } = world.rippled.state.account(world.payer.address) ?? {}
      expect(Sequence).to.equal(world.rippled.network.lastClosed.index).and.to.be.above(used)
      expect((await openChannelIn(world)).id).not.to.equal(channel.id)
    })
  })

  describe('and payments that make accounts (D:payment)', () => {
    const pay = (fields: Record<string, unknown>): Promise<string> => world.settle(world.payer, { TransactionType: 'Payment', Amount: `${XRP}`, ...fields })
    const NOBODY = 'rrrrrrrrrrrrrrrrrrrrrhoLvTp'

    it('need the base reserve, and what the sender has above its own', async () => {
      expect(await pay({ Destination: NOBODY, Amount: `${XRP - 1n}` })).to.equal('tecNO_DST_INSUF_XRP')
      expect(await pay({ Destination: world.payee.address, Amount: `${10_000n * XRP}` })).to.equal('tecUNFUNDED_PAYMENT')
      expect(await pay({ Destination: NOBODY })).to.equal('tesSUCCESS')
      expect(world.rippled.state.account(NOBODY)?.Balance).to.equal(XRP)
      expect(await pay({ Destination: world.payer.address })).to.equal('temREDUNDANT')
    })

    it('respect tags and deposit authorisation', async () => {
      await world.settle(world.payee, { TransactionType: 'AccountSet', SetFlag: 1 })
      expect(await pay({ Destination: world.payee.address })).to.equal('tecDST_TAG_NEEDED')
      await world.settle(world.payee, { TransactionType: 'AccountSet', SetFlag: 9 })
      expect(await pay({ Destination: world.payee.address, DestinationTag: 1 })).to.equal('tecNO_PERMISSION')
      await world.settle(world.payee, { TransactionType: 'DepositPreauth', Authorize: world.payer.address })
      expect(await pay({ Destination: world.payee.address, DestinationTag: 1 })).to.equal('tesSUCCESS')
    })
  })

  it('makes and loses no XRP but the fees, whatever is sent', async () => {
    const actions = fc.array(fc.record({
      by: fc.constantFrom<'payer' | 'payee' | 'stranger'>('payer', 'payee', 'stranger'),
      type: fc.constantFrom('PaymentChannelClaim', 'PaymentChannelFund', 'Payment', 'PaymentChannelCreate', 'TicketCreate'),
      drops: fc.integer({ min: 0, max: 12_000_000 }),
      isSigned: fc.boolean(),
      Flags: fc.constantFrom(0, 0, tfClose, tfRenew),
      skip: fc.constantFrom(0, 0, 0, 5000),
      closes: fc.boolean()
    }), { maxLength: 25 })
    await fc.assert(fc.asyncProperty(actions, async list => {
      for (const { by, type, drops, isSigned, Flags, skip, closes } of list) {
        const amounts = type === 'PaymentChannelClaim'
          ? { Channel: channel.id, Flags, ...isSigned ? channel.signed(BigInt(drops)) : { Balance: `${drops}` } }
          : { Amount: `${drops}` }
        const fields = type === 'PaymentChannelFund' ? { Channel: channel.id } : type === 'TicketCreate' ? { TicketCount: 1, Amount: undefined } : {}
        const target = type === 'Payment' || type === 'PaymentChannelCreate' ? { Destination: world.payee.address } : {}
        const terms = type === 'PaymentChannelCreate' ? { SettleDelay: 60, PublicKey: world.payer.publicKey } : {}
        await world.send(world[by], { TransactionType: type, ...amounts, ...fields, ...target, ...terms })
        world.rippled.skip(skip)
        if (closes) world.rippled.closeLedger()
      }
      const { totalDrops } = world.rippled.closeLedger()
      expect(world.rippled.network.dropsInState()).to.equal(totalDrops)
      expect(totalDrops).to.satisfy((total: bigint) => total <= ALL_DROPS && total > ALL_DROPS - XRP)
    }), { numRuns: RUNS })
  })
})
