/**
 * What a hostile peer can try on the XRP Ledger with crowds of objects, with the order inside a ledger, with results that are not final,
 * and with ends that it announces and never brings. Judged by what it has won: nothing. The ledger is a stand-in with its rules.
 */
import { expect } from 'chai'
import sinon from 'sinon'
import type { KnownChannel } from '../../../plugins/lib/channels/channels.js'
import { Connection, ServerError } from '../../../plugins/xrp/ledger/connection.js'
import { accountIndex, channelIndex, sha512Half, uint32Hex } from '../../support/rippled/hashing.js'
import { addToDirectory } from '../../support/rippled/view.js'
import { eventually, pause } from '../../support/waiting.js'
import { CLOSE, Hostile } from '../../support/xrp/hostile.js'
import { FUNDS, Parties, XRP } from '../../support/xrp/parties.js'
import { HOUR, startVictim, type Victim } from '../../support/xrp/victim.js'

/** Of the account of a peer, one look reads so many pages at most. */
const MAX_PAGES = 20
const LOOKUPS_PER_MINUTE = 20
const DEPOSIT = 5n * XRP

describe('crowds, orders and empty words on the XRP Ledger', function () {
  this.timeout(60_000)
  let parties: Parties
  let payer: Hostile
  let victim: Victim
  let us: string

  async function begin (options: Parameters<typeof startVictim>[4] = {}, asked?: () => Promise<Record<string, unknown>>): Promise<void> {
    victim = await startVictim(parties, parties.bob, parties.alice, {}, options, asked)
  }

  beforeEach(async () => {
    parties = new Parties()
    await parties.start()
    us = parties.bob.address
    payer = new Hostile(parties, parties.alice)
  })
  afterEach(async () => {
    sinon.restore()
    await payer.stop()
    await victim.stop()
    await parties.stop()
  })

  const gained = (): bigint => parties.wallet(parties.bob) - FUNDS
  const take = (channel: string, drops: bigint): Promise<string | undefined> => victim.refusalOf(payer.message(channel, drops))
  const isThere = (channel: string): boolean => parties.rippled.state.channel(channel) !== undefined

  /** Counts what is asked from now on. */
  function questions (): (command: string) => number {
    const asked = sinon.spy(Connection.prototype, 'request')
    return command => asked.getCalls().filter(({ args: [question] }) => question.command === command).length
  }

  it('ten thousand objects of the peer cost twenty pages a look, and its channel behind them is redeemed (row 20)', async () => {
    await begin()
    parties.rippled.network.place(view => {
      const ids = Array.from({ length: 10_000 }, (_, each) => sha512Half('0043', accountIndex(payer.wallet.address), uint32Hex(each)))
      addToDirectory(view, payer.wallet.address, ...ids)
      for (const [Sequence, id] of ids.entries()) {
        view.put(id, { LedgerEntryType: 'Check', Account: payer.wallet.address, Destination: us, Flags: 0, OwnerNode: '0', SendMax: '1', Sequence })
      }
    })
    const channel = await payer.open(us)
    expect(await take(channel, 700_000n)).to.equal(undefined)
    const asked = questions()
    await victim.provider.findChannels(parties.alice.address)
    expect(asked('account_channels')).to.be.within(1, 2 * MAX_PAGES + 1)
    expect(await payer.claim(channel, { Flags: CLOSE })).to.equal('tesSUCCESS')
    await eventually('the channel is redeemed and closed', () => !isThere(channel))
    expect([gained(), victim.credited]).to.deep.equal([700_000n, 700_000n])
  })

  it('claims on channels that do not exist cost twenty questions a minute, and are no money (row 20)', async () => {
    await begin({ pollingIntervalMs: 60_000 })
    const asked = questions()
    const warnings: string[] = []
    const warn = (warning: Error): void => { warnings.push(warning.name) }
    process.on('warning', warn)
    const madeUp = Array.from({ length: 200 }, (_, each) => channelIndex(payer.wallet.address, us, 1_000_000 + each))
    const refusals = await Promise.all(madeUp.map(channel => take(channel, 5n)))
    expect(refusals.filter(refusal => refusal === undefined)).to.deep.equal([])
    await pause(20)
    process.off('warning', warn)
    expect(asked('ledger_entry')).to.be.at.most(2 * LOOKUPS_PER_MINUTE)
    expect(warnings, 'that many questions at once are nothing to warn the operator of').to.deep.equal([])
    expect(victim.credited).to.equal(0n)
  })

  it('a claim on a deposit, or a channel, that only the open ledger has is no money before a ledger is validated with it (row 23)', async () => {
    await begin()
    const { network } = parties.rippled
    const channel = await payer.open(us)
    network.fateOf = tx => tx.account === payer.wallet.address ? 'late' : undefined
    await payer.fund(channel)
    const { sequence } = await payer.send({
      TransactionType: 'PaymentChannelCreate', Destination: us, Amount: '1000000', SettleDelay: HOUR, PublicKey: payer.wallet.publicKey
    })
    const second = channelIndex(payer.wallet.address, us, sequence)
    expect(await take(channel, 1_500_000n)).to.match(/exceeds/)
    expect(await take(second, 5n)).to.match(/ClaimError/)
    expect(victim.credited).to.equal(0n)
    network.fateOf = () => undefined
    await eventually('the channel is validated', () => isThere(second))
    await eventually('the claim on it is taken', async () => await take(second, 5n) === undefined)
    await eventually('the claim on the deposit is taken', async () => await take(channel, 1_500_000n) === undefined)
    expect(victim.credited).to.equal(1_500_005n)
  })

  for (const first of ['ours', 'theirs'] as const) {
    it(`a redeem in the ledger of a fund, and of a close, pays the claim, with ${first} first (row 23)`, async () => {
      await begin()
      const { network } = parties.rippled
      const channel = await payer.open(us)
      expect(await take(channel, 900_000n)).to.equal(undefined)
      network.order = transactions => transactions.toSorted((a, b) =>
        a.account === b.account ? a.sequence - b.sequence : (a.account === us) === (first === 'ours') ? -1 : 1)
      network.fateOf = () => 'late' // all of them wait for one ledger
      await payer.fund(channel)
      await payer.claim(channel, { Flags: CLOSE })
      const [claim] = victim.parts.incoming.all()
      const redeeming = victim.provider.closeAsPayee(channel, claim, 'end')
      await eventually('both are in the open ledger', () => network.sequencesOf(us).available > (parties.rippled.state.account(us)?.Sequence ?? 0))
      network.fateOf = () => undefined
      await redeeming
      await eventually('the channel is over', () => !isThere(channel))
      expect([gained(), victim.credited]).to.deep.equal([900_000n, 900_000n])
      // With ours first the channel is over when the fund comes: it fails, and the payer keeps that, too.
      expect(parties.wallet(parties.alice) - FUNDS).to.equal(-900_000n)
    })
  }

  it('a peer that announces the end of our channel fifty times, and never brings it, gets no second deposit (row 25)', async () => {
    await begin({ initialDeposit: String(DEPOSIT) })
    const { state: { channelId } } = await victim.parts.funding.open(DEPOSIT)
    for (let notice = 0; notice < 50; notice++) {
      const answer = await victim.parts.closing.answer({ channelId }).then(() => 'agreed', String)
      expect(answer).to.match(/only whom the channel pays/)
      expect((await victim.parts.funding.ensure(XRP)).state.channelId).to.equal(channelId)
    }
    expect([parties.sent(parties.bob, 'PaymentChannelCreate'), parties.sent(parties.bob, 'PaymentChannelFund')]).to.deep.equal([1, 0])
    expect(gained()).to.equal(-DEPOSIT)
  })

  it('a peer that agrees to each end, and brings none, does not keep our deposit: the delay ends the channel (row 25)', async () => {
    await begin({ initialDeposit: String(DEPOSIT) }, () => Promise.resolve({ agreed: true }))
    const channel = await victim.parts.funding.open(DEPOSIT)
    const { channelId } = channel.state
    const known = (): KnownChannel | undefined => victim.parts.channels.get(channelId)
    const ending = victim.parts.closing.request(channel).then(() => 'over', String)
    await eventually('we have asked for the end', () => known()?.ending !== undefined)
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await victim.parts.funding.ensure(6n * XRP).then(() => 'another channel', String)).to.match(/is being closed, and no other one is funded/)
    }
    parties.rippled.skip(HOUR / 2) // longer than a peer may take
    const ours = sinon.stub(Date, 'now')
    ours.callsFake(() => ours.wrappedMethod.call(Date) + HOUR / 2 * 1000)
    await eventually('we close it by its delay', () => parties.rippled.state.channel(channelId)?.Expiration !== undefined)
    parties.rippled.skip(HOUR + 60)
    await eventually('we have taken the deposit back', () => !isThere(channelId))
    expect(await ending).to.match(/closed by challenge|over|in time/)
    expect([gained(), parties.sent(parties.bob, 'PaymentChannelCreate')]).to.deep.equal([0n, 1])
  })

  it('a peer that ends each channel of ours as soon as it is there has nothing of ours, and locks nothing (row 25)', async () => {
    await begin({ initialDeposit: String(DEPOSIT) })
    for (let life = 0; life < 5; life++) {
      const { state: { channelId } } = await victim.parts.funding.open(DEPOSIT)
      expect(await payer.claim(channelId, { Flags: CLOSE })).to.equal('tesSUCCESS')
      await eventually('we have seen it', () => victim.parts.channels.get(channelId)?.state.status === 'settled')
    }
    expect([gained(), parties.sent(parties.bob, 'PaymentChannelCreate')]).to.deep.equal([0n, 5])
  })

  it('a channel of tokens with the look of XRP is no channel: claims on it are refused, in any form of its amount (row 31)', async () => {
    await begin()
    const pays: string[] = []
    for (const [each, Amount] of [
      { value: '1000000', currency: 'XRP', issuer: payer.wallet.address }, { value: '1000000', currency: 'USD', issuer: payer.wallet.address }
    ].entries()) {
      const Sequence = 900_000 + each
      const id = channelIndex(payer.wallet.address, us, Sequence)
      parties.rippled.network.place(view => {
        view.put(id, {
          LedgerEntryType: 'PayChannel', Account: payer.wallet.address, Destination: us, Amount, Balance: { ...Amount, value: '0' }, Flags: 0,
          PublicKey: payer.wallet.publicKey, SettleDelay: HOUR, OwnerNode: '0', DestinationNode: '0',
          PreviousTxnID: '0'.repeat(64), PreviousTxnLgrSeq: parties.rippled.network.lastClosed.index
        })
        addToDirectory(view, payer.wallet.address, id)
        addToDirectory(view, us, id)
      })
      parties.rippled.closeLedger()
      pays.push(id)
    }
    for (const id of pays) expect(await take(id, 5n)).to.match(/Unknown channel/)
    expect((await victim.provider.findChannels(parties.alice.address)).map(({ channelId }) => channelId)).to.deep.equal([])
    expect(victim.credited).to.equal(0n)
  })

  /** From now on, of the servers behind the URL, the one that is asked about channels has no ledger after this one. */
  function fallBehind (): sinon.SinonStub {
    const last = parties.rippled.network.lastClosed.index
    const request = sinon.stub(Connection.prototype, 'request')
    const isAboutChannels = ({ command }: Record<string, unknown>): boolean => command === 'ledger_entry' || command === 'account_channels'
    request.callsFake(function (this: Connection, question) {
      const { ledger_index: ledger } = question
      if (typeof ledger === 'number' && ledger > last) return Promise.reject(new ServerError('lgrNotFound', 'ledger_entry: lgrNotFound', {}))
      return request.wrappedMethod.call(this, isAboutChannels(question) ? { ...question, ledger_index: last } : question)
    })
    return request
  }

  it('a server that is behind, and does not have our new channel yet, gets no second one opened', async () => {
    await begin({ initialDeposit: String(DEPOSIT) })
    const request = fallBehind()
    for (let attempt = 0; attempt < 3; attempt++) expect(await victim.parts.funding.ensure(XRP).then(() => 'a channel', String)).to.match(/Error/)
    request.restore()
    await eventually('the channel is in use', async () => await victim.parts.funding.ensure(XRP).then(() => true, () => false))
    expect([gained(), parties.sent(parties.bob, 'PaymentChannelCreate')]).to.deep.equal([-DEPOSIT, 1])
  })

  it('a server that is behind, and does not have what we have put in yet, gets nothing put in twice', async () => {
    await begin({ initialDeposit: String(DEPOSIT) })
    const channel = await victim.parts.funding.open(DEPOSIT)
    const request = fallBehind()
    const total = await victim.provider.deposit(channel.state.channelId, 6n * XRP, 'first').then(async () =>
      await victim.provider.deposit(channel.state.channelId, 7n * XRP, 'second').then(() => 'taken', String))
    expect(total).to.match(/old ledger/)
    request.restore()
    await victim.provider.deposit(channel.state.channelId, 7n * XRP, 'third')
    expect(gained()).to.equal(-7n * XRP)
  })

  it('a tec at submit is not final: the claim counts as redeemed once, when the validated ledger has it (row 32)', async () => {
    await begin()
    const { network } = parties.rippled
    const channel = await payer.open(us)
    expect(await take(channel, 600_000n)).to.equal(undefined)
    const answers: string[] = []
    const submit = network.submit.bind(network)
    network.submit = (tx, isFailHard) => {
      const answer = submit(tx, isFailHard)
      if (tx.account === us) answers.push(answer.result)
      return answer
    }
    // The open ledger has a close of the payer that never comes into a validated one.
    network.fateOf = tx => tx.account === payer.wallet.address ? 'late' : undefined
    await payer.claim(channel, { Balance: '1000000', Flags: CLOSE })
    const [claim] = victim.parts.incoming.all()
    await victim.provider.closeAsPayee(channel, claim, 'end')
    expect(answers[0]).to.match(/^tec/)
    await eventually('the channel is over', () => !isThere(channel))
    await pause(300) // several looks
    expect([gained(), parties.sent(parties.bob, 'PaymentChannelClaim')]).to.deep.equal([600_000n, 1])
  })
})
