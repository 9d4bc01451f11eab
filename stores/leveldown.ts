/** Keeps everything in a LevelDB database on disk, for one process at a time. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { StoreApi } from '../src/contracts/store.js'
import { LevelStore } from './lib/level-store.js'
import { openLevelDb } from './lib/open-leveldb.js'

/** Under the working directory, where the classic connector's documentation puts it too. */
const DEFAULT_DIRECTORY = 'connector-data'

/** Options: `path` of the directory, which is made if need be; empty means `connector-data`, and a leading `~` the home directory. */
export default class LeveldownStore extends LevelStore {
  constructor ({ path = '' }: Record<string, unknown>, { log }: StoreApi) {
    if (typeof path !== 'string') throw new TypeError(`invalid store option. option=path found=${typeof path} expected=a string`)
    const directory = resolve(expandHome(path === '' ? DEFAULT_DIRECTORY : path))
    super(directory, () => openLevelDb(directory))
    log.info('the store is a LevelDB database. path=%s', directory)
  }
}

/** `~` reaches us unexpanded from configuration files. */
function expandHome (path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path
}
