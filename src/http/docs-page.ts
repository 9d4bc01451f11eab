/**
 * An API as a page for people: a table of contents, and a section for each route with a curl command to copy, its fields, and what an
 * answer looks like. No scripts, nothing from elsewhere.
 */
import { posix } from 'node:path'
import { exampleOf } from './examples.js'
import type { ApiDescription, JsonSchema, OpenApiDocument, Operation } from './openapi.js'

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff }
h1 { line-height: 1.2 } h2 { margin: 2.5rem 0 .25rem; font-size: 1.05rem; overflow-wrap: anywhere } h3 { margin: 1rem 0 .25rem; font-size: .9rem }
code, pre { font: 14px/1.45 ui-monospace, monospace } pre { background: #f3f4f6; padding: .75rem; border-radius: .4rem; overflow-x: auto }
b { color: #0b57d0; text-transform: uppercase } a { color: #0b57d0 } nav a { color: inherit; text-decoration: none } nav a:hover { text-decoration: underline }
nav ul { list-style: none; padding: 0 } nav li { padding: .1rem 0; overflow-wrap: anywhere } nav b { display: inline-block; min-width: 4.5rem }
td { padding: .15rem .75rem .15rem 0; vertical-align: top; overflow-wrap: anywhere } td:first-child { white-space: nowrap }
@media (max-width: 40rem) { td { display: block; padding: 0 } td:first-child { padding-top: .5rem; white-space: normal } nav span { display: none } }
@media (prefers-color-scheme: dark) { body { background: #14171a; color: #e4e7eb } pre { background: #20252a } b, a { color: #8ab4f8 } }`

/** Errors that any route may answer with are shown once. */
const COMMON = ['401', '403', '415', '500']
/** What may stand in a `Host` header and be shown in a URL. */
const HOST = /^([\w.-]{1,253}|\[[\da-f:]{2,45}\])(:\d{1,5})?$/i

/** @param host the `Host` under which the page was asked for: its examples can be copied */
export function docsPage (document: OpenApiDocument, api: ApiDescription, host?: string): string {
  const { title, version, description } = document.info
  const operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ method, path, operation })))
  const baseUrl = host !== undefined && HOST.test(host) ? `http://${host}` : api.baseUrl
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${STYLE}</style></head>
<body>
<h1>${escape(title)}</h1>
<p>${escape(description)} ${escape(api.whose?.() ?? '')} Version ${escape(version)}.
<a href="${escape(posix.basename(api.documentPath))}">OpenAPI document</a>.</p>
<nav><ul>
${operations.map(({ method, path, operation: { operationId, summary } }) => `<li><a href="#${escape(operationId)}"><b>${escape(method)}</b> <code>${escape(path)}</code></a>` +
    ` <span>${escape(summary)}</span></li>`).join('\n')}
</ul></nav>
<h2 id="errors">Keys and errors</h2>
<p>If a key is set, send it in every request: <code>-H "X-Api-Key: ${escape(api.keyInShell)}"</code>. Errors are ${api.errors.html}; the header
<code>X-Error-Code</code> has a code that stays the same when the words change. Besides the errors of a route, each may answer:</p>
${table(commonErrors(operations.map(({ operation }) => operation)))}
${operations.map(({ method, path, operation }) => section(method, path, operation, baseUrl, api)).join('\n')}
</body>
</html>
`
}

function section (method: string, path: string, operation: Operation, baseUrl: string, { samples = {} }: ApiDescription): string {
  const { operationId, summary, parameters, requestBody, responses } = operation
  const body = requestBody?.content['application/json']?.schema
  const fields = [
    ...parameters.map(({ name, in: place, required, description }) => [name, `${place}, ${necessity(required)}. ${description}`] as const),
    ...body === undefined ? [] : fieldsOf(body)
  ]
  const answers = Object.entries(responses).filter(([status]) => status.startsWith('2')).map(([status, { content, description }]) => {
    const schema = content?.['application/json']?.schema
    const shown = schema === undefined ? '' : `<pre>${escape(JSON.stringify(exampleOf(schema, samples), null, 2))}</pre>`
    const what = content === undefined ? ', without a body' : schema === undefined ? ', as text' : ', such as'
    return `<h3>Answer ${escape(status)}: ${escape(description)}${what}</h3>${shown}`
  })
  const errors = Object.entries(responses).filter(([status]) => !status.startsWith('2') && !COMMON.includes(status))
  return `<h2 id="${escape(operationId)}"><b>${escape(method)}</b> <code>${escape(path)}</code></h2>
<p>${escape(summary)}.</p>
<pre>${escape(curl(method, baseUrl + path, operation))}</pre>
${fields.length === 0 ? '' : `<h3>Fields</h3>${table(fields)}`}
${answers.join('\n')}
${errors.length === 0 ? '' : `<h3>Errors</h3>${table(errors.map(([status, { description }]) => [status, description] as const))}`}`
}

function commonErrors (operations: readonly Operation[]): Array<readonly [string, string]> {
  return COMMON.flatMap(status => {
    const found = operations.find(({ responses }) => responses[status] !== undefined)?.responses[status]
    return found === undefined ? [] : [[status, found.description] as const]
  })
}

/** The fields of a body. */
function fieldsOf ({ properties = {}, required = [] }: JsonSchema): Array<readonly [string, string]> {
  return Object.entries(properties as Record<string, JsonSchema>).map(([name, { type, description, default: fallback }]) => {
    const words = [
      typeof type === 'string' ? type : 'any of several types', necessity((required as string[]).includes(name)),
      ...fallback === undefined ? [] : [`default ${JSON.stringify(fallback)}`]
    ]
    return [name, `${words.join(', ')}${typeof description === 'string' ? `. ${description}` : ''}`] as const
  })
}

function necessity (required: boolean): string {
  return required ? 'required' : 'optional'
}

function table (rows: ReadonlyArray<readonly [string, string]>): string {
  return `<table>${rows.map(([name, text]) => `<tr><td><code>${escape(name)}</code></td><td>${escape(text)}</td></tr>`).join('')}</table>`
}

function curl (method: string, url: string, { requestBody }: Operation): string {
  const verb = method === 'get' ? '' : ` -X ${method.toUpperCase()}`
  const command = `curl${verb} '${url}'`
  const example = requestBody?.content['application/json']?.example
  return example === undefined ? command : `${command} \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(example)}'`
}

function escape (text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replaceAll(/[&<>"']/g, character => entities[character] ?? character)
}
