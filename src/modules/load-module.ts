/**
 * Finds the modules that a configuration names: plugins, middlewares, backends and stores. It looks for a built-in of that name first, then
 * resolves the name from the working directory (npm name, relative or absolute path), then from this package (other global installs).
 * CommonJS and ES modules both work.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KINDS, constructorIn, type Constructor, type ModuleType } from './construct.js'
import { describeLoadError } from './load-error.js'

interface Candidate {
  /** For a person. */
  place: string
  request: string
  /** The file that the request is seen from. */
  from: string
}

/** Names that the reference connector used for its built-ins. */
const FORMER_NAMES: Readonly<Record<string, string>> = { 'store/memory': 'memdown' }
const BUILT_IN_NAME = /^[a-z0-9-]+$/
const THIS_FILE = fileURLToPath(import.meta.url)
const BUILT = resolve(THIS_FILE, '../../..')

/**
 * Loads a constructor: the module itself or its default export. What it constructs has the methods of its type, as far as
 * KINDS names them. Throws an Error that says where it looked, or that the module was found and what is wrong with it.
 */
export function loadConstructor (type: ModuleType, name: string): Constructor {
  const looked: string[] = []
  for (const candidate of candidates(type, name)) {
    const found = tryRequire(candidate, type, name)
    if (found !== undefined) return constructorIn(found.module, type, name)
    looked.push(candidate.place)
  }
  throw new Error(`${type} not found as a module name or under /${type}s/. moduleName=${name} looked in: ${looked.join('; ')}. ` +
    `${isPath(name) ? 'Check' : `If it is an npm package, run: npm install ${name}. Otherwise check`} ${KINDS[type].settings}.`)
}

function candidates (type: ModuleType, name: string): Candidate[] {
  const seenFrom = join(process.cwd(), 'noop.js')
  if (isPath(name)) return [{ place: resolve(name), request: name, from: seenFrom }]
  const builtIn = FORMER_NAMES[`${type}/${name}`] ?? name
  return [
    ...(BUILT_IN_NAME.test(builtIn) ? [builtInFile(type, builtIn)] : []),
    { place: `node_modules of the working directory ${process.cwd()} and above`, request: name, from: seenFrom },
    { place: `node_modules of this package in ${BUILT} and above`, request: name, from: THIS_FILE }
  ]
}

function isPath (name: string): boolean {
  return isAbsolute(name) || /^\.\.?([/\\]|$)/.test(name)
}

function builtInFile (type: ModuleType, name: string): Candidate {
  const file = type === 'plugin' ? `${name}/index.js` : `${name}.js`
  return { place: `the built-in ${type}s`, request: join(BUILT, `${type}s`, file), from: THIS_FILE }
}

/** Undefined when the module does not exist there. Any other failure is the module's own and is thrown. */
function tryRequire ({ request, from }: Candidate, type: ModuleType, name: string): { module: unknown } | undefined {
  const require = createRequire(from)
  try {
    return { module: requireOrImportOnly(request, require) }
  } catch (error) {
    const { code, requireStack } = Object(error) as { code?: string, requireStack?: string[] }
    if (code === 'MODULE_NOT_FOUND' && requireStack?.[0] === from) return undefined
    throw new Error(`could not load ${type}. moduleName=${name} error=${describeLoadError(error)} ` +
      `Fix the module, or check ${KINDS[type].settings}.`, { cause: error })
  }
}

function requireOrImportOnly (request: string, require: NodeJS.Require): unknown {
  try {
    return require(request)
  } catch (error) {
    const { code } = Object(error) as { code?: string }
    const file = code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? importOnlyEntry(request, require) : undefined
    if (file === undefined) throw error
    return require(file)
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
