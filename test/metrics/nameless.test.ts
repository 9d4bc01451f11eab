/** What anyone may read of the metrics: no series that says who our accounts and peers are. */
import { expect } from 'chai'
import { Counter, Registry, collectDefaultMetrics } from 'prom-client'
import { withoutNames } from '../../src/metrics/nameless.js'
import { ACCOUNT_METRICS, NODE_METRICS, ROUTING_METRICS, described } from '../../src/metrics/names.js'

const OWN = [...Object.values(ACCOUNT_METRICS), ...Object.values(ROUTING_METRICS), ...Object.values(NODE_METRICS)]

describe('metrics without names', () => {
  it('are those without accounts and peers, and of others those without labels', async () => {
    const registry = new Registry()
    const registers = [registry]
    for (const metric of OWN) {
      const labels = Object.fromEntries(metric.labels.map(label => [label, label === 'account' || label === 'peer_id' ? 'acme",\n# HELP x{' : label]))
      new Counter({ ...described(metric), registers }).inc(labels)
    }
    new Counter({ name: 'app_orders', help: 'Orders', registers }).inc(3)
    new Counter({ name: 'app_customers', help: 'Customers', labelNames: ['customer'], registers }).inc({ customer: 'acme' })
    collectDefaultMetrics({ register: registry })
    const all = await registry.metrics()
    const text = withoutNames(all)
    expect(all).to.contain('acme')
    expect(text).to.not.contain('acme')
    const isNaming = ({ labels }: { labels: readonly string[] }): boolean => labels.includes('account') || labels.includes('peer_id')
    for (const metric of OWN) expect(text.includes(`# HELP ${metric.name} `), metric.name).to.equal(!isNaming(metric))
    expect(text).to.match(/^app_orders 3$/m).and.match(/^process_cpu_seconds_total /m).and.contain('nodejs_eventloop_lag_p99_seconds')
  })

  it('are none of none', () => {
    expect(withoutNames('')).to.equal('')
  })
})
