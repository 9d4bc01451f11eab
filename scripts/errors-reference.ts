/** Writes docs/errors.md from the table of errors, so that no code is thrown that the page does not explain. */
import { ERROR_TABLE } from '../src/contracts/errors.js'

const INTRODUCTION = `# Errors

<!-- Made from src/contracts/errors.ts by scripts/generate-docs.mjs: change the table there, not this page. -->

This page is for operators who look up an error, and for programmers who handle one. Every error that Sluice reports on purpose has a code. The code stays
the same when the words of a message change, so programs can rely on it.

* **HTTP**: the error answers of both admin APIs and of the health server carry it in the header \`X-Error-Code\`; the body has the message.
  If a plugin or middleware of your own only sets a status (\`httpErrorCode\` of the error that it throws), the answer has no code.
* **On the command line**: if an error that ends a \`connector\` command has a code, it is the last line on stderr (\`Error code: SLUICE_CONFIG_INVALID\`).
* **In your program**: \`error.code\`. Errors of the class \`SluiceError\` also have \`error.httpErrorCode\`, the status below.
  \`ConfigError\`, \`ConfigurationError\` and \`ConnectorNotStartedError\` have a code as well.

ILP packets are rejected with ILP's own codes (F00 to T99, RFC 0027), which are not listed here.
`

/** The whole page, as Markdown. */
export function errorsReference (): string {
  return [INTRODUCTION, ...Object.entries(ERROR_TABLE).flatMap(([area, rows]) => [
    `## ${area}`,
    '',
    '| Code | HTTP | When | What to do |',
    '| --- | --- | --- | --- |',
    ...Object.entries<{ status?: number, when: string, remedy: string }>(rows)
      .map(([code, { status, when, remedy }]) => `| \`${code}\` | ${status ?? ''} | ${when} | ${remedy} |`),
    ''
  ])].join('\n')
}
