/** The two ways of a packet from the shell into a connector: its admin API, and BTP as a peer would. */
import { z } from 'zod'
import type { IlpSendRequest } from '../../admin/node/packets.js'
import { describeError } from '../../lib/describe-error.js'
import { computeConditionFromData } from '../../delivery/payment.js'
import { environment } from './env-file.js'
import { ask, refusalOf, UnreachableError, wordsOf, type HttpAnswer } from './http.js'
import { CliError, sentence } from './output.js'

/** The name under which we connect over BTP. */
const BTP_NAME = 'send-packet-client'
const BTP_SECRET = 'BTP_PEER_SEND_PACKET_CLIENT_SECRET'
const ADMIN_PATH = '/admin/ilp/send'
/** How long the node's answer may take, beyond the packet's own time. */
const GRACE_MS = 2_000

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
  close (): Promise<void>
}

/** @param url of an admin API; if it has no path, the API's path is added */
export function overHttp (url: URL): Way {
  const target = new URL(url)
  if (target.pathname === '/') target.pathname = ADMIN_PATH
  const { ADMIN_API_KEY: key = '' } = environment()
  const headers = { 'content-type': 'application/json', ...(key !== '' && { 'x-api-key': key }) }
  return {
    async send (packet) {
      const answer = await ask(target, packet.timeoutMs + GRACE_MS, { method: 'POST', headers, body: JSON.stringify(packet) }).catch((error: unknown) => {
        if (!(error instanceof UnreachableError)) throw error
        throw new CliError(`Cannot reach ${target.href} (${error.reason}). Is the node running, and is adminApi enabled on this port?`)
      })
      const { data } = sendAnswer.safeParse(answer.body)
      if (data === undefined) throw new CliError(refusal(target, answer))
      return data
    },
    close: () => Promise.resolve()
  }
}

/** @param token the secret; by default, the one in the environment, if any */
export async function overBtp (url: URL, token: string | undefined, logLevel: string | undefined): Promise<Way> {
  // A health check that runs every few seconds should not load all this.
  const [{ BTPClient }, { createNodeLogger }] = await Promise.all([import('../../node/facades/btp-client.js'), import('../../lib/log.js')])
  const authToken = token ?? environment()[BTP_SECRET] ?? ''
  const logger = createNodeLogger(BTP_NAME, logLevel ?? 'error')
  const client = new BTPClient({ id: url.host, url: url.href, authToken }, BTP_NAME, { logger })
  await client.connect().catch((error: unknown) => {
    throw new CliError(`${sentence(describeError(error))} Is this the BTP port of a running node, and may ${BTP_NAME} connect to it? Its secret is read ` +
      `from ${BTP_SECRET}, in the environment or in .env.`)
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
    close: () => client.disconnect()
  }
}

function refusal (url: URL, { status, body }: HttpAnswer): string {
  return refusalOf(url, status, wordsOf(body), {
    401: ' Set ADMIN_API_KEY in the environment or in .env to the node\'s adminApi.apiKey.',
    403: ' The node\'s adminApi.allowedIPs decides who may send.',
    404: ' Use the port of the admin API (adminApi.port, default 8081).'
  })
}
