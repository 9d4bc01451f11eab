/** `connector ledger`: shows and checks the books of a running connector (through its admin API) or a stopped one (from its store). */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { auditDays, auditLedger, type AuditFinding } from '../../ledger/audit.js'
import { EmbeddedLedger } from '../../ledger/embedded/embedded-ledger.js'
import { loadConstructor } from '../../modules/load-module.js'
import { amountInUnit } from '../../lib/amounts.js'
import { describeError } from '../../lib/describe-error.js'
import type { Day } from '../../contracts/ledger.js'
import { SILENT_LOG } from '../../contracts/logger.js'
import type { StoreConstructor } from '../../contracts/store.js'
import type { Command } from './command.js'
import { table, usageError } from './command.js'
import { environment } from './env-file.js'
import { ask, httpUrlOf, refusalOf, UnreachableError, type HttpAnswer } from './http.js'
import { CliError, EXIT, print, printJson, sentence, type ExitCode } from './output.js'

const DEFAULT_STORE = 'leveldown'
const TIMEOUT_MS = 10_000

const amount = z.string().regex(/^-?\d+$/).transform(BigInt)
const movement = z.object({ count: z.int(), amount })
const day = z.object({
  date: z.string(),
  opening: amount,
  movements: z.object({
    incoming: movement, outgoing: movement, settled: movement, received: movement, adjusted: movement, reversed: movement
  })
})
const balanceAnswer = z.object({
  accounts: z.record(z.string(), z.object({
    balance: amount, incomingHolds: amount, outgoingHolds: amount, settling: amount, prepaid: amount, unit: z.string().optional()
  })).default({})
})
const journalAnswer = z.object({ days: z.array(day) })

/** Base units. A stopped connector has no holds. */
interface BookRow {
  accountId: string
  balance: bigint
  incomingHolds: bigint
  outgoingHolds: bigint
  settling: bigint
  prepaid: bigint
  /** `USD/9`, where it is known. */
  unit?: string | undefined
}

interface Books {
  rows: BookRow[]
  findings: AuditFinding[]
}

export const ledger: Command = {
  name: 'ledger',
  summary: 'Shows who owes whom, and checks that the books add up',
  usage: '<balances | audit> (--path <directory> | --url <url>) [--json]',
  description: `balances  shows what each account owes us (negative: what we owe it), and what is on hold; in parentheses, the balance in base units
audit     recomputes each balance from each day's movements, and compares

For a running connector, give the --url of its admin API (if that has a key, set ADMIN_API_KEY). For a stopped connector, give the --path of
its store; a node's is <dataPath>/<nodeId>, by default data/<nodeId>.
Exit codes: 0 shown, or everything adds up; 1 something does not add up, or the books could not be read.`,
  options: {
    path: { type: 'string', short: 'p', value: '<directory>', help: 'The store of a stopped connector (CONNECTOR_STORE_PATH)' },
    url: { type: 'string', short: 'u', value: '<url>', help: 'The admin API of a running connector, such as http://127.0.0.1:7780' },
    store: { type: 'string', value: '<name>', help: `The kind of store at --path (default ${DEFAULT_STORE})` },
    json: { type: 'boolean', help: 'Print the answer as JSON' }
  },
  maxPositionals: 1,
  examples: ['connector ledger balances --url http://127.0.0.1:7780', 'connector ledger audit --path ~/.connector-data'],

  async run (args) {
    const [what] = args.positionals
    const path = args.text('path')
    const url = args.text('url')
    if (what !== 'balances' && what !== 'audit') throw usageError(ledger, `Say what to do: balances or audit. Found: ${what ?? 'nothing'}`)
    if ((path === undefined) === (url === undefined)) throw usageError(ledger, 'Give either --path or --url.')
    const books = path !== undefined ? await booksAt(path, args.text('store') ?? DEFAULT_STORE) : await booksOf(url ?? '')
    return what === 'balances' ? showBalances(books, args.flag('json')) : showAudit(books, args.flag('json'))
  }
}

async function booksAt (path: string, storeName: string): Promise<Books> {
  // LevelDB would create a new store, without balances.
  if (!existsSync(storeName === DEFAULT_STORE ? join(path, 'CURRENT') : path)) {
    throw new CliError(`There is no store at ${path}. Give the directory that the connector was started with (CONNECTOR_STORE_PATH); for a node, <dataPath>/<nodeId>.`)
  }
  const Backing = loadConstructor('store', storeName) as StoreConstructor
  const store = new Backing({ path }, { log: SILENT_LOG }) // stdout is for the answer
  try {
    await store.open?.()
    const books = new EmbeddedLedger(store, 'sync', SILENT_LOG)
    await books.open([])
    const rows = Array.from(books.accountIds()).flatMap(accountId => {
      const book = books.balanceOf(accountId)
      if (book === undefined) return []
      const { balance, incomingHolds, outgoingHolds, settling, prepaid, unit } = book
      return [{ accountId, balance, incomingHolds, outgoingHolds, settling, prepaid, unit }]
    })
    return { rows, findings: auditLedger(books) }
  } catch (error) {
    throw new CliError(`Cannot read the books: ${sentence(describeError(error))} If the connector is running, use --url.`)
  } finally {
    await store.close?.()
  }
}

async function booksOf (text: string): Promise<Books> {
  const url = httpUrlOf(text)
  if (url === undefined) throw usageError(ledger, `--url takes the http:// URL of a connector's admin API, found ${text}`)
  const { accounts } = await read(new URL('/balance', url), balanceAnswer)
  const rows = Object.entries(accounts).map(([accountId, book]) => ({ accountId, ...book }))
  const findings: AuditFinding[] = []
  for (const { accountId, balance } of rows) {
    const { days } = await read(new URL(`/journal/${accountId}`, url), journalAnswer)
    findings.push(...auditDays(accountId, days satisfies Day[], balance))
  }
  return { rows, findings }
}

async function read<T> (url: URL, schema: z.ZodType<T>): Promise<T> {
  const { ADMIN_API_KEY: key = '' } = environment()
  try {
    const answer = await ask(url, TIMEOUT_MS, key === '' ? {} : { headers: { 'x-api-key': key } })
    if (answer.status !== 200) throw new CliError(refusal(url, answer), EXIT.failed, answer.errorCode)
    return schema.parse(answer.body)
  } catch (error) {
    if (error instanceof UnreachableError) throw new CliError(`Cannot reach ${url.href} (${error.reason}). Is the connector running, and its admin API on?`)
    if (error instanceof z.ZodError) throw new CliError(`${url.href} does not answer like a connector's admin API.`)
    throw error
  }
}

function refusal (url: URL, answer: HttpAnswer): string {
  return refusalOf(url, answer, {
    401: ' Set ADMIN_API_KEY in the environment or in .env to the connector\'s CONNECTOR_ADMIN_API_KEY.',
    404: ' Give the admin API of a connector (CONNECTOR_ADMIN_API_PORT). A node has /admin/balances/<peer> instead; stop it to read its books with --path.'
  })
}

function showBalances ({ rows }: Books, asJson: boolean): ExitCode {
  if (asJson) printJson(rows.map(({ unit: _unit, ...row }) => ({ ...texts(row), accountId: row.accountId })))
  else if (rows.length === 0) print('No account has a balance.')
  else {
    print(table(rows.map(({ accountId, unit, balance, incomingHolds, outgoingHolds, settling, prepaid }) => {
      const shown = (amount: bigint): string => amountInUnit(amount, unit) ?? String(amount)
      const exact = amountInUnit(balance, unit) === undefined ? '' : ` (${balance})`
      const ahead = prepaid === 0n ? '' : `   paid ahead: ${shown(prepaid)}`
      return [
        accountId, `${shown(balance)}${exact}   on hold: ${shown(incomingHolds)} in, ${shown(outgoingHolds)} out   being settled: ${shown(settling)}${ahead}`
      ] as const
    })))
  }
  return EXIT.ok
}

function showAudit ({ rows, findings }: Books, asJson: boolean): ExitCode {
  if (asJson) printJson(findings.map(({ accountId, date, ...sums }) => ({ accountId, date, ...texts(sums) })))
  else if (findings.length === 0) print(`The books of ${rows.length} accounts add up.`)
  else {
    for (const { accountId, date, computed, found } of findings) {
      print(`${accountId}: the movements of ${date} come to ${computed}, the books say ${found}`)
    }
  }
  return findings.length === 0 ? EXIT.ok : EXIT.failed
}

/** Amounts as JSON and people can read them. */
function texts<Key extends string> (amounts: Record<Key, unknown>): Record<Key, string> {
  return Object.fromEntries(Object.entries(amounts).map(([key, value]) => [key, String(value)])) as Record<Key, string>
}
