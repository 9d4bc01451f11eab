/** Files with secrets in them, which only their owner may read. */
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Writes a new file and renames it: what was there before, with its mode, or as a link elsewhere, is replaced and not written to. */
export function writePrivately (file: string, text: string): void {
  written(file, text, beside => { renameSync(beside, file) })
}

/**
 * Writes a new file, whole and on disk, or none.
 * @throws Error with the code EEXIST when there is anything of this name: that is never touched
 */
export function createPrivately (file: string, text: string): void {
  written(file, text, beside => {
    sync(beside)
    linkSync(beside, file)
    rmSync(beside)
    sync(dirname(file))
  })
}

function written (file: string, text: string, put: (beside: string) => void): void {
  const beside = `${file}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(beside, text, { mode: 0o600, flag: 'wx' })
    put(beside)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

function sync (path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
