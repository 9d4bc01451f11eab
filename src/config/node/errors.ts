/** What is told to somebody whose node configuration cannot be used: every fault at once, one line each. */
import type { ErrorCode } from '../../contracts/errors.js'

export interface ConfigurationIssue {
  /** The file and line, or the environment variable; empty for a configuration object. */
  source: string
  /** Line in the file, from 1. Absent if the problem has no line. */
  line?: number | undefined
  /** The place inside, such as `peers[0].url`; empty for the whole. */
  path: string
  /** What was found, what was expected and what to do. Never holds a secret. */
  message: string
}

/** `message` is one line per issue; nothing was started. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly code = 'SLUICE_CONFIG_INVALID' satisfies ErrorCode

  constructor (readonly issues: readonly ConfigurationIssue[]) {
    super(issues.map(({ source, path, message }) => [source, path, message].filter(part => part !== '').join(': ')).join('\n'))
  }
}
