/**
 * The explorer's page: static files that the build left beside the code, read once into memory. What is not there cannot be asked for, so
 * no path leads out of the folder. They hold no data; what they may load is this server's own, and nothing else.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../../web', import.meta.url))
const INDEX = 'index.html'
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.map': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json'
}
/** With the hash of its content in its name, a file never changes. */
const HASHED = /-[\dA-Z]{8}\.\w+$/
const FOREVER = 'public, max-age=31536000, immutable'
const HEADERS = {
  'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin'
}
const NOT_BUILT = 'The page of the explorer is not part of this build: run npm run build. Its API is at api/overview.\n'

interface PageFile {
  body: Uint8Array<ArrayBuffer>
  type: string
  etag: string
  isHashed: boolean
}

export class PageFiles {
  #files: Map<string, PageFile> | undefined

  constructor (private readonly folder = FOLDER) {}

  /**
   * @param path below the place where the page is, without a slash at its beginning: anything that is not one of its files is a view of the
   *   page
   * @param known the `If-None-Match` of the request
   */
  answer (path: string, known: string | undefined): Response {
    const files = this.#files ??= filesIn(this.folder)
    const file = files.get(path) ?? (extname(path) === '' || path === '' ? files.get(INDEX) : undefined)
    if (file === undefined) {
      return files.has(INDEX)
        ? new Response('Not Found\n', { status: 404, headers: { ...HEADERS, 'Cache-Control': 'no-store', 'Content-Type': 'text/plain; charset=utf-8' } })
        : new Response(NOT_BUILT, { status: 503, headers: { ...HEADERS, 'Cache-Control': 'no-store', 'Content-Type': 'text/plain; charset=utf-8' } })
    }
    const headers = { ...HEADERS, 'Content-Type': file.type, ETag: file.etag, 'Cache-Control': file.isHashed ? FOREVER : 'no-cache' }
    if (known === file.etag) return new Response(null, { status: 304, headers })
    return new Response(file === files.get(INDEX) ? rooted(file.body, path) : file.body, { headers })
  }
}

/** A view may lie deeper than the page: its URLs are relative, to where the page is. */
function rooted (index: Uint8Array<ArrayBuffer>, path: string): Uint8Array<ArrayBuffer> | string {
  const depth = path.split('/').length - 1
  return depth === 0 ? index : Buffer.from(index).toString('utf8').replace('<head>', `<head>\n<base href="${'../'.repeat(depth)}">`)
}

function filesIn (folder: string): Map<string, PageFile> {
  const files = new Map<string, PageFile>()
  for (const entry of listOf(folder)) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const body = new Uint8Array(readFileSync(path))
    files.set(relative(folder, path).split(sep).join('/'), {
      body,
      type: TYPES[extname(path)] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 24)}"`,
      isHashed: HASHED.test(entry.name)
    })
  }
  return files
}

function listOf (folder: string): ReturnType<typeof readEntries> {
  try {
    return readEntries(folder)
  } catch {
    return []
  }
}

const readEntries = (folder: string) => readdirSync(folder, { recursive: true, withFileTypes: true })
