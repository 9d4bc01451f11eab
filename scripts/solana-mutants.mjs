/**
 * Takes the checks out of the Solana program, one at a time, and expects its attack suite to notice: `npm run build && npm run
 * test:solana-mutants [part of a name]`. Needs clang-19, and some minutes. Checks that another check or the runtime doubles are listed with
 * the reason; they stay in the program. `--list` only names the mutants. `--short` tries two, each with one file of tests.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = resolve(ROOT, process.env.SLUICE_DIST ?? 'dist')
const SOURCES = join(ROOT, 'plugins/solana/program')
/** Inside the repository, so that packages are found. */
const COPY = join(ROOT, '.build', `solana-mutants-${process.pid}`)
const NEEDED = ['plugins/solana/program', 'test/support', 'examples', 'test/plugins/solana/program']
/** The tests that most likely notice a breakage of the file come first. */
const TESTS = ['order', 'payouts', 'lives', 'lifecycle', 'signatures', 'tokens']
const FIRST_TEST = { 'signatures.c': 'signatures', 'tokens.c': 'tokens', 'payout.c': 'payouts' }
const SHORT = ['signatures.c: data_len ==', 'payout.c: is_same_key(roles->opener->key']
const PLACEHOLDER = 'SLUICE-GENESIS-HASH-PLACEHOLDER!'

/** Breakages that are not the absence of a check: [file, text, replacement]. */
const EDITS = [
  ['tokens.c', 'return account->data[at + 4] != 0;', 'return 0;'],
  ['payout.c', '*(u64 *)(channel->data - 8) = 0;', ''],
  ['payout.c', 'sol_memset_(channel->owner, 0, KEY_BYTES);', ''],
  ['payout.c', 'channel->withdrawn[side] += amount;', ''],
  ['payout.c', 'if (left[0] != 0 || left[1] != 0) return 0;', ''],
  ['claiming.c', 'channel->withdrawn[side] += amount;', ''],
  ['claiming.c', 'channel->nonce[payer] = nonce;', ''],
  ['claiming.c', 'channel->transferred[payer] = amount;', ''],
  ['closing.c', 'if (clock->now < closed_at + (i64)channel->challenge_duration) return 0;', ''],
  ['closing.c', 'return clock->slot >= channel->closed_slot + channel->challenge_duration;', 'return 1;'],
  ['closing.c', 'return channel->deposit[closer] == channel->transferred[closer];', 'return 1;'],
  ['closing.c', 'if (channel->closed_by != BY_A && channel->closed_by != BY_B) return 0;', ''],
  ['closing.c', 'channel->transferred[side] = paid;', ''],
  ['opening.c', 'channel->deposit[side] = total;', 'channel->deposit[side] += total;'],
  ['signatures.c', 'if (read_u16(at + 2 * i) != expected[i]) return 0;', ';'],
  ['signatures.c', 'sol_memcpy_(message + TAG_BYTES, GENESIS_HASH, KEY_BYTES);', 'sol_memset_(message + TAG_BYTES, 0, KEY_BYTES);'],
  ['channel.h', '#define BIRTH_SLOTS 150', '#define BIRTH_SLOTS 149']
]

/** Checks whose absence changes nothing that a caller can see, by the text of their mutant, and why. */
const DOUBLED = {
  'channel.c: sol_create_program_address(seeds, 3, program, key) == 0': 'the stored bump is one that was found before',
  'opening.c: sol_try_find_program_address(seeds, 5, call->program, key, &bump) == 0': 'no seeds are known that have no address',
  'opening.c: sol_try_find_program_address(vault_seeds, 2, call->program, key, &vault_bump) == 0': 'no seeds are known that have no address',
  'tokens.c: sol_try_find_program_address(seeds, 3, ATA_PROGRAM, key, &bump) == 0': 'no seeds are known that have no address',
  'opening.c: instance <= clock.slot': 'the difference of the next check is then enormous',
  'opening.c: sol_get_clock_sysvar(&clock)': 'it does not fail',
  'closing.c: sol_get_clock_sysvar(&clock)': 'it does not fail',
  'opening.c: token_amount(vault) - before == amount': 'the extensions that take a part of a transfer are refused',
  'payout.c: !sums[side].out_carry': 'where only this sum is too large, the payout is below 0',
  'payout.c: check_payouts(channel)': 'terms were checked before, and nothing else brings a payout below 0',
  'signatures.c: data[0] == count': 'the length leaves no room, and the expected signature is checked all the same',
  'entrypoint.c: call.data_len >= 16': 'each instruction checks its exact length',
  'tokens.c: mint->data_len > EXTENSIONS_AT': 'the token programs have no account of such a size, and Token-2022 refuses it',
  'tokens.c: mint->data_len != MULTISIG_BYTES': 'Token-2022 takes no mint of that size',
  'tokens.c: mint->data_len >= MINT_BYTES': 'the token programs take no mint of that size',
  'tokens.c: if (!is_same_key(account->owner, token_program_of(channel))) return 0;': 'what is at that address is of the token program, or has no data',
  'tokens.c: if (account->data_len < TOKEN_ACCOUNT_BYTES) return 0;': 'what is at that address is of the token program, or has no data',
  'tokens.c: if (!is_same_key(account->data, channel->mint)) return 0;': 'the ATA program makes the account, and its mint does not change'
}

function closing (text, from) {
  for (let depth = 0, at = from; ; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')' && --depth === 0) return at
  }
}

/** The condition is still evaluated, for its effects, and always holds. */
function checksOf (file, text) {
  const mutants = []
  for (const { index } of text.matchAll(/^ +(?:for .*)?REQUIRE\(/gm)) {
    const open = text.indexOf('REQUIRE(', index) + 'REQUIRE'.length
    const end = closing(text, open)
    const comma = text.lastIndexOf(', ', end)
    const condition = text.slice(open + 1, comma)
    mutants.push({ name: `${file}: ${condition}`, file, text: `${text.slice(0, open)}(((void)(${condition}), 1)${text.slice(comma)}` })
  }
  for (const { index, 1: call } of text.matchAll(/TRY\(((?:check|sol_get)_\w+\()/g)) {
    const end = closing(text, index + 3)
    const expression = text.slice(index + 4, end)
    mutants.push({ name: `${file}: ${expression}`, file, text: `${text.slice(0, index)}(void)(${expression})${text.slice(end + 1)}`, call })
  }
  for (const [line] of text.matchAll(/^ {2}if \(.*\) return 0;.*\n/gm)) {
    if (file !== 'tokens.c' || line.includes('MINT_BYTES')) continue
    const evaluated = line.replace(/if (\(.*\)) return 0;/, '(void)$1;')
    mutants.push({ name: `${file}: ${line.trim()}`, file, text: text.replace(line, () => evaluated) })
  }
  return mutants
}

function allMutants () {
  const files = readdirSync(SOURCES).filter(name => name.endsWith('.c')).sort()
  const checks = files.flatMap(file => checksOf(file, readFileSync(join(SOURCES, file), 'utf8')))
  const edits = EDITS.map(([file, from, to]) => {
    const text = readFileSync(join(SOURCES, file), 'utf8')
    if (text.split(from).length !== 2) throw new Error(`"${from}" is not in ${file} exactly once any more`)
    return { name: `${file}: without ${from}`, file, text: text.replace(from, () => to) }
  })
  return [...checks, ...edits]
}

/** Builds the program with this change, in the copy. Returns whether it compiles. */
function build ({ file, text } = {}) {
  const sources = join(COPY, 'sources')
  rmSync(sources, { recursive: true, force: true })
  cpSync(SOURCES, sources, { recursive: true })
  if (file !== undefined) writeFileSync(join(sources, file), text)
  const program = join(COPY, 'plugins/solana/program/channel.so')
  const builder = join(ROOT, 'scripts/build-solana-program.mjs')
  const { status, stderr } = spawnSync(process.execPath, [builder, '--sources', sources, '--out', program], { encoding: 'utf8' })
  if (status !== 0) return stderr
  const bytes = readFileSync(program)
  const artifact = readFileSync(join(DIST, 'plugins/solana/program/artifact.js'), 'utf8')
    .replace(/(?<=TEMPLATE_SHA256 = ')\w+/, createHash('sha256').update(bytes).digest('hex'))
    .replace(/(?<=GENESIS_HASH_OFFSET = )\d+/, String(bytes.indexOf(PLACEHOLDER)))
  writeFileSync(join(COPY, 'plugins/solana/program/artifact.js'), artifact)
  return undefined
}

/** Whether the attack suite passes. */
function passes (file) {
  const first = FIRST_TEST[file] ?? TESTS[0]
  const files = (short ? [first] : [first, ...TESTS.filter(name => name !== first)]).map(name => join(COPY, `test/plugins/solana/program/${name}.test.js`))
  const mocha = [join(ROOT, 'node_modules/mocha/bin/mocha.js'), '--no-config', '--exit', '--bail', '--timeout', '60000', ...files]
  const { status, stdout, stderr } = spawnSync(process.execPath, mocha, { cwd: ROOT, encoding: 'utf8' })
  if (!/^ {2}\d+ passing/m.test(stdout)) throw new Error(`the tests did not run: ${stderr}`)
  return status === 0
}

const OPTIONS = { list: { type: 'boolean' }, short: { type: 'boolean' } }
const { values: { list, short }, positionals: [part = ''] } = parseArgs({ options: OPTIONS, allowPositionals: true })
const wanted = allMutants().filter(({ name }) => name.includes(part) && (!short || SHORT.some(start => name.startsWith(start))))
if (list) {
  for (const { name } of wanted) console.log(name)
  process.exit()
}
for (const path of NEEDED) {
  mkdirSync(dirname(join(COPY, path)), { recursive: true })
  cpSync(join(DIST, path), join(COPY, path), { recursive: true })
}
process.on('exit', () => rmSync(COPY, { recursive: true, force: true }))
const fault = build()
if (fault !== undefined) throw new Error(fault)
if (!short && !passes()) throw new Error('the attack suite fails without any breakage')
let survivors = 0
for (const mutant of wanted) {
  const doubled = DOUBLED[mutant.name]
  const refused = build(mutant)
  if (refused !== undefined) throw new Error(`"${mutant.name}" does not compile: ${refused}`)
  const survives = passes(mutant.file)
  if (survives && doubled === undefined) survivors++
  console.log(`${survives ? doubled === undefined ? 'SURVIVES' : `doubled (${doubled})` : 'red'}  ${mutant.name}`)
}
console.log(survivors === 0 ? `all ${wanted.length} breakages are noticed or doubled` : `${survivors} breakages go unnoticed`)
process.exitCode = survivors === 0 ? 0 : 1
