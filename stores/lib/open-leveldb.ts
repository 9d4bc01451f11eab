/** Opens a LevelDB database. If that fails, one error says which path, what is wrong with it, and what to do. */
import { constants } from 'node:fs'
import { access, realpath } from 'node:fs/promises'
import { SluiceError, type ErrorCode } from '../../src/contracts/errors.js'
import { makeDirectory } from '../../src/lib/make-directory.js'
import levelup from 'levelup'
import { encode, leveldown } from './level-packages.js'
import type { Database } from './level-packages.js'
import { findDamage } from './leveldb-damage.js'

/**
 * Databases this process has open, by real path; as many as there are stores. LevelDB knows them by the path it was given, so a link
 * would open one twice; and when it refuses a second opening it lets go of the lock that keeps other processes out. So all copies of this
 * module that are loaded, from other folders or by a test runner, share the list.
 */
const openHere = sharedList(Symbol.for('sluice.databases-open-in-this-process'))

export async function openLevelDb (path: string): Promise<Database> {
  const directory = await prepareDirectory(path)
  if (openHere.has(directory)) throw inUse(path, OPEN_HERE)
  openHere.add(directory)
  try {
    await refuseDamaged(path, directory)
    const database = await openFiles(directory).catch((error: unknown) => { throw describe(path, error) })
    database.on('closed', () => openHere.delete(directory))
    return database
  } catch (error) {
    openHere.delete(directory)
    throw error
  }
}

/** Makes the directory, readable for this user only, and returns its real path. */
async function prepareDirectory (path: string): Promise<string> {
  try {
    await makeDirectory(path)
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return await realpath(path)
  } catch (error) {
    throw describe(path, error)
  }
}

async function refuseDamaged (path: string, directory: string): Promise<void> {
  const damage = await findDamage(directory).catch((error: unknown) => { throw describe(path, error) })
  if (damage === undefined) return
  // Files that another process is changing look damaged too.
  const locked = await lockError(directory)
  if (locked !== undefined) throw describe(path, locked)
  throw damaged(path, damage)
}

function openFiles (directory: string): Promise<Database> {
  return new Promise((resolve, reject) => {
    const database = levelup(encode<string, string>(leveldown(directory)), {}, error => {
      if (error) reject(error)
      else resolve(database)
    })
  })
}

/** LevelDB takes the lock before it looks at the options, and these two never let it open anything. */
function lockError (directory: string): Promise<Error | undefined> {
  return new Promise(resolve => {
    leveldown(directory).open({ createIfMissing: false, errorIfExists: true }, error => { resolve(isLockError(error) ? error : undefined) })
  })
}

function isLockError (error: unknown): error is Error {
  return error instanceof Error && /^IO error: lock /.test(error.message)
}

/** A copy of this module in a sandbox of its own does not see the list, but LevelDB does. */
function isOpenHere (error: unknown): boolean {
  return error instanceof Error && error.message.endsWith('already held by process')
}

const OPEN_HERE = 'another connector in this process has it open'
const OPEN_ELSEWHERE = 'another process has it open'
const OTHER_DIRECTORY = 'set storePath (CONNECTOR_STORE_PATH), or dataPath of a node, to another directory'

/** What the system's and LevelDB's errors mean for the operator. */
const KNOWN_ERRORS: Array<{ pattern: RegExp, reason: string, remedy: string }> = [
  {
    pattern: /EACCES|EPERM|Permission denied/,
    reason: 'no permission',
    remedy: `let this user read and write it and the files in it, or ${OTHER_DIRECTORY}`
  },
  { pattern: /EROFS|Read-only file system/, reason: 'the file system is read-only', remedy: OTHER_DIRECTORY },
  { pattern: /EEXIST|ENOTDIR|Not a directory/, reason: 'it or a part of it is a file, not a directory', remedy: OTHER_DIRECTORY },
  { pattern: /ENOENT|No such file/, reason: 'it cannot be made there', remedy: OTHER_DIRECTORY },
  { pattern: /ENOSPC|EDQUOT|No space left|quota/, reason: 'the disk is full', remedy: 'free some space' }
]

function describe (path: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error)
  if (isLockError(error)) return inUse(path, isOpenHere(error) ? OPEN_HERE : OPEN_ELSEWHERE, error)
  if (message.startsWith('Corruption:')) return damaged(path, message, error)
  const known = KNOWN_ERRORS.find(({ pattern }) => pattern.test(message))
  if (known !== undefined) return cannotOpen('SLUICE_STORE_UNUSABLE', path, `${known.reason} (${message})`, known.remedy, error)
  return cannotOpen('SLUICE_STORE_UNUSABLE', path, message, `check the disk, or ${OTHER_DIRECTORY}`, error)
}

function inUse (path: string, reason: string, cause?: unknown): Error {
  return cannotOpen('SLUICE_STORE_IN_USE', path, reason, `stop the other connector, or ${OTHER_DIRECTORY}`, cause)
}

function damaged (path: string, reason: string, cause?: unknown): Error {
  return cannotOpen('SLUICE_STORE_DAMAGED', path, `the data is damaged: ${reason}`,
    'restore the directory from a backup; or move it away to start with an empty store, which forgets all balances', cause)
}

export function cannotOpen (code: ErrorCode, path: string, reason: string, remedy: string, cause?: unknown): Error {
  return new SluiceError(code, `cannot open the store. path=${path} reason=${reason} remedy=${remedy}`, { cause })
}

function sharedList (key: symbol): Set<string> {
  const shared: unknown = Reflect.get(globalThis, key)
  if (isList(shared)) return shared
  const list = new Set<string>()
  Reflect.set(globalThis, key, list)
  return list
}

function isList (shared: unknown): shared is Set<string> {
  return shared instanceof Set
}
