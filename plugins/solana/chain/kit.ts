/** Code that uses @solana/kit is loaded through this file. */
import { withPackage } from '../../lib/optional-package.js'

/** @throws Error that says what to install, when @solana/kit is not */
export async function withKit<T> (load: () => Promise<T>): Promise<T> {
  return await withPackage('@solana/kit', 'settlement on Solana', load)
}
