// The attack suite notices when a check is taken out of the program. Two of them here, where clang-19 is installed; `npm run
// test:solana-mutants` takes out all.
import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { PACKAGE_ROOT } from '../../../support/package-root.js'
import { INSTALL_TIMEOUT_MS, loadLiteSvm } from '../../../support/solana/tools.js'

describe('the attack suite of the Solana program', function () {
  this.timeout(INSTALL_TIMEOUT_MS)

  it('goes red without a check', async () => {
    if (spawnSync('clang-19', ['--version']).error !== undefined) return
    await loadLiteSvm() // installs it, if this is the first test
    const { stdout } = await promisify(execFile)(process.execPath, [join(PACKAGE_ROOT, 'scripts/solana-mutants.mjs'), '--short'])
    expect(stdout).to.match(/^red .*\nred .*\nall 2 breakages are noticed or doubled\n$/)
  })
})
