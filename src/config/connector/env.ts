/**
 * Reads the `CONNECTOR_*` environment variables into values for the schema. Text that is not what its option needs is handed on as it is,
 * so that the schema refuses it by name: nothing is guessed.
 */
import { z } from 'zod'
import type { ConfigIssue } from '../errors.js'
import { FLAGS, fieldsOf, unwrap } from '../fields.js'
import type { Schema } from '../fields.js'
import { readJson } from '../json.js'
import { nearest } from '../../lib/nearest.js'
import { connectorSchema } from './schema.js'

const PREFIX = 'CONNECTOR_'

/** Names without our prefix that the world has for these options already. Our own wins; one that is set to nothing says nothing. */
const ALSO_KNOWN_AS: ReadonlyMap<string, string> = new Map([
  ['TIGERBEETLE_CLUSTER_ID', 'CONNECTOR_TIGERBEETLE_CLUSTER_ID'],
  ['TIGERBEETLE_REPLICAS', 'CONNECTOR_TIGERBEETLE_REPLICAS'],
  ['LOG_LEVEL', 'CONNECTOR_LOG_LEVEL'],
  ['LOG_FORMAT', 'CONNECTOR_LOG_FORMAT']
])

/** Secrets that protect an entrance only while they are set. To go without one, unset the variable: an empty value is an error. */
const PROTECTIVE: readonly string[] = ['adminApiKey']

/** Names that earlier connectors had for what we call otherwise. */
const FORMERLY: ReadonlyMap<string, string> = new Map([['CONNECTOR_FX_SPREAD', 'CONNECTOR_SPREAD']])

export interface EnvReading {
  /** By option name; only variables that are set, also to the empty string. */
  values: Record<string, unknown>
  issues: ConfigIssue[]
  /** By option name the variable that was read. */
  sources: Map<string, string>
  /** Variables with our prefix that resemble no option; orchestrators set such ones. */
  strangers: string[]
}

/** The variable an option is read from: `CONNECTOR_MAX_HOLD_TIME` for `maxHoldTime`. */
export function envName (option: string): string {
  return PREFIX + option.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()
}

export function readEnv (env: NodeJS.ProcessEnv): EnvReading {
  const reading: EnvReading = { values: {}, issues: [], sources: new Map(), strangers: [] }
  const known = new Map(fieldsOf(connectorSchema).map(([option, schema]) => [envName(option), { option, schema }]))
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined) continue
    const target = known.get(variable)
    if (target === undefined) judgeStranger(variable, [...known.keys()], reading)
    else readVariable(variable, text, target.option, target.schema, reading)
  }
  for (const [variable, ours] of ALSO_KNOWN_AS) {
    const [text, target] = [env[variable], known.get(ours)]
    if (text === undefined || text === '' || target === undefined || reading.sources.has(target.option)) continue
    readVariable(variable, text, target.option, target.schema, reading)
  }
  return reading
}

function readVariable (variable: string, text: string, option: string, schema: Schema, reading: EnvReading): void {
  reading.sources.set(option, variable)
  const bare = unwrap(schema)
  if (PROTECTIVE.includes(option) && text.trim() === '') {
    reading.issues.push({ source: variable, path: '', message: 'is set to nothing, and a secret is expected. Set it, or unset it.' })
  } else if (bare instanceof z.ZodString || bare instanceof z.ZodEnum) {
    reading.values[option] = text
  } else if (bare instanceof z.ZodNumber) {
    const number = text.trim() === '' ? NaN : Number(text)
    reading.values[option] = Number.isFinite(number) ? number : text
  } else if (bare instanceof z.ZodBoolean) {
    reading.values[option] = FLAGS.get(text.toLowerCase()) ?? text
  } else {
    const json = readJson(text)
    if (json.ok) reading.values[option] = json.value
    else reading.issues.push({ source: variable, path: '', message: `is not valid JSON, ${json.fault}. Correct or unset it.` })
  }
}

function judgeStranger (variable: string, known: readonly string[], { issues, strangers }: EnvReading): void {
  const names = known.map(name => name.slice(PREFIX.length))
  const near = nearest(variable.slice(PREFIX.length), names)
  const meant = FORMERLY.get(variable) ?? (near && PREFIX + near)
  if (meant === undefined) strangers.push(variable)
  else issues.push({ source: variable, path: '', message: `is not a known variable, did you mean ${meant}? Rename or unset it.` })
}
