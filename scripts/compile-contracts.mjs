/**
 * Compiles the Solidity contracts with the compiler of package.json. `npm run contracts` writes what the EVM plugin needs of them to
 * plugins/evm/artifacts/. `--check` writes nothing and fails if what stands there is not what the sources give. `--json DIRECTORY` prints
 * all contracts of another directory (test contracts) as `{ name: { abi, bytecode } }`.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Interface } from 'ethers'
import solc from 'solc'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CONTRACTS = 'plugins/evm/contracts'
const ARTIFACTS = 'plugins/evm/artifacts'
/** Which code is needed: the registry is deployed, and deploys the networks. The probes never are: nodes pretend it. */
const CODE = { TokenNetwork: undefined, TokenNetworkRegistry: 'bytecode', StateProbe: 'bytecode', TransferProbe: 'runtimeBytecode' }
const PACKAGES = dirname(createRequire(import.meta.url).resolve('@openzeppelin/contracts/package.json')).replace(/@openzeppelin\/contracts$/, '')

/** @returns `{ [name]: { abi: string[], bytecode: string } }`, the ABI in the readable form of ethers. Throws what the compiler says. */
function compile (directory) {
  const files = readdirSync(join(ROOT, directory)).filter(file => file.endsWith('.sol')).map(file => `${directory}/${file}`)
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(files.map(file => [file, { content: readFileSync(join(ROOT, file), 'utf8') }])),
    settings: {
      optimizer: { enabled: true, runs: 10_000 },
      evmVersion: 'cancun', // the first with transient storage; Base, Arbitrum and the rest have it
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } }
    }
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }))
  const faults = (output.errors ?? []).filter(({ severity, sourceLocation }) =>
    severity === 'error' || (severity === 'warning' && sourceLocation?.file.startsWith(directory)))
  if (faults.length > 0) throw new Error(faults.map(fault => fault.formattedMessage).join('\n'))
  return Object.fromEntries(files.flatMap(file => Object.entries(output.contracts[file] ?? {})).map(([name, { abi, evm }]) =>
    [name, { abi: new Interface(abi).format(), bytecode: `0x${evm.bytecode.object}`, runtimeBytecode: `0x${evm.deployedBytecode.object}` }]))
}

function readImport (path) {
  const file = path.startsWith('@') ? join(PACKAGES, path) : join(ROOT, path)
  try {
    return { contents: readFileSync(file, 'utf8') }
  } catch (error) {
    return { error: error.message }
  }
}

function artifactText (name, { abi, ...code }) {
  const lines = [
    `/** Made of ${CONTRACTS}/${name}.sol by \`npm run contracts\`. Do not edit. */`,
    'export const abi = [',
    abi.map(item => `  '${item}'`).join(',\n'),
    ']'
  ]
  const kind = CODE[name]
  if (kind !== undefined) lines.push('', `export const ${kind} = '${code[kind]}'`)
  return lines.join('\n') + '\n'
}

function artifacts () {
  const compiled = compile(CONTRACTS)
  return Object.keys(CODE).map(name => ({ file: `${ARTIFACTS}/${name}.ts`, text: artifactText(name, compiled[name]) }))
}

function check () {
  const stale = artifacts().filter(({ file, text }) => readFileSync(join(ROOT, file), 'utf8') !== text)
  if (stale.length === 0) return
  console.error(`${stale.map(({ file }) => file).join(' and ')}: not what ${CONTRACTS} gives. Run "npm run contracts".`)
  process.exitCode = 1
}

const [option, directory] = process.argv.slice(2)
if (option === '--check') check()
else if (option === '--json') process.stdout.write(JSON.stringify(compile(directory)))
else for (const { file, text } of artifacts()) writeFileSync(join(ROOT, file), text)
