/** What is told to an operator whose configuration cannot be used: every fault at once, one line each. */
import type { ErrorCode } from '../contracts/errors.js'

export interface ConfigIssue {
  /** Where it was set: the environment variable, `options`, or `account <id>`. */
  source: string
  /** The place inside the source, such as `alice.balance.maximum`; empty for the source itself. */
  path: string
  /** What was found, what was expected and what to do. Never holds a secret. */
  message: string
}

/** Thrown by every reader. `message` is one line per issue; nothing was loaded. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'SLUICE_CONFIG_INVALID' satisfies ErrorCode

  constructor (readonly issues: readonly ConfigIssue[]) {
    super(issues.map(lineOf).join('\n'))
  }
}

function lineOf ({ source, path, message }: ConfigIssue): string {
  return path === '' ? `${source}: ${message}` : `${source}: ${path}: ${message}`
}
