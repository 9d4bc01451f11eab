/**
 * Turns what the schema found wrong into lines an operator can act on: what was found, what was expected, what to do. Values are shown
 * only where a single word or number belongs, and never at or below a secret: a whole object, or a string in the place of one, may be
 * full of them.
 */
import { z } from 'zod'
import { defaultInWords, fieldsOf, metaOf, schemaAt, unwrap } from './fields.js'
import type { Schema } from './fields.js'
import { isInOwnWords } from '../lib/field-kinds.js'
import { isObject } from '../lib/is-object.js'
import { nearest } from '../lib/nearest.js'
import type { Problem } from './errors.js'
import { quote } from './in-words.js'

/** What to say of an unknown key at this place, if there is more to say than that it is unknown. */
export type Advice = (path: readonly PropertyKey[]) => string | undefined

/** A problem, and the names that are known at its place. */
interface Explained extends Problem {
  known?: string
}

/** Problems found by `schema` in `given`; one per place, and one per unknown key. What is known instead is listed once, with the last. */
export function explain (issues: readonly z.core.$ZodIssue[], schema: Schema, given: unknown, advice: Advice = () => undefined): Problem[] {
  const problems = issues.flatMap(insideUnion).flatMap((issue): Explained[] => issue.code === 'unrecognized_keys'
    ? issue.keys.map(key => unknownKey([...issue.path, key], key, schemaAt(schema, issue.path), advice))
    : [{ path: issue.path, message: isInOwnWords(issue) ? issue.message : wrongValue(schema, issue.path, given) }])
  const byPlace = [...new Map(problems.map(problem => [problem.path.map(String).join('\n'), problem])).values()]
  const last = new Map(byPlace.map(({ known }, index) => [known, index]))
  return byPlace.map(({ path, message, known }, index) => known === undefined
    ? { path, message }
    : { path, message: `${message} Remove it${last.get(known) === index ? `; the known keys are ${known}` : ''}.` })
}

/** What a union refuses for one thing inside is that thing's fault, if one kind of it is right but for that. */
function insideUnion (issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const inner = issue.errors.find(each => each.length > 0 && each.every(({ path }) => path.length > 0))
  return inner?.flatMap(each => insideUnion({ ...each, path: [...issue.path, ...each.path] })) ?? [issue]
}

function unknownKey (path: PropertyKey[], key: string, schema: Schema | undefined, advice: Advice): Explained {
  const known = schema === undefined ? [] : fieldsOf(schema).map(([name]) => name)
  const former = advice(path)
  if (former !== undefined) return { path, message: former }
  const meant = nearest(key, known)
  if (meant !== undefined) return { path, message: `is not a known key, did you mean ${meant}? Rename or remove it.` }
  return { path, message: 'is not a known key.', known: known.join(', ') }
}

function wrongValue (schema: Schema, path: readonly PropertyKey[], given: unknown): string {
  const field = schemaAt(schema, path) ?? schema
  const { expected = 'something else', example } = metaOf(field)
  const value = valueAt(given, path)
  if (value === undefined) return `is missing, expected ${expected}. Add it${example === undefined ? '' : `, for example ${example}`}.`
  const fallback = defaultInWords(field)
  const advice = fallback === undefined ? 'Correct it' : `Correct it, or leave it out (default: ${fallback})`
  return `found ${show(value, isSecret(schema, path) || !isScalar(field))}, expected ${expected}. ${advice}.`
}

function show (value: unknown, hidden: boolean): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (isObject(value)) return 'an object'
  if (typeof value === 'string' && !hidden) return quote(value)
  if ((typeof value === 'number' || typeof value === 'boolean') && !hidden) return String(value)
  return `a ${typeof value}`
}

/** What stands at `path` in something that was read; undefined where nothing does. */
export function valueAt (given: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((outer, key) => isObject(outer) || Array.isArray(outer) ? Reflect.get(outer, key) : undefined, given)
}

function isSecret (schema: Schema, path: readonly PropertyKey[]): boolean {
  return [...path.keys(), path.length].some(length => {
    const field = schemaAt(schema, path.slice(0, length))
    return field !== undefined && metaOf(field).secret === true
  })
}

function isScalar (field: Schema): boolean {
  const bare = unwrap(field)
  return [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodEnum].some(kind => bare instanceof kind)
}
