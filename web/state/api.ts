/** Asks the node. Addresses are relative, so that the page works wherever it is mounted. */
import { signal } from '@preact/signals'

const KEY = 'sluice.key'
const KEY_HEADER = 'X-Api-Key'
const TIMEOUT_MS = 15_000

/** Set when the node wants a key: what it said. */
export const keyWanted = signal<string | undefined>(undefined)
/** Counts keys that were entered, so that everything asks again. */
export const keyEntered = signal(0)

export class ApiError extends Error {
  constructor (readonly status: number, message: string) {
    super(message)
  }
}

/** The key lives as long as the tab. */
export function storedKey (): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined
}

export function enterKey (key: string): void {
  sessionStorage.setItem(KEY, key)
  keyWanted.value = undefined
  keyEntered.value++
}

/** The text of the answer. Throws an ApiError with what to tell the reader. */
export async function request (path: string, init: { method?: 'GET' | 'POST', signal?: AbortSignal } = {}): Promise<string> {
  const key = storedKey()
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(path, {
    method: init.method ?? 'GET',
    headers: key === undefined ? {} : { [KEY_HEADER]: key },
    cache: 'no-store',
    signal: init.signal === undefined ? timeout : AbortSignal.any([init.signal, timeout])
  }).catch((error: unknown) => {
    if (init.signal?.aborted === true) throw error
    throw new ApiError(0, 'The node does not answer.')
  })
  const text = await response.text()
  if (response.ok) return text
  const said = messageIn(text) ?? `${response.status} ${response.statusText}`
  if (response.status === 401 || response.status === 403) keyWanted.value = said
  throw new ApiError(response.status, said)
}

export async function get<T> (path: string, signal?: AbortSignal): Promise<T> {
  const answer: unknown = JSON.parse(await request(path, signal === undefined ? {} : { signal }))
  return answer as T
}

function messageIn (text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer !== 'object' || answer === null) return undefined
    const said = 'message' in answer ? answer.message : 'error' in answer ? answer.error : undefined
    return typeof said === 'string' ? said : undefined
  } catch {
    return undefined
  }
}
