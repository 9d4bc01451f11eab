/** What a module may expect of the log it is handed, and how important its lines are. */

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = typeof LOG_LEVELS[number]

export const LOG_FORMATS = ['text', 'json'] as const
export type LogFormat = typeof LOG_FORMATS[number]

/** The lower, the more important. */
export const LOG_RANKS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 }

/** Printf-style, five levels: riverpig's, plus `trace`. */
export interface Logger {
  error (message: string, ...args: unknown[]): void
  warn (message: string, ...args: unknown[]): void
  info (message: string, ...args: unknown[]): void
  debug (message: string, ...args: unknown[]): void
  trace (message: string, ...args: unknown[]): void
  /** Whether `debug` prints. Ask before building an expensive message. */
  readonly debugEnabled: boolean
}

/** For a part that was given no log. */
export const SILENT_LOG: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, trace: nothing, debugEnabled: false }

function nothing (): void {
  // Nobody reads it.
}
