/** `connector send`: one packet from the shell, through a running node's admin API. */
import { z } from 'zod'
import { DEFAULT_SEND_TIMEOUT_MS, validateIlpSendRequest } from '../http/node/ilp-send.js'
import type { Command } from './command.js'
import { usageError } from './command.js'
import { environment } from './env-file.js'
import { ask, UnreachableError, urlOf, type HttpAnswer } from './http.js'
import { CliError, complain, EXIT, print, printJson, type ExitCode } from './output.js'

const DEFAULT_URL = 'http://localhost:8081'
const PATH = '/admin/ilp/send'
/** What the node's answer may take on its way, beyond the packet's own time. */
const GRACE_MS = 2_000

const sendAnswer = z.union([
  z.looseObject({ accepted: z.literal(true), fulfillment: z.string(), data: z.string().optional() }),
  z.looseObject({ accepted: z.literal(false), code: z.string(), message: z.string(), data: z.string().optional() })
])
const errorAnswer = z.looseObject({ message: z.string() })

export const send: Command = {
  name: 'send',
  summary: 'Sends a packet through a running node',
  usage: '--destination <address> --amount <units> [--data <text>] [--url <url>] [--json]',
  description: `The node forwards the packet along its routes; whoever owns the destination fulfils it and is paid, or rejects it and is not.
Needs the node's admin API (adminApi.enabled). If that has a key, set ADMIN_API_KEY in the environment or in .env: a key on the
command line would be seen by everybody on this machine.
Exit codes: 0 fulfilled, 1 rejected or not sent.`,
  options: {
    destination: { type: 'string', short: 'd', value: '<address>', help: 'ILP address of the receiver, such as g.connector-c.alice' },
    amount: { type: 'string', short: 'a', value: '<units>', help: 'How much to send, in base units' },
    data: { type: 'string', value: '<text>', help: 'Text for the receiver (default: none)' },
    url: { type: 'string', short: 'u', value: '<url>', help: `Where the node's admin API is (default ${DEFAULT_URL})` },
    timeout: { type: 'string', value: '<ms>', help: `How long the packet may take (default ${DEFAULT_SEND_TIMEOUT_MS})` },
    json: { type: 'boolean', help: 'Print the answer as JSON' }
  },
  maxPositionals: 0,
  examples: [
    'connector send --destination g.connector-c.alice --amount 1000 --data "Hello through the network!"',
    'connector send -d g.connector-b -a 0 --url http://localhost:8091 --json'
  ],

  async run (args) {
    const timeoutMs = Number(args.text('timeout') ?? DEFAULT_SEND_TIMEOUT_MS)
    const data = Buffer.from(args.text('data') ?? '').toString('base64')
    const packet = { destination: args.text('destination'), amount: args.text('amount'), data, timeoutMs }
    const fault = validateIlpSendRequest(packet)
    if (fault !== null) throw usageError(send, faultInOptions(fault))
    const url = urlOf(args.text('url') ?? DEFAULT_URL)
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      throw usageError(send, `--url must be the http:// or https:// URL of an admin API, found ${args.text('url') ?? ''}`)
    }
    if (url.pathname === '/') url.pathname = PATH
    const { ADMIN_API_KEY: key = '' } = environment()
    const headers = { 'content-type': 'application/json', ...(key !== '' && { 'x-api-key': key }) }
    const answer = await ask(url, timeoutMs + GRACE_MS, { method: 'POST', headers, body: JSON.stringify(packet) }).catch((error: unknown) => {
      if (!(error instanceof UnreachableError)) throw error
      throw new CliError(`Cannot reach ${url.href} (${error.reason}). Is the node running, and is adminApi enabled on this port?`)
    })
    return args.flag('json') ? showJson(answer) : showText(url, answer)
  }
}

/** The API's words name its fields; here they are options. */
function faultInOptions (fault: string): string {
  const missing = /^Missing required field: (\w+)$/.exec(fault)?.[1]
  return missing === undefined ? fault.replace(/^timeoutMs/, '--timeout') : `Missing --${missing}`
}

function showJson (answer: HttpAnswer): ExitCode {
  printJson(answer.body)
  const result = sendAnswer.safeParse(answer.body)
  return result.success && result.data.accepted ? EXIT.ok : EXIT.failed
}

function showText (url: URL, answer: HttpAnswer): ExitCode {
  const result = sendAnswer.safeParse(answer.body)
  if (!result.success) throw new CliError(refusal(url, answer))
  const { data } = result.data
  if (!result.data.accepted) {
    complain(`Rejected: ${result.data.code} ${result.data.message}`)
    if (data !== undefined) complain(`Data: ${Buffer.from(data, 'base64').toString()}`)
    return EXIT.failed
  }
  print('Fulfilled.')
  print(`Fulfillment: ${result.data.fulfillment}`)
  if (data !== undefined) print(`Data: ${Buffer.from(data, 'base64').toString()}`)
  return EXIT.ok
}

function refusal (url: URL, { status, body }: HttpAnswer): string {
  const { data } = errorAnswer.safeParse(body)
  const advice = {
    401: ' Set ADMIN_API_KEY in the environment or in .env to the node\'s adminApi.apiKey.',
    403: ' The node\'s adminApi.allowedIPs decides who may send.',
    404: ' Use the port of the admin API (adminApi.port, default 8081).'
  }[status] ?? ''
  return `${url.href} refused (HTTP ${status}): ${data?.message ?? 'the answer is not that of an admin API.'}${advice}`
}
