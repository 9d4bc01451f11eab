/**
 * Makes the Move modules of the Aptos plugin. `npm run build:aptos-module` compiles plugins/aptos/move and writes the templates core.mv and
 * channel.mv, which have a placeholder for the publisher's address, and artifact.ts, which says what they are.
 *
 *   --address 0x... --out FILE   writes what to publish at an address, from the committed templates, for `aptos move run --json-file FILE`.
 *                                Needs no compiler
 *   --check                      writes nothing, and fails if the committed files are not what the sources give
 *
 * The compiler is @initia/builder.js (move-compiler.mjs): a tool for developers, under a licence that lets no product have it.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { TOOL, compile, hasCompiler } from './move-compiler.mjs'

const FOLDER = fileURLToPath(new URL('../plugins/aptos/move', import.meta.url))
const ARTIFACT = join(FOLDER, 'artifact.ts')
/** In the order in which they are published: `channel` needs `core`. */
const MODULES = ['core', 'channel']
const PLACEHOLDER = Buffer.from('SLUICE-MODULE-ADDRESS-GOES-HERE!')
const PACKAGE = 'SluiceChannel'
const IMMUTABLE = 2
/** The packages of the framework that the modules use, all of them at 0x1. */
const DEPENDENCIES = ['MoveStdlib', 'AptosStdlib', 'AptosFramework']

const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')
const fileOf = name => join(FOLDER, `${name}.mv`)

/** Over names and contents of all sources: tells without a compiler that a source was changed and the bytecode was not. */
function hashOfSources () {
  const hash = createHash('sha256')
  for (const folder of ['sources', 'framework']) {
    for (const name of readdirSync(join(FOLDER, folder)).sort()) hash.update(`${folder}/${name}\0${sha256(readFileSync(join(FOLDER, folder, name)))}\n`)
  }
  hash.update(`Move.toml\0${sha256(readFileSync(join(FOLDER, 'Move.toml')))}\n`)
  return hash.digest('hex')
}

function artifactText (modules) {
  return `/** What plugins/aptos/move/core.mv and channel.mv are. Made by \`npm run build:aptos-module\`. Do not edit. */

/** Stands in both where the 32 bytes of the publisher's address go. */
export const ADDRESS_PLACEHOLDER = '${PLACEHOLDER.toString()}'

/** The SHA-256 of each template, in hexadecimal digits: of what is deployed once the placeholder is back where the address is. */
export const MODULE_SHA256 = {
${MODULES.map(name => `  ${name}: '${sha256(modules[name])}'`).join(',\n')}
} as const

/** Of the Move sources that the templates were made of. */
export const SOURCES_SHA256 = '${hashOfSources()}'
`
}

/** What has to be published at an address: the templates with that address in the place of the placeholder. */
function forAddress (template, address) {
  const bytecode = Buffer.from(template)
  let count = 0
  for (let at = bytecode.indexOf(PLACEHOLDER); at !== -1; at = bytecode.indexOf(PLACEHOLDER)) {
    address.copy(bytecode, at)
    count++
  }
  if (count === 0) throw new Error('a template has no placeholder for the address')
  return bytecode
}

function uleb (value) {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...uleb(value >> 7)]
}

const vector = bytes => Buffer.concat([Buffer.from(uleb(bytes.length)), bytes])
const text = value => vector(Buffer.from(value))
const list = items => Buffer.concat([Buffer.from(uleb(items.length)), ...items])
const NONE = Buffer.of(0)

/** `0x1::code::PackageMetadata` in BCS: no sources and no manifest, which a node would only keep. */
function packageMetadata () {
  const upgradeNumber = Buffer.alloc(8)
  const module = name => Buffer.concat([text(name), vector(Buffer.alloc(0)), vector(Buffer.alloc(0)), NONE])
  const dependency = name => Buffer.concat([Buffer.from('1'.padStart(64, '0'), 'hex'), text(name)])
  return Buffer.concat([
    text(PACKAGE), Buffer.of(IMMUTABLE), upgradeNumber, text(hashOfSources().toUpperCase()), vector(Buffer.alloc(0)),
    list(MODULES.map(module)), list(DEPENDENCIES.map(dependency)), NONE
  ])
}

function writePublication (addressText, file = 'publish-aptos-module.json') {
  if (!/^0x[0-9a-fA-F]{1,64}$/.test(addressText)) throw new Error(`"${addressText}" is not an address: 0x and up to 64 hexadecimal digits.`)
  const address = Buffer.from(addressText.slice(2).padStart(64, '0'), 'hex')
  const modules = MODULES.map(name => forAddress(readFileSync(fileOf(name)), address))
  const hex = bytes => `0x${bytes.toString('hex')}`
  writeFileSync(file, `${JSON.stringify({
    function_id: '0x1::code::publish_package_txn',
    type_args: [],
    args: [{ type: 'hex', value: hex(packageMetadata()) }, { type: 'hex', value: modules.map(hex) }]
  }, undefined, 2)}\n`)
  console.log(`${file}: to be signed by ${addressText}. For good: the package is immutable.`)
  for (const [index, name] of MODULES.entries()) console.log(`${name}: ${modules[index].length} bytes, SHA-256 ${sha256(modules[index])}`)
}

function made () {
  const modules = compile()
  return [...MODULES.map(name => [fileOf(name), modules[name]]), [ARTIFACT, Buffer.from(artifactText(modules))]]
}

/** Without a compiler, the hashes of sources and bytecode must still be those of the artifact. */
function check () {
  const isCompiled = hasCompiler()
  const committed = Object.fromEntries(MODULES.map(name => [name, readFileSync(fileOf(name))]))
  const expected = isCompiled ? made() : [[ARTIFACT, Buffer.from(artifactText(committed))]]
  const stale = expected.filter(([file, bytes]) => !existsSync(file) || !bytes.equals(readFileSync(file)))
  if (stale.length > 0) throw new Error(`${stale.map(([file]) => file).join(' and ')}: not what the sources give. Run "npm run build:aptos-module".`)
  if (isCompiled) checkElsewhere(committed)
  console.log(isCompiled ? 'compiled: the committed bytecode is what the sources give' : `${TOOL} is not installed: only the hashes were compared`)
}

/** What is published at an address is what the sources give at that address. */
function checkElsewhere (committed) {
  const address = 'ab'.repeat(32)
  const compiled = compile(`0x${address}`)
  for (const name of MODULES) {
    if (!compiled[name].equals(forAddress(committed[name], Buffer.from(address, 'hex')))) throw new Error(`${name}.mv at an address is not what the sources give there`)
  }
}

function build () {
  for (const [file, bytes] of made()) writeFileSync(file, bytes)
  for (const name of MODULES) console.log(`${name}: ${readFileSync(fileOf(name)).length} bytes, SHA-256 ${sha256(readFileSync(fileOf(name)))}`)
}

function main () {
  const { address, out, check: isCheck } = parseArgs({ options: { address: { type: 'string' }, out: { type: 'string' }, check: { type: 'boolean' } } }).values
  if (address !== undefined) writePublication(address, out)
  else if (isCheck) check()
  else build()
}

try {
  main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
