/** How an answer is written. */
import { errorAnswer } from './errors.js'

/** Answers may hold balances: they are not for caches, nor for browsers to guess a type for. */
const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }
/** The page has no scripts, and nothing from elsewhere. */
const PAGE_HEADERS = { ...HEADERS, 'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'", 'X-Frame-Options': 'DENY' }

export function json (status: number, body: object): Response {
  return text(status, JSON.stringify(body), 'application/json')
}

export function text (status: number, body: string, type: string): Response {
  return new Response(body, { status, headers: { ...HEADERS, 'Content-Type': type } })
}

/** Done, and there is nothing to say. */
export function nothing (): Response {
  return new Response(null, { status: 204, headers: HEADERS })
}

/** A page for people. */
export function html (page: string): Response {
  return new Response(page, { headers: { ...PAGE_HEADERS, 'Content-Type': 'text/html; charset=utf-8' } })
}

/** Anything that was thrown as an Error, as JSON. */
export function jsonError (err: Error): Response {
  const { status, body } = errorAnswer(err)
  return json(status, body)
}
