/** Writes docs/metrics.md from the table of metrics, so that the page names what GET /metrics serves. */
import { ACCOUNT_METRICS, NODE_METRICS, ROUTING_METRICS } from '../src/metrics/names.js'

const INTRODUCTION = `# Metrics

<!-- Made from src/metrics/names.ts by scripts/generate-docs.mjs: change the table there, not this page. -->

This page is for operators who build dashboards and alerts. \`GET /metrics\` answers in the Prometheus text format: on the admin API of a connector (port
7780, \`CONNECTOR_ADMIN_API=true\`), and on the health port of a node. Names and labels are stable; help texts may change.

* A metric with labels appears when it gets its first value, and disappears with its account or peer.
* Prometheus counts in floating point: above 2^53, a value is the nearest one to the exact sum. For exact balances, use \`GET /balance\`
  (connector) and \`GET /admin/balances/:peerId\` (node).
* Process metrics (\`process_*\`, \`nodejs_*\`) come from prom-client. A connector serves them with
  \`CONNECTOR_COLLECT_DEFAULT_METRICS=true\`. Metrics that your own middlewares put in prom-client's global registry are served as well.
`

interface Row {
  name: string
  type: string
  labels: readonly string[]
  unit: string
  help: string
}

/** The whole page, as Markdown. */
export function metricsReference (): string {
  return [
    INTRODUCTION,
    ...section('Accounts', 'Of every connector and node. `result` is `fulfilled`, `rejected` or `failed` for packets, `succeeded` or `failed` for money; ' +
      '`code` is the ILP error code of a reject.', ACCOUNT_METRICS),
    ...section('Routing', 'Of every connector and node.', ROUTING_METRICS),
    ...section('Nodes', 'Of a node only (`connector start`, `ConnectorNode`), by the names that dashboards for nodes of this kind use.', NODE_METRICS)
  ].join('\n')
}

function section (title: string, text: string, metrics: Record<string, Row>): string[] {
  const rows = Object.values(metrics).map(({ name, type, labels, unit, help }) => [code(name), type, labels.map(code).join(', '), unit, help])
  const table = [['Metric', 'Type', 'Labels', 'Unit', 'Meaning'], ['---', '---', '---', '---', '---'], ...rows]
  return [`## ${title}`, '', text, '', ...table.map(cells => `| ${cells.join(' | ')} |`), '']
}

function code (text: string): string {
  return `\`${text}\``
}
