/** Sends requests to a node or a connector over HTTP, and says in a few words why one failed or was refused. */
import { z } from 'zod'
import { CliError, sentence } from './output.js'

export interface HttpAnswer {
  status: number
  /** What our servers send beside each error; undefined from other servers, and for an answer that succeeded. */
  errorCode?: string | undefined
  /** Parsed JSON, or the text if it is not JSON. */
  body: unknown
}

/** No answer. `reason` is, for example, `connection refused` or `timeout`. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'

  constructor (readonly reason: string) {
    super(reason)
  }
}

const errorAnswer = z.looseObject({ message: z.string() })

/** By the code of a system error. */
export const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'unknown host',
  EHOSTUNREACH: 'no route to that host'
}

/** Throws UnreachableError if no answer comes within `timeoutMs`, and CliError for a URL with a password in it. */
export async function ask (url: URL, timeoutMs: number, request: RequestInit = {}): Promise<HttpAnswer> {
  if (url.username !== '' || url.password !== '') {
    throw new CliError(`The URL of an API has no name and no password: use ${url.protocol}//${url.host}${url.pathname}. If the API has a key, set ADMIN_API_KEY.`)
  }
  const late = new AbortController()
  // Not AbortSignal.timeout, which does not keep the process: it would end without a word where a cut connection leaves a request open.
  const timer = setTimeout(() => { late.abort(new DOMException('no answer in time', 'TimeoutError')) }, timeoutMs)
  try {
    const response = await fetch(url, { ...request, redirect: 'manual', signal: late.signal })
    const text = await response.text()
    return { status: response.status, body: parsed(text), errorCode: response.headers.get('x-error-code') ?? undefined }
  } catch (error) {
    throw new UnreachableError(reasonOf(error))
  } finally {
    clearTimeout(timer)
  }
}

/** Why an admin API refused, if the body of its answer says so: a node's in JSON, a connector's in one line of text. */
export function wordsOf ({ body, errorCode }: HttpAnswer): string | undefined {
  return errorAnswer.safeParse(body).data?.message ?? (errorCode !== undefined && typeof body === 'string' ? body : undefined)
}

/** A refusal, as text for a person. `advice`: by status, with a leading space. */
export function refusalOf ({ href }: URL, answer: HttpAnswer, advice: Readonly<Record<number, string>>): string {
  const { status } = answer
  return `${href} refused the request (HTTP ${status}): ${sentence(wordsOf(answer) ?? 'the answer does not come from an admin API')}${advice[status] ?? ''}`
}

/** A URL as people write it: `localhost:8080` means http. Undefined if it is not a URL. */
export function urlOf (text: string): URL | undefined {
  const whole = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`
  return URL.canParse(whole) ? new URL(whole) : undefined
}

/** The same for a URL that is asked over HTTP. */
export function httpUrlOf (text: string): URL | undefined {
  const url = urlOf(text)
  return url !== undefined && /^https?:$/.test(url.protocol) ? url : undefined
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function reasonOf (error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  if (error.name === 'TimeoutError') return 'timeout'
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return REASONS[code] ?? (cause instanceof Error ? cause.message || code : error.message)
}
