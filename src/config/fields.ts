/**
 * Looks at a schema from outside: what its fields are called, how each is described (src/lib/field-kinds.ts), and what applies when it is
 * left out.
 */
import { z } from 'zod'
import { isObject } from '../lib/is-object.js'

export type Schema = z.core.$ZodType

/** The address of a TigerBeetle replica: `host:port`, `host` or `port`. */
export const REPLICA = /^(\d+|\[[\da-fA-F:.]+\](:\d+)?|[^\s,:[\]]+(:\d+)?)$/
export const REPLICAS_MAX = 6

export function isU128 (digits: string): boolean {
  return /^\d{1,39}$/.test(digits) && BigInt(digits) < 2n ** 128n
}

/** In lower case. */
export const FLAGS: ReadonlyMap<string, boolean> = new Map([['1', true], ['true', true], ['0', false], ['false', false], ['', false]])

/** An object that is kept by reference and not looked into: it may hold functions and instances. */
export const opaqueObject = z.custom<Record<string, unknown>>(isObject)

/** The schema of the place `path` inside `schema`. */
export function schemaAt (schema: Schema, path: readonly PropertyKey[]): Schema | undefined {
  return path.reduce<Schema | undefined>((outer, key) => outer && inside(outer, key), schema)
}

/** The schema without the wrappers that make it optional. */
export function unwrap (schema: Schema): Schema {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? unwrap(schema.unwrap()) : schema
}

/** The keys of an object schema with their schemas; none for any other schema. */
export function fieldsOf (schema: Schema): [string, Schema][] {
  const bare = unwrap(schema)
  return bare instanceof z.ZodObject ? Object.entries<Schema>(bare.shape) : []
}

/** The schema of what stands at `key` inside `schema`; undefined where the schema does not look inside. */
function inside (schema: Schema, key: PropertyKey): Schema | undefined {
  const bare = unwrap(schema)
  if (bare instanceof z.ZodObject) return new Map(fieldsOf(bare)).get(String(key))
  if (bare instanceof z.ZodRecord) return bare.valueType
  if (bare instanceof z.ZodArray) return bare.element
  if (bare instanceof z.ZodUnion) return bare.options.map(option => inside(option, key)).find(found => found !== undefined)
  return undefined
}

/** How a field is described: by itself, or by the schema that it makes optional. */
export function metaOf (schema: Schema): z.GlobalMeta {
  const inner = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? metaOf(schema.unwrap()) : {}
  return { ...inner, ...z.globalRegistry.get(schema) }
}

/** Text for the default of a field: its schema default, else what `absent` says. Undefined for required fields. */
export function defaultInWords (schema: Schema): string | undefined {
  if (schema instanceof z.ZodDefault) return JSON.stringify(schema.def.defaultValue)
  return metaOf(schema).absent
}
