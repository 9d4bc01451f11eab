/** Logs in riverpig's format on stdout: `<ISO time> connector:<namespace> <level> <message>`; `DEBUG=connector:*` turns on debug, too. */
import riverpig from 'riverpig'
import { LOG_RANKS, type LogLevel, type Logger } from '../contracts/logger.js'

type Riverpig = ReturnType<typeof riverpig>

let threshold: number = LOG_RANKS.debug
let isVerbose = false

/**
 * Lines less important than this are not written any more, by no part of this process. With `debug` all are; undefined, as at the start,
 * leaves it to `DEBUG` whether those of debug are.
 */
export function setLogLevel (level?: LogLevel): void {
  threshold = LOG_RANKS[level ?? 'debug']
  isVerbose = level === 'debug'
}

// The methods stand on the prototype and can be overwritten: npm plugins assign `log.trace` themselves.
class ConnectorLogger implements Logger {
  private readonly log: Riverpig
  private readonly tracer: Riverpig
  private readonly debugWriter: { enabled?: boolean }
  private readonly isDebugged: boolean

  constructor (namespace: string) {
    this.log = riverpig(namespace)
    this.tracer = riverpig(`${namespace}:trace`)
    this.debugWriter = this.log.debug as { enabled?: boolean } // of npm's `debug`, which riverpig does not say
    this.isDebugged = this.debugWriter.enabled === true
  }

  get debugEnabled (): boolean {
    return threshold >= LOG_RANKS.debug && (isVerbose || this.isDebugged)
  }

  error (message: string, ...args: unknown[]): void {
    this.log.error(message, ...args)
  }

  warn (message: string, ...args: unknown[]): void {
    if (threshold >= LOG_RANKS.warn) this.log.warn(message, ...args)
  }

  info (message: string, ...args: unknown[]): void {
    if (threshold >= LOG_RANKS.info) this.log.info(message, ...args)
  }

  debug (message: string, ...args: unknown[]): void {
    if (!this.debugEnabled) return
    this.debugWriter.enabled = true
    this.log.debug(message, ...args)
  }

  trace (message: string, ...args: unknown[]): void {
    if (threshold >= LOG_RANKS.debug) this.tracer.debug(message, ...args)
  }
}

/** A log under `connector:<namespace>`. */
export function createLogger (namespace: string): Logger {
  return new ConnectorLogger(`connector:${namespace}`)
}
