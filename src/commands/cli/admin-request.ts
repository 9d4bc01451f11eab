/** Asks the admin API of a running node, for the commands that change something. */
import { environment } from './env-file.js'
import { ask, UnreachableError, wordsOf } from './http.js'
import { CliError, EXIT } from './output.js'

export const DEFAULT_ADMIN_URL = 'http://localhost:8081'

/** Resolves to the body of the answer. Throws CliError with what the node says, or why it says nothing. */
export async function adminRequest (
  url: URL, method: string, path: string, { body, timeoutMs }: { body?: object, timeoutMs: number }
): Promise<unknown> {
  const { ADMIN_API_KEY: key = '' } = environment()
  const headers = { 'content-type': 'application/json', ...(key !== '' && { 'x-api-key': key }) }
  try {
    const answer = await ask(new URL(path, url), timeoutMs, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
    if (answer.status < 300) return answer.body
    throw new CliError(wordsOf(answer) ?? `${url.href} answers with HTTP ${answer.status}. Is this the admin API?`, EXIT.failed, answer.errorCode)
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    throw new CliError(`Cannot reach ${url.href} (${error.reason}). Is the node running, and is adminApi enabled on this port?`)
  }
}
