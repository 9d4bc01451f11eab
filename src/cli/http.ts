/** Asks a node over HTTP and says in a few words why it could not. */

export interface HttpAnswer {
  status: number
  /** Parsed JSON, or the text if it is none. */
  body: unknown
}

/** No answer: `reason` is such as `connection refused` or `timeout`. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'

  constructor (readonly reason: string) {
    super(reason)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'unknown host',
  EHOSTUNREACH: 'no way to that host'
}

/** Throws UnreachableError when no answer comes within `timeoutMs`. */
export async function ask (url: URL, timeoutMs: number, request: RequestInit = {}): Promise<HttpAnswer> {
  try {
    const response = await fetch(url, { ...request, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
    const text = await response.text()
    return { status: response.status, body: parsed(text) }
  } catch (error) {
    throw new UnreachableError(reasonOf(error))
  }
}

/** A URL as people write it: `localhost:8080` is taken for http. Undefined for what is none. */
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
