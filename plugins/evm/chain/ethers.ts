/** Code that uses ethers is loaded through this file. */
import { withPackage } from '../../lib/optional-package.js'

/** @throws Error that says what to install, when ethers is not */
export async function withEthers<T> (load: () => Promise<T>): Promise<T> {
  return await withPackage('ethers', 'settlement on EVM chains', load)
}
