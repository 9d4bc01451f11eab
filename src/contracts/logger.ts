/** What a module may expect of the log it is handed: printf-style, five levels (riverpig's, plus `trace`). */
export interface Logger {
  error (message: string, ...args: unknown[]): void
  warn (message: string, ...args: unknown[]): void
  info (message: string, ...args: unknown[]): void
  debug (message: string, ...args: unknown[]): void
  trace (message: string, ...args: unknown[]): void
  /** Whether `debug` prints. Ask before building an expensive message. */
  readonly debugEnabled: boolean
}
