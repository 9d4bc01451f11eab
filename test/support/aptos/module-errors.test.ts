// The stand-in tells of aborts in the words of the Move sources.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { PACKAGE_ROOT } from '../package-root.js'
import { explained } from './module-errors.js'
import { Abort, ERRORS } from './rules.js'

describe('aborts in the Aptos stand-in', () => {
  it('have the numbers, names and words of the Move sources', () => {
    let count = 0
    for (const module of ['core', 'channel']) {
      const source = readFileSync(join(PACKAGE_ROOT, `plugins/aptos/move/sources/${module}.move`), 'utf8')
      for (const [, words = '', name = '', number = ''] of source.matchAll(/\/\/\/ (.*)\n {4}const (E_\w+): u64 = (\d+);/g)) {
        count++
        expect(explained(new Abort(module, BigInt(number)), '0x05')).to.equal(`Move abort in 0x5::${module}: ${name}(0x${Number(number).toString(16)}): ${words}`)
      }
    }
    expect(count).to.equal(Object.keys(ERRORS).length)
  })

  it('are told by their number where the framework aborts', () => {
    expect(explained(new Abort('0x1::coin', 0x60003n), '0x5')).to.equal('Move abort in 0x1::coin: 0x60003')
  })
})
