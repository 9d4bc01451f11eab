/** SettlementMonitor says when a peer is owed too much, and UnifiedSettlementExecutor pays it, once. */
import { expect } from 'chai'
import type * as sluice from '../../../src/index.js'
import {
  SettlementMonitor, UnifiedSettlementExecutor } from '../../../src/index.js'
import type { SettlementRequired } from '../../../src/index.js'
import { TestLogger, World, owed, packet, urlOf } from '../../support/node.js'
import { until } from '../../support/waiting.js'

const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error)

describe('the exported parts', () => {
  const world = new World()
  afterEach(() => world.end())

  describe('SettlementMonitor and UnifiedSettlementExecutor', () => {
    async function indebted (): Promise<sluice.ConnectorNode> {
      const shop = await world.start('shop')
      shop.setPacketHandler(() => ({ accept: true }))
      const agent = await world.start('agent', {
        peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
      })
      await agent.sendPacket(packet('g.shop'))
      return agent
    }

    it('ask for a settlement once when a threshold is passed, and again when it failed', async () => {
      const agent = await indebted()
      const monitor = new SettlementMonitor(agent.accountManager, { defaultThreshold: 5n, perPeerThresholds: new Map([['shop', 999n]]) })
      const required: SettlementRequired[] = []
      monitor.on('SETTLEMENT_REQUIRED', event => required.push(event))
      await monitor.check()
      await monitor.check()
      expect(required).to.have.lengthOf(1)
      expect(required[0]).to.include({ peerId: 'shop', tokenId: 'M2M', currentBalance: 1000n, threshold: 999n, exceedsBy: 1n })
      expect([...monitor.getAllSettlementStates()]).to.deep.equal([['shop:M2M', 'SETTLEMENT_PENDING']])
      monitor.markSettlementInProgress('shop', 'M2M')
      await monitor.check()
      expect([monitor.getSettlementState('shop', 'M2M'), required.length]).to.deep.equal(['SETTLEMENT_IN_PROGRESS', 1])
      monitor.markSettlementFailed('shop', 'M2M')
      monitor.markSettlementInProgress('shop', 'M2M')
      expect(monitor.getSettlementState('shop', 'M2M')).to.equal('IDLE')
      await monitor.check()
      expect(required).to.have.lengthOf(2)
      monitor.markSettlementCompleted('shop', 'M2M')
      expect(monitor.getAllSettlementStates().size).to.equal(0)
      const patient = new SettlementMonitor(agent.accountManager, { defaultThreshold: 1000n })
      patient.on('SETTLEMENT_REQUIRED', () => { throw new Error('not passed') })
      await patient.check()
    })

    it('say that no settlement chain is configured, and change nothing', async () => {
      const agent = await indebted()
      const log = new TestLogger()
      const monitor = new SettlementMonitor(agent.accountManager, { defaultThreshold: 5n, pollingInterval: 3_600_000 }, log)
      const executor = new UnifiedSettlementExecutor({ defaultPreference: 'any' }, agent, monitor, log)
      executor.start()
      monitor.start()
      await until(() => log.has('settlement_deferred'))
      monitor.stop()
      await executor.stop()
      expect(JSON.stringify(log.lines)).to.include("no settlement chain is configured for peer 'shop'")
      expect(monitor.getAllSettlementStates().size).to.equal(0)
      expect(await owed(agent, 'shop')).to.equal(-1000n)
      expect(await failureOf(agent.settle('shop', 1000n))).to.include({ httpErrorCode: 503 })
      expect(await owed(agent, 'shop')).to.equal(-1000n)
    })

    /** What is settled with a peer on `evm:8453` when the configuration is this. */
    async function settledWith (
      config: sluice.UnifiedSettlementConfig, fault?: Error
    ): Promise<{ paid: Array<[string, bigint]>, log: string }> {
      const agent = await indebted()
      const paid: Array<[string, bigint]> = []
      const node = {
        settlementChainOf: () => Promise.resolve('evm:8453'),
        settle: (peerId: string, amount: bigint) => {
          if (fault !== undefined) return Promise.reject(fault)
          paid.push([peerId, amount])
          return Promise.resolve()
        }
      }
      const log = new TestLogger()
      const monitor = new SettlementMonitor(agent.accountManager, { defaultThreshold: 5n }, log)
      const executor = new UnifiedSettlementExecutor(config, node, monitor, log)
      executor.start()
      executor.start()
      await monitor.check()
      await executor.stop()
      expect(monitor.getAllSettlementStates().size).to.equal(config.enabled === false ? 1 : 0)
      await monitor.check() // nobody listens any more
      return { paid, log: JSON.stringify(log.lines) }
    }

    it('settle what is owed where chain and token are right', async () => {
      for (const settlementPreference of ['evm', 'any', 'both'] as const) {
        const peers = new Map([['shop', { peerId: 'shop', settlementPreference, settlementTokens: ['M2M'] }]])
        expect((await settledWith({ peers, defaultPreference: 'solana' })).paid).to.deep.equal([['shop', 1000n]])
      }
    })

    for (const [what, config, words] of [
      ['another chain is preferred', { defaultPreference: 'solana' }, 'should settle on solana, but its account is on evm:8453'],
      ['another token is meant', { peers: new Map([['shop', { peerId: 'shop', settlementTokens: ['USDC'] }]]) }, 'does not settle in M2M'],
      ['it is not enabled', { enabled: false }, '']
    ] as const) {
      it(`settle nothing where ${what}`, async () => {
        const { paid, log } = await settledWith(config)
        expect(paid).to.deep.equal([])
        expect(log).to.include(words)
      })
    }

    it('leave a settlement that fails to the next look', async () => {
      expect((await settledWith({}, new Error('the chain is down'))).log).to.include('the chain is down')
    })
  })
})
