/** How environment variables are read. */

/** A variable that is set to nothing counts as not set. */
export function isSet (env: Readonly<Record<string, string | undefined>>, name: string): boolean {
  return env[name] !== undefined && env[name] !== ''
}
