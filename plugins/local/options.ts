/** The options of the plugin. Options that cannot work are rejected when the plugin is created, without repeating a secret. */
import { z } from 'zod'
import { isHttpUrl } from '../../src/lib/urls.js'
import type { LocalDeliveryRequest, LocalDeliveryResponse } from '../../src/delivery/payment.js'

const MAX_MS = 24 * 60 * 60 * 1000
const DEFAULT_TIMEOUT_MS = 30_000
/** As many as an ordinary web server answers at a time, and thousands of packets a second if each takes 10 ms. */
const DEFAULT_CONCURRENT = 64

/** Delivers a packet, or returns undefined when it is not there to deliver it: then the business logic server is asked. */
type Deliver = (request: LocalDeliveryRequest) => Promise<LocalDeliveryResponse> | LocalDeliveryResponse | undefined

const Options = z.object({
  deliver: z.custom<Deliver>(value => typeof value === 'function', 'expected a function').optional()
    .describe('Delivers in process. Asked before the business logic server'),
  handlerUrl: z.string().refine(isHttpUrl, 'expected an http or https URL without user name and password').optional()
    .describe('The business logic server; /handle-packet and /health are appended'),
  timeout: z.int().min(1).max(MAX_MS).default(DEFAULT_TIMEOUT_MS).describe('ms for one answer of the business logic server'),
  maxConcurrentRequests: z.int().min(1).default(DEFAULT_CONCURRENT).describe('Requests to the business logic server at a time; more wait their turn'),
  authToken: z.string().min(1).optional().describe('Sent to the business logic server as `Authorization: Bearer`'),
  autoFulfill: z.boolean().default(false).describe('Fulfil what nobody is there to deliver: for development'),
  address: z.string().default('').describe('ILP address for the triggeredBy of rejects')
})

export interface Settings extends Omit<z.output<typeof Options>, 'handlerUrl'> {
  /** Without a slash at its end. */
  handlerUrl: string | undefined
}

/** @throws Error that names the option, and what is wrong with it */
export function parseOptions (options: unknown): Settings {
  const result = Options.safeParse(options)
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw new Error(`invalid options of the local plugin. ${problems.join('; ')}`)
  }
  return { ...result.data, handlerUrl: result.data.handlerUrl?.replace(/\/+$/, '') }
}
