/** Who may import whom, read from the source texts: the rules, and the imports of a file as the TypeScript compiler sees them. */
import { posix } from 'node:path'
import ts from 'typescript'

/** Folders of parts that the connector loads by name. */
const LOADED_BY_NAME = ['middlewares', 'backends', 'stores', 'plugins'] as const
/** What such a part may import of the connector. */
const OPEN_TO_ALL = ['src/packet', 'src/contracts', 'src/lib', 'src/delivery']
const PUBLIC_FACE_OF_BTP = 'plugins/btp/index.js'
/** Packages that speak to a chain. They are big, and only their own plugin may need them. */
const CHAIN_SDK = /^(ethers|viem|web3|abitype|ripple-lib|ripple-\w+|xrpl|mina-signer|o1js|snarkyjs|aptos)$|^(@ethersproject|@solana|@aptos-labs|@xrplf)\//
/** Demos run a chain of their own. */
const MAY_USE_CHAINS = ['plugins', 'examples']
const OWN_NAME = 'sluice'
const OWN_MANIFEST = 'sluice/package.json'
/** Where a name that stands in no source text may be loaded: by the loader, and by plugins, whose SDKs are optional. */
const MAY_COMPUTE = ['src/modules', 'plugins']
const COMPUTED = '(computed)'
/**
 * The rooms of src, the lowest first: a file imports its own room and those before it, types included. A folder and the folders in it are
 * one room; files that stand in src itself are on top.
 */
export const FLOORS = [
  'packet', 'contracts', 'lib', 'modules', 'http', 'metrics', 'config', 'accounts', 'ledger', 'routing', 'forwarding', 'pipeline', 'delivery',
  'explorer', 'admin', 'connector', 'node', 'commands'
] as const
/** Rooms that do not even import all below them: parts build on these, and should not have to know more than they need. */
const LEAVES: ReadonlyMap<string, readonly string[]> = new Map([['packet', []], ['lib', ['contracts']]])
/** Where no file may import itself over others. */
const WITHOUT_CIRCLES = ['src', ...LOADED_BY_NAME]
const CREATE_REQUIRE = new Set(['createRequire'])

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  path: string
  text: string
}

/** Every module that a file names: static, type-only, re-exported, dynamic, required, `import x = require()`, `import('x')` as a type. */
export function importsOf ({ path, text }: SourceFile): string[] {
  const found: string[] = []
  const requires = new Set(['require'])
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.initializer !== undefined && isCallOf(node.initializer, CREATE_REQUIRE)) {
      requires.add(node.name.getText())
    }
    const specifier = specifierOf(node, requires)
    if (specifier !== undefined) found.push(ts.isStringLiteralLike(specifier) ? specifier.text : COMPUTED)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true))
  return found
}

function specifierOf (node: ts.Node, requires: ReadonlySet<string>): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isExternalModuleReference(node)) return node.expression
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument
  if (!ts.isCallExpression(node)) return undefined
  const { expression } = node
  const loads = expression.kind === ts.SyntaxKind.ImportKeyword || isCallOf(node, requires) || isCallOf(expression, CREATE_REQUIRE)
  return loads ? node.arguments[0] : undefined
}

function isCallOf (node: ts.Node, names: ReadonlySet<string>): boolean {
  return ts.isCallExpression(node) && ts.isIdentifier(node.expression) && names.has(node.expression.text)
}

/** One line for each import that a rule forbids. */
export function violationsOf (file: SourceFile): string[] {
  return importsOf(file).flatMap(specifier => {
    const fault = specifier.startsWith('.')
      ? faultOfOurs(file.path, posix.join(posix.dirname(file.path), specifier))
      : faultOfForeign(file.path, specifier)
    return fault === undefined ? [] : [`${file.path} imports ${specifier}: ${fault}`]
  })
}

function faultOfOurs (from: string, to: string): string | undefined {
  if (isIn('test', to) && !isIn('test', from)) return 'nobody imports tests'
  if (isIn('src', from)) {
    return isIn('src', to) ? faultOfFloors(roomOf(from), roomOf(to)) : 'src knows no concrete middleware, backend, store or plugin: it loads them by name'
  }
  const kind = LOADED_BY_NAME.find(folder => isIn(folder, from))
  if (kind === undefined || OPEN_TO_ALL.some(folder => isIn(folder, to))) return undefined
  return helperFolders(kind, from).some(folder => isIn(folder, to)) ? undefined : 'what it needs is handed to its constructor, or is a helper of its own'
}

/** Undefined for a file that stands in src itself. */
function roomOf (path: string): string | undefined {
  const [, room, ...rest] = path.split('/')
  return rest.length === 0 ? undefined : room
}

function faultOfFloors (from: string | undefined, to: string | undefined): string | undefined {
  if (from === to || from === undefined) return undefined
  if (to === undefined) return `src/${from} stands below the files of src itself: import the room that has it`
  for (const room of [from, to]) if (floorOf(room) < 0) return `src/${room} is not among the FLOORS of test/support/import-rules.ts: give it its place there`
  const allowed = LEAVES.get(from)
  if (allowed?.includes(to) === false) {
    return `src/${from} imports ${['itself', ...allowed.map(room => `src/${room}`)].join(' and ')} only: hand in what it needs, or move the file to a room above`
  }
  if (floorOf(to) < floorOf(from)) return undefined
  return `src/${to} stands above src/${from}: move what both need to a room below, or let src/${to} hand it in`
}

function floorOf (room: string): number {
  return FLOORS.findIndex(floor => floor === room)
}

/** One line for each group of files that import each other in a circle, with the way round. */
export function circlesOf (files: readonly SourceFile[]): string[] {
  const concerned = files.filter(({ path }) => WITHOUT_CIRCLES.some(folder => isIn(folder, path)))
  const known = new Set(concerned.map(({ path }) => path))
  const imports = new Map(concerned.map(file => [file.path, importsOf(file)
    .filter(specifier => specifier.startsWith('.'))
    .map(specifier => posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, '.ts'))
    .filter(path => known.has(path))]))
  const found = new Map<string, string>()
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path)
    if (at >= 0) {
      const circle = way.slice(at)
      const line = `${[...circle, path].join(' imports ')}: move what both need to a file of its own`
      found.set([...circle].sort().join(' '), line)
    } else if (!done.has(path)) {
      for (const imported of imports.get(path) ?? []) visit(imported, [...way, path])
      done.add(path)
    }
  }
  for (const path of imports.keys()) visit(path, [])
  return [...found.values()]
}

/**
 * What parts of one kind share stands in `lib`: for plugins, payment channels on any chain over any transport. Plugins have a folder each
 * besides, and put a transport and the channels together: of the transport they see the public face.
 */
function helperFolders (kind: string, from: string): string[] {
  const lib = `${kind}/lib`
  return kind !== 'plugins' || isIn(lib, from) ? [lib] : [lib, PUBLIC_FACE_OF_BTP, from.split('/').slice(0, 2).join('/')]
}

function faultOfForeign (from: string, specifier: string): string | undefined {
  if (isIn('test', from) || specifier.startsWith('node:')) return undefined
  if (specifier === COMPUTED) return MAY_COMPUTE.some(folder => isIn(folder, from)) ? undefined : 'only src/modules loads what a configuration names'
  if (specifier.startsWith('/') || specifier.startsWith('file:')) return 'a module is named by its package or by a relative path'
  if (isIn(OWN_NAME, specifier) && specifier !== OWN_MANIFEST) return isIn('examples', from) ? undefined : 'the package does not import itself'
  return CHAIN_SDK.test(specifier) && !MAY_USE_CHAINS.some(folder => isIn(folder, from)) ? 'chain SDKs belong into their plugin' : undefined
}

function isIn (folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}
