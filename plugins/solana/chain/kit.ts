/** @solana/kit is big, and only needed to settle on Solana: code that uses it is loaded through this file. */

/** @throws Error that says what to install, when it is not there */
export async function withKit<T> (load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new Error('settlement on Solana needs a package that is not installed: npm install @solana/kit', { cause: error })
  }
}

function isMissing (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes('\'@solana/kit\'')
}
