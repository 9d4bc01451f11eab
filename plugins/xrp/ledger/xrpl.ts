/** Code that uses xrpl is loaded through this file. */
import { withPackage } from '../../lib/optional-package.js'

/** @throws Error that says what to install, when xrpl is not */
export async function withXrpl<T> (load: () => Promise<T>): Promise<T> {
  return await withPackage('xrpl', 'settlement on the XRP Ledger', load)
}
