/**
 * Keeps everything in a LevelDB database on disk, for one process at a time. In it is a note of the connector that has used it last, so
 * that no connector takes the data of another where nobody has chosen a place.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Logger } from '../src/contracts/logger.js'
import { UNKNOWN_ADDRESS } from '../src/contracts/account.js'
import type { StoreApi } from '../src/contracts/store.js'
import type { Database } from './lib/level-packages.js'
import { LevelStore, isNotFound } from './lib/level-store.js'
import { cannotOpen, openLevelDb } from './lib/open-leveldb.js'

/** Under the working directory, where the classic connector's documentation puts it too. */
const DEFAULT_DIRECTORY = 'connector-data'
/** What file systems allow. An address may be longer. */
const NAME_MAX = 255
/** So many names are shown in the log. */
const SHOWN_MAX = 5
const OWNER_KEY = 'store:owner'

/**
 * Options: `path` of the directory, which is made if need be. A leading `~` means the home directory; empty means
 * `connector-data/<address of the connector>`. There, `open` rejects with SLUICE_STORE_OF_ANOTHER unless the data is the connector's own.
 */
export default class LeveldownStore extends LevelStore {
  constructor ({ path = '' }: Record<string, unknown>, api: StoreApi) {
    const { log, ilpAddress = UNKNOWN_ADDRESS } = api
    if (typeof path !== 'string') throw new TypeError(`invalid store option. option=path found=${typeof path} expected=a string`)
    const isDefault = path === ''
    const directory = resolve(isDefault ? join(DEFAULT_DIRECTORY, nameFor(ilpAddress)) : expandHome(path))
    super(directory, async () => {
      const { owner } = api
      if (isDefault) refuseUncertain(directory, owner, log)
      const database = await openLevelDb(directory)
      try {
        if (owner !== undefined) await noteOwner(database, owner, found => { if (isDefault) throw ofAnother(directory, found, owner) })
        return database
      } catch (error) {
        await database.close()
        throw error
      }
    })
    log.info('the store is a LevelDB database. path=%s', directory)
  }
}

/** Throws unless the directory can only be this connector's. Opens and makes nothing. */
function refuseUncertain (directory: string, owner: string | undefined, log: Logger): void {
  if (owner === undefined || owner === UNKNOWN_ADDRESS) {
    throw refused(directory, 'the connector has no address of its own, and its parent has no plugin by name with options that would tell it from others',
      'set storePath (CONNECTOR_STORE_PATH)')
  }
  if (isDatabase(directory)) return
  const above = dirname(directory)
  if (isDatabase(above)) {
    throw refused(above, 'there is data of version 0.1, or of a connector with this storePath, and nothing says whether it is this connector\'s',
      `if it is, set storePath (CONNECTOR_STORE_PATH) to ${above}; if not, to another directory`)
  }
  const others = directoriesIn(above)
  if (others.length === 0) return
  log.warn('starting without balances, none are kept under this address. path=%s others=%s remedy=%s', directory, others.slice(0, SHOWN_MAX).join(','),
    'if the connector had another address before, stop it, and set storePath (CONNECTOR_STORE_PATH) to that directory')
}

/** Puts the note into the database. `judge` sees the one of another before, and may throw. */
async function noteOwner (database: Database, owner: string, judge: (found: string) => void): Promise<void> {
  const found = await database.get(OWNER_KEY).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
  if (found === owner) return
  if (found !== undefined) judge(found)
  await database.put(OWNER_KEY, owner, { sync: true })
}

function ofAnother (directory: string, found: string, owner: string): Error {
  const shown = (note: string): string => note.replace(/ #.*/, '')
  return refused(directory, 'the last to use it was another connector, or this one with another address, or with another plugin or other options for its ' +
    `parent. found=${shown(found)} expected=${shown(owner)}`,
  `to keep the balances in it, set storePath (CONNECTOR_STORE_PATH) to ${directory}; if they are not this connector's, to another directory`)
}

function refused (path: string, reason: string, remedy: string): Error {
  return cannotOpen('SLUICE_STORE_OF_ANOTHER', path, reason, remedy)
}

function nameFor (ilpAddress: string): string {
  if (ilpAddress.length <= NAME_MAX) return ilpAddress
  const hash = createHash('sha256').update(ilpAddress).digest('hex')
  return `${ilpAddress.slice(0, NAME_MAX - hash.length - 1)}~${hash}`
}

function isDatabase (directory: string): boolean {
  return existsSync(join(directory, 'CURRENT'))
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
