/**
 * Accounts with payment channels of the XRP Ledger that are doubled, removed, counted in other units, or given other addresses. Judged by
 * what the ledger pays: each drop that was claimed is paid once, and nothing else is. The ledger is a stand-in with its rules.
 */
import { expect } from 'chai'
import { classicAddressToXAddress } from 'xrpl'
import { describeError } from '../../../src/lib/describe-error.js'
import { withoutLog } from '../../support/log.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually } from '../../support/waiting.js'
import { XrpDuo, type XrpSetting } from '../../support/xrp/duo.js'
import { CLOSE, Hostile } from '../../support/xrp/hostile.js'
import { FUNDS, Parties, XRP, type Account } from '../../support/xrp/parties.js'

const AMOUNT = 5n * XRP

describe('an account with channels of the XRP Ledger', function () {
  this.timeout(60_000)
  noRejectionLeft()
  withoutLog()
  let parties: Parties
  let duo: XrpDuo
  beforeEach(async () => {
    parties = new Parties()
    await parties.start()
  })
  afterEach(async () => {
    await duo.stop()
    await parties.stop()
  })

  const won = (account: Account): bigint => parties.wallet(account) - FUNDS
  const channels = (): string[] => [...parties.rippled.network.lastClosed.state ?? []]
    .flatMap(([id, { LedgerEntryType }]) => LedgerEntryType === 'PayChannel' ? [id] : [])

  /** The first has paid the second, with a claim that is not redeemed. */
  async function startPaid (both: Partial<XrpSetting> = {}, amount = AMOUNT): Promise<string> {
    duo = await new XrpDuo(parties, both).start()
    expect(await duo.first.pay(amount)).to.equal('fulfill')
    await duo.even()
    return channels()[0]!
  }

  /** The payer closes without its connector, and gets what it did not pay. */
  async function expectDefended (channelId: string): Promise<void> {
    const payer = new Hostile(parties, parties.alice)
    await payer.claim(channelId, { Flags: CLOSE })
    await eventually('the channel is redeemed and closed', () => channels().length === 0)
    await payer.stop()
    expect([won(parties.alice), won(parties.bob)]).to.deep.equal([-AMOUNT, AMOUNT])
  }

  for (const [how, address] of [
    ['as it is written', (peer: string) => peer], ['as an X-address with a tag', (peer: string) => classicAddressToXAddress(peer, 7, true)]
  ] as ReadonlyArray<[string, (peer: string) => string]>) {
    it(`is refused beside another one with the same party, whose address is ${how} (row 14)`, async () => {
      const channelId = await startPaid()
      const { second } = duo
      const options = { listener: { port: 0, host: '127.0.0.1', secret: 'x' }, peerAddress: address(parties.alice.address) }
      expect(await second.app.addPlugin('peer2', second.info(options)).then(() => 'added', describeError)).to.match(/credited twice/)
      await second.app.shutdown()
      expect(() => duo.make(1, new Map(second.entries), { others: { peer2: options } })).to.throw(/credited twice/)
      await duo.make(1, new Map(second.entries), { others: {} }).app.listen()
      await duo.connected()
      await expectDefended(channelId)
    })
  }

  it('is not removed with money in its channels, by the payee or by the payer, also right after a start (row 27)', async () => {
    const channelId = await startPaid()
    await duo.restart(1)
    await duo.restart(0)
    for (const { app } of duo.nodes) {
      const error = await app.removePlugin('peer').then(() => undefined, (reason: unknown) => reason)
      expect(error).to.include({ httpErrorCode: 409 })
      expect(describeError(error)).to.match(/cannot be removed before it is settled/)
    }
    await duo.connected()
    await expectDefended(channelId)
    await eventually('then it can be removed', () => duo.second.app.removePlugin('peer').then(() => true, () => false))
  })

  it('is not counted in another scale while the books have something in it, and nothing is paid or credited again (row 29)', async () => {
    const channelId = await startPaid()
    const { second } = duo
    await second.app.shutdown()
    const entries = new Map(second.entries)
    const other = duo.make(1, new Map(entries), { assetScale: 9 })
    expect(await other.app.listen().then(() => 'listens', describeError)).to.match(/in another unit.*Put asset and scale back/)
    expect(other.entries).to.deep.equal(entries)
    await duo.make(1, new Map(entries), { assetScale: 6 }).app.listen()
    await duo.connected()
    expect(duo.second.balance).to.equal(0n)
    await expectDefended(channelId)
  })

  it('counts 6 instead of 9 under another id: what is paid is worth what it was, to the drop (row 29)', async () => {
    const channelId = await startPaid({ assetScale: 9 }, 300_000_000n)
    const scaled = { account: 'peer6', assetScale: 6 }
    await duo.restart(1, scaled)
    await duo.restart(0, scaled)
    await duo.connected()
    expect(await duo.first.pay(200_001n)).to.equal('fulfill')
    await duo.even()
    const payer = new Hostile(parties, parties.alice)
    await payer.claim(channelId, { Flags: CLOSE })
    await eventually('the channel is redeemed and closed', () => channels().length === 0)
    await payer.stop()
    expect([won(parties.alice), won(parties.bob)]).to.deep.equal([-500_001n, 500_001n])
  })

  it('rounds parts of a drop so that nobody is credited what the ledger does not pay (scale 9)', async () => {
    duo = await new XrpDuo(parties, { assetScale: 9, balance: { maximum: '1000000000000', settleThreshold: '-1', settleTo: '0' } }).start()
    for (const amount of [1n, 999n, 1001n, 1_500n]) expect(await duo.first.pay(amount)).to.equal('fulfill')
    await eventually('less than a drop is owed', () => duo.second.balance < 1000n && duo.first.balance > -1000n)
    expect(duo.second.balance + duo.first.balance, 'the books of both say the same').to.equal(0n)
    const left = duo.second.balance
    const payer = new Hostile(parties, parties.alice)
    for (const id of channels()) await payer.claim(id, { Flags: CLOSE })
    await eventually('the channel is redeemed and closed', () => channels().length === 0)
    await payer.stop()
    expect(won(parties.bob) * 1000n + left, 'what the ledger paid, and what is owed').to.equal(3501n)
  })

  it('with another address of the peer has the claims of the one before redeemed, and cares for its channel to the end (row 26)', async () => {
    const channelId = await startPaid()
    await duo.first.app.shutdown()
    await duo.restart(1, { peerAddress: parties.stranger.address })
    await eventually('we have redeemed', () => won(parties.bob) === AMOUNT)
    parties.rippled.skip(3700) // the payer ends the channel much later
    await expectDefended(channelId)
  })

  it('with another key of ours counts nothing of the old one again, and redeems its claims when that comes back (row 26)', async () => {
    const channelId = await startPaid()
    await duo.first.app.shutdown()
    await duo.restart(1, { own: parties.stranger })
    await new Promise(resolve => { setTimeout(resolve, 500) })
    expect([duo.second.balance, won(parties.stranger), won(parties.bob)]).to.deep.equal([0n, 0n, 0n])
    await duo.restart(1, { own: parties.bob })
    await expectDefended(channelId)
    expect(duo.second.balance).to.equal(0n)
  })
})
