/** Reads a request's body as JSON, up to a limit. How long it may take is the HTTP server's `requestTimeout`. */
import { readUpTo } from '../lib/read-up-to.js'
import { SluiceError } from '../contracts/errors.js'

/** Whether a request with these headers has a body (RFC 9112 section 6.3). */
export function hasBody (transferEncoding: string | undefined, contentLength: string | undefined): boolean {
  return transferEncoding !== undefined || Number(contentLength ?? 0) > 0
}

/**
 * The parsed body, or undefined when it is empty. Refuses with 413 above the limit (before reading, if the length is declared) and with 400
 * what is not JSON. The parser's own message is dropped: it quotes the body, which may hold an account's secrets.
 */
export async function readJson (request: Request, maxSize: number): Promise<unknown> {
  const text = await readText(request, maxSize)
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new SluiceError('SLUICE_BODY_NOT_JSON', 'the request body is not valid JSON.')
  }
}

async function readText (request: Request, maxSize: number): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > maxSize) throw tooLarge(maxSize)
  const bytes = await readUpTo(chunksOf(request), maxSize)
  if (bytes === undefined) throw tooLarge(maxSize)
  return bytes.toString('utf8')
}

/** Not the stream's own iterator: that one cuts the connection when its reader stops early, and then no answer gets through. */
async function * chunksOf ({ body }: Request): AsyncGenerator<Uint8Array> {
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = body?.getReader()
  for (;;) {
    const chunk = await reader?.read().catch(() => { throw new SluiceError('SLUICE_BODY_INCOMPLETE', 'the request body ended early.') })
    if (chunk?.value === undefined) return
    yield chunk.value
  }
}

function tooLarge (maxSize: number): SluiceError {
  return new SluiceError('SLUICE_BODY_TOO_LARGE', `the request body is larger than ${maxSize} bytes.`)
}
