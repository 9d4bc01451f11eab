/** Connectors that settle with each other on a real chain: ledgers, claims, channels and parties agree to the unit. */
import { expect } from 'chai'
import type { ChannelDetails, ChannelOperations } from '../../../src/contracts/channels.js'
import { Accounts } from '../../../src/accounts/accounts.js'
import { withoutLog } from '../../support/log.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { startChain, type Chain } from '../../../examples/evm-chain.js'
import { Line, type LineOptions } from '../../support/evm/connectors.js'
import { eventually } from '../../support/waiting.js'

type Side = 'left' | 'right'

describe('connectors that settle over payment channels', function () {
  this.timeout(60_000)
  withoutLog()
  noRejectionLeft()
  let chain: Chain
  let line: Line | undefined
  before(async () => { chain = await startChain() })
  after(() => chain.stop())
  afterEach(async () => {
    await line?.stop()
    line = undefined
  })

  async function start (options: LineOptions): Promise<Line> {
    return line = await new Line(chain, options).start()
  }

  function channelsOf (index: number, side: Side): ChannelOperations {
    return line!.nodes[index]!.plugin(side).channels!()
  }

  async function detailsOf (index: number, side: Side): Promise<ChannelDetails[]> {
    return await channelsOf(index, side).list() as ChannelDetails[]
  }

  /** Closes all channels, from the lower end. */
  async function closeAll (): Promise<void> {
    for (let i = 0; i + 1 < line!.nodes.length; i++) {
      for (const { channelId, status } of await detailsOf(i, 'right')) if (status === 'open') await channelsOf(i, 'right').close!(channelId)
    }
  }

  /** No more settlement is due anywhere, and neighbours' books mirror each other. */
  async function settled (): Promise<void> {
    await eventually('neighbours agree', () => line!.nodes.slice(1).every((node, i) =>
      node.balance('left') + line!.nodes[i]!.balance('right') === 0n && node.balance('left') < 1000n && node.balance('left') > -1000n))
  }

  it('settle at thresholds, many times, and the chain pays out what the parties paid', async () => {
    const { nodes } = await start({ count: 3 })
    let paid = 0n
    for (let round = 0; round < 10; round++) {
      expect(await line!.pay(0, 2, Array.from({ length: 50 }, () => 30n))).to.equal(50)
      paid += 1500n
      await settled()
    }
    await settled()
    expect([nodes[0]!.balance('local'), nodes[2]!.balance('local')]).to.deep.equal([paid, -paid])
    const open = [nodes[0]!.balance('right'), nodes[1]!.balance('right')]
    const [first] = await detailsOf(0, 'right')
    expect(first!.nonce > 3n, 'several settlements').to.equal(true)
    expect(first!.transferred).to.equal(paid + open[0]!)
    await closeAll()
    expect([await line!.won(0), await line!.won(1), await line!.won(2)]).to.deep.equal([
      -(paid + open[0]!), paid + open[0]! - (paid + open[1]!), paid + open[1]!
    ])
  }).timeout(180_000)

  it('settle 100 payments of 10 one way and 50 of 5 back as net 750 in one transaction', async () => {
    await start({ count: 2, balance: { maximum: '1000000' } })
    expect(await line!.pay(0, 1, Array.from({ length: 100 }, () => 10n))).to.equal(100)
    expect(await line!.pay(1, 0, Array.from({ length: 50 }, () => 5n))).to.equal(50)
    const [one] = line!.nodes
    expect(one!.balance('right')).to.equal(-750n)
    await one!.plugin('right').sendMoney('750', { id: 'the net' })
    const [{ channelId }] = await detailsOf(1, 'left') as [ChannelDetails]
    const { txId } = await channelsOf(1, 'left').redeem!(channelId)
    const receipt = await chain.provider.getTransactionReceipt(txId)
    expect(receipt!.status).to.equal(1)
    expect(await line!.won(1)).to.equal(750n)
  })

  it('pay for every packet with a claim, both ways at once, and close with the net', async () => {
    const balance = { maximum: '100', settleThreshold: '-500', settleTo: '0' }
    await start({ count: 2, options: { claims: 'packet', requireClaims: true }, balance })
    for (const [index, side] of [[0, 'right'], [1, 'left']] as const) {
      await eventually('both can pay', async () => (await detailsOf(index, side)).some(({ spendable }) => spendable > 0n))
    }
    const results = await Promise.all([line!.pay(0, 1, Array(100).fill(10n)), line!.pay(1, 0, Array(50).fill(5n))])
    expect(results).to.deep.equal([100, 50])
    await eventually('neighbours agree, with what is prepaid', async () => {
      const [one, other] = [await channelsOf(0, 'right').states!(), await channelsOf(1, 'left').states!()]
      return line!.nodes[0]!.balance('right') + line!.nodes[1]!.balance('left') + one.prepaid + other.prepaid === 0n
    })
    await closeAll()
    expect((await line!.won(0)) + (await line!.won(1))).to.equal(0n)
    expect((await line!.won(1)) >= 750n, 'the net, and what settlements paid back').to.equal(true)
  })

  it('go on after being cut off in the middle of settlements: nothing is paid twice, nothing is lost', async () => {
    const { nodes } = await start({ count: 3 })
    let paid = 0n
    for (let round = 0; round < 6; round++) {
      expect(await line!.pay(0, 2, Array.from({ length: 50 }, () => 30n))).to.equal(50)
      paid += 1500n
      await line!.restart(round % 3)
      await eventually('all are connected', () => nodes.every(({ container }) => ['left', 'right'].every(side =>
        !container(Accounts).exists(side) || container(Accounts).isConnected(side))))
    }
    await settled()
    for (const side of [0, 1]) {
      const [ours] = await detailsOf(side, 'right')
      const [theirs] = await detailsOf(side + 1, 'left')
      expect(theirs!.theirTransferred).to.equal(ours!.transferred)
      expect(ours!.transferred).to.equal(paid + nodes[side]!.balance('right'))
    }
  })

  it('take and make claims on known channels when they start without the chain', async () => {
    await start({ count: 2, options: { claims: 'packet', requireClaims: true }, balance: { maximum: '100' } })
    await eventually('one can pay', async () => (await detailsOf(0, 'right')).some(({ spendable }) => spendable > 0n))
    expect(await line!.pay(0, 1, [10n])).to.equal(1)
    for (const index of [0, 1]) await line!.restart(index, 'http://127.0.0.1:9')
    await eventually('they are connected', () => line!.nodes[0]!.plugin('right').isConnected())
    await eventually('a packet is paid', async () => await line!.pay(0, 1, [10n]) === 1) // the peer may have to look at the channel first
    expect(await line!.pay(0, 1, [10n])).to.equal(1)
    expect((await detailsOf(1, 'left')).reduce((sum, { theirTransferred }) => sum + theirTransferred, 0n)).to.equal(30n)
    expect(await channelsOf(1, 'left').states!()).to.include({ reachable: false })
  })

  it('convert between an account of 6 digits and a token of 18', async () => {
    await start({ count: 2, assetScale: 6, decimals: 15 })
    expect(await line!.pay(0, 1, Array.from({ length: 10 }, () => 7n))).to.equal(10)
    await line!.nodes[0]!.plugin('right').sendMoney('70', { id: 'one' })
    const [{ channelId, theirTransferred }] = await detailsOf(1, 'left') as [ChannelDetails]
    expect(theirTransferred).to.equal(70n * 10n ** 9n)
    await channelsOf(1, 'left').redeem!(channelId)
    expect(await line!.won(1)).to.equal(70n * 10n ** 9n)
  })
})
