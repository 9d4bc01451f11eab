/** `connector security`: shows which peers of a running node are paused, and pauses and resumes them, through its admin API. */
import { z } from 'zod'
import { adminRequest, DEFAULT_ADMIN_URL } from './admin-request.js'
import type { Arguments, Command } from './command.js'
import { table, usageError } from './command.js'
import { httpUrlOf } from './http.js'
import { EXIT, print, printJson, type ExitCode } from './output.js'

const TIMEOUT_MS = 10_000

const listed = z.object({ paused: z.array(z.looseObject({ peerId: z.string(), since: z.string(), by: z.string(), reason: z.string() })) })
const changed = z.looseObject({ peerId: z.string() })

export const security: Command = {
  name: 'security',
  summary: 'Shows which peers of a running node are paused, and pauses and resumes them',
  usage: '<list | pause <peer> | resume <peer>> [--reason <text>] [--url <url>] [--json]',
  description: `list           lists the peers that are paused, by whom, and why
pause <peer>   refuses packets from and to the peer from now on, also after a restart. It can still pay what it owes, and is paid
resume <peer>  carries its packets again, whoever paused it

The rules of security.fraud pause peers, too, if the configuration says so: see docs/security.md. If the admin API has a key, set ADMIN_API_KEY.
Exit codes: 0 done, 1 not done.`,
  options: {
    url: { type: 'string', short: 'u', value: '<url>', help: `The node's admin API (default ${DEFAULT_ADMIN_URL})` },
    reason: { type: 'string', value: '<text>', help: 'pause: why, for everybody who looks at the node' },
    json: { type: 'boolean', help: 'Print the answer as JSON' }
  },
  maxPositionals: 2,
  examples: ['connector security list', 'connector security pause peer-b --reason "their operator asked for it"', 'connector security resume peer-b'],

  async run (args) {
    const [name = 'list', peerId] = args.positionals
    if (!['list', 'pause', 'resume'].includes(name)) throw usageError(security, `Unknown action: ${name}`)
    if ((name === 'list') !== (peerId === undefined)) throw usageError(security, name === 'list' ? 'list takes nothing else' : `${name} takes <peer>`)
    const text = args.text('url') ?? DEFAULT_ADMIN_URL
    const url = httpUrlOf(text)
    if (url === undefined) throw usageError(security, `--url takes the http:// URL of a node's admin API, found ${text}`)
    return peerId === undefined ? await list(args, url) : await change(args, url, name, peerId)
  }
}

async function list (args: Arguments, url: URL): Promise<ExitCode> {
  const { paused } = await adminRequest(url, 'GET', '/admin/security/paused', { shape: listed, timeoutMs: TIMEOUT_MS })
  if (args.flag('json')) printJson(paused)
  else if (paused.length === 0) print('No peer is paused.')
  else print(table(paused.map(({ peerId, since, by, reason }) => [peerId, `since ${since}, by ${by}: ${reason}`] as const)))
  return EXIT.ok
}

async function change (args: Arguments, url: URL, name: string, peerId: string): Promise<ExitCode> {
  const reason = args.text('reason')
  const body = name === 'pause' ? { body: { ...(reason !== undefined && { reason }) } } : {}
  const answer = await adminRequest(url, 'POST', `/admin/peers/${encodeURIComponent(peerId)}/${name}`, { shape: changed, ...body, timeoutMs: TIMEOUT_MS })
  if (args.flag('json')) printJson(answer)
  else print(name === 'pause' ? `${peerId} is paused: its packets are refused until you resume it.` : `${peerId} is resumed.`)
  return EXIT.ok
}
