/** Sends requests to a node or a connector over HTTP, and says in a few words why one failed or was refused. */
import { z } from 'zod'
import { sentence } from './output.js'

export interface HttpAnswer {
  status: number
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

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'unknown host',
  EHOSTUNREACH: 'no route to that host'
}

/** Throws UnreachableError if no answer comes within `timeoutMs`. */
export async function ask (url: URL, timeoutMs: number, request: RequestInit = {}): Promise<HttpAnswer> {
  try {
    const response = await fetch(url, { ...request, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
    const text = await response.text()
    return { status: response.status, body: parsed(text) }
  } catch (error) {
    throw new UnreachableError(reasonOf(error))
  }
}

/** Why an admin API refused, if the body of its answer says so. */
export function wordsOf (body: unknown): string | undefined {
  return errorAnswer.safeParse(body).data?.message
}

/** A refusal, as text for a person. `advice`: by status, with a leading space. */
export function refusalOf ({ href }: URL, status: number, words: string | undefined, advice: Readonly<Record<number, string>>): string {
  return `${href} refused the request (HTTP ${status}): ${sentence(words ?? 'the answer does not come from an admin API')}${advice[status] ?? ''}`
}

/** A URL as people write it: `localhost:8080` means http. Undefined if it is not a URL. */
export function urlOf (text: string): URL | undefined {
  const whole = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`
  return URL.canParse(whole) ? new URL(whole) : undefined
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
