/**
 * The import rules of the design, over every file. Parts can only be replaced by name as long as nobody reaches around the names; and a
 * room of src can only be understood, and changed, by itself as long as it knows nothing of the rooms above it.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { expect } from 'chai'
import { FLOORS, circlesOf, importsOf, violationsOf, type SourceFile } from '../support/import-rules.js'

const FOLDERS = ['src', 'middlewares', 'backends', 'stores', 'plugins', 'test', 'examples', 'bench', 'explorer']
const SOURCE = /\.(ts|tsx|mts|js|mjs)$/
const NOT_OURS = /(^|\/)(support\/node\/modules|node_modules|dist)\//
const root = process.cwd()

function sourceFiles (): SourceFile[] {
  const present = new Set(readdirSync(root))
  return FOLDERS.filter(folder => present.has(folder)).flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
      .filter(path => SOURCE.test(path) && !NOT_OURS.test(path))
      .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') })))
}

function made (path: string, text: string): SourceFile {
  return { path, text }
}

describe('import rules', () => {
  it('hold in every source file', () => {
    const files = sourceFiles()
    expect(files.map(file => file.path)).to.include.members(['src/connector/connector.ts', 'src/packet/prepare.ts', 'middlewares/balance.ts', 'backends/ecb.ts'])
    expect(files.flatMap(violationsOf)).to.deep.equal([])
  })

  it('let no files import each other in a circle', () => {
    expect(circlesOf(sourceFiles())).to.deep.equal([])
  })

  it('name rooms that are there', () => {
    const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).filter(entry => entry.isDirectory()).map(({ name }) => name)
    expect(FLOORS).to.include.members(rooms)
  })

  it('see a circle of types, of files that load each other, and a long one', () => {
    const circles = circlesOf([
      made('src/a/x.ts', `import type { Y } from './y.js'`), made('src/a/y.ts', `import { x } from './x.js'`),
      made('plugins/p/one.ts', `const two = await import('./two.js')`), made('plugins/p/two.ts', `export * from './lib/three.js'`),
      made('plugins/p/lib/three.ts', `type One = import('../one.js').One`),
      made('stores/self.ts', `import './self.js'`),
      made('src/a/z.ts', `import './x.js'; import './missing.js'; import 'npm'`)
    ])
    expect(circles.map(line => line.replace(/:.*/, ''))).to.have.members([
      'src/a/x.ts imports src/a/y.ts imports src/a/x.ts',
      'plugins/p/one.ts imports plugins/p/two.ts imports plugins/p/lib/three.ts imports plugins/p/one.ts',
      'stores/self.ts imports stores/self.ts'
    ])
  })

  it('see every way to name a module', () => {
    const text = [
      `import a from './a.js'`, `import type { B } from './b.js'`, `import './c.js'`, `export * from './d.js'`, `export type { E } from './e.js'`,
      `const f = await import('./f.js')`, `type G = import('./g.js').G`, `import h = require('./h.js')`, `const i = require('./i.js')`,
      `const j = createRequire(import.meta.url)('./j.js')`, `const load = createRequire(here)`, `load('./k.js')`, 'import(`./l.js`)', 'import(m)',
      `function inside () { return import('./n.js') }`, `// import './comment.js'`, `const text = "import './string.js'"`
    ].join('\n')
    expect(importsOf(made('src/x.ts', text))).to.deep.equal([
      ...'abcdefghijkl'.split('').map(letter => `./${letter}.js`), '(computed)', './n.js'
    ])
  })

  for (const [what, path, text] of [
    ['the packet view uses another part', 'src/packet/prepare.ts', `import type { Logger } from '../contracts/logger.js'`],
    ['a middleware uses a service', 'middlewares/mine.ts', `import { Accounts } from '../src/accounts/accounts.js'`],
    ['a middleware uses only the type of a service', 'middlewares/mine.ts', `import type { Config } from '../src/config/config.js'`],
    ['a middleware uses another middleware', 'middlewares/mine.ts', `export { default } from './balance.js'`],
    ['a helper of middlewares uses a middleware', 'middlewares/lib/helper.ts', `import Balance from '../balance.js'`],
    ['a middleware uses a helper of backends', 'middlewares/mine.ts', `import { fractionOf } from '../backends/lib/fraction.js'`],
    ['a backend uses another backend', 'backends/mine.ts', `import('./ecb.js')`],
    ['a plugin uses another plugin', 'plugins/mine/index.ts', `import { typedDataOf } from '../evm/eip712.js'`],
    ['a plugin reaches into the transport', 'plugins/mine/index.ts', `import { IlpError } from '../btp/wire/errors.js'`],
    ['the channels know a transport', 'plugins/lib/channels/index.ts', `import PluginBtp from '../../btp/index.js'`],
    ['a plugin uses the package by its name', 'plugins/mine/index.ts', `import { createLogger } from 'sluice'`],
    ['a store uses a service', 'stores/mine.ts', `import { StoreService } from '../src/accounts/store-service.js'`],
    ['the core knows a middleware', 'src/connector/connector.ts', `import Balance from '../../middlewares/balance.js'`],
    ['the core knows the type of a plugin', 'src/connector/connector.ts', `type Btp = import('../../plugins/btp/index.js').default`],
    ['the core loads a name past the loader', 'src/connector/connector.ts', `const load = createRequire(import.meta.url); load(config.plugin)`],
    ['the core names a file by its absolute path', 'src/connector/connector.ts', `import '/opt/module.js'`],
    ['the core uses a chain SDK', 'src/ledger/x.ts', `const { ethers } = await import('ethers')`],
    ['a middleware uses the types of a chain SDK', 'middlewares/mine.ts', `import type { PublicKey } from '@solana/web3.js'`],
    ['a room uses a room above it', 'src/ledger/service.ts', `import { Router } from '../routing/router.js'`],
    ['a room uses a type of a room above it', 'src/config/node/schema.ts', `import type { Peers } from '../../node/peers.js'`],
    ['a folder in a room uses a folder in a room above it', 'src/ledger/embedded/book.ts', `import '../../routing/table/route.js'`],
    ['a room uses what the package exports', 'src/commands/cli/start.ts', `import { createApp } from '../../index.js'`],
    ['a helper uses packets', 'src/lib/helper.ts', `import { prepareOf } from '../packet/prepare.js'`],
    ['a room is new and has no floor', 'src/misc/x.ts', `import '../packet/prepare.js'`],
    ['a room uses one that has no floor', 'src/node/x.ts', `import '../misc/x.js'`],
    ['the core uses a test', 'src/connector/connector.ts', `import '../../test/support/store.js'`],
    ['a benchmark uses a test', 'bench/routes.ts', `import '../test/support/store.js'`]
  ] as const) {
    it(`are broken when ${what}`, () => {
      expect(violationsOf(made(path, text))).to.have.lengthOf(1)
    })
  }

  for (const [what, path, text] of [
    ['the packet view uses itself and npm', 'src/packet/prepare.ts', `import { OctetReader } from './oer.js'; import { Errors } from 'ilp-packet'`],
    ['a middleware uses packets, contracts and helpers', 'middlewares/mine.ts',
      `import { prepareOf } from '../src/packet/prepare.js'; import type { Ledger } from '../src/contracts/ledger.js'; import './lib/recent-map.js'`],
    ['a plugin builds on the transport and the channels', 'plugins/mine/index.ts',
      `import PluginBtp from '../btp/index.js'; import type { ChannelProvider } from '../lib/channels/types.js'`],
    ['a room uses the rooms below it and itself', 'src/routing/ccp/peer-sessions.ts',
      `import '../table/route.js'; import '../service.js'; import '../../accounts/accounts.js'; import '../../packet/address.js'`],
    ['the package exports what it has', 'src/index.ts', `export { createApp } from './connector/connector.js'; import './main.js'`],
    ['a helper speaks of contracts', 'src/lib/log.ts', `import type { Logger } from '../contracts/logger.js'`],
    ['a plugin uses its own folder', 'plugins/mine/index.ts', `import { Socket } from './socket.js'; import('ethers')`],
    ['a demo runs a chain', 'examples/x.ts', `import { JsonRpcProvider } from 'ethers'`],
    ['a test uses anything', 'test/x.test.ts', `import '../middlewares/balance.js'; import 'ethers'; import(name)`]
  ] as const) {
    it(`are kept when ${what}`, () => {
      expect(violationsOf(made(path, text))).to.deep.equal([])
    })
  }
})
