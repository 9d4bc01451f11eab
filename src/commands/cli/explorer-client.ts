/** Asks a running connector's explorer, for the commands that show what it knows. */
import type { z } from 'zod'
import type { Arguments, Command } from './command.js'
import { usageError } from './command.js'
import { environment } from './env-file.js'
import { ask, httpUrlOf, UnreachableError, wordsOf } from './http.js'
import { CliError, EXIT } from './output.js'

const DEFAULT_URL = 'http://localhost:3001'
const TIMEOUT_MS = 10_000
/** An answer that is not JSON of ours comes from something else. */
const NOT_OURS = 'Is this the explorer\'s port (explorer.port, EXPLORER_PORT, CONNECTOR_EXPLORER_PORT)?'

export const URL_OPTION = {
  type: 'string', short: 'u', value: '<url>', help: `The explorer's URL (default ${DEFAULT_URL}); a node also has it at /explorer of its health port`
} as const
export const ACCESS = 'If the admin API has a key, set ADMIN_API_KEY: the explorer asks for the same one.'

/** Throws CliError for anything but a URL of HTTP. */
export function explorerUrl (command: Command, args: Arguments): URL {
  const text = args.text('url') ?? DEFAULT_URL
  const url = httpUrlOf(text)
  if (url === undefined) throw usageError(command, `--url takes the http:// URL of an explorer, found ${text}`)
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

/** @param path below the explorer's own, such as `api/overview`. Throws CliError where there is no such answer. */
export async function askExplorer<T> (explorer: URL, path: string, shape: z.ZodType<T>): Promise<T> {
  const { ADMIN_API_KEY: key = '' } = environment()
  const url = new URL(path, explorer)
  try {
    const answer = await ask(url, TIMEOUT_MS, { headers: key === '' ? {} : { 'x-api-key': key } })
    const body = shape.safeParse(answer.body)
    if (answer.status < 300 && body.success) return body.data
    const words = answer.status < 300 ? undefined : wordsOf(answer)
    throw new CliError(words ?? `${url.href} answers with HTTP ${answer.status}, but not like an explorer. ${NOT_OURS}`, EXIT.failed, answer.errorCode)
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    throw new CliError(`Cannot reach ${explorer.href} (${error.reason}). Is the connector running, with its explorer? ${NOT_OURS}`)
  }
}
