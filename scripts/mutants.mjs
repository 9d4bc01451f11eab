/**
 * A test of a promise is only a test if breaking the promise turns it red. Breaks one promise at a time in a copy of the built connector
 * and expects the tests that stand for it to fail: `npm run build && node scripts/mutants.mjs [part of a name] [--fit]`.
 * Breakages of contracts are compiled. `--fit` only looks whether all of them fit the code as it is now. SLUICE_DIST names another build
 * than `dist`.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { aptosMutants } from './mutants/aptos.mjs'
import { booksMutants } from './mutants/books.mjs'
import { btpMutants } from './mutants/btp.mjs'
import { CONTRACTS, evmMutants } from './mutants/evm.mjs'
import { explorerMutants } from './mutants/explorer.mjs'
import { faucetMutants } from './mutants/faucet.mjs'
import { feedMutants } from './mutants/feed.mjs'
import { solanaMutants } from './mutants/solana.mjs'
import { aptosModuleMutants } from './mutants/aptos-module.mjs'
import { handoverMutants } from './mutants/handover.mjs'
import { keyMutants } from './mutants/keys.mjs'
import { nodeMutants } from './mutants/node.mjs'
import { explorerServerMutants } from './mutants/explorer-server.mjs'
import { pageMutants } from './mutants/page.mjs'
import { pricesMutants } from './mutants/prices.mjs'
import { securityMutants } from './mutants/security.mjs'
import { settlementMutants } from './mutants/settlement.mjs'
import { transportMutants } from './mutants/transport.mjs'
import { walletMutants } from './mutants/wallet.mjs'
import { minaMutants } from './mutants/mina.mjs'
import { minaContractMutants } from './mutants/mina-contract.mjs'
import { xrpMutants } from './mutants/xrp.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = resolve(ROOT, process.env.SLUICE_DIST ?? 'dist')
/** Inside the repository, so that packages are found. */
const COPY = join(ROOT, '.build', `mutants-${process.pid}`)

/** Has the code of the networks that it deploys: compiled for each breakage of a contract, into the copy. */
const REGISTRY = 'plugins/evm/artifacts/TokenNetworkRegistry.js'

/** `edits` are [text, replacement] pairs; each text stands in the file exactly once. */
const mutants = [
  ...booksMutants, ...evmMutants, ...solanaMutants,
  ...xrpMutants, ...minaMutants, ...aptosMutants, ...btpMutants, ...settlementMutants, ...handoverMutants, ...nodeMutants, ...pricesMutants,
  ...explorerMutants, ...explorerServerMutants, ...feedMutants, ...pageMutants, ...transportMutants, ...securityMutants, ...walletMutants,
  ...faucetMutants, ...keyMutants, ...aptosModuleMutants, ...minaContractMutants
]

function runTests (files) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [
    join(ROOT, 'node_modules/mocha/bin/mocha.js'), '--no-config', '--exit', '--timeout', '20000', ...files.map(file => join(COPY, file))
  ], { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (!/^ {2}\d+ passing/m.test(stdout)) throw new Error(`the tests did not run. status=${status}\n${stderr}`)
  return Number(/^ {2}(\d+) failing/m.exec(stdout)?.[1] ?? 0)
}

function broken ({ name, file, edits }, original) {
  let text = original
  for (const [from, to] of edits) {
    if (text.split(from).length !== 2) throw new Error(`mutant "${name}" does not fit ${file} any more: its text is there ${text.split(from).length - 1} times:\n${from}`)
    text = text.replace(from, () => to)
  }
  return text
}

function mutate (mutant) {
  const isContract = mutant.file.startsWith(CONTRACTS)
  const path = join(COPY, isContract ? REGISTRY : mutant.file)
  const original = readFileSync(path, 'utf8')
  writeFileSync(path, isContract ? original.replace(/(?<=bytecode = ')[^']+/, compiled(mutant)) : broken(mutant, original))
  return () => writeFileSync(path, original)
}

/** The code of the registry that deploys the broken networks. */
function compiled (mutant) {
  cpSync(join(ROOT, CONTRACTS), join(COPY, CONTRACTS), { recursive: true })
  writeFileSync(join(COPY, mutant.file), broken(mutant, sourceOf(mutant)))
  const { stdout, stderr } = spawnSync(
    process.execPath, ['scripts/compile-contracts.mjs', '--json', relative(ROOT, join(COPY, CONTRACTS))], { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (stdout === '') throw new Error(`mutant "${mutant.name}" does not compile: ${stderr}`)
  return JSON.parse(stdout).TokenNetworkRegistry.bytecode
}

function sourceOf ({ file }) {
  return readFileSync(join(file.startsWith(CONTRACTS) ? ROOT : DIST, file), 'utf8')
}

const { values: { fit }, positionals: [part = ''] } = parseArgs({ options: { fit: { type: 'boolean' } }, allowPositionals: true })
const wanted = mutants.filter(({ name }) => name.includes(part))
if (fit) {
  for (const mutant of wanted) broken(mutant, sourceOf(mutant))
  console.log(`all ${wanted.length} breakages fit`)
  process.exit()
}
cpSync(DIST, COPY, { recursive: true })
process.on('exit', () => rmSync(COPY, { recursive: true, force: true }))
const failures = runTests([...new Set(wanted.flatMap(({ tests }) => tests))])
if (failures > 0) throw new Error(`${failures} tests fail without any breakage`)
let survivors = 0
for (const mutant of wanted) {
  const restore = mutate(mutant)
  const red = runTests(mutant.tests)
  restore()
  if (red === 0) survivors++
  console.log(`${red === 0 ? 'SURVIVES' : `${red} red`.padEnd(8)}  ${mutant.name}`)
}
console.log(survivors === 0 ? `all ${wanted.length} breakages are noticed` : `${survivors} breakages go unnoticed`)
process.exitCode = survivors === 0 ? 0 : 1
