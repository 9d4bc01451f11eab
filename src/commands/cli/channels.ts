/** `connector channels`: shows and changes the payment channels of a running node, through its admin API. */
import { z } from 'zod'
import { adminRequest, DEFAULT_ADMIN_URL } from './admin-request.js'
import type { Arguments, Command } from './command.js'
import { table, usageError } from './command.js'
import { httpUrlOf } from './http.js'
import { EXIT, print, printJson, type ExitCode } from './output.js'

/** Changes on the chain are answered once they are confirmed. */
const CHANGE_TIMEOUT_MS = 300_000
const TIMEOUT_MS = 30_000

const text = z.string()
const listed = z.array(z.looseObject({ channelId: text, peerId: text, chain: text, status: text, deposit: text }))
const states = z.array(z.looseObject({
  peerId: text, state: text, reachable: z.boolean(), chain: text.optional(), error: text.optional(), tokenId: text.optional()
}))
const changed = z.looseObject({ channelId: text, status: text })
const shownOne = z.looseObject({ channelId: text })

interface Action {
  /** What follows the name. */
  operands: readonly string[]
  run (args: Arguments, operands: readonly string[], url: URL): Promise<ExitCode>
}

const ACTIONS: Readonly<Record<string, Action>> = {
  list: { operands: [], run: (args, _none, url) => list(args, url) },
  show: { operands: ['channel'], run: async (_args, [id = ''], url) => shown(await look(url, pathOf(id), shownOne)) },
  open: {
    operands: ['peer', 'chain', 'deposit'],
    run: async (args, [peerId, chain, initialDeposit], url) => done(args, await change(url, '/admin/channels', { peerId, chain, initialDeposit }))
  },
  deposit: {
    operands: ['channel', 'amount'],
    run: async (args, [id = '', amount], url) => done(args, await change(url, pathOf(id, 'deposit'), { amount }))
  },
  close: {
    operands: ['channel'],
    run: async (args, [id = ''], url) => done(args, await change(url, pathOf(id, 'close'), { cooperative: !args.flag('challenge') }))
  },
  settle: { operands: ['channel'], run: async (args, [id = ''], url) => done(args, await change(url, pathOf(id, 'settle'))) },
  redeem: { operands: ['channel'], run: async (args, [id = ''], url) => done(args, await change(url, pathOf(id, 'redeem'))) }
}

export const channels: Command = {
  name: 'channels',
  summary: 'Shows the payment channels of a running node, and opens, fills and closes them',
  usage: `<${Object.keys(ACTIONS).join(' | ')}> [operands] [--url <url>] [--json]`,
  description: `list                           lists the channels, and the state of settlement with each peer
show <channel>                 shows everything that is known about a channel
open <peer> <chain> <deposit>  opens a channel with this deposit, in units of the token
deposit <channel> <amount>     adds to the deposit
close <channel>                closes a channel together with the peer, which pays out the net at once;
                               by challenge if the peer does not agree, or with --challenge
settle <channel>               pays out a channel that was closed by challenge, once the challenge period is over
redeem <channel>               takes out what the peer's best claim grants

The node does all of this by itself when it is due. Name a channel by its id or by its peer. The command waits until the chain has confirmed
the change. If the admin API has a key, set ADMIN_API_KEY. Exit codes: 0 done, 1 not done.`,
  options: {
    url: { type: 'string', short: 'u', value: '<url>', help: `The node's admin API (default ${DEFAULT_ADMIN_URL})` },
    challenge: { type: 'boolean', help: 'close: do not ask the peer' },
    json: { type: 'boolean', help: 'Print the answer as JSON' }
  },
  maxPositionals: 4,
  examples: ['connector channels list', 'connector channels open peer-b evm:8453 10000000', 'connector channels close peer-b'],

  async run (args) {
    const [name = 'list', ...operands] = args.positionals
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
    if (action === undefined) throw usageError(channels, `Unknown action: ${name}`)
    if (operands.length !== action.operands.length) {
      throw usageError(channels, `${name} takes ${action.operands.map(operand => `<${operand}>`).join(' ') || 'nothing else'}`)
    }
    const url = httpUrlOf(args.text('url') ?? DEFAULT_ADMIN_URL)
    if (url === undefined) throw usageError(channels, `--url takes the http:// URL of a node's admin API, found ${args.text('url') ?? ''}`)
    return await action.run(args, operands, url)
  }
}

async function list (args: Arguments, url: URL): Promise<ExitCode> {
  const found = {
    channels: await look(url, '/admin/channels', listed),
    peers: await look(url, '/admin/settlement/states', states)
  }
  if (args.flag('json')) {
    printJson(found)
    return EXIT.ok
  }
  const tokens = new Map(found.peers.map(({ peerId, tokenId }) => [peerId, tokenId]))
  const rows = found.channels.map(({ channelId, peerId, chain, status, deposit }) => {
    const token = tokens.get(peerId)
    return [channelId, `${peerId} on ${chain}: ${status}, deposit ${deposit}${token === undefined ? '' : ` smallest units of ${token}`}`] as const
  })
  print(rows.length === 0 ? 'There are no channels.' : table(rows))
  for (const { peerId, state, reachable, chain, error } of found.peers) {
    print(`${peerId}: ${state}${reachable ? '' : `, ${chain ?? 'its chain'} cannot be reached (${error ?? 'no answer'})`}`)
  }
  return EXIT.ok
}

function shown (answer: unknown): ExitCode {
  printJson(answer)
  return EXIT.ok
}

function done (args: Arguments, answer: z.infer<typeof changed>): ExitCode {
  if (args.flag('json')) return shown(answer)
  const { channelId, status, ...more } = answer
  print(`Channel ${channelId} is ${status}.`)
  for (const [name, value] of Object.entries(more)) print(`${name}: ${String(value)}`)
  return EXIT.ok
}

function pathOf (id: string, action?: string): string {
  return `/admin/channels/${encodeURIComponent(id)}${action === undefined ? '' : `/${action}`}`
}

function look<T> (url: URL, path: string, shape: z.ZodType<T>): Promise<T> {
  return adminRequest(url, 'GET', path, { shape, timeoutMs: TIMEOUT_MS })
}

function change (url: URL, path: string, body?: object): Promise<z.infer<typeof changed>> {
  return adminRequest(url, 'POST', path, { shape: changed, ...(body !== undefined && { body }), timeoutMs: CHANGE_TIMEOUT_MS })
}
