/** Writes docs/metrics.md from the table of metrics, so that the page names what GET /metrics serves. */
import { ACCOUNT_METRICS, NODE_METRICS, PRICE_METRICS, ROUTING_METRICS } from '../src/metrics/names.js'

const INTRODUCTION = `# Metrics

<!-- Made from src/metrics/names.ts by scripts/generate-docs.mjs: change the table there, not this page. -->

This page is for operators who build dashboards and alerts. \`GET /metrics\` answers in the Prometheus text format: on the admin API of a connector (port
7780, \`CONNECTOR_ADMIN_API=true\`), and on the health port of a node. Names and labels are stable; help texts may change.

* A metric with labels appears when it gets its first value, and disappears with its account or peer.
* Prometheus counts in floating point: above 2^53, a value is the nearest one to the exact sum. For exact balances, use \`GET /balance\`
  (connector) and \`GET /admin/balances/:peerId\` (node).
* Process metrics (\`process_*\`, \`nodejs_*\`) come from prom-client. A connector serves them with
  \`CONNECTOR_COLLECT_DEFAULT_METRICS=true\`. Metrics that your own middlewares put in prom-client's global registry are served as well.

## Who sees which

The labels \`account\` and \`peer_id\` show who your peers are, and their series how much you owe them.

* A connector with a key (\`CONNECTOR_ADMIN_API_KEY\`) serves nothing without it. One without a key serves programs on its own machine only.
* A node with a key (\`adminApi.apiKey\`, \`ADMIN_API_KEY\`) leaves out the series with these labels for requests without it, also if the admin API is
  not enabled. So it does in production without a key, unless the request comes from the same machine. Behind a proxy on the same machine, set a key. What is
  left is enough to watch traffic, latency and errors. Without a key, in development and staging, everybody sees everything.
* Metrics in prom-client's global registry that have labels count as series with names.

Send the key as \`X-Api-Key\` or as a bearer token. Prometheus reads it from a file:

\`\`\`yaml
scrape_configs:
  - job_name: sluice
    authorization:
      credentials_file: /etc/prometheus/sluice-key
    static_configs:
      - targets: ['localhost:8080'] # a node; 7780 for a connector
\`\`\`

A request with a wrong key is answered with 401, so the target is down and you notice. \`HEAD /metrics\` is answered as well.
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
    ...section('Prices', 'Of a connector or node whose [backend](backends.md) has prices.', PRICE_METRICS),
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
