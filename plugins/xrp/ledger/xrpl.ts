/** The SDK is big, and only needed to settle on the XRP Ledger: code that uses it is loaded through this file. */

/** @throws Error that says what to install, when the SDK is not */
export async function withXrpl<T> (load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new Error('settlement on the XRP Ledger needs a package that is not installed: npm install xrpl', { cause: error })
  }
}

function isMissing (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes('\'xrpl\'')
}
