/** `connector audit`: checks that nothing in a node's audit log was changed, left out or put in, and prints a part of it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { faultOf, readLine, type Link } from '../../lib/audit-chain.js'
import { describeError } from '../../lib/describe-error.js'
import { filesIn } from '../../node/audit-log.js'
import type { Command } from './command.js'
import { usageError } from './command.js'
import { environment } from './env-file.js'
import { CliError, EXIT, print, printJson, sentence, type ExitCode } from './output.js'

export const audit: Command = {
  name: 'audit',
  summary: 'Checks that nothing in the audit log of a node was changed, and prints a part of it',
  usage: '<verify | export> --path <directory> [--head <hash>] [--since <time>] [--until <time>] [--json]',
  description: `verify  recomputes the hash of each entry, and says where the log is not what was written. With --head, also that nothing
        was cut off and that the whole was not written anew: give a hash that you noted earlier (audit_head in the node's log)
export  prints the entries of a time, one JSON object a line

If the hashes are made with a key (security.audit.key), set AUDIT_LOG_KEY. The node may run meanwhile.
Exit codes: 0 shown, or all is as it was written; 1 something was changed, or the log cannot be read.`,
  options: {
    path: { type: 'string', short: 'p', value: '<directory>', help: 'The log: <dataPath>/audit-<nodeId>' },
    head: { type: 'string', value: '<hash>', help: 'verify: a hash that the log must have' },
    since: { type: 'string', value: '<time>', help: 'export: from this time on, such as 2026-01-31 or 2026-01-31T12:00:00Z' },
    until: { type: 'string', value: '<time>', help: 'export: before this time' },
    json: { type: 'boolean', help: 'verify: print the answer as JSON' }
  },
  maxPositionals: 1,
  examples: ['connector audit verify --path data/audit-my-agent', 'connector audit export --path data/audit-my-agent --since 2026-01-01 --until 2026-02-01'],

  async run (args) {
    const [what] = args.positionals
    const path = args.text('path')
    if (what !== 'verify' && what !== 'export') throw usageError(audit, `Say what to do: verify or export. Found: ${what ?? 'nothing'}`)
    if (path === undefined) throw usageError(audit, 'Give the --path of the log: <dataPath>/audit-<nodeId>.')
    if (what === 'export') return await exportLines(path, timeOf('since', args.text('since')) ?? 0, timeOf('until', args.text('until')) ?? Infinity)
    return await verify(path, args.text('head'), args.flag('json'))
  }
}

async function verify (path: string, head: string | undefined, asJson: boolean): Promise<ExitCode> {
  const { AUDIT_LOG_KEY: key = '' } = environment()
  let first: Link | undefined
  let last: Link | undefined
  let hasHead = head === undefined
  let fault: string | undefined
  for await (const { line, place } of linesOf(path)) {
    const wrong = faultOf(line, last, key === '' ? undefined : key)
    if (wrong !== undefined) {
      fault = `${place}: ${wrong}.`
      break
    }
    const { seq, hash } = readLine(line) ?? { seq: 0, hash: '' }
    last = { seq, hash }
    first ??= last
    hasHead ||= hash === head
  }
  if (fault === undefined && !hasHead) fault = `No entry has the hash ${head ?? ''}: entries were cut off, or the whole log was written anew.`
  const found = { ok: fault === undefined, first: first?.seq, last: last?.seq, head: last?.hash, ...(fault !== undefined && { fault }) }
  if (asJson) printJson(found)
  else if (fault !== undefined) print(fault)
  else if (first === undefined || last === undefined) print('The log has no entries.')
  else {
    print(`Entries ${first.seq} to ${last.seq} are as they were written. The last one has the hash ${last.hash}.`)
    if (first.seq > 1) print(`Those before ${first.seq} are gone: they were too old, or somebody removed them.`)
    if (head === undefined) print('That nothing was cut off, or written anew as a whole, shows only with --head and a hash that you noted earlier.')
  }
  return fault === undefined ? EXIT.ok : EXIT.failed
}

async function exportLines (path: string, since: number, until: number): Promise<ExitCode> {
  for await (const { line } of linesOf(path)) {
    const at = readLine(line)?.at
    if (at === undefined || (at >= since && at < until)) print(line)
  }
  return EXIT.ok
}

/** A last line that is still being written is left out. */
async function * linesOf (path: string): AsyncGenerator<{ line: string, place: string }> {
  const files = await filesIn(path).catch((error: unknown) => { throw new CliError(`Cannot read the log: ${sentence(describeError(error))}`) })
  for (const [index, name] of files.entries()) {
    const lines = (await readFile(join(path, name), 'utf8')).split('\n')
    const rest = lines.pop() ?? ''
    if (rest !== '' && index < files.length - 1) lines.push(rest)
    for (const [before, line] of lines.entries()) yield { line, place: `${name}:${before + 1}` }
  }
}

function timeOf (option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw usageError(audit, `--${option} takes a time such as 2026-01-31 or 2026-01-31T12:00:00Z, found ${text}`)
  return time
}
