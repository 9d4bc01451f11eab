/**
 * `claims: packet`: each packet is paid for before it is delivered, and nobody can make us pay much more ahead than we said: not whoever is
 * behind the peer, whatever its Rejects say, and not a peer that lies, is silent, or answers late.
 */
import { expect } from 'chai'
import { CLAIM_PROTOCOL } from '../../../plugins/lib/channels/messages.js'
import { packetEntry } from '../../../src/contracts/transport.js'
import { fulfilling, reject } from '../../support/packets.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { onOneChain, type Duo } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

const AMOUNT = 1000n
const MAX_PREPAID = 5000n
const OPTIONS = { claims: 'packet', requireClaims: true, initialDeposit: '20000', redeemThreshold: '5000', maxPrepaid: String(MAX_PREPAID) }
const PACKETS = 25

describe('claims that go with packets', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start } = onOneChain()

  /** We are the second, with a channel that we can pay through. The peer pays nothing back. */
  async function ready (): Promise<Duo> {
    const balance = { maximum: '1000000' }
    const duo = await start({ options: OPTIONS }, { balance }, { balance: { ...balance, settleThreshold: '-5000', settleTo: '0' } })
    await eventually('we can pay', async () => (await duo.second.channels()).some(({ spendable }) => spendable > AMOUNT))
    return duo
  }

  /** Token units that our claims say in all. */
  async function signed ({ second }: Duo): Promise<bigint> {
    return (await second.channels()).reduce((sum, { transferred }) => sum + transferred, 0n)
  }

  async function send (duo: Duo, times = PACKETS): Promise<string[]> {
    const codes: string[] = []
    for (let i = 0; i < times; i++) codes.push(await duo.second.pay(AMOUNT))
    return codes
  }

  const refusals = [
    ['F06', 'Claim amount does not cover packet'], ['F06', 'Nonce not monotonically increasing'], ['F06', 'Claim exceeds channel deposit'],
    ['F06', 'Signature verification failed'], ['F06', 'Unknown channel: it does not exist'], ['T00', 'Payment channel is being closed'],
    ['T00', 'the claim cannot be checked or kept now'], ['F99', 'no'], ['T04', 'used up']
  ] as const
  it('are not made again for a receiver that says what a peer would say of a claim', async () => {
    const duo = await ready()
    for (const [code, message] of refusals) {
      duo.first.local.answer = () => Promise.resolve(reject(code, message, 'test.n0.local'))
      expect(new Set(await send(duo, 3)), message).to.deep.equal(new Set([code]))
    }
    expect(await signed(duo), 'one packet, used by all of them').to.equal(AMOUNT)
    duo.first.local.answer = fulfilling
    expect(await send(duo, 1)).to.deep.equal(['fulfill'])
    expect([await signed(duo), duo.first.delivered]).to.deep.equal([AMOUNT, AMOUNT])
    expect([duo.second.book()!.prepaid, (await duo.second.plugin.channels().states()).prepaid]).to.deep.equal([0n, 0n])
  })

  it('are bounded where the peer itself refuses each of them and says that it has used all', async () => {
    const duo = await ready()
    const { first: mallory } = duo
    mallory.local.answer = () => Promise.resolve(reject('F06', 'Claim amount does not cover packet', 'test.n0.local'))
    const refuseClaim = { protocolName: 'payment-channel', contentType: 2, data: Buffer.from(JSON.stringify({ claim: 'behind' })) }
    mallory.plugin.transport.setGate(async (entries, next) => {
      const answer = await next(entries.filter(({ protocolName }) => protocolName !== CLAIM_PROTOCOL))
      return [...Buffer.isBuffer(answer) ? [packetEntry(answer)] : answer, refuseClaim]
    })
    const nothing = { unused: 0n, claims: [], acknowledged: [] }
    mallory.answers(({ step }) => step === 'claims' ? nothing : { seen: 10n ** 9n, stage: 'none' })
    const codes = await send(duo)
    expect(codes.at(-1)).to.equal('T04')
    await expectBounded(duo)
  })

  it('are bounded where the peer keeps the packets and never answers', async () => {
    const duo = await ready()
    let taken = 0
    duo.first.local.answer = () => {
      taken++
      return new Promise(() => undefined)
    }
    const paying = Array.from({ length: PACKETS }, () => duo.second.pay(AMOUNT))
    await eventually('all went out or were refused', async () => taken > 0 && await signed(duo) >= AMOUNT)
    await duo.first.plugin.disconnect()
    const codes = await Promise.all(paying)
    expect(codes).not.to.include('fulfill')
    await duo.first.plugin.connect()
    await duo.connected()
    for (let i = 0; i < PACKETS; i++) await Promise.race([duo.second.pay(AMOUNT), new Promise(resolve => { setTimeout(resolve, 20) })])
    await duo.first.plugin.disconnect()
    await expectBounded(duo, BigInt(PACKETS) * AMOUNT)
  })

  /** @param underWay at the same time */
  async function expectBounded (duo: Duo, underWay = AMOUNT): Promise<void> {
    const prepaid = duo.second.book()!.prepaid
    expect(await signed(duo), 'what the peer has won').to.satisfy((amount: bigint) => amount <= MAX_PREPAID + underWay)
    expect(prepaid, 'it is in our books').to.equal(await signed(duo))
    expect(duo.second.balance).to.equal(0n)
    const deposits = (await duo.second.channels()).reduce((sum, { deposit }) => sum + deposit, 0n)
    expect(-await duo.won(2), 'what left our wallet').to.satisfy((amount: bigint) => amount <= deposits && deposits <= 60_000n)
  }

  it('settle in the end what they paid ahead: it is used by packets, and after a restart, too', async () => {
    const duo = await ready()
    duo.first.local.answer = () => Promise.resolve(reject('F99'))
    await send(duo, 2)
    expect(duo.second.book()!.prepaid).to.equal(AMOUNT)
    await duo.restart(1)
    expect(duo.second.book()!.prepaid).to.equal(AMOUNT)
    duo.first.local.answer = fulfilling
    await eventually('packets go on', async () => await duo.second.pay(AMOUNT) === 'fulfill')
    const delivered = duo.first.delivered
    expect(await signed(duo)).to.equal(delivered)
    expect([duo.second.book()!.prepaid, duo.second.balance, duo.first.balance]).to.deep.equal([0n, 0n, 0n])
    await duo.leave(duo.first)
    expect([await duo.won(1), await duo.won(2)]).to.deep.equal([delivered, -delivered])
  })
})
