/** What a value of a JSON Schema may look like, for the page of an API: made from the schema, so that it is never out of date. */
import type { JsonSchema } from './openapi.js'

/** Deeper than any schema of ours. */
const DEPTH_MAX = 8
const DATE = '2026-01-31T12:00:00.000Z'

/**
 * Every required field; of an object whose fields are all optional, all of them.
 * @param samples by the name of a field: what stands there, if it fits the schema
 */
export function exampleOf (schema: JsonSchema, samples: Readonly<Record<string, unknown>>, name = '', depth = DEPTH_MAX): unknown {
  const { type, const: constant, enum: choices, anyOf, oneOf, properties, items, additionalProperties, required } = schema
  if (constant !== undefined) return constant
  if (Array.isArray(choices)) return choices[0]
  if (Object.hasOwn(samples, name) && typeof samples[name] === (type === 'integer' ? 'number' : type)) return samples[name]
  const [first] = ([anyOf, oneOf].find(Array.isArray) ?? []) as unknown[]
  if (isSchema(first) && depth > 0) return exampleOf(first, samples, name, depth - 1)
  if (type === 'array') return isSchema(items) && depth > 0 ? [exampleOf(items, samples, singular(name), depth - 1)] : []
  if (type === 'object') {
    const fields = Object.entries(isSchema(properties) ? properties : {})
    const wanted = Array.isArray(required) && required.length > 0 ? fields.filter(([field]) => required.includes(field)) : fields
    const shown = wanted.flatMap(([field, inner]) =>
      isSchema(inner) && depth > 0 ? [[field, exampleOf(inner, samples, field, depth - 1)]] : [])
    const isRecord = fields.length === 0 && isSchema(additionalProperties) && Object.keys(additionalProperties).length > 0 && depth > 0
    const key = typeof samples.id === 'string' ? samples.id : 'id'
    const named = isRecord ? [[key, exampleOf(additionalProperties, samples, name, depth - 1)]] : []
    return Object.fromEntries([...shown, ...named]) as object
  }
  return scalar(schema)
}

function scalar ({ type, format, pattern, minimum }: JsonSchema): unknown {
  if (type === 'boolean') return true
  if (type === 'integer' || type === 'number') return typeof minimum === 'number' && minimum > 0 ? minimum : 0
  if (type !== 'string') return {}
  if (format === 'date-time') return DATE
  if (format === 'base64') return 'aGVsbG8='
  return typeof pattern === 'string' && pattern.includes('\\d') ? '1000' : '...'
}

function singular (name: string): string {
  return name.replace(/(ss)es$|s$/, '$1')
}

function isSchema (value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
