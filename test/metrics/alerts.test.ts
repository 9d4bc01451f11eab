/** The alarms of docs/operating.md ask for metrics, labels and events that there are. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ACCOUNT_METRICS, NODE_METRICS, ROUTING_METRICS } from '../../src/metrics/names.js'
import { PACKAGE_ROOT } from '../support/package-root.js'
import { blocksOf } from '../support/papers.js'

const FUNCTIONS = new Set(['sum', 'by', 'rate', 'increase', 'scalar'])
const OF_PROMETHEUS = new Map([['up', ['job']]])

describe('the alarms of the page on operating', () => {
  const known = new Map<string, readonly string[]>([ACCOUNT_METRICS, ROUTING_METRICS, NODE_METRICS]
    .flatMap(table => Object.values(table).map(({ name, labels }) => [name, labels] as const)))
  const [block] = blocksOf('docs/operating.md').filter(({ language }) => language === 'promql')
  const queries = (block?.text ?? '').split('\n').filter(line => line !== '' && !line.startsWith('#'))

  it('are there', () => { expect(queries.length).to.be.above(8) })

  for (const query of queries) {
    it(`can be asked: ${query}`, () => {
      const bare = query.replaceAll(/"[^"]*"/g, '""').replaceAll(/\[\w+\]/g, '')
      const metrics = bare.replaceAll(/\{[^}]*\}|by \([^)]*\)/g, '').match(/\b[a-z_]{2,}\b/g)?.filter(word => !FUNCTIONS.has(word)) ?? []
      expect(metrics).to.not.deep.equal([])
      const labelsOf = (metric: string): readonly string[] | undefined => OF_PROMETHEUS.get(metric) ?? known.get(metric)
      for (const metric of metrics) expect(labelsOf(metric), metric).to.not.equal(undefined)
      const labels = [...bare.matchAll(/(\w+)!?="/g), ...bare.matchAll(/by \((\w+)\)/g)].map(([, label]) => label)
      expect(metrics.flatMap(metric => labelsOf(metric) ?? [])).to.include.members(labels)
    })
  }

  it('name events that are logged', () => {
    const page = readFileSync(join(PACKAGE_ROOT, 'docs/operating.md'), 'utf8')
    const [sentence = ''] = /and on the events .*?\./s.exec(page) ?? []
    const events = [...sentence.matchAll(/`([a-z_]+)`/g)].map(([, event]) => event)
    const logged = readFileSync(join(PACKAGE_ROOT, 'docs/log-events.md'), 'utf8')
    expect(events).to.not.deep.equal([])
    for (const event of events) expect(logged).to.include(`| \`${event}\` |`)
  })
})
