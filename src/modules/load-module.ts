/**
 * Finds what a configuration names: plugins, middlewares, backends and stores. In turn: a built-in of that name, a module as seen from
 * the working directory (npm name, relative or absolute path), a module as seen from this package (other global installs).
 * CommonJS and ES modules both work.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export type ModuleType = 'plugin' | 'middleware' | 'backend' | 'store'
type Constructor = new (...args: never[]) => unknown

/** Names that the reference connector used for its built-ins. */
const FORMER_NAMES: Readonly<Record<string, string>> = { 'store/memory': 'memdown' }
const BUILT_IN_NAME = /^[a-z0-9-]+$/
const BUILT = resolve(fileURLToPath(import.meta.url), '../../..')

/**
 * Loads a constructor: the module itself or its default export.
 * Throws an Error that says where it looked, or that the module was found and what is wrong with it.
 */
export function loadConstructor (type: ModuleType, name: string): Constructor {
  const looked: string[] = []
  for (const { place, request, from } of candidates(type, name)) {
    const found = tryRequire(request, from)
    if (found !== undefined) return constructorOf(type, name, found.module)
    looked.push(place)
  }
  throw new Error(`${type} not found as a module name or under /${type}s/. moduleName=${name} looked in: ${looked.join('; ')}. ` +
    `If it is an npm package, run: npm install ${name}`)
}

function candidates (type: ModuleType, name: string): Array<{ place: string, request: string, from: string }> {
  const builtIn = FORMER_NAMES[`${type}/${name}`] ?? name
  const workingDirectory = process.cwd()
  return [
    ...(BUILT_IN_NAME.test(builtIn) ? [builtInFile(type, builtIn)] : []),
    { place: `the working directory ${workingDirectory}`, request: name, from: join(workingDirectory, 'noop.js') },
    { place: `beside this package in ${BUILT}`, request: name, from: fileURLToPath(import.meta.url) }
  ]
}

function builtInFile (type: ModuleType, name: string): { place: string, request: string, from: string } {
  const file = type === 'plugin' ? `${name}/index.js` : `${name}.js`
  return { place: `the built-in ${type}s`, request: join(BUILT, `${type}s`, file), from: fileURLToPath(import.meta.url) }
}

/** Undefined when the module does not exist there. Any other failure is the module's own and is thrown. */
function tryRequire (request: string, from: string): { module: unknown } | undefined {
  const require = createRequire(from)
  try {
    return { module: require(request) as unknown }
  } catch (error) {
    const { code, requireStack } = error as { code?: string, requireStack?: string[] }
    if (code === 'MODULE_NOT_FOUND' && requireStack?.[0] === from) return undefined
    if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') {
      const file = importOnlyEntry(request, require)
      if (file !== undefined) return { module: require(file) as unknown }
    }
    throw new Error(`could not load module. moduleName=${request} error=${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** The entry file of a package that offers itself to `import` only. */
function importOnlyEntry (name: string, require: NodeJS.Require): string | undefined {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { exports?: unknown }
      const entry = importTarget(manifest.exports)
      if (entry !== undefined) return join(folder, name, entry)
    } catch {
      // not in this folder
    }
  }
  return undefined
}

function importTarget (exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports
  if (typeof exports !== 'object' || exports === null) return undefined
  const conditions = exports as Record<string, unknown>
  return importTarget(conditions['.'] ?? conditions.import ?? conditions.node ?? conditions.default)
}

function constructorOf (type: ModuleType, name: string, module: unknown): Constructor {
  const wrapped = (module as { default?: unknown } | undefined)?.default
  const candidate = [wrapped, (wrapped as { default?: unknown } | undefined)?.default, module].find(value => typeof value === 'function')
  if (candidate === undefined) throw new TypeError(`${type} does not export a constructor. module=${name}`)
  return candidate as Constructor
}
