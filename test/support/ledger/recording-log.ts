/** A log that keeps its lines to itself, for tests that ask. */
import { format } from 'node:util'
import type { Logger } from '../../../src/contracts/logger.js'

export class RecordingLog implements Logger {
  readonly lines: string[] = []
  readonly debugEnabled = false

  error (message: string, ...args: unknown[]): void {
    this.lines.push(`error ${format(message, ...args)}`)
  }

  warn (message: string, ...args: unknown[]): void {
    this.lines.push(`warn ${format(message, ...args)}`)
  }

  info (message: string, ...args: unknown[]): void {
    this.lines.push(`info ${format(message, ...args)}`)
  }

  debug (): void { /* not kept */ }
  trace (): void { /* not kept */ }
}
