/** docs/metrics.md is what the table of metrics says, and a running connector and a running node serve exactly what is in the table. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { freePort } from '../../examples/free-port.js'
import { metricsReference } from '../../scripts/metrics-reference.js'
import { createApp } from '../../src/index.js'
import { ACCOUNT_METRICS, NODE_METRICS, PRICE_METRICS, ROUTING_METRICS } from '../../src/metrics/names.js'
import { withoutLog } from '../support/log.js'
import { World } from '../support/node.js'

const CONNECTOR = { ...ACCOUNT_METRICS, ...ROUTING_METRICS, ...PRICE_METRICS }

interface Described {
  name: string
  type: string
  help: string
}

/** What GET /metrics says of each metric, with labels or without, in the order of their names. */
async function servedAt (port: number): Promise<Described[]> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const helps = new Map([...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => [name, help]))
  return inOrder([...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name = '', type = '']) => ({ name, type, help: helps.get(name) ?? '' })))
}

function inOrder (metrics: Described[]): Described[] {
  return metrics.map(({ name, type, help }) => ({ name, type, help })).sort((a, b) => a.name < b.name ? -1 : 1)
}

describe('the table of metrics', () => {
  const world = new World()
  withoutLog()
  afterEach(() => world.end())

  it('is docs/metrics.md: if not, run `npm run docs`', () => {
    expect(readFileSync('docs/metrics.md', 'utf8')).to.equal(metricsReference())
  })

  it('has each name once', () => {
    const names = Object.values({ ...CONNECTOR, ...NODE_METRICS }).map(({ name }) => name)
    expect(new Set(names).size).to.equal(names.length).and.to.equal(49)
  })

  it('is what a connector serves, no more and no less', async () => {
    const adminApiPort = await freePort()
    const app = createApp({ ilpAddress: 'test.us', accounts: {}, store: 'memdown', backend: 'one-to-one', adminApi: true, adminApiPort })
    await app.listen()
    world.after(() => app.shutdown())
    expect(await servedAt(adminApiPort)).to.deep.equal(inOrder(Object.values(CONNECTOR)))
  })

  it('is what a connector serves, besides what prom-client says of the process', async () => {
    const ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
    const adminApiPort = await freePort()
    const app = createApp({
      ilpAddress: 'test.us', accounts: {}, store: 'memdown', backend: 'one-to-one', adminApi: true, adminApiPort, collectDefaultMetrics: true
    })
    await app.listen()
    world.after(() => app.shutdown())
    const names = new Set(ofProcess.getMetricsAsArray().map(({ name }) => name))
    const served = await servedAt(adminApiPort)
    expect(served.filter(({ name }) => !names.has(name))).to.deep.equal(inOrder(Object.values(CONNECTOR)))
    expect(served.filter(({ name }) => names.has(name))).to.have.lengthOf(names.size)
    for (const { name } of served) expect(name).to.match(/^(ilp_connector|process|nodejs)_/)
  })

  it('is what a node serves, no more and no less', async () => {
    const node = await world.start('us')
    expect(await servedAt(node.config.healthCheckPort)).to.deep.equal(inOrder(Object.values({ ...CONNECTOR, ...NODE_METRICS })))
  })
})
