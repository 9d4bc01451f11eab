/** What happens beside packets is told, in measure: peers, routes, balances, settlements, channels and claims. */
import { expect } from 'chai'
import type sinon from 'sinon'
import type { ChannelDetails, ChannelOperations, ClaimCounts } from '../../src/contracts/channels.js'
import { LOOKS_PER_SECOND } from '../../src/explorer/channel-notices.js'
import { NOTICES_PER_SECOND } from '../../src/explorer/feed.js'
import { RoutingService } from '../../src/routing/service.js'
import { endClock, runClock, stoppedClock } from '../support/clock.js'
import { account, type Options } from '../support/connector.js'
import { makeExplored, type ExploredConnector } from '../support/explorer.js'
import { withoutLog } from '../support/log.js'
import { prepare } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import type { AccountInfo } from '../../src/contracts/account.js'

const NOW = Date.parse('2026-01-31T12:00:00Z')
const USD = { assetCode: 'USD', assetScale: 9 }

describe('notices of the explorer', () => {
  withoutLog()
  let clock: sinon.SinonFakeTimers
  let alice: TestPlugin
  let bob: TestPlugin
  let running: ExploredConnector[]

  beforeEach(() => {
    clock = stoppedClock(NOW)
    alice = new TestPlugin()
    bob = new TestPlugin()
    running = []
  })

  afterEach(async () => {
    for (const { app, feed } of running) {
      await runClock(clock, app.shutdown())
      feed.stop()
    }
    endClock(clock)
  })

  async function start (accounts: Record<string, AccountInfo>, options?: Options): Promise<ExploredConnector> {
    const connector = makeExplored(accounts, options)
    await runClock(clock, connector.app.listen())
    running.push(connector)
    return connector
  }

  /** Lets a second pass, and what is looked at then be looked at. */
  async function second (): Promise<void> {
    await clock.tickAsync(1000)
    await new Promise(setImmediate)
  }

  it('say when peers come and go, each once', async () => {
    const { app, events, of } = await start({ alice: account(alice) })
    expect(of('PEER_CONNECTED').map(({ peerId }) => peerId)).to.deep.equal(['alice'])
    alice.emit('connect')
    await alice.disconnect()
    alice.emit('disconnect')
    await alice.connect()
    events.splice(0)
    await runClock(clock, app.addPlugin('bob', account(bob)))
    await runClock(clock, app.removePlugin('bob'))
    const peers = events.filter(({ type }) => type.startsWith('PEER_'))
    expect(peers.map(event => 'peerId' in event && `${event.type} ${event.peerId}`)).to.deep.equal([
      'PEER_ADDED bob', 'PEER_CONNECTED bob', 'PEER_DISCONNECTED bob', 'PEER_REMOVED bob'
    ])
    expect(of('PEER_CONNECTED')).to.have.length(1)
  })

  it('say how the node is', async () => {
    const { app, feed, of } = await start({ alice: account(alice) })
    running.pop()
    await runClock(clock, app.shutdown())
    feed.stop()
    expect(of('NODE_STATUS').map(({ status }) => status)).to.deep.equal(['healthy', 'stopping'])
  })

  it('say which routes lead elsewhere from now on, and why', async () => {
    const { container, events } = await start({ alice: account(alice), bob: account(bob) })
    const routing = container(RoutingService)
    events.splice(0)
    routing.addRoute({ targetPrefix: 'test.shop', peerId: 'alice' })
    routing.addRoute({ targetPrefix: 'test.shop', peerId: 'bob', priority: 5 })
    routing.addRoute({ targetPrefix: 'test.shop', peerId: 'bob', priority: 5 })
    routing.removeRoute({ targetPrefix: 'test.shop' })
    const common = { nodeId: 'node', prefix: 'test.shop', timestamp: NOW }
    expect(events).to.deep.equal([
      { type: 'ROUTE_ADDED', ...common, nextHop: 'alice', reason: 'the only candidate' },
      { type: 'ROUTE_ADDED', ...common, nextHop: 'bob', reason: 'higher priority' },
      { type: 'ROUTE_REMOVED', ...common }
    ])
  })

  it('are not flooded by routes', async () => {
    const { container, of } = await start({ alice: account(alice) })
    const routing = container(RoutingService)
    await second()
    const before = of('ROUTE_ADDED').length
    for (let i = 0; i < 10_000; i++) routing.addRoute({ targetPrefix: `test.flood.${i}`, peerId: 'alice' })
    await second()
    expect(of('ROUTE_ADDED').length - before).to.equal(NOTICES_PER_SECOND)
    expect(of('NOTICES_LEFT_OUT').map(({ of, count }) => [of, count])).to.deep.equal([['ROUTE_ADDED', 10_000 - NOTICES_PER_SECOND]])
  })

  it('say what balances are, once a second and only if they have changed', async () => {
    const balance = { maximum: '1000', settleThreshold: '-500' }
    const { events, of } = await start({ alice: account(alice, { balance }), bob: account(bob, { balance: { maximum: '0' } }) })
    for (let i = 0; i < 5; i++) await alice.receive(prepare({ amount: 100 }))
    expect(of('ACCOUNT_BALANCE')).to.deep.equal([])
    await second()
    expect(of('ACCOUNT_BALANCE').find(({ peerId }) => peerId === 'alice')).to.deep.equal({
      type: 'ACCOUNT_BALANCE', nodeId: 'node', peerId: 'alice', tokenId: 'USD', ...USD, timestamp: new Date(clock.now).toISOString(),
      debitBalance: '500', creditBalance: '0', netBalance: '-500', creditLimit: '1000', settlementThreshold: '-500', settlementState: 'IDLE'
    })
    expect(of('ACCOUNT_BALANCE').find(({ peerId }) => peerId === 'bob')).to.include({ debitBalance: '0', creditBalance: '500', netBalance: '500' })
    events.splice(0)
    await alice.receive(prepare({ amount: 100, destination: 'test.nobody' }))
    await second()
    expect(of('ACCOUNT_BALANCE'), 'a rejected packet changes nothing').to.deep.equal([])
    await alice.receiveMoney('50')
    await second()
    expect(of('ACCOUNT_BALANCE').map(({ debitBalance }) => debitBalance)).to.deep.equal(['450'])
  })

  it('say when a settlement begins, and what came of it', async () => {
    const { of } = await start({ alice: account(alice, { balance: { maximum: '1000' } }), bob: account(bob, { balance: { maximum: '0', settleThreshold: '-150' } }) })
    for (let i = 0; i < 2; i++) await alice.receive(prepare({ amount: 100 }))
    await second()
    const common = { nodeId: 'node', peerId: 'bob', tokenId: 'USD', ...USD, timestamp: new Date(NOW).toISOString() }
    expect(of('SETTLEMENT_TRIGGERED')).to.deep.equal([
      { type: 'SETTLEMENT_TRIGGERED', ...common, currentBalance: '-200', threshold: '-150', exceedsBy: '50', triggerReason: 'threshold' }
    ])
    const [{ settlementId, ...settled } = expect.fail()] = of('SETTLEMENT_COMPLETED')
    expect(settlementId).to.be.a('string')
    expect(settled).to.deep.equal({
      type: 'SETTLEMENT_COMPLETED',
      ...common,
      direction: 'sent',
      previousBalance: '-200',
      newBalance: '0',
      settledAmount: '200',
      settlementType: 'TestPlugin',
      success: true
    })
    await bob.receiveMoney('7')
    expect(of('SETTLEMENT_COMPLETED').at(-1)).to.include({
      peerId: 'bob', direction: 'received', previousBalance: '0', newBalance: '-7', settledAmount: '7', success: true
    })
  })

  it('say of a settlement that fails why, and keep its secrets', async () => {
    bob.sendMoney = () => Promise.reject(new Error('refused for hunter2hunter2'))
    const { of } = await start({
      alice: account(alice, { balance: { maximum: '1000' } }),
      bob: account(bob, { balance: { maximum: '0', settleThreshold: '-50' }, options: { secret: 'hunter2hunter2' } })
    })
    await alice.receive(prepare({ amount: 100 }))
    await new Promise(setImmediate)
    const [failed] = of('SETTLEMENT_COMPLETED')
    expect(failed).to.include({ success: false, peerId: 'bob', previousBalance: '-100', newBalance: '-100' })
    expect(failed?.errorMessage).to.include('refused for').and.not.include('hunter2')
  })

  it('say of accounts without books what money came and went', async () => {
    const { of } = await start({ alice: account(alice) })
    await alice.receiveMoney('7')
    expect(of('SETTLEMENT_COMPLETED')[0]).to.include({ peerId: 'alice', direction: 'received', settledAmount: '7', success: true })
  })

  describe('of payment channels', () => {
    const [US, THEM] = ['0xus', '0xthem']

    /** Channels that a test moves by hand. */
    class Channels {
      readonly claimCounts: ClaimCounts = { sent: 0, received: 0, redeemed: 0, failed: 0 }
      sums = { sent: 0n, received: 0n }
      all: ChannelDetails[] = []
      looks = 0

      operations (): ChannelOperations {
        return {
          claimCounts: this.claimCounts,
          claimSummary: () => Promise.resolve({ tokenScale: 6, ...this.sums, recent: [] }),
          open: () => Promise.reject(new Error('nobody opens')),
          list: () => {
            this.looks++
            return Promise.resolve(this.all)
          }
        }
      }
    }

    function channel (more: Partial<ChannelDetails> = {}): ChannelDetails {
      return {
        channelId: '0xc', chain: 'evm:8453', status: 'open', tokenId: 'USDC', createdAt: new Date(NOW), lastActivityAt: new Date(NOW),
        participants: [US, THEM], deposit: 1000n, theirDeposit: 500n, spendable: 1000n,
        transferred: 0n, nonce: 0n, theirTransferred: 0n, theirNonce: 0n, redeemed: 0n, settlementTimeout: 86_400, ...more
      }
    }

    function settling (channels: Channels): TestPlugin {
      return Object.assign(new TestPlugin(), { channels: () => channels.operations() })
    }

    it('tell of a channel from its opening to its end', async () => {
      const channels = new Channels()
      const { events } = await start({ alice: account(settling(channels)) })
      await second()
      events.splice(0)
      const moments: ChannelDetails[] = [
        channel(),
        channel({ transferred: 100n, nonce: 4n }),
        channel({ transferred: 100n, nonce: 4n, theirTransferred: 30n, theirNonce: 1n, redeemed: 30n }),
        channel({ status: 'closed', transferred: 100n, theirTransferred: 30n, redeemed: 30n }),
        channel({ status: 'settled', transferred: 100n, theirTransferred: 30n, redeemed: 30n })
      ]
      for (const moment of moments) {
        channels.all = [moment]
        await second()
      }
      const common = { peerId: 'alice', channelId: '0xc' }
      expect(events.map(({ nodeId: _node, timestamp: _time, ...event }) => event)).to.deep.equal([
        {
          type: 'PAYMENT_CHANNEL_OPENED', ...common, chain: 'evm:8453', participants: [US, THEM], tokenSymbol: 'USDC', settlementTimeout: 86_400,
          initialDeposits: { [US]: '1000', [THEM]: '500' }
        },
        update({ myNonce: '4', myTransferred: '100' }),
        { type: 'CLAIM_REDEEMED', ...common, blockchain: 'evm:8453', amount: '30', success: true },
        update({ myNonce: '4', myTransferred: '100', theirNonce: '1', theirTransferred: '30' }),
        update({ status: 'closed', myTransferred: '100', theirTransferred: '30' }),
        {
          type: 'PAYMENT_CHANNEL_SETTLED', ...common, chain: 'evm:8453', finalBalances: { [US]: '930', [THEM]: '570' }, settlementType: 'unilateral'
        }
      ])

      function update (more: object): object {
        const zero = { myNonce: '0', theirNonce: '0', myTransferred: '0', theirTransferred: '0' }
        return { type: 'PAYMENT_CHANNEL_BALANCE_UPDATE', ...common, chain: 'evm:8453', status: 'open', ...zero, ...more }
      }
    })

    it('tell of claims in sums, however many there are', async () => {
      const channels = new Channels()
      channels.all = [channel()]
      const { events, of } = await start({ alice: account(settling(channels)) })
      await second()
      expect(of('PAYMENT_CHANNEL_OPENED'), 'what was there before is not new').to.deep.equal([])
      Object.assign(channels.claimCounts, { sent: 5000, received: 7000, failed: 2 })
      channels.sums = { sent: 50_000n, received: 70_000n }
      events.splice(0)
      await second()
      expect(of('CLAIM_SENT').map(({ count, amount }) => [count, amount])).to.deep.equal([[5000, '50000']])
      expect(of('CLAIM_RECEIVED').map(({ count, amount, verified }) => [count, amount, verified])).to.deep.equal([[7000, '70000', true], [2, '0', false]])
      events.splice(0)
      await second()
      expect(events, 'nothing more has happened').to.deep.equal([])
    })

    it('look at many accounts in turn', async () => {
      const all = Array.from({ length: 3 * LOOKS_PER_SECOND }, () => new Channels())
      await start(Object.fromEntries(all.map((channels, i) => [`peer${i}`, account(settling(channels))])), { routes: [] })
      for (let i = 0; i < 4; i++) {
        const before = all.reduce((sum, { looks }) => sum + looks, 0)
        await second()
        expect(all.reduce((sum, { looks }) => sum + looks, 0) - before).to.be.at.most(LOOKS_PER_SECOND)
      }
      expect(all.filter(({ looks }) => looks > 0)).to.have.length(all.length)
    })

    it('go on when a plugin cannot say', async () => {
      const channels = new Channels()
      const plugin = Object.assign(new TestPlugin(), {
        channels: () => ({ ...channels.operations(), list: () => Promise.reject(new Error('the chain is away')) })
      })
      const other = new Channels()
      const { of } = await start({ alice: account(plugin), bob: account(settling(other)) })
      await second()
      other.all = [channel()]
      await second()
      expect(of('PAYMENT_CHANNEL_OPENED').map(({ peerId }) => peerId)).to.deep.equal(['bob'])
    })
  })
})
