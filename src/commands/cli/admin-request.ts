/** Asks the admin API of a running node, for the commands that change something. */
import type { z } from 'zod'
import { environment } from './env-file.js'
import { ask, UnreachableError, wordsOf } from './http.js'
import { CliError, EXIT } from './output.js'

export const DEFAULT_ADMIN_URL = 'http://localhost:8081'

/** Resolves to the body of the answer. Throws CliError with what the node says, why it says nothing, or that something else answers. */
export async function adminRequest<T> (
  url: URL, method: string, path: string, { shape, body, timeoutMs }: { shape: z.ZodType<T>, body?: object, timeoutMs: number }
): Promise<T> {
  const { ADMIN_API_KEY: key = '' } = environment()
  const headers = { 'content-type': 'application/json', ...(key !== '' && { 'x-api-key': key }) }
  try {
    const answer = await ask(new URL(path, url), timeoutMs, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
    const found = shape.safeParse(answer.body)
    if (answer.status < 300 && found.success) return found.data
    const words = answer.status < 300 ? undefined : wordsOf(answer)
    const stranger = `${url.href} answers with HTTP ${answer.status}, but not like a node's admin API. Is this its port (adminApi.port)?`
    throw new CliError(words ?? stranger, EXIT.failed, answer.errorCode)
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    throw new CliError(`Cannot reach ${url.href} (${error.reason}). Is the node running, and is adminApi enabled on this port?`)
  }
}
