/** Makes a directory with those above it. Node's own `recursive` never returns in file systems that refuse new entries, such as /proc. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Readable for this user alone. Resolves if it exists already. Rejects with the system's error. */
export async function makeDirectory (path: string): Promise<void> {
  try {
    await makeOne(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error
    await makeDirectory(dirname(path))
    await makeOne(path)
  }
}

async function makeOne (path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const isThere = codeOf(error) === 'EEXIST' || codeOf(error) === 'EISDIR' || codeOf(error) === 'EROFS'
    if (!isThere || !await isDirectory(path)) throw error
  }
}

function isDirectory (path: string): Promise<boolean> {
  return stat(path).then(found => found.isDirectory(), () => false)
}

function codeOf (error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
