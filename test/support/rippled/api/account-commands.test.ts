/** Accounts, channels and claims over the stand-in's API: rows of section 4 (D:account_info, ACH, D:ledger_entry, D:channel_verify). */
import { expect } from 'chai'
import { Wallet } from 'xrpl'
import { openChannelIn } from '../channels.js'
import { accountIndex, sha512Half } from '../hashing.js'
import { signedClaim, startLedgerWorld, XRP, type LedgerWorld } from '../parties.js'
import { addToDirectory, putAccount, accountOf } from '../view.js'

const NOBODY = 'rrrrrrrrrrrrrrrrrrrrrhoLvTp'

describe('the stand-in for rippled: account commands', () => {
  let world: LedgerWorld

  beforeEach(async () => { world = await startLedgerWorld() })

  afterEach(() => world.stop())

  const result = async (fields: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const answer = await world.ask({ ledger_index: 'validated', ...fields })
    return (answer.result ?? answer) as Record<string, unknown>
  }

  describe('account_info', () => {
    it('has the account, its flags, and what is asked for besides', async () => {
      await world.settle(world.payer, { TransactionType: 'AccountSet', SetFlag: 1 })
      await world.settle(world.payer, { TransactionType: 'AccountSet', SetFlag: 14 })
      await world.settle(world.payer, { TransactionType: 'TicketCreate', TicketCount: 2 })
      const regular = Wallet.generate().address
      await world.settle(world.payer, { TransactionType: 'SetRegularKey', RegularKey: regular })
      const found = await result({ command: 'account_info', account: world.payer.address, signer_lists: true })
      expect(found.account_data).to.include({
        Account: world.payer.address, Balance: `${1000n * XRP - 40n}`, OwnerCount: 2, TicketCount: 2, RegularKey: regular, index: accountIndex(world.payer.address)
      })
      expect(found.account_flags).to.include({
        requireDestinationTag: true, disallowIncomingPayChan: true, depositAuth: false, disableMasterKey: false
      })
      expect(found).to.deep.include({ signer_lists: [], validated: true })
      const old = await result({ command: 'account_info', account: world.payer.address, signer_lists: true, api_version: 1 })
      expect(old.account_data).to.deep.include({ signer_lists: [] })
    })

    it('actNotFound 19, actMalformed 35, invalidParams; a queue has only the open ledger', async () => {
      expect(await result({ command: 'account_info', account: NOBODY })).to.include({ error: 'actNotFound', error_code: 19 })
      expect(await result({ command: 'account_info', account: 'r' })).to.include({ error: 'actMalformed', error_code: 35 })
      expect(await result({ command: 'account_info' })).to.include({ error: 'invalidParams', error_code: 31 })
      expect(await result({ command: 'account_info', account: world.payer.address, queue: true })).to.include({ error: 'invalidParams' })
    })
  })

  describe('account_channels', () => {
    it('has the channels whose source the account is, with all their fields, and those of the destination alone', async () => {
      const CancelAfter = world.rippled.network.now() + 100_000
      const channel = await openChannelIn(world, { SourceTag: 1, DestinationTag: 2, CancelAfter })
      await channel.fund(world.payer, { Expiration: CancelAfter - 1 })
      const other = await openChannelIn(world, { Destination: world.stranger.address })
      const found = await result({ command: 'account_channels', account: world.payer.address, destination_account: world.payee.address })
      expect(found).to.include({ account: world.payer.address, validated: true }).and.not.to.have.any.keys('marker', 'limit')
      const [{ public_key, ...shown }] = found.channels as [{ public_key: string }]
      expect(shown).to.deep.equal({
        channel_id: channel.id, account: world.payer.address, destination_account: world.payee.address, amount: `${11n * XRP}`, balance: '0',
        public_key_hex: world.payer.publicKey, settle_delay: 3600, expiration: CancelAfter - 1, cancel_after: CancelAfter,
        source_tag: 1, destination_tag: 2
      })
      expect(public_key).to.match(/^aK/)
      const { channels } = await result({ command: 'account_channels', account: world.payer.address })
      const ids = (channels as Array<{ channel_id: string }>).map(({ channel_id }) => channel_id)
      expect(ids).to.have.members([channel.id, other.id])
      expect(await result({ command: 'account_channels', account: world.payee.address })).to.deep.include({ channels: [] })
    })

    it('counts all objects of the account in a page, so that a page may be empty and have a marker (ACH, V)', async () => {
      addObjects(world.payer.address, 25)
      const channel = await openChannelIn(world)
      const pages: unknown[][] = []
      let marker: unknown
      do {
        const page = await result({ command: 'account_channels', account: world.payer.address, limit: 10, ...marker === undefined ? {} : { marker } })
        pages.push(page.channels as unknown[])
        marker = page.marker
        if (marker !== undefined) expect(page.limit).to.equal(10)
      } while (marker !== undefined)
      expect(pages.map(page => page.length)).to.deep.equal([0, 0, 1])
      expect(pages[2]).to.have.nested.property('[0].channel_id', channel.id)
    })

    it('has limits between 10 and 400, and 200 by itself', async () => {
      addObjects(world.payer.address, 500)
      const limitOf = async (limit: number | undefined): Promise<unknown> => (await result({ command: 'account_channels', account: world.payer.address, limit })).limit
      expect([await limitOf(undefined), await limitOf(1), await limitOf(50), await limitOf(4000)]).to.deep.equal([200, 10, 50, 400])
    })

    it('bears 10,000 objects (attack 20)', async () => {
      addObjects(world.payer.address, 10_000)
      const { marker } = await result({ command: 'account_channels', account: world.payer.address, limit: 400 })
      expect(marker).to.match(/^[0-9A-F]{64},0$/)
    })

    it('actNotFound, actMalformed, invalidParams for a bad marker (ACH)', async () => {
      await openChannelIn(world)
      const ask = (fields: Record<string, unknown>): Promise<Record<string, unknown>> => result({ command: 'account_channels', account: world.payer.address, ...fields })
      expect(await ask({ account: NOBODY })).to.include({ error: 'actNotFound' })
      expect(await ask({ account: 'x' })).to.include({ error: 'actMalformed' })
      expect(await ask({ destination_account: 'x' })).to.include({ error: 'actMalformed' })
      expect(await ask({ account: undefined })).to.include({ error: 'invalidParams' })
      for (const marker of ['', 'x,0', `${'A'.repeat(64)},0`, 7, 'A'.repeat(64)]) expect(await ask({ marker })).to.include({ error: 'invalidParams' })
    })
  })

  describe('ledger_entry', () => {
    it('has the entry of a channel as the ledger has it, in the ledger that is named', async () => {
      const channel = await openChannelIn(world)
      const before = world.rippled.network.lastClosed.index
      await channel.claim(world.payee, channel.signed(XRP))
      const found = await result({ command: 'ledger_entry', payment_channel: channel.id })
      expect(found).to.include({ index: channel.id, validated: true })
      expect(found.node).to.include({ LedgerEntryType: 'PayChannel', Balance: `${XRP}`, Amount: `${10n * XRP}`, index: channel.id })
      expect((await result({ command: 'ledger_entry', payment_channel: channel.id, ledger_index: before })).node).to.include({ Balance: '0' })
      await world.send(world.payee, { TransactionType: 'PaymentChannelClaim', Channel: channel.id, Flags: 0x00020000 })
      expect(await result({ command: 'ledger_entry', payment_channel: channel.id, ledger_index: 'current' }), 'gone already').to.include({ error: 'entryNotFound' })
      expect(await result({ command: 'ledger_entry', index: channel.id })).to.have.nested.property('node.LedgerEntryType', 'PayChannel')
      expect(await result({ command: 'ledger_entry', account_root: world.payer.address })).to.have.nested.property('node.Account', world.payer.address)
    })

    it('entryNotFound, malformedRequest, unexpectedLedgerType, unknownOption, lgrNotFound', async () => {
      const ask = (fields: Record<string, unknown>): Promise<Record<string, unknown>> => result({ command: 'ledger_entry', ...fields })
      expect(await ask({ payment_channel: 'A'.repeat(64) })).to.include({ error: 'entryNotFound', validated: true })
      expect(await ask({ payment_channel: 'A' })).to.include({ error: 'malformedRequest' })
      expect(await ask({ payment_channel: accountIndex(world.payer.address) })).to.include({ error: 'unexpectedLedgerType' })
      expect(await ask({})).to.include({ error: 'unknownOption' })
      expect(await ask({ payment_channel: 'A'.repeat(64), ledger_index: 1 })).to.include({ error: 'lgrNotFound' })
    })
  })

  it('channel_verify: signature_verified; publicMalformed, channelMalformed, channelAmtMalformed', async () => {
    const channel_id = 'AB'.repeat(32)
    const good = { command: 'channel_verify', channel_id, amount: '7', public_key: world.payer.publicKey, signature: signedClaim(world.payer, channel_id, 7n) }
    expect(await result(good)).to.deep.equal({ signature_verified: true })
    expect(await result({ ...good, amount: '8' })).to.deep.equal({ signature_verified: false })
    expect(await result({ ...good, public_key: 'x' })).to.include({ error: 'publicMalformed', error_code: 62 })
    expect(await result({ ...good, channel_id: 'x' })).to.include({ error: 'channelMalformed', error_code: 45 })
    expect(await result({ ...good, amount: '-1' })).to.include({ error: 'channelAmtMalformed', error_code: 46 })
  })

  /** Objects that are no channels. */
  function addObjects (address: string, count: number): void {
    const ids = Array.from({ length: count }, (_, number) => sha512Half(number.toString(16).padStart(8, '0')))
    world.rippled.network.place(view => {
      for (const [Sequence, id] of ids.entries()) {
        view.put(id, { LedgerEntryType: 'Check', Account: address, Destination: world.payee.address, Flags: 0, OwnerNode: '0', SendMax: '1', Sequence })
      }
      addToDirectory(view, address, ...ids)
      const root = accountOf(view, address)
      if (root !== undefined) putAccount(view, { ...root, Balance: root.Balance, OwnerCount: root.OwnerCount + count })
    })
  }
})
