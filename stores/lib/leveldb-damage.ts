/**
 * Checks the files of a LevelDB database before it is opened. LevelDB starts empty if CURRENT is missing, and with what is left if its
 * newest log is missing or damaged. A store of balances must not start at all in these cases.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readRecords } from './leveldb-log.js'

/** The first manifest, written before the database holds anything. */
const FIRST_MANIFEST = 'MANIFEST-000001'

/** @returns what is wrong, or undefined for a sound database and for a directory without one. Rejects when the files cannot be read. */
export async function findDamage (directory: string): Promise<string | undefined> {
  const names = await readdir(directory)
  if (!names.includes('CURRENT')) {
    const trace = names.find(name => /^\d+\.(log|ldb|sst)$/.test(name) || (name.startsWith('MANIFEST-') && name !== FIRST_MANIFEST))
    return trace === undefined ? undefined : `CURRENT is missing although there is ${trace}`
  }
  try {
    const current = /^(MANIFEST-\d+)\n$/.exec(await readFile(join(directory, 'CURRENT'), 'utf8'))?.[1]
    if (current === undefined) return 'CURRENT does not name a manifest'
    if (!names.includes(current)) return `${current} is missing`
    const { logNumber, tables } = await readFileWith(directory, current, readManifest)
    return await damagedTable(directory, names, tables) ?? await damagedLog(directory, names, logNumber)
  } catch (error) {
    if (error instanceof DamagedFileError) return error.message
    throw error
  }
}

class DamagedFileError extends Error {}

async function damagedTable (directory: string, names: readonly string[], tables: Manifest['tables']): Promise<string | undefined> {
  for (const [number, size] of tables) {
    const name = names.find(name => /^\d+\.(ldb|sst)$/.test(name) && parseInt(name) === number)
    if (name === undefined) return `table ${number} is missing`
    const found = (await stat(join(directory, name))).size
    if (found !== size) return `${name} has ${found} bytes instead of ${size}`
  }
  return undefined
}

/** Opening replays the log that the manifest names and all newer ones. A database that was never opened after it was made has none yet. */
async function damagedLog (directory: string, names: readonly string[], logNumber: number): Promise<string | undefined> {
  const logs = names.filter(name => /^\d+\.log$/.test(name) && parseInt(name) >= logNumber)
  if (logNumber > 0 && !logs.some(name => parseInt(name) === logNumber)) return `log ${logNumber} is missing`
  for (const name of logs) await readFileWith(directory, name, readRecords)
  return undefined
}

async function readFileWith<T> (directory: string, name: string, read: (content: Buffer) => T): Promise<T> {
  const content = await readFile(join(directory, name))
  try {
    return read(content)
  } catch (error) {
    throw new DamagedFileError(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

interface Manifest {
  /** The oldest log that is still needed. */
  logNumber: number
  /** Size in bytes of each live table file, by number. */
  tables: Map<number, number>
}

/** A manifest is a list of changes: each a sequence of tagged fields. The tags are those of LevelDB's version_edit.cc. */
function readManifest (content: Buffer): Manifest {
  const tables = new Map<number, number>()
  let logNumber: number | undefined
  for (const record of readRecords(content)) {
    const fields = new FieldReader(record)
    while (!fields.atEnd) {
      const tag = fields.number()
      if (tag === 1) fields.skipBytes() // comparator
      else if (tag === 2) logNumber = fields.number()
      else if (tag === 3 || tag === 4 || tag === 9) fields.number() // next file, last sequence, previous log
      else if (tag === 5) fields.numberAndBytes() // where compaction goes on
      else if (tag === 6) tables.delete(fields.fileNumber())
      else if (tag === 7) {
        tables.set(fields.fileNumber(), fields.number())
        fields.skipBytes() // smallest key
        fields.skipBytes() // largest key
      } else throw new Error(`unknown field ${tag}`)
    }
  }
  if (logNumber === undefined) throw new Error('it is not complete')
  return { logNumber, tables }
}

class FieldReader {
  private at = 0

  constructor (private readonly data: Buffer) {}

  get atEnd (): boolean {
    return this.at >= this.data.length
  }

  /** A varint. File numbers and sizes stay far below 2^53. */
  number (): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.data.readUInt8(this.at++)
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  /** A table's level and number. */
  fileNumber (): number {
    this.number()
    return this.number()
  }

  numberAndBytes (): void {
    this.number()
    this.skipBytes()
  }

  skipBytes (): void {
    const length = this.number()
    this.at += length
  }
}
