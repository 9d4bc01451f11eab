/** Keeps everything in a LevelDB database on disk, for one process at a time. */
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Logger } from '../src/contracts/logger.js'
import type { StoreApi } from '../src/contracts/store.js'
import { LevelStore } from './lib/level-store.js'
import { openLevelDb } from './lib/open-leveldb.js'

/** Under the working directory, where the classic connector's documentation puts it too. */
const DEFAULT_DIRECTORY = 'connector-data'
const UNKNOWN_ADDRESS = 'unknown'
/** So many names are shown in the log. */
const SHOWN_MAX = 5

/**
 * Options: `path` of the directory, which is made if need be. A leading `~` means the home directory; empty means
 * `connector-data/<address of the connector>`.
 */
export default class LeveldownStore extends LevelStore {
  constructor ({ path = '' }: Record<string, unknown>, { log, ilpAddress = UNKNOWN_ADDRESS }: StoreApi) {
    if (typeof path !== 'string') throw new TypeError(`invalid store option. option=path found=${typeof path} expected=a string`)
    const directory = resolve(path === '' ? defaultDirectory(ilpAddress, log) : expandHome(path))
    super(directory, () => openLevelDb(directory))
    log.info('the store is a LevelDB database. path=%s', directory)
  }
}

/**
 * Connectors with different addresses may share a working directory, but never balances. Version 0.1 put its data into `connector-data`
 * itself: data that is there is found again, whatever the address.
 */
function defaultDirectory (ilpAddress: string, log: Logger): string {
  if (existsSync(join(DEFAULT_DIRECTORY, 'CURRENT'))) return DEFAULT_DIRECTORY
  const directory = join(DEFAULT_DIRECTORY, ilpAddress)
  const others = existsSync(directory) ? [] : directoriesIn(DEFAULT_DIRECTORY)
  if (others.length > 0) {
    log.warn('starting without balances, none are kept under this address. path=%s others=%s remedy=%s', directory, others.slice(0, SHOWN_MAX).join(','),
      'if the connector had another address before, stop it, and give that directory this name')
  }
  return directory
}

/** What cannot be read is left to the opening to complain about. */
function directoriesIn (path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(({ name }) => name)
  } catch {
    return []
  }
}

/** `~` reaches us unexpanded from configuration files. */
function expandHome (path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path
}
