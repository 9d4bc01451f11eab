/** ethers is big, and only those who settle on EVM chains need it: what uses it is loaded through here. */

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
