/** What is told to an operator whose configuration cannot be used: every fault at once, one line each. */
import type { ErrorCode } from '../contracts/errors.js'

/** A fault at a place inside the value that was read. */
export interface Problem {
  path: PropertyKey[]
  message: string
}

export interface ConfigIssue {
  /** Where it was set: the environment variable, the file and line, `options`, or `account <id>`; empty for the object given to a node. */
  source: string
  /** The place inside the source, such as `alice.balance.maximum`; empty for the source itself. */
  path: string
  /** What was found, what was expected and what to do. Never holds a secret. */
  message: string
}

/** Thrown by every reader. `message` is one line per issue; nothing was loaded. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError'
  readonly code = 'SLUICE_CONFIG_INVALID' satisfies ErrorCode

  constructor (readonly issues: readonly ConfigIssue[]) {
    super(issues.map(({ source, path, message }) => [source, path, message].filter(part => part !== '').join(': ')).join('\n'))
  }
}

export interface ConfigurationIssue extends ConfigIssue {
  /** Line in the file, from 1. Absent if the problem has no line. */
  line?: number | undefined
}

/** The same for the configuration of a node. */
export class ConfigurationError extends ConfigError {
  override readonly name = 'ConfigurationError'

  constructor (override readonly issues: readonly ConfigurationIssue[]) {
    super(issues)
  }
}
