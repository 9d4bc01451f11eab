/** Code that uses @aptos-labs/ts-sdk is loaded through this file. */
import { withPackage } from '../../lib/optional-package.js'

const VERSION = '3.1.3'

/** @throws Error that says what to install, when the SDK is not. The version counts: later ones are under another licence. */
export async function withSdk<T> (load: () => Promise<T>): Promise<T> {
  return await withPackage('@aptos-labs/ts-sdk', 'settlement on Aptos', load, VERSION)
}
