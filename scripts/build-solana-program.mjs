/**
 * Makes the payment channel program of the Solana plugin. `npm run build:solana-program` compiles plugins/solana/program and writes the
 * template channel.so, which has a placeholder for the cluster, and artifact.ts, which says what the template is.
 *
 *   --cluster mainnet|devnet|testnet|HASH   writes the program of one cluster, from the committed template. Needs no compiler
 *   --out FILE                              where to (channel-<cluster>.so)
 *   --check                                 writes nothing, and fails if the committed files are not what the sources give
 *   --sources FOLDER --out FILE             compiles another program, for tests
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { link } from './sbf-linker.mjs'

const SOURCES = fileURLToPath(new URL('../plugins/solana/program', import.meta.url))
const TEMPLATE = join(SOURCES, 'channel.so')
const ARTIFACT = join(SOURCES, 'artifact.ts')
const COMPILER = 'clang-19'
const PLACEHOLDER = 'SLUICE-GENESIS-HASH-PLACEHOLDER!'
const CLUSTERS = {
  mainnet: '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d',
  devnet: 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG',
  testnet: '4uhcVJyU9pJkvQyS88uRDiswHXSGkY3zQawwpjk2NsNY'
}
const FLAGS = [
  '--target=bpfel', '-mcpu=v1', '-mllvm', '-bpf-stack-size=4096', // frames of 4096 bytes are the runtime's
  '-std=c11', '-O2', '-ffreestanding', '-fno-builtin', '-fno-strict-aliasing', '-Wall', '-Wextra', '-Werror'
]

/** The bytes of the program whose C sources are in `folder`. */
function compile (folder) {
  const output = mkdtempSync(join(tmpdir(), 'sbf-'))
  try {
    const names = readdirSync(folder).filter(name => name.endsWith('.c')).sort()
    if (names.length === 0) throw new Error(`${folder} has no C sources`)
    const files = names.map(name => join(resolve(folder), name))
    const { status, error, stderr } = spawnSync(COMPILER, [...FLAGS, '-c', ...files], { cwd: output, encoding: 'utf8' })
    if (error?.code === 'ENOENT') throw new Error(`The Solana program needs ${COMPILER}, which is not installed. On Debian: apt-get install ${COMPILER}`)
    if (error) throw error
    if (status !== 0) throw new Error(stderr)
    return link(names.map(name => ({ name, bytes: readFileSync(join(output, name.replace(/c$/, 'o'))) })))
  } finally {
    rmSync(output, { recursive: true, force: true })
  }
}

function placeOf (template) {
  const at = template.indexOf(PLACEHOLDER)
  if (at === -1 || template.indexOf(PLACEHOLDER, at + 1) !== -1) throw new Error('the program does not have the placeholder for the cluster exactly once')
  return at
}

function forCluster (template, genesisHash) {
  const program = Buffer.from(template)
  decodeBase58(genesisHash).copy(program, placeOf(template))
  return program
}

const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')

/** Over names and contents of all sources: tells without a compiler that a source was changed and the template was not. */
function hashOfSources () {
  const hash = createHash('sha256')
  for (const name of readdirSync(SOURCES).filter(name => /\.[ch]$/.test(name)).sort()) {
    hash.update(`${name}\0${sha256(readFileSync(join(SOURCES, name)))}\n`)
  }
  return hash.digest('hex')
}

function artifactText (template) {
  return `/** What plugins/solana/program/channel.so is. Made by \`npm run build:solana-program\`. Do not edit. */

/** The SHA-256 of the template, in hexadecimal digits, and its size. */
export const TEMPLATE_SHA256 = '${sha256(template)}'
export const TEMPLATE_BYTES = ${template.length}

/** Where the template has 32 bytes for the genesis hash of a cluster. */
export const GENESIS_HASH_OFFSET = ${placeOf(template)}

/** Of the C sources that the template was made of. */
export const SOURCES_SHA256 = '${hashOfSources()}'

/** The SHA-256 of the program of each public cluster, by its genesis hash. */
export const PROGRAM_SHA256: Readonly<Record<string, string>> = {
${Object.entries(CLUSTERS).map(([name, hash]) => `  '${hash}': '${sha256(forCluster(template, hash))}'`).join(',\n')}
}
`
}

/** 32 bytes. Each digit 1 in front is a byte 0, as in all addresses and hashes of Solana. */
function decodeBase58 (text) {
  const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
  const zeros = /^1*/.exec(text)[0].length
  const digits = [...text.slice(zeros)].map(digit => ALPHABET.indexOf(digit))
  const hex = digits.includes(-1) || digits.length === 0 ? '' : digits.reduce((sum, digit) => sum * 58n + BigInt(digit), 0n).toString(16)
  const bytes = Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')])
  if (bytes.length !== 32) throw new Error(`"${text}" is not a genesis hash. Name ${Object.keys(CLUSTERS).join(', ')}, or a hash of 32 bytes in base58.`)
  return bytes
}

function writeCluster (cluster, file = `channel-${cluster}.so`) {
  const template = readFileSync(TEMPLATE)
  const program = forCluster(template, CLUSTERS[cluster] ?? cluster)
  writeFileSync(file, program)
  console.log(`${file}: ${program.length} bytes, SHA-256 ${sha256(program)}`)
}

/** Without a compiler, the hashes of sources and template must still be those of the artifact. */
function check () {
  const isCompiled = hasCompiler()
  const template = isCompiled ? compile(SOURCES) : readFileSync(TEMPLATE)
  const made = [[TEMPLATE, template], [ARTIFACT, Buffer.from(artifactText(template))]]
  const stale = made.filter(([file, bytes]) => !existsSync(file) || !bytes.equals(readFileSync(file)))
  if (stale.length > 0) throw new Error(`${stale.map(([file]) => file).join(' and ')}: not what the sources give. Run "npm run build:solana-program".`)
  console.log(isCompiled ? 'compiled: the committed template is what the sources give' : `${COMPILER} is not installed: only the hashes were compared`)
}

function hasCompiler () {
  return spawnSync(COMPILER, ['--version']).error === undefined
}

const OPTIONS = { cluster: { type: 'string' }, out: { type: 'string' }, check: { type: 'boolean' }, sources: { type: 'string' } }

function main () {
  const { cluster, out, check: isCheck, sources } = parseArgs({ options: OPTIONS }).values
  if (cluster !== undefined) return writeCluster(cluster, out)
  if (sources !== undefined) {
    if (out === undefined) throw new Error('--sources needs --out')
    return writeFileSync(out, compile(sources))
  }
  if (isCheck) return check()
  const template = compile(SOURCES)
  writeFileSync(TEMPLATE, template)
  writeFileSync(ARTIFACT, artifactText(template))
  console.log(`${template.length} bytes, SHA-256 ${sha256(template)}`)
}

try {
  main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
