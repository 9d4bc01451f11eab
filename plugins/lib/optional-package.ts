/** SDKs of chains are big, and each is needed for one kind of chain only: code that uses one is loaded through this. */

/**
 * @param name of the package
 * @param purpose what it is needed for: `settlement on EVM chains`
 * @param version that alone will do. Undefined: any that npm takes by itself
 * @throws Error that says what to install, when the package is not there
 */
export async function withPackage<T> (name: string, purpose: string, load: () => Promise<T>, version?: string): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if (!isMissing(error, name)) throw error
    throw new Error(`${purpose} needs a package that is not installed: npm install ${name}${version === undefined ? '' : `@${version}`}`, { cause: error })
  }
}

function isMissing (error: unknown, name: string): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(`'${name}'`)
}
