// The Move modules and the stand-in of the chain do the same in all cases, and the Move tests notice when a check is taken out.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { CASES } from '../../../support/aptos/cases.js'
import { abiOf } from '../../../support/aptos/functions.js'
import { ERRORS } from '../../../support/aptos/rules.js'
import { moveTestsOf } from '../../../support/aptos/move-cases.js'
import { runCase } from '../../../support/aptos/run-case.js'
import { PACKAGE_ROOT } from '../../../support/package-root.js'

/** Rows of the table of attacks that a case can show. The others are of the plugin, or cannot be tested here. */
const ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 18, 19, 20, 22]

async function moveTests (...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(PACKAGE_ROOT, 'scripts/aptos-module-tests.mjs'), ...args])
  return stdout
}

describe('the cases of payment channels on Aptos', () => {
  for (const each of CASES) {
    it(`end in the stand-in as they say: ${each.name}`, () => {
      expect(runCase(each)).to.deep.equal(each.aborts)
    })
  }

  it('have each error of the modules, and each attack that a case can show', () => {
    const codes = new Set(CASES.flatMap(({ aborts }) => aborts !== undefined && ['core', 'channel'].includes(aborts.module) ? [BigInt(aborts.code)] : []))
    expect([...codes].sort((a, b) => Number(a - b))).to.deep.equal(Object.values(ERRORS))
    expect([...new Set(CASES.flatMap(({ rows }) => rows))].sort((a, b) => a - b)).to.deep.equal(ROWS)
  })

  if (!existsSync(join(PACKAGE_ROOT, 'node_modules/@initia/builder.js'))) {
    it('are not run in the Move modules here: @initia/builder.js is not installed', async () => {
      expect(await moveTests()).to.equal('@initia/builder.js is not installed: no Move test was run\n')
    })
    return
  }

  it('are of the functions that the bytecode exposes, with their parameters and results', async () => {
    const printed = await moveTests('--exposed')
    const { address } = JSON.parse(printed) as { address: string }
    // What is a view stands in the metadata, which is Aptos's own and not the tool's.
    const functionsIn = (abi: unknown): unknown[] => (abi as { exposed_functions: Array<{ name: string }> }).exposed_functions
      .map(each => ({ ...each, is_view: undefined }))
      .sort((a, b) => a.name < b.name ? -1 : 1)
    expect(functionsIn(abiOf(address, 'channel'))).to.deep.equal(functionsIn(JSON.parse(printed)))
  })

  it('end in the Move modules as they say, and a check less is noticed', async function () {
    this.timeout(120_000)
    const printed = await moveTests('--short')
    expect(printed).to.match(/^\d+ Move tests pass\n(red .*\n){2}all 2 mutants are noticed\n$/)
    expect(Number(/^\d+/.exec(printed)?.[0])).to.be.above(CASES.length)
    expect(moveTestsOf(CASES).match(/#\[test\(/g)).to.have.length(CASES.length)
  })
})
