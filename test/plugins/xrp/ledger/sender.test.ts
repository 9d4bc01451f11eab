/**
 * Transactions of the XRP Ledger whatever crashes, is lost or costs more meanwhile: each operation is done once. The server is a
 * stand-in with the rules of the ledger.
 */
import { expect } from 'chai'
import sinon from 'sinon'
import { decode } from 'xrpl'
import { Connection, type ConnectionEvents, type Json } from '../../../../plugins/xrp/ledger/connection.js'
import { Ledger } from '../../../../plugins/xrp/ledger/ledger.js'
import { transactionOf } from '../../../../plugins/xrp/ledger/signer.js'
import type { ChannelProvider, Claim } from '../../../../plugins/lib/channels/types.js'
import { memoryLog, memoryStore } from '../../../support/evm/life.js'
import { CLOSE, Hostile } from '../../../support/xrp/hostile.js'
import { FUNDS, Parties, XRP } from '../../../support/xrp/parties.js'
import { eventually } from '../../../support/waiting.js'

const HOUR = 3600
const YEARS_AHEAD = 4_000_000_000
/** More writes than there are in all of it. */
const MAX_WRITES = 40

describe('a transaction of the XRP Ledger', function () {
  this.timeout(120_000)
  let parties: Parties
  beforeEach(async () => {
    parties = new Parties()
    await parties.start()
  })
  afterEach(() => parties.stop())

  /** Opens, fills up, and takes out: what one process does for both, under ids that are the same after a crash. */
  async function work (alice: ChannelProvider, bob: ChannelProvider, claimFor: (channelId: string) => Promise<Claim>): Promise<string> {
    const { channelId } = await alice.openChannel(bob.address, HOUR, 'open', XRP)
    await alice.deposit(channelId, 3n * XRP, 'deposit')
    await bob.redeem(await claimFor(channelId), 'redeem')
    return channelId
  }

  function expectOnce (channelId: string): void {
    const { alice, bob } = parties
    expect([parties.sent(alice, 'PaymentChannelCreate'), parties.sent(alice, 'PaymentChannelFund'), parties.sent(bob, 'PaymentChannelClaim')])
      .to.deep.equal([1, 1, 1])
    expect(parties.rippled.state.channel(channelId)).to.include({ Amount: 3n * XRP, Balance: 2n * XRP })
  }

  it('is done once, whatever write the process ends at', async () => {
    let writes = 0
    for (let end = 1; end <= MAX_WRITES; end++) {
      await parties.stop()
      parties = new Parties()
      await parties.start()
      const entries = [new Map<string, string>(), new Map<string, string>()]
      const process = { isOver: false }
      let written = 0
      let crash = (): void => undefined
      const crashed = new Promise<void>(resolve => { crash = resolve })
      const stores = entries.map(map => memoryStore(map, () => {
        if (process.isOver || ++written === end) {
          process.isOver = true
          crash()
          throw new Error('the process has ended')
        }
      }))
      const lives = async (of: typeof stores): Promise<[ChannelProvider, ChannelProvider, (id: string) => Promise<Claim>]> => {
        const alice = parties.provider(parties.alice, { store: of[0]! })
        const bob = parties.provider(parties.bob, { store: of[1]! })
        await Promise.all([alice.connect(), bob.connect()])
        const codec = parties.codec(alice, parties.bob)
        return [alice, bob, channelId => codec.make({ channelId, nonce: 0n, total: 2n * XRP, senderId: 'alice' })]
      }
      const done = await Promise.race([
        crashed.then(() => undefined), lives(stores).then(all => work(...all)).catch(async () => { await crashed })
      ])
      writes = written
      if (!process.isOver) {
        expectOnce(String(done))
        break
      }
      await parties.end()
      expectOnce(await work(...await lives(entries.map(map => memoryStore(map)))))
    }
    expect(writes, 'the test reaches the last write').to.be.below(MAX_WRITES).and.above(6)
  })

  for (const command of ['submit', 'tx', 'account_info', 'fee', 'ledger_entry']) {
    for (const does of ['disconnectBefore', 'disconnectAfter']) {
      it(`is done once when the connection breaks: ${does} ${command}`, async () => {
        const alice = await parties.connected(parties.alice)
        const bob = await parties.connected(parties.bob)
        const codec = parties.codec(alice, parties.bob)
        const again = async (): Promise<string> => await work(alice, bob, channelId =>
          codec.make({ channelId, nonce: 0n, total: 2n * XRP, senderId: 'alice' })).catch(again)
        parties.rippled.faults.add({ command, does, times: 3 })
        expectOnce(await again())
      })
    }
  }

  it('offers more when others do, and gets in', async () => {
    const alice = await parties.connected(parties.alice)
    parties.rippled.network.traffic = { count: 200, fee: 2000n }
    const opening = alice.openChannel(parties.bob.address, HOUR, 'open', XRP)
    await new Promise(resolve => { setTimeout(resolve, 1000) })
    parties.rippled.network.traffic = { count: 40, fee: 10n }
    const { channelId } = await opening
    expect(parties.rippled.state.channel(channelId)).to.include({ Amount: XRP })
    expect(parties.sent(parties.alice)).to.equal(1)
  })

  it('gives way to a more urgent one when it is stuck, and is judged by what the ledger has', async () => {
    const [alice, bob] = [await parties.connected(parties.alice), await parties.connected(parties.bob)]
    const { channelId } = await alice.openChannel(parties.bob.address, HOUR, 'open', 100n * XRP)
    const codec = parties.codec(alice, parties.bob)
    // The payee's own opening never gets in; then the payer begins to close.
    parties.rippled.network.fateOf = tx => tx.account === parties.bob.address && tx.type === 'PaymentChannelCreate' ? 'late' : undefined
    const stuck = bob.openChannel(parties.alice.address, HOUR, 'stuck', XRP).then(() => 'opened', (error: unknown) => String(error))
    await alice.close(channelId, 'close')
    const claim = await codec.make({ channelId, nonce: 0n, total: 60n * XRP, senderId: 'alice' })
    await bob.closeAsPayee(channelId, claim, 'end')
    expect(parties.rippled.state.channel(channelId)).to.equal(undefined)
    parties.rippled.network.fateOf = () => undefined
    expect(await stuck).to.match(/opened|took its place|no ledger has taken it/)
    expect(parties.sent(parties.bob, 'PaymentChannelClaim')).to.equal(1)
  })

  it('offers a share of what is at stake once the payer closes, also for a claim that was under way before', async function () {
    this.timeout(20_000)
    const log = memoryLog()
    const [alice, bob] = [await parties.connected(parties.alice), await parties.connected(parties.bob, { log })]
    const { channelId } = await alice.openChannel(parties.bob.address, HOUR, 'open', 100n * XRP)
    const claim = await parties.codec(alice, parties.bob).make({ channelId, nonce: 0n, total: 60n * XRP, senderId: 'alice' })
    parties.rippled.network.metrics.storm = 256n * 10_000n // ten times what a redeem may cost
    const redeeming = bob.redeem(claim, 'redeem')
    while (!log.lines.some(line => line.includes('sending a transaction'))) await new Promise(resolve => { setTimeout(resolve, 5) })
    const payer = new Hostile(parties, parties.alice)
    expect(await payer.claim(channelId, { Flags: CLOSE, Fee: '1000000' })).to.equal('tesSUCCESS')
    await payer.stop()
    await bob.getChannelState(channelId) // as the watcher does at the event
    await redeeming
    expect(parties.rippled.state.channel(channelId)).to.include({ Balance: 60n * XRP })
  })

  it('pays no fee above what the transaction is worth, whatever the server says that it costs', async () => {
    const log = memoryLog()
    const alice = await parties.connected(parties.alice, { log })
    const { network } = parties.rippled
    const { fees } = network
    network.fees = { ...fees, base: 100n * XRP }
    const opening = alice.openChannel(parties.bob.address, HOUR, 'open', XRP)
    while (parties.sent(parties.alice) === 0 && !log.lines.some(line => line.includes('above what is worth paying'))) {
      await new Promise(resolve => { setTimeout(resolve, 20) })
    }
    network.fees = fees
    expect((await opening).channelId).to.have.lengthOf(64)
    expect(parties.rippled.state.account(parties.alice.address)?.Balance).to.satisfy((left: bigint) => left > FUNDS - 2n * XRP)
  })

  describe('under a server that says what is not so', () => {
    afterEach(() => { sinon.restore() })

    type Submitted = Array<Record<string, unknown>>

    /** What a question is answered, and each transaction that is submitted, also where it is lost on the way. */
    function answering (change: (question: Json, answer: Json) => Json, isLost = (): boolean => false): Submitted {
      const submitted: Submitted = []
      const request = sinon.stub(Connection.prototype, 'request')
      request.callsFake(async function (this: Connection, question) {
        if (question.command === 'submit') submitted.push(decode(String(question.tx_blob)))
        if (question.command === 'submit' && isLost()) return { engine_result: 'tesSUCCESS' }
        return change(question, await request.wrappedMethod.call(this, question))
      })
      return submitted
    }

    async function ledgerOf (provider: ChannelProvider): Promise<{ closed: (index: number) => void }> {
      const join = sinon.spy(Ledger.prototype, 'ready')
      await provider.balances()
      await provider.disconnect()
      await provider.connect()
      const { events } = (join.lastCall.thisValue as Ledger).connection as unknown as { events: ConnectionEvents }
      const ledger_time = (): number => Math.floor(Date.now() / 1000) - 946_684_800
      return { closed: index => { events.ledgerClosed({ ledger_index: index, ledger_time: ledger_time(), ledger_hash: 'A'.repeat(64) }) } }
    }

    it('is not given up because one answer is of a ledger to come, and not done twice', async () => {
      const alice = await parties.connected(parties.alice)
      let lies = 0
      const submitted = answering(({ command }, answer) => command === 'account_info' && submitted.length > 0 && lies++ < 3
        ? { ...answer, ledger_index: YEARS_AHEAD } : answer)
      parties.rippled.network.fateOf = () => lies < 3 ? 'late' : undefined
      const { channelId } = await alice.openChannel(parties.bob.address, HOUR, 'open', XRP)
      expect([parties.sent(parties.alice), parties.rippled.state.channel(channelId)?.Amount]).to.deep.equal([1, XRP])
    })

    for (const [what, isBorneOut] of [['is not signed', false], ['is signed anew', true]] as const) {
      it(`${what} after a ledger that there is not ${isBorneOut ? 'has been borne out by all answers, and forgotten' : 'was pushed'}`, async () => {
        const log = memoryLog()
        const alice = await parties.connected(parties.alice, { log })
        const { closed } = await ledgerOf(alice)
        let isLying = true
        const submitted = answering(({ command }, answer) => command === 'account_info' && isLying && isBorneOut
          ? { ...answer, ledger_index: YEARS_AHEAD } : answer)
        parties.rippled.network.fateOf = ({ json }) => Number(json.LastLedgerSequence) > YEARS_AHEAD ? 'forgotten' : undefined
        closed(YEARS_AHEAD)
        const opening = alice.openChannel(parties.bob.address, HOUR, 'open', XRP)
        await eventually('it is begun', () => isBorneOut ? submitted.length > 0 : log.lines.some(line => line.includes('answers with an old ledger')))
        isLying = false
        const clock = sinon.stub(performance, 'now')
        clock.callsFake(() => clock.wrappedMethod.call(performance) + passed)
        let passed = 0
        const tick = setInterval(() => {
          passed += 30_000
          parties.rippled.skip(30)
        }, 100)
        const { channelId } = await opening.finally(() => { clearInterval(tick) })
        expect(parties.rippled.state.channel(channelId)?.Amount).to.equal(XRP)
        const [first, last] = [submitted[0], submitted.at(-1)].map(tx => Number(tx?.LastLedgerSequence) > YEARS_AHEAD)
        expect([first, last, parties.sent(parties.alice)]).to.deep.equal([isBorneOut, false, 1])
      })
    }

    interface Ahead {
      bob: ChannelProvider
      claim: Claim
      /** Resolves to `done`, or to why not. */
      redeeming: Promise<string>
      submitted: Submitted
      /** From now on the server passes on what it is given, and hours go by. */
      goOn: (isHeard: boolean) => void
      /** So many transactions were kept for an operation at most. */
      most: () => number
    }

    /** Bob takes out 60 XRP, which was signed after a ledger that there is not. From then on the server says what is so. */
    async function signedAhead (): Promise<Ahead> {
      let [isLying, isLost, most, passed] = [true, true, 0, 0]
      const store = memoryStore(new Map(), (_key, value) => { most = Math.max(most, value.split('"blob"').length - 1) })
      const [alice, bob] = [await parties.connected(parties.alice), await parties.connected(parties.bob, { store })]
      const { channelId } = await alice.openChannel(parties.bob.address, HOUR, 'open', 100n * XRP)
      const claim = await parties.codec(alice, parties.bob).make({ channelId, nonce: 0n, total: 60n * XRP, senderId: 'alice' })
      const { closed } = await ledgerOf(bob)
      const submitted = answering(({ command }, answer) => ['account_info', 'ledger_entry'].includes(String(command)) && isLying
        ? { ...answer, ledger_index: YEARS_AHEAD } : answer, () => isLost)
      closed(YEARS_AHEAD)
      const redeeming = bob.redeem(claim, 'redeem').then(() => 'done', (error: unknown) => String(error))
      await eventually('it is begun', () => submitted.length > 0)
      isLying = false
      const clock = sinon.stub(performance, 'now')
      clock.callsFake(() => clock.wrappedMethod.call(performance) + passed)
      const goOn = (isHeard: boolean): void => {
        isLost = !isHeard
        tick ??= setInterval(() => {
          passed += 30_000
          parties.rippled.skip(30)
        }, 20)
      }
      return { bob, claim, redeeming, submitted, goOn, most: () => most }
    }
    let tick: NodeJS.Timeout | undefined
    afterEach(() => {
      clearInterval(tick)
      tick = undefined
    })

    for (const [when, count] of [['at once', 1], ['after it was signed anew', 2]] as const) {
      it(`is given up, and can be done anew, where it was signed after a made-up ledger and another takes its sequence ${when}`, async () => {
        const { bob, claim, redeeming, submitted, goOn } = await signedAhead()
        if (count > 1) goOn(false)
        await eventually('it is signed', () => submitted.length >= count)
        const other = new Hostile(parties, parties.bob)
        expect(await other.open(parties.alice.address)).to.have.lengthOf(64)
        await other.stop()
        const before = submitted.length
        goOn(true)
        let result: string | undefined
        void redeeming.then(text => { result = text })
        await eventually('it is over', () => result)
        expect(result).to.contain('does not remember')
        expect(submitted.length - before, 'signed for a sequence that is used').to.be.below(3)
        await bob.redeem(claim, 'again')
        expect(parties.rippled.state.channel(claim.channelId)?.Balance).to.equal(60n * XRP)
      })
    }

    it('is offered again when fees have fallen, and little is kept of it, where it was signed after a made-up ledger', async () => {
      const { claim, redeeming, submitted, goOn, most } = await signedAhead()
      parties.rippled.network.metrics.storm = 256n * 10_000n // above what a redeem may cost
      parties.rippled.network.fateOf = ({ json }) => Number(json.LastLedgerSequence) > YEARS_AHEAD ? 'forgotten' : undefined
      goOn(false)
      await eventually('it is signed for all that it is worth', () => submitted.length > 1)
      parties.rippled.closeLedger(20) // none of what was signed since may get in any more
      parties.rippled.network.metrics.storm = undefined
      goOn(true)
      await eventually('it is done', () => parties.rippled.state.channel(claim.channelId)?.Balance === 60n * XRP)
      expect(await redeeming).to.equal('done')
      expect(most()).to.be.below(7)
    })
  })

  it('asks for a close with the flag that the ledger knows for it', () => {
    const envelope = { address: parties.alice.address, network: 0, sequence: 3, fee: 12n, last: 100 }
    const key = (): string => ''
    const flagsOf = (call: Parameters<typeof transactionOf>[0]): unknown => transactionOf(call, envelope, key).Flags
    const channelId = 'AB'.repeat(32)
    expect(flagsOf({ type: 'close', channelId })).to.equal(0x00020000)
    expect(flagsOf({ type: 'claim', channelId, ends: true })).to.equal(0x00020000)
    expect(flagsOf({ type: 'claim', channelId, ends: false })).to.equal(0)
    // Of the vectors of the ledger's own library: a close.
    const blob = '12000F22000200002400000003201B000000645016187D65FE5489F56FDBB8F95DE9F6196CCFCBEE7D6CDA9F5B0E2E56F79962902E68400000000000000C' +
      '7321ED951BF8B3B7C8AA4BC1B91790FC1B3FF7155CD729C2E6F038A93F5F3B9035DD858114A8683DC013F856ACCDD629E0730E9FBB707D0D1B'
    expect(decode(blob)).to.include({ TransactionType: 'PaymentChannelClaim', Flags: 0x00020000 })
  })
})
