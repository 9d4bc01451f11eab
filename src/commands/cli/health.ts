/** `connector health`: the health of a running node, for people and for container health checks. */
import { z } from 'zod'
import type { Command } from './command.js'
import { usageError } from './command.js'
import { ask, httpUrlOf, UnreachableError, type HttpAnswer } from './http.js'
import { complain, EXIT, print, printJson, type ExitCode } from './output.js'

const DEFAULT_URL = 'http://localhost:8080/health'
const TIMEOUT_MS = 5_000

/** From any connector with this HTTP contract; other fields are shown with --json. */
const healthBody = z.looseObject({
  status: z.string(),
  version: z.string().optional(),
  uptime: z.number().optional(),
  nodeId: z.string().optional(),
  peersConnected: z.number().optional(),
  totalPeers: z.number().optional(),
  dependencies: z.record(z.string(), z.looseObject({ status: z.string(), reason: z.string().optional() })).optional()
})

export const health: Command = {
  name: 'health',
  summary: 'Shows the health of a running node',
  usage: '[--url <url>] [--json]',
  description: `Asks the node's health port (healthCheckPort, default 8080).
Exit codes: 0 healthy, 2 degraded (some peers, or something else that it needs, are unavailable), 1 unhealthy, starting or unreachable.`,
  options: {
    url: { type: 'string', short: 'u', value: '<url>', help: `The URL of the node's health port (default ${DEFAULT_URL})` },
    json: { type: 'boolean', help: 'Print the node\'s answer as JSON' }
  },
  maxPositionals: 0,
  examples: ['connector health', 'connector health -u http://localhost:9080', 'connector health --json | jq .peersConnected'],

  async run (args) {
    const url = httpUrlOf(args.text('url') ?? DEFAULT_URL)
    if (url === undefined) throw usageError(health, `--url takes the http:// URL of a node's health port, found ${args.text('url') ?? ''}`)
    if (url.pathname === '/') url.pathname = '/health'
    const show = args.flag('json') ? showJson : showText
    try {
      return show(url, await ask(url, TIMEOUT_MS))
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error
      if (args.flag('json')) printJson({ status: 'unreachable', reason: error.reason, url: url.href })
      else complain(`Status: UNREACHABLE (${error.reason})\nNothing answers at ${url.href}. Is the node running, and is this its healthCheckPort?`)
      return EXIT.failed
    }
  }
}

function showJson (url: URL, answer: HttpAnswer): ExitCode {
  const body = healthBody.safeParse(answer.body)
  printJson(body.success ? body.data : { status: 'unknown', url: url.href, httpStatus: answer.status })
  return codeOf(body.data?.status)
}

function showText (url: URL, answer: HttpAnswer): ExitCode {
  const body = healthBody.safeParse(answer.body)
  if (!body.success) {
    complain(`${url.href} answers (HTTP ${answer.status}), but not like a connector's health port. Is this its healthCheckPort?`)
    return EXIT.failed
  }
  const { status, nodeId, version, uptime, peersConnected, totalPeers, dependencies = {} } = body.data
  print(`Status: ${status.toUpperCase()}`)
  if (nodeId !== undefined) print(`Node: ${nodeId}`)
  if (version !== undefined) print(`Version: ${version}`)
  if (uptime !== undefined) print(`Uptime: ${Math.floor(uptime / 60)} minutes`)
  if (peersConnected !== undefined && totalPeers !== undefined) print(`Peers: ${peersConnected} of ${totalPeers} connected`)
  for (const [name, { status, reason }] of Object.entries(dependencies)) {
    print(`Dependency ${name}: ${status}${reason === undefined ? '' : `. ${reason}`}`)
  }
  return codeOf(status)
}

function codeOf (status: string | undefined): ExitCode {
  if (status === 'healthy') return EXIT.ok
  return status === 'degraded' ? EXIT.degraded : EXIT.failed
}
