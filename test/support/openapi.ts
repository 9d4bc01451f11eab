/** What every OpenAPI document of ours has to be, whichever API it describes. */
import { expect } from 'chai'
import type { JsonSchema, OpenApiDocument, Operation } from '../../src/http/openapi.js'
import type { Route } from '../../src/http/route.js'

export const METHODS = ['get', 'post', 'put', 'delete', 'patch']
const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null']

/** Path, method, and what the document says of the two. */
export function operationsOf ({ paths }: OpenApiDocument): Array<[string, string, Operation]> {
  return Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]): [string, string, Operation] => [path, method, operation]))
}

/** The path with `x` for each parameter. */
export function filledIn (path: string): string {
  return path.replaceAll(/\{\w+\}/g, 'x')
}

/** Has the parts that OpenAPI 3.1 asks for. */
export function checkParts (document: OpenApiDocument): void {
  expect(document.openapi).to.equal('3.1.0')
  expect(document.components.securitySchemes).to.deep.equal({ apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' } })
  const operations = operationsOf(document)
  expect(operations.length).to.be.greaterThan(15)
  for (const [path, method, operation] of operations) {
    const where = `${method} ${path}`
    expect(path, where).to.match(/^\//)
    expect(METHODS, where).to.include(method)
    expect(operation.summary, where).to.not.equal('')
    expect(operation.parameters.filter(each => each.in === 'path').map(each => `{${each.name}}`), where).to.deep.equal(path.match(/\{\w+\}/g) ?? [])
    expect(operation.parameters.every(each => each.required === (each.in === 'path') && each.description !== ''), where).to.equal(true)
    expect(Object.keys(operation.responses).every(status => /^[2-5]\d\d$/.test(status)), where).to.equal(true)
    expect(Object.keys(operation.responses), where).to.include.members(['401', '403', '500'])
    expect(Object.values(operation.responses).every(response => response.description !== ''), where).to.equal(true)
  }
  const ids = operations.map(([, , operation]) => operation.operationId)
  expect(new Set(ids).size, 'operation ids differ').to.equal(ids.length)
}

/** Has schemas of JSON Schema 2020-12 whose references lead somewhere. */
export function checkSchemas (document: OpenApiDocument): void {
  const schemas = operationsOf(document).flatMap(([, , each]) => schemasOf(each))
  for (const schema of [...schemas, ...Object.values(document.components.schemas)]) checkSchema(schema)

  function checkSchema (schema: unknown): void {
    if (Array.isArray(schema)) schema.forEach(checkSchema)
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return
    if ('$ref' in schema) expect(document.components.schemas).to.have.property(String(schema.$ref).replace('#/components/schemas/', ''))
    if ('type' in schema && typeof schema.type === 'string') expect(TYPES).to.include(schema.type)
    if ('required' in schema && 'properties' in schema) expect(schema.properties).to.include.keys(schema.required as string[])
    Object.values(schema).forEach(checkSchema)
  }
}

function schemasOf ({ requestBody, responses }: Operation): JsonSchema[] {
  const contents = [requestBody?.content, ...Object.values(responses).map(({ content }) => content)]
  return contents.flatMap(content => Object.values(content ?? {}).map(({ schema }) => schema))
}

/** The page for people shows every operation, and needs nothing from elsewhere. */
export function checkPage (page: string, document: OpenApiDocument): void {
  expect(page).to.match(/^<!doctype html>/).and.to.not.match(/<script|src=|@import|url\(/)
  const targets = operationsOf(document).map(([, , { operationId }]) => `href="#${operationId}"`)
  expect(page.match(/href="[^"]*"/g), 'a table of contents').to.deep.equal(['href="openapi.json"', ...targets])
  for (const [path, method, { summary, operationId }] of operationsOf(document)) {
    expect(page).to.contain(`<h2 id="${operationId}"><b>${method}</b> <code>${path}</code></h2>`).and.to.contain(summary.replaceAll("'", '&#39;'))
  }
}

/** The page shows for each JSON answer of each route one that the route could give, and which fields of a body are required. */
export function checkAnswers (page: string, routes: readonly Route[]): void {
  const sections = page.split('<h2 ').slice(2) // what stands before the first, and what all have in common
  expect(sections).to.have.length(routes.length)
  for (const [index, { method, path, body, responses, errors }] of routes.entries()) {
    const section = sections[index]!
    expect(section).to.include(`<b>${method}</b> <code>${path}</code>`)
    for (const [status, shape] of Object.entries(responses)) {
      const [, shown] = new RegExp(`<h3>Answer ${status}: [^<]*</h3>(?:<pre>([^<]*)</pre>)?`).exec(section) ?? []
      if (typeof shape === 'string') expect(shown, `${method} ${path}`).to.equal(undefined)
      else expect(shape.safeParse(JSON.parse(unescaped(shown!))).error, `${method} ${path} ${status}: ${shown}`).to.equal(undefined)
    }
    if (body !== undefined) expect(section, path).to.match(/<td>[\w ]+, (required|optional)/)
    for (const status of Object.keys(errors)) {
      if (['401', '403', '415', '500'].includes(status)) expect(section, 'said once for all').to.not.include(`<code>${status}</code>`)
      else expect(section).to.include(`<code>${status}</code>`)
    }
  }
}

function unescaped (html: string): string {
  return html.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
