/** Channels that are opened at one moment, by operators, the policy and both peers. One deposit of each goes in, not two. */
import { expect } from 'chai'
import { noRejectionLeft } from '../../support/unhandled.js'
import { onOneChain, type Duo } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

const DEPOSIT = 100_000n

describe('two that open a channel at the same moment', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start } = onOneChain()

  /** How much of each is in channels, and how many channels that is in. */
  async function stakes ({ first, second }: Duo): Promise<[bigint, bigint, number]> {
    const channels = await first.channels()
    const sum = (key: 'deposit' | 'theirDeposit'): bigint => channels.reduce((total, channel) => total + channel[key], 0n)
    await eventually('both know the same', async () => (await second.channels()).length === channels.length)
    return [sum('deposit'), sum('theirDeposit'), channels.filter(({ deposit, theirDeposit }) => deposit + theirDeposit > 0n).length]
  }

  it('by hand and by policy, on one side: one channel, with what the operator wanted', async () => {
    const duo = await start()
    const opening = duo.second.plugin.channels().open({ initialDeposit: DEPOSIT })
    expect(await duo.second.pay(5000n)).to.equal('fulfill')
    await opening
    await duo.even()
    expect(await stakes(duo)).to.deep.equal([0n, DEPOSIT, 1])
    expect(await duo.second.channels(), 'opened and paid for').to.have.lengthOf(1)
  })

  it('by policy first and then by hand', async () => {
    const duo = await start()
    expect(await duo.second.pay(5000n)).to.equal('fulfill')
    const opening = duo.second.plugin.channels().open({ initialDeposit: DEPOSIT }).catch((error: unknown) => error)
    await duo.even()
    await opening // that one, or 409: there is one already
    expect(await stakes(duo)).to.deep.equal([0n, DEPOSIT, 1])
    expect(await duo.second.channels(), 'opened and paid for').to.have.lengthOf(1)
  })

  it('by two requests of operators', async () => {
    const duo = await start()
    const open = (): Promise<unknown> => duo.second.plugin.channels().open({ initialDeposit: DEPOSIT }).catch((error: unknown) => error)
    await Promise.all([open(), open(), open()])
    expect(await stakes(duo)).to.deep.equal([0n, DEPOSIT, 1])
    expect(await duo.second.channels(), 'opened and paid for').to.have.lengthOf(1)
  })

  it('by both peers, who pay each other at the same moment, again and again', async () => {
    const duo = await start()
    expect(await Promise.all(duo.nodes.map(node => node.pay(5000n)))).to.deep.equal(['fulfill', 'fulfill'])
    await duo.even()
    expect(await duo.first.pay(2000n)).to.equal('fulfill')
    await duo.even()
    expect(await duo.second.pay(3000n)).to.equal('fulfill')
    await duo.even()
    const [ours, theirs, channels] = await stakes(duo)
    expect([ours <= DEPOSIT, theirs <= DEPOSIT, channels]).to.deep.equal([true, true, 1])
    await duo.leave(duo.second)
    await eventually('the first is paid, too', async () => await duo.won(1) + await duo.won(2) === 0n)
    expect(duo.first.delivered).to.equal(await duo.won(1))
  })

  it('by both operators', async () => {
    const duo = await start()
    await Promise.all(duo.nodes.map(({ plugin }) => plugin.channels().open({ initialDeposit: DEPOSIT })))
    expect(await stakes(duo)).to.deep.equal([DEPOSIT, DEPOSIT, 1])
  })

  it('with claims for packets, on both sides at the start', async () => {
    const duo = await start({ options: { claims: 'packet', requireClaims: true, initialDeposit: '20000' } })
    for (const node of duo.nodes) await eventually('packets are paid for', async () => await node.pay(1000n) === 'fulfill')
    expect(await stakes(duo)).to.deep.equal([20_000n, 20_000n, 1])
  })

  it('with a peer that says it is about to, and never does: we do not wait for it for ever', async () => {
    const duo = await start()
    const { first: mallory, second: us } = duo
    let asked = 0
    mallory.answers(message => {
      if (message.step !== 'open') return { seen: 10n ** 12n, claims: [], acknowledged: [], unused: 0n }
      asked++
      if (asked === 1) setTimeout(() => { void mallory.plugin.disconnect() }, 300)
      return { stage: 'opening', challengeSecs: 365 * 86_400 }
    })
    expect(await us.pay(5000n)).to.equal('fulfill')
    await eventually('we have opened one', async () => (await us.channels()).some(({ deposit }) => deposit > 0n))
    expect((await us.channels())[0]).to.include({ settlementTimeout: 3600, deposit: DEPOSIT })
  })
})
