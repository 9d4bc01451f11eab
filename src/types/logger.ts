/** What a module may expect of the log it is handed: printf-style, five levels (riverpig's, plus `trace`). */
export interface Logger {
  error (message: unknown, ...args: unknown[]): void
  warn (message: unknown, ...args: unknown[]): void
  info (message: unknown, ...args: unknown[]): void
  debug (message: unknown, ...args: unknown[]): void
  trace (message: unknown, ...args: unknown[]): void
  /** Whether `debug` prints. Ask before building an expensive message. */
  readonly debugEnabled: boolean
}
