/** `connector send`: sends packets from the shell, through a running node's admin API, or over BTP as one of its peers. */
import { DEFAULT_SEND_TIMEOUT_MS, validateIlpSendRequest } from '../../admin/node/packets.js'
import { amountInUnit } from '../../lib/amounts.js'
import { isOverlayHost, socksProxyFault } from '../../lib/socks-proxy.js'
import type { Arguments, Command } from './command.js'
import { usageError } from './command.js'
import { urlOf } from './http.js'
import { complain, EXIT, print, printJson, type ExitCode } from './output.js'
import { overBtp, overHttp, type Packet, type SendAnswer, type Way } from './transports.js'

const DEFAULT_URL = 'http://localhost:8081'
/** Packets at once. */
const MAX_BATCH = 1_000
/** Packets one after the other. */
const MAX_SEQUENCE = 1_000_000

/** An admin API takes 256 connections from one address, and others may need some. */
const AT_ONCE_MAX = 100

export const send: Command = {
  name: 'send',
  summary: 'Sends a packet, or many, through a running node',
  usage: '--destination <address> --amount <units> [--data <text>] [--url <url>] [--batch <n> | --sequence <n>] [--json]',
  description: `The node forwards the packet along its routes. The owner of the destination fulfils it and gets paid, or rejects it and does not.
With an http:// URL it goes through the node's admin API (adminApi.enabled), as a packet of the node's own application. If that has a key,
set ADMIN_API_KEY in the environment or in .env: a key on the command line would be seen by everybody on this machine.
With a ws:// URL it goes to the node's BTP port, as a packet of a peer called send-packet-client. With btp+ws://name:secret@host:port it
goes to any connector, as a packet of the account with that name; npm start prints such URLs. As long as the command runs, its URL can be seen
by everybody on this machine.
Exit codes: 0 fulfilled (of many: all), 1 rejected or not sent.`,
  options: {
    destination: { type: 'string', short: 'd', value: '<address>', help: 'ILP address of the receiver, such as g.connector-c.alice' },
    amount: { type: 'string', short: 'a', value: '<units>', help: 'How much to send, in base units' },
    data: { type: 'string', value: '<text>', help: 'Text for the receiver (default: none)' },
    url: { type: 'string', short: 'u', value: '<url>', help: `The node's admin API, or the BTP port of a node or connector (default ${DEFAULT_URL})` },
    'connector-url': { type: 'string', short: 'c', value: '<url>', help: 'The same as --url' },
    timeout: { type: 'string', value: '<ms>', help: `How long the packet may take (default ${DEFAULT_SEND_TIMEOUT_MS})` },
    expiry: { type: 'string', value: '<s>', help: 'The same in seconds' },
    batch: { type: 'string', value: '<n>', help: `Send <n> packets (up to ${MAX_BATCH}), ${AT_ONCE_MAX} at a time` },
    sequence: { type: 'string', value: '<n>', help: 'Send <n> packets, one after the other' },
    delay: { type: 'string', value: '<ms>', help: 'Wait this long between the packets of a sequence (default 0)' },
    'auth-token': { type: 'string', value: '<secret>', help: 'Over BTP; better in BTP_PEER_SEND_PACKET_CLIENT_SECRET (default: none)' },
    proxy: { type: 'string', value: '<url>', help: 'Over BTP, through this SOCKS5 proxy alone: socks5h://host:port' },
    'log-level': { type: 'string', value: '<level>', help: 'What BTP logs: debug, info, warn or error (default)' },
    json: { type: 'boolean', help: 'Print the answer as JSON' }
  },
  maxPositionals: 0,
  examples: [
    'connector send --destination g.connector-c.alice --amount 1000 --data "Hello through the network!"',
    'connector send -d g.connector-b -a 0 --url http://localhost:8091 --json',
    'connector send -c ws://localhost:3000 -d g.connector-c.alice -a 1000 --batch 100',
    'connector send -c ws://<name>.onion:3000 --proxy socks5h://127.0.0.1:9050 -d g.shop -a 1000'
  ],

  async run (args) {
    const packet = packetOf(args)
    const counts = { batch: countOf(args, 'batch', MAX_BATCH), sequence: countOf(args, 'sequence', MAX_SEQUENCE) }
    const delayMs = countOf(args, 'delay', DEFAULT_SEND_TIMEOUT_MS * 1000, 0) ?? 0
    if (counts.batch !== undefined && counts.sequence !== undefined) throw usageError(send, 'Give either --batch or --sequence.')
    const way = await wayOf(args)
    try {
      if (counts.batch === undefined && counts.sequence === undefined) {
        const answer = await way.send(packet)
        return args.flag('json') ? showJson(answer) : showText(answer, packet.amount, await way.unit())
      }
      const startedAt = performance.now()
      const answers: SendAnswer[] = []
      const show = (): ExitCode => showMany(answers, Math.round(performance.now() - startedAt), args.flag('json'))
      try {
        await (counts.batch === undefined
          ? inSequence(answers, way, packet, counts.sequence ?? 0, delayMs)
          : atOnce(answers, way, packet, counts.batch))
      } catch (error) {
        if (answers.length > 0) show() // some may have been paid
        throw error
      }
      return show()
    } finally {
      await way.close()
    }
  }
}

function packetOf (args: Arguments): Packet {
  const seconds = args.text('expiry')
  const timeoutMs = seconds === undefined ? Number(args.text('timeout') ?? DEFAULT_SEND_TIMEOUT_MS) : Number(seconds) * 1000
  const [destination = '', amount = ''] = [args.text('destination'), args.text('amount')]
  const packet = { destination, amount, data: Buffer.from(args.text('data') ?? '').toString('base64'), timeoutMs }
  const fault = validateIlpSendRequest({ ...packet, amount: args.text('amount') })
  if (fault !== null) throw usageError(send, faultInOptions(fault, seconds === undefined ? '--timeout' : '--expiry, in ms,'))
  return packet
}

/** The API's messages name its fields; here these are options. */
function faultInOptions (fault: string, timeout: string): string {
  const missing = /^Missing required field: (\w+)$/.exec(fault)?.[1]
  return missing === undefined ? fault.replace(/^timeoutMs/, timeout) : `Missing --${missing}`
}

function countOf (args: Arguments, name: string, maximum: number, minimum = 1): number | undefined {
  const text = args.text(name)
  if (text === undefined) return undefined
  const count = /^\d+$/.test(text) ? Number(text) : NaN
  if (count >= minimum && count <= maximum) return count
  throw usageError(send, `--${name} must be a whole number from ${minimum} to ${maximum}, found ${text}`)
}

/** From the URL as it was printed: that of an admin API or one of its pages, or of a BTP port, with or without name and secret. */
function wayOf (args: Arguments): Way | Promise<Way> {
  const text = args.text('url') ?? args.text('connector-url') ?? DEFAULT_URL
  const url = urlOf(text.replace(/^btp\+(?=wss?:)/, ''))
  const isHttp = url !== undefined && /^https?:$/.test(url.protocol)
  const proxy = args.text('proxy')
  const fault = proxy === undefined ? undefined : socksProxyFault(proxy)
  if (fault !== undefined) throw usageError(send, `--proxy ${fault}`)
  if (isHttp && proxy !== undefined) throw usageError(send, '--proxy is for BTP. Give the ws:// URL of a BTP port, or leave it out.')
  if (url !== undefined && isOverlayHost(url.hostname) && proxy === undefined) {
    throw usageError(send, 'the URL is that of a hidden service, which is reached over BTP (ws://), and only through a proxy: add --proxy socks5h://host:port')
  }
  if (isHttp) return overHttp(url)
  if (url !== undefined && /^wss?:$/.test(url.protocol)) return overBtp(url, args.text('auth-token'), { logLevel: args.text('log-level'), proxy })
  throw usageError(send, '--url must be the http:// or https:// URL of an admin API, or the URL of a BTP port: ws://host:port, or ' +
    `btp+ws://name:secret@host:port. Found ${text}`)
}

/** Adds to `answers`. Where a packet cannot be sent, no other is, and it rejects when those under way are answered. */
async function atOnce (answers: SendAnswer[], way: Way, packet: Packet, count: number): Promise<void> {
  let left = count
  const sending = await Promise.allSettled(Array.from({ length: Math.min(count, AT_ONCE_MAX) }, async () => {
    while (left-- > 0) answers.push(await way.send(packet).catch((error: unknown) => {
      left = 0
      throw error
    }))
  }))
  const failed = sending.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

/** Adds to `answers`. Rejects where a packet cannot be sent. */
async function inSequence (answers: SendAnswer[], way: Way, packet: Packet, count: number, delayMs: number): Promise<void> {
  while (answers.length < count) {
    if (answers.length > 0 && delayMs > 0) await new Promise(resolve => setTimeout(resolve, delayMs))
    answers.push(await way.send(packet))
  }
}

function showMany (answers: readonly SendAnswer[], ms: number, asJson: boolean): ExitCode {
  const codes = new Map<string, number>()
  for (const answer of answers) if (!answer.accepted) codes.set(answer.code, (codes.get(answer.code) ?? 0) + 1)
  const rejected = [...codes.values()].reduce((sum, count) => sum + count, 0)
  const fulfilled = answers.length - rejected
  if (asJson) {
    printJson({ sent: answers.length, fulfilled, rejected, codes: Object.fromEntries(codes), ms })
  } else {
    print(`Sent ${answers.length} packets in ${ms} ms: ${fulfilled} fulfilled, ${rejected} rejected.`)
    for (const [code, count] of codes) print(`  ${code}: ${count}`)
  }
  return rejected === 0 ? EXIT.ok : EXIT.failed
}

function showJson (answer: SendAnswer): ExitCode {
  printJson({ ...answer, fulfilled: answer.accepted })
  return answer.accepted ? EXIT.ok : EXIT.failed
}

function showText (answer: SendAnswer, amount: string, unit: string | undefined): ExitCode {
  const data = answer.data === undefined ? undefined : `Data: ${Buffer.from(answer.data, 'base64').toString()}`
  if (!answer.accepted) {
    complain(`Rejected: ${answer.code} ${answer.message.replaceAll(/\s*\n\s*/g, ' ')}`)
    if (data !== undefined) complain(data)
    return EXIT.failed
  }
  print('Fulfilled.')
  const paid = amountInUnit(BigInt(amount), unit)
  if (paid !== undefined) print(`Paid: ${paid} (${amount})`)
  print(`Fulfillment: ${answer.fulfillment}`)
  if (data !== undefined) print(data)
  return EXIT.ok
}
