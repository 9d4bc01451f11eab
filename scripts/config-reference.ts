/** Writes docs/configuration.md from the schema, so that the page always says what the connector does. */
import { z } from 'zod'
import { accountSchema } from '../src/config/connector/account-schema.js'
import { envName } from '../src/config/connector/env.js'
import { defaultInWords, fieldsOf, metaOf, schemaAt } from '../src/config/fields.js'
import type { Schema } from '../src/config/fields.js'
import { connectorSchema } from '../src/config/connector/schema.js'

const INTRODUCTION = `# Configuration

<!-- Made from src/config by scripts/generate-docs.mjs: change the schema there, not this page. -->

This page is for operators of the connector. It lists every option. ([The node](node.md#configuration) has its own.)

Options come from environment variables (if the connector runs by itself), or from the object passed to \`createApp\`; never from both.
Only level and format of the log come from the environment if the object does not have them; and the object takes a \`logger\`, such as pino.

* In the environment, write objects and arrays as JSON, numbers as text, and \`true\` and \`false\` also as \`1\` and \`0\`.
* An empty variable is not the same as an unset one: it means the empty text, or false for true-or-false options.
* In the options object, a key with the value \`undefined\` counts as left out.
* Anything invalid stops the start: a wrong value, broken JSON, an unknown key, a key that appears twice, a variable that looks like a misspelt
  one. Every problem is reported on one line. Other unknown variables that begin with \`CONNECTOR_\` only cause a warning.
* Values marked as secret are not shown in errors.

A connector without accounts needs an address, because no parent gives it one. If it has no access to the internet, it also needs a backend
other than the default one, which loads its rates from there:

\`\`\`sh
CONNECTOR_ILP_ADDRESS=test.me CONNECTOR_BACKEND=one-to-one CONNECTOR_ACCOUNTS='{}' npx ilp-connector
\`\`\`
`

/** The whole page, as Markdown. */
export function configurationReference (): string {
  const options = fieldsOf(connectorSchema).map(([name, field]) => [code(name), code(envName(name)), ...cellsOf(field)])
  return [
    INTRODUCTION,
    '## Options',
    '',
    ...table(['Option', 'Variable', 'Value', 'Default', 'Meaning'], options),
    '',
    '## Accounts',
    '',
    'The keys of one account in `accounts`. Amounts are in base units of the account\'s asset, as text, so that no digit is lost.',
    '',
    ...table(['Key', 'Value', 'Default', 'Meaning'], rowsOf(accountSchema, '')),
    '',
    '## Routes and middlewares',
    '',
    'The keys of one entry of `routes` and of one entry of `middlewares`.',
    '',
    ...table(['Key', 'Value', 'Default', 'Meaning'], [...entryRows('routes', 'routes[].'), ...entryRows('middlewares', 'middlewares.*.')]),
    ''
  ].join('\n')
}

function entryRows (option: string, prefix: string): string[][] {
  const entry = schemaAt(connectorSchema, [option, ''])
  return entry === undefined ? [] : rowsOf(entry, prefix)
}

/** A row per key, with the keys of objects inside following theirs. */
function rowsOf (schema: Schema, prefix: string): string[][] {
  return fieldsOf(schema).flatMap(([name, field]) => [
    [code(prefix + name), ...cellsOf(field)],
    ...rowsOf(field, `${prefix}${name}.`)
  ])
}

function cellsOf (field: Schema): string[] {
  const { expected = '', description = '', secret = false } = metaOf(field)
  const fallback = defaultInWords(field)
  const shown = fallback === undefined ? '**required**' : field instanceof z.ZodDefault ? code(fallback) : fallback
  return [expected, shown, secret ? `${description} Secret.` : description]
}

function table (head: string[], rows: string[][]): string[] {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`)
}

function code (text: string): string {
  return `\`${text}\``
}
