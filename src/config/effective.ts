/** A configuration as it is in effect, flat, for people to look at: one line for each value, its source, and no secret. */
import { isPlainData } from '../lib/is-object.js'
import { isSecretName, redact } from '../lib/hide-secrets.js'
import { metaOf, type Schema } from './fields.js'
import { showPath } from './in-words.js'

export type SettingSource = 'file' | 'environment' | 'default' | 'given'

export interface Setting {
  name: string
  value: string
  source: SettingSource
}

const SETTINGS_MAX = 2000
const VALUE_LENGTH_MAX = 300
const DEPTH_MAX = 6
const HIDDEN = '(hidden)'

/**
 * @param schemaAt describes a place; undefined where nothing does: then names alone say what is secret
 * @param sourceOf who said so
 */
export function effectiveSettings (
  values: object, schemaAt: (path: PropertyKey[]) => Schema | undefined, sourceOf: (path: PropertyKey[]) => SettingSource
): Setting[] {
  const settings: Setting[] = []
  const visit = (value: unknown, path: PropertyKey[]): void => {
    if (value === undefined || typeof value === 'function' || settings.length >= SETTINGS_MAX) return
    const schema = schemaAt(path)
    const isSecret = isSecretName(String(path.at(-1))) || (schema !== undefined && metaOf(schema).secret === true)
    const entries = isPlainData(value) && path.length < DEPTH_MAX ? Object.entries(value) : []
    if (isSecret || entries.length === 0) {
      settings.push({ name: showPath(path), value: isSecret ? hidden(value) : shown(value), source: sourceOf(path) })
      return
    }
    for (const [key, inner] of entries) visit(inner, [...path, Array.isArray(value) ? Number(key) : key])
  }
  for (const [key, value] of Object.entries(values)) visit(value, [key])
  return settings
}

/** Whether there is one says much about what is protected. */
function hidden (value: unknown): string {
  return value === '' || (isPlainData(value) && Object.keys(value).length === 0) ? '(none)' : HIDDEN
}

function shown (value: unknown): string {
  const text = typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value === 'string' ? value : plain(value)
  return redact(text.slice(0, VALUE_LENGTH_MAX))
}

/** What is neither text nor a number: an empty list, or something that a class made, which nobody looks into. */
function plain (value: unknown): string {
  if (value === null) return 'null'
  return isPlainData(value) ? (Array.isArray(value) ? '[]' : '{}') : `(${value?.constructor.name ?? typeof value})`
}
