/** Reads a YAML file: its values with the environment filled in, and for each place the line it stands on. */
import { readFileSync } from 'node:fs'
import { safeParse } from 'zod'
import { LineCounter, isMap, isNode, isPair, isScalar, isSeq, parseDocument, visit } from 'yaml'
import type { Document, Node, Pair, Scalar } from 'yaml'
import { describeError } from '../../lib/describe-error.js'
import { isObject } from '../../lib/is-object.js'
import { showPath } from '../in-words.js'
import { metaOf, type Schema } from '../fields.js'
import { coerce } from './coerce.js'
import { ConfigurationError, type ConfigurationIssue } from '../errors.js'
import { EMPTY_SECRET } from './env.js'

const MAX_BYTES = 4 * 1024 * 1024

export interface YamlFile {
  values: Record<string, unknown>
  /** The line (from 1) of a place, or of the nearest place around it that is in the file. */
  lineOf (path: readonly PropertyKey[]): number
}

type Ancestors = readonly (Document | Node | Pair)[]

/** The schema of a place in a configuration that may be anything yet. */
type FieldAt = (values: unknown, path: readonly PropertyKey[]) => Schema | undefined

/** @throws ConfigurationError for what cannot be read, for all syntax errors, and for all variables that are not set */
export function readYamlFile (file: string, env: NodeJS.ProcessEnv, fieldAt: FieldAt): YamlFile {
  const { document, line } = parse(file)
  const issue = (offset: number, path: string, message: string): ConfigurationIssue =>
    ({ source: `${file}:${line(offset)}`, line: line(offset), path, message })
  const issues: ConfigurationIssue[] = []
  const wholes: Array<{ node: Scalar, path: PropertyKey[], text: string }> = []
  const empties: Array<{ node: Scalar, path: PropertyKey[], names: string[] }> = []
  visit(document, {
    Scalar (key, node, ancestors) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return
      const path = pathTo(ancestors, node)
      const { text, isWhole, faults, blanks } = substitute(node.value, env)
      if (blanks.length > 0) empties.push({ node, path, names: blanks })
      issues.push(...faults.map(fault => issue(node.range?.[0] ?? 0, '', `${fault} (referenced at ${showPath(path)})`)))
      // `port: ${PORT}` means a number; a quoted one means what it says.
      if (isWhole && node.type === 'PLAIN') wholes.push({ node, path, text })
      node.value = text
    }
  })
  refuse(issues)
  const texts = valuesOf(file, document)
  refuse(empties.flatMap(({ node, path, names }) => isSecret(texts, path, fieldAt)
    ? names.map(name => issue(node.range?.[0] ?? 0, '', `Empty environment variable: ${name} ${EMPTY_SECRET} (referenced at ${showPath(path)})`))
    : []))
  for (const { node, path, text } of wholes) node.value = coerce(fieldAt(texts, path), text)
  return filled(file, document, line)
}

/**
 * The same with references to variables left as they are. A number where text belongs, and one that is too large for a number, is the text
 * that was written. @throws ConfigurationError for what cannot be read, and for all syntax errors
 */
export function readYamlAsWritten (file: string, fieldAt: FieldAt): YamlFile {
  const { document, line } = parse(file)
  const numbers = valuesOf(file, document)
  visit(document, {
    Scalar (key, node, ancestors) {
      const { value, source } = node
      if (key === 'key' || typeof value !== 'number' || source === undefined) return
      const field = fieldAt(numbers, pathTo(ancestors, node))
      const isText = field !== undefined && !safeParse(field, value).success && safeParse(field, source).success
      if (isText || (Number.isInteger(value) && !Number.isSafeInteger(value) && /^\d+$/.test(source))) node.value = source
    }
  })
  return filled(file, document, line)
}

interface Parsed {
  document: Document
  /** The line of an offset, from 1. */
  line: (offset: number) => number
}

function parse (file: string): Parsed {
  const lines = new LineCounter()
  const document = parseDocument(textOf(file), { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const line = (offset: number): number => lines.linePos(offset).line
  refuse(document.errors.map(({ pos: [offset], message }) =>
    ({ source: `${file}:${line(offset)}`, line: line(offset), path: '', message: `Invalid YAML syntax: ${message}` })))
  if (!isMap(document.contents)) throw single(file, 'Configuration must be a YAML object')
  visit(document, {
    Alias (_key, node, ancestors) {
      const target = node.resolve(document)
      if (target === undefined || !ancestors.includes(target)) return
      const offset = node.range?.[0] ?? 0
      const message = `Invalid YAML: *${node.source} is inside the value that it refers to. Write out what belongs there.`
      refuse([{ source: `${file}:${line(offset)}`, line: line(offset), path: '', message }])
    }
  })
  return { document, line }
}

function filled (file: string, document: Document, line: Parsed['line']): YamlFile {
  const values = valuesOf(file, document)
  if (!isObject(values)) throw single(file, 'Configuration must be a YAML object')
  return { values, lineOf: path => line(offsetOf(document, path)) }
}

/** @throws ConfigurationError for a document that aliases would make too large */
function valuesOf (file: string, document: Document): unknown {
  try {
    return document.toJS()
  } catch (error) {
    throw single(file, `Invalid YAML: ${describeError(error)}. Use fewer aliases (*name).`)
  }
}

function textOf (file: string): string {
  try {
    const bytes = readFileSync(file)
    if (bytes.length > MAX_BYTES) throw new Error(`the file is larger than ${MAX_BYTES} bytes`)
    return bytes.toString()
  } catch (error) {
    const { code, message } = Object(error) as { code?: string, message?: string }
    throw single('', code === 'ENOENT' ? `Configuration file not found: ${file}` : `Failed to read configuration file: ${file}: ${message ?? ''}`)
  }
}

const REFERENCE = /\$?\$\{([^}]*)\}?/g
const INSIDE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

/** `${NAME}` and `${NAME:-default}` (for a variable that is not set, or set to nothing); `$${` stands for `${`. */
function substitute (value: string, env: NodeJS.ProcessEnv): { text: string, isWhole: boolean, faults: string[], blanks: string[] } {
  const faults: string[] = []
  const blanks: string[] = []
  const text = value.replace(REFERENCE, (reference, inner: string) => {
    if (reference.startsWith('$$')) return reference.slice(1)
    const [, name, fallback] = INSIDE.exec(inner) ?? []
    if (name === undefined || !reference.endsWith('}')) {
      faults.push('Unreadable reference: expected ${NAME} or ${NAME:-default}, or $${ for a literal ${')
      return ''
    }
    const found = fallback === undefined ? env[name] : env[name] || fallback
    if (found === undefined) faults.push(`Missing environment variable: ${name}`)
    if (fallback === undefined && found?.trim() === '') blanks.push(name)
    return found ?? ''
  })
  return { text, isWhole: /^\$\{[^}]*\}$/.test(value), faults, blanks }
}

/** Whether a secret is expected at a place, or around it. */
function isSecret (values: unknown, path: readonly PropertyKey[], fieldAt: FieldAt): boolean {
  return [...path.keys(), path.length].some(length => {
    const field = length === 0 ? undefined : fieldAt(values, path.slice(0, length))
    return field !== undefined && metaOf(field).secret === true
  })
}

function pathTo (ancestors: Ancestors, scalar: Scalar): PropertyKey[] {
  const chain = [...ancestors, scalar]
  return chain.flatMap((node, index): PropertyKey[] => {
    if (isPair(node)) return [isScalar(node.key) ? String(node.key.value) : '?']
    if (isSeq(node)) return [node.items.indexOf(chain[index + 1])]
    return []
  })
}

/** Where the key of a place stands; for a place that is not there, where its surroundings begin. */
function offsetOf (document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents
  let offset = 0
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key: name }) => isScalar(name) && String(name.value) === String(key))
      if (pair === undefined) break
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      const item = node.items[Number(key)]
      if (isNode(item)) offset = item.range?.[0] ?? offset
      node = item
    } else break
  }
  return offset
}

function single (source: string, message: string): ConfigurationError {
  return new ConfigurationError([{ source, path: '', message }])
}

function refuse (issues: ConfigurationIssue[]): void {
  if (issues.length > 0) throw new ConfigurationError(issues)
}
