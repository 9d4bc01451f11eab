/** An API as a page for people: one section per route, with a curl command to copy. No scripts, nothing from elsewhere. */
import { posix } from 'node:path'
import type { ApiDescription, OpenApiDocument, Operation } from './openapi.js'

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff }
h2 { margin: 2.5rem 0 .25rem; font-size: 1.05rem } code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { background: #f3f4f6; padding: .75rem; border-radius: .4rem; overflow-x: auto } b { color: #0b57d0; text-transform: uppercase }
table { border-collapse: collapse } td { padding: .15rem .75rem .15rem 0; vertical-align: top }
@media (prefers-color-scheme: dark) { body { background: #14171a; color: #e4e7eb } pre { background: #20252a } b { color: #8ab4f8 } }`

export function docsPage (document: OpenApiDocument, { baseUrl, documentPath, keyInShell, errors }: ApiDescription): string {
  const { title, version, description } = document.info
  const sections = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => section(method, path, operation, baseUrl)))
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${STYLE}</style></head>
<body>
<h1>${escape(title)}</h1>
<p>${escape(description)} Version ${escape(version)}. <a href="${escape(posix.basename(documentPath))}">OpenAPI document</a>.</p>
<p>If a key is set, send it in every request: <code>-H "X-Api-Key: ${escape(keyInShell)}"</code>. Errors are ${errors.html}; the header
<code>X-Error-Code</code> has a code that stays the same when the words change.</p>
${sections.join('\n')}
</body>
</html>
`
}

function section (method: string, path: string, operation: Operation, baseUrl: string): string {
  const rows = [
    ...operation.parameters.map(({ name, in: place, description }) => [`${name} (${place})`, description]),
    ...Object.entries(operation.responses).map(([status, response]) => [status, response.description])
  ]
  return `<h2 id="${escape(operation.operationId)}"><b>${escape(method)}</b> <code>${escape(path)}</code></h2>
<p>${escape(operation.summary)}.</p>
<pre>${escape(curl(method, baseUrl + path, operation))}</pre>
<table>${rows.map(([name = '', text = '']) => `<tr><td><code>${escape(name)}</code></td><td>${escape(text)}</td></tr>`).join('')}</table>`
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
