/**
 * Finds the modules that a configuration names: plugins, middlewares, backends, stores and kinds of chains. It looks for a built-in of that
 * name first, then resolves the name from the working directory (npm name, relative or absolute path), then from this package (other global
 * installs).
 * CommonJS and ES modules both work.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SluiceError } from '../contracts/errors.js'
import type { ChainKind } from '../contracts/chain-kind.js'
import { chainKindIn } from './chain-kind.js'
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
const PLUGINS = join(BUILT, 'plugins')
const CHAIN_KIND_FILE = 'chain-kind.js'

/** Those of our own modules that were loaded, by type and name. They are looked for first, so that each is the same every time. */
const builtIns = new Map<string, Constructor>()

/**
 * Loads a constructor: the module itself or its default export. What it constructs has the methods of its type, as far as
 * KINDS names them. Throws an Error that says where it looked, or that the module was found and what is wrong with it.
 */
export function loadConstructor (type: ModuleType, name: string): Constructor {
  const key = `${type}/${name}`
  const known = builtIns.get(key)
  if (known !== undefined) return known // thousands of accounts may name one plugin
  const builtIn = FORMER_NAMES[key] ?? name
  const file = type === 'plugin' ? join(PLUGINS, builtIn, 'index.js') : join(BUILT, `${type}s`, `${builtIn}.js`)
  const found = findModule(type, name, name, BUILT_IN_NAME.test(builtIn) ? file : undefined, KINDS[type].settings)
  if ('module' in found) {
    const constructor = constructorIn(found.module, type, name)
    if (found.request === file) builtIns.set(key, constructor)
    return constructor
  }
  throw new SluiceError('SLUICE_MODULE_NOT_FOUND', `${type} not found as a module name or under /${type}s/. moduleName=${name} looked in: ${found.looked.join('; ')}. ` +
    `${isPath(name) ? 'Check' : `If it is an npm package, run: npm install ${name}. Otherwise check`} ${KINDS[type].settings}.`)
}

/**
 * What a node must know about a kind of chain: the module `chain-kind` next to the plugin of that name. Undefined if there is no such
 * module. Throws an Error that says what is wrong with one that was found.
 */
export function loadChainKind (name: string): ChainKind | undefined {
  const file = BUILT_IN_NAME.test(name) ? join(PLUGINS, name, CHAIN_KIND_FILE) : undefined
  const found = findModule('chain kind', name, `${name}/chain-kind`, file, 'chainType in chainProviders')
  return 'module' in found ? chainKindIn(found.module, name) : undefined
}

/** The names of the built-in plugins that settle on a chain. */
export function builtInChains (): string[] {
  return readdirSync(PLUGINS).filter(name => existsSync(join(PLUGINS, name, CHAIN_KIND_FILE)))
}

type Found = { module: unknown, request: string } | { looked: string[] }

/** `builtIn` is its file if it is one of ours, `request` what is asked for otherwise. */
function findModule (what: string, name: string, request: string, builtIn: string | undefined, settings: string): Found {
  const looked: string[] = []
  for (const candidate of candidates(what, name, request, builtIn)) {
    const found = tryRequire(candidate, what, name, settings)
    if (found !== undefined) return { ...found, request: candidate.request }
    looked.push(candidate.place)
  }
  return { looked }
}

function candidates (what: string, name: string, request: string, builtIn: string | undefined): Candidate[] {
  const seenFrom = join(process.cwd(), 'noop.js')
  if (isPath(name)) return [{ place: resolve(request), request, from: seenFrom }]
  return [
    ...(builtIn === undefined ? [] : [{ place: `the built-in ${what}s`, request: builtIn, from: THIS_FILE }]),
    { place: `node_modules of the working directory ${process.cwd()} and above`, request, from: seenFrom },
    { place: `node_modules of this package in ${BUILT} and above`, request, from: THIS_FILE }
  ]
}

function isPath (name: string): boolean {
  return isAbsolute(name) || /^\.\.?([/\\]|$)/.test(name)
}

/** Undefined when the module does not exist there. Any other failure is the module's own and is thrown. */
function tryRequire ({ request, from }: Candidate, what: string, name: string, settings: string): { module: unknown } | undefined {
  const require = createRequire(from)
  try {
    return { module: requireOrImportOnly(request, require) }
  } catch (error) {
    const { code, requireStack } = Object(error) as { code?: string, requireStack?: string[] }
    if (code === 'MODULE_NOT_FOUND' && requireStack?.[0] === from) return undefined
    if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' && request !== name) return undefined // a package that has no such part
    throw new SluiceError('SLUICE_MODULE_UNUSABLE', `could not load ${what}. moduleName=${name} error=${describeLoadError(error)} ` +
      `Fix the module, or check ${settings}.`, { cause: error })
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
