/**
 * The log, on stdout. By default in riverpig's format, `<ISO time> connector:<name> <level> <message>`, one line for each call. In the
 * format json one JSON object a line, with `time`, `level`, `logger`, `event`, `msg` and `fields` (docs/log-events.md). A program may hand
 * in a logger of its own, such as pino: it then gets every line, as fields and a message.
 *
 * Level and format come from the program, else from CONNECTOR_LOG_LEVEL and CONNECTOR_LOG_FORMAT, else from LOG_LEVEL and LOG_FORMAT.
 * Where no level is set, `DEBUG=connector:*` adds debug to info.
 */
import { format as inWords } from 'node:util'
import riverpig from 'riverpig'
import { LOG_FORMATS, LOG_LEVELS, LOG_RANKS, type LogFormat, type LogLevel, type Logger } from '../contracts/logger.js'
import type { NodeLogger } from '../contracts/node.js'
import { secretsIn } from './hide-secrets.js'
import { recordOf, textOf } from './log-record.js'

type Riverpig = ReturnType<typeof riverpig>
/** Of npm's `debug`, which riverpig does not say. */
type Debug = Riverpig['debug'] & { enabled: boolean, destroy: () => boolean }

interface LogOptions {
  /** Undefined: what `to` has, or the environment says. */
  level?: LogLevel | undefined
  /** Undefined: what the environment says. */
  format?: LogFormat | undefined
  /** Of the module that the log is for: what is secret in them does not get into its lines. */
  options?: unknown
  /** A logger of the application, which gets the lines in the place of stdout. One that `createLogger` has made lends its level. */
  to?: NodeLogger | undefined
}

/** How lines are written in this process, where the program does not say. */
export function logFormat ({ CONNECTOR_LOG_FORMAT, LOG_FORMAT } = process.env): LogFormat {
  return (CONNECTOR_LOG_FORMAT || LOG_FORMAT) === 'json' ? 'json' : 'text'
}

/** What is wrong with the format that the environment asks for, and in which variable; undefined when nothing is. */
export function logFormatFault (env: NodeJS.ProcessEnv): { source: string, message: string } | undefined {
  const source = env.CONNECTOR_LOG_FORMAT ? 'CONNECTOR_LOG_FORMAT' : 'LOG_FORMAT'
  const found = env[source]
  if (found === undefined || found === '' || LOG_FORMATS.some(known => known === found)) return undefined
  return { source, message: `must be one of ${LOG_FORMATS.join(', ')}, found ${JSON.stringify(found)}. Set it to one of them or unset it.` }
}

/** The level that this process has, where the program does not say. */
export function logLevel ({ CONNECTOR_LOG_LEVEL, LOG_LEVEL } = process.env): LogLevel | undefined {
  return [CONNECTOR_LOG_LEVEL, LOG_LEVEL].find(isLogLevel)
}

/**
 * Takes both shapes: `info('listening. port=%d', port)` and, as pino does, `info({ port }, 'listening')`.
 * The methods stand on the prototype and can be overwritten: npm plugins assign `log.trace` themselves.
 */
class ConnectorLogger implements Logger, NodeLogger {
  // Made with the first line: of the logs of thousands of accounts, most never have one.
  private log: Riverpig | undefined
  private tracer: Riverpig | undefined
  private known: { secrets: RegExp | undefined } | undefined
  private readonly options: unknown
  private readonly format: LogFormat | undefined
  private readonly to: NodeLogger | undefined
  /** Undefined: nobody has set one. */
  readonly level: LogLevel | undefined
  private readonly rank: number
  private readonly isTraced: boolean
  readonly debugEnabled: boolean

  constructor (private readonly name: string, { level, format, options, to }: LogOptions) {
    this.options = options
    this.format = format
    const ours = to instanceof ConnectorLogger ? to : undefined
    this.to = ours === undefined ? to : ours.to
    this.level = ours?.level ?? level
    const wanted = this.level ?? (to === undefined || ours !== undefined ? logLevel() : undefined)
    const hasDebug = wanted === undefined ? isDebugging(this.to, name) : wanted === 'debug'
    this.debugEnabled = hasDebug
    this.isTraced = hasDebug && (wanted === 'debug' || this.to !== undefined || isDebugged(`${name}:trace`))
    this.rank = LOG_RANKS[wanted ?? (hasDebug ? 'debug' : 'info')]
  }

  at (level: LogLevel | undefined): ConnectorLogger {
    return new ConnectorLogger(this.name, { level, format: this.format, to: this.to })
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
    if (this.isTraced) this.write('debug', message, rest, `${this.name}:trace`)
  }

  /** What is secret in the options. */
  private get secrets (): RegExp | undefined {
    this.known ??= { secrets: secretsIn(this.options) }
    return this.known.secrets
  }

  private write (level: LogLevel, first: object | string, rest: readonly unknown[], name = this.name): void {
    if (this.to !== undefined) {
      const { event, message, fields } = recordOf(first, rest, this.secrets)
      this.to[level]({ logger: name, event, ...fields }, message)
    } else if ((this.format ?? logFormat()) === 'json') {
      const { event, message, fields } = recordOf(first, rest, this.secrets)
      process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, logger: name, event, msg: message, fields })}\n`)
    } else {
      const writer = name === this.name ? this.log ??= writerFor(name) : this.tracer ??= writerFor(name)
      if (level === 'debug') Object.assign(writer.debug, { enabled: true }) // callers have checked the level already
      writer[level]('%s', oneLine(textOf(first, rest, this.secrets)))
    }
  }
}

/** `log` with this level, if it is ours and nobody has set one for it. */
export function withLevel (log: NodeLogger, level: LogLevel | undefined): NodeLogger {
  return log instanceof ConnectorLogger && log.level === undefined ? log.at(level) : log
}

/** A log under `connector:<name>`. */
export function createLogger (name: string, options: LogOptions = {}): Logger & NodeLogger {
  return new ConnectorLogger(`connector:${name}`, options)
}

/**
 * A log for an application, with a level of its own.
 * @param level `debug`, `info`, `warn` or `error`; default the environment variable LOG_LEVEL, else `info`, as for an unknown level
 */
export function createNodeLogger (name: string, level?: string): Logger & NodeLogger {
  return createLogger(name, { level: level === undefined || isLogLevel(level) ? level : 'info' })
}

/** What is not a logger of an application, in words; undefined for one that has the methods. */
export function loggerFault (found: unknown): string | undefined {
  const missing = LOG_LEVELS.filter(level => typeof Reflect.get(Object(found), level) !== 'function')
  return missing.length === 0 ? undefined : `has no method ${missing.join(', ')}: hand in pino, or what createLogger makes`
}

/** A plugin's log on top of a node's: the lines that plugins write with placeholders, in pino's shape. */
export function pluginLog (log: NodeLogger): Logger {
  if (log instanceof ConnectorLogger) return log
  const at = (level: LogLevel) => (message: string, ...args: unknown[]): void => { log[level](inWords(message, ...args)) }
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), trace: at('debug'), debugEnabled: false }
}

/** Where nobody has set a level: whether a logger of the application takes debug, as pino can say; else what DEBUG says of this one. */
function isDebugging (to: NodeLogger | undefined, name: string): boolean {
  if (to === undefined) return isDebugged(name)
  const { isLevelEnabled } = to as { isLevelEnabled?: (level: LogLevel) => boolean }
  return isLevelEnabled?.call(to, 'debug') === true
}

/** Whether DEBUG names this log. */
function isDebugged (name: string): boolean {
  return (process.env.DEBUG ?? '') !== '' && (writerFor(name).debug as Debug).enabled
}

/** npm's `debug` keeps each log that it makes, for a later change of DEBUG: an account's would stay when the account has gone. */
function writerFor (name: string): Riverpig {
  const writer = riverpig(name)
  const debug = writer.debug as Debug
  debug.destroy()
  return writer
}

/** A stack, or the text of a stranger, stays in the line of its log call. */
export function oneLine (text: string): string {
  return text.replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' | ').replace(/\p{Cc}/gu, control => `\\x${(control.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`)
}

function isLogLevel (level: string | undefined): level is LogLevel {
  return level !== undefined && Object.hasOwn(LOG_RANKS, level)
}
