/** The output of the `connector` command: results on stdout, errors on stderr, and an exit code. */
import { redact } from '../../lib/hide-secrets.js'
import { EX_CONFIG } from '../ending.js'

/** Exit codes of every command. `degraded` is for `health` alone, `incomplete` for `import`. `misconfigured`: a retry fails, too. */
export const EXIT = { ok: 0, failed: 1, degraded: 2, incomplete: 2, misconfigured: EX_CONFIG } as const
export type ExitCode = typeof EXIT[keyof typeof EXIT]

/**
 * Ends a command with this text on stderr, the code of docs/errors.md that the cause has, if it has one, and this exit code. The text says
 * what to do; there is never a stack trace.
 */
export class CliError extends Error {
  override readonly name = 'CliError'

  constructor (message: string, readonly exitCode: ExitCode = EXIT.failed, readonly code?: string) {
    super(message)
  }
}

/** What a terminal obeys instead of showing it: texts of others could erase a line of ours and put another in its place. */
const OBEYED = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu

/** Someone else's text as a sentence, so that ours can follow. */
export function sentence (text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

export function print (text: string): void {
  process.stdout.write(`${shown(text)}\n`)
}

/** For scripts: one JSON value and nothing else on stdout. */
export function printJson (value: unknown): void {
  print(JSON.stringify(value, null, 2))
}

/** Without secrets, although arguments, URLs and the errors of modules are quoted in it. */
export function complain (text: string): void {
  process.stderr.write(`${shown(redact(text))}\n`)
}

/** Escaped as JSON does it, which leaves JSON what it says. */
function shown (text: string): string {
  return text.replace(OBEYED, control => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
