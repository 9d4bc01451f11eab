/** `npm run network mixed`: peers on four chains, paid across them through one node, and what each chain says of everybody in the end. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { INSTALL_TIMEOUT_MS } from '../../support/solana/tools.js'

const NETWORK = fileURLToPath(new URL('../../../examples/network.js', import.meta.url))

/** Each pays 20 times 1000, and is paid the worth of that in its own asset, less 1 % and rounded down for each payment. */
const WON = {
  alice: 20n * (1000n * 99n / 100n * 99n / 100n) - 20_000n,
  bob: 20n * (1000n * 99n / 110n) - 20_000n,
  dave: 20n * (1000n * 50n * 99n / 100n / 99n) - 20_000n
}

describe('a node between peers on four chains', function () {
  this.timeout(INSTALL_TIMEOUT_MS + 10_000)

  it('exchanges to the unit, and every chain and every book says the same', () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [NETWORK, 'mixed'], { encoding: 'utf8', timeout: INSTALL_TIMEOUT_MS })
    expect(status, stdout + stderr).to.equal(0)
    for (const [name, amount] of Object.entries(WON)) expect(stdout, name).to.match(new RegExp(`${name} +${amount} +hub +\\+${-amount}\n`))
    const [, carol = '', hub = '', fees = ''] = /carol +\+(\d+) +hub +-(\d+) +fees (\d+)/.exec(stdout) ?? []
    expect(BigInt(hub) - BigInt(carol), 'on the XRP Ledger only fees are gone').to.equal(BigInt(fees))
    expect(stdout).to.contain('nobody owes anybody')
  })
})
