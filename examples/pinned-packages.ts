/**
 * Packages that only some tests need, and that are not dependencies of this one: too large, or too old. The first test that asks installs
 * the exact versions of a lockfile into node_modules/.cache, and later tests find them there.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Of the repository, from wherever this was built to. */
const ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)))
const FILES = ['package.json', 'package-lock.json']
const CACHE = join(ROOT, 'node_modules/.cache')

/** Give this to `before` hooks that load a tool: the first one installs. */
export const INSTALL_TIMEOUT_MS = 180_000
const LOOK_AGAIN_MS = 200

/**
 * Resolves to the folder whose node_modules has the packages. Its name changes with the lockfile, so that an older one is never used.
 * @param name of the set, such as `solana-tools`
 * @param manifests where its package.json and package-lock.json are, below the root of the repository
 */
export async function installed (name: string, manifests: string): Promise<string> {
  const source = join(ROOT, manifests)
  const version = createHash('sha256').update(readFileSync(join(source, 'package-lock.json'))).digest('hex').slice(0, 12)
  const folder = join(CACHE, `${name}-${version}-${process.platform}-${process.arch}`)
  if (existsSync(folder)) return folder
  await mkdir(CACHE, { recursive: true })
  const unlock = await lock(`${folder}.lock`)
  try {
    if (!existsSync(folder)) await install(source, folder)
  } finally {
    await unlock()
  }
  return folder
}

/**
 * Installs beside the folder and renames: the folder is there only when it is whole, even if this process is killed. `npm install` takes
 * the lockfile's versions and checks their hashes. `npm ci` would demand that the lockfile also names LiteSVM's binaries for platforms
 * that the registry has not got at this version.
 */
async function install (source: string, folder: string): Promise<void> {
  const staging = await mkdtemp(`${folder}.`)
  try {
    for (const file of FILES) await cp(join(source, file), join(staging, file))
    await promisify(execFile)('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: staging })
    await rename(staging, folder)
  } catch (error) {
    throw new Error(`Cannot install the test tools of ${source}: the npm registry must be reachable once. ${messageOf(error)}`, { cause: error })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Waits until no other process holds the lock. A lock whose process is gone does not count. */
async function lock (file: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' })
      return async () => { await rm(file, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    if (isAbandoned(file)) await rm(file, { force: true })
    else await delay(LOOK_AGAIN_MS)
  }
}

function isAbandoned (file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    if (pid === 0) return false // just made, and not yet written
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function rootAbove (folder: string): string {
  return existsSync(join(folder, 'package.json')) || folder === dirname(folder) ? folder : rootAbove(dirname(folder))
}
