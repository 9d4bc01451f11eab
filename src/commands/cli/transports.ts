/** The two ways of a packet from the shell into a connector: its admin API, and BTP as a peer would. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { z } from 'zod'
import type { IlpSendRequest } from '../../admin/node/packets.js'
import type { BTPClient } from '../../node/facades/btp-client.js'
import { describeError } from '../../lib/describe-error.js'
import { computeConditionFromData } from '../../delivery/payment.js'
import { environment } from './env-file.js'
import { ask, REASONS, refusalOf, UnreachableError, type HttpAnswer } from './http.js'
import { CliError, EXIT, sentence } from './output.js'

/** The name under which we connect over BTP. */
const BTP_NAME = 'send-packet-client'
const BTP_SECRET = 'BTP_PEER_SEND_PACKET_CLIENT_SECRET'
const ADMIN_PATH = '/admin/ilp/send'
/** How long the node's answer may take, beyond the packet's own time. */
const GRACE_MS = 2_000
/** How long a BTP port may take to accept a connection. */
const PROBE_TIMEOUT_MS = 5_000

const sendAnswer = z.union([
  z.looseObject({ accepted: z.literal(true), fulfillment: z.string(), data: z.string().optional() }),
  z.looseObject({ accepted: z.literal(false), code: z.string(), message: z.string(), data: z.string().optional() })
])

/** `data` and `fulfillment` are base64. */
export type SendAnswer = z.output<typeof sendAnswer>
export type Packet = IlpSendRequest & { timeoutMs: number }

export interface Way {
  /** Rejects with CliError if the packet could not be sent. A Reject is an answer, not an error. */
  send (packet: Packet): Promise<SendAnswer>
  /** What amounts are, as the books say it (`USD/9`). Undefined if the connector does not tell. */
  unit (): Promise<string | undefined>
  close (): Promise<void>
}

/** Pages of our APIs, which stand for the API: what is printed at a start can be copied. */
const PAGES = new RegExp('^/((admin(/(docs|openapi\\.json|peers|routes|channels))?|health(/(live|ready))?|metrics|docs|openapi\\.json|accounts|balance|' +
  'status|stats|routing|routes|rates|alerts|settlements)/?)?$')

/** @param url of an admin API, or of a page of it; any other path is taken for that of the API's own route to send */
export function overHttp (url: URL): Way {
  const target = new URL(url)
  if (PAGES.test(target.pathname)) target.pathname = ADMIN_PATH
  const { ADMIN_API_KEY: key = '' } = environment()
  const headers = { 'content-type': 'application/json', ...(key !== '' && { 'x-api-key': key }) }
  return {
    async send (packet) {
      const answer = await ask(target, packet.timeoutMs + GRACE_MS, { method: 'POST', headers, body: JSON.stringify(packet) }).catch((error: unknown) => {
        if (!(error instanceof UnreachableError)) throw error
        throw new CliError(`Cannot reach ${target.href} (${error.reason}). Is the node running, and is adminApi enabled on this port?`)
      })
      const { data } = sendAnswer.safeParse(answer.body)
      if (data === undefined) throw new CliError(refusal(target, answer), EXIT.failed, answer.errorCode)
      return data
    },
    unit: () => Promise.resolve(undefined),
    close: () => Promise.resolve()
  }
}

/**
 * @param url with the name and secret of an account, or without: then as the peer called send-packet-client
 * @param token the secret; by default, the one in the environment, if any
 * @param proxy `socks5h://...`, through which alone the port is reached
 */
export async function overBtp (
  url: URL, token: string | undefined, { logLevel = 'error', proxy }: { logLevel?: string | undefined, proxy?: string | undefined }
): Promise<Way> {
  if (url.password !== '' && token !== undefined) throw new CliError('The secret is in the URL and in --auth-token. Leave one out.')
  if (proxy === undefined) await refuseSilentPort(url)
  // A health check that runs every few seconds should not load all this.
  const [{ BTPClient }, { createNodeLogger }] = await Promise.all([import('../../node/facades/btp-client.js'), import('../../lib/log.js')])
  // Percent-encoded as they stand in the URL: this is how plugins send them.
  const name = url.username === '' ? BTP_NAME : url.username
  const isAccount = url.username !== '' || url.password !== ''
  const authToken = token ?? (isAccount ? url.password : environment()[BTP_SECRET] ?? '')
  const plain = new URL(url)
  plain.username = plain.password = ''
  const logger = createNodeLogger(BTP_NAME, logLevel)
  const client = new BTPClient({ id: url.host, url: plain.href, authToken }, name, { logger, socksProxy: proxy })
  await client.connect().catch((error: unknown) => {
    throw new CliError(whyNotConnected(plain, describeError(error), name, isAccount))
  })
  return {
    async send ({ destination, amount, data, timeoutMs }) {
      const bytes = Buffer.from(data, 'base64')
      const { condition } = computeConditionFromData(bytes)
      const expiresAt = new Date(Date.now() + timeoutMs)
      const packet = { type: 12, destination, amount: BigInt(amount), executionCondition: condition, expiresAt, data: bytes } as const
      const answer = await client.sendPacket(packet).catch((error: unknown) => { throw new CliError(`Not sent: ${describeError(error)}`) })
      const answered = answer.data.length === 0 ? {} : { data: answer.data.toString('base64') }
      if (answer.type === 13) return { accepted: true, fulfillment: answer.fulfillment.toString('base64'), ...answered }
      return { accepted: false, code: answer.code, message: answer.message, ...answered }
    },
    unit: () => isAccount ? unitOf(client) : Promise.resolve(undefined),
    close: () => client.disconnect()
  }
}

/** Asks as a child asks its parent (IL-DCP, RFC 0031). */
async function unitOf (client: BTPClient): Promise<string | undefined> {
  const [{ fetch }, { encodeReplyPacket, preparePacketOf }] = await Promise.all([import('ilp-protocol-ildcp'), import('../../node/packets.js')])
  try {
    const { assetCode, assetScale } = await fetch(async data => encodeReplyPacket(await client.sendPacket(preparePacketOf(data))))
    return `${assetCode}/${assetScale}`
  } catch {
    return undefined // only children are told
  }
}

/** The plugin would go on trying for seconds before it said so. */
async function refuseSilentPort ({ hostname, port, protocol, host }: URL): Promise<void> {
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'wss:' ? 443 : 80), timeout: PROBE_TIMEOUT_MS })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
    throw new CliError(`Cannot reach ${protocol}//${host} (${REASONS[code] ?? describeError(error)}). Is the connector running, and is this its BTP port?`)
  } finally {
    socket.destroy()
  }
}

function whyNotConnected ({ protocol, host }: URL, found: string, name: string, isAccount: boolean): string {
  const place = `${protocol}//${host}`
  if (/Unexpected server response/.test(found)) {
    return `${place} is not a BTP port: it answers like a web server. If it is an admin API, give its http:// URL; else give the port for peers ` +
      '(btpServerPort of a node, listener.port of a connector\'s account).'
  }
  if (found.includes('has no room for us')) {
    return `${place} has no room for another guest at the moment. Try again later, or ask its operator for a secret: btp+ws://<name>:<secret>@${host}`
  }
  if (found.includes('does not let us in')) {
    return isAccount
      ? `${place} does not let ${name} in. Correct the name and the secret: btp+ws://<name>:<secret>@${host}`
      : `${place} does not let ${name} in. Give the name and secret of an account, btp+ws://<name>:<secret>@${host}, or set ${BTP_SECRET} in the ` +
        'environment or in .env: may send-packet-client connect to it?'
  }
  return `${sentence(found)} Is this the BTP port of a running connector?`
}

function refusal (url: URL, answer: HttpAnswer): string {
  const isConnector = answer.errorCode !== undefined && typeof answer.body === 'string' // it answers in text, and says itself how to pay
  return refusalOf(url, answer, {
    401: ' Set ADMIN_API_KEY in the environment or in .env to the node\'s adminApi.apiKey.',
    403: ' The node\'s adminApi.allowedIPs decides who may send.',
    426: ' Begin the URL with ws:// or btp+ws://, not with http://.',
    ...(!isConnector && { 404: ' Use the port of the admin API (adminApi.port, default 8081).' })
  })
}
