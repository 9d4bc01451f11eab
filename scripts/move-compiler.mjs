/**
 * Compiles the Move package of the Aptos plugin, and runs Move tests, with @initia/builder.js: Aptos's Move compiler and VM inside another
 * chain's. What that chain adds is taken out again: its metadata becomes that of Aptos, which has the same form under another key.
 *
 *   npm install --no-save @initia/builder.js@0.2.12
 */
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const TOOL = '@initia/builder.js'
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = join(ROOT, 'plugins/aptos/move')
const require = createRequire(import.meta.url)
/** What a compiler and a language of these versions make, Aptos takes on mainnet: anything newer calls itself unstable in this tool. */
const VERSIONS = { compilerVersion: '2.0', languageVersion: '2.1' }
const MOVE_BUILDER = () => `require(${JSON.stringify(require.resolve(TOOL))}).MoveBuilder`
const METADATA_TABLE = 0x10
const HEADER_BYTES = 8
const THEIR_KEY = 'initia::metadata_v0'
const OUR_KEY = 'aptos::metadata_v1'

export function hasCompiler () {
  try {
    require.resolve(TOOL)
    return true
  } catch {
    return false
  }
}

/**
 * A folder with the package as the tool wants it, until `remove`.
 *
 * @param change what becomes of a source, by its name and text
 */
export function layOut ({ change = (_name, text) => text, tests = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-move-'))
  mkdirSync(join(folder, 'sources'))
  writeFileSync(join(folder, 'Move.toml'), change('Move.toml', readFileSync(join(FOLDER, 'Move.toml'), 'utf8')))
  for (const part of ['sources', 'framework']) {
    for (const name of readdirSync(join(FOLDER, part))) {
      writeFileSync(join(folder, 'sources', name), change(name, readFileSync(join(FOLDER, part, name), 'utf8')))
    }
  }
  if (tests.length > 0) mkdirSync(join(folder, 'tests'))
  for (const { name, text } of tests) writeFileSync(join(folder, 'tests', name), text)
  return { folder, remove: () => { rmSync(folder, { recursive: true, force: true }) } }
}

/**
 * Runs a step of the tool in a process of its own, since it prints what it likes. Returns what it printed: into a file, because the tool
 * panics when a pipe is full.
 */
function run (folder, step) {
  const builder = `new (${MOVE_BUILDER()})(${JSON.stringify(folder)}, ${JSON.stringify(VERSIONS)})`
  return runScript(folder, `${builder}.${step}.then(() => {}, error => { console.error(String(error)); process.exitCode = 1 })`)
}

function runScript (folder, script) {
  const file = join(folder, 'printed.txt')
  const output = openSync(file, 'w')
  const { status } = spawnSync(process.execPath, ['-e', script], { stdio: ['ignore', output, output] })
  closeSync(output)
  return { isGood: status === 0, printed: readFileSync(file, 'utf8') }
}

/** The bytecode of `core` and `channel`, as Aptos wants it. @param address with 0x; the placeholder in Move.toml when absent */
export function compile (address) {
  const change = (name, text) => name === 'Move.toml' && address !== undefined ? text.replace(/(?<=^sluice = ")\w+/m, address) : text
  const { folder, remove } = layOut({ change })
  try {
    const { isGood, printed } = run(folder, 'build()')
    if (!isGood) throw new Error(printed)
    const built = join(folder, 'build/SluiceChannel/bytecode_modules')
    if (!existsSync(built)) throw new Error(printed)
    return Object.fromEntries(['core', 'channel'].map(name => [name, forAptos(readFileSync(join(built, `${name}.mv`)))]))
  } finally {
    remove()
  }
}

/** Runs the Move tests of a folder. Returns whether all pass, and what was printed. */
export function runTests (folder) {
  return run(folder, 'test()')
}

/** What a compiled module exposes, as Aptos's own reader of bytecode sees it: name, functions, types. */
export function exposedBy (bytecode) {
  const { folder, remove } = layOut()
  try {
    const read = `${MOVE_BUILDER()}.decodeModuleBytes(Buffer.from('${bytecode.toString('hex')}', 'hex'))`
    const { printed } = runScript(folder, `${read}.then(module => { console.log(JSON.stringify(module)) })`)
    return JSON.parse(printed)
  } finally {
    remove()
  }
}

/** Renames the metadata that has the names of errors, events and views. Its table gets a byte shorter, and becomes the last one. */
function forAptos (bytecode) {
  const { tables, contents, rest } = tablesOf(bytecode)
  const metadata = tables.find(({ kind }) => kind === METADATA_TABLE)
  if (metadata === undefined) return bytecode
  const contentOf = ({ offset, length }) => contents.subarray(offset, offset + length)
  const entries = entriesOf(contentOf(metadata))
    .map(({ key, value }) => Buffer.concat([vector(Buffer.from(key === THEIR_KEY ? OUR_KEY : key)), vector(value)]))
  const others = tables.filter(table => table !== metadata).sort((a, b) => a.offset - b.offset)
  const pieceOf = table => ({ kind: table.kind, piece: contentOf(table) })
  const all = [...others.map(pieceOf), { kind: METADATA_TABLE, piece: Buffer.concat(entries) }]
  const heads = []
  const pieces = []
  let at = 0
  for (const { kind, piece } of all) {
    heads.push(Buffer.from([kind, ...uleb(at), ...uleb(piece.length)]))
    pieces.push(piece)
    at += piece.length
  }
  return Buffer.concat([bytecode.subarray(0, HEADER_BYTES), Buffer.from(uleb(tables.length)), ...heads, ...pieces, rest])
}

/** The tables of a compiled module (move-binary-format): kind, offset and length of each, what is in them, and what stands behind. */
function tablesOf (bytecode) {
  const reader = { bytes: bytecode, at: HEADER_BYTES }
  const table = () => ({ kind: bytecode[reader.at++], offset: readUleb(reader), length: readUleb(reader) })
  const tables = Array.from({ length: readUleb(reader) }, table)
  const end = reader.at + Math.max(...tables.map(({ offset, length }) => offset + length))
  return { tables, contents: bytecode.subarray(reader.at, end), rest: bytecode.subarray(end) }
}

function entriesOf (table) {
  const reader = { bytes: table, at: 0 }
  const piece = () => {
    const length = readUleb(reader)
    reader.at += length
    return table.subarray(reader.at - length, reader.at)
  }
  const entries = []
  while (reader.at < table.length) entries.push({ key: piece().toString(), value: piece() })
  return entries
}

function readUleb (reader) {
  let value = 0
  for (let shift = 0; ; shift += 7) {
    const byte = reader.bytes[reader.at++]
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return value
  }
}

function uleb (value) {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...uleb(value >> 7)]
}

function vector (bytes) {
  return Buffer.concat([Buffer.from(uleb(bytes.length)), bytes])
}
