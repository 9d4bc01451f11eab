// The Move modules and the stand-in of the chain do the same in all cases, and the Move tests notice when a check is taken out.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { CASES } from '../../../support/aptos/cases.js'
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

  it('end in the Move modules as they say, where their compiler is installed, and a check less is noticed', async function () {
    this.timeout(120_000)
    const printed = await moveTests('--short')
    if (printed === '@initia/builder.js is not installed: no Move test was run\n') return
    expect(printed).to.match(/^\d+ Move tests pass\n(red .*\n){4}all 4 mutants are noticed\n$/)
    expect(Number(/^\d+/.exec(printed)?.[0])).to.be.above(CASES.length)
    expect(moveTestsOf(CASES).match(/#\[test\(/g)).to.have.length(CASES.length)
  })
})
