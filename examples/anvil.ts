/** Where the EVM node is that demos and tests run: the npm package that has one, else what is installed on the machine. */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'

/** @throws Error that says how to get one */
export function anvilBinary (): string {
  try {
    return createRequire(import.meta.url).resolve('@foundry-rs/anvil-linux-amd64/bin/anvil')
  } catch {
    if (spawnSync('anvil', ['--version'], { stdio: 'ignore' }).status === 0) return 'anvil'
    throw new Error('There is no EVM node on this machine: npm install brings one on Linux (x64). Elsewhere install Foundry (https://getfoundry.sh), ' +
      'so that `anvil` is on the PATH.')
  }
}
