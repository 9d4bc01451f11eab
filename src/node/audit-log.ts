/**
 * Writes the audit log of a node: files in a folder of its own, one a day, or more if they grow large. Entries are written a moment after
 * they happen, and synced with each write; nobody waits for that, and a full disk stops no payment. What cannot be written waits, up to a
 * bound, and what is lost beyond it is counted in the log itself.
 */
import { open, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Audit, AuditEntry, AuditStatus } from '../contracts/audit.js'
import type { NodeLogger } from '../contracts/node.js'
import { NO_HASH, nextLine, readLine, type Link } from '../lib/audit-chain.js'
import { describeError } from '../lib/describe-error.js'
import { LogThrottle } from '../lib/log-throttle.js'
import { makeDirectory } from '../lib/make-directory.js'

const WRITE_DELAY_MS = 100
const RETRY_MS = 10_000
const LOG_INTERVAL_MS = 60_000
const DAY_MS = 86_400_000
export const MAX_WAITING = 10_000
const FILE_BYTES_MAX = 4_194_304
/** With files of that size, 2 GiB. */
const FILES_MAX = 512
const FILE = /^\d{12}\.jsonl$/
const OURS = { via: 'code' } as const

export interface AuditLogOptions {
  folder: string
  /** Makes the hashes ones that nobody without it can make. */
  key: string | undefined
  retentionDays: number
}

interface Place extends Link {
  file: string
  bytes: number
  /** The day of its first entry, in days since the epoch. */
  day: number
}

export class AuditLog implements Audit {
  #waiting: Array<AuditEntry & { at: string }> = []
  #place: Place | undefined
  #writing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #lost = 0
  /** Of these, so many are not in the log yet. */
  #untold = 0
  #trouble: string | undefined
  readonly #complaints = new LogThrottle(LOG_INTERVAL_MS)
  readonly #heads = new LogThrottle(LOG_INTERVAL_MS)

  constructor (private readonly options: AuditLogOptions, private readonly log: NodeLogger) {}

  record (entry: AuditEntry): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#lost++
      this.#untold++
      return
    }
    this.#waiting.push({ ...entry, at: new Date().toISOString() })
    this.#later(WRITE_DELAY_MS)
  }

  async flush (): Promise<void> {
    await this.#writing
    await this.#write()
  }

  status (): AuditStatus {
    const { seq = 0, hash = NO_HASH } = this.#place ?? {}
    return { entries: seq, head: hash, lost: this.#lost, ...(this.#trouble !== undefined && { trouble: this.#trouble }) }
  }

  #later (ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.#write()
    }, ms).unref()
  }

  /** One write at a time. Never rejects. */
  #write (): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    return this.#writing ??= this.#writeNow().finally(() => {
      this.#writing = undefined
      if (this.#waiting.length > 0) this.#later(this.#trouble === undefined ? WRITE_DELAY_MS : RETRY_MS)
    })
  }

  async #writeNow (): Promise<void> {
    if (this.#waiting.length === 0) return
    const entries = this.#waiting
    this.#waiting = []
    const untold = this.#untold
    if (untold > 0) entries.push({ at: new Date().toISOString(), action: 'audit.lost', detail: `${untold} entries could not be written`, by: OURS, outcome: 'ok' })
    try {
      const place = this.#place = this.#placeFor(await this.#found())
      this.#place = await append(place, entries, this.options.key)
      this.#untold -= untold
      this.#trouble = undefined
      await this.#prune()
      this.#tellHead()
    } catch (error) {
      this.#failed(error, untold > 0 ? entries.slice(0, -1) : entries)
    }
  }

  /** What was begun is taken back when the place is looked for again. */
  #failed (error: unknown, entries: Array<AuditEntry & { at: string }>): void {
    this.#place = undefined
    this.#trouble = describeError(error)
    this.#waiting = [...entries, ...this.#waiting]
    const tooMany = this.#waiting.splice(MAX_WAITING).length
    this.#lost += tooMany
    this.#untold += tooMany
    if (this.#complaints.due() !== undefined) {
      this.log.error({ folder: this.options.folder, waiting: this.#waiting.length, error: this.#trouble }, 'audit_log_not_written')
    }
  }

  #tellHead (): void {
    const { entries, head } = this.status()
    if (this.#heads.due() !== undefined) this.log.info({ entries, head }, 'audit_head')
  }

  /** Where the last entry stands, and nothing that was only begun behind it. */
  async #found (): Promise<Place> {
    if (this.#place !== undefined) return this.#place
    await makeDirectory(this.options.folder)
    for (const last of (await filesIn(this.options.folder)).reverse()) {
      const file = join(this.options.folder, last)
      const text = await readFile(file, 'utf8')
      const whole = text.slice(0, text.lastIndexOf('\n') + 1)
      if (whole === '') await rm(file)
      else if (whole.length < text.length) await truncate(file, Buffer.byteLength(whole))
      if (whole !== '') return lastIn(whole, file, last)
    }
    return { file: '', bytes: 0, day: 0, seq: 0, hash: NO_HASH }
  }

  #placeFor (place: Place): Place {
    const day = dayOf(Date.now())
    if (place.file !== '' && place.bytes < FILE_BYTES_MAX && place.day === day) return place
    return { ...place, file: join(this.options.folder, `${String(place.seq + 1).padStart(12, '0')}.jsonl`), bytes: 0, day }
  }

  /** Removes files that are too old, or too many. What is kept says in its first entry how many were before. */
  async #prune (): Promise<void> {
    const files = await filesIn(this.options.folder)
    const oldest = Date.now() - this.options.retentionDays * DAY_MS
    for (const [index, name] of files.slice(0, -1).entries()) {
      const file = join(this.options.folder, name)
      if (files.length - index <= FILES_MAX && (await stat(file)).mtimeMs >= oldest) return
      await rm(file)
    }
  }
}

/** Without a last entry that can be read, a new chain begins in a new file, and the break shows. */
function lastIn (text: string, file: string, name: string): Place {
  const lines = text.split('\n')
  const [first, last] = [readLine(lines[0] ?? ''), readLine(lines.at(-2) ?? '')]
  if (last === undefined) return { file, bytes: FILE_BYTES_MAX, day: 0, seq: seqIn(name), hash: NO_HASH }
  return { file, bytes: Buffer.byteLength(text), day: dayOf(first?.at ?? 0), seq: last.seq, hash: last.hash }
}

async function append (place: Place, entries: ReadonlyArray<AuditEntry & { at: string }>, key: string | undefined): Promise<Place> {
  let link: Link = place
  let text = ''
  for (const entry of entries) {
    const next = nextLine(entry, link, key)
    text += `${next.line}\n`
    link = next.link
  }
  const handle = await open(place.file, 'a', 0o600)
  try {
    await handle.appendFile(text)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  return { ...place, ...link, bytes: place.bytes + Buffer.byteLength(text) }
}

/** The oldest first. */
export async function filesIn (folder: string): Promise<string[]> {
  return (await readdir(folder)).filter(name => FILE.test(name)).sort()
}

function seqIn (name: string): number {
  return Number(name.slice(0, 12))
}

function dayOf (ms: number): number {
  return Math.floor(ms / DAY_MS)
}
