/** One HTTP GET for a rate service: with a deadline, a size limit and a status check, because the answer decides what money is worth. */
import { readUpTo } from '../../src/lib/read-up-to.js'

const FETCH_TIMEOUT_MS = 10_000
const ANSWER_BYTES_MAX = 4 * 1024 * 1024

export interface FetchOptions {
  /** Aborts the request with its reason. */
  signal: AbortSignal
  /** Sent along; a redirect is then refused, so that a key goes nowhere else. */
  headers?: Record<string, string>
}

/** @returns the body as text. Rejects with a plain reason for anything but a complete answer with status 200 in UTF-8. */
export async function fetchText (url: URL, { signal, headers }: FetchOptions): Promise<string> {
  signal.throwIfAborted()
  const request = new AbortController()
  const stop = (): void => request.abort(signal.reason)
  signal.addEventListener('abort', stop)
  const timer = setTimeout(() => {
    request.abort(new Error(`no complete answer within ${FETCH_TIMEOUT_MS} ms`))
  }, FETCH_TIMEOUT_MS)
  timer.unref()
  try {
    const response = await fetch(url, {
      signal: request.signal,
      ...(headers === undefined ? {} : { headers, redirect: 'error' })
    })
    if (response.status !== 200) throw new Error(`unexpected HTTP status ${response.status}`)
    return await readText(response)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    request.abort() // lets go of the socket when the body was not read to its end
  }
}

async function readText ({ body }: Response): Promise<string> {
  const bytes = await readUpTo(body, ANSWER_BYTES_MAX)
  if (bytes === undefined) throw new Error(`the answer is larger than ${ANSWER_BYTES_MAX} bytes`)
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}
