/** The admin API in OpenAPI 3.1, made from the routes themselves. */
import { z } from 'zod'
import { labelOf } from './node-errors.js'
import type { Route } from './route.js'

export type JsonSchema = Record<string, unknown>

interface Content {
  'application/json': { schema: JsonSchema, example?: object }
}

interface Parameter {
  name: string
  in: 'path' | 'query'
  required: boolean
  description: string
  schema: JsonSchema
}

export interface Operation {
  operationId: string
  summary: string
  parameters: Parameter[]
  requestBody?: { required: true, content: Content }
  responses: Record<string, { description: string, content: Content }>
}

export interface OpenApiDocument {
  openapi: '3.1.0'
  info: { title: string, version: string, description: string }
  security: Array<Record<string, string[]>>
  components: { securitySchemes: object, schemas: Record<string, JsonSchema> }
  paths: Record<string, Record<string, Operation>>
}

const ERROR_SCHEMA = z.strictObject({
  error: z.string().describe('The status in words'), message: z.string().describe('What is wrong and what to do')
})
const ERROR_CONTENT: Content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }

/** @param version of the package */
export function openApiDocument (routes: readonly Route[], version: string): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sluice node: admin API',
      version,
      description: 'Manages the peers, routes and balances of a running node, and sends packets. Amounts are decimal strings in base units.'
    },
    // Either is enough for this document: whether a key is asked for is the operator's choice.
    security: [{ apiKey: [] }, {}],
    components: {
      securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' } },
      schemas: { Error: schemaOf(ERROR_SCHEMA) }
    },
    paths
  }
}

function operationOf (route: Route): Operation {
  const operation: Operation = {
    operationId: operationId(route),
    summary: route.summary,
    parameters: [...parametersOf('path', route.params), ...parametersOf('query', route.query)],
    responses: responsesOf(route)
  }
  if (route.body !== undefined) {
    const { schema, example } = route.body
    operation.requestBody = { required: true, content: { 'application/json': { schema: schemaOf(schema), example } } }
  }
  return operation
}

/** `post /admin/channels/{channelId}/close` is `postChannelsChannelIdClose`. */
function operationId ({ method, path }: Route): string {
  const words = path.replace('/admin/', '').split(/[^a-zA-Z]+/).filter(word => word !== '')
  return method + words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function parametersOf (place: 'path' | 'query', described: Readonly<Record<string, string>> = {}): Parameter[] {
  return Object.entries(described).map(([name, description]) => ({
    name, in: place, required: place === 'path', description, schema: { type: 'string' }
  }))
}

function responsesOf ({ responses, errors }: Route): Operation['responses'] {
  const answers: Operation['responses'] = {}
  for (const [status, schema] of Object.entries(responses)) {
    const description = status === '201' ? 'Done, something new exists' : 'Done'
    answers[status] = { description, content: { 'application/json': { schema: schemaOf(schema) } } }
  }
  for (const [status, when] of Object.entries(errors)) {
    answers[status] = { description: `${labelOf(Number(status))}: ${when}`, content: ERROR_CONTENT }
  }
  return answers
}

function schemaOf (schema: z.ZodType): JsonSchema {
  // The document says once for all its schemas which JSON Schema they are: OpenAPI 3.1's own.
  const whole: JsonSchema = z.toJSONSchema(schema, { io: 'input' })
  delete whole.$schema
  return whole
}
