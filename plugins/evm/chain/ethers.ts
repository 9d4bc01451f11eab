/** ethers is big, and only needed to settle on EVM chains: code that uses it is loaded through this file. */

/** @throws Error that says what to install, when ethers is not */
export async function withEthers<T> (load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new Error('settlement on EVM chains needs a package that is not installed: npm install ethers', { cause: error })
  }
}

function isMissing (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes('\'ethers\'')
}
