/** SDKs of chains are big, and each is needed for one kind of chain only: code that uses one is loaded through this. */

/**
 * @param name of the package
 * @param purpose what it is needed for: `settlement on EVM chains`
 * @throws Error that says what to install, when the package is not there
 */
export async function withPackage<T> (name: string, purpose: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if (!isMissing(error, name)) throw error
    throw new Error(`${purpose} needs a package that is not installed: npm install ${name}`, { cause: error })
  }
}

function isMissing (error: unknown, name: string): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(`'${name}'`)
}
