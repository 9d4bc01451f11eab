/** Asks the admin APIs of both connectors over HTTP. */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { freePort } from '../../../examples/free-port.js'
import type { Arena, Duel, Name, OptionsFor } from './harness.js'

export interface Question { method?: string, path: string, body?: unknown, headers?: Record<string, string> }

type Ask = (question: Question) => Promise<Record<Name, string>>

/** Both connectors with their admin API, and a way to ask both. */
export async function administered (arena: Arena, options: OptionsFor): Promise<{ duel: Duel, ask: Ask }> {
  const ports = { reference: await freePort(), sluice: await freePort() }
  const duel = await arena.start(side => ({
    ...typeof options === 'function' ? options(side) : options, adminApi: true, adminApiPort: ports[side]
  }))
  return {
    duel,
    ask: async question => ({ reference: await send(ports.reference, question), sluice: await send(ports.sluice, question) })
  }
}

/** The status and the text of an answer; `no answer` where nobody listens. */
export async function send (port: number, { method = 'GET', path, body, headers = {} }: Question): Promise<string> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const asked = request({ host: '127.0.0.1', port, method, path, headers: { ...type, ...headers }, agent: false })
  asked.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body))
  const answer = await Promise.race([once(asked, 'response'), once(asked, 'error')]).catch(() => [])
  const [response] = answer as [IncomingMessage?]
  return response === undefined ? 'no answer' : `${String(response.statusCode)} ${await text(response)}`.trim()
}
