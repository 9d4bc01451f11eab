/** The connection to `/ws`: says whether it stands, and comes back by itself. */
import { effect, signal } from '@preact/signals'
import type { ExplorerEvent } from '../../src/contracts/explorer-events.js'
import { retryAfterMs } from '../model/backoff.js'
import { get, keyEntered, keyWanted, storedKey } from './api.js'

export type Connection =
  | { state: 'connecting' }
  | { state: 'live', since: number }
  | { state: 'lost', since: number, tries: number, nextAt: number }

/** A connection that opened and was closed at once counts as a failed try. */
const STEADY_MS = 2000

export const connection = signal<Connection>({ state: 'connecting' })

let socket: WebSocket | undefined
let timer: ReturnType<typeof setTimeout> | undefined
let tries = 0

/** @param opened called whenever a connection stands: what came before it is missing */
export function connect (receive: (event: ExplorerEvent) => void, opened: () => void): void {
  const open = async (): Promise<void> => {
    clearTimeout(timer)
    const made = new WebSocket(await addressOf())
    socket = made
    made.onopen = () => {
      opened()
      connection.value = { state: 'live', since: Date.now() }
    }
    made.onmessage = message => {
      const event = eventIn(message.data)
      if (event !== undefined) receive(event)
    }
    made.onclose = () => { if (socket === made) again() }
  }
  const again = (): void => {
    const before = connection.peek()
    tries = before.state === 'live' && Date.now() - before.since > STEADY_MS ? 1 : tries + 1
    const wait = retryAfterMs(tries)
    const since = before.state === 'lost' ? before.since : Date.now()
    connection.value = { state: 'lost', since, tries, nextAt: Date.now() + wait }
    clearTimeout(timer)
    timer = setTimeout(attempt, wait)
  }
  const attempt = (): void => { void open().catch(again) }
  attempt()
  effect(() => {
    if (keyEntered.value === 0 || connection.peek().state === 'live') return
    tries = 0
    attempt()
  })
  addEventListener('online', () => { if (connection.peek().state === 'lost') attempt() })
}

/** A browser sends no key with a WebSocket. With one, the node gives a ticket for one connection. */
async function addressOf (): Promise<string> {
  const address = new URL('ws', location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  address.hash = ''
  address.search = ''
  if (storedKey() === undefined && keyWanted.peek() !== undefined) throw new Error('a key is needed first')
  if (storedKey() !== undefined) {
    const { ticket } = await get<{ ticket: string }>('api/ticket')
    address.searchParams.set('ticket', ticket)
  }
  return address.href
}

function eventIn (data: unknown): ExplorerEvent | undefined {
  if (typeof data !== 'string') return undefined
  try {
    const event: unknown = JSON.parse(data)
    return typeof event === 'object' && event !== null && 'type' in event && typeof event.type === 'string' ? event as ExplorerEvent : undefined
  } catch {
    return undefined
  }
}
