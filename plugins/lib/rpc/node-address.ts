/** Where a node of a chain is asked. Errors name the host and never the whole URL, which often holds an access key. */
import { readUpTo } from '../../../src/lib/read-up-to.js'
import { isOverlayHost, withoutOverlayNames } from '../../../src/lib/socks-proxy.js'

/** For each try, ms. */
const TIMEOUT_MS = 10_000
/** The same through a proxy, which may have to build a circuit first. */
const PROXIED_TIMEOUT_MS = 30_000
/** How often a question is asked, and what is waited before the second time. */
export const TRIES = 3
export const FIRST_PAUSE_MS = 250
/** Of a node's error text, this much is repeated. */
export const MAX_TEXT = 300

/** More than any answer that is asked for: the logs of many blocks are long. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** The text of an answer. Rejects, and reads no further, when it is longer than `bytesMax`. */
export async function boundedText (body: AsyncIterable<Uint8Array> | null, bytesMax = ANSWER_BYTES_MAX): Promise<string> {
  const bytes = await readUpTo(body, bytesMax)
  if (bytes === undefined) throw new Error(`the answer is longer than ${bytesMax} bytes`)
  return bytes.toString()
}

export interface NodeAddress {
  /** For errors. */
  host: string
  /** Without credentials. */
  url: string
  /** That every request has. */
  headers: Record<string, string>
  timeoutMs: number
}

/**
 * @param url http or https; may carry `user:password@`
 * @param socksProxy through which alone the node is asked; undefined: directly
 * @throws Error, without the URL, when it is none, or a hidden service that no proxy leads to
 */
export function nodeAddress (url: string, socksProxy: string | undefined, timeoutMs?: number): NodeAddress {
  if (!URL.canParse(url) || !/^https?:/i.test(url)) throw new Error('the RPC URL is not one of http or https')
  const parsed = new URL(url)
  const { username, password } = parsed
  if (isOverlayHost(parsed.hostname) && socksProxy === undefined) throw new Error('the RPC URL is that of a hidden service: set "transport" of the chain to socks5')
  parsed.username = parsed.password = ''
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return {
    host: withoutOverlayNames(parsed.host),
    url: parsed.href,
    headers: username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    timeoutMs: timeoutMs ?? (socksProxy === undefined ? TIMEOUT_MS : PROXIED_TIMEOUT_MS)
  }
}
