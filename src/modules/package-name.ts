/** What a module is called by somebody who may name packages and no files. */
import { isBuiltin } from 'node:module'

/** A name under which npm publishes, with or without a scope. Nothing in it separates folders, leads upwards or begins a URL. */
const PACKAGE_NAME = /^(@[a-z0-9-][a-z0-9-._]*\/)?[a-z0-9-][a-z0-9-._]*$/
const LENGTH_MAX = 214

/** Whether this is the name of a built-in or of a package: no path, no file inside a package, no URL, and no module of Node.js. */
export function isPackageName (name: unknown): name is string {
  return typeof name === 'string' && name.length <= LENGTH_MAX && PACKAGE_NAME.test(name) && !isBuiltin(name)
}
