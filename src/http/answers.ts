/** How the node's HTTP servers write an answer. */
import { errorAnswer, notFound } from './node-errors.js'

/** Answers may hold balances: they are not for caches, nor for browsers to guess a type for. */
export const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

export function json (status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...HEADERS, 'Content-Type': 'application/json' } })
}

/** For a method and path that nothing is behind. */
export function noSuchRoute (method: string, path: string, advice = ''): Response {
  return json(404, errorAnswer(notFound(`No such route: ${method} ${path}.${advice}`)).body)
}
