/** Finds every log call in the code, says which of them has no stable event, and writes docs/log-events.md from the others. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { eventOf, fieldNamesOf } from '../src/lib/log-record.js'

const ROOMS = ['src', 'plugins', 'middlewares', 'backends', 'stores']
/** The log itself hands on what it is given. */
const NOT_CALLERS = new Set(['src/lib/log.ts'])
const LEVELS = ['error', 'warn', 'info', 'debug', 'trace']
const RECEIVER = /^#?(?:log|logger)$/
const WORDS_MAX = 11
const PHRASE_HAS_FIELD = /\w=(?!"?%[sdifjoO])/
const FIELD_NAME = /^[a-z][A-Za-z]*$/

const INTRODUCTION = `# Log events

<!-- Made from the log calls in the code by scripts/generate-docs.mjs: change the call there, not this page. -->

This page is for operators who search the log or alert on it. The log goes to stdout. \`CONNECTOR_LOG_FORMAT\`, or
\`LOG_FORMAT\`, selects the format:

| \`LOG_FORMAT\` | A line |
| --- | --- |
| \`text\` (default) | \`2026-01-31T12:00:00.000Z connector:accounts warn could not connect account. accountId=bob error=refused\` |
| \`json\` | \`{"time":"2026-01-31T12:00:00.000Z","level":"warn","logger":"connector:accounts","event":"could_not_connect_account","msg":"could not connect account.","fields":{"accountId":"bob","error":"refused"}}\` |

Any other value stops the start of \`ilp-connector\`, \`connector start\` and \`new ConnectorNode\`. With \`json\`, stdout carries only such lines; messages of
\`npm start\` and \`connector start\` for people go to stderr.

* \`event\` is the stable name: search and alert by it. It consists of the words before the first full stop, comma, colon or field.
* \`fields\` holds what changes from line to line. Amounts are text, so that no digit is lost; bytes appear as their length; long texts are cut.
* \`level\` is \`error\`, \`warn\`, \`info\` or \`debug\`. \`CONNECTOR_LOG_LEVEL\`, or \`LOG_LEVEL\`, says which is the least important one to be written; the default is
  \`info\`. Where neither is set, \`DEBUG=connector:*\` adds \`debug\`, and \`DEBUG=connector:accounts\` adds that of one logger.
* A call is one line. The line breaks of a stack, or of a stranger's text, become \` | \`.
* A program that hands in a \`logger\` (\`createApp({ logger })\`, \`new ConnectorNode(config, logger)\`) gets the same records in the shape of pino, as
  \`logger.warn({ logger, event, ...fields }, msg)\`, and stdout gets nothing.
* Your own plugins, middlewares, backends and stores use the log that they are given: \`api.log.warn('out of paper. printer=%s', name)\` is the event
  \`out_of_paper\` with the field \`printer\`. If a module prints without that log, its output stays as it is.
* Secrets do not appear in either format: passwords in URLs, values under names such as \`authToken\`, \`secret\` or \`privateKey\`, bearer tokens, and
  the secrets in the options of the module that writes the line.

## Events

`

export interface LogCall {
  /** \`src/ledger/service.ts\` */
  file: string
  line: number
  /** More than one where it depends. */
  levels: string[]
  event: string
  fields: string[]
  /** What keeps it from having a stable event and fields; undefined when nothing does. */
  fault?: string
}

/** Every log call below the working directory, in the order of files and lines. */
export function logCalls (): LogCall[] {
  return ROOMS.flatMap(sourcesIn).filter(file => !NOT_CALLERS.has(file)).flatMap(file => callsIn(file, readFileSync(file, 'utf8')))
}

/** The log calls of one source text. */
export function callsIn (file: string, text: string): LogCall[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const calls: LogCall[] = []
  const visit = (node: ts.Node): void => {
    const call = callOf(node)
    if (call !== undefined) calls.push({ file, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, ...call })
    ts.forEachChild(node, visit)
  }
  visit(source)
  return calls
}

/** The whole page, as Markdown. */
export function logEventsPage (): string {
  const byEvent = new Map<string, LogCall[]>()
  for (const call of logCalls()) byEvent.set(call.event, [...byEvent.get(call.event) ?? [], call])
  const rows = [...byEvent].sort(([a], [b]) => a < b ? -1 : 1).map(([event, calls]) => [
    code(event),
    unique(calls.flatMap(({ levels }) => levels)).join(', '),
    unique(calls.flatMap(({ fields }) => fields)).map(code).join(', '),
    unique(calls.map(({ file }) => file)).map(code).join(', ')
  ])
  return INTRODUCTION + [['Event', 'Level', 'Fields', 'Where'], ['---', '---', '---', '---'], ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n') + '\n'
}

function callOf (node: ts.Node): Omit<LogCall, 'file' | 'line'> | undefined {
  const levels = levelsOf(node)
  if (levels === undefined) return undefined
  if (!ts.isCallExpression(node.parent) || node.parent.expression !== node) {
    return { levels, event: '?', fields: [], fault: 'the method is handed on: hand on a function that calls it' }
  }
  const [first, second] = node.parent.arguments
  if (first !== undefined && ts.isObjectLiteralExpression(first)) return { levels, ...inPinosShape(first, second) }
  const text = first === undefined ? undefined : literalOf(first)
  if (text === undefined) return { levels, event: '?', fields: [], fault: 'the text is not a literal: give a literal, and values as key=%s' }
  const fields = fieldNamesOf(text)
  return { levels, event: eventOf(text), fields, ...faultOf(text, fields) }
}

/** Of `log.warn`, and of `log[isNew ? 'warn' : 'debug']`; undefined for anything but a method of a log. */
function levelsOf (node: ts.Node): string[] | undefined {
  if (ts.isPropertyAccessExpression(node)) return isLog(node.expression) ? levelNamed(node.name.text) : undefined
  if (!ts.isElementAccessExpression(node) || !isLog(node.expression)) return undefined
  const { argumentExpression: by } = node
  const texts = ts.isConditionalExpression(by) ? [by.whenTrue, by.whenFalse].map(literalOf) : [literalOf(by)]
  const levels = texts.flatMap(text => text === undefined ? [] : levelNamed(text) ?? [])
  return levels.length === 0 ? undefined : levels
}

function levelNamed (name: string): string[] | undefined {
  return LEVELS.includes(name) ? [name === 'trace' ? 'debug' : name] : undefined
}

function inPinosShape (given: ts.ObjectLiteralExpression, message: ts.Expression | undefined): Omit<LogCall, 'file' | 'line' | 'levels'> {
  const text = message === undefined ? undefined : literalOf(message)
  const fields = given.properties.flatMap(({ name }) => name === undefined ? [] : name.getText())
  if (text === undefined) return { event: '?', fields, fault: 'there is no event behind the fields: give a literal' }
  if (fields.length < given.properties.length) return { event: eventOf(text), fields, fault: 'fields are spread: name them' }
  return { event: eventOf(text), fields, ...faultOf(text, fields) }
}

function faultOf (text: string, fields: string[]): { fault?: string } {
  const event = eventOf(text)
  const odd = fields.find(field => !FIELD_NAME.test(field))
  if (event === 'log') return { fault: 'there are no words before the first field' }
  if (event.split('_').length > WORDS_MAX) return { fault: `the event is longer than ${WORDS_MAX} words: end its words with a stop or a comma` }
  if (odd !== undefined) return { fault: `the field ${odd} is not in camel case` }
  return PHRASE_HAS_FIELD.test(text.replace(/\w+=\w+$/, '')) ? { fault: 'a field has no placeholder: write key=%s' } : {}
}

function isLog (receiver: ts.Expression): boolean {
  if (ts.isNonNullExpression(receiver) || ts.isParenthesizedExpression(receiver)) return isLog(receiver.expression)
  if (ts.isIdentifier(receiver)) return RECEIVER.test(receiver.text)
  return ts.isPropertyAccessExpression(receiver) && RECEIVER.test(receiver.name.text)
}

/** A text that stands in the code, also in several pieces. */
function literalOf (node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined
  const [left, right] = [literalOf(node.left), literalOf(node.right)]
  return left === undefined || right === undefined ? undefined : left + right
}

function sourcesIn (room: string): string[] {
  return readdirSync(room, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts')).map(name => join(room, name)).sort()
}

function unique (texts: string[]): string[] {
  return [...new Set(texts)]
}

function code (text: string): string {
  return `\`${text}\``
}
