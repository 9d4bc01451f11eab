/**
 * One HTTP GET for a rate service: with a deadline, a size limit and a status check, because the answer decides what money is worth. It
 * goes directly, or through a SOCKS5 proxy and then in no other way.
 */
import { get as overHttp, type Agent, type IncomingMessage } from 'node:http'
import { get as overHttps } from 'node:https'
import { Readable } from 'node:stream'
import { describeError } from '../../src/lib/describe-error.js'
import { readUpTo } from '../../src/lib/read-up-to.js'
import { agentFor } from '../../src/lib/socks-agent.js'
import { withoutOverlayNames } from '../../src/lib/socks-proxy.js'

const FETCH_TIMEOUT_MS = 10_000
/** The same through a proxy, which may have to build a circuit first. */
const PROXIED_TIMEOUT_MS = 30_000
const ANSWER_BYTES_MAX = 4 * 1024 * 1024

export interface FetchOptions {
  /** Aborts the request with its reason. */
  signal: AbortSignal
  /** Sent along; a redirect is then refused, so that a key goes nowhere else. */
  headers?: Record<string, string>
  /** `socks5h://...`. Redirects are refused then. Undefined: directly. */
  socksProxy?: string | undefined
}

/** @returns the body as text. Rejects with a plain reason for anything but a complete answer with status 200 in UTF-8. */
export async function fetchText (url: URL, { signal, headers, socksProxy }: FetchOptions): Promise<string> {
  signal.throwIfAborted()
  const request = new AbortController()
  const stop = (): void => request.abort(signal.reason)
  signal.addEventListener('abort', stop)
  const timeoutMs = socksProxy === undefined ? FETCH_TIMEOUT_MS : PROXIED_TIMEOUT_MS
  const timer = setTimeout(() => {
    request.abort(new Error(`no complete answer within ${timeoutMs} ms`))
  }, timeoutMs)
  timer.unref()
  try {
    const agent = agentFor(url, socksProxy, timeoutMs)
    if (agent !== undefined) {
      request.signal.addEventListener('abort', () => { agent.destroy() }) // in any case; Node does not end a request that has no connection yet
      return await textThrough(agent, url, headers, request.signal)
    }
    const response = await fetch(url, {
      signal: request.signal,
      ...(headers === undefined ? {} : { headers, redirect: 'error' })
    })
    if (response.status !== 200) throw new Error(`unexpected HTTP status ${response.status}`)
    return await readText(response.body)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    request.abort() // lets go of the socket when the body was not read to its end
  }
}

async function textThrough (agent: Agent, url: URL, headers: Record<string, string> | undefined, signal: AbortSignal): Promise<string> {
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const get = url.protocol === 'https:' ? overHttps : overHttp
      get(url, { agent, signal, ...(headers !== undefined && { headers }) }, resolve).on('error', reject)
    })
    if (response.statusCode !== 200) throw new Error(`unexpected HTTP status ${response.statusCode}`)
    return await readText(Readable.toWeb(response) as ReadableStream<Uint8Array>)
  } catch (error) {
    throw signal.aborted ? signal.reason : new Error(withoutOverlayNames(describeError(error)))
  }
}

async function readText (body: ReadableStream<Uint8Array> | null): Promise<string> {
  const bytes = await readUpTo(body, ANSWER_BYTES_MAX)
  if (bytes === undefined) throw new Error(`the answer is larger than ${ANSWER_BYTES_MAX} bytes`)
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}
