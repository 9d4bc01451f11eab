/** Where this package is, from wherever the tests were built to. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The compiled tree that the running test is part of: it has src/, middlewares/ and so on. */
export const BUILT = fileURLToPath(new URL('../..', import.meta.url))

/** The folder with package.json. */
export const PACKAGE_ROOT = rootAbove(BUILT)

function rootAbove (folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new Error(`no package.json in or above ${BUILT}`)
  return rootAbove(parent)
}
