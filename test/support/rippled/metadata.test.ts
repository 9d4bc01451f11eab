/** What a transaction did is read from its metadata, never from its result: section 2.6 of the specification (D:transaction-metadata). */
import { expect } from 'chai'
import { openChannelIn, tfClose, type OpenChannel } from './channels.js'
import { accountIndex, ownerDirectoryIndex } from './hashing.js'
import type { AffectedNode, Metadata } from './metadata.js'
import { startLedgerWorld, XRP, type LedgerWorld } from './parties.js'

interface Node {
  LedgerEntryType?: string
  LedgerIndex?: string
  FinalFields?: object
  PreviousFields?: object
  NewFields?: object
  PreviousTxnID?: string
}

describe('the stand-in for rippled: metadata', () => {
  let world: LedgerWorld
  let channel: OpenChannel

  beforeEach(async () => {
    world = await startLedgerWorld()
    channel = await openChannelIn(world)
  })

  afterEach(() => world.stop())

  function meta (): Metadata {
    const [only] = world.rippled.network.lastClosed.transactions
    if (only === undefined) throw new Error('the last ledger has no transaction')
    return only.meta
  }

  /** The node of an entry, and whether it was created, modified or deleted. */
  function node (index = channel.id): [string, Node] {
    const nodes = meta().AffectedNodes.flatMap(each => Object.entries(each) as Array<[string, Node]>)
    return nodes.find(([, { LedgerIndex }]) => LedgerIndex === index) ?? ['none', {}]
  }

  it('Create: NewFields without the fields that are 0 or default', () => {
    const [kind, { NewFields, LedgerEntryType }] = node()
    expect([kind, LedgerEntryType]).to.deep.equal(['CreatedNode', 'PayChannel'])
    expect(NewFields).to.include({ Amount: `${10n * XRP}`, SettleDelay: 3600, Account: world.payer.address, Destination: world.payee.address })
    expect(NewFields).not.to.have.any.keys('Balance', 'Flags', 'OwnerNode', 'DestinationNode', 'Expiration')
    expect(meta()).to.include({ TransactionResult: 'tesSUCCESS', TransactionIndex: 0 })
  })

  it('Create: both directories, the source, and the destination with nothing but its thread (ApplyStateTable.cpp, threadOwners)', () => {
    expect(node(ownerDirectoryIndex(world.payer.address))[0]).to.equal('CreatedNode')
    expect(node(ownerDirectoryIndex(world.payee.address))[0]).to.equal('CreatedNode')
    const [kind, source] = node(accountIndex(world.payer.address))
    expect(kind).to.equal('ModifiedNode')
    expect(source.FinalFields).to.include({ OwnerCount: 1, Balance: `${990n * XRP - 10n}` })
    expect(source.PreviousFields).to.have.all.keys('Balance', 'Sequence', 'OwnerCount')
    const [destinationKind, destination] = node(accountIndex(world.payee.address))
    expect(destinationKind).to.equal('ModifiedNode')
    expect(destination).not.to.have.any.keys('FinalFields', 'PreviousFields')
  })

  it('Redeem: paid = FinalFields.Balance - PreviousFields.Balance', async () => {
    await channel.claim(world.payee, channel.signed(3n * XRP))
    await channel.claim(world.payee, channel.signed(5n * XRP))
    const [kind, { FinalFields, PreviousFields, PreviousTxnID }] = node()
    expect(kind).to.equal('ModifiedNode')
    expect(FinalFields).to.include({ Balance: `${5n * XRP}`, Amount: `${10n * XRP}` }).and.not.to.have.any.keys('PreviousTxnID', 'LedgerEntryType')
    expect(PreviousFields).to.deep.equal({ Balance: `${3n * XRP}` })
    const before = world.rippled.network.ledger(world.rippled.network.lastClosed.index - 1)
    expect(PreviousTxnID).to.equal(before?.transactions[0]?.tx.hash)
  })

  it('Redeem + close: DeletedNode with FinalFields and PreviousFields.Balance', async () => {
    await channel.claim(world.payee, { ...channel.signed(4n * XRP), Flags: tfClose })
    const [kind, { FinalFields, PreviousFields }] = node()
    expect(kind).to.equal('DeletedNode')
    expect(FinalFields).to.include({ Balance: `${4n * XRP}`, Amount: `${10n * XRP}` })
    expect(PreviousFields).to.deep.equal({ Balance: '0' })
  })

  it('Late redeem: tesSUCCESS and a DeletedNode without PreviousFields.Balance: closed, paid 0 (0.2)', async () => {
    await channel.claim(world.payer, { Flags: tfClose })
    world.rippled.skip(4000)
    world.rippled.closeLedger()
    expect(await channel.claim(world.payee, channel.signed(4n * XRP))).to.equal('tesSUCCESS')
    const [kind, found] = node()
    expect(kind).to.equal('DeletedNode')
    expect(found.FinalFields).to.include({ Balance: '0' })
    expect(found).not.to.have.property('PreviousFields')
    expect(node(ownerDirectoryIndex(world.payer.address))[0]).to.equal('DeletedNode')
  })

  it('Fund: PreviousFields.Amount; an Expiration that is set has no former value, one that goes has', async () => {
    await channel.fund(world.payer, { Expiration: world.rippled.network.lastClosed.closeTime + 4000 })
    expect(node()[1].PreviousFields).to.deep.equal({ Amount: `${10n * XRP}` })
    const { Expiration } = channel.entry() ?? {}
    await channel.claim(world.payer, { Flags: 0x00010000 })
    expect(node()[1].PreviousFields).to.deep.equal({ Expiration })
    expect(node()[1].FinalFields).not.to.have.property('Expiration')
  })

  it('Nothing but the sender when a claim says nothing, or fails with a tec', async () => {
    const touched = (): string[] => meta().AffectedNodes.map((each: AffectedNode) => Object.values(each)[0]?.LedgerEntryType ?? '')
    await channel.claim(world.payer)
    expect(touched()).to.deep.equal(['AccountRoot'])
    await channel.claim(world.payee, channel.signed(11n * XRP))
    expect(touched()).to.deep.equal(['AccountRoot'])
    expect(meta().TransactionResult).to.equal('tecUNFUNDED_PAYMENT')
  })

  it('Close by the source when an earlier Expiration stands: the channel is not touched', async () => {
    await channel.claim(world.payer, { Flags: tfClose })
    world.rippled.skip(100)
    world.rippled.closeLedger()
    await channel.claim(world.payer, { Flags: tfClose })
    expect(node()[0]).to.equal('none')
  })
})
