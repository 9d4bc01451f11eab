/**
 * What a field of the configuration carries besides its type: the words for the reference page and for error messages, and
 * whether its value is a secret. Kept as zod metadata, so that the schema is the only place where a field is described.
 */
import { z } from 'zod'
import { isObject } from '../lib/is-object.js'
import { TIMER_LONGEST_MS } from '../lib/timers.js'

declare module 'zod' {
  interface GlobalMeta {
    /** The values that are accepted, in words that fit after "expected". */
    expected?: string
    /** What applies when an optional field without a schema default is left out. */
    absent?: string
    /** Shown to somebody who left a required field out. */
    example?: string
    /** Values at and below this field are never shown. */
    secret?: boolean
  }
}

export type Schema = z.core.$ZodType

/** The address of a TigerBeetle replica: `host:port`, `host` or `port`. */
export const REPLICA = /^(\d+|\[[\da-fA-F:.]+\](:\d+)?|[^\s,:[\]]+(:\d+)?)$/
export const REPLICAS_MAX = 6

export function isU128 (digits: string): boolean {
  return /^\d{1,39}$/.test(digits) && BigInt(digits) < 2n ** 128n
}

/** An object that is kept by reference and not looked into: it may hold functions and instances. */
export const opaqueObject = z.custom<Record<string, unknown>>(isObject)

/** A duration in whole milliseconds. */
export function milliseconds (minimum: number): z.ZodNumber {
  return z.number().int().min(minimum).max(TIMER_LONGEST_MS)
}

export function millisecondsInWords (minimum: number): string {
  return `a whole number of milliseconds from ${minimum} to ${TIMER_LONGEST_MS}`
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
export function inside (schema: Schema, key: PropertyKey): Schema | undefined {
  const bare = unwrap(schema)
  if (bare instanceof z.ZodObject) return new Map(fieldsOf(bare)).get(String(key))
  if (bare instanceof z.ZodRecord) return bare.valueType
  if (bare instanceof z.ZodArray) return bare.element
  return undefined
}

/** Text for the default of a field: its schema default, else what `absent` says. Undefined for required fields. */
export function defaultInWords (schema: Schema): string | undefined {
  if (schema instanceof z.ZodDefault) return JSON.stringify(schema.def.defaultValue)
  return z.globalRegistry.get(schema)?.absent
}
