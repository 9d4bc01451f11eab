/** Finds the EVM node for demos and tests: the one in the npm package, or else the one that is installed on the machine. */
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
