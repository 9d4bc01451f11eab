/** What the connector counts: exactly, under bounded labels, and under the names that dashboards for ilp-connector know. */
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import { Counter, register as globalRegistry } from 'prom-client'
import { MAX_ACCOUNTS, MAX_CODES, MAX_RESULTS } from '../../src/metrics/account-metrics.js'
import { AccountStats } from '../../src/metrics/stats.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import type { AccountRef } from '../../src/contracts/stats.js'

interface ReferenceMetric { increment (...args: unknown[]): void, setValue (...args: unknown[]): void }
type ReferenceStats = Record<string, ReferenceMetric> & { getStatus (): unknown[], getRegistry (): { metrics (): string } }
const { default: ReferenceStatsClass } =
  createRequire(import.meta.url)('ilp-connector/dist/services/stats') as { default: new () => ReferenceStats }

const info = (assetCode = 'USD', assetScale = 4): AccountInfo => ({ relation: 'peer', plugin: 'ilp-plugin-btp', assetCode, assetScale })
const alice: AccountRef = { accountId: 'alice', accountInfo: info() }
const bob: AccountRef = { accountId: 'bob', accountInfo: info('EUR', 9) }

/** The values of one metric as /stats shows them. */
function valuesOf (stats: AccountStats, name: string): Array<{ value: number, labels: object }> {
  const metric = stats.getStatus().find(metric => metric.name === name)
  return metric!.values.map(({ value, labels }) => ({ value, labels }))
}

function sampleLines (text: string): string[] {
  return text.split('\n').filter(line => line !== '').sort()
}

describe('account statistics', () => {
  let stats: AccountStats
  beforeEach(() => { stats = new AccountStats() })

  it('have the names, types, help texts and labels of ilp-connector, whatever happens', () => {
    const counters = ['incomingDataPackets', 'incomingDataPacketValue', 'outgoingDataPackets', 'outgoingDataPacketValue'] as const
    const event = fc.oneof(
      fc.record({
        metric: fc.constantFrom(...counters),
        account: fc.constantFrom(alice, bob),
        labels: fc.constantFrom({ result: 'fulfilled' }, { result: 'failed' }, { result: 'rejected', code: 'T04' }, { result: 'rejected', code: 'F99' }),
        value: fc.option(fc.nat(), { nil: undefined })
      }),
      fc.record({
        metric: fc.constantFrom('rateLimitedPackets', 'rateLimitedMoney'),
        account: fc.constantFrom(alice, bob),
        labels: fc.constant({}),
        value: fc.constant(undefined)
      }),
      fc.record({
        metric: fc.constantFrom('incomingMoney', 'outgoingMoney'),
        account: fc.constantFrom(alice, bob),
        labels: fc.constantFrom({ result: 'succeeded' }, { result: 'failed' }),
        value: fc.nat()
      }),
      fc.record({ metric: fc.constant('balance' as const), account: fc.constantFrom(alice, bob), labels: fc.constant({}), value: fc.integer() })
    )
    return fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 30 }), async events => {
      const ours = new AccountStats()
      const reference = new ReferenceStatsClass()
      for (const { metric, account, labels, value } of events) {
        if (metric === 'balance' || metric === 'incomingMoney' || metric === 'outgoingMoney') {
          ours[metric].setValue(account, labels, value)
          reference[metric]!.setValue(account, { ...labels }, value)
        } else {
          ours[metric as 'incomingDataPackets'].increment(account, labels, value)
          reference[metric]!.increment(account, { ...labels }, value)
        }
      }
      // The reference lists series by first use, we by account; the order of series means nothing.
      const sorted = (status: unknown[]): unknown[] => (status as Array<{ values: unknown[] }>).map(metric => ({
        ...metric,
        values: [...metric.values].sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
      }))
      expect(sorted(ours.getStatus())).to.deep.equal(sorted(reference.getStatus()))
      const lines = sampleLines(await ours.getRegistry().metrics()).filter(line => !line.includes('ilp_connector_rejects')) // which is ours alone
      expect(lines).to.deep.equal(sampleLines(reference.getRegistry().metrics()))
    }), { numRuns: 50 })
  })

  it('list the nine metrics in the order of ilp-connector, also before anything happened', () => {
    expect(stats.getStatus()).to.deep.equal(new ReferenceStatsClass().getStatus())
  })

  it('sum money exactly, far above 2^53', () => {
    const start = 2n ** 64n
    stats.incomingDataPacketValue.increment(alice, { result: 'fulfilled' }, start)
    // One by one these would all be lost in a sum of floating-point numbers.
    for (let i = 0; i < 8192; i++) stats.incomingDataPacketValue.increment(alice, { result: 'fulfilled' }, 1n)
    expect(valuesOf(stats, 'ilp_connector_incoming_ilp_packet_value')[0]?.value).to.equal(Number(start + 8192n))
    expect(Number(start + 8192n)).not.to.equal(Number(start))
  })

  it('take numbers and bigints, gauges keep the last', () => {
    stats.outgoingDataPackets.increment(alice, { result: 'failed' })
    stats.outgoingDataPackets.increment(alice, { result: 'failed' }, 2n)
    stats.outgoingDataPackets.increment(alice, { result: 'failed' }, 0.5)
    expect(valuesOf(stats, 'ilp_connector_outgoing_ilp_packets')[0]?.value).to.equal(3.5)
    stats.balance.setValue(alice, {}, -5n)
    stats.balance.setValue(alice, {}, 7)
    stats.balance.setValue(alice, {}, -(2n ** 70n))
    expect(valuesOf(stats, 'ilp_connector_balance')).to.deep.equal([
      { value: -(2 ** 70), labels: { account: 'alice', asset: 'USD', scale: 4 } }
    ])
    stats.balance.setValue(alice, {}, 8)
    expect(valuesOf(stats, 'ilp_connector_balance')[0]?.value).to.equal(8)
  })

  it('refuse values that would break the sum or the next scrape, naming metric, account and value', () => {
    for (const value of [-1, -1n, NaN, Infinity, '5', null]) {
      expect(() => stats.incomingDataPackets.increment(alice, { result: 'fulfilled' }, value as number))
        .to.throw(RangeError, `metric=ilp_connector_incoming_ilp_packets account=alice value=${String(value)}`)
    }
    for (const value of [NaN, Infinity, '5', undefined]) {
      expect(() => stats.balance.setValue(alice, {}, value as number)).to.throw(RangeError, 'metric=ilp_connector_balance account=alice')
    }
    expect(valuesOf(stats, 'ilp_connector_incoming_ilp_packets')).to.deep.equal([])
  })

  it('count malformed codes as `other`', () => {
    for (const code of ['F00', 'T99', 'f00', 'F0', 'F000', '', 'F00\n', '__proto__', 'Z"\n}']) {
      stats.outgoingDataPackets.increment(alice, { result: 'rejected', code })
    }
    expect(valuesOf(stats, 'ilp_connector_outgoing_ilp_packets').map(({ value, labels }) => ({ ...labels, value }))).to.deep.equal([
      { result: 'rejected', code: 'F00', account: 'alice', asset: 'USD', scale: 4, value: 1 },
      { result: 'rejected', code: 'T99', account: 'alice', asset: 'USD', scale: 4, value: 1 },
      { result: 'rejected', code: 'other', account: 'alice', asset: 'USD', scale: 4, value: 7 }
    ])
  })

  it('stay bounded when a peer invents codes, and count every one', async () => {
    const codes = Array.from({ length: 2600 }, (_, i) => String.fromCharCode(65 + Math.floor(i / 100)) + String(i % 100).padStart(2, '0'))
    for (const code of codes) stats.outgoingDataPackets.increment(alice, { result: 'rejected', code })
    for (const code of codes) stats.outgoingDataPackets.increment(alice, { result: 'rejected', code })
    // Another account still gets its own codes.
    stats.outgoingDataPackets.increment(bob, { result: 'rejected', code: 'Z99' })
    const values = valuesOf(stats, 'ilp_connector_outgoing_ilp_packets')
    expect(values.length).to.equal(MAX_CODES + 1 + 1)
    expect(values.reduce((sum, { value }) => sum + value, 0)).to.equal(2 * 2600 + 1)
    expect(values.map(({ labels }) => (labels as { code: string }).code)).to.include.members(['A00', 'other', 'Z99'])
    expect((await stats.scrape()).match(/^ilp_connector_outgoing_ilp_packets\{/mg)?.length).to.equal(MAX_CODES + 2)
  })

  it('stay bounded when a middleware invents results', () => {
    for (let i = 0; i < 1000; i++) stats.incomingMoney.setValue(alice, { result: `result ${i}` }, i)
    expect(valuesOf(stats, 'ilp_connector_incoming_money').length).to.equal(MAX_RESULTS + 1)
  })

  it('stay bounded in accounts, and go on measuring those they know', () => {
    for (let i = 0; i <= MAX_ACCOUNTS; i++) stats.rateLimitedMoney.increment({ accountId: `account ${i}`, accountInfo: alice.accountInfo }, {})
    stats.rateLimitedMoney.increment({ accountId: 'account 0', accountInfo: alice.accountInfo }, {})
    const values = valuesOf(stats, 'ilp_connector_rate_limited_money')
    expect(values.length).to.equal(MAX_ACCOUNTS)
    expect(values[0]?.value).to.equal(2)
  })

  it('drop labels that a metric does not have, which would break the next scrape', async () => {
    stats.balance.setValue(alice, { result: 'fulfilled', colour: 'red' }, 1)
    stats.incomingMoney.setValue(alice, { result: 'succeeded', code: 'F00' }, 1)
    expect(await stats.scrape()).to.contain('ilp_connector_balance{account="alice",asset="USD",scale="4"} 1\n')
      .and.to.contain('ilp_connector_incoming_money{result="succeeded",account="alice",asset="USD",scale="4"} 1\n')
  })

  it('forget a removed account, and only that one', async () => {
    for (const account of [alice, bob]) {
      stats.incomingDataPackets.increment(account, { result: 'fulfilled' })
      stats.outgoingDataPackets.increment(account, { result: 'rejected', code: 'F02' })
      stats.rateLimitedPackets.increment(account, {})
      stats.incomingMoney.setValue(account, { result: 'succeeded' }, 3)
      stats.balance.setValue(account, {}, 3)
    }
    await stats.scrape()
    stats.removeAccount('alice')
    for (const text of [JSON.stringify(stats.getStatus()), await stats.scrape()]) {
      expect(text).to.contain('bob')
      expect(text).to.not.contain('alice')
    }
  })

  it('are not there again because of an answer that comes after that, but are when the account comes back', () => {
    const count = (): void => stats.incomingDataPackets.increment(alice, { result: 'fulfilled' })
    count()
    stats.removeAccount('alice')
    count()
    expect(valuesOf(stats, 'ilp_connector_incoming_ilp_packets')).to.deep.equal([])
    stats.admitAccount('alice')
    count()
    expect(valuesOf(stats, 'ilp_connector_incoming_ilp_packets').map(({ value }) => value)).to.deep.equal([1])
  })

  it('start anew for an account that came back with another asset', () => {
    stats.incomingDataPackets.increment(alice, { result: 'fulfilled' }, 5)
    stats.incomingDataPackets.increment({ accountId: 'alice', accountInfo: info('XRP', 9) }, { result: 'fulfilled' })
    expect(valuesOf(stats, 'ilp_connector_incoming_ilp_packets')).to.deep.equal([
      { value: 1, labels: { result: 'fulfilled', account: 'alice', asset: 'XRP', scale: 9 } }
    ])
  })

  it('publish the same values however often they are scraped', async () => {
    stats.incomingDataPackets.increment(alice, { result: 'fulfilled' }, 5)
    expect(await stats.scrape()).to.equal(await stats.scrape())
    expect(await stats.getRegistry().getMetricsAsJSON()).to.deep.include.members([{
      name: 'ilp_connector_incoming_ilp_packets',
      help: 'Total number of incoming ILP packets',
      type: 'counter',
      aggregator: 'sum',
      values: [{ value: 5, labels: { result: 'fulfilled', account: 'alice', asset: 'USD', scale: 4 } }]
    }])
  })
})

describe('process metrics', () => {
  it('are served by every connector that wants them, until it stops', async () => {
    const [first, second, third] = [new AccountStats(), new AccountStats(), new AccountStats()]
    for (const stats of [first, first, second]) stats.startDefaultMetrics()
    for (const stats of [first, second]) {
      const text = await stats.scrape()
      expect(text).to.match(/^process_cpu_user_seconds_total \d/m).and.to.match(/^nodejs_eventloop_lag_p99_seconds \d/m)
      expect(text.match(/^# TYPE process_resident_memory_bytes /mg)?.length).to.equal(1)
    }
    // One event-loop histogram for all of them: prom-client cannot stop what it has started.
    const [lag, sameLag] = [first, second].map(stats => stats.getRegistry().getSingleMetric('nodejs_eventloop_lag_seconds'))
    expect(lag).to.equal(sameLag)
    first.stopDefaultMetrics()
    first.stopDefaultMetrics()
    expect(await first.scrape()).to.not.contain('process_cpu')
    expect(await second.scrape()).to.contain('process_cpu')
    expect(await third.scrape()).to.not.contain('process_cpu')
    first.startDefaultMetrics()
    expect(await first.scrape()).to.contain('process_cpu')
    for (const stats of [first, second]) stats.stopDefaultMetrics()
  })

  it('are no part of the account statistics', () => {
    const stats = new AccountStats()
    stats.startDefaultMetrics()
    expect(stats.getStatus().length).to.equal(9)
    stats.stopDefaultMetrics()
  })

  it('leave the global registry to the application, and serve what that put there', async () => {
    const stats = new AccountStats()
    stats.startDefaultMetrics()
    expect(globalRegistry.getMetricsAsArray()).to.deep.equal([])
    new Counter({ name: 'app_orders', help: 'Orders' }).inc(3)
    new Counter({ name: 'ilp_connector_balance', help: 'A clash' }).inc(4)
    try {
      const text = await stats.scrape()
      expect(text).to.match(/\n\n# HELP app_orders Orders\n# TYPE app_orders counter\napp_orders 3\n$/)
      expect(text).to.not.contain('A clash')
    } finally {
      globalRegistry.clear()
      stats.stopDefaultMetrics()
    }
  })

  it('do not keep the process alive', async () => {
    const stats = fileURLToPath(new URL('../../src/metrics/stats.js', import.meta.url))
    const program = `import { AccountStats } from ${JSON.stringify(stats)}
      const stats = new AccountStats()
      stats.startDefaultMetrics()
      console.log((await stats.scrape()).length > 1000)`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
    expect(stdout).to.equal('true\n')
  })
})
