/**
 * The explorer's history: the events of the last days, in files of its own (docs/decisions/008-history-in-files.md). Nothing that goes
 * wrong in it is anybody else's trouble: adding costs a few microseconds and never waits for the disk; what the disk does not take is
 * counted, and said in the log and in the status.
 */
import { setImmediate } from 'node:timers/promises'
import type { EventFilter, EventHistory, EventPage, EventRow, ExplorerEvent, HistoryStatus } from '../contracts/explorer-events.js'
import { SILENT_LOG, type Logger } from '../contracts/logger.js'
import { describeError } from '../lib/describe-error.js'
import { LogThrottle } from '../lib/log-throttle.js'
import { makeDirectory } from '../lib/make-directory.js'
import { rowOf } from './event-row.js'
import { parseLine, type HistoryFile } from './history-file.js'
import { EVENT_BYTES_MAX } from './history-frames.js'
import { select, type Pick } from './history-query.js'
import { HistoryStreams } from './history-streams.js'

export interface HistoryOptions {
  /** A folder for the history alone. It is made if need be, readable for this user only. */
  path: string
  retentionDays?: number
  maxEvents?: number
  log?: Logger
}

const DAY_MS = 24 * 60 * 60 * 1000
/** Events are in memory so long at most, while the disk takes them. */
const WRITE_MS = 1000
/** After a write that failed. */
const RETRY_MS = 5000
const EXPIRE_MS = 10 * 60 * 1000
const LOG_MS = 10 * 60 * 1000
/** Not written yet. */
const WAITING_EVENTS_MAX = 10_000
const WAITING_BYTES_MAX = 16 * 1024 * 1024
/** So many that wait are written at once. */
const SOON_EVENTS = 1000
/** Taken in one turn, of those that came before the history was open. */
const EARLY_A_TURN = 500
/** Rows of an answer that are built in one turn: about 2 ms. */
const ROWS_A_TURN = 500
/** How often a query begins again because files were pruned, or found damaged, while it ran. */
const ATTEMPTS_MAX = 100

export class History implements EventHistory {
  readonly #log: Logger
  readonly #ageMs: number
  readonly #damageThrottle = new LogThrottle(LOG_MS)
  readonly #writeThrottle = new LogThrottle(LOG_MS)
  readonly #lossThrottle = new LogThrottle(LOG_MS)
  #streams: HistoryStreams | undefined
  /** Came before the history was open. */
  #early: Array<{ event: ExplorerEvent, text: string }> = []
  #earlyBytes = 0
  #opening: Promise<void> | undefined
  #writing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #expiry: NodeJS.Timeout | undefined
  #isClosed = false
  #lost = 0
  #trouble: string | undefined

  constructor (private readonly options: HistoryOptions) {
    this.#log = options.log ?? SILENT_LOG
    this.#ageMs = (options.retentionDays ?? 7) * DAY_MS
  }

  open (): Promise<void> {
    this.#expiry ??= setInterval(() => this.#schedule(0), EXPIRE_MS).unref()
    return this.#open()
  }

  #open (): Promise<void> {
    this.#opening ??= this.#load().finally(() => { this.#opening = undefined })
    return this.#opening
  }

  async #load (): Promise<void> {
    const { path, maxEvents = 1_000_000 } = this.options
    try {
      await makeDirectory(path)
      const streams = new HistoryStreams(path, { events: maxEvents, age: this.#ageMs })
      await streams.load((file, bytes) => this.#damaged(file, bytes))
      while (this.#early.length > 0) {
        for (const { event, text } of this.#early.splice(0, EARLY_A_TURN)) streams.add(event, text)
        await setImmediate()
      }
      this.#streams = streams
      this.#earlyBytes = 0
      this.#trouble = undefined
      this.#schedule(WRITE_MS)
    } catch (error) {
      this.#failed(`Cannot open the history of the explorer at ${path}: ${describeError(error)}`)
      this.#schedule(RETRY_MS)
    }
  }

  add (event: ExplorerEvent): void {
    if (event.type === 'TRAFFIC' && event.seconds < 60) return
    try {
      const text = JSON.stringify(event)
      const { events, bytes } = this.#streams?.waiting ?? { events: this.#early.length, bytes: this.#earlyBytes }
      const isTooMuch = events >= WAITING_EVENTS_MAX || bytes + text.length > WAITING_BYTES_MAX
      if (this.#isClosed || isTooMuch || Buffer.byteLength(text) > EVENT_BYTES_MAX) {
        this.#lose(1)
        return
      }
      if (this.#streams === undefined) {
        this.#early.push({ event, text })
        this.#earlyBytes += text.length
      } else {
        this.#streams.add(event, text)
        if (events >= SOON_EVENTS && this.#trouble === undefined) this.#scheduleNow()
        else this.#schedule(WRITE_MS)
      }
    } catch {
      this.#lose(1)
    }
  }

  #scheduleNow (): void {
    if (this.#writing !== undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#schedule(0)
  }

  #schedule (ms: number): void {
    if (this.#timer !== undefined || this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void (this.#streams === undefined ? this.#open() : this.#write())
    }, ms).unref()
  }

  /** One after the other. Never rejects. */
  #write (): Promise<void> {
    this.#writing ??= this.#writeNow().finally(() => { this.#writing = undefined })
    return this.#writing
  }

  async #writeNow (): Promise<void> {
    const streams = this.#streams
    if (streams === undefined) return
    try {
      streams.expire(Date.now())
      await streams.write()
      if (this.#trouble !== undefined) this.#log.info('the explorer history is written again. path=%s', this.options.path)
      this.#trouble = undefined
      if (!streams.isWritten) this.#schedule(streams.waiting.events >= SOON_EVENTS ? 0 : WRITE_MS)
    } catch (error) {
      this.#failed(`Cannot write the history of the explorer at ${this.options.path}: ${describeError(error)}`)
      await makeDirectory(this.options.path).catch(() => { /* the next write says what is wrong */ })
      this.#schedule(RETRY_MS)
    }
  }

  async query (filter: EventFilter): Promise<EventPage> {
    await this.#opening
    const streams = this.#streams
    if (streams === undefined) throw new Error(this.#trouble ?? 'The history of the explorer is not open.')
    for (let attempt = 1; ; attempt++) {
      const since = Math.max(filter.since ?? -Infinity, Date.now() - this.#ageMs)
      const { total, picks } = await select(streams.sources(), { ...filter, since })
      const { events, isWhole } = await this.#rowsOf(streams, picks)
      if (isWhole || attempt === ATTEMPTS_MAX) return { events, total }
    }
  }

  /** Not whole if a file is damaged or was pruned meanwhile. Then the streams know by now. */
  async #rowsOf (streams: HistoryStreams, picks: ReadonlyArray<Pick<HistoryFile>>): Promise<{ events: EventRow[], isWhole: boolean }> {
    const wanted = new Map<HistoryFile, Set<number>>()
    for (const { file, frame } of picks) wanted.set(file, (wanted.get(file) ?? new Set()).add(frame))
    const lines = new Map<HistoryFile, ReadonlyMap<number, readonly string[]>>()
    let isWhole = true
    for (const [file, frames] of wanted) {
      const found = await file.read(frames)
      lines.set(file, found)
      const missing = new Set([...frames].filter(frame => !found.has(frame)))
      if (missing.size === 0) continue
      isWhole = false
      if (file.isGone) continue
      this.#lose(streams.forget(file, missing))
      this.#damaged(file.path, 0)
    }
    const events: EventRow[] = []
    for (const [place, { file, frame, line }] of picks.entries()) {
      if (place % ROWS_A_TURN === ROWS_A_TURN - 1) await setImmediate()
      const found = parseLine(lines.get(file)?.get(frame)?.[line])
      if (found !== undefined) events.push({ id: found.id, ...rowOf(found.event) })
    }
    return { events, isWhole }
  }

  status (): HistoryStatus {
    return { eventCount: this.#streams?.count ?? 0, databaseSizeBytes: this.#streams?.bytes ?? 0, lost: this.#lost, trouble: this.#trouble }
  }

  async close (): Promise<void> {
    clearInterval(this.#expiry)
    await this.#opening
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#writing
    await this.#write()
    await this.#streams?.close().catch((error: unknown) => this.#failed(`Cannot close the history of the explorer: ${describeError(error)}`))
    this.#lose(this.#streams?.waiting.events ?? this.#early.length)
  }

  #lose (count: number): void {
    this.#lost += count
    if (count > 0 && this.#lossThrottle.due() !== undefined) {
      this.#log.warn('the explorer history loses events. path=%s lost=%s reason=%s', this.options.path, this.#lost, this.#trouble ?? 'too many at once')
    }
  }

  #damaged (file: string, bytes: number): void {
    const count = this.#damageThrottle.due()
    if (count === undefined) return
    this.#log.warn('part of the explorer history is damaged, and left out. path=%s file=%s bytes=%s files=%s', this.options.path, file, bytes, count)
  }

  #failed (trouble: string): void {
    this.#trouble = trouble
    if (this.#writeThrottle.due() !== undefined) this.#log.warn('the explorer history cannot be kept. path=%s error=%s', this.options.path, trouble)
  }
}
