/** `connector top`: what a running connector does, in a terminal, from the explorer's figures. */
import { z } from 'zod'
import { amountInUnit, amountInWords } from '../../lib/amounts.js'
import type { Command } from './command.js'
import { usageError } from './command.js'
import { ACCESS, askExplorer, explorerUrl, URL_OPTION } from './explorer-client.js'
import { EXIT, print, printJson, type ExitCode } from './output.js'

const SECONDS_SHOWN = 60
const BARS = ' ▁▂▃▄▅▆▇█'
const ATTENTION_MAX = 8
/** The whole screen again, without a flicker: what is there is written over. */
const HOME = '\u001B[H'
const END_OF_LINE = '\u001B[K'
const END_OF_SCREEN = '\u001B[J'
const CLEAR = '\u001B[2J'
const SHOWN_CURSOR = '\u001B[?25h'
const HIDDEN_CURSOR = '\u001B[?25l'

const money = z.looseObject({ amount: z.string(), assetCode: z.string(), assetScale: z.number() })
const overview = z.looseObject({
  nodeId: z.string(),
  ilpAddress: z.string(),
  status: z.string(),
  sentence: z.string(),
  attention: z.array(z.looseObject({
    severity: z.string(), text: z.string(), action: z.looseObject({ label: z.string(), command: z.string().optional() })
  })),
  earned: z.array(money)
})
const peers = z.looseObject({
  peers: z.array(z.looseObject({
    peerId: z.string(),
    connected: z.boolean(),
    assetCode: z.string(),
    assetScale: z.number(),
    balance: z.looseObject({ balance: z.string(), roomIn: z.string().optional(), roomOut: z.string().optional() }).optional()
  }))
})
const amounts = z.record(z.string(), z.string())
const series = z.looseObject({
  points: z.array(z.looseObject({
    at: z.number(), fulfilled: z.number(), rejected: z.number(), codes: z.record(z.string(), z.number()), in: amounts, out: amounts
  }))
})

interface View {
  overview: z.output<typeof overview>
  peers: z.output<typeof peers>['peers']
  /** Of the last minute. */
  points: z.output<typeof series>['points']
}

export const top: Command = {
  name: 'top',
  summary: 'Shows what a running connector does, second by second',
  usage: '[--url <url>] [--interval <seconds>] [--once] [--json]',
  description: `Shows whether the connector is earning, its packets and money of the last minute, what needs a look, and how much room its peers have.
Ctrl-C ends it. Exact figures of the explorer, which has to be on. ${ACCESS}
Exit codes: 0 shown, 1 the explorer cannot be asked.`,
  options: {
    url: URL_OPTION,
    interval: { type: 'string', short: 'i', value: '<seconds>', help: 'Seconds between two looks (default 1)' },
    once: { type: 'boolean', help: 'Show it once and end' },
    json: { type: 'boolean', help: 'Print it once as JSON' }
  },
  maxPositionals: 0,
  examples: ['connector top', 'connector top --once', 'connector top -u http://localhost:3010'],

  async run (args): Promise<ExitCode> {
    const url = explorerUrl(top, args)
    const interval = args.text('interval') ?? '1'
    if (!/^[1-9]\d{0,3}$/.test(interval)) throw usageError(top, `--interval takes whole seconds from 1 to 9999, found ${interval}`)
    const view = await look(url)
    if (args.flag('json')) printJson(view)
    else if (args.flag('once') || !process.stdout.isTTY) print(linesOf(view).join('\n'))
    else await follow(url, view, Number(interval))
    return EXIT.ok
  }
}

async function look (url: URL): Promise<View> {
  const until = Date.now()
  const [{ peers: found }, facts, { points }] = await Promise.all([
    askExplorer(url, 'api/peers', peers),
    askExplorer(url, 'api/overview', overview),
    askExplorer(url, `api/series?since=${until - SECONDS_SHOWN * 1000}&until=${until}&step=1`, series)
  ])
  return { overview: facts, peers: found, points }
}

/** Until Ctrl-C. A look that fails ends it, with the reason. */
async function follow (url: URL, first: View, seconds: number): Promise<void> {
  const interruption = new Promise<'ended'>(resolve => { process.once('SIGINT', () => { resolve('ended') }) })
  process.stdout.write(HIDDEN_CURSOR + CLEAR)
  try {
    for (let view = first; ;) {
      const { rows, columns } = process.stdout
      const lines = linesOf(view).slice(0, rows - 1).map(line => line.slice(0, columns) + END_OF_LINE)
      process.stdout.write(`${HOME}${lines.join('\n')}\n${END_OF_SCREEN}`)
      const pause = new Promise<'again'>(resolve => { setTimeout(() => { resolve('again') }, seconds * 1000) })
      if (await Promise.race([pause, interruption]) === 'ended') return
      view = await look(url)
    }
  } finally {
    process.stdout.write(SHOWN_CURSOR)
  }
}

/** Names and texts of others may hold anything, and a terminal obeys some of it. */
function plain (text: string): string {
  return text.replace(/\p{C}/gu, '?')
}

function linesOf ({ overview: { nodeId, ilpAddress, status, sentence, attention, earned }, peers, points }: View): string[] {
  const perSecond = secondsOf(points)
  const sum = (of: 'fulfilled' | 'rejected'): number => points.reduce((total, point) => total + point[of], 0)
  const [fulfilled, rejected] = [sum('fulfilled'), sum('rejected')]
  const all = fulfilled + rejected
  const share = all === 0 ? '' : `, ${(100 * fulfilled / all).toFixed(1)} % fulfilled`
  return [
    `${nodeId}  ${ilpAddress}  ${status}`,
    sentence,
    '',
    `Packets  ${sparkline(perSecond)}  ${perSecond.at(-1) ?? 0} in the last second, ${all} in the last minute${share}`,
    ...codesOf(points),
    `In       ${moneyOf(points, 'in')}`,
    `Out      ${moneyOf(points, 'out')}`,
    `Earned   ${earned.map(({ amount, assetScale, assetCode }) => amountInWords(BigInt(amount), assetScale, assetCode)).join(', ') || 'nothing yet'} since the start`,
    '',
    ...attention.length === 0 ? ['Nothing needs a look.'] : ['Needs a look:'],
    ...attention.slice(0, ATTENTION_MAX).map(({ severity, text, action: { label, command } }) =>
      `  ${severity === 'risk' ? '!' : '~'} ${text}${command === undefined ? ` (${label})` : `  ->  ${command}`}`),
    '',
    ...peersTable(peers)
  ].map(plain)
}

/** Packets in each second of the last minute: seconds without any have no point. The second that is not over does not count. */
function secondsOf (points: View['points']): number[] {
  const now = Math.floor(Date.now() / 1000) - 1
  const counts = new Map(points.map(({ at, fulfilled, rejected }) => [Math.floor(at / 1000), fulfilled + rejected]))
  return Array.from({ length: SECONDS_SHOWN }, (_, i) => counts.get(now - SECONDS_SHOWN + 1 + i) ?? 0)
}

function sparkline (values: readonly number[]): string {
  const most = Math.max(1, ...values)
  return values.map(value => BARS[Math.ceil(value / most * (BARS.length - 1))] ?? ' ').join('')
}

function codesOf (points: View['points']): string[] {
  const counts = new Map<string, number>()
  for (const { codes } of points) for (const [code, count] of Object.entries(codes)) counts.set(code, (counts.get(code) ?? 0) + count)
  const some = [...counts].filter(([, count]) => count > 0)
  return some.length === 0 ? [] : [`Rejects  ${some.sort(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`).join(', ')}`]
}

/** By asset, in the last minute. */
function moneyOf (points: View['points'], way: 'in' | 'out'): string {
  const sums = new Map<string, bigint>()
  for (const point of points) {
    for (const [unit, amount] of Object.entries(point[way])) sums.set(unit, (sums.get(unit) ?? 0n) + BigInt(amount))
  }
  const words = [...sums].map(([unit, amount]) => amountInUnit(amount, unit) ?? `${amount} ${unit}`)
  return words.length === 0 ? 'nothing in the last minute' : `${words.join(', ')} in the last minute`
}

function peersTable (peers: View['peers']): string[] {
  const rows = peers.map(({ peerId, connected, assetCode, assetScale, balance }) => {
    const inWords = (amount: string | undefined, none = 'no limit'): string =>
      amount === undefined ? none : amountInWords(BigInt(amount), assetScale, assetCode)
    return [peerId, connected ? 'here' : 'away', inWords(balance?.balance, '-'), inWords(balance?.roomIn), inWords(balance?.roomOut)]
  })
  const all = [['Peer', '', 'owes us (-: we owe)', 'room in', 'room out'], ...rows]
  const widths = all[0]?.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0))) ?? []
  return all.map(row => row.map((cell, column) => column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)).join('  '))
}
