/**
 * A signature under the end of a channel is out. Whatever the peer sends from then on, no claim on that channel is money until the end is
 * void by the chain's clock, and by ours: else the peer would spend its deposit, and take it back with that signature.
 */
import { expect } from 'chai'
import sinon from 'sinon'
import { accounts } from '../../../examples/evm-chain.js'
import type { ChannelState, CloseConsent } from '../../../plugins/lib/channels/types.js'
import { describeError } from '../../../src/lib/describe-error.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { passForBoth } from '../../support/our-clock.js'
import { neverHappens, onOneChain, type Connector, type Duo } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

const DEPOSIT = 100_000n
/** Longer than any consent holds. */
const VOID_AFTER_SECS = 13 * 60

describe('claims on a channel whose end was agreed on', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start } = onOneChain()
  afterEach(() => { sinon.restore() })

  interface Scene { duo: Duo, mallory: Connector, us: Connector, channelId: string }

  /** Mallory has a channel with a deposit of its own, and has paid nothing. */
  async function scene (options: Record<string, unknown> = {}): Promise<Scene> {
    const duo = await start({ options })
    await passForBoth(duo.chain, 0) // others have let time pass for the chain: no consent is good for longer than by our clock, too
    const { first: mallory, second: us } = duo
    const channelId = await duo.openBy(1, 2, DEPOSIT)
    await eventually('we see the channel', async () => (await us.channels()).some(({ theirDeposit }) => theirDeposit === DEPOSIT))
    return { duo, mallory, us, channelId }
  }

  /** Mallory has our consent to the end, and does nothing with it. We are still waiting. */
  async function withOurConsent ({ mallory, us, channelId }: Scene): Promise<Record<string, unknown>> {
    let consent: Record<string, unknown> | undefined
    mallory.answers(message => {
      if (message.step === 'end') consent = message
      return { agreed: true }
    })
    us.plugin.channels().close(channelId).catch(() => undefined)
    return await eventually('mallory has our consent', () => consent)
  }

  /** Every way to bring a claim that there is. */
  async function refuseAll ({ duo, mallory, us, channelId }: Scene, nonce = 1n): Promise<void> {
    const claim = await duo.claim(1, channelId, nonce, DEPOSIT)
    expect(await mallory.tell(claim), 'a claim by itself').to.match(/being closed/)
    expect(await mallory.payWith(claim, 99_000n), 'a packet with a claim').to.equal('T00')
    const now = await duo.chain.now()
    const terms = { channelId, least: 0n, validUntil: now + 500 }
    for (const step of ['freeze', 'sign', 'claims', 'look']) {
      const consent = await consentOf(duo, terms)
      await mallory.say({ step, ...terms, paidByUs: 0n, paidByThem: 0n, consent, signature: consent, claim }).catch(() => undefined)
    }
    expect(us.balance, 'nothing is credited').to.equal(0n)
    expect(us.delivered, 'our application has delivered nothing').to.equal(0n)
  }

  async function consentOf (duo: Duo, consent: Omit<CloseConsent, 'pays'>, key = 1): Promise<string> {
    const state = { ours: { address: accounts[key]!.address.toLowerCase() } } as ChannelState
    return await duo.codec(key).signConsent({ ...consent, pays: 0n }, state)
  }

  it('are refused after we asked for the end, also after a restart, and the deposit that goes back has paid for nothing', async () => {
    const at = await scene()
    const { duo, us, channelId } = at
    const { least, validUntil, consent } = await withOurConsent(at)
    await refuseAll(at)
    Object.assign(at, { us: await duo.restart(1) })
    const claim = await duo.claim(1, channelId, 2n, DEPOSIT)
    await eventually('the claim is refused for the same reason', async () => {
      const said = await at.mallory.tell(claim)
      expect(said).not.to.equal('taken')
      return said.includes('being closed')
    })
    expect(await at.mallory.payWith(claim, 99_000n)).to.equal('T00')
    const nothing = { channelId, nonce: 0n, transferredAmount: 0n, lockedAmount: 0n, locksRoot: `0x${'0'.repeat(64)}` }
    await duo.send(1, 'closeWithConsent', channelId, nothing, '0x', least, validUntil, consent)
    await eventually('we see the end', async () => (await at.us.channels()).every(({ status }) => status === 'settled'))
    expect([await duo.won(1), await duo.won(2)]).to.deep.equal([0n, 0n])
    expect([us.balance, at.us.balance, at.us.delivered]).to.deep.equal([0n, 0n, 0n])
  })

  it('are money again once our consent is void by the chain\'s clock and ours, and not before', async () => {
    const at = await scene()
    const { duo, mallory, us, channelId } = at
    await withOurConsent(at)
    await passForBoth(duo.chain, 9 * 60)
    await neverHappens('a claim is taken', async () => await mallory.tell(await duo.claim(1, channelId, 1n, DEPOSIT)) === 'taken', 500)
    await passForBoth(duo.chain, VOID_AFTER_SECS - 9 * 60)
    const claim = await duo.claim(1, channelId, 2n, 5000n)
    await eventually('claims are taken again', async () => await mallory.tell(claim) === 'taken')
    expect(us.balance).to.equal(-5000n)
    await duo.leave(us)
    expect([await duo.won(1), await duo.won(2)], 'what was credited was paid').to.deep.equal([-5000n, 5000n])
  })

  it('that the peer sends after it asked for the end are refused while the end is on its way', async () => {
    const at = await scene()
    const { duo, mallory, us, channelId } = at
    await duo.chain.rpc('evm_setAutomine', false)
    try {
      const terms = { channelId, least: 0n, validUntil: await duo.chain.now() + 500 }
      const consent = await consentOf(duo, terms)
      const claim = await duo.claim(1, channelId, 1n, 7000n)
      mallory.say({ step: 'end', ...terms, consent, claim }).catch(() => undefined)
      await eventually('the claim that comes with it is taken', () => us.balance === -7000n)
      await neverHappens('a later claim is taken', async () => await mallory.tell(await duo.claim(1, channelId, 2n, DEPOSIT)) === 'taken', 500)
      expect(await mallory.payWith(await duo.claim(1, channelId, 3n, DEPOSIT), 99_000n)).to.equal('T00')
      const later = { ...terms, validUntil: terms.validUntil + 1 }
      const another = await consentOf(duo, later)
      const last = await duo.claim(1, channelId, 4n, DEPOSIT)
      const refusal = await mallory.say({ step: 'end', ...later, consent: another, claim: last }).catch(describeError)
      expect(refusal).to.match(/on its way to the chain already/)
      expect([us.balance, us.delivered]).to.deep.equal([-7000n, 0n])
    } finally {
      await duo.chain.rpc('evm_setAutomine', true)
      await duo.chain.mine()
    }
    await eventually('the end is on the chain', async () => (await us.channels()).every(({ status }) => status === 'settled'))
    expect([await duo.won(1), await duo.won(2)], 'exactly what was credited').to.deep.equal([-7000n, 7000n])
  })

  it('count when they come with an end that is refused, and the channel goes on', async () => {
    const at = await scene()
    const { duo, mallory, us, channelId } = at
    const validUntil = await duo.chain.now() + 500
    const sign = async (least: bigint, validUntil: number): Promise<string> => await consentOf(duo, { channelId, least, validUntil })
    const wrongs: Array<[string, Record<string, unknown>]> = [
      ['a signature of nobody', { least: 0n, validUntil, consent: `0x${'11'.repeat(65)}` }],
      ['the signature of another', { least: 0n, validUntil, consent: await consentOf(duo, { channelId, least: 0n, validUntil }, 2) }],
      ['more than we have paid', { least: 1n, validUntil, consent: await sign(1n, validUntil) }],
      ['a year', { least: 0n, validUntil: validUntil + 31_000_000, consent: await sign(0n, validUntil + 31_000_000) }],
      ['the past', { least: 0n, validUntil: validUntil - 1000, consent: await sign(0n, validUntil - 1000) }],
      ['less than nothing', { least: -1n, validUntil, consent: await sign(0n, validUntil) }]
    ]
    for (const [what, message] of wrongs) {
      const said = await mallory.say({ step: 'end', channelId, ...message }).then(() => 'agreed', () => 'refused')
      expect(said, what).to.equal('refused')
    }
    expect(await mallory.tell(await duo.claim(1, channelId, 1n, 3000n))).to.equal('taken')
    await duo.leave(us)
    expect([await duo.won(1), await duo.won(2), us.balance]).to.deep.equal([-3000n, 3000n, -3000n])
  })

  it('keep us from nothing: a peer that asks for the end again and again is closed by challenge all the same', async () => {
    const duo = await start()
    const { first: mallory, second: us } = duo
    expect(await us.pay(5000n)).to.equal('fulfill')
    await eventually('we have paid', () => us.isEven)
    const { channelId } = (await us.channels()).find(({ deposit }) => deposit > 0n)!
    const signed = async (message: object): Promise<unknown> => await mallory.say({ channelId, ...message }).catch(() => undefined)
    for (const step of ['freeze', 'sign', 'end']) await signed({ step, least: 0n, validUntil: await duo.chain.now() + 500, consent: '0x' })
    mallory.answers(() => { throw new Error('no') })
    expect((await us.plugin.channels().close(channelId)).channel.status).to.equal('closed')
    await duo.leave(us)
    const [theirs, ours] = [await duo.won(1), await duo.won(2)]
    expect([theirs + ours, ours], 'the deposit is back').to.deep.equal([0n, -5000n])
  })

  it('are not the only thing that waits: nothing is paid meanwhile, and no other channel gets our money', async () => {
    const duo = await start({ options: { settlementTimeoutSecs: 3600 } })
    const { first: mallory, second: us } = duo
    expect(await us.pay(5000n)).to.equal('fulfill')
    await eventually('we have paid', () => us.isEven)
    const { channelId } = (await us.channels()).find(({ deposit }) => deposit > 0n)!
    await withOurConsent({ duo, mallory, us, channelId })
    expect(await us.pay(6000n)).to.equal('fulfill')
    await neverHappens('another channel is funded', async () => (await us.channels()).filter(({ deposit }) => deposit > 0n).length > 1)
    expect(us.balance, 'the debt waits').to.equal(-6000n)
    await passForBoth(duo.chain, VOID_AFTER_SECS)
    await eventually('it is paid when the end is void', () => us.isEven)
    expect(mallory.balance).to.equal(0n)
    expect((await mallory.channels()).reduce((sum, { theirTransferred }) => sum + theirTransferred, 0n)).to.equal(11_000n)
  })
})
