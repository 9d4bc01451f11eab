/**
 * The log, on stdout. By default in riverpig's format, `<ISO time> connector:<name> <level> <message>`; `DEBUG=connector:*` turns on debug,
 * too. With LOG_FORMAT=json one JSON object a line, with `time`, `level`, `logger`, `event`, `msg` and `fields` (docs/log-events.md).
 */
import { format } from 'node:util'
import riverpig from 'riverpig'
import { LOG_RANKS, type LogLevel, type Logger } from '../contracts/logger.js'
import type { NodeLogger } from '../contracts/node.js'
import { secretsIn } from './hide-secrets.js'
import { recordOf, textOf } from './log-record.js'

type Riverpig = ReturnType<typeof riverpig>

const FORMATS = ['text', 'json'] as const
let threshold: number = LOG_RANKS.debug
let isVerbose = false

/**
 * Lines less important than this are not written any more, by no log of this process that has no level of its own. With `debug` all are;
 * undefined, as at the start, leaves it to `DEBUG` whether those of debug are.
 */
export function setLogLevel (level?: LogLevel): void {
  threshold = LOG_RANKS[level ?? 'debug']
  isVerbose = level === 'debug'
}

/** How lines are written: what LOG_FORMAT says. Anything but `json` is text; a process checks `logFormatFault` at its start. */
export function logFormat (): typeof FORMATS[number] {
  return process.env.LOG_FORMAT === 'json' ? 'json' : 'text'
}

/** What is wrong with LOG_FORMAT in this environment, in words for the operator; undefined when nothing is. */
export function logFormatFault ({ LOG_FORMAT: found }: NodeJS.ProcessEnv): string | undefined {
  if (found === undefined || found === '' || FORMATS.some(known => known === found)) return undefined
  return `must be one of ${FORMATS.join(', ')}, found ${JSON.stringify(found)}. Set it to one of them or unset it.`
}

/**
 * Takes both shapes: `info('listening. port=%d', port)` and, as pino does, `info({ port }, 'listening')`.
 * The methods stand on the prototype and can be overwritten: npm plugins assign `log.trace` themselves.
 */
class ConnectorLogger implements Logger, NodeLogger {
  private readonly log: Riverpig
  private readonly tracer: Riverpig
  private readonly debugWriter: { enabled?: boolean }
  private readonly isDebugged: boolean
  private readonly isTraced: boolean

  constructor (private readonly name: string, private readonly level: LogLevel | undefined, private readonly secrets: RegExp | undefined) {
    this.log = riverpig(name)
    this.tracer = riverpig(`${name}:trace`)
    this.debugWriter = this.log.debug as { enabled?: boolean } // of npm's `debug`, which riverpig does not say
    this.isDebugged = this.debugWriter.enabled === true
    this.isTraced = (this.tracer.debug as { enabled?: boolean }).enabled === true
  }

  get debugEnabled (): boolean {
    return this.level === undefined ? threshold >= LOG_RANKS.debug && (isVerbose || this.isDebugged) : this.level === 'debug'
  }

  error (first: object | string, ...rest: unknown[]): void {
    this.write('error', first, rest)
  }

  warn (first: object | string, ...rest: unknown[]): void {
    if (this.rank >= LOG_RANKS.warn) this.write('warn', first, rest)
  }

  info (first: object | string, ...rest: unknown[]): void {
    if (this.rank >= LOG_RANKS.info) this.write('info', first, rest)
  }

  debug (first: object | string, ...rest: unknown[]): void {
    if (this.debugEnabled) this.write('debug', first, rest)
  }

  trace (message: string, ...rest: unknown[]): void {
    const isWanted = this.level === undefined ? threshold >= LOG_RANKS.debug && this.isTraced : this.level === 'debug'
    if (isWanted) this.write('debug', message, rest, `${this.name}:trace`)
  }

  private get rank (): number {
    return this.level === undefined ? threshold : LOG_RANKS[this.level]
  }

  private write (level: LogLevel, first: object | string, rest: readonly unknown[], name = this.name): void {
    if (logFormat() === 'json') {
      const { event, message, fields } = recordOf(first, rest, this.secrets)
      process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, logger: name, event, msg: message, fields })}\n`)
      return
    }
    const writer = name === this.name ? this.log : this.tracer
    if (level === 'debug') Object.assign(writer.debug, { enabled: true }) // who comes here has been asked already
    writer[level]('%s', textOf(first, rest, this.secrets))
  }
}

interface LogOptions {
  /** Its own, whatever the process's is. */
  level?: LogLevel
  /** Of the module that the log is for: what is secret in them does not get into its lines. */
  options?: unknown
}

/** A log under `connector:<name>`. */
export function createLogger (name: string, { level, options }: LogOptions = {}): Logger & NodeLogger {
  return new ConnectorLogger(`connector:${name}`, level, secretsIn(options))
}

/**
 * A log for an application, with a level of its own.
 * @param level `debug`, `info`, `warn` or `error`; default the environment variable LOG_LEVEL, else `info`, as for an unknown level
 */
export function createNodeLogger (name: string, level: string | undefined = process.env.LOG_LEVEL): Logger & NodeLogger {
  return createLogger(name, { level: isLogLevel(level) ? level : 'info' })
}

/** A plugin's log on top of a node's: the lines that plugins write with placeholders, in pino's shape. */
export function pluginLog (log: NodeLogger): Logger {
  if (log instanceof ConnectorLogger) return log
  const at = (level: LogLevel) => (message: string, ...args: unknown[]): void => { log[level](format(message, ...args)) }
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), trace: at('debug'), debugEnabled: false }
}

function isLogLevel (level: string | undefined): level is LogLevel {
  return level !== undefined && Object.hasOwn(LOG_RANKS, level)
}
