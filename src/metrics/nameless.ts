/** What of the metrics may be shown to anyone: nothing that says who our accounts and peers are, and what they do. */
import { ACCOUNT_METRICS, NODE_METRICS, ROUTING_METRICS } from './names.js'

/** Labels whose values are ids of accounts and peers. */
const NAMING_LABELS: readonly string[] = ['account', 'peer_id']
/** By name, the labels of our own metrics. */
const OWN: ReadonlyMap<string, readonly string[]> = new Map(
  [ACCOUNT_METRICS, ROUTING_METRICS, NODE_METRICS].flatMap(table => Object.values(table).map(({ name, labels }) => [name, labels]))
)
/** prom-client's, of the process. */
const OF_PROCESS = /^(process|nodejs)_/

/** Metrics in the text format of Prometheus without those that name accounts and peers. In labels of others, any name may stand. */
export function withoutNames (metrics: string): string {
  return metrics.split(/^(?=# HELP )/m).filter(isNameless).join('')
}

/** One metric, with its help. */
function isNameless (metric: string): boolean {
  const [, name = ''] = /^# HELP (\S+)/.exec(metric) ?? []
  const labels = OWN.get(name)
  if (labels !== undefined) return !labels.some(label => NAMING_LABELS.includes(label))
  return OF_PROCESS.test(name) || !metric.includes('{')
}
